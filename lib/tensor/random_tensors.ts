/** Random tensors of other distributions: integers, normal, Bernoulli and multinomial. */

import { checkNumber, wrongKind } from "../core/arguments.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  FLAG,
  isPlainObject,
  optionReader,
  type OptionTable,
  shown,
} from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { broadcastShapes, checkShape, extentAt, sameShape, type Shape } from "../core/shape.ts";
import { backendOf } from "../device/devices.ts";
import { noteRange } from "../device/memory.ts";
import { kernelNumber } from "../ffi/library.ts";
import { elementsOf } from "../ops/copy/copy.ts";
import { bare } from "../ops/define/batch.ts";
import { tensorOver } from "../ops/define/record.ts";
import { orderOf } from "../ops/index/sort.ts";
import { rand, randn, type RandomOptions } from "./rand.ts";
import { drawn, likeOptions, make, noShape, readRandomOptions } from "./fresh.ts";
import { Tensor } from "./tensor.ts";

/** Options of draws that take type and device from a tensor. */
export interface DrawOptions {
  /** The stream to draw from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

const DRAW_OPTIONS: OptionTable<DrawOptions> = { generator: GENERATOR };
const readDrawOptions = optionReader(DRAW_OPTIONS);

const LIMIT = 2 ** 31;

const integersKernel = kernelNumber("integers");

/** Random integers from 0 up to, not including, `high`. */
export function randint(high: number, shape: readonly number[], options?: RandomOptions): Tensor;
/**
 * Random integers from `low` up to, not including, `high`, int32 by default. Follows
 * `torch.randint`.
 *
 * @throws {RangeError} If no int32 lies between them.
 *
 * @example Throws of a die
 * ```ts
 * import { randint, RandomGenerator } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const throws = randint(1, 7, [100], { generator: new RandomGenerator(1) });
 * assert(throws.min().item() === 1 && throws.max().item() === 6);
 * ```
 */
export function randint(
  low: number,
  high: number,
  shape: readonly number[],
  options?: RandomOptions,
): Tensor;
export function randint(
  first: number,
  second: number | readonly number[],
  third?: readonly number[] | RandomOptions,
  fourth?: RandomOptions,
): Tensor {
  const short = typeof second !== "number";
  const shape: unknown = short ? second : third;
  const options = (short ? third : fourth) as RandomOptions | undefined;
  if (!Array.isArray(shape)) throw noShape("randint", shape, [], "low, high, ");
  checkCount("run randint", arguments.length, short ? 3 : 4);
  const read = readRandomOptions("run randint", options);
  return drawIntegers("randint", short ? 0 : first, short ? first : second, shape, read);
}

/**
 * Random integers from 0 up to, not including, `high`, of the shape, type and device of another
 * tensor, unless told otherwise.
 */
export function randintLike(x: Tensor, high: number, options?: RandomOptions): Tensor;
/**
 * Random integers from `low` up to, not including, `high`, of the shape, type and device of another
 * tensor, unless told otherwise. Follows `torch.randint_like`.
 *
 * @throws {RangeError} If no int32 lies between them.
 */
export function randintLike(
  x: Tensor,
  low: number,
  high: number,
  options?: RandomOptions,
): Tensor;
export function randintLike(
  x: Tensor,
  first: number,
  second?: number | RandomOptions,
  third?: RandomOptions,
): Tensor {
  const short = typeof second !== "number";
  checkCount("run randintLike", arguments.length, short ? 3 : 4);
  const [low, high] = short ? [0, first] : [first, second];
  const options = likeOptions("randintLike", x, readRandomOptions, short ? second : third);
  return drawIntegers("randintLike", low, high, x.shape, options);
}

function drawIntegers(
  op: string,
  low: number,
  high: number,
  shape: readonly number[],
  options: RandomOptions,
): Tensor {
  checkShape(op, shape);
  const { dtype = "int32", device = "cpu", requiresGrad = false } = options;
  const { generator = defaultGenerator } = options;
  const backend = backendOf(op, device);
  checkNumber(`run ${op}`, "low", low);
  checkNumber(`run ${op}`, "high", high);
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (!whole || low < -LIMIT || high > LIMIT || low >= high) {
    throw new RangeError(
      `Cannot run ${op}: low and high must be int32 integers with low < high, got ${low} and ` +
        high,
    );
  }
  const integers = drawn(op, shape, (shape) => {
    const x = make(op, shape, "int32", false, backend);
    // The kernel takes a range of 0 for 2³² integers.
    const range = [low, (high - low) | 0];
    if (x.size > 0) {
      backend.run(integersKernel, [x], [...generator.take(Math.ceil(x.size / 2)), ...range]);
    }
    if (device === "gpu") noteRange(x.storage, low, high - 1);
    return x;
  });
  const x = integers.to({ dtype });
  return requiresGrad ? x.requiresGrad_() : x;
}

/** Normal random numbers around the elements of tensors. */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  options?: RandomOptions,
): Tensor;
/**
 * Normal random numbers of given mean and standard deviation, each a number or a tensor; shapes
 * broadcast. No gradient goes to either. Follows `torch.normal`.
 *
 * @param shape Required if both are numbers; otherwise that of the tensors.
 * @throws {RangeError} If a standard deviation is negative.
 *
 * @example Around two means
 * ```ts
 * import { normal, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(normal(tensor([-100, 100]), 1).sign().toArray(), [-1, 1]);
 * assertEquals(normal(5, 0, [2]).toArray(), [5, 5]);
 * ```
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  shape: readonly number[] | undefined,
  options?: RandomOptions,
): Tensor;
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  third?: readonly number[] | RandomOptions,
  fourth?: RandomOptions,
): Tensor {
  const call = "run normal";
  const short = isPlainObject(third);
  checkCount(call, arguments.length, short ? 3 : 4);
  const shape = (short ? undefined : third) as readonly number[] | undefined;
  const options = readRandomOptions(call, short ? third : fourth);
  const given = [checkParameter("mean", mean), checkParameter("std", std)]
    .filter((x) => x instanceof Tensor);
  const own = normalShape(given, shape);
  const negative = std instanceof Tensor
    ? floats("normal", std).find((value) => value < 0)
    : [std].find((value) => !(value >= 0));
  if (negative !== undefined) {
    throw new RangeError(`Cannot run normal: std must not be negative, got ${negative}`);
  }
  const [like] = given;
  const { requiresGrad = false, ...rest } = options;
  const { dtype, device } = like ?? { dtype: "float32", device: "cpu" };
  const z = randn(own, { dtype, device, ...rest });
  const plain = (x: Tensor | number) =>
    x instanceof Tensor ? x.detach().to({ device: z.device }) : x;
  const y = z.mul(plain(std)).add(plain(mean)).to({ dtype: z.dtype });
  return requiresGrad ? y.requiresGrad_() : y;
}

/** The shape that `normal` draws: the given one, or that of its tensors. */
function normalShape(given: readonly Tensor[], shape: readonly number[] | undefined): Shape {
  if (shape === undefined && given.length === 0) {
    throw new TypeError(
      "Cannot run normal: a shape is needed where mean and std are numbers, as in normal(0, 1, [2])",
    );
  }
  if (shape !== undefined && !Array.isArray(shape)) {
    throw noShape("normal", shape, [], "mean, std, ");
  }
  if (shape !== undefined) checkShape("normal", shape);
  const own = given.reduce((all: Shape, x) => broadcastShapes("normal", all, x.shape), shape ?? []);
  if (shape !== undefined && !sameShape(own, shape)) {
    throw new ShapeError(
      `Cannot run normal: mean and std of shape ${showShape(own)} do not fit ${showShape(shape)}`,
      [own, shape],
    );
  }
  return own;
}

