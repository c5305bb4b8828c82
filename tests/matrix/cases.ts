/** The form of a case of a structural op, and its inputs. */

import type { DType, Tensor } from "../../mod.ts";
import { type Plain, sample, tensorOf } from "../common/samples.ts";

/** An input of a case: random elements of each tested type, or the given ones. */
export interface CaseInput {
  readonly shape: readonly number[];
  /** Elements to use instead of random ones. */
  readonly data?: readonly number[];
  /** The only type of this input, such as indices and conditions; it is not differentiated. */
  readonly dtype?: DType;
}

/** A way to call an op. */
export interface OpCase {
  /** What it tests, for the name of the test. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly reference: (...inputs: Plain[]) => Plain | readonly Plain[];
  /** The tested types of the inputs. Default: all. */
  readonly dtypes?: readonly DType[];
  /** The types of the results. Default: those of the inputs. */
  readonly results?: (dtype: DType) => DType | readonly DType[];
  /** Number of terms that a result sums; 0, the default, for exact results. */
  readonly terms?: number;
  /** Whether to check gradients. Default: true. */
  readonly differentiable?: boolean;
}

/** A call that must fail. */
export interface ErrorCase {
  readonly name: string;
  readonly call: () => unknown;
  /** The class of the error. */
  readonly error: new (message: string) => Error;
  /** Parts of its message, including the name of the op. */
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

export const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** The floating types. */
export const FLOATS: readonly DType[] = ["float32", "float64"];

/** The types of numbers. */
export const NUMBERS: readonly DType[] = ["float32", "float64", "int32"];

/** The types of a case's inputs; those that are not fixed have the given one. */
export function typesOf(one: Pick<OpCase, "inputs">, dtype: DType): DType[] {
  return one.inputs.map((input) => input.dtype ?? dtype);
}

/** The elements of a case's inputs. */
export function plainInputs(one: Pick<OpCase, "name" | "inputs">, dtype: DType): Plain[] {
  return one.inputs.map(({ shape, data, dtype: own }, i) =>
    data === undefined ? sample(`${one.name} ${i}`, shape, own ?? dtype) : { shape, data }
  );
}

/** A case's inputs. */
export function inputsOf(one: Pick<OpCase, "name" | "inputs">, dtype: DType): Tensor[] {
  const types = typesOf(one, dtype);
  return plainInputs(one, dtype).map((input, i) => tensorOf(input, types[i]!));
}

/** Whether a case has gradients to check. */
export function isDifferentiable(one: OpCase): boolean {
  return one.differentiable !== false && one.inputs.some((input) => input.dtype === undefined);
}
