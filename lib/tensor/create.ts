/** Tensors from numbers, from arrays, and from random streams. */

import { checkNumber } from "../core/arguments.ts";
import {
  checkRange,
  CODES,
  type DType,
  dtypeOfArray,
  isFloat,
  isTypedArray,
  lastingArray,
  lengthOf,
  stored,
  type TypedArray,
} from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  DEVICE,
  FLAG,
  NUMBER,
  optionReader,
  shown,
  TENSOR_OPTIONS,
} from "../core/options.ts";
import { defaultGenerator, type RandomGenerator } from "../core/random.ts";
import { checkRoom, checkShape, sizeOf } from "../core/shape.ts";
import type { Device } from "../device/backend.ts";
import { backendOf } from "../device/devices.ts";
import { kernelNumber } from "../ffi/library.ts";
import { tensorOver } from "../ops/define/record.ts";
import {
  checkCall,
  checkExtent,
  drawn,
  finish,
  likeOptions,
  make,
  noShape,
  once,
  readRandomOptions,
  readTensorOptions,
  splitRest,
  write,
} from "./fresh.ts";
import { checkTypedArray, readNested } from "./nested.ts";
import type { NestedArray } from "./print.ts";
import type { Tensor } from "./tensor.ts";

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

/**
 * A tensor with a copy of the data. Follows `torch.tensor`, but numbers always give float32.
 *
 * As int32, numbers lose what is after the point; those that lie out of range, NaN among them, are
 * refused. As bool, every number but 0 is true.
 *
 * @param data A number, nested arrays of numbers or booleans, or a typed array, which gives its own
 * type (Uint8Array: bool).
 * @returns A tensor with as many dimensions as the arrays are deep.
 * @throws {ShapeError} If nested arrays differ in length or depth.
 * @throws {RangeError} If a number does not lie in the range of int32.
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
export function tensor(data: TensorData, options?: TensorOptions): Tensor {
  const call = "make a tensor";
  if (typeof options === "number" || Array.isArray(options)) throw spreadData(arguments);
  checkCount(call, arguments.length, 2);
  const read = readTensorOptions(call, options);
  if (isTypedArray(data)) {
    const array = lastingArray("tensor", data);
    const own = dtypeOfArray(array);
    const { dtype = own } = read;
    const x = make("tensor", [lengthOf(array)], dtype);
    // Elements of one type, and numbers of a floating type, are copied as they are.
    if (isFloat(dtype) || (own === "int32" && dtype === own)) {
      x.storage.backend.write(x.storage, array);
    } else write("tensor", x, (i) => array[i]!);
    return finish(x, read);
  }
  const { shape, values, bool } = readNested(data);
  const x = make("tensor", shape, read.dtype ?? (bool ? "bool" : "float32"));
  write("tensor", x, (i) => values[i]!);
  return finish(x, read);
}

function spreadData(given: ArrayLike<unknown>): TypeError {
  const form = Array.from(given, shown).join(", ");
  return new TypeError(
    `Cannot make a tensor: its data stand in one argument, as in tensor([${form}]), got ` +
      `${given.length} arguments`,
  );
}

const readAdoption = optionReader<Omit<TensorOptions, "dtype">>({
  device: DEVICE,
  requiresGrad: FLAG,
});

/**
 * A tensor over a typed array, without copying: changes of one show in the other. Memory that may
 * shrink (of a resizable buffer) or that other threads may write (a SharedArrayBuffer) is copied, and
 * so is a Uint8Array with other bytes than 0 and 1, each of them as 1, since bool elements are these.
 *
 * @param data The elements in row-major order; Uint8Array: bool.
 * @param shape Extents whose product is the array's length.
 */
export function fromTypedArray(
  data: TypedArray,
  shape: readonly number[],
  options?: Omit<TensorOptions, "dtype">,
): Tensor {
  const call = "run fromTypedArray";
  checkCount(call, arguments.length, 3);
  checkTypedArray(call, data);
  if (!Array.isArray(shape)) throw noShape("fromTypedArray", shape, [], "data, ");
  checkShape("fromTypedArray", shape);
  const array = lastingArray("fromTypedArray", data);
  const [needed, length] = [sizeOf(shape), lengthOf(array)];
  if (needed !== length) {
    throw new ShapeError(
      `Cannot ${call}: shape ${showShape(shape)} needs ${needed} elements, got ${length}`,
      [shape],
    );
  }
  const dtype = dtypeOfArray(array);
  checkRoom(shape, length, CODES[dtype]);
  const read = readAdoption(call, options);
  const clean = dtype !== "bool" || array.every((byte) => byte < 2);
  const elements = clean ? array : Uint8Array.from(array, (byte) => Number(byte !== 0));
  return finish(tensorOver(elements, [...shape]), read);
}

