/**
 * Layers, and the base class of everything with parameters.
 *
 * ```ts
 * import { zeros } from "@adjoint/ml";
 * import * as nn from "@adjoint/ml/nn";
 *
 * const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 128), new nn.ReLU());
 * console.log(net.forward(zeros([2, 28, 28])).shape);
 * ```
 *
 * @module
 */

export * from "./attention/mod.ts";
export * from "./graph/mod.ts";
export * from "./recurrent/mod.ts";
export * from "./vision/mod.ts";
export {
  AnyModule,
  Buffer,
  type BufferOptions,
  type Gradients,
  type LayerOptions,
  type LoadOptions,
  type LoadResult,
  Module,
  type NamedOptions,
  Parameter,
  type ParameterOptions,
  type StateDict,
} from "./module.ts";
export { Flatten, Linear, type LinearOptions } from "./linear.ts";
export {
  CELU,
  ELU,
  GELU,
  GLU,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  type OpLayer,
  type OpLayerClass,
  PReLU,
  type PReLUOptions,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
} from "./activation.ts";
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutLayer,
  type DropoutLayerClass,
} from "./dropout.ts";
export { Bilinear, Identity, Unflatten } from "./bilinear.ts";
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagFunctionOptions,
  type EmbeddingBagOptions,
  type EmbeddingFunctionOptions,
  type EmbeddingOptions,
} from "./embedding.ts";
export {
  type DictModule,
  type ListModule,
  ModuleDict,
  ModuleList,
  ParameterDict,
  ParameterList,
} from "./lists.ts";
export { Sequential } from "./container.ts";
/** Initial values of parameters, written in place. */
export * as init from "./init.ts";
/** Tools for parameters and their gradients. */
export * as utils from "./utils.ts";
/** The stateless form of layers. */
export * as functional from "./functional.ts";
export { LayerNorm, type LayerNormLayerOptions } from "./layer_norm.ts";
export type {
  EluOptions,
  GluOptions,
  HardtanhOptions,
  LeakyReluOptions,
  SoftplusOptions,
} from "./activate.ts";
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayer,
  type ConvLayerClass,
  type ConvLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
  type SharedConvLayerOptions,
} from "./conv.ts";
export { Fold, type FoldOptions, Unfold } from "./fold.ts";
export {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type PoolLayerClass,
} from "./pool.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptivePoolClass,
  type OutputSize,
} from "./adaptive_pool.ts";
export {
  type InterpolateOptions,
  type InterpolationMode,
  PixelShuffle,
  Upsample,
} from "./interpolate.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormLayerOptions,
  type ChannelNormOptions,
  GroupNorm,
  type GroupNormLayerOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormLayerOptions,
  RMSNorm,
  type RMSNormLayerOptions,
  type RunningNorm,
  type RunningNormClass,
} from "./norm.ts";
export { beamSearch, type BeamSearchOptions, type Decoded, type NextToken } from "./decoding.ts";
export { type Summary, summary, type SummaryRow } from "./summary.ts";
