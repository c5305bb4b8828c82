/** Primitives: positions in order along a dimension. */

import { DIAGONAL, NONE } from "../../autograd/tape.ts";
import { checkCount, FLAG, optionReader } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { noteRange } from "../../device/memory.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatch } from "../define/batch.ts";
import { rule } from "../define/record.ts";
import { along, laneOf, like } from "../scan/lanes.ts";

const argsortKernel = kernelNumber("argsort");

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Whether the largest come first. Default: false. */
  descending?: boolean;
}

export const readSort = optionReader<SortOptions>({ descending: FLAG });

// Positions have no gradient; the values are gathered by them.
const argsortRule = rule<{ axis: number; descending: boolean; count?: number }>("argsort", {
  vjp: [NONE],
  jvp: DIAGONAL,
  batch: ([x], { axis, descending, count }) => orderOf(x!, axis + 1, descending, count),
});

/**
 * Positions that sort a dimension, int32. Equal elements keep their order; NaN counts as largest.
 * Follows `torch.argsort` with `stable=True`.
 *
 * @param dim The dimension. Default: -1.
 *
 * @example Ascending
 * ```ts
 * import { argsort, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(argsort(tensor([3, 1, 2])).toArray(), [1, 2, 0]);
 * ```
 */
export function argsort(x: Tensor, dim = -1, options?: SortOptions): Tensor {
  checkCount("compute argsort", arguments.length, 3);
  const { lane, axis } = laneOf("argsort", x, dim);
  const { descending = false } = readSort("compute argsort", options);
  return like(x, orderOf(lane, axis, descending));
}

/** Positions that sort a lane, or as many of them as asked for. */
export function orderOf(lane: Tensor, axis: number, descending: boolean, count?: number): Tensor {
  if (lane.batched !== null) {
    const call = { axis, descending, ...count !== undefined && { count } };
    return inBatch(argsortRule.batch, [lane], call)[0]!;
  }
  const order = along(argsortKernel, lane, axis, "int32", descending, count);
  order.creator = argsortRule.unrecordedTwin;
  // On the GPU who gathers by them need not wait to know that they fit.
  const { storage } = order;
  if (storage.backend.device === "gpu") noteRange(storage, 0, extentAt(lane.shape, axis) - 1);
  return order;
}
