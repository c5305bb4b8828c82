/** Tensors from numbers, from arrays, and from random streams. */

import type { Backend, Device } from "./backend/backend.ts";
import { cpu } from "./backend/cpu.ts";
import { backendOf, checkPlacement } from "./backend/devices.ts";
import {
  checkDType,
  CODES,
  type DType,
  dtypeOfArray,
  isFloat,
  lengthOf,
  type TypedArray,
} from "./dtype.ts";
import { DTypeError, ShapeError, showShape } from "./errors.ts";
import { kernelNumber } from "./ffi/library.ts";
import { likeOptions } from "./like.ts";
import type { NestedArray } from "./print.ts";
import { defaultGenerator, type RandomGenerator } from "./random.ts";
import { checkShape, contiguousStrides, type Shape, sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Options of the functions that create tensors. */
export interface TensorOptions {
  /** Element type. Default: "float32", or what the data or the range says. */
  dtype?: DType;
  /** Device. Default: "cpu". */
  device?: Device;
  /** Whether ops on the tensor are recorded. Default: false. */
  requiresGrad?: boolean;
}

/** Options of random tensors. */
export interface RandomOptions extends TensorOptions {
  /** The stream to draw from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

/** What `tensor` takes. */
export type TensorData = NestedArray | readonly NestedArray[] | TypedArray;

function make(
  op: string,
  shape: readonly number[],
  dtype: DType,
  options: TensorOptions,
  zero = false,
  backend: Backend = cpu,
): Tensor {
  checkPlacement(op, options);
  checkShape(op, shape);
  const own: Shape = [...shape];
  const size = sizeOf(own);
  const storage = backend.allocate(CODES[dtype], size, zero);
  return new Tensor(storage, own, contiguousStrides(own), 0, size, true);
}

/** Puts a tensor where it is wanted, if it is not there yet. */
function finish(x: Tensor, { requiresGrad = false, device = "cpu" }: TensorOptions): Tensor {
  const placed = x.to({ device });
  return requiresGrad ? placed.requiresGrad_() : placed;
}

/** Writes numbers into a fresh tensor. */
function write(x: Tensor, value: (i: number) => number): void {
  const { array, base } = x.storage;
  for (let i = 0; i < x.size; i++) array[base + i] = value(i);
}

/** Extents of nested arrays; refuses ragged ones. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** Collects the numbers of nested arrays in order, and whether they are all bool or integers. */
function flattenNested(data: unknown, shape: Shape): { values: number[]; bool: boolean } {
  const values: number[] = [];
  let bools = 0;
  const visit = (part: unknown, axis: number, path: string): void => {
    if (axis < shape.length) {
      if (!Array.isArray(part) || part.length !== shape[axis]) {
        const got = Array.isArray(part) ? `${part.length} entries` : Deno.inspect(part);
        throw new ShapeError(
          `Cannot make a tensor: nested arrays must be of equal length, expected ${shape[axis]} ` +
            `entries at data${path}, got ${got}`,
          [shape],
        );
      }
      part.forEach((inner, i) => visit(inner, axis + 1, `${path}[${i}]`));
    } else if (typeof part === "number" || typeof part === "boolean") {
      if (typeof part === "boolean") bools++;
      values.push(Number(part));
    } else if (Array.isArray(part)) {
      throw new ShapeError(
        `Cannot make a tensor: nested arrays must be of equal depth, got an array at data${path}`,
        [shape],
      );
    } else {
      throw new TypeError(
        `Cannot make a tensor: data must hold numbers or booleans, got ${
          Deno.inspect(part)
        } at data${path}`,
      );
    }
  };
  visit(data, 0, "");
  return { values, bool: values.length > 0 && bools === values.length };
}

function isTypedArray(data: unknown): data is TypedArray {
  return data instanceof Float32Array || data instanceof Float64Array ||
    data instanceof Int32Array || data instanceof Uint8Array;
}

/**
 * A tensor with a copy of the data. Follows `torch.tensor`, but numbers always give float32.
 *
 * @param data A number, nested arrays of numbers or booleans, or a typed array, which gives its own
 * type (Uint8Array: bool).
 * @returns A tensor with as many dimensions as the arrays are deep.
 * @throws {ShapeError} If nested arrays differ in length or depth.
 *
 * @example A matrix
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([[1, 2], [3, 4]]).shape, [2, 2]);
 * assertEquals(tensor([0, 2], { dtype: "int32" }).dtype, "int32");
 * ```
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  if (isTypedArray(data)) {
    const x = make("tensor", [data.length], options.dtype ?? dtypeOfArray(data), options);
    if (x.dtype === "bool") write(x, (i) => Number(data[i] !== 0));
    else x.storage.backend.write(x.storage, data);
    return finish(x, options);
  }
  const shape = nestedShape(data);
  const { values, bool } = flattenNested(data, shape);
  const dtype = options.dtype ?? (bool ? "bool" : "float32");
  const x = make("tensor", shape, dtype, options);
  write(x, dtype === "bool" ? (i) => Number(values[i] !== 0) : (i) => values[i]!);
  return finish(x, options);
}

/**
 * A tensor over a typed array, without copying: changes of one show in the other. Memory that may
 * shrink (of a resizable buffer) or that other threads may write (a SharedArrayBuffer) is copied.
 *
 * @param data The elements in row-major order; Uint8Array: bool.
 * @param shape Extents whose product is the array's length.
 */
export function fromTypedArray(
  data: TypedArray,
  shape: readonly number[],
  options: Omit<TensorOptions, "dtype"> = {},
): Tensor {
  checkPlacement("fromTypedArray", options);
  checkShape("fromTypedArray", shape);
  if (!isTypedArray(data) || sizeOf(shape) !== lengthOf(data)) {
    throw new ShapeError(
      `Cannot run fromTypedArray: shape ${showShape(shape)} needs ${sizeOf(shape)} elements, got ${
        isTypedArray(data) ? lengthOf(data) : Deno.inspect(data)
      }`,
      [shape],
    );
  }
  return finish(Tensor.over(data, [...shape]), options);
}

/** A tensor that is made where it is wanted, with one value everywhere; undefined for any. */
function constant(
  op: string,
  shape: readonly number[],
  value: number | undefined,
  options: TensorOptions,
): Tensor {
  const { dtype = "float32", device = "cpu" } = options;
  const zero = Object.is(value, 0);
  const x = make(op, shape, dtype, options, zero, backendOf(op, device));
  if (value !== undefined && !zero) {
    x.storage.backend.fill(x.storage, dtype === "bool" ? Number(value !== 0) : value);
  }
  return finish(x, options);
}

/** The value of `full`. */
function checkValue(op: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`Cannot run ${op}: the value must be a number, got ${Deno.inspect(value)}`);
}

/** A tensor of zeros. Follows `torch.zeros`. */
export function zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return constant("zeros", shape, 0, options);
}