/** A tensor that is made where it is wanted, with one value everywhere; undefined for any. */
function constant(
  op: string,
  shape: readonly number[],
  value: number | undefined,
  options: TensorOptions,
): Tensor {
  const { dtype = "float32", device = "cpu" } = options;
  if (value !== undefined) checkRange(op, value, dtype);
  const zero = Object.is(value, 0);
  const x = make(op, shape, dtype, zero, backendOf(op, device));
  if (value !== undefined && !zero) {
    x.storage.backend.fill(x.storage, stored(value, dtype));
  }
  return finish(x, options);
}

/** A tensor of zeros. Follows `torch.zeros`. */
export function zeros(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("zeros", shape, arguments, 2);
  return constant("zeros", shape, 0, readTensorOptions("run zeros", options));
}

/** A tensor of ones. Follows `torch.ones`. */
export function ones(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("ones", shape, arguments, 2);
  return constant("ones", shape, 1, readTensorOptions("run ones", options));
}

/**
 * A tensor with the same value everywhere. Follows `torch.full`, but is float32 by default.
 *
 * @throws {RangeError} If the value does not lie in the range of int32, where that is the type.
 */
export function full(shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  if (!Array.isArray(shape)) throw noShape("full", shape, [], "");
  checkCount("run full", arguments.length, 3);
  checkNumber("run full", "the value", value);
  return constant("full", shape, value, readTensorOptions("run full", options));
}

/**
 * A tensor whose elements are still to be written: they are zeros, or what the memory held before,
 * which saves clearing it. Follows `torch.empty`.
 */
