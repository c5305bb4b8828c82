/**
 * A model of synthetic text, tuned by PPO for a scorer that was trained on rated sentences. Without
 * a penalty on the divergence from a frozen copy, it forgets the language. The advantages show
 * which letters earn the reward. The control rewards at random.
 *
 *   deno run --allow-ffi examples/text_rl.ts --seed 11
 */

import { cat, distributions, full, losses, nn, noGrad, optim, randint, rl } from "@adjoint/ml";
import { oneHot, rand, randn, type Tensor, train, zeros } from "@adjoint/ml";
import { heatmap } from "@adjoint/ml/plot";

const run = train.experiment("Tuning a text model for a scorer, with and without a frozen copy.");
const { Categorical, kl } = distributions;
const [LETTERS, LENGTH, COUNT, PAIRS] = [8, 8, 64, 7];
const rule = new rl.BigramText({ vocabulary: LETTERS, length: LENGTH });
/** Predicts the next letter, and the score of the finished sentence. */
class Writer extends nn.Module<[Tensor], { next: distributions.Categorical; value: Tensor }> {
  letters = new nn.Embedding(LETTERS + 1, 16);
  memory = new nn.GRU(16, 32, { batchFirst: true });
  actor = new nn.Linear(32, LETTERS);
  critic = new nn.Linear(32, 1);
  begin = full([COUNT, 1], LETTERS, { dtype: "int32" });
  override forward(sentences: Tensor) {
    const before = cat([this.begin, sentences.narrow(1, 0, PAIRS)], 1);
    const { output } = this.memory.forward(this.letters.forward(before));
    const next = new Categorical({ logits: this.actor.forward(output) });
    return { next, value: this.critic.forward(output).squeeze(-1) };
  }
  write(): rl.RolloutBuffer<"letter" | "logProb"> {
    const buffer = new rl.RolloutBuffer<"letter" | "logProb">();
    let [letter, h] = [this.begin, zeros([1, COUNT, 32])];
    for (let t = 0; t < LENGTH; t++) {
      const step = this.memory.forward(this.letters.forward(letter), { h });
      const next = new Categorical({ logits: this.actor.forward(step.output) });
      [letter, h] = [next.sample(), step.h];
      buffer.add({ letter, logProb: next.logProb(letter) }); // stored without gradients
    }
    return buffer;
  }
}

function fit<M extends nn.AnyModule>(model: M, steps: number, loss: (model: M) => Tensor): M {
  const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });
  for (let step = 0; step < (run.quick ? steps / 2 : steps); step++) {
    optimizer.zeroGrad();
    loss(model).backward();
    optimizer.step();
  }
  return model;
}

// The language never repeats a letter in a row; otherwise all sentences are equally likely.
const reference = fit(new Writer(), 200, (writer) => {
  const steps = [randint(0, LETTERS, [COUNT, 1]), randint(1, LETTERS, [COUNT, PAIRS])];
  const sentences = cat(steps, 1).cumsum(1).remainder(LETTERS);
  return writer.forward(sentences).next.logProb(sentences).mean().neg();
}).requiresGrad_(false);
// The scorer is trained on one noisy rating per sentence: the share of pairs that follow a rule.
const layers = [new nn.Conv1d(LETTERS, 64, 2), new nn.Tanh(), new nn.Conv1d(64, 1, 1)];
const judge = new nn.Sequential(...layers, new nn.Sigmoid());
const score = (sentences: Tensor) =>
  judge.forward(oneHot(sentences, LETTERS).to("float32").mT).mean([1, 2]);
fit(judge, 800, () => {
  const sentences = randint(0, LETTERS, [COUNT, LENGTH]);
  return losses.mse(score(sentences), rule.score(sentences).add(randn([COUNT]).mul(0.05)));
});

/** Tunes a copy of the reference with a weight on the divergence; returns figures of each update. */
function tune(hold: number) {
  const writer = new Writer();
  writer.loadStateDict(reference.stateDict());
  const optimizer = new optim.Adam(writer.parameters(), { lr: 3e-3 });
  const ppo = new losses.PPOSequenceLoss({ normalizeAdvantage: true });
  const end = cat([zeros([COUNT, PAIRS]), full([COUNT, 1], 1)], 1);
  return Array.from({ length: run.quick ? 18 : 60 }, () => {
    const { letter, logProb } = noGrad(() => writer.write().stacked());
    const [sentences, old] = [letter.squeeze(2).mT, logProb.squeeze(2).mT];
    const { value } = noGrad(() => writer.forward(sentences));
    const known = reference.forward(sentences).next;
    const mark = run.control ? rand([COUNT]) : noGrad(() => score(sentences)); // the control
    const later = cat([value.narrow(1, 1, PAIRS), zeros([COUNT, 1])], 1);
    const options = { terminated: end.to("bool"), gamma: 1, lambda: 0.95, dim: 1 };
    const { advantages, returns } = rl.gae(end.mul(mark.unsqueeze(1)), value, later, options);
    for (let epoch = 0; epoch < 4; epoch++) {
      const { next, value } = writer.forward(sentences);
      const [away, open, now] = [kl(next, known).mean(), next.entropy(), next.logProb(sentences)];
      optimizer.zeroGrad();
      ppo.forward(now, old, advantages, returns, value, open).loss.add(away.mul(hold)).backward();
      nn.utils.clipGradNorm_(writer.parameters(), 0.5);
      optimizer.step();
    }
    const { next } = noGrad(() => writer.forward(sentences));
    const [worth, drift, entropy] = [rule.score(sentences), kl(next, known), next.entropy()]
      .map((x) => x.mean().item()) as [number, number, number];
    return { worth, drift, entropy, sentences, advantages, detached: !old.requiresGrad };
  });
}

const [free, held] = [tune(0), tune(0.5)];
const mean = (x: readonly { worth: number }[]) => x.reduce((sum, { worth }) => sum + worth / 5, 0);
const { drift, entropy } = free.at(-1)!;
const [start, worth] = [mean(free.slice(0, 5)), mean(free.slice(-5))];
const kept = { worthHeld: mean(held.slice(-5)), driftHeld: held.at(-1)!.drift };
run.figures("C-20", { start, worth, drift, entropy, ...kept });
run.figures("C-23", { worth, detached: free.every((update) => update.detached) });
// Midway: letters that complete a pair by the rule were better than expected.
const midway = free.slice(6, 11);
const sentences = cat(midway.map((update) => update.sentences), 0);
const advantages = cat(midway.map((update) => update.advantages), 0);
const follows = rule.allowed.at(sentences.narrow(1, 0, PAIRS), sentences.narrow(1, 1, PAIRS));
const gains = advantages.narrow(1, 1, PAIRS);
const [good, other] = [gains.at(follows), gains.at(follows.logicalNot())];
const margin = good.mean().sub(other.mean()).item();
const error = Math.sqrt(good.var().item() / good.size + other.var().item() / other.size);
run.figures("C-31", { margin, errors: margin / error, pairs: good.size, others: other.size });
const rows = (sentences.narrow(0, 0, 12).toArray() as number[][]).map((row) => row.join(""));
run.picture("advantages", heatmap(advantages.narrow(0, 0, 12), { rows, center: 0, values: false }));
run.end();
