/** Primitives: the median, of which equal elements share the gradient. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatch } from "../define/batch.ts";
import { record1 } from "../define/record.ts";
import { ne, where } from "../elementwise/compare.ts";
import {
  readReduce,
  type ReduceOptions,
  reduction,
  sharedRule,
  type ValuesAndIndices,
} from "../reduce/primitives.ts";
import { flatLane, laneOf } from "../scan/lanes.ts";
import { squeeze } from "../shape/composites.ts";
import { permute, reshape, slice } from "../shape/primitives.ts";
import { gatherChecked } from "./primitives.ts";
import { orderOf } from "./sort.ts";

/** Medians along a dimension, which is kept. */
function medians(x: Tensor, axis: number): ValuesAndIndices {
  const extent = extentAt(x.shape, axis);
  const order = orderOf(x, axis, false);
  // NaN is last in order; a lane that has one takes it.
  const last = slice(order, axis, extent - 1, extent);
  const middle = Math.floor((extent - 1) / 2);
  const largest = gatherChecked(x, axis, last);
  const found = slice(order, axis, middle, middle + 1);
  const indices = where(ne(largest, largest), last, found);
  return { values: gatherChecked(x, axis, indices), indices };
}

const medianRule = sharedRule("median", medianOfAll);

/** The median over dimensions, of which equal elements share the gradient. */
function medianOfAll(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const stay = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const attrs = reduction(x, dims, keepdim);
  if (x.batched !== null) return inBatch(medianRule.batch, [x], attrs)[0]!;
  const rest = stay.map((i) => x.shape[i]!);
  const lanes = reshape(permute(x.detach(), [...stay, ...dims]), [...rest, -1]);
  const y = reshape(medians(lanes, rest.length).values, keepdim ? attrs.kept : rest);
  return isFloat(x.dtype) ? record1(medianRule, x, y, attrs) : y;
}

/** The median, the lower one of two; NaN where there is one. Equal elements share its gradient. */
export function median(x: Tensor): Tensor;
/**
 * Medians along a dimension, the lower one of two, and their positions; NaN where there is one.
 * Follows `torch.median`.
 *
 * @param dim The dimension.
 * @throws {RangeError} If there are no elements.
 *
 * @example Of all elements and of rows
 * ```ts
 * import { median, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[5, 1, 3], [0, 9, 2]]);
 * assertEquals(median(x).item(), 2);
 * assertEquals(median(x, 1).values.toArray(), [3, 2]);
 * ```
 */
export function median(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function median(
  x: Tensor,
  dim?: number,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  checkCount("compute median", arguments.length, 3);
  const { lane, axis } = dim === undefined ? flatLane("median", x) : laneOf("median", x, dim);
  const { keepdim = false } = readReduce("compute median", options);
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute median: the input is bool; cast it first");
  }
  if (extentAt(lane.shape, axis) === 0) {
    const what = dim === undefined ? "the input" : `dim ${dim}`;
    throw new RangeError(
      `Cannot compute median: ${what} must not be empty, got shape ${showShape(x.shape)}`,
    );
  }
  if (dim === undefined) {
    return medianOfAll(x, x.shape.map((_, i) => i), keepdim);
  }
  const { values, indices } = medians(lane, axis);
  if (x.ndim > 0 && keepdim) return { values, indices };
  return { values: squeeze(values, axis), indices: squeeze(indices, axis) };
}
