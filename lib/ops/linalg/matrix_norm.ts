/** Composites: norms of vectors and matrices under one name, as `torch.linalg` has them. */

import { showShape } from "../../core/errors.ts";
import { checkCount, FLAG, kind, NUMBERS, optionReader, shown } from "../../core/options.ts";
import { normalizeDim, normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat } from "../define/checks.ts";
import { normOver } from "../reduce/norm.ts";
import { type Dims, type ReduceOptions, sum } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { squeeze } from "../shape/composites.ts";

/** Options of `linalg.norm`. */
export interface LinalgNormOptions extends ReduceOptions {
  /** Order: a number, ±Infinity, or for matrices "fro". Default: 2 over all elements. */
  ord?: number | "fro";
  /** One dimension, which holds vectors, or two, which hold matrices. Default: all. */
  dim?: Dims;
}

const OP = "linalg.norm";

const readNorm = optionReader<LinalgNormOptions>({
  // Another word is refused with the reason.
  ord: kind('a number or "fro"', (value) => typeof value === "number" || typeof value === "string"),
  dim: NUMBERS,
  keepdim: FLAG,
});

/** The largest or smallest sum of |x|: over columns for ±1, over rows for ±Infinity. */
function extremeSum(x: Tensor, ord: number, dims: readonly number[], keepdim: boolean): Tensor {
  const [row, column] = dims as [number, number];
  const [added, compared] = Number.isFinite(ord) ? [row, column] : [column, row];
  const sums = normOver(OP, x, 1, [added], true);
  // Of no sums, none is larger than 0.
  const none = x.shape[compared] === 0 && ord > 0;
  const kept = none
    ? sum(sums, compared, { keepdim: true })
    : normOver(OP, sums, ord < 0 ? -Infinity : Infinity, [compared], true);
  return keepdim ? kept : squeeze(kept, dims);
}

/**
 * Norms of vectors or matrices. Without `ord` it is the root of the sum of all squares, over `dim` or
 * all dimensions. With it, over one dimension or of a vector, it is the norm that `norm` gives for
 * `p`; over two dimensions or of a matrix it is
 *
 * - `"fro"`: the root of the sum of squares,
 * - 1 or -1: the largest or smallest sum of |x| over a column,
 * - Infinity or -Infinity: the largest or smallest sum of |x| over a row.
 *
 * Orders that need singular values (2, -2 and "nuc") do not exist for matrices. Follows
 * `torch.linalg.norm`.
 *
 * @throws {RangeError} If the order does not exist, or without `dim` for more than two dimensions.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Of a matrix and of its rows
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[3, -4], [0, 5]]);
 * assertEquals(linalg.norm(x, { ord: 1 }).item(), 9);
 * assertEquals(linalg.norm(x, { ord: Infinity }).item(), 7);
 * assertEquals(linalg.norm(x, { ord: 2, dim: 1 }).toArray(), [5, 5]);
 * ```
 */
export function norm(x: Tensor, options?: LinalgNormOptions): Tensor {
  checkCount(`compute ${OP}`, arguments.length, 2);
  checkFloat(OP, x);
  const { ord, dim, keepdim = false } = readNorm(`compute ${OP}`, options);
  const dims = normalizeDims(OP, dim, x.ndim);
  const count = dim === undefined ? x.ndim : typeof dim === "number" ? 1 : dim.length;
  const fits = count === 1 || (count === 2 && x.ndim >= 2);
  if (!fits && (dim !== undefined || ord !== undefined)) {
    throw new RangeError(
      `Cannot compute ${OP}: ` +
        (dim === undefined
          ? `with ord and without dim it needs one or two dimensions, got ${showShape(x.shape)}`
          : `dim must name one dimension or two, got ${shown(dim)}`),
    );
  }
  if (ord === undefined) return normOver(OP, x, 2, dims, keepdim);
  const number = typeof ord === "number" && !Number.isNaN(ord);
  if (count === 1) {
    if (number) return normOver(OP, x, ord, dims, keepdim);
    throw new RangeError(
      `Cannot compute ${OP}: of vectors ord must be a number, got ${shown(ord)}`,
    );
  }
  if (ord === "fro") return normOver(OP, x, 2, dims, keepdim);
  if (!number || (Math.abs(ord) !== 1 && Number.isFinite(ord))) {
    throw new RangeError(
      `Cannot compute ${OP}: of matrices ord must be "fro", 1, -1, Infinity or -Infinity, as ` +
        `there are no singular values, got ${shown(ord)}`,
    );
  }
  const order = typeof dim === "object" ? dim : [0, 1];
  return extremeSum(x, ord, order.map((d) => normalizeDim(OP, d, x.ndim)), keepdim);
}

composites({ "linalg.norm": norm });
