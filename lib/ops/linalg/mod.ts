/** Products of matrices. */

export { bmm, dot, outer } from "./composites.ts";
export { matmul } from "./matmul.ts";
export { einsum } from "./einsum.ts";
