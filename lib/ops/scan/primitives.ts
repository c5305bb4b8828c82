/** Primitives: running sums. */

import { isFloat } from "../../core/dtype.ts";
import { checkCount } from "../../core/options.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { inBatch } from "../define/batch.ts";
import { record1, rule } from "../define/record.ts";
import { along, laneOf, like } from "./lanes.ts";

const cumsumKernel = kernelNumber("cumsum");

// y_i = Σ_{j ≤ i} x_j: x̄_j = Σ_{i ≥ j} ȳ_i
const cumsumRule = rule<{ dim: number; reverse: boolean }>("cumsum", {
  vjp: [(g, { attrs: { dim, reverse } }) => runningSum(g, dim, !reverse)],
  jvp: ([t], { attrs: { dim, reverse } }) => runningSum(t!, dim, reverse),
  batch: ([x], { dim, reverse }) => runningSum(x!, dim + 1, reverse),
});

function runningSum(x: Tensor, dim: number, reverse: boolean): Tensor {
  if (x.batched !== null) return inBatch(cumsumRule.batch, [x], { dim, reverse })[0]!;
  const y = along(cumsumKernel, x, dim, x.dtype, reverse);
  return isFloat(x.dtype) ? record1(cumsumRule, x, y, { dim, reverse }) : y;
}

/**
 * Running sum along a dimension; of int32 and bool as int32. Follows `torch.cumsum`.
 *
 * @param dim The dimension.
 * @returns A tensor of the same shape.
 * @throws {RangeError} If a sum of int32 does not fit int32; on the GPU it wraps.
 *
 * @example A row
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([1, 2, 3]).cumsum(0).toArray(), [1, 3, 6]);
 * ```
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  checkCount("compute cumsum", arguments.length, 2);
  const { lane, axis } = laneOf("cumsum", x, dim);
  return like(x, runningSum(castTo(lane, isFloat(x.dtype) ? x.dtype : "int32"), axis, false));
}
