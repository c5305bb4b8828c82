/**
 * The article's PPOSequenceLoss as printed, and corrected. As printed, it learns nothing if one
 * live tensor is both the old and the new log-probability, compares each value with all returns if
 * there is an extra dimension, counts padding, and overflows. The control has no clip and holds
 * nothing constant.
 *
 *   deno run --allow-ffi examples/ppo_loss.ts --seed 11
 */

import { cat, full, grad, losses, minimum, ones, optim, randn, stack } from "@adjoint/ml";
import { tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("What PPO's loss needs besides clipping the ratio of policies.");

const ppo = new losses.PPOSequenceLoss();
type Given = Parameters<typeof ppo.forward>;
type Loss = (...given: Given) => losses.PPOTerms;

/** The article's loss, with its coefficients. */
function written(epsilon: number): Loss {
  return (now, old, advantages, returns, values, uncertain) => {
    const ratio = now.sub(old).exp();
    const clipped = ratio.clamp(1 - epsilon, 1 + epsilon);
    const policy = minimum(ratio.mul(advantages), clipped.mul(advantages)).mean().neg();
    const value = values.sub(returns).square().mean();
    const entropy = uncertain.mean().neg();
    return { loss: policy.add(value.mul(0.5)).add(entropy.mul(0.01)), policy, value, entropy };
  };
}
const [asWritten, unclipped] = [written(0.2), written(Infinity)];
const corrected: Loss = run.control ? unclipped : (...given) => ppo.forward(...given);

// C-21: four tokens with exactly known loss and gradients.
const exact = (x: readonly number[]) => tensor(Float64Array.from(x));
const now = exact([0.3, 0.3, 0.1, 0.1]).log().requiresGrad_();
const said = exact([0.5, 0.5, 0.5, 0.5]).requiresGrad_();
const [gains, goals] = [exact([1, -1, 1, -1]), exact([1, 0, 1, 0])];
const before = exact([0.2, 0.2, 0.2, 0.2]).log();
const terms = corrected(now, before, gains, goals, said, exact([1, 1, 1, 1]));
const found = cat([
  stack([terms.loss, terms.policy, terms.value, terms.entropy]),
  ...grad(terms.loss, [now, said]),
], 0);
const golden = exact([0.265, 0.15, 0.25, -1, 0, 0.375, -0.125, 0, -0.125, 0.125, -0.125, 0.125]);
run.figures("C-21", { difference: found.sub(golden).abs().max().item() });

// C-19: 200 steps on the same samples. The clip keeps the policy close to the one that drew them.
const none = zeros([64]);
const worth = randn([64]);
/** The largest ratio of probabilities after these steps. */
function ratioAfter(loss: Loss): number {
  const logits = zeros([64, 2], { requiresGrad: true });
  const optimizer = new optim.SGD([logits], { lr: 4 });
  const chosen = () => logits.logSoftmax(1).at(":", 0);
  for (let step = 0; step < 200; step++) {
    optimizer.zeroGrad();
    loss(chosen(), full([64], Math.log(0.5)), worth, none, none, none).loss.backward();
    optimizer.step();
  }
  return chosen().exp().div(0.5).sub(1).abs().max().item();
}
run.figures("C-19", {
  difference: found.sub(golden).abs().max().item(),
  farthest: ratioAfter(corrected),
  farthestUnclipped: ratioAfter(unclipped),
});

const ratios = Array.from({ length: 80 }, (_, i) => (i + 1) / 40);
/** The gain of the policy from an action whose probability has this ratio to its old one. */
const gain = (advantage: number) =>
  ratios.map((ratio) => {
    const [one, nothing] = [full([1], Math.log(ratio)), zeros([1])];
    const { policy } = corrected(one, nothing, full([1], advantage), nothing, nothing, nothing);
    return -policy.item();
  });
const references = [{ x: 0.8 }, { x: 1.2, label: "1 ± ε" }];
const axes = { x: ratios, xLabel: "new probability ÷ old one", yLabel: "gain", references };
run.picture("clip", plot.lines({ "advantage 1": gain(1), "advantage −1": gain(-1) }, axes));

// S6: what goes wrong as printed, and corrected.
const logprobs = randn([8]).sub(2).requiresGrad_();
const [eight, advantages] = [zeros([8]), randn([8])];
/** The gradient where one live tensor is the old and the new log-probability. */
const live = (loss: Loss) =>
  grad(loss(logprobs, logprobs, advantages, eight, eight, eight).policy, [logprobs])[0];
/** NaN stands for a refused loss. */
const attempt = (loss: Loss, ...given: Given) => {
  try {
    return loss(...given).loss.item();
  } catch (error) {
    console.log(`Refused: ${(error as Error).message}`);
    return NaN;
  }
};
const returns = randn([8]);
const column = returns.unsqueeze(1); // the right values, with an extra dimension
const square = (loss: Loss) => attempt(loss, eight, eight, eight, returns, column, eight);
const gap = (loss: Loss) =>
  loss(full([8], 100), eight, ones([8]).neg(), eight, eight, eight).loss.item();
const padded = cat([advantages, full([4], 50)], 0); // four tokens of padding after the sentence
const twelve = zeros([12]);
const counts = cat([ones([8]), zeros([4])], 0).to("bool");
const padding = (loss: Loss) =>
  loss(twelve, twelve, padded, twelve, twelve, twelve, counts).policy.add(advantages.mean())
    .abs().item();
run.figures("S6", {
  liveGradientAsWritten: live(asWritten).abs().max().item(),
  liveGradientError: live(corrected).add(advantages.div(8)).abs().max().item(),
  wrongShapeAsWritten: square(asWritten),
  wrongShapeRefused: Number.isNaN(square(corrected)),
  gapAsWritten: gap(asWritten),
  gapFinite: Number.isFinite(gap(corrected)),
  paddingAsWritten: padding(asWritten),
  paddingError: padding(corrected),
});
console.log("Nothing in it keeps the policy close to the first one; text_rl.ts shows the cost.");
run.end();
