/** Initial values of parameters, written in place. Follows `torch.nn.init`. */

import { noGrad } from "../autograd/tape.ts";
import { rand, randn, type RandomOptions } from "../create.ts";
import { ShapeError, showShape } from "../errors.ts";
import { extentAt } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Options of the random initialisers. */
export type InitOptions = Pick<RandomOptions, "generator">;

function fill<T extends Tensor>(x: T, values: () => Tensor): T {
  noGrad(() => x.copy_(values()));
  return x;
}

/** Uniform values from `low` to `high`. */
export function uniform_<T extends Tensor>(x: T, low = 0, high = 1, options: InitOptions = {}): T {
  const draw = () => rand(x.shape, { dtype: x.dtype, ...options });
  return fill(x, () => draw().mul(high - low).add(low));
}

/** Normal values. */
export function normal_<T extends Tensor>(x: T, mean = 0, std = 1, options: InitOptions = {}): T {
  return fill(x, () => randn(x.shape, { dtype: x.dtype, ...options }).mul(std).add(mean));
}

/** The same value everywhere. */
export function constant_<T extends Tensor>(x: T, value: number): T {
  noGrad(() => x.fill_(value));
  return x;
}

/** Inputs and outputs of each unit: weights are [out, in, ...kernel]. */
function fans(op: string, x: Tensor): { fanIn: number; fanOut: number } {
  if (x.ndim < 2) {
    throw new ShapeError(
      `Cannot run ${op}: weights need at least two dimensions, got shape ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  const kernel = x.shape.slice(2).reduce((a, b) => a * b, 1);
  return { fanIn: extentAt(x.shape, 1) * kernel, fanOut: extentAt(x.shape, 0) * kernel };
}

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends InitOptions {
  /** Slope of the leaky rectifier that follows. Default: 0, the rectifier. */
  a?: number;
}

/**
 * Uniform values with variance 2 / ((1 + a²) · fan_in), for layers before a rectifier.
 * He and others, "Delving deep into rectifiers", 2015.
 */
export function kaimingUniform_<T extends Tensor>(
  x: T,
  { a = 0, ...rest }: KaimingOptions = {},
): T {
  const bound = Math.sqrt(6 / ((1 + a * a) * fans("kaimingUniform_", x).fanIn));
  return uniform_(x, -bound, bound, rest);
}

/** Normal values with variance 2 / ((1 + a²) · fan_in), for layers before a rectifier. */
export function kaimingNormal_<T extends Tensor>(x: T, { a = 0, ...rest }: KaimingOptions = {}): T {
  return normal_(x, 0, Math.sqrt(2 / ((1 + a * a) * fans("kaimingNormal_", x).fanIn)), rest);
}

/**
 * Uniform values with variance 2 / (fan_in + fan_out). Glorot and Bengio, "Understanding the
 * difficulty of training deep feedforward neural networks", 2010.
 */
export function xavierUniform_<T extends Tensor>(x: T, gain = 1, options: InitOptions = {}): T {
  const { fanIn, fanOut } = fans("xavierUniform_", x);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform_(x, -bound, bound, options);
}

/** Normal values with variance 2 / (fan_in + fan_out). */
export function xavierNormal_<T extends Tensor>(x: T, gain = 1, options: InitOptions = {}): T {
  const { fanIn, fanOut } = fans("xavierNormal_", x);
  return normal_(x, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}
