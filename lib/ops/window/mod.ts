/** Convolutions and pools. */

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
export type { Extents } from "./geometry.ts";
export { avgPool1d, avgPool2d, avgPool3d, type AvgPoolOptions } from "./avg_pool.ts";
export {
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolOptions,
  type Pool,
  type PoolOptions,
} from "./pool.ts";
