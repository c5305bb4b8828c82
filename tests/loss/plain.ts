/** What the rows of losses share: samples, and sums in plain numbers. */

import { type Tensor, tensor } from "../../mod.ts";
import { count, sample, tensorOf, valuesOf } from "../common/samples.ts";
import type { Refusal } from "./row.ts";

/** Random numbers that have a gradient. */
export const double = (
  name: string,
  shape: readonly number[],
  range?: readonly [number, number],
): Tensor => tensorOf(sample(name, shape, "float64", range), "float64").requiresGrad_();

/** Given numbers that have a gradient. */
export const leaf = (data: Parameters<typeof tensor>[0]): Tensor =>
  tensor(data, { dtype: "float64", requiresGrad: true });

/** Whole numbers. */
export const int32 = (
  data: readonly number[],
  shape: readonly number[] = [data.length],
): Tensor => tensorOf({ shape, data }, "int32");

/** Zeros and ones by turns. */
export const bits = (shape: readonly number[]): Tensor =>
  tensorOf(
    { shape, data: Array.from({ length: count(shape) }, (_, i) => Number(i % 3 === 0)) },
    "float64",
  );

/** The sum. */
export const sumOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0);

/** The elements in pieces of the same length. */
export function pieces(x: Tensor, length: number): number[][] {
  const values = valuesOf(x);
  return Array.from(
    { length: length === 0 ? 0 : values.length / length },
    (_, i) => values.slice(i * length, (i + 1) * length),
  );
}

/** ln Σ eˣ. */
export function logSumExp(row: readonly number[]): number {
  const most = Math.max(...row);
  return most + Math.log(sumOf(row.map((x) => Math.exp(x - most))));
}

/** All reductions. */
export const REDUCTIONS = ["mean", "sum", "none"] as const;

/** What every loss refuses. */
export const WORD: Refusal = {
  options: { reduction: "average" },
  error: TypeError,
  says: '"mean", "sum" or "none"',
};

/** What a number that must be positive refuses. */
export const positive = (key: string): Refusal[] =>
  [0, -1, Infinity, NaN].map((value) => ({
    options: { [key]: value },
    error: RangeError,
    says: `${key} must be positive and finite, got ${value}`,
  }));
