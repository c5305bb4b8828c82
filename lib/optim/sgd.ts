/** Gradient descent. */

import { zerosLike } from "../create.ts";
import { type SgdStep, sgdStep_ } from "../ops/steps.ts";
import { keep } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { checkRange, Optimizer, type ParamsOrGroups, type ParamState } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Factor of the velocity that is kept. Default: 0. */
  momentum?: number;
  /** Share of the gradient that does not enter the velocity. Default: 0. */
  dampening?: number;
  /** Factor of the parameter that is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Whether the step looks ahead along the velocity. Default: false. */
  nesterov?: boolean;
  /** Whether the objective is to grow. Default: false. */
  maximize?: boolean;
}

/** Fills in the defaults. */
export function sgdDefaults(options: SGDOptions): SgdStep {
  return {
    lr: 1e-3,
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    maximize: false,
    ...options,
  };
}

/** What SGD keeps for a parameter. */
export interface SGDParamState extends ParamState {
  /** Steps so far. */
  step: number;
}

/**
 * Stochastic gradient descent, with momentum and weight decay if wanted. Follows `torch.optim.SGD`.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([x], { lr: 0.25 });
 * x.square().sum().backward();
 * optimizer.step();
 * assertEquals(x.toArray(), [0.5]);
 * ```
 */
export class SGD extends Optimizer<SgdStep, SGDParamState> {
  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with options of their own.
   */
  constructor(params: ParamsOrGroups<SgdStep>, options: SGDOptions = {}) {
    super(params, sgdDefaults(options));
  }

  /** Refuses options out of range. */
  protected override check({ lr, momentum, dampening, weightDecay, nesterov }: SgdStep): void {
    checkRange("SGD", "lr", lr, "[0, ∞)");
    checkRange("SGD", "momentum", momentum, "[0, ∞)");
    checkRange("SGD", "weightDecay", weightDecay, "[0, ∞)");
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError("Cannot make SGD: nesterov needs a momentum and no dampening");
    }
  }

  /** The state before the first step. */
  protected override initial(p: Tensor, { momentum }: SgdStep): SGDParamState {
    return momentum === 0 ? { step: 0 } : { step: 0, momentumBuffer: zerosLike(p) };
  }

  /** Changes a parameter in place. */
  protected override update(p: Tensor, g: Tensor, state: SGDParamState, options: SgdStep): void {
    // Momentum may be switched on later, by a schedule say.
    if (options.momentum !== 0) state.momentumBuffer ??= keep(zerosLike(p));
    const buffer = options.momentum === 0 ? null : state.momentumBuffer as Tensor;
    sgdStep_(p, g, buffer, state.step === 0, options);
    state.step++;
  }
}
