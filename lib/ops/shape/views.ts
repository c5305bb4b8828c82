/** Composites: views made of others, which share the memory of their tensor. */

import { checkList, spreadOut } from "../../core/arguments.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader, shown } from "../../core/options.ts";
import { inferShape, normalizeDim, viewStrides } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkMatrices, checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { flatten, squeeze } from "./composites.ts";
import { expandAs, permute, reshape, slice, transpose } from "./primitives.ts";

/**
 * The same elements under another shape without copying them. Follows `torch.Tensor.view`.
 *
 * @param shape The extents; one may be -1.
 * @throws {ShapeError} If the elements lie so that another shape needs a copy, which `reshape` makes.
 *
 * @example Rows
 * ```ts
 * import { tensor, view } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(view(tensor([1, 2, 3, 4]), [2, 2]).toArray(), [[1, 2], [3, 4]]);
 * ```
 */
export function view(x: Tensor, shape: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("view", [shape], arguments.length - 1);
  checkTensor("view", x);
  const target = inferShape("view", shape, x.size);
  if (!x.dense && x.size > 0 && viewStrides(x.shape, x.strides, target) === null) {
    throw new ShapeError(
      `Cannot compute view: shape ${showShape(x.shape)} with strides ${showShape(x.strides)} ` +
        `becomes ${showShape(target)} only by a copy; use reshape`,
      [x.shape, target],
    );
  }
  return reshape(x, target);
}

/**
 * One dimension as several. Follows `torch.unflatten`.
 *
 * @param dim The dimension.
 * @param sizes Extents whose product is that of the dimension; one may be -1.
 *
 * @example Heads
 * ```ts
 * import { unflatten, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unflatten(zeros([5, 12]), 1, [3, 4]).shape, [5, 3, 4]);
 * ```
 */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  checkCount("compute unflatten", arguments.length, 3);
  checkTensor("unflatten", x);
  const axis = normalizeDim("unflatten", dim, x.ndim);
  const inner = inferShape("unflatten", sizes, x.shape[axis]!);
  return reshape(x, x.shape.toSpliced(axis, 1, ...inner));
}

/**
 * The last two dimensions exchanged. Follows `torch.Tensor.mT`.
 *
 * @example A batch of matrices
 * ```ts
 * import { mT, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mT(zeros([5, 2, 3])).shape, [5, 3, 2]);
 * ```
 */
export function mT(x: Tensor): Tensor {
  checkCount("compute mT", arguments.length, 1);
  checkMatrices("mT", x);
  return transpose(x, -2, -1);
}

/**
 * Dimensions of extent 1 stretched, new ones in front, as `expand`. Follows `torch.broadcast_to`.
 *
 * @example Two rows
 * ```ts
 * import { broadcastTo, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(broadcastTo(tensor([1, 2]), [2, 2]).toArray(), [[1, 2], [1, 2]]);
 * ```
 */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("broadcastTo", [shape], arguments.length - 1);
  return expandAs("broadcastTo", x, shape);
}

/**
 * `length` entries of a dimension. Follows `torch.narrow`.
 *
 * @param dim The dimension.
 * @param start First position; negative counts from the end.
 * @param length Number of entries.
 * @throws {RangeError} If they do not all exist.
 *
 * @example Two elements from 1 on
 * ```ts
 * import { narrow, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(narrow(tensor([1, 2, 3, 4]), 0, 1, 2).toArray(), [2, 3]);
 * ```
 */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  checkCount("compute narrow", arguments.length, 4);
  checkTensor("narrow", x);
  const axis = normalizeDim("narrow", dim, x.ndim);
  const extent = x.shape[axis]!;
  const whole = Number.isInteger(start) && Number.isInteger(length);
  const first = whole && start < 0 ? start + extent : start;
  if (!whole || first < 0 || length < 0 || first + length > extent) {
    throw new RangeError(
      `Cannot compute narrow: start ${shown(start)} and length ${shown(length)} do not lie in ` +
        `dimension ${axis} of shape ${showShape(x.shape)}`,
    );
  }
  return slice(x, axis, first, first + length);
}

/** Tensors that a list holds at most: there is no room for many more. */
const MAX_PARTS = 2 ** 22;

/** Refuses to make more tensors than a list can hold. */
function checkParts(op: string, count: number): void {
  if (count <= MAX_PARTS) return;
  throw new RangeError(
    `Cannot compute ${op}: it would give ${count} tensors, but a list holds at most 2^22`,
  );
}

/** Views of parts of a dimension that follow each other. */
function parts(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((size) => slice(x, axis, start, start += size));
}

