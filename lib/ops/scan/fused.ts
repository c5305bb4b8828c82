/** Fused: running products. */

import { isFloat } from "../../core/dtype.ts";
import { checkCount } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, clone } from "../copy/copy.ts";
import { fused } from "../define/fused.ts";
import { pad, slice, transpose } from "../shape/primitives.ts";
import { laneOf, like } from "./lanes.ts";

/**
 * Running product along a dimension; of int32 and bool as int32. Gradients of any order are right at
 * zeros too. Follows `torch.cumprod`.
 *
 * @param dim The dimension.
 * @returns A tensor of the same shape.
 * @throws {RangeError} If a product of int32 does not fit int32; on the GPU it wraps.
 *
 * @example A row
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([1, 2, 3, 4]).cumprod(0).toArray(), [1, 2, 6, 24]);
 * ```
 */
export function cumprod(x: Tensor, dim: number): Tensor {
  checkCount("compute cumprod", arguments.length, 2);
  const { lane, axis } = laneOf("cumprod", x, dim);
  const input = castTo(lane, isFloat(x.dtype) ? x.dtype : "int32");
  return like(x, transpose(runningProduct(transpose(input, axis, -1)), axis, -1));
}

/**
 * The truth of `runningProduct`: each element times the one before it, then the one two before, four
 * before, so that there are products of twice as many elements each time.
 */
export function runningProductComposite(x: Tensor): Tensor {
  let y = clone(x);
  const extent = extentAt(x.shape, -1);
  for (let step = 1; step < extent; step *= 2) {
    y = y.mul(pad(slice(y, -1, 0, extent - step), [step, 0], { value: 1 }));
  }
  return y;
}

const runningProductOp = fused<null>("cumprod", {
  composite: ([x]) => [runningProductComposite(x!)],
  kernel: "cumprod",
  shapes: ([x]) => [x!.shape],
  batch: ([x]) => runningProduct(x!),
  parameters: () => ({ ints: [0] }),
  saves: "a",
  gradKernel: "cumprod_grad",
});

/** Product up to each element along the last dimension, of floats or int32. */
export function runningProduct(x: Tensor): Tensor {
  return runningProductOp([x], null)[0]!;
}
