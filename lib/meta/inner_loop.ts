/** Steps of gradient descent that can be differentiated. */

import { grad } from "../autograd/backward.ts";
import { isFloat } from "../core/dtype.ts";
import { GradError } from "../core/errors.ts";
import {
  ANY,
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  FUNCTION,
  kind,
  optionReader,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { leavesOf, type Mirror, rebuild, type TensorTree, TREE } from "../core/tree.ts";
import { sgd } from "../optim/functional.ts";
import { SCALAR, valuesOf } from "../optim/scalars.ts";
import { onesLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { trace, zerosFor } from "../transforms/trace.ts";

/** Options of `innerLoop`. */
export interface InnerLoopOptions<Params> {
  /** The parameters before the first step: a tensor, or tensors in arrays and records. */
  params: Params & TensorTree;
  /** The loss of parameters of that form, a tensor of one element; `step` counts from 0. */
  loss: (params: Mirror<Params>, step: number) => Tensor;
  /** How many steps. Default: 1. */
  steps?: number;
  /** The learning rate, at least 0; a tensor with one element can be learned. Default: 0.01. */
  lr?: number | Tensor;
  /**
   * Whether the gradients of the loss count as constants, which saves the second derivatives: the result
   * then depends on `params` and `lr`, but not on other ingredients of the loss. Default: false.
   */
  firstOrder?: boolean;
}

const ONE = kind(
  "a float tensor with one element",
  (value) => isTensor(value) && isFloat(value.dtype) && value.size === 1,
);

const readOptions = optionReader<InnerLoopOptions<TensorTree>>({
  params: ANY,
  loss: ANY,
  steps: COUNT,
  lr: SCALAR,
  firstOrder: FLAG,
});

const CALL = "run meta.innerLoop";

/** The gradients of a loss at parameters, differentiable if anything that they depend on is tracked. */
function gradients(
  params: readonly Tensor[],
  run: (own: readonly Tensor[]) => Tensor,
  firstOrder: boolean,
): readonly Tensor[] {
  const given = firstOrder ? params.map((p) => p.detach()) : params;
  const traced = trace("meta.innerLoop", run, given, (y) => {
    checkKind(CALL, "what loss gives", y, ONE);
    return [y];
  });
  const { inputs, output } = traced;
  // The tape is kept, since the loss of the next step may share parts of it.
  const found = output.node === null ? [] : grad([output], inputs, {
    gradOutputs: [onesLike(output)],
    createGraph: traced.recorded && !firstOrder,
    retainGraph: true,
    allowUnused: true,
  });
  if (found.every((g) => g === null)) {
    throw new GradError(
      `Cannot ${CALL}: the loss must depend on the parameters that it is called with, got one that ` +
        "does not; functionalCall runs a module with them",
    );
  }
  return inputs.map((x, i) => found[i] ?? zerosFor(x));
}

/**
 * Parameters after some steps of gradient descent on a loss. The result consists of new tensors that are
 * differentiable in the initial parameters, in the rate, and in anything else that the loss depends on,
 * such as the parameters of a learned loss. No `.grad` is changed: differentiate the result with `grad`,
 * or train through it with `metaTrain`. Works under `vmap`, for many tasks at once.
 * C. Finn et al., "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks", 2017.
 *
 * @returns The parameters after the steps, in the form of `params`.
 * @throws {GradError} If the loss does not depend on the parameters that it is called with.
 * @throws {TypeError} If the loss is not a tensor with one element.
 *
 * @example The derivative of the last parameter with respect to the first
 * ```ts
 * import { grad, meta, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = tensor(3, { requiresGrad: true });
 * const last = meta.innerLoop({ params: { w }, loss: ({ w }) => w.square(), steps: 2, lr: 0.1 });
 * // Each step multiplies by 1 − 2·lr.
 * assertAlmostEquals(last.w.item(), 3 * 0.8 ** 2, 1e-6);
 * assertAlmostEquals(grad(last.w, [w])[0].item(), 0.8 ** 2, 1e-6);
 * ```
 */
export function innerLoop<Params>(options: InnerLoopOptions<Params>): Mirror<Params> {
  checkCount(CALL, arguments.length, 1);
  const read = readOptions(CALL, options as unknown as InnerLoopOptions<TensorTree>);
  const { params, loss, steps = 1, lr = 0.01, firstOrder = false } = read;
  checkKind(CALL, "params", params, TREE);
  checkKind(CALL, "loss", loss, FUNCTION);
  for (const rate of Array.from(valuesOf(lr))) {
    if (rate >= 0 && rate < Infinity) continue;
    throw new RangeError(`Cannot ${CALL}: lr must lie in [0, ∞), got ${rate}`);
  }
  let own = leavesOf(params) ?? [];
  for (let step = 0; step < steps; step++) {
    const run = (leaves: readonly Tensor[]) => loss(rebuild(params, leaves), step);
    own = [...sgd(own, gradients(own, run, firstOrder), {}, { lr }).params];
  }
  return rebuild(params as Params, own);
}
