/** Gradient descent that averages the parameters. */

import { descent } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, over, plus, power, times, valueOf } from "./scalars.ts";

/** Options of `ASGD`. */
export interface ASGDOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: number;
  /** How fast the parameters and the rate decay. Default: 1e-4. */
  lambd?: number;
  /** Exponent of the decrease of the rate. Default: 0.75. */
  alpha?: number;
  /** After how many steps averaging starts. Default: 1e6. */
  t0?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type ASGDGroup = Required<ASGDOptions>;

/** The rule of ASGD. */
export const ASGD_RULE: OptimizerRule<ASGDGroup, "ax"> = {
  defaults: {
    lr: 1e-2,
    lambd: 1e-4,
    alpha: 0.75,
    t0: 1e6,
    weightDecay: 0,
    maximize: false,
  },
  check: (op, { lr, lambd, alpha, t0, weightDecay }) => {
    checkRange(op, "lr", lr, "[0, ∞)");
    checkRange(op, "lambd", lambd, "[0, ∞)");
    checkRange(op, "alpha", alpha, "[0, ∞)");
    checkRange(op, "t0", t0, "[0, ∞)");
    checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  },
  keeps: { ax: true },
  counts: true,
  step: (p, given, kept, options, count) => {
    const { lr, lambd, alpha, t0 } = options;
    const g = descent(p, given, options);
    const rate = over(lr, power(plus(1, times(times(lambd, lr), count - 1)), alpha));
    const next = p.mul(minus(1, times(lambd, rate))).sub(g.mul(rate));
    const share = 1 / Math.max(1, count - 1 - valueOf("optim.functional.asgd", t0));
    // Before the mean begins it is the parameter, which may be infinite.
    const ax = share === 1 ? next : kept.ax?.add(next.sub(kept.ax).mul(share)) ?? next;
    return [next, { ax }];
  },
};

/**
 * Averaged stochastic gradient descent, which stores the mean of the parameters as `ax` in its
 * state. Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
 * Follows `torch.optim.ASGD`.
 */
export const ASGD: OptimizerClass<ASGDGroup, RuleState> = optimizerClass("ASGD", ASGD_RULE);
/** An {@linkcode ASGD} optimizer. */
export type ASGD = RuleOptimizer<ASGDGroup, RuleState>;
