/**
 * A reward has no gradient, so REINFORCE designs a loss that has the right one: the gradient of ln
 * π(a)·R is on average that of the expected reward. This is shown exactly, over all paths through
 * an environment of two steps, and by learning to write synthetic sentences that are scored at
 * their end. The control credits each action with the reward of its own step only.
 *
 *   deno run --allow-ffi examples/reinforce.ts --seed 11
 */

import * as adjoint from "@adjoint/ml";
import { distributions, losses, nn, noGrad, optim, rl, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("REINFORCE follows the gradient of the expected reward.");
const { cat, grad, perSampleGrad, randn, stack, tensor, zerosLike } = adjoint;
const { Categorical } = distributions;
const gamma = run.control ? 0 : 1; // the control ignores later rewards

// Two steps: action i in state 0 leads to state i + 1, where the second action follows.
const logits = randn([3, 2], { dtype: "float64", requiresGrad: true });
const rewards = randn([3, 2], { dtype: "float64" });
const statesOf = (ways: Tensor) => {
  const first = ways.narrow(-1, 0, 1).squeeze(-1);
  return stack([zerosLike(first), first.add(1)], -1);
};
const logProb = (logits: Tensor, ways: Tensor) =>
  new Categorical({ logits: logits.at(statesOf(ways)) }).logProb(ways);
const gained = (ways: Tensor) => rewards.at(statesOf(ways), ways);
const earned = (ways: Tensor) => rl.discountedReturns(gained(ways), { gamma, dim: -1 });
const loss = (logits: Tensor, ways: Tensor, earned: Tensor) =>
  losses.reinforce(logProb(logits, ways), earned, { reduction: "sum" });

// All four paths with their probabilities: the expected reward, and the mean of the estimate.
const all = tensor([[0, 0], [0, 1], [1, 0], [1, 1]], { dtype: "int32" });
const probs = logProb(logits, all).sum(1).exp();
const objective = probs.mul(gained(all).sum(1)).sum();
const [exact] = grad(objective, [logits]);
const estimates = (ways: Tensor, less: Tensor | number = 0) =>
  perSampleGrad(loss)(logits.detach(), ways, earned(ways).sub(less)).neg();
const expected = estimates(all).mul(probs.detach().reshape([4, 1, 1])).sum(0);
const difference = expected.sub(exact).abs().max().item();

// Paths drawn by the policy: the error of their mean in standard errors, and the effect of a baseline.
const count = run.quick ? 2000 : 20_000;
const drawn = noGrad(() => {
  const first = new Categorical({ logits: logits.at(0) }).sample([count]);
  return stack([first, new Categorical({ logits: logits.at(first.add(1)) }).sample()], 1);
});
// The expected return of each state, over all actions.
const values = cat(
  [objective.reshape([1]), logits.softmax(1).mul(rewards).sum(1).narrow(0, 1, 2)],
  0,
);
const baseline = values.detach().at(statesOf(drawn));
const apart = (each: Tensor) =>
  each.mean(0).sub(exact).div(each.std(0).div(Math.sqrt(count))).abs().max().item();
const noise = (each: Tensor) => each.var(0).sum().item();
const [plain, less] = [estimates(drawn), estimates(drawn, baseline)];

/** The mean reward of every 64 consecutive episodes. */
const means = (rewards: readonly number[]) =>
  Array.from(
    { length: Math.floor(rewards.length / 64) },
    (_, i) => rewards.slice(64 * i, 64 * (i + 1)).reduce((sum, one) => sum + one, 0) / 64,
  );

/** Learns a table of the next letter or of a chain's decisions; returns mean rewards. */
function learn(env: rl.Environment, policy: nn.Module<[Tensor], Tensor>, steps: number): number[] {
  const optimizer = new optim.Adam(policy.parameters(), { lr: 0.05 });
  for (let update = 0; update < (run.quick ? 60 : 300); update++) {
    const buffer = new rl.RolloutBuffer<"seen" | "action" | "reward" | "terminated">();
    for (let [t, seen] = [0, env.reset()]; t < steps; t++) {
      const action = noGrad(() => new Categorical({ logits: policy.forward(seen) }).sample());
      const { reward, terminated, observation } = env.step(action);
      buffer.add({ seen, action, reward, terminated });
      seen = observation;
    }
    const { seen, action, reward, terminated } = buffer.stacked();
    const returns = rl.discountedReturns(reward, { terminated, gamma });
    const chosen = new Categorical({ logits: policy.forward(seen) });
    optimizer.zeroGrad();
    losses.reinforce(chosen.logProb(action), returns.sub(returns.mean(1, { keepdim: true })))
      .sub(chosen.entropy().mean().mul(0.01)).backward();
    optimizer.step();
  }
  return means(env.episodeReturns);
}

const text = learn(new rl.BigramText({ count: 64 }), new nn.Embedding(9, 8), 8);
const chain = learn(new rl.Chain({ count: 64 }), new nn.Linear(10, 2), 10);
console.log(
  "The value of a state as baseline keeps the mean; it reduces noise in some environments only.",
);
run.picture(
  "rewards",
  plot.lines({ text, chain }, { xLabel: "64 episodes each", yLabel: "mean reward" }),
);
const last = (rewards: readonly number[]) =>
  rewards.slice(-5).reduce((sum, one) => sum + one, 0) / 5;
run.figures("C-18", {
  difference,
  apart: apart(plain),
  apartWithBaseline: apart(less),
  noiseLeft: noise(less) / noise(plain),
  text: last(text),
  chain: last(chain),
});
run.end();
