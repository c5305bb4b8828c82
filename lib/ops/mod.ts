/** All ops. Their families are re-exported whole. */

export * from "./unary.ts";
export * from "./binary.ts";
export * from "./compare.ts";
export * from "./logic.ts";
export * from "./rounding.ts";
export * from "./sorting.ts";
export * from "./special.ts";
export * from "./trigonometry.ts";
export {
  argmax,
  argmin,
  type Dims,
  max,
  mean,
  min,
  type ReduceOptions,
  sum,
  type ValuesAndIndices,
} from "./reduce.ts";
export {
  cat,
  clone,
  contiguous,
  expand,
  flatten,
  pad,
  type PadOptions,
  permute,
  reshape,
  slice,
  squeeze,
  stack,
  transpose,
  unsqueeze,
} from "./movement.ts";
export {
  all,
  any,
  norm,
  type NormOptions,
  prod,
  std,
  variance,
  type VarianceOptions,
} from "./reductions.ts";
export {
  broadcastTo,
  chunk,
  diagonal,
  type DiagonalOptions,
  mT,
  narrow,
  split,
  unbind,
  unflatten,
  view,
} from "./views.ts";
export { flip, repeat, roll, tile, type TriangleOptions, tril, triu, unfold } from "./rearrange.ts";
export {
  gather,
  indexAdd,
  type IndexAddOptions,
  indexSelect,
  oneHot,
  scatter,
  scatterAdd,
} from "./indexing.ts";
export { maskedFill, maskedSelect, nonzero } from "./masks.ts";
export { bmm, dot, matmul, outer } from "./linalg.ts";
export {
  conv1d,
  conv2d,
  conv3d,
  type Convolution,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  type SharedConvOptions,
} from "./conv.ts";
export type { Extents } from "./window.ts";
export { einsum } from "./einsum.ts";
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type AvgPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolOptions,
  type Pool,
  type PoolOptions,
} from "./pool.ts";
export { clamp, lerp, logSigmoid } from "./composite.ts";
export { layerNorm, type LayerNormOptions, logSoftmax, logsumexp, softmax } from "./normalize.ts";
export { at, type Index } from "./at.ts";
export type { BinaryOp, UnaryOp } from "./define.ts";
