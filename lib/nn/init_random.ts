/** Random initial values of parameters, written in place. */

import { noGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  FINITE,
  kind,
  NUMBER,
  oneOf,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { extentAt } from "../core/shape.ts";
import { tensor } from "../tensor/create.ts";
import { rand, randn, type RandomOptions } from "../tensor/rand.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options of the random initializers. */
export type InitOptions = Pick<RandomOptions, "generator">;

const readOptions = optionReader<InitOptions>({ generator: GENERATOR });

const FLOATING = kind(
  "a tensor of floating type",
  (value) => value instanceof Tensor && isFloat(value.dtype),
);
/** Refuses what cannot be initialized, and parameters that define no distribution. */
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
  const { shape, dtype, device } = x;
  noGrad(() => x.copy_(rand(shape, { dtype, device, ...options }).mul(high - low).add(low)));
  return x;
}

function fillNormal<T extends Tensor>(x: T, mean: number, std: number, options: InitOptions): T {
  const { shape, dtype, device } = x;
  noGrad(() => x.copy_(randn(shape, { dtype, device, ...options }).mul(std).add(mean)));
  return x;
}

/**
 * Uniform values from `low` to `high`. Follows `torch.nn.init.uniform_`.
 *
 * @example Between 2 and 3
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = nn.init.uniform_(zeros([9]), 2, 3);
 * assert(x.min().item() >= 2 && x.max().item() <= 3);
 * ```
 */
export function uniform_<T extends Tensor>(x: T, low = 0, high = 1, options?: InitOptions): T {
  check("uniform_", arguments.length, 4, x, { low, high });
  if (low > high) {
    throw new RangeError(`Cannot run uniform_: low must not exceed high, got ${low} and ${high}`);
  }
  return fillUniform(x, low, high, readOptions("run uniform_", options));
}

/**
 * Normal values. Follows `torch.nn.init.normal_`.
 *
 * @example Without spread
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.normal_(zeros([2]), 5, 0).toArray(), [5, 5]);
 * ```
 */
export function normal_<T extends Tensor>(x: T, mean = 0, std = 1, options?: InitOptions): T {
  check("normal_", arguments.length, 4, x, { mean, std });
  if (std < 0) throw new RangeError(`Cannot run normal_: std must not be negative, got ${std}`);
  return fillNormal(x, mean, std, readOptions("run normal_", options));
}

/**
 * The same value everywhere. Follows `torch.nn.init.constant_`.
 *
 * @example Threes
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.constant_(zeros([2]), 3).toArray(), [3, 3]);
 * ```
 */
export function constant_<T extends Tensor>(x: T, value: number): T {
  checkCount("run constant_", arguments.length, 2);
  checkKind("run constant_", "the parameter", x, TENSOR);
  checkKind("run constant_", "value", value, NUMBER);
  noGrad(() => x.fill_(value));
  return x;
}

/**
 * Ones everywhere. Follows `torch.nn.init.ones_`.
 *
 * @example Two
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.ones_(zeros([2])).toArray(), [1, 1]);
 * ```
 */
export function ones_<T extends Tensor>(x: T): T {
  check("ones_", arguments.length, 1, x, {});
  noGrad(() => x.fill_(1));
  return x;
}

/**
 * Zeros everywhere. Follows `torch.nn.init.zeros_`.
 *
 * @example Two
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.zeros_(ones([2])).toArray(), [0, 0]);
 * ```
 */
export function zeros_<T extends Tensor>(x: T): T {
  check("zeros_", arguments.length, 1, x, {});
  noGrad(() => x.zero_());
  return x;
}

/** 2·Φ(z) − 1, which the inverse of the error function undoes. */
function doubled(z: number): number {
  return tensor(z * Math.SQRT1_2, { dtype: "float64" }).erf().item();
}

/**
 * Normal values between two bounds. Follows `torch.nn.init.trunc_normal_`.
 *
 * @example Within two standard deviations
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = nn.init.truncNormal_(zeros([99]), 0, 1, -2, 2);
 * assert(x.abs().max().item() <= 2);
 * ```
 */
export function truncNormal_<T extends Tensor>(
  x: T,
  mean = 0,
  std = 1,
  a = -2,
  b = 2,
  options?: InitOptions,
): T {
  check("truncNormal_", arguments.length, 6, x, { mean, std, a, b });
  const read = readOptions("run truncNormal_", options);
  if (!(std > 0 && a < b)) {
    throw new RangeError(
      `Cannot run truncNormal_: std must be above 0 and a below b, got ${std}, ${a} and ${b}`,
    );
  }
  const [low, high] = [doubled((a - mean) / std), doubled((b - mean) / std)];
  noGrad(() => {
    const draw = rand(x.shape, { dtype: "float64", ...read }).mul(high - low).add(low);
    const values = draw.erfinv().mul(std * Math.SQRT2).add(mean).clamp(a, b);
    x.copy_(values.to({ dtype: x.dtype, device: x.device }));
  });
  return x;
}

/** The number of inputs and outputs of each unit: weights are [out, in, ...kernel]. */
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

/** How an activation changes the spread of its inputs. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

/** The gain of each; that of the leaky rectifier depends on its slope. */
const GAINS: Readonly<Record<Nonlinearity, (slope: number) => number>> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  convTranspose1d: () => 1,
  convTranspose2d: () => 1,
  convTranspose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
};