/** A tensor of ones. Follows `torch.ones`. */
export function ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return constant("ones", shape, 1, options);
}

/** A tensor with the same value everywhere. Follows `torch.full`, but is float32 by default. */
export function full(
  shape: readonly number[],
  value: number,
  options: TensorOptions = {},
): Tensor {
  return constant("full", shape, checkValue("full", value), options);
}

/**
 * A tensor whose elements are still to be written: they are zeros, or what the memory held before,
 * which saves clearing it. Follows `torch.empty`.
 */
export function empty(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return constant("empty", shape, undefined, options);
}

/**
 * A tensor of zeros of the shape, type and device of another, unless told otherwise. Follows
 * `torch.zeros_like`.
 *
 * @example Beside a tensor
 * ```ts
 * import { tensor, zerosLike } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2]], { dtype: "int32" });
 * assertEquals(zerosLike(x).toArray(), [[0, 0]]);
 * assertEquals([zerosLike(x).dtype, zerosLike(x, { dtype: "bool" }).dtype], ["int32", "bool"]);
 * ```
 */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  options = likeOptions("zerosLike", x, options);
  return constant("zerosLike", x.shape, 0, options);
}

/**
 * A tensor of ones of the shape, type and device of another, unless told otherwise. Follows
 * `torch.ones_like`.
 */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  options = likeOptions("onesLike", x, options);
  return constant("onesLike", x.shape, 1, options);
}

/**
 * A tensor with the same value everywhere, of the shape, type and device of another, unless told
 * otherwise. Follows `torch.full_like`.
 */
export function fullLike(x: Tensor, value: number, options: TensorOptions = {}): Tensor {
  options = likeOptions("fullLike", x, options);
  return constant("fullLike", x.shape, checkValue("fullLike", value), options);
}

/**
 * A tensor whose elements are still to be written, as of `empty`, of the shape, type and device of
 * another, unless told otherwise. Follows `torch.empty_like`.
 */
export function emptyLike(x: Tensor, options: TensorOptions = {}): Tensor {
  options = likeOptions("emptyLike", x, options);
  return constant("emptyLike", x.shape, undefined, options);
}

/**
 * The identity matrix: 1 where row and column are equal, else 0. Follows `torch.eye`.
 *
 * @param n Number of rows; of columns too, unless `m` says otherwise.
 */
export function eye(n: number, options: TensorOptions & { m?: number } = {}): Tensor {
  const { m = n } = options;
  const x = make("eye", [n, m], options.dtype ?? "float32", options, true);
  write(x, (i) => Number(i % m === Math.floor(i / m)));
  return finish(x, options);
}

