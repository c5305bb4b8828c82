/** Adam and its relative with decoupled weight decay. */

import { checkCount, optionReader } from "../core/options.ts";
import { type AdamStep, adamStep_ } from "../ops/optim/steps.ts";
import { zerosLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { kindsOf, withDefaults } from "./groups.ts";
import { checkRange, Optimizer, type ParamsOrGroups, type ParamState } from "./optimizer.ts";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Decay of the means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square. Default: 1e-8. */
  eps?: number;
  /** Weight decay. Default: 0 for Adam, 0.01 for AdamW. */
  weightDecay?: number;
  /** Whether the objective is to grow. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdamGroup = Required<AdamOptions>;

/** The values of options that are not given. */
export const ADAM_DEFAULTS: AdamGroup = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
};

const ADAM_W_DEFAULTS: AdamGroup = { ...ADAM_DEFAULTS, weightDecay: 0.01 };

const readOptions = optionReader<AdamOptions>(kindsOf(ADAM_DEFAULTS));

/** Reads the options and fills in the defaults. */
function adamOptions(
  call: string,
  given: AdamOptions | undefined,
  defaults: AdamGroup,
): AdamGroup {
  return withDefaults(defaults, readOptions(call, given));
}

/** Refuses options out of range. */
export function checkAdam(op: string, options: AdamGroup): void {
  const { lr, betas: [beta1, beta2], eps, weightDecay } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "betas[0]", beta1, "[0, 1)");
  checkRange(op, "betas[1]", beta2, "[0, 1)");
  checkRange(op, "eps", eps, "[0, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
}

/** The numbers of a step. */
export function adamNumbers(group: AdamGroup, decoupled: boolean): AdamStep {
  const { lr, betas: [beta1, beta2], eps, weightDecay, maximize } = group;
  return { lr, beta1, beta2, eps, weightDecay, maximize, decoupled };
}

/** What Adam keeps for a parameter. */
export interface AdamParamState extends ParamState {
  /** Steps so far. */
  step: number;
  /** Mean of the gradient. */
  expAvg: Tensor;
  /** Mean of its square. */
  expAvgSq: Tensor;
}

/**
 * Adam: steps along the mean gradient over the root of the mean square, both corrected for their
 * start at 0. Kingma and Ba, "Adam: a method for stochastic optimization", 2015;
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
export class Adam extends Optimizer<AdamGroup, AdamParamState> {
  /** Whether the decay shrinks the parameter itself. */
  protected readonly decoupled: boolean = false;

  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with options of their own.
   */
  constructor(params: ParamsOrGroups<AdamGroup>, options?: AdamOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    super(params, adamOptions(call, options, ADAM_DEFAULTS));
  }

  /** Refuses options out of range. */
  protected override check(options: AdamGroup): void {
    checkAdam(this.constructor.name, options);
  }

  /** The state before the first step. */
  protected override initial(p: Tensor): AdamParamState {
    return { step: 0, expAvg: zerosLike(p), expAvgSq: zerosLike(p) };
  }

  /** Changes a parameter in place. */
  protected override update(p: Tensor, g: Tensor, state: AdamParamState, options: AdamGroup): void {
    state.step++;
    const numbers = adamNumbers(options, this.decoupled);
    adamStep_(p, g, state.expAvg, state.expAvgSq, state.step, numbers);
  }
}

/**
 * Adam whose weight decay shrinks the parameters instead of entering the gradient.
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; `torch.optim.AdamW`.
 */
export class AdamW extends Adam {
  /** Decay shrinks the parameter itself. */
  protected override readonly decoupled = true;

  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with options of their own.
   */
  constructor(params: ParamsOrGroups<AdamGroup>, options?: AdamOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    super(params, adamOptions(call, options, ADAM_W_DEFAULTS));
  }
}
