/** Composites: products and inverses of matrices by way of the primitives. */

import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { checkShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatchOf } from "../define/batch.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { unsqueeze } from "../shape/composites.ts";
import { checkSquare, eliminate, identity, regularFactors } from "./factor.ts";
import { matmul } from "./matmul.ts";

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

/**
 * Sum of the products of two vectors of one length. Follows `torch.dot`.
 *
 * @example Two vectors
 * ```ts
 * import { dot, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dot(tensor([1, 2]), tensor([3, 4])).item(), 11);
 * ```
 */
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
 *
 * @example A table of products
 * ```ts
 * import { outer, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(outer(tensor([1, 2]), tensor([3, 4])).toArray(), [[3, 4], [6, 8]]);
 * ```
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
 *
 * @example Shapes
 * ```ts
 * import { bmm, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bmm(zeros([5, 2, 3]), zeros([5, 3, 4])).shape, [5, 2, 4]);
 * ```
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

/**
 * The inverses of matrices. To solve a system, `solve` is faster and more precise. Follows
 * `torch.linalg.inv`.
 *
 * @param a Shape [..., n, n].
 * @returns A tensor of the same shape.
 * @throws {RangeError} If a matrix is singular.
 * @throws {ShapeError} If the matrices are not square.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example A matrix by its inverse
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const a = tensor([[2, 1], [4, 4]]);
 * assertEquals(linalg.inv(a).toArray(), [[1, -0.25], [-1, 0.5]]);
 * ```
 */
export function inv(a: Tensor): Tensor {
  const op = "linalg.inv";
  checkCount(`compute ${op}`, arguments.length, 1);
  const n = checkSquare(op, a);
  if (a.batched !== null) return inBatchOf(a, inv);
  const factors = regularFactors(op, a);
  return eliminate(a, identity(a, n), { factors, transposed: false });
}

composites({ dot, outer, bmm, "linalg.inv": inv });
