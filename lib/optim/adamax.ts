/** Adamax: Adam with the infinity norm. */

import { checkAdaptive, descent, meanOf } from "./averages.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, over, power } from "./scalars.ts";

/** Options of `Adamax`. */
export interface AdamaxOptions {
  /** Learning rate. Default: 2e-3. */
  lr?: number;
  /**
   * Decay rates of the running mean of the gradient and of its largest magnitude. Default: [0.9,
   * 0.999].
   */
  betas?: readonly [number, number];
  /** Added to the magnitude of the gradient. Default: 1e-8. */
  eps?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdamaxGroup = Required<AdamaxOptions>;

/** The rule of Adamax. */
export const ADAMAX_RULE: OptimizerRule<AdamaxGroup, "expAvg" | "expInf"> = {
  defaults: {
    lr: 2e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    maximize: false,
  },
  check: checkAdaptive,
  keeps: { expAvg: true, expInf: true },
  counts: true,
  step: (p, given, kept, options, count) => {
    const { lr, betas: [beta1, beta2], eps } = options;
    const g = descent(p, given, options);
    const expAvg = meanOf(kept.expAvg, g, beta1);
    const size = g.abs().add(eps);
    const expInf = kept.expInf?.mul(beta2).maximum(size) ?? size;
    return [p.sub(expAvg.mul(over(lr, minus(1, power(beta1, count)))).div(expInf)), {
      expAvg,
      expInf,
    }];
  },
};

/**
 * Adamax: Adam with the largest magnitude of the gradient, decayed, instead of its mean square.
 * Kingma and Ba, "Adam: a method for stochastic optimization", 2015. Follows `torch.optim.Adamax`.
 */
export const Adamax: OptimizerClass<AdamaxGroup, RuleState> = optimizerClass("Adamax", ADAMAX_RULE);
/** An {@linkcode Adamax} optimizer. */
export type Adamax = RuleOptimizer<AdamaxGroup, RuleState>;
