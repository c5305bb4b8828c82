/** What ops along one dimension share: a number is a lane of one, and kernels find the lane last. */

import type { DType } from "../../core/dtype.ts";
import { extentAt, normalizeDim } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatchOf } from "../define/batch.ts";
import { checkTensor } from "../define/checks.ts";
import { result } from "../define/record.ts";
import type { ValuesAndIndices } from "../reduce/primitives.ts";
import { reshape, transpose } from "../shape/primitives.ts";

/** A tensor with at least one dimension, and the one that is meant: a number is a lane of one. */
export function laneOf(op: string, x: Tensor, dim: number): { lane: Tensor; axis: number } {
  checkTensor(op, x);
  const axis = normalizeDim(op, dim, Math.max(1, x.ndim));
  return { lane: x.ndim === 0 ? reshape(x, [1]) : x, axis };
}

/** All elements as one lane. */
export function flatLane(op: string, x: Tensor): { lane: Tensor; axis: number } {
  checkTensor(op, x);
  return { lane: reshape(x, [x.size]), axis: 0 };
}

/** A result of a lane in the shape that the input had. */
export function like(x: Tensor, y: Tensor): Tensor {
  return x.ndim === 0 ? reshape(y, []) : y;
}

export function both(x: Tensor, { values, indices }: ValuesAndIndices): ValuesAndIndices {
  return { values: like(x, values), indices: like(x, indices) };
}

/** Runs a kernel along a dimension, which it finds last; of each lane as many results as asked for. */
export function along(
  kernel: number,
  x: Tensor,
  dim: number,
  dtype: DType,
  flag: boolean,
  count: number = extentAt(x.shape, dim),
): Tensor {
  if (x.batched !== null) {
    return inBatchOf(x, (x) => along(kernel, x, dim + 1, dtype, flag, count));
  }
  const lanes = transpose(x.detach(), dim, -1);
  const y = result(x, dtype, lanes.shape.with(-1, count));
  x.storage.backend.run(kernel, [y, lanes], [Number(flag)]);
  return transpose(y, dim, -1);
}
