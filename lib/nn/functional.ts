/** The stateless form of layers. Follows `torch.nn.functional`. */

import { rand, type RandomOptions } from "../create.ts";
import { type Activation, linear as fusedLinear } from "../ops/fused.ts";
import type { Tensor } from "../tensor.ts";

export type { Activation };
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  layerNorm,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from "../ops/mod.ts";

/** Options of `linear`. */
export interface LinearFunctionOptions {
  /** Shape [out]; null or undefined for none. */
  bias?: Tensor | null;
  /** Function that is applied to the result in the same pass. Default: none. */
  activation?: Activation;
}

/**
 * x·Wᵀ + b, or an activation of it, which costs less than the activation afterwards.
 *
 * @param x Shape [..., in].
 * @param weight Shape [out, in].
 * @returns Shape [..., out].
 */
export function linear(x: Tensor, weight: Tensor, options: LinearFunctionOptions = {}): Tensor {
  return fusedLinear(x, weight, options.bias ?? null, options.activation ?? null);
}

/** Options of `dropout`. */
export interface DropoutOptions extends Pick<RandomOptions, "generator"> {
  /** Probability that an element is dropped. Default: 0.5. */
  p?: number;
  /** Whether elements are dropped at all. Default: true. */
  training?: boolean;
}

/** Refuses what is not a probability. */
export function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot run ${op}: p must be a probability from 0 to 1, got ${p}`);
  }
}

/**
 * Elements set to 0 at random and the others scaled by 1 / (1 − p), so that the mean stays.
 * Srivastava and others, "Dropout", 2014.
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const { p = 0.5, training = true, generator } = options;
  checkProbability("dropout", p);
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const draw = rand(x.shape, { dtype: x.dtype, ...(generator && { generator }) });
  return x.mul(draw.ge(p).to({ dtype: x.dtype }).mul(1 / (1 - p)));
}

/** max(x, 0). */
export function relu(x: Tensor): Tensor {
  return x.relu();
}

/** eˣ / Σ eˣ along a dimension. */
export function softmax(x: Tensor, dim: number): Tensor {
  return x.softmax(dim);
}

/** ln of the softmax along a dimension. */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  return x.logSoftmax(dim);
}
