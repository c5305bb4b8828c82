/** Composites: copies of a tensor with its elements repeated, moved or zeroed by place. */

import { checkList, listOf, spreadOut, wrongKind } from "../../core/arguments.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader, shown } from "../../core/options.ts";
import { checkShape, normalizeDim, normalizeDims, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { clone } from "../copy/copy.ts";
import { checkMatrices, checkTensor } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { ge, le, where } from "../elementwise/compare.ts";
import { indexSelect } from "../index/composites.ts";
import { positionsOn, sequenceOn } from "../index/primitives.ts";
import { composites } from "../registry.ts";
import { flatten } from "./composites.ts";
import { cat, expand, permute, reshape, slice } from "./primitives.ts";

/** Writes out the repetitions; one for each dimension of the tensor, and for new ones in front. */
function repeated(op: string, x: Tensor, times: readonly number[]): Tensor {
  const missing = times.length - x.ndim;
  const shape = [...new Array<number>(Math.max(0, missing)).fill(1), ...x.shape];
  if (missing < 0 || !times.every((n) => Number.isInteger(n) && n >= 0)) {
    throw new ShapeError(
      `Cannot compute ${op}: repeats must be at least ${x.ndim} non-negative integers, got ${
        showShape(times)
      }`,
      [x.shape],
    );
  }
  checkShape(op, shape.map((extent, i) => extent * times[i]!));
  let y = x;
  // From the last dimension on, so that the small tensors are the ones that are copied often.
  for (let i = times.length - 1; i >= 0; i--) {
    const n = times[i]!;
    if (n !== 1) {
      const [outer, inner] = [sizeOf(shape.slice(0, i)), sizeOf(shape.slice(i))];
      y = expand(reshape(y, [outer, 1, inner]), [outer, n, inner]);
      shape[i] = shape[i]! * n;
    }
  }
  y = reshape(y, shape);
  return y.storage === x.storage ? clone(y) : y;
}

/**
 * A copy that is repeated along each dimension. Follows `torch.Tensor.repeat`.
 *
 * @param repeats How often along each dimension; further ones in front are new dimensions.
 *
 * @example Two times three
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([1, 2]).repeat([2, 3]).toArray(), [[1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2]]);
 * ```
 */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("repeat", [repeats], arguments.length - 1);
  checkTensor("repeat", x);
  checkList("repeat", "repeats", repeats);
  return repeated("repeat", x, repeats);
}

/**
 * As `repeat`, where missing counts in front are 1. Follows `torch.tile`.
 *
 * @example Twice
 * ```ts
 * import { tensor, tile } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tile(tensor([1, 2]), [2]).toArray(), [1, 2, 1, 2]);
 * ```
 */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("tile", [repeats], arguments.length - 1);
  checkTensor("tile", x);
  checkList("tile", "repeats", repeats);
  const missing = Math.max(0, x.ndim - repeats.length);
  return repeated("tile", x, [...new Array<number>(missing).fill(1), ...repeats]);
}

/**
 * The elements moved along dimensions; what leaves at one end comes in at the other. Follows
 * `torch.roll`.
 *
 * @param shifts By how many places, for each dimension; negative towards the front.
 * @param dims The dimensions; by default the elements move in row-major order.
 *
 * @example By one
 * ```ts
 * import { roll, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(roll(tensor([1, 2, 3]), 1).toArray(), [3, 1, 2]);
 * ```
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  dims?: number | readonly number[],
): Tensor {
  checkCount("compute roll", arguments.length, 3);
  checkTensor("roll", x);
  const by = listOf("roll", "shifts", shifts);
  if (dims === undefined) {
    if (by.length !== 1) {
      throw new RangeError(
        `Cannot compute roll: ${by.length} shifts need as many dims, got none`,
      );
    }
    return reshape(roll(flatten(x), by, 0), x.shape);
  }
  const along = listOf("roll", "dims", dims);
  if (by.length !== along.length || by.length === 0 || !by.every(Number.isInteger)) {
    throw new RangeError(
      "Cannot compute roll: shifts must be integers, one for each dim and at least one, got " +
        `${showShape(by)} for dims ${showShape(along)}`,
    );
  }
  return along.reduce((y, dim, i) => {
    const axis = normalizeDim("roll", dim, x.ndim);
    const extent = x.shape[axis]!;
    const first = extent === 0 ? 0 : ((extent - by[i]!) % extent + extent) % extent;
    return cat([slice(y, axis, first), slice(y, axis, 0, first)], axis);
  }, x);
}

/**
 * The elements in opposite order along the given dimensions: a copy. Follows `torch.flip`.
 *
 * @example A row
 * ```ts
 * import { flip, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(flip(tensor([1, 2, 3]), 0).toArray(), [3, 2, 1]);
 * ```
 */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("flip", [dims], arguments.length - 1);
  checkTensor("flip", x);
  if (dims === undefined) throw wrongKind("compute flip", "dims", "a number or an array", dims);
  const none = Array.isArray(dims) && dims.length === 0;
  const axes = none ? [] : normalizeDims("flip", dims, x.ndim);
  if (axes.length === 0) return clone(x);
  return axes.reduce((y, axis) => {
    const last = x.shape[axis]! - 1;
    return indexSelect(y, axis, sequenceOn(x, last + 1, last, -1));
  }, x);
}