/** A mean or a deviation. */
function checkParameter(name: string, x: Tensor | number): Tensor | number {
  if (typeof x === "number") return x;
  if (!(x instanceof Tensor)) throw wrongKind("run normal", name, "a tensor or a number", x);
  if (isFloat(x.dtype)) return x;
  throw new DTypeError(
    `Cannot run normal: mean and std must be floating tensors or numbers, got ${x.dtype}`,
  );
}

/**
 * 1 with the given probabilities, else 0, in their type. No gradient goes to them. Follows
 * `torch.bernoulli`.
 *
 * @param p Probabilities, floating.
 * @throws {RangeError} If one does not lie in 0 to 1.
 *
 * @example Certain and impossible
 * ```ts
 * import { bernoulli, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bernoulli(tensor([0, 1])).toArray(), [0, 1]);
 * ```
 */
export function bernoulli(p: Tensor, options?: DrawOptions): Tensor {
  checkCount("run bernoulli", arguments.length, 2);
  const read = readDrawOptions("run bernoulli", options);
  const values = floats("bernoulli", p);
  const wrong = values.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot run bernoulli: probabilities must lie in 0 to 1, got ${wrong}`);
  }
  const { dtype, device } = p;
  return rand(p.shape, { ...read, dtype, device }).lt(p.detach()).to({ dtype });
}

/** The elements of a floating tensor, to be checked: under `vmap` those of all examples. */
function floats(op: string, x: Tensor): Float64Array {
  if (!(x instanceof Tensor) || !isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot run ${op}: the input must be a floating tensor, got ${
        x instanceof Tensor ? x.dtype : shown(x)
      }`,
    );
  }
  const plain = bare(x).detach().to({ device: "cpu", dtype: "float64" }).contiguous();
  return plain.data as Float64Array;
}

