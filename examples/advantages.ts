/**
 * Advantages from a critic. With λ = 1 they are Monte-Carlo returns minus the critic's values, with
 * λ = 0 the critic's one-step error. An episode that is truncated has not ended. The control treats
 * every truncation as an end.
 *
 *   deno run --allow-ffi examples/advantages.ts --seed 11
 */

import { arange, full, nn, noGrad, ones, randint, rl, type Tensor, train } from "@adjoint/ml";
import { where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("What λ does to advantages, and why a truncation is not an end.");
const gamma = 0.9;

// A pole on a cart, pushed at random: episodes end when it falls, or are truncated after 20 steps.
const env = new rl.CartPole({ count: 64, maxSteps: 20 });
const critic = new nn.Sequential(new nn.Linear(4, 32), new nn.Tanh(), new nn.Linear(32, 1));
const value = (seen: Tensor) => noGrad(() => critic.forward(seen).squeeze(-1));
const buffer = new rl.RolloutBuffer<keyof rl.EnvironmentStep>();
let seen = env.reset();
for (let t = 0; t < 100; t++) {
  const step = env.step(randint(0, 2, [64]));
  buffer.add({ ...step, observation: seen });
  seen = step.observation;
}
const { reward, observation, nextObservation, ...marks } = buffer.stacked();
const [values, nextValues] = [value(observation), value(nextObservation)];
// The control treats a truncation as an end.
const { terminated, truncated } = marks;
const ends = run.control
  ? { terminated: terminated.logicalOr(truncated) }
  : { terminated, truncated };
const advantages = (lambda: number) =>
  rl.gae(reward, values, nextValues, { ...ends, gamma, lambda }).advantages;

// λ = 1 and λ = 0 by their definitions.
const ahead = where(terminated, 0, nextValues).mul(gamma);
const oneStep = reward.add(ahead).sub(values);
let follows = nextValues.at(-1);
const returns = Array.from({ length: 100 }, (_, k) => 99 - k).map((t) => {
  const on = where(truncated.at(t), nextValues.at(t), follows);
  return follows = reward.at(t).add(where(terminated.at(t), 0, on).mul(gamma));
});
const largest = (x: Tensor) => x.abs().max().item();
const monteCarlo = returns.toReversed().map((row, t) =>
  largest(advantages(1).at(t).sub(row.sub(values.at(t))))
);

// One state with reward 1 per step, truncated after 10 steps: its value is 1 / (1 − γ) = 10.
const rewards = ones([1000, 1]);
const tenth = arange(1000).remainder(10).eq(9).unsqueeze(1);
/** The value that a critic learns from returns, round by round. */
function beliefs(marks: rl.ReturnOptions): number[] {
  const all = [0];
  for (let round = 0; round < 200; round++) {
    const said = full([1000, 1], all.at(-1)!);
    all.push(rl.gae(rewards, said, said, { ...marks, gamma }).returns.mean().item());
  }
  return all;
}

const asCuts = beliefs(run.control ? { terminated: tenth } : { truncated: tenth });
const asEnds = beliefs({ terminated: tenth });
run.picture(
  "worth",
  plot.lines({
    "truncations are not ends": asCuts.slice(0, 40),
    "truncations are ends": asEnds.slice(0, 40),
  }, {
    xLabel: "round",
    yLabel: "value according to the critic",
    references: [{ y: 10, label: "true value" }],
  }),
);
console.log("A critic that treats truncations as ends undervalues long episodes.");
run.figures("C-22", {
  oneStep: largest(advantages(0).sub(oneStep)),
  monteCarlo: Math.max(...monteCarlo),
  ends: terminated.sum().item(),
  cuts: truncated.sum().item(),
  worth: asCuts.at(-1)!,
  worthAsEnds: asEnds.at(-1)!,
});
run.end();
