/** Composites: binary search, and unique elements. */

import { dtypeOfNumber } from "../../core/dtype.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import { extentAt, normalizeDim, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { elementsOf } from "../copy/copy.ts";
import { checkDevices, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { ge, gt, le, where } from "../elementwise/compare.ts";
import { logicalAnd, logicalNot } from "../elementwise/logic.ts";
import { composites } from "../registry.ts";
import { expand, reshape, transpose } from "../shape/primitives.ts";
import { indexSelect } from "./composites.ts";
import { gatherChecked, positionsOn } from "./primitives.ts";
import { argsort } from "./sort.ts";

/** Options of `searchsorted`. */
export interface SearchsortedOptions {
  /** Whether a value is inserted after equal elements, or before them. Default: false. */
  right?: boolean;
}

const readSearch = optionReader<SearchsortedOptions>({ right: FLAG });

/**
 * Positions at which values can be inserted into sorted rows: the number of elements that are less or,
 * with `right`, not greater. A binary search, which takes log₂ n steps for n elements. Follows
 * `torch.searchsorted`.
 *
 * @param sorted Elements in ascending order along the last dimension.
 * @param values A number, or a tensor: of any shape if `sorted` has one dimension, otherwise of the shape
 * of `sorted` except for the last dimension.
 * @returns int32, of the shape of the values.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example Bins
 * ```ts
 * import { searchsorted, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const edges = tensor([0, 10, 20]);
 * assertEquals(searchsorted(edges, tensor([5, 10, 99])).toArray(), [1, 1, 3]);
 * assertEquals(searchsorted(edges, 10, { right: true }).item(), 2);
 * ```
 */
export function searchsorted(
  sorted: Tensor,
  values: Tensor | number,
  options?: SearchsortedOptions,
): Tensor {
  const op = "searchsorted";
  checkCount(`compute ${op}`, arguments.length, 3);
  checkTensor(op, sorted, "the sorted tensor");
  if (typeof values === "number") {
    values = scalar(values, dtypeOfNumber(values, sorted.dtype), sorted);
  }
  checkTensor(op, values, "values", TENSOR_OR_NUMBER);
  checkDevices(op, sorted, values);
  const { right = false } = readSearch(`compute ${op}`, options);
  const one = sorted.ndim === 1;
  const rows = sameShape(sorted.shape.slice(0, -1), values.shape.slice(0, -1));
  if (!one && (sorted.ndim === 0 || sorted.ndim !== values.ndim || !rows)) {
    throw new ShapeError(
      `Cannot compute ${op}: it needs one sorted row, or as many as there are rows of values, got ` +
        `${showShape(sorted.shape)} and ${showShape(values.shape)}`,
      [sorted.shape, values.shape],
    );
  }
  const lanes = one ? reshape(values, [values.size]) : values;
  return reshape(position(sorted, lanes, right), values.shape);
}

/** The number of elements before each value, found from its highest binary digit down. */
function position(sorted: Tensor, values: Tensor, right: boolean): Tensor {
  const n = extentAt(sorted.shape, -1);
  let found = expand(scalar(0, "int32", values), values.shape);
  for (let step = 2 ** Math.floor(Math.log2(Math.max(1, n))); step >= 1 && n > 0; step /= 2) {
    const next = found.add(step);
    const inside = le(next, n);
    const element = gatherChecked(sorted, sorted.ndim - 1, where(inside, next, n).sub(1));
    // Written so that a NaN among the elements or the values counts as PyTorch has it.
    const before = logicalNot(right ? gt(element, values) : ge(element, values));
    found = where(logicalAnd(inside, before), next, found);
  }
  return found;
}

/** Options of `unique`. */
export interface UniqueOptions {
  /** The dimension whose entries are compared. Default: all elements, one by one. */
  dim?: number;
  /** Whether to return the index of each entry among the values. Default: false. */
  returnInverse?: boolean;
  /** Whether to return how often each value occurs. Default: false. */
  returnCounts?: boolean;
}

const readUnique = optionReader<UniqueOptions>({
  dim: NUMBER,
  returnInverse: FLAG,
  returnCounts: FLAG,
});

/** The result of `unique` with indices or counts. */
export interface UniqueResult {
  /** The values in ascending order. */
  readonly values: Tensor;
  /** The index of each entry among the values, int32, on request. */
  readonly inverse?: Tensor;
  /** How often each value occurs, int32, on request. */
  readonly counts?: Tensor;
}

/** Which entries are alike: of n entries of some elements each, read along an axis. */
interface Classes {
  /** The first entry of each class, in order. */
  readonly first: readonly number[];
  /** The class of each entry. */
  readonly inverse: Int32Array;
  readonly counts: readonly number[];
}

/** Classes of rows, which are sorted by their first different elements; NaN is largest. */
function classify(rows: Tensor): Classes {
  const elements = elementsOf(rows, "unique");
  const [entries, length] = rows.shape as [number, number];
  const compare = (i: number, j: number) => {
    for (let k = 0; k < length; k++) {
      const [a, b] = [elements[i * length + k]!, elements[j * length + k]!];
      if (a === b) continue;
      // A NaN stands last, and is not equal to another one.
      if (a !== a || b !== b) return a === a ? -1 : b === b ? 1 : i - j;
      return a - b;
    }
    return 0;
  };
  // Single elements have a kernel, which sorts them in the same order.
  const order = length === 1
    ? elementsOf(argsort(rows, 0), "unique")
    : new Int32Array(entries).map((_, i) => i).sort((i, j) => compare(i, j) || i - j);
  const first: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(entries);
  for (const i of order) {
    const last = first.at(-1);
    if (last === undefined || compare(last, i) !== 0) {
      first.push(i);
      counts.push(0);
    }
    counts[counts.length - 1]!++;
    inverse[i] = first.length - 1;
  }
  return { first, inverse, counts };
}

/**
 * The distinct elements in ascending order, where each NaN counts separately; with `dim`, the distinct
 * entries along a dimension. The gradient of a value goes to the first of its elements. Follows
 * `torch.unique`, which has no gradient.
 *
 * @returns The values or, if indices or counts are requested, an object with all of them.
 * @throws {ShapeError} If there are entries without elements.
 *
 * @example How often each label occurs
 * ```ts
 * import { tensor, unique } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, counts } = unique(tensor([3, 1, 3]), { returnCounts: true });
 * assertEquals(values.toArray(), [1, 3]);
 * assertEquals(counts?.toArray(), [1, 2]);
 * ```
 */
export function unique(
  x: Tensor,
  options?: UniqueOptions & { returnInverse?: false; returnCounts?: false },
): Tensor;
/** The different elements, and where and how often each stands. */
export function unique(x: Tensor, options: UniqueOptions): UniqueResult;
export function unique(x: Tensor, options?: UniqueOptions): Tensor | UniqueResult {
  checkCount("compute unique", arguments.length, 2);
  checkTensor("unique", x);
  const { dim, returnInverse = false, returnCounts = false } = readUnique(
    "compute unique",
    options,
  );
  const axis = dim === undefined ? 0 : normalizeDim("unique", dim, x.ndim);
  const entries = dim === undefined ? reshape(x, [x.size]) : x;
  const extent = extentAt(entries.shape, axis);
  if (extent > 0 && x.size === 0) {
    throw new ShapeError(
      `Cannot compute unique: entries along dim ${axis} must have elements, got shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  const length = extent === 0 ? 0 : x.size / extent;
  const rows = reshape(transpose(entries.detach(), 0, axis), [extent, length]);
  const { first, inverse, counts } = classify(rows);
  const list = (numbers: ArrayLike<number>) => positionsOn(x, numbers.length, (i) => numbers[i]!);
  const values = indexSelect(entries, axis, list(first));
  if (!returnInverse && !returnCounts) return values;
  const places = list(inverse);
  return {
    values,
    ...returnInverse && { inverse: dim === undefined ? reshape(places, x.shape) : places },
    ...returnCounts && { counts: list(counts) },
  };
}

composites({ searchsorted, unique });