/** Options of `multinomial`. */
export interface MultinomialOptions extends DrawOptions {
  /** Whether a position can be drawn again. Default: false. */
  replacement?: boolean;
}

const readMultinomialOptions = optionReader<MultinomialOptions>({
  ...DRAW_OPTIONS,
  replacement: FLAG,
});

/** Positions drawn one by one, each in proportion to its weight, given uniform numbers. */
function drawAgain(weights: Float64Array, uniform: Float64Array): Int32Array {
  // Where their sum would leave the range, all are taken by the same share.
  const share = Number.isFinite(weights.reduce((sum, weight) => sum + weight, 0))
    ? 1
    : 1 / weights.length;
  let sum = 0;
  const bounds = weights.map((weight) => sum += weight * share);
  const last = weights.findLastIndex((weight) => weight > 0);
  return new Int32Array(uniform.length).map((_, i) => {
    const reached = (uniform[i] ?? 0) * sum;
    // The first bound above u · sum, as findIndex has it, in the halves that are left.
    let [from, to] = [0, bounds.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (reached < (bounds[middle] ?? NaN)) to = middle;
      else from = middle + 1;
    }
    // Rounding can put u · sum at the end itself.
    return from < bounds.length ? from : last;
  });
}

/** Positions without repetition: of waiting times with these rates the shortest come first. */
function drawOnce(weights: Float64Array, uniform: Float64Array, count: number): Int32Array {
  const places = new Int32Array(weights.length).map((_, i) => i);
  const possible = places.filter((i) => (weights[i] ?? 0) > 0);
  const times = new Float64Array(possible)
    .map((i) => -Math.log1p(-(uniform[i] ?? 0)) / (weights[i] ?? 0));
  const order = orderOf(tensorOver(times, [times.length]), 0, false, count);
  return new Int32Array(order.data).map((place) => possible[place] ?? 0);
}

/**
 * Positions, drawn in proportion to weights that need not have sum 1. Follows `torch.multinomial`.
 *
 * @param weights Shape [n] or [rows, n]: floating, finite, none negative, not all 0.
 * @param numSamples How many positions to draw from each row.
 * @returns int32, of shape [numSamples] or [rows, numSamples].
 * @throws {RangeError} If the weights are invalid, or fewer than `numSamples` can be drawn.
 *
 * @example All that can be drawn
 * ```ts
 * import { multinomial, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(multinomial(tensor([0, 3, 0]), 1).toArray(), [1]);
 * assertEquals(multinomial(tensor([[1, 0], [0, 1]]), 2, { replacement: true }).toArray(), [
 *   [0, 0],
 *   [1, 1],
 * ]);
 * ```
 */
export function multinomial(
  weights: Tensor,
  numSamples: number,
  options?: MultinomialOptions,
): Tensor {
  checkCount("run multinomial", arguments.length, 3);
  const { replacement = false, ...draw } = readMultinomialOptions("run multinomial", options);
  const values = floats("multinomial", weights);
  // The positions depend on the elements, which differ between the examples of `vmap`.
  if (weights.batched !== null) elementsOf(weights, "multinomial");
  const { shape } = weights;
  if (shape.length < 1 || shape.length > 2) {
    throw new ShapeError(
      `Cannot run multinomial: the weights must have one or two dimensions, got shape ${
        showShape(shape)
      }`,
      [shape],
    );
  }
  if (!Number.isInteger(numSamples) || numSamples < 1) {
    throw new RangeError(
      `Cannot run multinomial: numSamples must be a positive integer, got ${shown(numSamples)}`,
    );
  }
  const wrong = values.find((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot run multinomial: weights must be finite and not negative, got ${wrong}`,
    );
  }
  const width = extentAt(shape, -1);
  const rows = shape.length === 1 ? 1 : extentAt(shape, 0);
  const each = replacement ? numSamples : width;
  const uniform = rand([rows, each], { ...draw, dtype: "float64" }).data as Float64Array;
  const all = new Int32Array(rows * numSamples);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const possible = own.filter((weight) => weight > 0).length;
    if (possible < (replacement ? 1 : numSamples)) {
      throw new RangeError(
        `Cannot run multinomial: ${numSamples} positions cannot be drawn from ${possible} weights ` +
          `that are not 0${replacement ? "" : " without replacement"}, in row ${row}`,
      );
    }
    const random = uniform.subarray(row * each, (row + 1) * each);
    const drawn = replacement ? drawAgain(own, random) : drawOnce(own, random, numSamples);
    all.set(drawn, row * numSamples);
  }
  const y = tensorOver(all, [...shape.slice(0, -1), numSamples]);
  return y.to({ device: weights.device });
}
