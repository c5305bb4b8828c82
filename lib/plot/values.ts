/** The data of pictures: numbers in tensors, typed arrays or plain arrays. */

import { isTypedArray, type TypedArray } from "../core/dtype.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { isListOf, isPlainObject, type Kind, kind, NUMBER, shown } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A list of numbers; a tensor of any shape is read in row-major order. */
export type Values = Tensor | TypedArray | readonly number[];

/** A matrix of numbers: a tensor of shape [rows, columns], or an array of rows. */
export type Matrix = Tensor | readonly (TypedArray | readonly number[])[];

/** Whether a value is a list of numbers, whatever their values. */
function isValues(value: unknown): value is Values {
  return isTensor(value) || isTypedArray(value) ||
    isListOf(value, NUMBER.accepts);
}

/** The kind of a list of numbers. */
export const VALUES: Kind = kind("a tensor or an array of numbers", isValues);

/** The kind of a list of numbers, or of a record of lists. */
const NAMED: Kind = kind(
  "a tensor, an array of numbers, or a record of such by name",
  (value) => isValues(value) || (isPlainObject(value) && Object.values(value).every(isValues)),
);

function wrong(call: string, name: string, { needed }: Kind, value: unknown): TypeError {
  return new TypeError(`Cannot ${call}: ${name} must be ${needed}, got ${shown(value)}`);
}

/** The last word of a call, which names the function. */
function opOf(call: string): string {
  return call.slice(call.lastIndexOf(" ") + 1);
}

/** The numbers, finite or not; at least one. */
export function anyNumbersOf(call: string, name: string, values: Values): number[] {
  if (!isValues(values)) throw wrong(call, name, VALUES, values);
  const numbers = Array.from(isTensor(values) ? elementsOf(values, opOf(call)) : values);
  if (numbers.length > 0) return numbers;
  throw new RangeError(`Cannot ${call}: ${name} must have at least one number, got none`);
}

/** Refuses numbers so far apart that an axis over them has no length. */
function spanned(call: string, name: string, numbers: number[]): number[] {
  const [least, largest] = extentOf(numbers);
  if (Number.isFinite(largest - least)) return numbers;
  throw new RangeError(
    `Cannot ${call}: ${name} must lie within ${Number.MAX_VALUE} of each other, got ${least} and ` +
      `${largest}`,
  );
}

/** The numbers, all finite; at least one. */
export function numbersOf(call: string, name: string, values: Values): number[] {
  const numbers = anyNumbersOf(call, name, values);
  const at = numbers.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return spanned(call, name, numbers);
  throw new RangeError(
    `Cannot ${call}: ${name} must be finite, got ${numbers[at]} at index ${at}`,
  );
}

/** The smallest and the largest of numbers, which may be more than a call can take. */
export function extentOf(numbers: readonly number[]): readonly [least: number, largest: number] {
  return numbers.reduce<readonly [number, number]>(
    ([least, largest], value) => [Math.min(least, value), Math.max(largest, value)],
    [Infinity, -Infinity],
  );
}

/** The series of a record, or one without a name. */
export function seriesOf(
  call: string,
  name: string,
  given: Values | Readonly<Record<string, Values>>,
): [label: string | undefined, numbers: number[]][] {
  if (isValues(given)) return [[undefined, numbersOf(call, name, given)]];
  if (!NAMED.accepts(given)) throw wrong(call, name, NAMED, given);
  const series = Object.entries(given);
  if (series.length > 0) {
    const found = series.map(([label, own]): [string, number[]] => [
      label,
      numbersOf(call, `${name}.${label}`, own),
    ]);
    spanned(call, `the numbers of ${name}`, found.flatMap(([, own]) => own));
    return found;
  }
  throw new RangeError(`Cannot ${call}: ${name} must have at least one series, got none`);
}

/** Refuses a list of a different length. */
export function checkLengths(
  call: string,
  name: string,
  other: string,
  length: number,
  needed: number,
): void {
  if (length === needed) return;
  throw new ShapeError(
    `Cannot ${call}: ${name} must have the length of ${other}, got ${length} and ${needed}`,
    [[length], [needed]],
  );
}

const MATRIX: Kind = kind(
  "a tensor or an array of rows of numbers",
  (value) => isTensor(value) || isListOf(value, isValues),
);

/** The rows of a matrix, of equal length and all finite. */
export function rowsOf(call: string, name: string, matrix: Matrix): number[][] {
  if (!MATRIX.accepts(matrix)) throw wrong(call, name, MATRIX, matrix);
  if (!isTensor(matrix)) {
    if (matrix.length === 0) {
      throw new RangeError(`Cannot ${call}: ${name} must have at least one row, got none`);
    }
    const rows = matrix.map((row, i) => numbersOf(call, `row ${i} of ${name}`, row));
    const width = rows[0]?.length ?? 0;
    rows.forEach((row, i) =>
      checkLengths(call, `the numbers of row ${i} of ${name}`, "those of row 0", row.length, width)
    );
    spanned(call, `the numbers of ${name}`, rows.flat());
    return rows;
  }
  const [height = 0, width = 0] = matrix.shape;
  if (matrix.ndim !== 2) {
    throw new ShapeError(
      `Cannot ${call}: ${name} must have the shape [rows, columns], got ${showShape(matrix.shape)}`,
      [matrix.shape],
    );
  }
  const numbers = numbersOf(call, name, matrix);
  return Array.from({ length: height }, (_, i) => numbers.slice(i * width, (i + 1) * width));
}
