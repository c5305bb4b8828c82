/** NAdam: Adam with Nesterov's momentum. */

import { checkAdaptive, decayed, meanOf, meanSquareOf, rootOf } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, over, power, root, type Scalar, type Scalars, times, valueOf } from "./scalars.ts";

/** Options of `NAdam`. */
export interface NAdamOptions {
  /** Learning rate. Default: 2e-3. */
  lr?: number;
  /** Decay rates of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square. Default: 1e-8. */
  eps?: number;
  /** Weight decay. Default: 0. */
  weightDecay?: number;
  /** How fast the momentum approaches its limit. Default: 4e-3. */
  momentumDecay?: number;
  /** Whether the decay shrinks the parameter directly, as in AdamW. Default: false. */
  decoupledWeightDecay?: boolean;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type NAdamGroup = Required<NAdamOptions>;

/** The momentum of a step. */
function momentumAt(count: number, { betas, momentumDecay }: Scalars<NAdamGroup>): Scalar {
  return times(betas[0], minus(1, times(0.5, power(0.96, times(count, momentumDecay)))));
}

/** The product of the momenta up to a step, until it is negligible beside 1. */
function momentaUpTo(count: number, options: Scalars<NAdamGroup>): Scalar {
  let product: Scalar = 1;
  for (let i = 1; i <= count && valueOf("optim.functional.nadam", product) > 2 ** -60; i++) {
    product = times(product, momentumAt(i, options));
  }
  return product;
}

/** The rule of NAdam. */
export const NADAM_RULE: OptimizerRule<NAdamGroup, "expAvg" | "expAvgSq"> = {
  defaults: {
    lr: 2e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    momentumDecay: 4e-3,
    decoupledWeightDecay: false,
    maximize: false,
  },
  check: (op, options) => {
    checkAdaptive(op, options);
    checkRange(op, "momentumDecay", options.momentumDecay, "[0, ∞)");
  },
  keeps: { expAvg: true, expAvgSq: true },
  counts: true,
  step: (p, given, kept, options, count) => {
    const { lr, betas: [beta1, beta2], eps } = options;
    const [shrunk, g] = decayed(p, given, options);
    const expAvg = meanOf(kept.expAvg, g, beta1);
    const expAvgSq = meanSquareOf(kept.expAvgSq, g, beta2);
    const size = rootOf(expAvgSq).div(root(minus(1, power(beta2, count)))).add(eps);
    const [now, next] = [momentumAt(count, options), momentumAt(count + 1, options)];
    const product = momentaUpTo(count, options);
    const change = g.mul(over(times(lr, minus(1, now)), minus(1, product)))
      .add(expAvg.mul(over(times(lr, next), minus(1, times(product, next)))));
    return [shrunk.sub(change.div(size)), { expAvg, expAvgSq }];
  },
};

/**
 * NAdam: Adam with Nesterov's momentum. Dozat, "Incorporating Nesterov momentum into Adam", 2016.
 * Follows `torch.optim.NAdam`.
 */
export const NAdam: OptimizerClass<NAdamGroup, RuleState> = optimizerClass("NAdam", NADAM_RULE);
/** An {@linkcode NAdam} optimizer. */
export type NAdam = RuleOptimizer<NAdamGroup, RuleState>;
