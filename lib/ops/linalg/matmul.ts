/** Primitives: the product of matrices. */

import { promote } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import {
  broadcastShapes,
  checkShape,
  extentAt,
  type Shape,
  sizeOf,
  viewStrides,
} from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { inBatch } from "../define/batch.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { record2, result, rule, viewOf } from "../define/record.ts";
import { reshape, transpose } from "../shape/primitives.ts";

const kernel = kernelNumber("matmul");

// y = a·b: ā = ȳ·bᵀ, b̄ = aᵀ·ȳ
const productRule = rule("matmul", {
  saves: "ab",
  vjp: [
    (g, { a, b }) => productLike(a, g, transpose(b, -1, -2)),
    (g, { a, b }) => productLike(b, transpose(a, -1, -2), g),
  ],
  jvp: ([t = null, u = null], { a, b }) => {
    const left = t && product(t, b);
    const right = u && product(a, u);
    return left && right ? left.add(right) : left ?? right!;
  },
  batch: (_, __, { aligned }) => matmul(...aligned() as [Tensor, Tensor]),
});

/** The matrices of a batch, stretched over the batch of a result; a view that is not recorded. */
export function stretched(x: Tensor, batch: Shape): Tensor {
  const missing = batch.length - (x.ndim - 2);
  const strides = batch.map((_, i) =>
    i < missing || x.shape[i - missing] === 1 ? 0 : x.strides[i - missing]!
  );
  const shape = [...batch, ...x.shape.slice(-2)];
  return viewOf(x, shape, [...strides, ...x.strides.slice(-2)], x.offset, x.size);
}

/** Whether all matrices of a stretched batch are one. */
function isOne({ shape, strides }: Tensor): boolean {
  return strides.slice(0, -2).every((stride, i) => stride === 0 || shape[i] === 1);
}

/** A batch of matrices as one with their rows; null where that takes a copy. */
function withRows(x: Tensor, rows: number, columns: number): Tensor | null {
  const strides = viewStrides(x.shape, x.strides, [rows, columns]);
  return strides && viewOf(x, [rows, columns], strides, x.offset, x.size);
}

/** The one matrix of a stretched batch. */
function oneOf(x: Tensor, transposed: boolean): Tensor {
  const [shape, strides] = [x.shape.slice(-2), x.strides.slice(-2)];
  const [extents, steps] = transposed ? [shape.reverse(), strides.reverse()] : [shape, strides];
  return viewOf(x, extents, steps, x.offset, sizeOf(shape));
}

/** A product of one matrix with many as one of more rows: many · one, or (one · columns)ᵀ. */
function asOne(y: Tensor, left: Tensor, right: Tensor): readonly Tensor[] | null {
  const [inner, columns] = [extentAt(left.shape, -1), extentAt(y.shape, -1)];
  const flipped = columns === 1 && !isOne(right) && isOne(left);
  if (!flipped && !isOne(right)) return null;
  const width = flipped ? extentAt(y.shape, -2) : columns;
  const rows = y.size / width;
  const many = withRows(flipped ? right : left, rows, inner);
  if (many === null) return null;
  const result = viewOf(y, [rows, width], [width, 1], y.offset, y.size);
  return [result, many, flipped ? oneOf(left, true) : oneOf(right, false)];
}

/** Runs the kernel. */
function launch(y: Tensor, a: Tensor, b: Tensor, batch: Shape): void {
  const [left, right] = [stretched(a, batch), stretched(b, batch)];
  const operands = batch.length === 0 ? null : asOne(y, left, right);
  y.storage.backend.run(kernel, operands ?? [y, left, right]);
}

/** Whether the rows of matrices, not their columns, lie apart by one. */
function isTransposed({ strides, ndim }: Tensor): boolean {
  return strides[ndim - 2] === 1 && strides[ndim - 1] !== 1;
}

/** a·b, laid out as another tensor: its gradient then lies as it does once it is transposed back. */
function productLike(x: Tensor, a: Tensor, b: Tensor): Tensor {
  return isTransposed(x)
    ? transpose(product(transpose(b, -1, -2), transpose(a, -1, -2)), -1, -2)
    : product(a, b);
}

/** Product of tensors of at least two dimensions. */
export function product(a: Tensor, b: Tensor): Tensor {
  if (a.batched !== null || b.batched !== null) return inBatch(productRule.batch, [a, b], null)[0]!;
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2), "batches");
  const shape = [...batch, a.shape[a.ndim - 2]!, b.shape[b.ndim - 1]!];
  checkShape("matmul", shape);
  const y = result(a, a.dtype, shape);
  if (y.size > 0) launch(y, a, b, batch);
  return record2(productRule, a, b, y);
}

/**
 * Matrix product. Tensors of one dimension count as a row on the left and a column on the right,
 * dimensions before the last two are a batch and broadcast. Follows `torch.matmul`.
 *
 * @param a Shape [..., n, k] or [k].
 * @param b Shape [..., k, m] or [k].
 * @returns Shape [..., n, m], without n or m where that side had one dimension.
 * @throws {ShapeError} If the inner extents differ.
 *
 * @example A matrix and a vector
 * ```ts
 * import { matmul, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray(), [3, 7]);
 * ```
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkCount("compute matmul", arguments.length, 2);
  checkTensor("matmul", a, "the left side");
  checkTensor("matmul", b, "the right side");
  checkDevices("matmul", a, b);
  const inner = b.ndim > 1 ? b.shape[b.ndim - 2] : b.shape[0];
  if (a.ndim === 0 || b.ndim === 0 || a.shape[a.ndim - 1] !== inner) {
    throw new ShapeError(
      "Cannot multiply matrices: matmul needs a.shape[-1] == b.shape[-2], got " +
        `${showShape(a.shape)} and ${showShape(b.shape)}`,
      [a.shape, b.shape],
    );
  }
  const dtype = promote(a.dtype, 1, b.dtype, 1);
  if (dtype === "bool") {
    throw new DTypeError("Cannot compute matmul: both sides are bool; cast one");
  }
  [a, b] = [castTo(a, dtype), castTo(b, dtype)];
  if (a.ndim === 1) {
    const y = matmul(reshape(a, [1, -1]), b);
    return reshape(y, y.shape.toSpliced(y.ndim - (b.ndim === 1 ? 1 : 2), 1));
  }
  if (b.ndim === 1) {
    const y = matmul(a, reshape(b, [-1, 1]));
    return reshape(y, y.shape.slice(0, -1));
  }
  if (b.ndim === 2 && a.ndim > 2) {
    // One matrix on the right: the batch is more rows.
    const rows = sizeOf(a.shape.slice(0, -1));
    const y = product(reshape(a, [rows, a.shape[a.ndim - 1]!]), b);
    return reshape(y, [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  return product(a, b);
}