/**
 * Numbers from `start` up to, not including, `end`. With one number, from 0 to it. Integers give
 * int32, others float32. Follows `torch.arange`.
 */
export function arange(
  start: number,
  end?: number,
  options: TensorOptions & { step?: number } = {},
): Tensor {
  const { step = 1 } = options;
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const count = Math.ceil((to - from) / step);
  if (![from, to, step].every(Number.isFinite) || step === 0 || count < 0) {
    throw new RangeError(
      `Cannot run arange: step ${step} does not lead from ${from} to ${to}`,
    );
  }
  const whole = [from, to, step].every(Number.isInteger);
  const x = make("arange", [count], options.dtype ?? (whole ? "int32" : "float32"), options);
  write(x, (i) => from + i * step);
  return finish(x, options);
}

/** `steps` numbers from `start` to `end`, both included, at equal distances. */
export function linspace(
  start: number,
  end: number,
  steps: number,
  options: TensorOptions = {},
): Tensor {
  const x = make("linspace", [steps], options.dtype ?? "float32", options);
  const distance = steps > 1 ? (end - start) / (steps - 1) : 0;
  // From the nearer end, so that the sequence is symmetric and ends exactly.
  write(x, (i) => i < steps / 2 ? start + i * distance : end - (steps - 1 - i) * distance);
  return finish(x, options);
}

/**
 * `steps` powers of `base`, whose exponents go from `start` to `end`, both included, at equal
 * distances. Follows `torch.logspace`.
 */
export function logspace(
  start: number,
  end: number,
  steps: number,
  options: TensorOptions & { base?: number } = {},
): Tensor {
  const { base = 10 } = options;
  const x = make("logspace", [steps], options.dtype ?? "float32", options);
  const exponents = linspace(start, end, steps, { dtype: "float64" }).data;
  write(x, (i) => base ** exponents[i]!);
  return finish(x, options);
}

/** Fills a fresh tensor of floating type from a stream with a kernel. */
function draw(
  op: string,
  kernel: number,
  shape: readonly number[],
  options: RandomOptions,
): Tensor {
  const dtype = options.dtype ?? "float32";
  if (!isFloat(checkDType(op, dtype))) {
    throw new DTypeError(`Cannot run ${op}: dtype must be float32 or float64, got ${dtype}`);
  }
  const x = make(op, shape, dtype, options);
  if (x.size > 0) {
    const perBlock = dtype === "float32" ? 4 : 2;
    const generator = options.generator ?? defaultGenerator;
    x.storage.backend.run(kernel, [x], generator.take(Math.ceil(x.size / perBlock)));
  }
  return finish(x, options);
}

const uniformKernel = kernelNumber("uniform");
const normalKernel = kernelNumber("normal");

/** Uniform random numbers in [0, 1). Follows `torch.rand`. */
export function rand(shape: readonly number[], options: RandomOptions = {}): Tensor {
  return draw("rand", uniformKernel, shape, options);
}

/** Normal random numbers with mean 0 and variance 1. Follows `torch.randn`. */
export function randn(shape: readonly number[], options: RandomOptions = {}): Tensor {
  return draw("randn", normalKernel, shape, options);
}

/**
 * Uniform random numbers in [0, 1) of the shape, type and device of another tensor, unless told
 * otherwise. Follows `torch.rand_like`.
 *
 * @throws {DTypeError} If the type is not floating.
 *
 * @example Noise on an image
 * ```ts
 * import { randLike, RandomGenerator, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const image = zeros([3, 4], { dtype: "float64" });
 * const noise = randLike(image, { generator: new RandomGenerator(1) });
 * assertEquals([noise.shape, noise.dtype], [[3, 4], "float64"]);
 * ```
 */
export function randLike(x: Tensor, options: RandomOptions = {}): Tensor {
  options = likeOptions("randLike", x, options);
  return draw("randLike", uniformKernel, x.shape, options);
}

/**
 * Normal random numbers with mean 0 and variance 1, of the shape, type and device of another tensor,
 * unless told otherwise. Follows `torch.randn_like`.
 *
 * @throws {DTypeError} If the type is not floating.
 */
export function randnLike(x: Tensor, options: RandomOptions = {}): Tensor {
  options = likeOptions("randnLike", x, options);
  return draw("randnLike", normalKernel, x.shape, options);
}

/** The integers 0 to n - 1 in random order, int32 by default. Follows `torch.randperm`. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkPlacement("randperm", options);
  checkShape("randperm", [n]);
  const { generator = defaultGenerator, dtype = "int32" } = options;
  const order = Tensor.over(generator.permutation(n), [n]);
  return finish(order.to({ dtype }), options);
}
