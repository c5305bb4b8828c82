/** Products of matrices. */

export { bmm, dot, outer } from "./composites.ts";
export { matmul } from "./matmul.ts";
export { einsum } from "./einsum.ts";
export { cross, type CrossOptions, kron, tensordot } from "./pairs.ts";
export { cdist, type CdistOptions } from "./cdist.ts";
