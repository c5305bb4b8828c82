/** Adam, and AdamW with decoupled weight decay. */

import { adamStep_ } from "../ops/optim/steps.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkAdaptive, decayed, meanOf, meanSquareOf, rootOf } from "./averages.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, over, power, root } from "./scalars.ts";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Decay rates of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square. Default: 1e-8. */
  eps?: number;
  /** Weight decay. Default: 0 for Adam, 0.01 for AdamW. */
  weightDecay?: number;
  /** Whether to use the largest mean square so far instead of the last. Default: false. */
  amsgrad?: boolean;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdamGroup = Required<AdamOptions>;

const DEFAULTS: AdamGroup = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

const SHARED = {
  check: checkAdaptive,
  keeps: { expAvg: true, expAvgSq: true, maxExpAvgSq: ({ amsgrad }: AdamGroup) => amsgrad },
  counts: true,
} as const;

type AdamRule<O extends AdamGroup> = OptimizerRule<O, keyof typeof SHARED.keeps>;

/** The step of both, where the kind of weight decay is an option. */
export const FUNCTIONAL_ADAM_RULE: AdamRule<AdamGroup & { readonly decoupled: boolean }> = {
  ...SHARED,
  defaults: { ...DEFAULTS, decoupled: false },
  step: (p, given, kept, options, count) => {
    const { lr, betas: [beta1, beta2], eps, amsgrad, decoupled } = options;
    const [shrunk, g] = decayed(p, given, { ...options, decoupledWeightDecay: decoupled });
    const expAvg = meanOf(kept.expAvg, g, beta1);
    const expAvgSq = meanSquareOf(kept.expAvgSq, g, beta2);
    const maxExpAvgSq = amsgrad ? kept.maxExpAvgSq?.maximum(expAvgSq) ?? expAvgSq : undefined;
    const size = rootOf(maxExpAvgSq ?? expAvgSq).div(
      root(minus(1, power(beta2, count))),
    ).add(eps);
    const change = expAvg.mul(over(lr, minus(1, power(beta1, count)))).div(size);
    return [shrunk.sub(change), { expAvg, expAvgSq, maxExpAvgSq }];
  },
};

/** The rule of Adam with one kind of weight decay. */
function adamRule(defaults: AdamGroup, decoupled: boolean): AdamRule<AdamGroup> {
  return {
    ...SHARED,
    defaults,
    step: (p, g, kept, options, count) =>
      FUNCTIONAL_ADAM_RULE.step(p, g, kept, { ...options, decoupled }, count),
    inKernel: ({ amsgrad }) => !amsgrad,
    // No spread, which would take longer than the step of a small parameter.
    kernel: (p, g, { expAvg, expAvgSq }, { lr, betas, eps, weightDecay, maximize }, count) => {
      const [beta1, beta2] = betas;
      const numbers = { lr, beta1, beta2, eps, weightDecay, decoupled, maximize };
      adamStep_(p, g, expAvg, expAvgSq, count, numbers);
    },
  };
}

/** The state of Adam for a parameter. */
export interface AdamParamState extends RuleState {
  /** Steps so far. */
  step: number;
  /** Running mean of the gradient. */
  expAvg: Tensor;
  /** Running mean of its square. */
  expAvgSq: Tensor;
}

/** The rule of Adam. */
export const ADAM_RULE: AdamRule<AdamGroup> = adamRule(DEFAULTS, false);

/**
 * Adam: the running mean of the gradient, divided by the root of that of its square, both corrected
 * for their start at 0. Kingma and Ba, "Adam: a method for stochastic optimization", 2015; with
 * `amsgrad`, Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018. Follows
 * `torch.optim.Adam`.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.Adam([x], { lr: 0.1 });
 * x.square().sum().backward();
 * optimizer.step();
 * assertAlmostEquals(x.item(), 0.9, 1e-6);
 * ```
 */
export const Adam: OptimizerClass<AdamGroup, AdamParamState> = optimizerClass(
  "Adam",
  ADAM_RULE,
);
/** An {@linkcode Adam} optimizer. */
export type Adam = RuleOptimizer<AdamGroup, AdamParamState>;

/** The rule of AdamW. */
export const ADAM_W_RULE: AdamRule<AdamGroup> = adamRule({ ...DEFAULTS, weightDecay: 0.01 }, true);

/**
 * Adam with weight decay that shrinks the parameters directly instead of entering the gradient.
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2019. Follows
 * `torch.optim.AdamW`.
 */
export const AdamW: OptimizerClass<AdamGroup, AdamParamState> = optimizerClass(
  "AdamW",
  ADAM_W_RULE,
);
/** An {@linkcode AdamW} optimizer. */
export type AdamW = RuleOptimizer<AdamGroup, AdamParamState>;