const NONLINEARITY = oneOf(...Object.keys(GAINS));

/**
 * By how much weights must be larger for the activation that follows the layer. Follows
 * `torch.nn.init.calculate_gain`.
 *
 * @param nonlinearity The function.
 * @param slope Slope of the leaky rectifier. Default: 0.01.
 *
 * @example Before a rectifier
 * ```ts
 * import { nn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.calculateGain("relu"), Math.SQRT2);
 * ```
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  checkCount("run calculateGain", arguments.length, 2);
  checkKind("run calculateGain", "the nonlinearity", nonlinearity, NONLINEARITY);
  checkKind("run calculateGain", "the slope", slope, FINITE);
  return GAINS[nonlinearity](slope);
}

/** Options of the Kaiming initializers. */
export interface KaimingOptions extends InitOptions {
  /** Slope of the leaky rectifier that follows. Default: 0, the rectifier. */
  a?: number;
  /** Whether the spread of outputs is kept, or that of gradients. Default: "fan_in". */
  mode?: "fan_in" | "fan_out";
  /** The function that follows. Default: "leakyRelu". */
  nonlinearity?: Nonlinearity;
}

const readKaiming = optionReader<KaimingOptions>({
  a: FINITE,
  mode: oneOf("fan_in", "fan_out"),
  nonlinearity: NONLINEARITY,
  generator: GENERATOR,
});

/** The standard deviation of a Kaiming initializer, and the options for drawing. */
function kaiming(
  op: string,
  given: number,
  x: Tensor,
  options: KaimingOptions | undefined,
): [std: number, rest: InitOptions] {
  const { a = 0, mode = "fan_in", nonlinearity = "leakyRelu", ...rest } = readKaiming(
    `run ${op}`,
    options,
  );
  check(op, given, 2, x, {});
  const { fanIn, fanOut } = fans(op, x);
  return [GAINS[nonlinearity](a) / Math.sqrt(mode === "fan_in" ? fanIn : fanOut), rest];
}

/**
 * Uniform values with standard deviation gain / √fan, where the gain is that of the activation that
 * follows. He and others, "Delving deep into rectifiers", 2015; follows
 * `torch.nn.init.kaiming_uniform_`.
 *
 * @throws {ShapeError} If there are fewer than two dimensions.
 *
 * @example Before a rectifier
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = nn.init.kaimingUniform_(zeros([9, 6]));
 * assert(x.abs().max().item() <= 1);
 * ```
 */
export function kaimingUniform_<T extends Tensor>(x: T, options?: KaimingOptions): T {
  const [std, rest] = kaiming("kaimingUniform_", arguments.length, x, options);
  const bound = Math.sqrt(3) * std;
  return fillUniform(x, -bound, bound, rest);
}

/**
 * Normal values with standard deviation gain / √fan, where the gain is that of the activation that
 * follows. Follows `torch.nn.init.kaiming_normal_`.
 *
 * @throws {ShapeError} If there are fewer than two dimensions.
 *
 * @example For the spread of gradients
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = nn.init.kaimingNormal_(zeros([9, 6]), { mode: "fan_out", nonlinearity: "relu" });
 * assertEquals(x.shape, [9, 6]);
 * ```
 */
export function kaimingNormal_<T extends Tensor>(x: T, options?: KaimingOptions): T {
  const [std, rest] = kaiming("kaimingNormal_", arguments.length, x, options);
  return fillNormal(x, 0, std, rest);
}

/** The variance 2 / (fan_in + fan_out), after the checks of a Xavier initializer. */
function xavier(op: string, given: number, x: Tensor, gain: number): number {
  check(op, given, 3, x, { gain });
  const { fanIn, fanOut } = fans(op, x);
  return 2 / (fanIn + fanOut);
}

/**
 * Uniform values with variance gain² · 2 / (fan_in + fan_out). Glorot and Bengio, "Understanding the
 * difficulty of training deep feedforward neural networks", 2010; follows
 * `torch.nn.init.xavier_uniform_`.
 *
 * @throws {ShapeError} If there are fewer than two dimensions.
 *
 * @example Before tanh
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = nn.init.xavierUniform_(zeros([3, 3]), nn.init.calculateGain("tanh"));
 * assert(x.abs().max().item() <= 5 / 3);
 * ```
 */
export function xavierUniform_<T extends Tensor>(x: T, gain = 1, options?: InitOptions): T {
  const read = readOptions("run xavierUniform_", options);
  const bound = gain * Math.sqrt(3 * xavier("xavierUniform_", arguments.length, x, gain));
  return fillUniform(x, -bound, bound, read);
}

/**
 * Normal values with variance gain² · 2 / (fan_in + fan_out). Follows
 * `torch.nn.init.xavier_normal_`.
 *
 * @throws {ShapeError} If there are fewer than two dimensions.
 *
 * @example Without gain
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.xavierNormal_(zeros([1, 2]), 0).toArray(), [[0, 0]]);
 * ```
 */
export function xavierNormal_<T extends Tensor>(x: T, gain = 1, options?: InitOptions): T {
  const read = readOptions("run xavierNormal_", options);
  const std = gain * Math.sqrt(xavier("xavierNormal_", arguments.length, x, gain));
  return fillNormal(x, 0, std, read);
}
