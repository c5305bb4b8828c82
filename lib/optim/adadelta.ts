/** Adadelta: steps in units of the parameters. */

import { descent, meanSquareOf, rootOf } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { root } from "./scalars.ts";

/** Options of `Adadelta`. */
export interface AdadeltaOptions {
  /** Learning rate. Default: 1. */
  lr?: number;
  /** Decay of the means of squares. Default: 0.9. */
  rho?: number;
  /** Added to the means of squares. Default: 1e-6. */
  eps?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdadeltaGroup = Required<AdadeltaOptions>;

/** The rule of Adadelta. */
export const ADADELTA_RULE: OptimizerRule<AdadeltaGroup, "squareAvg" | "accDelta"> = {
  defaults: {
    lr: 1,
    rho: 0.9,
    eps: 1e-6,
    weightDecay: 0,
    maximize: false,
  },
  check: (op, { lr, rho, eps, weightDecay }) => {
    checkRange(op, "lr", lr, "[0, ∞)");
    checkRange(op, "rho", rho, "[0, 1]");
    checkRange(op, "eps", eps, "[0, ∞)");
    checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  },
  keeps: { squareAvg: true, accDelta: true },
  step: (p, given, kept, options) => {
    const { lr, rho, eps } = options;
    const g = descent(p, given, options);
    const squareAvg = meanSquareOf(kept.squareAvg, g, rho);
    const length = kept.accDelta === undefined ? root(eps) : rootOf(kept.accDelta.add(eps));
    const delta = g.div(rootOf(squareAvg.add(eps))).mul(length);
    return [p.sub(delta.mul(lr)), { squareAvg, accDelta: meanSquareOf(kept.accDelta, delta, rho) }];
  },
};

/**
 * Adadelta: the gradient, scaled to the units of the parameter by the root of the mean square of
 * the last steps over that of the gradients. Zeiler, "Adadelta", 2012. Follows
 * `torch.optim.Adadelta`.
 */
export const Adadelta: OptimizerClass<AdadeltaGroup, RuleState> = optimizerClass(
  "Adadelta",
  ADADELTA_RULE,
);
/** An {@linkcode Adadelta} optimizer. */
export type Adadelta = RuleOptimizer<AdadeltaGroup, RuleState>;
