/** Tensors from numbers and from arrays. */

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
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  DEVICE,
  FLAG,
  NUMBER,
  optionReader,
  shown,
  TENSOR_OPTIONS,
} from "../core/options.ts";
import { checkRoom, checkShape, sizeOf } from "../core/shape.ts";
import type { Device } from "../device/backend.ts";
import { backendOf } from "../device/devices.ts";
import { tensorOver } from "../ops/define/record.ts";
import {
  checkCall,
  checkExtent,
  finish,
  likeOptions,
  make,
  noShape,
  once,
  readTensorOptions,
  splitRest,
  write,
} from "./fresh.ts";
import { checkTypedArray, readNested } from "./nested.ts";
import type { NestedArray } from "./print.ts";
import type { Tensor } from "./tensor.ts";

/** Options of the functions that create tensors. */
export interface TensorOptions {
  /** Element type. Default: "float32", or that of the data or the range. */
  dtype?: DType;
  /** Device. Default: "cpu". */
  device?: Device;
  /** Whether ops on the tensor are recorded. Default: false. */
  requiresGrad?: boolean;
}

/** What `tensor` takes. */
export type TensorData = NestedArray | readonly NestedArray[] | TypedArray;

/**
 * A tensor with a copy of the data. Follows `torch.tensor`, but numbers always give float32.
 *
 * As int32, numbers are truncated; those out of range, and NaN, are refused. As bool, every number but 0
 * is true.
 *
 * @param data A number, nested arrays of numbers or booleans, or a typed array, whose element type is
 * kept (Uint8Array: bool).
 * @returns A tensor with as many dimensions as the arrays are deep.
 * @throws {ShapeError} If nested arrays differ in length or depth.
 * @throws {RangeError} If a number is out of the range of int32.
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
    `Cannot make a tensor: pass the data as one argument, as in tensor([${form}]), got ` +
      `${given.length} arguments`,
  );
}

const readAdoption = optionReader<Omit<TensorOptions, "dtype">>({
  device: DEVICE,
  requiresGrad: FLAG,
});

/**
 * A tensor over a typed array, without copying: changes to one show in the other. Memory that may shrink
 * (of a resizable buffer) or that other threads may write to (a SharedArrayBuffer) is copied. So is a
 * Uint8Array with bytes other than 0 and 1, which become 1, as the elements of bool tensors are 0 and 1.
 *
 * @param data The elements in row-major order; Uint8Array: bool.
 * @param shape Extents whose product is the array's length.
 *
 * @example Shared memory
 * ```ts
 * import { fromTypedArray } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const data = Float32Array.of(1, 2, 3, 4);
 * const x = fromTypedArray(data, [2, 2]);
 * data[0] = 5;
 * assertEquals(x.toArray(), [[5, 2], [3, 4]]);
 * ```
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

/** A tensor with one value everywhere, made on its device; undefined for any value. */
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

/**
 * A tensor of zeros. Follows `torch.zeros`.
 *
 * @example A matrix
 * ```ts
 * import { zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zeros([2, 2]).toArray(), [[0, 0], [0, 0]]);
 * ```
 */
export function zeros(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("zeros", shape, arguments, 2);
  return constant("zeros", shape, 0, readTensorOptions("run zeros", options));
}

/**
 * A tensor of ones. Follows `torch.ones`.
 *
 * @example Integers
 * ```ts
 * import { ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ones([2], { dtype: "int32" }).dtype, "int32");
 * ```
 */
export function ones(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("ones", shape, arguments, 2);
  return constant("ones", shape, 1, readTensorOptions("run ones", options));
}

/**
 * A tensor with the same value everywhere. Follows `torch.full`, but is float32 by default.
 *
 * @throws {RangeError} If the type is int32 and the value is out of its range.
 *
 * @example One value
 * ```ts
 * import { full } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(full([2], 7).toArray(), [7, 7]);
 * ```
 */
export function full(shape: readonly number[], value: number, options?: TensorOptions): Tensor {
  if (!Array.isArray(shape)) throw noShape("full", shape, [], "");
  checkCount("run full", arguments.length, 3);
  checkNumber("run full", "the value", value);
  return constant("full", shape, value, readTensorOptions("run full", options));
}

/**
 * A tensor with uninitialised elements: zeros, or what the memory held before. Follows `torch.empty`.
 *
 * @example To be filled
 * ```ts
 * import { empty } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = empty([2]);
 * x.fill_(3);
 * assertEquals(x.toArray(), [3, 3]);
 * ```
 */
export function empty(shape: readonly number[], options?: TensorOptions): Tensor {
  checkCall("empty", shape, arguments, 2);
  return constant("empty", shape, undefined, readTensorOptions("run empty", options));
}

/**
 * A tensor of zeros of the shape, type and device of another, unless the options say otherwise. Follows
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
 * A tensor of ones of the shape, type and device of another, unless the options say otherwise. Follows
 * `torch.ones_like`.
 *
 * @example Same shape
 * ```ts
 * import { onesLike, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(onesLike(tensor([[1, 2]])).toArray(), [[1, 1]]);
 * ```
 */
export function onesLike(x: Tensor, options?: TensorOptions): Tensor {
  checkCount("run onesLike", arguments.length, 2);
  const own = likeOptions("onesLike", x, readTensorOptions, options);
  return constant("onesLike", x.shape, 1, own);
}

/**
 * A tensor with the same value everywhere, of the shape, type and device of another, unless the options
 * say otherwise. Follows `torch.full_like`.
 *
 * @example Same shape
 * ```ts
 * import { fullLike, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fullLike(tensor([[1, 2]]), 5).toArray(), [[5, 5]]);
 * ```
 */
export function fullLike(x: Tensor, value: number, options?: TensorOptions): Tensor {
  checkCount("run fullLike", arguments.length, 3);
  const own = likeOptions("fullLike", x, readTensorOptions, options);
  checkNumber("run fullLike", "the value", value);
  return constant("fullLike", x.shape, value, own);
}

/**
 * A tensor with uninitialised elements, of the shape, type and device of another, unless the options say
 * otherwise. Follows `torch.empty_like`.
 *
 * @example Same shape
 * ```ts
 * import { emptyLike, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(emptyLike(tensor([[1, 2]])).shape, [1, 2]);
 * ```
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
 * @param m Number of columns; may also be an option.
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
