/** Adagrad: the gradient, divided by the root of the sum of its squares. */

import { descent, rootOf } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { over, plus, times } from "./scalars.ts";

/** Options of `Adagrad`. */
export interface AdagradOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: number;
  /** How fast the rate falls: it is divided by 1 + (previous steps) · lrDecay. Default: 0. */
  lrDecay?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Initial value of the sum of squares. Default: 0. */
  initialAccumulatorValue?: number;
  /** Added to the root of the sum. Default: 1e-10. */
  eps?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdagradGroup = Required<AdagradOptions>;

/** The rule of Adagrad. */
export const ADAGRAD_RULE: OptimizerRule<AdagradGroup, "sum"> = {
  defaults: {
    lr: 1e-2,
    lrDecay: 0,
    weightDecay: 0,
    initialAccumulatorValue: 0,
    eps: 1e-10,
    maximize: false,
  },
  check: (op, { lr, lrDecay, weightDecay, initialAccumulatorValue, eps }) => {
    checkRange(op, "lr", lr, "[0, ∞)");
    checkRange(op, "lrDecay", lrDecay, "[0, ∞)");
    checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
    checkRange(op, "initialAccumulatorValue", initialAccumulatorValue, "[0, ∞)");
    checkRange(op, "eps", eps, "[0, ∞)");
  },
  keeps: { sum: true },
  counts: true,
  step: (p, given, kept, options, count) => {
    const { lr, lrDecay, initialAccumulatorValue, eps } = options;
    const g = descent(p, given, options);
    const sum = g.square().add(kept.sum ?? initialAccumulatorValue);
    const rate = over(lr, plus(1, times(count - 1, lrDecay)));
    return [p.sub(g.mul(rate).div(rootOf(sum).add(eps))), { sum }];
  },
};

/**
 * Adagrad: the gradient, divided by the root of the sum of all its squares so far. Duchi, Hazan and
 * Singer, "Adaptive subgradient methods", 2011. Follows `torch.optim.Adagrad`.
 */
export const Adagrad: OptimizerClass<AdagradGroup, RuleState> = optimizerClass(
  "Adagrad",
  ADAGRAD_RULE,
);
/** An {@linkcode Adagrad} optimizer. */
export type Adagrad = RuleOptimizer<AdagradGroup, RuleState>;
