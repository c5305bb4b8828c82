/** All ops. Their families are re-exported whole. */

export * from "./elementwise/unary.ts";
export * from "./elementwise/binary.ts";
export * from "./elementwise/compare.ts";
export * from "./elementwise/logic.ts";
export * from "./elementwise/rounding.ts";
export * from "./index/sort.ts";
export * from "./elementwise/special.ts";
export * from "./elementwise/trigonometry.ts";
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
} from "./reduce/primitives.ts";
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
} from "./shape/movement.ts";
export {
  all,
  any,
  norm,
  type NormOptions,
  prod,
  std,
  variance,
  type VarianceOptions,
} from "./reduce/composites.ts";
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
} from "./shape/views.ts";
export { flip, repeat, roll, tile, type TriangleOptions, tril, triu, unfold } from "./shape/rearrange.ts";
export {
  gather,
  indexAdd,
  type IndexAddOptions,
  indexSelect,
  oneHot,
  scatter,
  scatterAdd,
} from "./index/indexing.ts";
export { maskedFill, maskedSelect, nonzero } from "./index/masks.ts";
export { bmm, dot, matmul, outer } from "./linalg/matmul.ts";
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
} from "./window/conv.ts";
export type { Extents } from "./window/geometry.ts";
export { einsum } from "./linalg/einsum.ts";
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
} from "./window/pool.ts";
export { clamp, lerp, logSigmoid } from "./elementwise/composites.ts";
export { layerNorm, type LayerNormOptions, logSoftmax, logsumexp, softmax } from "./normalize/fused.ts";
export { at, type Index } from "./index/at.ts";
export type { BinaryOp, UnaryOp } from "./define/elementwise.ts";
