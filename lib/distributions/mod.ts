/**
 * Probability distributions: sampling, log-probabilities, entropies and divergences. Parameters are
 * tensors, and have gradients of any order.
 *
 * ```ts
 * import { losses, randn, tensor } from "@adjoint/ml";
 * import { Categorical } from "@adjoint/ml/distributions";
 *
 * const logits = randn([16, 4]).requiresGrad_();
 * const policy = new Categorical({ logits });
 * const actions = policy.sample();
 * losses.reinforce(policy.logProb(actions), tensor(3).expand([16])).backward();
 * ```
 *
 * @module
 */

export type { Distribution, SampleOptions } from "./distribution.ts";
export { Categorical, type CategoricalParameters } from "./categorical.ts";
export { Normal } from "./normal.ts";
export { kl } from "./kl.ts";
