/** Element types: their arrays, their promotion, and the type that a number takes beside them. */

/** Element type of a tensor. */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The array that holds elements of some type; bool is kept as bytes 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The properties of an element type. */
interface Descriptor {
  readonly name: DType;
  /** Bytes of an element. */
  readonly size: number;
  /** The class of arrays that hold elements. */
  readonly Array: new (size: number | TypedArray) => TypedArray;
  /** For promotion: the higher category wins, and within one the higher rank. */
  readonly category: "bool" | "integer" | "float";
  readonly rank: number;
  /** An element as its array holds it. */
  readonly store: (value: number) => number;
  /** Distance from 1 to the next number, and the largest one, of floating types. */
  readonly epsilon?: number;
  readonly largest?: number;
}

/** The types; the index of each is its code in the frame, as in `rust/src/dtype.rs`. */
const TABLE: readonly Descriptor[] = [
  {
    name: "float32",
    size: 4,
    Array: Float32Array,
    category: "float",
    rank: 2,
    store: Number,
    epsilon: 2 ** -23,
    largest: (2 - 2 ** -23) * 2 ** 127,
  },
  {
    name: "float64",
    size: 8,
    Array: Float64Array,
    category: "float",
    rank: 3,
    store: Number,
    epsilon: Number.EPSILON,
    largest: Number.MAX_VALUE,
  },
  { name: "int32", size: 4, Array: Int32Array, category: "integer", rank: 1, store: Number },
  {
    name: "bool",
    size: 1,
    Array: Uint8Array,
    category: "bool",
    rank: 0,
    store: (value) => Number(value !== 0),
  },
];

/** The types by code. */
export const DTYPES: readonly DType[] = TABLE.map(({ name }) => name);

/** Bytes of an element, by code. */
export const SIZES: readonly number[] = TABLE.map(({ size }) => size);

function byName<T>(of: (descriptor: Descriptor, code: number) => T): Readonly<Record<DType, T>> {
  return Object.fromEntries(TABLE.map((row, code) => [row.name, of(row, code)])) as Record<
    DType,
    T
  >;
}

/** Code of each type. */
export const CODES: Readonly<Record<DType, number>> = byName((_, code) => code);

const DESCRIPTORS = byName((row) => row);

/** Whether gradients exist for the type. */
export function isFloat(dtype: DType): boolean {
  return DESCRIPTORS[dtype].category === "float";
}

/** Distance from 1 to the next number of a floating type. */
export function epsilonOf(dtype: DType): number {
  return DESCRIPTORS[dtype].epsilon!;
}

/** The largest number of a floating type. */
export function largestOf(dtype: DType): number {
  return DESCRIPTORS[dtype].largest!;
}

/** A number as elements of a type are held. */
export function stored(value: number, dtype: DType): number {
  return DESCRIPTORS[dtype].store(value);
}

/** Makes a zeroed array for a type code. */
export function newArray(code: number, size: number): TypedArray {
  return new TABLE[code]!.Array(size);
}

/** The intrinsic getter of a property, which a user's object cannot override. */
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

/** The name of a typed array's class; undefined for anything else. */
export function tagOf(value: unknown): string | undefined {
  return readTag.call(value) as string | undefined;
}

const CODES_BY_TAG: ReadonlyMap<string | undefined, number> = new Map(
  TABLE.map((row, code) => [row.Array.name, code]),
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
 * An array that can back a tensor: the given one, or a copy if its memory may shrink or other threads
 * may write to it. Refuses detached memory.
 */
export function lastingArray(op: string, array: TypedArray): TypedArray {
  const code = CODES_BY_TAG.get(tagOf(array));
  if (code === undefined) {
    const names = TABLE.map((row) => row.Array.name).join(", ");
    throw new TypeError(`Cannot run ${op}: an array must be ${names}, got ${tagOf(array)}`);
  }
  const buffer = readBuffer.call(array) as ArrayBufferLike;
  if (!(buffer instanceof ArrayBuffer) || buffer.resizable) return new TABLE[code]!.Array(array);
  if (buffer.detached) {
    throw new TypeError(`Cannot run ${op}: the memory of the array was transferred`);
  }
  return array;
}

/** Refuses a number outside a type's range; fractions are truncated. */
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
  const [left, right] = [DESCRIPTORS[a], DESCRIPTORS[b]];
  const higher = left.rank >= right.rank ? a : b;
  if ((aRank === 0) === (bRank === 0) || left.category !== right.category) return higher;
  return aRank === 0 ? b : a;
}

/** The type that a JavaScript number takes beside a tensor; it never changes a floating one. */
export function dtypeOfNumber(value: number, beside: DType): DType {
  if (isFloat(beside)) return beside;
  return (value | 0) === value ? "int32" : "float32";
}
