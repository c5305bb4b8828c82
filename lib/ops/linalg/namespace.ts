/**
 * Linear algebra beyond products, as in `torch.linalg`: on batches of matrices, in float32 and
 * float64, differentiable any number of times. Factorizations run on the CPU.
 *
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 *
 * const a = tensor([[4, 1], [1, 3]]);
 * const x = linalg.solve(a, tensor([1, 2]));
 * console.log(a.matmul(x), linalg.det(a).item(), linalg.cholesky(a));
 * ```
 *
 * @module
 */

export {
  cholesky,
  type CholeskyOptions,
  solve,
  type SolveOptions,
  solveTriangular,
  type SolveTriangularOptions,
} from "./factor.ts";
export { det } from "./determinant.ts";
export { inv } from "./composites.ts";
export { type LinalgNormOptions, norm } from "./matrix_norm.ts";
export { qr, type QrOptions, type QrResult } from "./qr.ts";
export { eigh, type EighOptions, type EighResult } from "./eigh.ts";
export { cg, type CgOptions, type LinearOperator } from "./cg.ts";
