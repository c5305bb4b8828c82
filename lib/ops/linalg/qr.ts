/** Primitives: QR decomposition. */

import { transposed } from "../../autograd/forward.ts";
import { GradError, showShape } from "../../core/errors.ts";
import { checkCount, oneOf, optionReader } from "../../core/options.ts";
import { checkShape, extentAt } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { copyInto } from "../copy/copy.ts";
import { checkFloat, checkMatrices } from "../define/checks.ts";
import { inBatch } from "../define/batch.ts";
import { recordAll, result, rule, zeroed } from "../define/record.ts";
import { cat, expand, slice } from "../shape/primitives.ts";
import { tril } from "../shape/rearrange.ts";
import { mT } from "../shape/views.ts";
import { identity, solveTriangular } from "./factor.ts";
import { matmul } from "./matmul.ts";

const kernel = kernelNumber("qr");

// a = q·r: ā = (q̄ + q·s)·r⁻ᵀ, s the lower triangle of r·r̄ᵀ − q̄ᵀ·q, mirrored
function squareGradient(q: Tensor, r: Tensor, toQ: Tensor, toR: Tensor): Tensor {
  const m = matmul(r, mT(toR)).sub(matmul(mT(toQ), q));
  const all = toQ.add(matmul(q, tril(m).add(mT(tril(m, -1)))));
  return solveTriangular(mT(r), all, { upper: false, left: false });
}

/** The same where r may have columns behind the square ones. */
function gradient(a: Tensor, q: Tensor, r: Tensor, toQ: Tensor, toR: Tensor): Tensor {
  const [k, n] = [extentAt(r.shape, -2), extentAt(r.shape, -1)];
  if (k === n) return squareGradient(q, r, toQ, toR);
  // [x, z] = q·[u, v], v = qᵀ·z: q̄ += z·v̄ᵀ, z̄ = q·v̄
  const [toU, toV] = [slice(toR, -1, 0, k), slice(toR, -1, k)];
  const both = toQ.add(matmul(slice(a, -1, k), mT(toV)));
  return cat([squareGradient(q, slice(r, -1, 0, k), both, toU), matmul(q, toV)], -1);
}

/** The gradient, where there is one. */
function backThrough(
  a: Tensor,
  q: Tensor,
  r: Tensor,
  toQ: Tensor | null,
  toR: Tensor | null,
): Tensor {
  if (extentAt(q.shape, -1) > extentAt(a.shape, -1)) {
    throw new GradError(
      'Cannot run backward: linalg.qr with mode "complete" has no gradient for matrices of more ' +
        `rows than columns, got shape ${showShape(a.shape)}`,
    );
  }
  const zeros = (x: Tensor) => zeroed(x, x.dtype, x.shape);
  return gradient(a, q, r, toQ ?? zeros(q), toR ?? zeros(r));
}

const qrRule = rule<{ kept: number }>("linalg.qr", {
  saves: "acy",
  outputs: 2,
  vjp: [],
  vjpAll: ([toQ = null, toR = null], { a, c: r, y: q }) => [backThrough(a, q, r, toQ, toR)],
  jvp: (tangents, { a, c: r, y: q }) => {
    const gradients = ([toQ, toR]: readonly Tensor[]) => [backThrough(a, q, r, toQ!, toR!)];
    const like = [q, r].map((y) => zeroed(y, y.dtype, y.shape));
    return transposed(like, gradients, tangents);
  },
  batch: ([a], { kept }) => factored(a!, kept),
});

/** q and r of checked matrices; q keeps so many columns. */
function factored(a: Tensor, kept: number): readonly Tensor[] {
  if (a.batched !== null) return inBatch(qrRule.batch, [a], { kept });
  const [batch, m, n] = [a.shape.slice(0, -2), extentAt(a.shape, -2), extentAt(a.shape, -1)];
  const q = result(a, a.dtype, [...batch, m, kept]);
  const r = a.size === 0
    ? zeroed(a, a.dtype, [...batch, kept, n])
    : result(a, a.dtype, [...batch, kept, n]);
  if (a.size > 0) a.storage.backend.run(kernel, [q, r, a], [kept]);
  else if (q.size > 0) copyInto(q, expand(identity(a, m), q.shape));
  // The rule reads both outputs: the second one is saved in the place of a third input.
  recordAll(qrRule, [a, null, r], [q, r], { kept });
  return [q, r];
}

/** Options of `qr`. */
export interface QrOptions {
  /**
   * Whether q has as many columns as the matrix has rows or columns, whichever are fewer, or is square.
   * Default: "reduced".
   */
  mode?: "reduced" | "complete";
}

const readQr = optionReader<QrOptions>({ mode: oneOf("reduced", "complete") });

/** What `qr` gives. */
export interface QrResult {
  /** Its columns are orthogonal to each other and of length 1. */
  readonly q: Tensor;
  /** Zeros below the diagonal. */
  readonly r: Tensor;
}

/**
 * QR decomposition: matrices as q·r, an orthogonal times an upper triangular matrix. The signs are
 * LAPACK's, so the diagonal of r may be negative. Follows `torch.linalg.qr`, without the mode "r"; the
 * gradient is that of Walter and Lehmann, "Algorithmic differentiation of linear algebra functions"
 * (2012).
 *
 * There is a gradient where the first columns, as many as there are rows, are independent; elsewhere
 * it is infinite. With `complete` there is none for matrices of more rows than columns.
 *
 * @param a Shape [..., m, n].
 * @returns q of shape [..., m, k] and r of shape [..., k, n], k the smaller of m and n or, with
 * `complete`, m.
 * @throws {ShapeError} If the input has fewer than two dimensions.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example An orthogonal initialisation
 * ```ts
 * import { allclose, eye, linalg, randn } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { q } = linalg.qr(randn([5, 3]));
 * assert(allclose(q.mT.matmul(q), eye(3), { atol: 1e-6 }));
 * ```
 */
export function qr(a: Tensor, options?: QrOptions): QrResult {
  const op = "linalg.qr";
  checkCount(`compute ${op}`, arguments.length, 2);
  checkMatrices(op, a);
  checkFloat(op, a);
  const { mode = "reduced" } = readQr(`compute ${op}`, options);
  const [batch, m, n] = [a.shape.slice(0, -2), extentAt(a.shape, -2), extentAt(a.shape, -1)];
  const kept = mode === "complete" ? m : Math.min(m, n);
  checkShape(op, [...batch, m, kept]);
  const [q, r] = factored(a, kept);
  return { q: q!, r: r! };
}
