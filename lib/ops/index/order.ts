/** Composites: sorting and quantiles along a dimension. */

import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, FLAG, oneOf, optionReader, shown } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, elementsOf } from "../copy/copy.ts";
import { bare } from "../define/batch.ts";
import { checkDevices, checkFloat, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { gt, ne, where } from "../elementwise/compare.ts";
import { lerp } from "../elementwise/composites.ts";
import { ceil, floor, round } from "../elementwise/rounding.ts";
import type { ReduceOptions, ValuesAndIndices } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { both, flatLane, laneOf } from "../scan/lanes.ts";
import { permute, reshape, slice } from "../shape/primitives.ts";
import { gatherChecked } from "./primitives.ts";
import { orderOf, readSort, type SortOptions } from "./sort.ts";

/**
 * Sorted elements along a dimension, and their previous positions. Equal elements keep their order; NaN
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
  /** Whether to return the largest elements, or the smallest. Default: true. */
  largest?: boolean;
}

const readTopk = optionReader<TopkOptions>({ largest: FLAG });

/**
 * The k largest elements along a dimension, largest first, and their positions.
 * Follows `torch.topk`.
 *
 * @param k How many, from 0 to the extent.
 * @param dim The dimension. Default: -1.
 * @throws {RangeError} If the dimension has fewer elements.
 *
 * @example The best two
 * ```ts
 * import { tensor, topk } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, indices } = topk(tensor([1, 4, 3]), 2);
 * assertEquals([values.toArray(), indices.toArray()], [[4, 3], [1, 2]]);
 * ```
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
  // A tensor without dimensions has one value to give, and no shape for none.
  const least = x.ndim === 0 ? 1 : 0;
  if (!Number.isInteger(k) || k < least || k > extent) {
    throw new RangeError(
      `Cannot compute topk: k must be an integer from ${least} to ${extent}, the extent of dim ${dim}, ` +
        `got ${shown(k)}`,
    );
  }
  const indices = orderOf(lane, axis, largest, k);
  return both(x, { values: gatherChecked(lane, axis, indices), indices });
}

/** Options of `quantile`. */
export interface QuantileOptions extends ReduceOptions {
  /**
   * The value between two elements: linear interpolation, the lower one, the higher one, their midpoint,
   * or the nearest one, of two equally near ones the even one. Default: "linear".
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
  const wrong = (single ? [q] : Array.from(elementsOf(bare(q), "quantile"))).find((share) =>
    !(share >= 0 && share <= 1)
  );
  if (wrong !== undefined) {
    throw new RangeError(`Cannot compute quantile: q must lie in 0 to 1, got ${wrong}`);
  }
  return single ? scalar(q, x.dtype, x) : q;
}

/**
 * Quantiles along a dimension: of n sorted elements, the one at position q · (n − 1). NaN where there is
 * one. Follows `torch.quantile`, but an infinite element that is hit exactly is the result, not NaN.
 *
 * @param q A number from 0 to 1, or several in a tensor of one dimension, which becomes the first
 * dimension of the result.
 * @param dim The dimension; all elements by default.
 * @throws {RangeError} If `q` lies outside 0 to 1, or the input is empty.
 * @throws {DTypeError} If the input is not floating, or a tensor `q` has another type.
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
  // NaN is last in order; a lane that has one takes it.
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

composites({ sort, topk, quantile });
