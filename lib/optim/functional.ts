/**
 * Steps that return new parameters instead of changing them. They are differentiable, for inner
 * loops that are trained through, and compute the same as the optimizers' kernels.
 */

import type { Tensor } from "../tensor/tensor.ts";
import { type AdamOptions, FUNCTIONAL_ADAM_RULE } from "./adam.ts";
import {
  type FunctionalStep,
  functionalStep,
  type Stepped,
  type StepState,
} from "./functional_step.ts";
import { ADAGRAD_RULE, type AdagradOptions } from "./adagrad.ts";
import { ADADELTA_RULE, type AdadeltaOptions } from "./adadelta.ts";
import { ADAMAX_RULE, type AdamaxOptions } from "./adamax.ts";
import { NADAM_RULE, type NAdamOptions } from "./nadam.ts";
import { RADAM_RULE, type RAdamOptions } from "./radam.ts";
import { ASGD_RULE, type ASGDOptions } from "./asgd.ts";
import { RPROP_RULE, type RpropOptions } from "./rprop.ts";
import { ADAFACTOR_RULE, type AdafactorOptions } from "./adafactor.ts";
import { MUON_RULE, type MuonOptions } from "./muon.ts";
import { LION_RULE, type LionOptions } from "./lion.ts";
import { RMSPROP_RULE, type RMSpropOptions } from "./rmsprop.ts";
import { SGD_RULE, type SGDOptions } from "./sgd.ts";

export type { FunctionalStep, Stepped, StepState };

/** The state of `sgd`; empty before the first step. */
export interface SgdState {
  /** The velocities, one for each parameter. */
  readonly buffers?: readonly Tensor[];
}

/**
 * One step of gradient descent. Follows `torch.optim.SGD`.
 *
 * @example A gradient through a step
 * ```ts
 * import { grad, optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor(1, { requiresGrad: true });
 * const [g] = grad(x.pow(3), [x], { createGraph: true });
 * const { params: [next] } = optim.functional.sgd([x], [g], {}, { lr: 0.1 });
 * // d/dx (x − 0.1 · 3x²) = 1 − 0.6x
 * assertAlmostEquals(grad(next!, [x])[0].item(), 0.4, 1e-6);
 * ```
 */
export const sgd: FunctionalStep<SGDOptions, SgdState> = functionalStep("sgd", SGD_RULE, {
  momentumBuffer: "buffers",
});

/** The state of `adam`; empty before the first step. */
export interface AdamState {
  /** Steps so far. */
  readonly step?: number;
  /** Running means of the gradients. */
  readonly means?: readonly Tensor[];
  /** Running means of their squares. */
  readonly squares?: readonly Tensor[];
  /** The largest of these so far, with `amsgrad`. */
  readonly maxSquares?: readonly Tensor[];
}

/** Options of `adam`. */
export interface FunctionalAdamOptions extends AdamOptions {
  /** Whether the decay shrinks the parameter directly, as in AdamW. Default: false. */
  decoupled?: boolean;
}

/**
 * One step of Adam; with `decoupled`, of AdamW. Follows `torch.optim.Adam`.
 *
 * Where the gradient and its mean square are 0, the derivative of the step with respect to the
 * gradient is its limit, −lr/eps at the first step.
 *
 * @example A learned learning rate, and parameters by name
 * ```ts
 * import { grad, optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const lr = tensor(0.1, { requiresGrad: true });
 * const [params, grads] = [{ w: tensor([1]) }, { w: tensor([2]) }];
 * const { params: next } = optim.functional.adam(params, grads, {}, { lr });
 * // The first step goes by lr against the sign of the gradient.
 * assertAlmostEquals(grad(next.w.sum(), [lr])[0].item(), -1, 1e-6);
 * ```
 */
export const adam: FunctionalStep<FunctionalAdamOptions, AdamState> = functionalStep(
  "adam",
  FUNCTIONAL_ADAM_RULE,
  { expAvg: "means", expAvgSq: "squares", maxExpAvgSq: "maxSquares" },
);

/** One step of RMSprop. Follows `torch.optim.RMSprop`. */
export const rmsprop: FunctionalStep<
  RMSpropOptions,
  StepState<"squareAvgs" | "momentumBuffers" | "gradAvgs">
> = functionalStep("rmsprop", RMSPROP_RULE, {
  squareAvg: "squareAvgs",
  momentumBuffer: "momentumBuffers",
  gradAvg: "gradAvgs",
});

/** One step of Adagrad. Follows `torch.optim.Adagrad`. */
export const adagrad: FunctionalStep<
  AdagradOptions,
  StepState<"sums"> & { readonly step?: number }
> = functionalStep("adagrad", ADAGRAD_RULE, { sum: "sums" });

/** One step of Adadelta. Follows `torch.optim.Adadelta`. */
export const adadelta: FunctionalStep<AdadeltaOptions, StepState<"squareAvgs" | "accDeltas">> =
  functionalStep("adadelta", ADADELTA_RULE, { squareAvg: "squareAvgs", accDelta: "accDeltas" });

/** One step of Adamax. Follows `torch.optim.Adamax`. */
export const adamax: FunctionalStep<
  AdamaxOptions,
  StepState<"means" | "greatest"> & { readonly step?: number }
> = functionalStep("adamax", ADAMAX_RULE, { expAvg: "means", expInf: "greatest" });

/** One step of NAdam. Follows `torch.optim.NAdam`. */
export const nadam: FunctionalStep<
  NAdamOptions,
  StepState<"means" | "squares"> & { readonly step?: number }
> = functionalStep("nadam", NADAM_RULE, { expAvg: "means", expAvgSq: "squares" });

/** One step of RAdam. Follows `torch.optim.RAdam`. */
export const radam: FunctionalStep<
  RAdamOptions,
  StepState<"means" | "squares"> & { readonly step?: number }
> = functionalStep("radam", RADAM_RULE, { expAvg: "means", expAvgSq: "squares" });

/** One step of ASGD. Follows `torch.optim.ASGD`. */
export const asgd: FunctionalStep<ASGDOptions, StepState<"averages"> & { readonly step?: number }> =
  functionalStep("asgd", ASGD_RULE, { ax: "averages" });

/** One step of Rprop. Follows `torch.optim.Rprop`. */
export const rprop: FunctionalStep<RpropOptions, StepState<"gradients" | "lengths">> =
  functionalStep("rprop", RPROP_RULE, { prev: "gradients", stepSize: "lengths" });

/** One step of Lion. Chen et al., 2023. */
export const lion: FunctionalStep<LionOptions, StepState<"means">> = functionalStep(
  "lion",
  LION_RULE,
  { expAvg: "means" },
);

/** One step of Muon. Follows `torch.optim.Muon`, in the parameters' own type. */
export const muon: FunctionalStep<MuonOptions, StepState<"momentumBuffers">> = functionalStep(
  "muon",
  MUON_RULE,
  { momentumBuffer: "momentumBuffers" },
);

/**
 * One step of Adafactor. Follows `torch.optim.Adafactor`. The lists of the state have an entry for each
 * parameter of two dimensions or more, `variances` for each of the others.
 */
export const adafactor: FunctionalStep<
  AdafactorOptions,
  StepState<"rowVars" | "colVars" | "variances"> & { readonly step?: number }
> = functionalStep("adafactor", ADAFACTOR_RULE, {
  rowVar: "rowVars",
  colVar: "colVars",
  variance: "variances",
});
