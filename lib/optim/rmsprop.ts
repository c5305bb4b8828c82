/** RMSprop: the gradient, divided by the root of its mean square. */

import { descent, meanOf, meanSquareOf, rootOf } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";

/** Options of `RMSprop`. */
export interface RMSpropOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: number;
  /** Decay rate of the running mean of the squared gradient. Default: 0.99. */
  alpha?: number;
  /** Added to the root of the mean square. Default: 1e-8. */
  eps?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Momentum: the factor of the velocity. Default: 0. */
  momentum?: number;
  /** Whether to divide by the root of the variance instead of the mean square. Default: false. */
  centered?: boolean;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type RMSpropGroup = Required<RMSpropOptions>;

/** The rule of RMSprop. */
export const RMSPROP_RULE: OptimizerRule<RMSpropGroup, "squareAvg" | "momentumBuffer" | "gradAvg"> =
  {
    defaults: {
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      maximize: false,
    },
    check: (op, { lr, alpha, eps, weightDecay, momentum }) => {
      checkRange(op, "lr", lr, "[0, ∞)");
      checkRange(op, "alpha", alpha, "[0, ∞)");
      checkRange(op, "eps", eps, "[0, ∞)");
      checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
      checkRange(op, "momentum", momentum, "[0, ∞)");
    },
    keeps: {
      squareAvg: true,
      momentumBuffer: ({ momentum }) => momentum !== 0,
      gradAvg: ({ centered }) => centered,
    },
    step: (p, given, kept, options) => {
      const { lr, alpha, eps, momentum, centered } = options;
      const g = descent(p, given, options);
      const squareAvg = meanSquareOf(kept.squareAvg, g, alpha);
      const gradAvg = centered ? meanOf(kept.gradAvg, g, alpha) : undefined;
      const variance = gradAvg === undefined ? squareAvg : squareAvg.sub(gradAvg.square());
      const scaled = g.div(rootOf(variance).add(eps));
      if (momentum === 0) return [p.sub(scaled.mul(lr)), { squareAvg, gradAvg }];
      const momentumBuffer = kept.momentumBuffer?.mul(momentum).add(scaled) ?? scaled;
      return [p.sub(momentumBuffer.mul(lr)), { squareAvg, momentumBuffer, gradAvg }];
    },
  };

/**
 * RMSprop: the gradient, divided by the root of its mean square or of its variance. Tieleman and
 * Hinton, "Neural networks for machine learning", lecture 6.5, 2012. Follows `torch.optim.RMSprop`.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.RMSprop([x], { lr: 0.1, alpha: 0.75 });
 * x.square().sum().backward();
 * optimizer.step();
 * // The gradient 2 over the root of its mean square, 0.25 · 2².
 * assertAlmostEquals(x.item(), 0.8, 1e-6);
 * ```
 */
export const RMSprop: OptimizerClass<RMSpropGroup, RuleState> = optimizerClass(
  "RMSprop",
  RMSPROP_RULE,
);
/** An {@linkcode RMSprop} optimizer. */
export type RMSprop = RuleOptimizer<RMSpropGroup, RuleState>;
