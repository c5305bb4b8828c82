/** Element types: their arrays, their order of promotion and what numbers become beside them. */

/** Element type of a tensor. */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The array that holds elements of some type; bool is kept as bytes 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Code of each type in the frame, as `rust/src/dtype.rs` knows it. */
export const CODES: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int32: 2, bool: 3 };

/** The types by code. */
export const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Bytes of an element, by code. */
export const SIZES: readonly number[] = [4, 8, 4, 1];

const RANKS: Readonly<Record<DType, number>> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** Whether gradients exist for the type. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Makes a zeroed array for a type code. */
export function newArray(code: number, size: number): TypedArray {
  switch (code) {
    case 0:
      return new Float32Array(size);
    case 1:
      return new Float64Array(size);
    case 2:
      return new Int32Array(size);
    default:
      return new Uint8Array(size);
  }
}

/** How typed arrays themselves read a property, whatever somebody has given one of them. */
function intrinsic(name: string | symbol): () => unknown {
  const prototype: object = Object.getPrototypeOf(Uint8Array.prototype);
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

const readLength = intrinsic("length");
const readBuffer = intrinsic("buffer");
const readTag = intrinsic(Symbol.toStringTag);

/** Elements of a typed array; 0 if its memory was transferred. */
export function lengthOf(array: TypedArray): number {
  return readLength.call(array) as number;
}

/** The name of a typed array's class; undefined for what is none. */
export function tagOf(value: unknown): string | undefined {
  return readTag.call(value) as string | undefined;
}

const CLASSES = [Float32Array, Float64Array, Int32Array, Uint8Array] as const;
const CODES_BY_TAG: ReadonlyMap<string | undefined, number> = new Map(
  CLASSES.map(({ name }, code) => [name, code]),
);

/** Whether a value is a typed array whose elements are those of a type. */
export function isTypedArray(value: unknown): value is TypedArray {
  return CODES_BY_TAG.has(tagOf(value));
}

/** The type whose elements a typed array holds. */
export function dtypeOfArray(array: TypedArray): DType {
  return DTYPES[CODES_BY_TAG.get(tagOf(array))!]!;
}

/**
 * An array over which a tensor may lie: the given one, or a copy where its memory may shrink or other
 * threads may write it. Refuses memory that is gone.
 */
export function lastingArray(op: string, array: TypedArray): TypedArray {
  const code = CODES_BY_TAG.get(tagOf(array));
  if (code === undefined) {
    const names = CLASSES.map(({ name }) => name).join(", ");
    throw new TypeError(`Cannot run ${op}: an array must be ${names}, got ${tagOf(array)}`);
  }
  const buffer = readBuffer.call(array) as ArrayBufferLike;
  if (!(buffer instanceof ArrayBuffer) || buffer.resizable) return new CLASSES[code]!(array);
  if (buffer.detached) {
    throw new TypeError(`Cannot run ${op}: the memory of the array was transferred`);
  }
  return array;
}

/** Refuses a number that lies out of a type's range; what is after the point is cut off. */
export function checkRange(op: string, value: number, dtype: DType): void {
  if (dtype !== "int32" || (value > -2147483649 && value < 2147483648)) return;
  throw new RangeError(
    `Cannot run ${op}: ${value} is no int32, which lies in -2147483648 to 2147483647`,
  );
}

/**
 * The common type of two tensors: bool < int32 < float32 < float64, where a tensor without
 * dimensions only counts if its category (bool, integer, float) is higher.
 */
export function promote(a: DType, aRank: number, b: DType, bRank: number): DType {
  const higher = RANKS[a] >= RANKS[b] ? a : b;
  if ((aRank === 0) === (bRank === 0) || category(a) !== category(b)) return higher;
  return aRank === 0 ? b : a;
}

function category(dtype: DType): number {
  return Math.min(RANKS[dtype], 2);
}

/** The type that a JavaScript number takes beside a tensor; it never changes a floating one. */
export function dtypeOfNumber(value: number, beside: DType): DType {
  if (isFloat(beside)) return beside;
  return (value | 0) === value ? "int32" : "float32";
}