/**
 * Windows along a dimension: `size` entries from every `step`-th position, along a new last
 * dimension. Follows `torch.Tensor.unfold`, but is a copy.
 *
 * @param dim The dimension; its extent becomes the number of windows.
 * @param size Entries of a window.
 * @param step Distance between windows.
 *
 * @example Overlapping windows
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([1, 2, 3, 4]).unfold(0, 2, 1).toArray(), [[1, 2], [2, 3], [3, 4]]);
 * ```
 */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  checkCount("compute unfold", arguments.length, 4);
  checkTensor("unfold", x);
  const axis = normalizeDim("unfold", dim, x.ndim);
  const extent = x.shape[axis]!;
  if (!Number.isInteger(size) || size < 0 || size > extent) {
    throw new RangeError(
      `Cannot compute unfold: size must be an integer in 0 to ${extent}, the extent of dimension ` +
        `${axis}, got ${shown(size)}`,
    );
  }
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(
      `Cannot compute unfold: step must be a positive integer, got ${shown(step)}`,
    );
  }
  const windows = Math.floor((extent - size) / step) + 1;
  const shape = x.shape.toSpliced(axis, 1, windows, size);
  checkShape("unfold", shape);
  const from = (i: number) => Math.floor(i / size) * step + i % size;
  const picked = reshape(indexSelect(x, axis, positionsOn(x, windows * size, from)), shape);
  const order = shape.map((_, i) => i).filter((i) => i !== axis + 1);
  return permute(picked, [...order, axis + 1]);
}

/** Options of `tril` and `triu`. */
export interface TriangleOptions {
  /** Diagonal at which the part ends: above the main one where positive. Default: 0. */
  diagonal?: number;
}

const readTriangle = optionReader<TriangleOptions>({ diagonal: NUMBER });

/** Keeps the elements whose column compares to row plus diagonal as asked. */
function triangle(
  op: "tril" | "triu",
  x: Tensor,
  options: TriangleOptions | number | undefined,
): Tensor {
  checkMatrices(op, x);
  const { diagonal = 0 } = typeof options === "number"
    ? { diagonal: options }
    : readTriangle(`compute ${op}`, options);
  if (!Number.isInteger(diagonal)) {
    throw new RangeError(`Cannot compute ${op}: diagonal must be an integer, got ${diagonal}`);
  }
  if (x.size === 0) return clone(x);
  const [rows, columns] = [x.shape[x.ndim - 2]!, x.shape[x.ndim - 1]!];
  // Beyond the matrix every diagonal is as good as the next one.
  const offset = Math.max(-rows, Math.min(diagonal, columns));
  const edge = reshape(sequenceOn(x, rows, offset), [rows, 1]);
  const column = sequenceOn(x, columns);
  const inside = op === "tril" ? le(column, edge) : ge(column, edge);
  return where(inside, x, scalar(0, x.dtype, x));
}

/**
 * Matrices with zeros above a diagonal. Follows `torch.tril`.
 *
 * @param options Or a number, the diagonal.
 *
 * @example The lower triangle
 * ```ts
 * import { tensor, tril } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tril(tensor([[1, 2], [3, 4]])).toArray(), [[1, 0], [3, 4]]);
 * ```
 */
export function tril(x: Tensor, options?: TriangleOptions | number): Tensor {
  checkCount("compute tril", arguments.length, 2);
  return triangle("tril", x, options);
}

/**
 * Matrices with zeros below a diagonal. Follows `torch.triu`.
 *
 * @param options Or a number, the diagonal.
 *
 * @example The upper triangle
 * ```ts
 * import { tensor, triu } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(triu(tensor([[1, 2], [3, 4]])).toArray(), [[1, 2], [0, 4]]);
 * ```
 */
export function triu(x: Tensor, options?: TriangleOptions | number): Tensor {
  checkCount("compute triu", arguments.length, 2);
  return triangle("triu", x, options);
}

composites({ repeat, tile, roll, flip, unfold, tril, triu });
