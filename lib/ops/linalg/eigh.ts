/** Primitives: eigenvalues and eigenvectors of symmetric matrices. */

import { checkCount, oneOf, optionReader } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatch } from "../define/batch.ts";
import { recordAll, result, rule } from "../define/record.ts";
import { sumOver } from "../reduce/primitives.ts";
import { unsqueeze } from "../shape/composites.ts";
import { mT } from "../shape/views.ts";
import { checkNotes, checkSquare, identity } from "./factor.ts";
import { matmul } from "./matmul.ts";

const kernel = kernelNumber("eigh");

/** λ_j − λ_i in row i and column j; on the diagonal, where a quotient is 0, 1. */
function gapsOf(values: Tensor, diagonal: Tensor): Tensor {
  return unsqueeze(values, -2).sub(unsqueeze(values, -1)).add(diagonal);
}

// a = v·λ·vᵀ: ā = v·(s + λ̄)·vᵀ, s_ij = (m_ij − m_ji) / 2(λ_j − λ_i), m = vᵀ·v̄
const eighRule = rule<null>("linalg.eigh", {
  saves: "cy",
  outputs: 2,
  vjp: [],
  vjpAll: ([toVectors, toValues], { c: values, y: v }) => {
    const diagonal = identity(v, extentAt(v.shape, -1));
    const scaled = toValues === null || toValues === undefined
      ? null
      : diagonal.mul(unsqueeze(toValues, -1));
    if (toVectors === null || toVectors === undefined) {
      return [matmul(matmul(v, scaled!), mT(v))];
    }
    const m = matmul(mT(v), toVectors);
    const turned = m.sub(mT(m)).div(gapsOf(values, diagonal).mul(2));
    return [matmul(matmul(v, scaled === null ? turned : turned.add(scaled)), mT(v))];
  },
  // v̇ = v·f, f_ij = m_ij / (λ_j − λ_i) beside the diagonal, λ̇ that of m = vᵀ·ȧ·v, ȧ taken symmetric
  jvp: ([t], { c: values, y: v }) => {
    const diagonal = identity(v, extentAt(v.shape, -1));
    const m = matmul(matmul(mT(v), t!.add(mT(t!)).mul(0.5)), v);
    const beside = m.mul(diagonal.neg().add(1)).div(gapsOf(values, diagonal));
    return [matmul(v, beside), sumOver(m.mul(diagonal), [v.ndim - 2], false)];
  },
  batch: ([a]) => decomposed(a!),
});

/** Eigenvectors and eigenvalues of checked matrices, of which the lower triangle is read. */
function decomposed(a: Tensor): readonly Tensor[] {
  if (a.batched !== null) return inBatch(eighRule.batch, [a], null);
  const eigenvectors = result(a, a.dtype, a.shape);
  const eigenvalues = result(a, a.dtype, a.shape.slice(0, -1));
  const notes = result(a, "int32", a.shape.slice(0, -2));
  if (a.size > 0) {
    a.storage.backend.run(kernel, [eigenvectors, eigenvalues, notes, a]);
    checkNotes("linalg.eigh", notes, (note) => REASONS[note]!);
  }
  // The rule reads both outputs: the second one is saved in the place of a third input.
  recordAll(eighRule, [a, null, eigenvalues], [eigenvectors, eigenvalues]);
  return [eigenvectors, eigenvalues];
}

/** Options of `eigh`. */
export interface EighOptions {
  /** Which triangle is read, the lower or the upper one. Default: "L". */
  uplo?: "L" | "U";
}

const readEigh = optionReader<EighOptions>({ uplo: oneOf("L", "U") });

/** What `eigh` gives. */
export interface EighResult {
  /** In ascending order; shape [..., n]. */
  readonly eigenvalues: Tensor;
  /** In the columns, of length 1 and orthogonal to each other; shape [..., n, n]. */
  readonly eigenvectors: Tensor;
}

/** What the kernel notes of a matrix. */
const REASONS = ["", "has elements that are not finite", "has eigenvalues that did not settle"];

/**
 * Eigenvalues and eigenvectors of symmetric matrices, a = v·diag(λ)·vᵀ. Only one triangle of `a` is
 * read, and the gradient is symmetric, as in PyTorch. Of each eigenvector the first of its large
 * elements is positive. Follows `torch.linalg.eigh`.
 *
 * Gradients through eigenvectors divide by the differences of eigenvalues: where two are equal, their
 * eigenvectors are no function of the matrix, and the gradient is not finite. That of eigenvalues alone
 * is right there; second derivatives of them are not finite either.
 *
 * @param a Shape [..., n, n].
 * @throws {RangeError} If a matrix has elements that are not finite.
 * @throws {ShapeError} If the matrices are not square.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Principal axes
 * ```ts
 * import { allclose, linalg, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { eigenvalues, eigenvectors } = linalg.eigh(tensor([[2, 1], [1, 2]]));
 * assert(allclose(eigenvalues, tensor([1, 3])));
 * assert(allclose(eigenvectors.square(), tensor([[0.5, 0.5], [0.5, 0.5]])));
 * ```
 */
export function eigh(a: Tensor, options?: EighOptions): EighResult {
  const op = "linalg.eigh";
  checkCount(`compute ${op}`, arguments.length, 2);
  checkSquare(op, a);
  const { uplo = "L" } = readEigh(`compute ${op}`, options);
  const [eigenvectors, eigenvalues] = decomposed(uplo === "L" ? a : mT(a));
  return { eigenvalues: eigenvalues!, eigenvectors: eigenvectors! };
}
