/**
 * Direct preference optimization (Rafailov et al., 2023) of a policy that predicts each letter from
 * the previous one. Of two texts of a reference policy, the one with more of the first letters is
 * usually preferred. The policy learns to write such texts, without a model of rewards. Synthetic.
 */

import { bernoulli, cat, losses, multinomial, noGrad, optim } from "@adjoint/ml";
import { randint, randn, scope, type Tensor, train, where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A policy learns from preferences alone what is preferred.");
const [LETTERS, LENGTH, PAIRS, STEPS, BETA] = [8, 12, 512, run.quick ? 15 : 150, 0.1];
const reference = randn([LETTERS, LETTERS]);
const policy = reference.clone().requiresGrad_();

/** Texts written by a policy, one per row. */
function write(logits: Tensor, count: number): Tensor {
  const chances = logits.softmax(1);
  const letters = [randint(0, LETTERS, [count, 1])];
  for (let i = 1; i < LENGTH; i++) {
    letters.push(multinomial(chances.indexSelect(0, letters.at(-1)!.squeeze(1)), 1));
  }
  return cat(letters, 1);
}

/** The log-probabilities of texts under a policy. */
function likelihood(logits: Tensor, texts: Tensor): Tensor {
  const [from, to] = [texts.narrow(1, 0, LENGTH - 1), texts.narrow(1, 1, LENGTH - 1)];
  return logits.logSoftmax(1).flatten().gather(0, from.mul(LETTERS).add(to).flatten())
    .reshape([texts.shape[0]!, LENGTH - 1]).sum(1);
}

/** What is preferred: the number of letters among the first two. */
const liked = (texts: Tensor) => texts.lt(2).to({ dtype: "float32" }).sum(1);

const [a, b] = [write(reference, PAIRS), write(reference, PAIRS)];
// Preferences are noisy, and random in the control.
const sure = liked(a).sub(liked(b)).mul(run.control ? 0 : 1).sigmoid();
const better = bernoulli(sure).unsqueeze(1).gt(0.5);
const [chosen, rejected] = [where(better, a, b), where(better, b, a)];
const [c0, r0] = [likelihood(reference, chosen), likelihood(reference, rejected)];
const optimizer = new optim.Adam([policy], { lr: 0.05 });
for (let step = 0; step < STEPS; step++) {
  scope(() => {
    optimizer.zeroGrad();
    const [c, r] = [likelihood(policy, chosen), likelihood(policy, rejected)];
    losses.dpo(c, r, c0, r0, { beta: BETA }).backward();
    optimizer.step();
  });
}
const [before, after] = noGrad(() => [reference, policy].map((logits) => write(logits, 4000)));
const apart = noGrad(() => likelihood(policy, after!).sub(likelihood(reference, after!)).mean());
const counts = { reference: liked(before!), policy: liked(after!) };
run.picture(
  "liked",
  plot.histogram(counts, { bins: 13, xLabel: "preferred letters in a text" }),
);
const [was, is] = [counts.reference, counts.policy].map((count) => count.mean().item());
run.figures("dpo", { before: was!, after: is!, gain: is! - was!, kl: apart.item() });
run.end();
