/** Element types in files, and the tensors that hold their elements. */

import { CODES, type DType, type TypedArray } from "../core/dtype.ts";
import { showShape } from "../core/errors.ts";
import { checkRoom, MAX_RANK, MAX_SIZE, sizeOf } from "../core/shape.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Source } from "./source.ts";

/** An element type in files. */
interface Stored {
  /** The number of bytes of an element. */
  readonly bytes: number;
  /** The tensor type that holds the elements. */
  readonly dtype: DType;
  /** The elements, or the place of the first one that does not fit that type. */
  readonly decode: (bytes: ArrayBuffer) => TypedArray | { readonly misfit: number };
}

/** Integers, which int32 may or may not hold. */
function narrowed(
  bytes: ArrayBuffer,
  words: number,
  fits: (low: number, high: number) => boolean,
): Int32Array | { misfit: number } {
  const from = new Int32Array(bytes);
  const to = new Int32Array(from.length / words);
  for (let i = 0; i < to.length; i++) {
    const [low, high] = [from[i * words] as number, from[i * words + 1] as number];
    if (!fits(low, high)) return { misfit: i };
    to[i] = low;
  }
  return to;
}

/** Brain floats, the upper halves of float32. */
function widenedBrain(bytes: ArrayBuffer): Float32Array {
  const from = new Uint16Array(bytes);
  const to = new Uint32Array(from.length);
  from.forEach((half, i) => to[i] = half << 16);
  return new Float32Array(to.buffer);
}

const STORED = {
  bool: {
    bytes: 1,
    dtype: "bool",
    decode: (bytes) => {
      const array = new Uint8Array(bytes);
      const misfit = array.findIndex((byte) => byte > 1);
      return misfit === -1 ? array : { misfit };
    },
  },
  uint8: { bytes: 1, dtype: "int32", decode: (bytes) => new Int32Array(new Uint8Array(bytes)) },
  int8: { bytes: 1, dtype: "int32", decode: (bytes) => new Int32Array(new Int8Array(bytes)) },
  uint16: { bytes: 2, dtype: "int32", decode: (bytes) => new Int32Array(new Uint16Array(bytes)) },
  int16: { bytes: 2, dtype: "int32", decode: (bytes) => new Int32Array(new Int16Array(bytes)) },
  uint32: { bytes: 4, dtype: "int32", decode: (bytes) => narrowed(bytes, 1, (low) => low >= 0) },
  int32: { bytes: 4, dtype: "int32", decode: (bytes) => new Int32Array(bytes) },
  uint64: {
    bytes: 8,
    dtype: "int32",
    decode: (bytes) => narrowed(bytes, 2, (low, high) => high === 0 && low >= 0),
  },
  int64: {
    bytes: 8,
    dtype: "int32",
    decode: (bytes) => narrowed(bytes, 2, (low, high) => high === low >> 31),
  },
  float16: {
    bytes: 2,
    dtype: "float32",
    decode: (bytes) => new Float32Array(new Float16Array(bytes)),
  },
  bfloat16: { bytes: 2, dtype: "float32", decode: widenedBrain },
  float32: { bytes: 4, dtype: "float32", decode: (bytes) => new Float32Array(bytes) },
  float64: { bytes: 8, dtype: "float64", decode: (bytes) => new Float64Array(bytes) },
} satisfies Record<string, Stored>;

/** The name of an element type in files. */
export type StoredType = keyof typeof STORED;

/** Whether a word names an element type. */
export function isStoredType(word: string): word is StoredType {
  return Object.hasOwn(STORED, word);
}

/** The number of bytes of an element. */
export function bytesOf(type: StoredType): number {
  return STORED[type].bytes;
}

/**
 * Refuses a shape that no tensor can have, before anything is allocated for it.
 *
 * @param what Whose shape it is.
 * @returns The number of elements.
 */
export function checkedSize(
  source: Source,
  what: string,
  type: StoredType,
  shape: readonly number[],
): number {
  const bad = shape.find((extent) => !Number.isSafeInteger(extent) || extent < 0);
  if (bad !== undefined) throw source.refused(`${what} has an extent of ${bad}`);
  if (shape.length > MAX_RANK) {
    throw source.refused(
      `${what} has ${shape.length} dimensions, at most ${MAX_RANK} are supported`,
    );
  }
  // Strides matter even where an extent is 0.
  const spread = shape.reduce((product, extent) => product * (extent || 1), 1);
  if (spread > MAX_SIZE) {
    throw source.refused(`${what} has shape ${showShape(shape)}, of over 2^31 elements`);
  }
  checkRoom(shape, sizeOf(shape), CODES[STORED[type].dtype], what);
  return sizeOf(shape);
}

/** A flat tensor of the elements in bytes that nobody else holds. */
export function flatTensor(
  source: Source,
  what: string,
  type: StoredType,
  bytes: Uint8Array<ArrayBuffer>,
): Tensor {
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  const array = STORED[type].decode(whole);
  if ("misfit" in array) {
    const { misfit } = array;
    const element = bytes.subarray(misfit * bytesOf(type), (misfit + 1) * bytesOf(type));
    const bits = BigInt(`0x${element.toReversed().toHex()}`);
    const value = type === "int64" ? BigInt.asIntN(64, bits) : bits;
    throw source.refused(
      `element ${misfit} of ${what} is ${value}, which does not fit ${STORED[type].dtype}`,
    );
  }
  return fromTypedArray(array, [array.length]);
}
