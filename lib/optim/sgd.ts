/** Gradient descent. */

import { keep } from "../autograd/scope.ts";
import { checkCount, optionReader } from "../core/options.ts";
import { sgdStep_ } from "../ops/optim/steps.ts";
import { zerosLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { kindsOf, withDefaults } from "./groups.ts";
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

/** Options of a group of parameters. */
export type SGDGroup = Required<SGDOptions>;

/** The values of options that are not given. */
export const SGD_DEFAULTS: SGDGroup = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

const readOptions = optionReader<SGDOptions>(kindsOf(SGD_DEFAULTS));

/** Reads the options and fills in the defaults. */
export function sgdOptions(call: string, given: SGDOptions | undefined): SGDGroup {
  return withDefaults(SGD_DEFAULTS, readOptions(call, given));
}

/** Refuses options out of range. */
export function checkSgd(op: string, options: SGDGroup): void {
  const { lr, momentum, dampening, weightDecay, nesterov } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "momentum", momentum, "[0, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  if (!Number.isFinite(dampening)) {
    throw new RangeError(`Cannot run ${op}: dampening must be finite, got ${dampening}`);
  }
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw new RangeError(`Cannot run ${op}: nesterov needs a momentum and no dampening`);
  }
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
export class SGD extends Optimizer<SGDGroup, SGDParamState> {
  /** The velocity, which there is from the first step with a momentum on. */
  protected override get optional(): readonly string[] {
    return ["momentumBuffer"];
  }

  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with options of their own.
   */
  constructor(params: ParamsOrGroups<SGDGroup>, options?: SGDOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    super(params, sgdOptions(call, options));
  }

  /** Refuses options out of range. */
  protected override check(options: SGDGroup): void {
    checkSgd(this.constructor.name, options);
  }

  /** The state before the first step. */
  protected override initial(p: Tensor, { momentum }: SGDGroup): SGDParamState {
    return momentum === 0 ? { step: 0 } : { step: 0, momentumBuffer: zerosLike(p) };
  }

  /** Changes a parameter in place. */
  protected override update(p: Tensor, g: Tensor, state: SGDParamState, options: SGDGroup): void {
    if (options.momentum === 0) {
      sgdStep_(p, g, null, false, options);
    } else {
      // Momentum may be switched on later, by a schedule say; the velocity then starts there.
      const first = state.step === 0 || state.momentumBuffer === undefined;
      state.momentumBuffer ??= keep(zerosLike(p));
      sgdStep_(p, g, state.momentumBuffer as Tensor, first, options);
    }
    state.step++;
  }
}
