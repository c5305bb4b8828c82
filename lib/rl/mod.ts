/**
 * Reinforcement learning: returns and advantages, rollout buffers, and small vectorised synthetic
 * environments. Policies are modules; their losses are in `losses`, action distributions in
 * `distributions`.
 *
 * ```ts
 * import { losses, nn, noGrad } from "@adjoint/ml";
 * import { Categorical } from "@adjoint/ml/distributions";
 * import { CartPole, discountedReturns } from "@adjoint/ml/rl";
 *
 * const env = new CartPole({ count: 8 });
 * const policy = new nn.Linear(4, 2);
 * const seen = env.reset();
 * const actions = noGrad(() => new Categorical({ logits: policy.forward(seen) }).sample());
 * const { reward, terminated } = env.step(actions);
 * const returns = discountedReturns(reward.unsqueeze(0), { terminated: terminated.unsqueeze(0) });
 * const logProb = new Categorical({ logits: policy.forward(seen) }).logProb(actions);
 * losses.reinforce(logProb, returns.squeeze(0)).backward();
 * ```
 *
 * @module
 */

export {
  type Advantages,
  discountedReturns,
  type DiscountedReturnsOptions,
  gae,
  type GaeOptions,
  type ReturnOptions,
} from "./returns.ts";
export { type RolloutBatchesOptions, RolloutBuffer, type TensorRecord } from "./rollout.ts";
export type {
  Environment,
  EnvironmentOptions,
  EnvironmentStep,
  Frame,
  Outcome,
} from "./environment.ts";
export { BigramText, type BigramTextOptions } from "./bigram_text.ts";
export { CartPole, type CartPoleOptions } from "./cart_pole.ts";
export { Chain, type ChainOptions } from "./chain.ts";
export { LaneKeeping, type LaneKeepingOptions } from "./lane_keeping.ts";
export { Reacher, type ReacherOptions } from "./reacher.ts";
export { StrategyBandit, type StrategyBanditOptions } from "./strategy_bandit.ts";
