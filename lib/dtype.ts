/** Element types: their arrays, their order of promotion and what numbers become beside them. */

import { DTypeError } from "./errors.ts";

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

/** The type whose elements a typed array holds. */
export function dtypeOfArray(array: TypedArray): DType {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Int32Array) return "int32";
  return "bool";
}

/** Refuses anything that is not one of the four names. */
export function checkDType(op: string, dtype: unknown): DType {
  if (typeof dtype === "string" && Object.hasOwn(CODES, dtype)) return dtype as DType;
  throw new DTypeError(
    `Cannot run ${op}: dtype must be one of ${DTYPES.join(", ")}, got ${Deno.inspect(dtype)}`,
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
