/** Rprop: steps by the sign of the gradient, with adaptive sizes. */

import { where } from "../ops/mod.ts";
import { fullLike } from "../tensor/create.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { valueOf } from "./scalars.ts";

/** Options of `Rprop`. */
export interface RpropOptions {
  /** Size of the first step. Default: 1e-2. */
  lr?: number;
  /**
   * Factors of the size where the gradient changes sign and where it does not. Default: [0.5, 1.2].
   */
  etas?: readonly [number, number];
  /** The smallest and the largest size. Default: [1e-6, 50]. */
  stepSizes?: readonly [number, number];
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type RpropGroup = Required<RpropOptions>;

/** The rule of Rprop. */
export const RPROP_RULE: OptimizerRule<RpropGroup, "prev" | "stepSize"> = {
  defaults: {
    lr: 1e-2,
    etas: [0.5, 1.2],
    stepSizes: [1e-6, 50],
    maximize: false,
  },
  check: (op, { lr, etas, stepSizes }) => {
    checkRange(op, "lr", lr, "[0, ∞)");
    checkRange(op, "etas[0]", etas[0], "(0, 1)");
    checkRange(op, "etas[1]", etas[1], "(1, ∞)");
    checkRange(op, "stepSizes[0]", stepSizes[0], "[0, ∞)");
    checkRange(op, "stepSizes[1]", stepSizes[1], "[0, ∞)");
    if (stepSizes[0] > stepSizes[1]) {
      throw new RangeError(
        `Cannot run ${op}: stepSizes must not decrease, got ${stepSizes.join(", ")}`,
      );
    }
  },
  keeps: { prev: true, stepSize: true },
  step: (p, given, kept, options) => {
    const { lr, etas: [less, more], stepSizes: [least, greatest], maximize } = options;
    const g = maximize ? given.neg() : given;
    const { prev, stepSize: before = fullLike(p, 0).add(lr) } = kept;
    // Of small numbers the product would be 0.
    const agreement = prev === undefined ? fullLike(p, 0) : g.sign().mul(prev);
    const turned = agreement.lt(0);
    const longer = where(agreement.gt(0), before.mul(more), before);
    const stepSize = where(turned, before.mul(less), longer).clamp(
      valueOf("optim.functional.rprop", least),
      valueOf("optim.functional.rprop", greatest),
    );
    const used = where(turned, 0, g);
    return [p.sub(used.sign().mul(stepSize)), { prev: used, stepSize }];
  },
};

/**
 * Resilient backpropagation: steps by the sign of the gradient alone. Their size grows while the
 * sign stays and shrinks when it changes. Riedmiller and Braun, "A direct adaptive method for
 * faster backpropagation learning: the RPROP algorithm", 1993. Follows `torch.optim.Rprop`.
 */
export const Rprop: OptimizerClass<RpropGroup, RuleState> = optimizerClass("Rprop", RPROP_RULE);
/** An {@linkcode Rprop} optimizer. */
export type Rprop = RuleOptimizer<RpropGroup, RuleState>;