/**
 * Parts of a dimension. Follows `torch.split`.
 *
 * @param size Extent of each part, of which the last may be smaller, or a list of all extents.
 * @param dim The dimension. Default: 0.
 *
 * @example Equal and unequal parts
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2, 3, 4, 5]);
 * assertEquals(x.split(2).map((part) => part.toArray()), [[1, 2], [3, 4], [5]]);
 * assertEquals(x.split([1, 4]).map((part) => part.toArray()), [[1], [2, 3, 4, 5]]);
 * ```
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  checkCount("compute split", arguments.length, 3);
  checkTensor("split", x);
  const axis = normalizeDim("split", dim, x.ndim);
  const extent = x.shape[axis]!;
  if (Array.isArray(size)) {
    checkList("split", "sizes", size);
    const total = size.reduce((sum, part) => sum + part, 0);
    if (total !== extent || !size.every((part) => Number.isInteger(part) && part >= 0)) {
      throw new ShapeError(
        `Cannot compute split: sizes must be non-negative integers with sum ${extent}, the extent ` +
          `of dimension ${axis}, got ${showShape(size)}`,
        [x.shape],
      );
    }
    return parts(x, axis, size);
  }
  const each = size as number;
  if (!Number.isInteger(each) || each < 0 || (each === 0 && extent > 0)) {
    throw new RangeError(
      `Cannot compute split: size must be a positive integer, or a list of them, got ${
        shown(size)
      }`,
    );
  }
  const count = Math.max(1, Math.ceil(extent / Math.max(1, each)));
  checkParts("split", count);
  return parts(x, axis, new Array<number>(count).fill(each));
}

/**
 * At most `chunks` parts of a dimension, equal but for the last one. Follows `torch.chunk`.
 *
 * @param chunks Number of parts; there are fewer where the extent does not give as many.
 * @param dim The dimension. Default: 0.
 *
 * @example Two parts
 * ```ts
 * import { chunk, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(chunk(tensor([1, 2, 3]), 2).map((x) => x.toArray()), [[1, 2], [3]]);
 * ```
 */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  checkCount("compute chunk", arguments.length, 3);
  checkTensor("chunk", x);
  const axis = normalizeDim("chunk", dim, x.ndim);
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new RangeError(
      `Cannot compute chunk: chunks must be a positive integer, got ${shown(chunks)}`,
    );
  }
  const extent = x.shape[axis]!;
  checkParts("chunk", extent === 0 ? chunks : Math.min(chunks, extent));
  // As in PyTorch, nothing is cut into as many parts of nothing.
  if (extent === 0) return parts(x, axis, new Array<number>(chunks).fill(0));
  return split(x, Math.ceil(extent / chunks), axis);
}

/**
 * The entries along a dimension, without it. Follows `torch.unbind`.
 *
 * @example The rows
 * ```ts
 * import { tensor, unbind } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unbind(tensor([[1, 2], [3, 4]])).map((x) => x.toArray()), [[1, 2], [3, 4]]);
 * ```
 */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  checkCount("compute unbind", arguments.length, 2);
  checkTensor("unbind", x);
  const axis = normalizeDim("unbind", dim, x.ndim);
  checkParts("unbind", x.shape[axis]!);
  return Array.from({ length: x.shape[axis]! }, (_, i) => squeeze(slice(x, axis, i, i + 1), axis));
}

/** Options of `diagonal`. */
export interface DiagonalOptions {
  /** Which diagonal: above the main one where positive, below it where negative. Default: 0. */
  offset?: number;
  /** Dimension of the rows. Default: 0. */
  dim1?: number;
  /** Dimension of the columns. Default: 1. */
  dim2?: number;
}

const readDiagonal = optionReader<DiagonalOptions>({ offset: NUMBER, dim1: NUMBER, dim2: NUMBER });

/**
 * The elements of matrices where row plus `offset` equals column, along a last dimension. A view
 * where rows or columns follow each other in memory, else a copy. Follows `torch.diagonal`.
 *
 * @param options Or a number, the offset.
 *
 * @example The trace and its gradient
 * ```ts
 * import { diagonal, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * const trace = diagonal(x).sum();
 * trace.backward();
 * assertEquals(trace.item(), 5);
 * assertEquals(x.grad?.toArray(), [[1, 0], [0, 1]]);
 * ```
 */
export function diagonal(x: Tensor, options?: DiagonalOptions | number): Tensor {
  checkCount("compute diagonal", arguments.length, 2);
  checkMatrices("diagonal", x);
  const { offset = 0, dim1 = 0, dim2 = 1 } = typeof options === "number"
    ? { offset: options }
    : readDiagonal("compute diagonal", options);
  const row = normalizeDim("diagonal", dim1, x.ndim, "dim1");
  const column = normalizeDim("diagonal", dim2, x.ndim, "dim2");
  if (row === column) {
    throw new RangeError(`Cannot compute diagonal: dim1 and dim2 must differ, got ${row} twice`);
  }
  if (!Number.isInteger(offset)) {
    throw new RangeError(`Cannot compute diagonal: offset must be an integer, got ${offset}`);
  }
  // A transposed matrix has the same diagonal, on the other side.
  const turned = x.strides[row]! < x.strides[column]!;
  return turned ? diagonalOf(x, column, row, -offset) : diagonalOf(x, row, column, offset);
}

function diagonalOf(x: Tensor, row: number, column: number, offset: number): Tensor {
  const others = x.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
  const matrices = permute(x, [...others, row, column]);
  const [rows, columns] = [x.shape[row]!, x.shape[column]!];
  const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(0, Math.min(rows - down, columns - right));
  // Along rows that follow each other, neighbours are one row and one column apart.
  const band = flatten(slice(matrices, -2, down, down + length), -2, -1);
  return slice(band, -1, right, Infinity, columns + 1);
}

composites({ view, unflatten, mT, broadcastTo, narrow, split, chunk, unbind, diagonal });
