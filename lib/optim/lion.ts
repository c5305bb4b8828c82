/** Lion: steps by the sign of a running mean of the gradient. */

import { decayed, meanOf } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";

/** Options of `Lion`. */
export interface LionOptions {
  /** Learning rate. Default: 1e-4. */
  lr?: number;
  /**
   * Decay rates of the mean whose sign is used, and of the one that is stored. Default: [0.9,
   * 0.99].
   */
  betas?: readonly [number, number];
  /** Weight decay, which shrinks the parameter directly. Default: 0. */
  weightDecay?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type LionGroup = Required<LionOptions>;

/** The rule of Lion. */
export const LION_RULE: OptimizerRule<LionGroup, "expAvg"> = {
  defaults: {
    lr: 1e-4,
    betas: [0.9, 0.99],
    weightDecay: 0,
    maximize: false,
  },
  check: (op, { lr, betas, weightDecay }) => {
    checkRange(op, "lr", lr, "[0, ∞)");
    checkRange(op, "betas[0]", betas[0], "[0, 1)");
    checkRange(op, "betas[1]", betas[1], "[0, 1)");
    checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  },
  keeps: { expAvg: true },
  step: (p, given, kept, options) => {
    const { lr, betas: [beta1, beta2] } = options;
    const [shrunk, g] = decayed(p, given, { ...options, decoupledWeightDecay: true });
    const direction = meanOf(kept.expAvg, g, beta1).sign();
    return [shrunk.sub(direction.mul(lr)), { expAvg: meanOf(kept.expAvg, g, beta2) }];
  },
};

/**
 * Lion: steps by the sign of a running mean of the gradient, all of the same size. Chen et al.,
 * "Symbolic discovery of optimization algorithms", 2023.
 */
export const Lion: OptimizerClass<LionGroup, RuleState> = optimizerClass("Lion", LION_RULE);
/** An {@linkcode Lion} optimizer. */
export type Lion = RuleOptimizer<LionGroup, RuleState>;
