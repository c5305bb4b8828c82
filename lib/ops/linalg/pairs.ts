/** Composites: products of all pairs, of dimensions and of vectors in space. */

import { wrongKind } from "../../core/arguments.ts";
import { promote } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, isListOf, NUMBER, optionReader, shown } from "../../core/options.ts";
import {
  broadcastShapes,
  checkShape,
  MAX_RANK,
  normalizeDim,
  type Shape,
  sizeOf,
} from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { permute, reshape } from "../shape/primitives.ts";
import { roll } from "../shape/rearrange.ts";
import { matmul } from "./matmul.ts";

/** The error of shapes that do not fit. */
export function misfit(op: string, needed: string, a: Tensor, b: Tensor): ShapeError {
  return new ShapeError(
    `Cannot compute ${op}: ${needed}, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    [a.shape, b.shape],
  );
}

/** Checks both sides of an op, and brings them to one type. */
export function sides(op: string, a: Tensor, b: Tensor): [a: Tensor, b: Tensor] {
  checkTensor(op, a, "the first input");
  checkTensor(op, b, "the second input");
  checkDevices(op, a, b);
  const dtype = promote(a.dtype, a.ndim, b.dtype, b.ndim);
  return [castTo(a, dtype), castTo(b, dtype)];
}

/** Options of `cross`. */
export interface CrossOptions {
  /** The dimension that holds the three coordinates. Default: the last. */
  dim?: number;
}

const readCross = optionReader<CrossOptions>({ dim: NUMBER });

/**
 * Cross products of vectors in space, orthogonal to both. Other dimensions broadcast. Follows
 * `torch.linalg.cross`.
 *
 * @throws {ShapeError} If a dimension does not have three entries, or the ranks differ.
 * @throws {DTypeError} If both inputs are bool.
 *
 * @example Two axes give the third
 * ```ts
 * import { cross, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cross(tensor([1, 0, 0]), tensor([0, 1, 0])).toArray(), [0, 0, 1]);
 * ```
 */
export function cross(a: Tensor, b: Tensor, options?: CrossOptions): Tensor {
  checkCount("compute cross", arguments.length, 3);
  const [x, y] = sides("cross", a, b);
  const { dim = -1 } = readCross("compute cross", options);
  if (a.ndim !== b.ndim) throw misfit("cross", "inputs must have one number of dimensions", a, b);
  const axis = normalizeDim("cross", dim, a.ndim);
  if (a.shape[axis] !== 3 || b.shape[axis] !== 3) {
    throw misfit("cross", `dim ${axis} must have an extent of 3`, a, b);
  }
  broadcastShapes("cross", a.shape, b.shape);
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute cross: both inputs are bool; cast one");
  }
  const product = (first: number, second: number) =>
    roll(x, first, axis).mul(roll(y, second, axis));
  return product(-1, -2).sub(product(-2, -1));
}

/**
 * Kronecker product: blocks of the second tensor times each element of the first. The tensor with fewer
 * dimensions gets new ones in front. Follows `torch.kron`.
 *
 * @returns Extents are the products of both; at most four dimensions.
 * @throws {ShapeError} If there are more dimensions.
 *
 * @example Blocks
 * ```ts
 * import { kron, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(kron(tensor([1, 10]), tensor([2, 3])).toArray(), [2, 3, 20, 30]);
 * ```
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  checkCount("compute kron", arguments.length, 2);
  const [x, y] = sides("kron", a, b);
  const rank = Math.max(a.ndim, b.ndim);
  if (2 * rank > MAX_RANK) {
    throw misfit("kron", `inputs must have at most ${MAX_RANK / 2} dimensions`, a, b);
  }
  const full = (
    { shape }: Tensor,
  ): number[] => [...new Array(rank - shape.length).fill(1), ...shape];
  const [outer, inner] = [full(x), full(y)];
  const shape = outer.map((extent, i) => extent * inner[i]!);
  checkShape("kron", shape);
  // Each extent of the first is followed by that of the second.
  const blocks = reshape(x, outer.flatMap((extent) => [extent, 1]));
  return reshape(blocks.mul(reshape(y, inner.flatMap((extent) => [1, extent]))), shape);
}

/** The dimensions of both tensors that `tensordot` is to sum over. */
function summedDims(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]],
): [left: number[], right: number[]] {
  if (typeof dims === "number") {
    const most = Math.min(a.ndim, b.ndim);
    if (!Number.isInteger(dims) || dims < 0 || dims > most) {
      throw new RangeError(
        `Cannot compute tensordot: dims must be an integer from 0 to ${most}, got ${dims}`,
      );
    }
    const counted = Array.from({ length: dims }, (_, i) => i);
    return [counted.map((i) => a.ndim - dims + i), counted];
  }
  if (!isListOf(dims, Array.isArray) || dims.length !== 2) {
    const needed = "a number or a pair of arrays, as in [[1], [0]]";
    throw wrongKind("compute tensordot", "dims", needed, dims);
  }
  const [left, right] = [a, b].map((x, side) => {
    const list = Array.from(dims[side]!, (dim) => normalizeDim("tensordot", dim, x.ndim));
    if (new Set(list).size === list.length) return list;
    throw new RangeError(`Cannot compute tensordot: dims must differ, got ${shown(dims[side])}`);
  }) as [number[], number[]];
  if (left.length === right.length) return [left, right];
  throw new RangeError(
    `Cannot compute tensordot: there must be as many dims of both tensors, got ${shown(dims)}`,
  );
}

/**
 * Sums of products over dimensions of two tensors: a matrix product of what they share. Follows
 * `torch.tensordot`.
 *
 * @param dims How many of the last dimensions of the first tensor are summed with the first ones of the
 * second, or which ones of each. Default: 2.
 * @returns The other dimensions of the first tensor, then those of the second.
 * @throws {ShapeError} If extents differ, or the result has too many dimensions.
 * @throws {DTypeError} If both inputs are bool.
 *
 * @example Rows with rows
 * ```ts
 * import { tensor, tensordot } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * assertEquals(tensordot(x, x).item(), 30);
 * assertEquals(tensordot(x, x, [[1], [1]]).toArray(), [[5, 11], [11, 25]]);
 * ```
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  checkCount("compute tensordot", arguments.length, 3);
  const [x, y] = sides("tensordot", a, b);
  const [left, right] = summedDims(a, b, dims);
  if (left.some((dim, i) => a.shape[dim] !== b.shape[right[i]!])) {
    throw misfit("tensordot", `extents of dims [${left}] and [${right}] must be equal`, a, b);
  }
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute tensordot: both inputs are bool; cast one");
  }
  const others = (x: Tensor, dims: readonly number[]) =>
    x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const [rows, columns] = [others(x, left), others(y, right)];
  const shape = [...rows.map((i) => x.shape[i]!), ...columns.map((i) => y.shape[i]!)];
  checkShape("tensordot", shape);
  const shared = sizeOf(left.map((i) => x.shape[i]!));
  const matrix = (x: Tensor, order: readonly number[], shape: Shape) =>
    reshape(permute(x, order), shape);
  const count = (x: Tensor, dims: readonly number[]) => sizeOf(dims.map((i) => x.shape[i]!));
  const product = matmul(
    matrix(x, [...rows, ...left], [count(x, rows), shared]),
    matrix(y, [...right, ...columns], [shared, count(y, columns)]),
  );
  return reshape(product, shape);
}

composites({ cross, kron, tensordot });
