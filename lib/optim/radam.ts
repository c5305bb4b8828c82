/** RAdam: Adam that waits until its mean square is reliable. */

import { checkAdaptive, decayed, meanOf, meanSquareOf, rootOf } from "./averages.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, over, power, root, type Scalar, times, valueOf } from "./scalars.ts";

/** Options of `RAdam`. */
export interface RAdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Decay rates of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square. Default: 1e-8. */
  eps?: number;
  /** Weight decay. Default: 0. */
  weightDecay?: number;
  /** Whether the decay shrinks the parameter directly, as in AdamW. Default: false. */
  decoupledWeightDecay?: boolean;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type RAdamGroup = Required<RAdamOptions>;

/** The rectification of the variance of the mean square; null if there are too few steps. */
function rectification(beta2: Scalar, count: number): Scalar | null {
  const limit = minus(over(2, minus(1, beta2)), 1);
  const left = power(beta2, count);
  const length = minus(limit, over(times(2 * count, left), minus(1, left)));
  if (valueOf("optim.functional.radam", length) <= 5) return null;
  const product = (x: Scalar) => times(minus(x, 4), minus(x, 2));
  return root(over(times(product(length), limit), times(product(limit), length)));
}

/** The rule of RAdam. */
export const RADAM_RULE: OptimizerRule<RAdamGroup, "expAvg" | "expAvgSq"> = {
  defaults: {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    decoupledWeightDecay: false,
    maximize: false,
  },
  check: checkAdaptive,
  keeps: { expAvg: true, expAvgSq: true },
  counts: true,
  step: (p, given, kept, options, count) => {
    const { lr, betas: [beta1, beta2], eps } = options;
    const [shrunk, g] = decayed(p, given, options);
    const expAvg = meanOf(kept.expAvg, g, beta1);
    const expAvgSq = meanSquareOf(kept.expAvgSq, g, beta2);
    const mean = expAvg.mul(over(lr, minus(1, power(beta1, count))));
    const factor = rectification(beta2, count);
    if (factor === null) return [shrunk.sub(mean), { expAvg, expAvgSq }];
    const size = rootOf(expAvgSq).add(eps);
    const change = mean.mul(times(factor, root(minus(1, power(beta2, count))))).div(size);
    return [shrunk.sub(change), { expAvg, expAvgSq }];
  },
};

/**
 * RAdam: Adam whose first steps follow the mean gradient alone, and whose later steps are reduced
 * as long as the mean square is uncertain. Liu et al., "On the variance of the adaptive learning
 * rate and beyond", 2020. Follows `torch.optim.RAdam`.
 */
export const RAdam: OptimizerClass<RAdamGroup, RuleState> = optimizerClass("RAdam", RADAM_RULE);
/** An {@linkcode RAdam} optimizer. */
export type RAdam = RuleOptimizer<RAdamGroup, RuleState>;
