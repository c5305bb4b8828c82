/** Building blocks of calls that must fail. */

import { assert, assertStrictEquals, assertThrows } from "@std/assert";
import * as adjoint from "../../mod.ts";
import { DTypeError, type Tensor, tensor, zeros } from "../../mod.ts";
import type { ErrorCase } from "./cases.ts";

/** A number without dimensions. */
export const scalar: Tensor = tensor(1);
/** Three numbers. */
export const vector: Tensor = tensor([1, 2, 3]);
/** Two rows of three zeros. */
export const matrix: Tensor = zeros([2, 3]);
/** Positions 0 and 1. */
export const index: Tensor = tensor([0, 1], { dtype: "int32" });
/** The largest int32, twice: neither their sum nor their product is an int32. */
export const large: Tensor = tensor([2 ** 31 - 1, 2 ** 31 - 1], { dtype: "int32" });
/** int32 whose product exceeds float64 too. */
export const huge: Tensor = tensor(new Array(40).fill(2 ** 30), { dtype: "int32" });
/** Three bool elements. */
export const bools: Tensor = tensor([true, false, true]);
/** Two empty rows. */
export const empty: Tensor = zeros([2, 0]);

/** Half of the most elements that a tensor may have. */
export const HALF: number = 2 ** 30;
/** The most elements that a tensor may have. */
export const MOST: number = 2 ** 31 - 1;

/** A view with many elements that takes no memory. */
export function wide(...shape: number[]): Tensor {
  return adjoint.expand(scalar, shape);
}

/** The library without types, for calls that do not compile. */
// deno-lint-ignore no-explicit-any
export const untyped: any = adjoint;
/** `matrix` without types, for the same. */
// deno-lint-ignore no-explicit-any
export const untypedMatrix: any = matrix;

/** A call that must fail with an error of a given class. */
export function bad(
  name: string,
  error: ErrorCase["error"],
  call: () => unknown,
  ...message: string[]
): ErrorCase {
  return { name, error, call, message };
}

/** Several tables as one; an op that is in two of them has the calls of both. */
export function joined<Name extends string>(
  ...tables: readonly Readonly<Partial<Record<Name, readonly ErrorCase[]>>>[]
): Record<Name, readonly ErrorCase[]> {
  const all: Partial<Record<Name, readonly ErrorCase[]>> = {};
  for (const table of tables) {
    for (const name of Object.keys(table) as Name[]) {
      all[name] = [...all[name] ?? [], ...table[name] ?? []];
    }
  }
  return all as Record<Name, readonly ErrorCase[]>;
}

/**
 * Fails unless each call throws an error of its class whose message contains the op and all parts.
 */
export function assertRefuses(op: string, cases: readonly ErrorCase[]): void {
  assert(cases.length > 0);
  for (const { name, call, error, message } of cases) {
    const thrown = assertThrows(call, Error, undefined, `${op}(): ${name}`);
    assertStrictEquals(thrown.constructor, error, `${op}(): ${name}: ${thrown}`);
    for (const part of [op, ...message]) {
      assert(thrown.message.includes(part), `${op}(): ${name}: no "${part}" in ${thrown.message}`);
    }
  }
}

/** Calls with an input that is not a tensor. */
export function notTensor(call: (x: Tensor) => unknown): ErrorCase {
  const refused = { shape: [2, 3] } as unknown as Tensor;
  return bad("not a tensor", TypeError, () => call(refused), "must be a tensor");
}

/** The name of a case of `badDims` that some ops refuse in another way, or not at all. */
export const SCALAR = "dim of a scalar";

/** Dimensions that a tensor with two dimensions does not have. */
export function badDims(call: (x: Tensor, dim: number) => unknown): ErrorCase[] {
  return [
    ...[2, -3, 0.5, NaN].map((dim) =>
      bad(`dim ${dim}`, RangeError, () => call(matrix, dim), "-2 to 1", `got ${dim}`)
    ),
    bad(SCALAR, RangeError, () => call(scalar, 1), "im"),
    notTensor((x) => call(x, 0)),
  ];
}

/** Calls with positions that are refused. */
export function badPositions(call: (x: Tensor, positions: Tensor) => unknown): ErrorCase[] {
  const given = (...list: number[]) => tensor(list, { dtype: "int32" });
  return [
    bad("position 3 of 3", RangeError, () => call(vector, given(0, 3)), "index 3", "out of range"),
    bad("position -1", RangeError, () => call(vector, given(-1)), "index -1", "out of range"),
    bad("float32 positions", DTypeError, () => call(vector, tensor([1])), "int32", "float32"),
    bad("bool positions", DTypeError, () => call(vector, bools), "int32", "bool"),
    bad("no positions", TypeError, () => call(vector, [0] as unknown as Tensor), "tensor"),
    notTensor((x) => call(x, index)),
  ];
}
