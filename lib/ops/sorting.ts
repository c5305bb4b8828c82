/** Running sums and orders along a dimension. Their kernels are in `rust/src/kernels/along.rs`. */

import { NONE } from "../autograd/tape.ts";
import { type DType, isFloat } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import { kernelNumber } from "../ffi/library.ts";
import { extentAt, normalizeDim } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { ne, where } from "./compare.ts";
import { checkTensor } from "./define.ts";
import { gatherChecked } from "./indexing.ts";
import { castTo } from "./memory.ts";
import { reshape, slice, squeeze, transpose } from "./movement.ts";
import { record1, result, rule } from "./record.ts";
import type { ReduceOptions, ValuesAndIndices } from "./reduce.ts";

const cumsumKernel = kernelNumber("cumsum");
const argsortKernel = kernelNumber("argsort");

/** A tensor with at least one dimension, and the one that is meant: a number is a lane of one. */
function laneOf(op: string, x: Tensor, dim: number): { lane: Tensor; axis: number } {
  checkTensor(op, x);
  const axis = normalizeDim(op, dim, Math.max(1, x.ndim));
  return { lane: x.ndim === 0 ? reshape(x, [1]) : x, axis };
}

/** A result of a lane in the shape that the input had. */
function like(x: Tensor, y: Tensor): Tensor {
  return x.ndim === 0 ? reshape(y, []) : y;
}

function both(x: Tensor, { values, indices }: ValuesAndIndices): ValuesAndIndices {
  return { values: like(x, values), indices: like(x, indices) };
}

/** Runs a kernel along a dimension, which it finds last. */
function along(kernel: number, x: Tensor, dim: number, dtype: DType, flag: boolean): Tensor {
  const lanes = transpose(x.detach(), dim, -1);
  const y = result(x, dtype, lanes.shape);
  x.storage.backend.run(kernel, [y, lanes], [Number(flag)]);
  return transpose(y, dim, -1);
}

// y_i = Σ_{j ≤ i} x_j: x̄_j = Σ_{i ≥ j} ȳ_i
const cumsumRule = rule<{ dim: number; reverse: boolean }>("cumsum", {
  vjp: [(g, { attrs: { dim, reverse } }) => runningSum(g, dim, !reverse)],
});

function runningSum(x: Tensor, dim: number, reverse: boolean): Tensor {
  const y = along(cumsumKernel, x, dim, x.dtype, reverse);
  return isFloat(x.dtype) ? record1(cumsumRule, x, y, { dim, reverse }) : y;
}

/**
 * Running sum along a dimension; of int32 and bool as int32. Follows `torch.cumsum`.
 *
 * @param dim The dimension.
 * @returns A tensor of the same shape.
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
  const { lane, axis } = laneOf("cumsum", x, dim);
  return like(x, runningSum(castTo(lane, isFloat(x.dtype) ? x.dtype : "int32"), axis, false));
}

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Whether the largest come first. Default: false. */
  descending?: boolean;
}

// Positions have no gradient; the values are gathered by them.
const argsortRule = rule("argsort", { vjp: [NONE] });

/**
 * Positions that sort a dimension, int32. Equal elements keep their order; NaN counts as largest.
 * Follows `torch.argsort` with `stable=True`.
 *
 * @param dim The dimension. Default: -1.
 */
export function argsort(x: Tensor, dim = -1, { descending = false }: SortOptions = {}): Tensor {
  const { lane, axis } = laneOf("argsort", x, dim);
  const y = like(x, along(argsortKernel, lane, axis, "int32", descending));
  y.origin = argsortRule.quiet;
  return y;
}

/**
 * Elements in order along a dimension, and where they stood. Equal elements keep their order; NaN
 * counts as largest. Follows `torch.sort` with `stable=True`.
 *
 * @param dim The dimension. Default: -1.
 *
 * @example The largest first
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, indices } = tensor([2, 3, 1]).sort(0, { descending: true });
 * assertEquals([values.toArray(), indices.toArray()], [[3, 2, 1], [1, 0, 2]]);
 * ```
 */
export function sort(x: Tensor, dim = -1, options: SortOptions = {}): ValuesAndIndices {
  const { lane, axis } = laneOf("sort", x, dim);
  const indices = argsort(lane, axis, options);
  return both(x, { values: gatherChecked(lane, axis, indices), indices });
}

/** Options of `topk`. */
export interface TopkOptions {
  /** Whether the largest elements are meant, or the smallest. Default: true. */
  largest?: boolean;
}

/**
 * The k largest elements along a dimension, largest first, and where they stand.
 * Follows `torch.topk`.
 *
 * @param k How many, from 0 to the extent.
 * @param dim The dimension. Default: -1.
 * @throws {RangeError} If the dimension has fewer elements.
 */
export function topk(
  x: Tensor,
  k: number,
  dim = -1,
  { largest = true }: TopkOptions = {},
): ValuesAndIndices {
  const { lane, axis } = laneOf("topk", x, dim);
  const extent = extentAt(lane.shape, axis);
  if (!Number.isInteger(k) || k < 0 || k > extent || (x.ndim === 0 && k === 0)) {
    throw new RangeError(
      `Cannot compute topk: k must be an integer from 0 to ${extent}, the extent of dim ${dim}, ` +
        `got ${k}`,
    );
  }
  const indices = slice(argsort(lane, axis, { descending: largest }), axis, 0, k);
  return both(x, { values: gatherChecked(lane, axis, indices), indices });
}

/**
 * Medians along a dimension, the lower one of two, and where they stand; NaN where there is one.
 * Follows `torch.median`.
 *
 * @param dim The dimension.
 * @throws {RangeError} If the dimension is empty.
 */
export function median(x: Tensor, dim: number, options: ReduceOptions = {}): ValuesAndIndices {
  const { lane, axis } = laneOf("median", x, dim);
  if (x.dtype === "bool") throw new DTypeError("Cannot compute median: the input is bool");
  const extent = extentAt(lane.shape, axis);
  if (extent === 0) {
    throw new RangeError(
      `Cannot compute median: dim ${dim} of shape [${x.shape.join(", ")}] is empty`,
    );
  }
  const order = argsort(lane, axis);
  // NaN stands last; a lane that has one is led to it.
  const last = slice(order, axis, extent - 1, extent);
  const middle = Math.floor((extent - 1) / 2);
  const largest = gatherChecked(lane, axis, last);
  const found = slice(order, axis, middle, middle + 1);
  const indices = where(ne(largest, largest), last, found);
  const values = gatherChecked(lane, axis, indices);
  if (x.ndim > 0 && (options.keepdim ?? false)) return { values, indices };
  return { values: squeeze(values, axis), indices: squeeze(indices, axis) };
}
