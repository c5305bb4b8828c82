/**
 * Linear algebra beyond products, as in `torch.linalg`.
 *
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 *
 * console.log(linalg.norm(tensor([[3, -4], [0, 5]]), { ord: 1 }).item());
 * ```
 *
 * @module
 */

export { type LinalgNormOptions, norm } from "./ops/matrix_norm.ts";
