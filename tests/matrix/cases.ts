/** What a case of a structural op is. */

import type { DType, Tensor } from "../../mod.ts";
import type { Plain } from "./samples.ts";

/** An input of a case: random elements of each type that is tried, or what is given here. */
export interface CaseInput {
  readonly shape: readonly number[];
  /** Elements in place of random ones. */
  readonly data?: readonly number[];
  /** The only type of this input, for indices and conditions; such inputs are not differentiated. */
  readonly dtype?: DType;
}

/** One way to call an op. */
export interface OpCase {
  /** What it tries, for the name of the test. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly reference: (...inputs: Plain[]) => Plain | readonly Plain[];
  /** Types of the inputs that are tried. Default: all. */
  readonly dtypes?: readonly DType[];
  /** Types of the results. Default: that of the inputs. */
  readonly results?: (dtype: DType) => DType | readonly DType[];
  /** Number of terms that a result adds up; 0, the default, for exact results. */
  readonly terms?: number;
  /** Whether gradients exist and are checked. Default: true. */
  readonly differentiable?: boolean;
}

/** A call that must fail. */
export interface ErrorCase {
  readonly name: string;
  readonly call: () => unknown;
  /** Class of the error. */
  readonly error: new (message: string) => Error;
  /** Parts of its message, the name of the op among them. */
  readonly message: readonly string[];
}

/** Shorthand for an input of random elements. */
export function random(...shape: number[]): CaseInput {
  return { shape };
}

/** Shorthand for int32 positions. */
export function positions(shape: readonly number[], data: readonly number[]): CaseInput {
  return { shape, data, dtype: "int32" };
}

/** Shorthand for a bool mask. */
export function mask(shape: readonly number[], data: readonly number[]): CaseInput {
  return { shape, data, dtype: "bool" };
}

/** The floating types. */
export const FLOATS: readonly DType[] = ["float32", "float64"];

/** The types of numbers. */
export const NUMBERS: readonly DType[] = ["float32", "float64", "int32"];
