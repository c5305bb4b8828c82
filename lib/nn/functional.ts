/** The stateless form of layers. Follows `torch.nn.functional`. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, oneOf, optionReader, orNull, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { type Activation, linear as fusedLinear } from "../ops/linalg/linear.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type { Activation };
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptivePool,
  type OutputSize,
} from "./adaptive_pool.ts";
export {
  interpolate,
  type InterpolateOptions,
  type InterpolationMode,
  pixelShuffle,
} from "./interpolate.ts";
export { fold, type FoldOptions, unfold } from "./fold.ts";
export {
  batchNorm,
  type BatchNormOptions,
  groupNorm,
  type GroupNormOptions,
  instanceNorm,
  type InstanceNormOptions,
  rmsNorm,
  type RmsNormOptions,
} from "./normalize.ts";
export { bilinear, type BilinearFunctionOptions } from "./bilinear.ts";
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutFunction,
  type DropoutOptions,
} from "./drop.ts";
export {
  embedding,
  embeddingBag,
  type EmbeddingBagFunctionOptions,
  type EmbeddingFunctionOptions,
} from "./embedding.ts";
export { pad, type PadFunctionOptions, type PadMode } from "./padding.ts";
export {
  type Activate,
  celu,
  elu,
  type EluOptions,
  glu,
  type GluOptions,
  hardswish,
  hardtanh,
  type HardtanhOptions,
  leakyRelu,
  type LeakyReluOptions,
  mish,
  prelu,
  selu,
  silu,
  softplus,
  type SoftplusOptions,
  softsign,
} from "./activate.ts";
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from "./attention/scaled_dot_product.ts";
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  cdist,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cosineSimilarity,
  gelu,
  layerNorm,
  logSigmoid,
  logSoftmax,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  normalize,
  oneHot,
  relu,
  sigmoid,
  softmax,
  tanh,
} from "../ops/mod.ts";

/** Options of `linear`. */
export interface LinearFunctionOptions {
  /** Shape [out]; null or undefined for none. */
  bias?: Tensor | null;
  /** The activation applied to the result in the same pass. Default: none. */
  activation?: Activation;
}

const readLinear = optionReader<LinearFunctionOptions>({
  bias: orNull(TENSOR),
  activation: oneOf("relu", "tanh", "sigmoid"),
});

/**
 * x·Wᵀ + b, or an activation of it, which costs less here than afterwards.
 *
 * @param x Shape [..., in].
 * @param weight Shape [out, in].
 * @returns Shape [..., out].
 */
export function linear(x: Tensor, weight: Tensor, options?: LinearFunctionOptions): Tensor {
  checkCount("compute linear", arguments.length, 3);
  const { bias = null, activation = null } = readLinear("compute linear", options);
  checkKind("compute linear", "the input", x, TENSOR);
  checkKind("compute linear", "the weight", weight, TENSOR);
  const [outFeatures, inFeatures] = weight.shape;
  if (weight.ndim !== 2 || x.shape.at(-1) !== inFeatures) {
    throw new ShapeError(
      "Cannot compute linear: an input of shape [..., in] and a weight of shape [out, in] are needed, " +
        `got ${showShape(x.shape)} and ${showShape(weight.shape)}`,
      [x.shape, weight.shape],
    );
  }
  if (bias !== null && !sameShape(bias.shape, [outFeatures ?? 0])) {
    throw new ShapeError(
      `Cannot compute linear: a weight of shape ${showShape(weight.shape)} needs a bias of shape ` +
        `[${outFeatures}], got ${showShape(bias.shape)}`,
      [weight.shape, bias.shape],
    );
  }
  return fusedLinear(x, weight, bias, activation);
}
