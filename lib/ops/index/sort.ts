/** Running sums and orders along a dimension. Their kernels are in `rust/src/kernels/along.rs`. */

import { NONE } from "../../autograd/tape.ts";
import { checkCount, FLAG, oneOf, optionReader, shown } from "../../core/options.ts";
import { type DType, isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { kernelNumber } from "../../ffi/library.ts";
import { extentAt, normalizeDim } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gt, ne, where } from "../elementwise/compare.ts";
import { lerp } from "../elementwise/composites.ts";
import { checkDevices, checkFloat, checkTensor, TENSOR_OR_NUMBER } from "../define/elementwise.ts";
import { gatherChecked } from "./indexing.ts";
import { castTo, elementsOf } from "../copy/copy.ts";
import { permute, reshape, slice, squeeze, transpose } from "../shape/movement.ts";
import { runningProduct } from "../reduce/fused.ts";
import { record1, result, rule, scalar } from "../define/record.ts";
import { readReduce, type ReduceOptions, sharedRule, type ValuesAndIndices } from "../reduce/primitives.ts";
import { ceil, floor, round } from "../elementwise/rounding.ts";

const cumsumKernel = kernelNumber("cumsum");
const argsortKernel = kernelNumber("argsort");

/** A tensor with at least one dimension, and the one that is meant: a number is a lane of one. */
function laneOf(op: string, x: Tensor, dim: number): { lane: Tensor; axis: number } {
  checkTensor(op, x);
  const axis = normalizeDim(op, dim, Math.max(1, x.ndim));
  return { lane: x.ndim === 0 ? reshape(x, [1]) : x, axis };
}

/** All elements as one lane. */
function flatLane(op: string, x: Tensor): { lane: Tensor; axis: number } {
  checkTensor(op, x);
  return { lane: reshape(x, [x.size]), axis: 0 };
}

/** A result of a lane in the shape that the input had. */
function like(x: Tensor, y: Tensor): Tensor {
  return x.ndim === 0 ? reshape(y, []) : y;
}

function both(x: Tensor, { values, indices }: ValuesAndIndices): ValuesAndIndices {
  return { values: like(x, values), indices: like(x, indices) };
}

/** Runs a kernel along a dimension, which it finds last; of each lane as many results as asked for. */
function along(
  kernel: number,
  x: Tensor,
  dim: number,
  dtype: DType,
  flag: boolean,
  count: number = extentAt(x.shape, dim),
): Tensor {
  const lanes = transpose(x.detach(), dim, -1);
  const y = result(x, dtype, lanes.shape.with(-1, count));
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

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Whether the largest come first. Default: false. */
  descending?: boolean;
}

const readSort = optionReader<SortOptions>({ descending: FLAG });

// Positions have no gradient; the values are gathered by them.
const argsortRule = rule("argsort", { vjp: [NONE] });

/**
 * Positions that sort a dimension, int32. Equal elements keep their order; NaN counts as largest.
 * Follows `torch.argsort` with `stable=True`.
 *
 * @param dim The dimension. Default: -1.
 */
export function argsort(x: Tensor, dim = -1, options?: SortOptions): Tensor {
  checkCount("compute argsort", arguments.length, 3);
  const { lane, axis } = laneOf("argsort", x, dim);
  const { descending = false } = readSort("compute argsort", options);
  const y = like(x, orderOf(lane, axis, descending));
  y.origin = argsortRule.quiet;
  return y;
}

/** Positions that sort a lane, or as many of them as asked for. */
function orderOf(lane: Tensor, axis: number, descending: boolean, count?: number): Tensor {
  const order = along(argsortKernel, lane, axis, "int32", descending, count);
  order.origin = argsortRule.quiet;
  return order;
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
export function sort(x: Tensor, dim = -1, options?: SortOptions): ValuesAndIndices {
  checkCount("compute sort", arguments.length, 3);
  const { lane, axis } = laneOf("sort", x, dim);
  const { descending = false } = readSort("compute sort", options);
  const indices = orderOf(lane, axis, descending);
  return both(x, { values: gatherChecked(lane, axis, indices), indices });
}

/** Options of `topk`. */
export interface TopkOptions {
  /** Whether the largest elements are meant, or the smallest. Default: true. */
  largest?: boolean;
}

const readTopk = optionReader<TopkOptions>({ largest: FLAG });

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
  options?: TopkOptions,
): ValuesAndIndices {
  checkCount("compute topk", arguments.length, 4);
  const { lane, axis } = laneOf("topk", x, dim);
  const { largest = true } = readTopk("compute topk", options);
  const extent = extentAt(lane.shape, axis);
  if (!Number.isInteger(k) || k < 0 || k > extent || (x.ndim === 0 && k === 0)) {
    throw new RangeError(
      `Cannot compute topk: k must be an integer from 0 to ${extent}, the extent of dim ${dim}, ` +
        `got ${shown(k)}`,
    );
  }
  const indices = orderOf(lane, axis, largest, k);
  return both(x, { values: gatherChecked(lane, axis, indices), indices });
}

/** Medians along a dimension, which is kept. */
function medians(x: Tensor, axis: number): ValuesAndIndices {
  const extent = extentAt(x.shape, axis);
  const order = orderOf(x, axis, false);
  // NaN stands last; a lane that has one is led to it.
  const last = slice(order, axis, extent - 1, extent);
  const middle = Math.floor((extent - 1) / 2);
  const largest = gatherChecked(x, axis, last);
  const found = slice(order, axis, middle, middle + 1);
  const indices = where(ne(largest, largest), last, found);
  return { values: gatherChecked(x, axis, indices), indices };
}