export function empty(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("empty", shape, arguments, 2);
  return constant("empty", shape, undefined, readTensorOptions("run empty", options));
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
export function zerosLike(x: Tensor, options?: TensorOptions): Tensor {
  checkCount("run zerosLike", arguments.length, 2);
  const own = likeOptions("zerosLike", x, readTensorOptions, options);
  return constant("zerosLike", x.shape, 0, own);
}

/**
 * A tensor of ones of the shape, type and device of another, unless told otherwise. Follows
 * `torch.ones_like`.
 */
export function onesLike(x: Tensor, options?: TensorOptions): Tensor {
  checkCount("run onesLike", arguments.length, 2);
  const own = likeOptions("onesLike", x, readTensorOptions, options);
  return constant("onesLike", x.shape, 1, own);
}

/**
 * A tensor with the same value everywhere, of the shape, type and device of another, unless told
 * otherwise. Follows `torch.full_like`.
 */
export function fullLike(x: Tensor, value: number, options?: TensorOptions): Tensor {
  checkCount("run fullLike", arguments.length, 3);
  const own = likeOptions("fullLike", x, readTensorOptions, options);
  checkNumber("run fullLike", "the value", value);
  return constant("fullLike", x.shape, value, own);
}

/**
 * A tensor whose elements are still to be written, as of `empty`, of the shape, type and device of
 * another, unless told otherwise. Follows `torch.empty_like`.
 */
export function emptyLike(x: Tensor, options?: TensorOptions): Tensor {
  checkCount("run emptyLike", arguments.length, 2);
  const own = likeOptions("emptyLike", x, readTensorOptions, options);
  return constant("emptyLike", x.shape, undefined, own);
}

/** Options of `eye`. */
export interface EyeOptions extends TensorOptions {
  /** Number of columns. Default: that of the rows. */
  m?: number;
}

const readEyeOptions = optionReader<EyeOptions>({ ...TENSOR_OPTIONS, m: NUMBER });

/** The identity matrix of `n` rows and columns. Follows `torch.eye`. */
export function eye(n: number, options?: EyeOptions): Tensor;
/**
 * 1 where row and column are equal, else 0. Follows `torch.eye`.
 *
 * @param n Number of rows.
 * @param m Number of columns; may also stand in the options.
 *
 * @example Fewer rows than columns
 * ```ts
 * import { eye } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(eye(2, 3).toArray(), [[1, 0, 0], [0, 1, 0]]);
 * ```
 */
export function eye(n: number, m: number | undefined, options?: TensorOptions): Tensor;
export function eye(n: number, ...rest: unknown[]): Tensor {
  const call = "run eye";
  const { numbers, options } = splitRest<EyeOptions>(call, 1, ["m"], rest);
  const read = readEyeOptions(call, options);
  const m = once(call, "m", numbers[0], read.m) ?? n;
  checkExtent("eye", "n", n);
  checkExtent("eye", "m", m);
  const x = make("eye", [n, m], read.dtype ?? "float32", true);
  const { array, base } = x.storage;
  for (let i = 0; i < Math.min(n, m); i++) array[base + i * (m + 1)] = 1;
  return finish(x, read);
}

/** Fills a fresh tensor of floating type from a stream with a kernel. */
function draw(
  op: string,
  kernel: number,
  shape: readonly number[],
  options: RandomOptions,
): Tensor {
  const { dtype = "float32", device = "cpu", requiresGrad = false } = options;
  const { generator = defaultGenerator } = options;
  if (!isFloat(dtype)) {
    throw new DTypeError(`Cannot run ${op}: dtype must be float32 or float64, got ${dtype}`);
  }
  const backend = backendOf(op, device);
  checkShape(op, shape);
  const x = drawn(op, shape, (shape) => {
    // Refusals come before numbers are drawn.
    const x = make(op, shape, dtype, false, backend);
    if (x.size > 0) {
      const perBlock = dtype === "float32" ? 4 : 2;
      // A device without the kernel refuses to run it, and must not use up the stream.
      const blocks = backend.supports(kernel, x.storage.code) ? Math.ceil(x.size / perBlock) : 0;
      backend.run(kernel, [x], generator.take(blocks));
    }
    return x;
  });
  return requiresGrad ? x.requiresGrad_() : x;
}

const uniformKernel = kernelNumber("uniform");
const normalKernel = kernelNumber("normal");

/** Uniform random numbers in [0, 1). Follows `torch.rand`. */
export function rand(shape: readonly number[], options?: RandomOptions): Tensor {
  checkCall("rand", shape, arguments, 2);
  return draw("rand", uniformKernel, shape, readRandomOptions("run rand", options));
}

/** Normal random numbers with mean 0 and variance 1. Follows `torch.randn`. */
export function randn(shape: readonly number[], options?: RandomOptions): Tensor {
  checkCall("randn", shape, arguments, 2);
  return draw("randn", normalKernel, shape, readRandomOptions("run randn", options));
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
export function randLike(x: Tensor, options?: RandomOptions): Tensor {
  checkCount("run randLike", arguments.length, 2);
  const own = likeOptions("randLike", x, readRandomOptions, options);
  return draw("randLike", uniformKernel, x.shape, own);
}

/**
 * Normal random numbers with mean 0 and variance 1, of the shape, type and device of another tensor,
 * unless told otherwise. Follows `torch.randn_like`.
 *
 * @throws {DTypeError} If the type is not floating.
 */
export function randnLike(x: Tensor, options?: RandomOptions): Tensor {
  checkCount("run randnLike", arguments.length, 2);
  const own = likeOptions("randnLike", x, readRandomOptions, options);
  return draw("randnLike", normalKernel, x.shape, own);
}

/** The integers 0 to n - 1 in random order, int32 by default. Follows `torch.randperm`. */
export function randperm(n: number, options?: RandomOptions): Tensor {
  checkCount("run randperm", arguments.length, 2);
  checkExtent("randperm", "n", n);
  checkShape("randperm", [n]);
  const read = readRandomOptions("run randperm", options);
  const { generator = defaultGenerator, dtype = "int32", device = "cpu" } = read;
  backendOf("randperm", device);
  const order = drawn("randperm", [n], (shape) => {
    const rows = shape.slice(0, -1);
    const orders = Array.from({ length: sizeOf(rows) }, () => [...generator.permutation(n)]);
    return tensorOver(Int32Array.from(orders.flat()), shape);
  });
  return finish(order.to({ dtype }), read);
}
