/** Matrix products. */

import { checkCount } from "../../core/options.ts";
import { promote } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { kernelNumber } from "../../ffi/library.ts";
import { broadcastShapes, checkShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkDevices, checkTensor } from "../define/elementwise.ts";
import { castTo } from "../copy/copy.ts";
import { reshape, transpose, unsqueeze } from "../shape/movement.ts";
import { record2, result, rule, viewOf } from "../define/record.ts";

const kernel = kernelNumber("matmul");

// y = a·b: ā = ȳ·bᵀ, b̄ = aᵀ·ȳ
const productRule = rule("matmul", {
  saves: "ab",
  vjp: [
    (g, { b }) => product(g, transpose(b, -1, -2)),
    (g, { a }) => product(transpose(a, -1, -2), g),
  ],
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

/** Product of tensors of at least two dimensions. */
function product(a: Tensor, b: Tensor): Tensor {
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2), "batches");
  const shape = [...batch, a.shape[a.ndim - 2]!, b.shape[b.ndim - 1]!];
  checkShape("matmul", shape);
  const y = result(a, a.dtype, shape);
  if (y.size > 0) {
    a.storage.backend.run(kernel, [y, stretched(a, batch), stretched(b, batch)]);
  }
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
    const y = product(reshape(a, [-1, a.shape[a.ndim - 1]!]), b);
    return reshape(y, [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  return product(a, b);
}

/** Refuses what a product cannot take: no tensors, only bool, or shapes that do not fit. */
function checkSides(
  op: string,
  needed: string,
  a: Tensor,
  b: Tensor,
  fits: (a: Shape, b: Shape) => boolean,
): void {
  checkTensor(op, a, "the left side");
  checkTensor(op, b, "the right side");
  checkDevices(op, a, b);
  if (!fits(a.shape, b.shape)) {
    throw new ShapeError(
      `Cannot compute ${op}: it needs ${needed}, got ${showShape(a.shape)} and ${
        showShape(b.shape)
      }`,
      [a.shape, b.shape],
    );
  }
  if (a.dtype === "bool" && b.dtype === "bool") {
    throw new DTypeError(`Cannot compute ${op}: both sides are bool; cast one`);
  }
}

/** Sum of the products of two vectors of one length. Follows `torch.dot`. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkCount("compute dot", arguments.length, 2);
  checkSides(
    "dot",
    "two vectors of one length",
    a,
    b,
    (s, t) => s.length === 1 && t.length === 1 && s[0] === t[0],
  );
  return matmul(a, b);
}

/**
 * Products of all pairs of elements of two vectors. Follows `torch.outer`.
 *
 * @param a Shape [n].
 * @param b Shape [m].
 * @returns Shape [n, m].
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkCount("compute outer", arguments.length, 2);
  checkSides("outer", "two vectors", a, b, (s, t) => s.length === 1 && t.length === 1);
  checkShape("outer", [a.size, b.size]);
  return unsqueeze(a, 1).mul(b);
}

/**
 * Matrix products of two batches, which do not broadcast. Follows `torch.bmm`.
 *
 * @param a Shape [b, n, k].
 * @param b Shape [b, k, m].
 * @returns Shape [b, n, m].
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkCount("compute bmm", arguments.length, 2);
  checkSides(
    "bmm",
    "shapes [b, n, k] and [b, k, m]",
    a,
    b,
    (s, t) => s.length === 3 && t.length === 3 && s[0] === t[0] && s[2] === t[1],
  );
  return matmul(a, b);
}