const medianRule = sharedRule("median");

/** The median, the lower one of two; NaN where there is one. Equal elements share its gradient. */
export function median(x: Tensor): Tensor;
/**
 * Medians along a dimension, the lower one of two, and where they stand; NaN where there is one.
 * Follows `torch.median`.
 *
 * @param dim The dimension.
 * @throws {RangeError} If there is nothing of which to take the median.
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
    const kept = x.shape.map(() => 1);
    const y = reshape(medians(lane.detach(), axis).values, keepdim ? kept : []);
    return isFloat(x.dtype) ? record1(medianRule, x, y, { shape: x.shape, kept }) : y;
  }
  const { values, indices } = medians(lane, axis);
  if (x.ndim > 0 && keepdim) return { values, indices };
  return { values: squeeze(values, axis), indices: squeeze(indices, axis) };
}

/** Options of `quantile`. */
export interface QuantileOptions extends ReduceOptions {
  /**
   * What lies at a place between two elements: the point on the line through them, the lower one, the
   * higher one, their midpoint, or the nearest one, the even of two. Default: "linear".
   */
  interpolation?: "linear" | "lower" | "higher" | "midpoint" | "nearest";
}

const readQuantile = optionReader<QuantileOptions>({
  keepdim: FLAG,
  interpolation: oneOf("linear", "lower", "higher", "midpoint", "nearest"),
});

/** The shares of a quantile as a tensor, of the input's type and device. */
function sharesOf(x: Tensor, q: Tensor | number): Tensor {
  const single = typeof q === "number";
  if (!single) {
    checkTensor("quantile", q, "q", TENSOR_OR_NUMBER);
    checkDevices("quantile", x, q);
    if (q.ndim > 1) {
      throw new ShapeError(
        `Cannot compute quantile: q must have at most one dimension, got shape ${
          showShape(q.shape)
        }`,
        [q.shape],
      );
    }
    if (q.dtype !== x.dtype) {
      throw new DTypeError(
        `Cannot compute quantile: q must have the input's type ${x.dtype}, got ${q.dtype}`,
      );
    }
  }
  const wrong = (single ? [q] : Array.from(elementsOf(q))).find((share) =>
    !(share >= 0 && share <= 1)
  );
  if (wrong !== undefined) {
    throw new RangeError(`Cannot compute quantile: q must lie in 0 to 1, got ${wrong}`);
  }
  return single ? scalar(q, x.dtype, x) : q;
}

/**
 * The elements that a share of the others lies below, along a dimension: of n elements in order, the
 * one at q · (n − 1). NaN where there is one. Follows `torch.quantile`, but an infinite element at a
 * whole place is the result and not NaN.
 *
 * @param q The share, from 0 to 1, or several of them in a tensor of one dimension, which then is the
 * first dimension of the result.
 * @param dim The dimension; all elements by default.
 * @throws {RangeError} If a share lies outside of 0 to 1, or the input is empty.
 * @throws {DTypeError} If the input is not floating, or a tensor of shares has another type.
 *
 * @example Quartiles
 * ```ts
 * import { quantile, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[0, 1, 2, 3, 4], [10, 20, 30, 40, 50]]);
 * assertEquals(quantile(x, 0.5, 1).toArray(), [2, 30]);
 * assertEquals(quantile(x, tensor([0.25, 0.75]), 1).toArray(), [[1, 20], [3, 40]]);
 * assertEquals(quantile(x, 0.1, 1, { interpolation: "lower" }).toArray(), [0, 10]);
 * ```
 */
export function quantile(
  x: Tensor,
  q: Tensor | number,
  dim?: number,
  options?: QuantileOptions,
): Tensor {
  checkCount("compute quantile", arguments.length, 4);
  checkFloat("quantile", x);
  const { keepdim = false, interpolation = "linear" } = readQuantile("compute quantile", options);
  const shares = sharesOf(x, q);
  const { lane, axis } = dim === undefined ? flatLane("quantile", x) : laneOf("quantile", x, dim);
  if (x.size === 0) {
    throw new RangeError(
      `Cannot compute quantile: the input must not be empty, got shape ${showShape(x.shape)}`,
    );
  }
  const others = lane.shape.map((_, i) => i).filter((i) => i !== axis);
  const sorted = sort(permute(lane, [...others, axis])).values;
  const last = extentAt(sorted.shape, -1) - 1;
  // NaN stands last; a lane that has one is led to it.
  const largest = slice(sorted, -1, last);
  const places = where(ne(largest, largest), last, shares.mul(last));
  const at = (place: Tensor) => gatherChecked(sorted, sorted.ndim - 1, castTo(place, "int32"));
  const found = between(places, at, interpolation);
  const moved = permute(found, [found.ndim - 1, ...others.map((_, i) => i)]);
  const all = dim === undefined || x.ndim === 0;
  const kept = x.shape.flatMap((extent, i) => !all && i !== axis ? [extent] : keepdim ? [1] : []);
  return reshape(moved, [...shares.shape, ...kept]);
}

/** What lies at places that need not be whole. */
function between(
  places: Tensor,
  at: (whole: Tensor) => Tensor,
  interpolation: NonNullable<QuantileOptions["interpolation"]>,
): Tensor {
  switch (interpolation) {
    case "lower":
      return at(floor(places));
    case "higher":
      return at(ceil(places));
    case "nearest":
      return at(round(places));
    default: {
      const below = floor(places);
      const low = at(below);
      const weight = interpolation === "linear" ? places.sub(below) : 0.5;
      return where(gt(places, below), lerp(low, at(ceil(places)), weight), low);
    }
  }
}
