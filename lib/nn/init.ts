/** Initial values of parameters, written in place. Follows `torch.nn.init`. */

import { noGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, kind, NUMBER, optionReader, TENSOR } from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { extentAt } from "../core/shape.ts";
import { rand, randn, type RandomOptions } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options of the random initialisers. */
export type InitOptions = Pick<RandomOptions, "generator">;

const readOptions = optionReader<InitOptions>({ generator: GENERATOR });

const FLOATING = kind(
  "a tensor of floating type",
  (value) => value instanceof Tensor && isFloat(value.dtype),
);
const FINITE = kind("a finite number", Number.isFinite);

/** Refuses what cannot be initialised, and numbers that make no distribution. */
function check(
  op: string,
  given: number,
  most: number,
  x: Tensor,
  numbers: Record<string, number>,
): void {
  checkCount(`run ${op}`, given, most);
  checkKind(`run ${op}`, "the parameter", x, FLOATING);
  for (const [name, value] of Object.entries(numbers)) {
    checkKind(`run ${op}`, name, value, FINITE);
  }
}

function fillUniform<T extends Tensor>(x: T, low: number, high: number, options: InitOptions): T {
  const draw = () => rand(x.shape, { dtype: x.dtype, ...options }).mul(high - low).add(low);
  noGrad(() => x.copy_(draw()));
  return x;
}

function fillNormal<T extends Tensor>(x: T, mean: number, std: number, options: InitOptions): T {
  const draw = () => randn(x.shape, { dtype: x.dtype, ...options }).mul(std).add(mean);
  noGrad(() => x.copy_(draw()));
  return x;
}

/** Uniform values from `low` to `high`. */
export function uniform_<T extends Tensor>(x: T, low = 0, high = 1, options?: InitOptions): T {
  check("uniform_", arguments.length, 4, x, { low, high });
  if (low > high) {
    throw new RangeError(`Cannot run uniform_: low must not exceed high, got ${low} and ${high}`);
  }
  return fillUniform(x, low, high, readOptions("run uniform_", options));
}

/** Normal values. */
export function normal_<T extends Tensor>(x: T, mean = 0, std = 1, options?: InitOptions): T {
  check("normal_", arguments.length, 4, x, { mean, std });
  if (std < 0) throw new RangeError(`Cannot run normal_: std must not be negative, got ${std}`);
  return fillNormal(x, mean, std, readOptions("run normal_", options));
}

/** The same value everywhere. */
export function constant_<T extends Tensor>(x: T, value: number): T {
  checkCount("run constant_", arguments.length, 2);
  checkKind("run constant_", "the parameter", x, TENSOR);
  checkKind("run constant_", "value", value, NUMBER);
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

const readKaiming = optionReader<KaimingOptions>({ a: NUMBER, generator: GENERATOR });

/** The options of a Kaiming initialiser, the slope apart. */
function kaiming(
  op: string,
  given: number,
  x: Tensor,
  options: KaimingOptions | undefined,
): [variance: number, rest: InitOptions] {
  const { a = 0, ...rest } = readKaiming(`run ${op}`, options);
  check(op, given, 2, x, { a });
  return [2 / ((1 + a * a) * fans(op, x).fanIn), rest];
}

/**
 * Uniform values with variance 2 / ((1 + a²) · fan_in), for layers before a rectifier.
 * He and others, "Delving deep into rectifiers", 2015.
 */
export function kaimingUniform_<T extends Tensor>(x: T, options?: KaimingOptions): T {
  const [variance, rest] = kaiming("kaimingUniform_", arguments.length, x, options);
  const bound = Math.sqrt(3 * variance);
  return fillUniform(x, -bound, bound, rest);
}

/** Normal values with variance 2 / ((1 + a²) · fan_in), for layers before a rectifier. */
export function kaimingNormal_<T extends Tensor>(x: T, options?: KaimingOptions): T {
  const [variance, rest] = kaiming("kaimingNormal_", arguments.length, x, options);
  return fillNormal(x, 0, Math.sqrt(variance), rest);
}

/** The variance 2 / (fan_in + fan_out), after the checks of a Xavier initialiser. */
function xavier(op: string, given: number, x: Tensor, gain: number): number {
  check(op, given, 3, x, { gain });
  const { fanIn, fanOut } = fans(op, x);
  return 2 / (fanIn + fanOut);
}

/**
 * Uniform values with variance 2 / (fan_in + fan_out). Glorot and Bengio, "Understanding the
 * difficulty of training deep feedforward neural networks", 2010.
 */
export function xavierUniform_<T extends Tensor>(x: T, gain = 1, options?: InitOptions): T {
  const read = readOptions("run xavierUniform_", options);
  const bound = gain * Math.sqrt(3 * xavier("xavierUniform_", arguments.length, x, gain));
  return fillUniform(x, -bound, bound, read);
}

/** Normal values with variance 2 / (fan_in + fan_out). */
export function xavierNormal_<T extends Tensor>(x: T, gain = 1, options?: InitOptions): T {
  const read = readOptions("run xavierNormal_", options);
  const std = gain * Math.sqrt(xavier("xavierNormal_", arguments.length, x, gain));
  return fillNormal(x, 0, std, read);
}
