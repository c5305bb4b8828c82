/** Tensors as nested arrays, and as short text that shows what it omits. */

import type { DType, TypedArray } from "../core/dtype.ts";
import { largest, smallest } from "../core/lists.ts";
import type { Shape } from "../core/shape.ts";

/** A number, or arrays of numbers, nested as deep as a tensor has dimensions. */
export type NestedArray = number | boolean | NestedArray[];

/** Elements in row-major order under a shape as nested arrays. */
export function toNested(data: TypedArray, shape: Shape, dtype: DType): NestedArray {
  let next = 0;
  const build = (axis: number): NestedArray => {
    if (axis === shape.length) {
      const value = data[next++]!;
      return dtype === "bool" ? value !== 0 : value;
    }
    return Array.from({ length: shape[axis]! }, () => build(axis + 1));
  };
  return build(0);
}

/** Columns of a line. */
const WIDTH = 88;
const EDGE = 3;
/** Tensors with more elements are abbreviated. */
export const LONG = 1000;
/** Digits after the point, at most. */
const DIGITS = 4;

/** Numbers as cells of a table, and whether one of them was rounded. */
interface Cells {
  readonly texts: readonly string[];
  readonly rounded: boolean;
}

/** Writes numbers with the fewest digits that distinguish them, or with `DIGITS` if these do not. */
function writeWith(
  values: readonly number[],
  dtype: DType,
  text: (value: number, digits: number) => string,
): Cells {
  const typed = dtype === "float32" ? Math.fround : Number;
  for (let digits = 0;; digits++) {
    const texts = values.map((value) => {
      if (!Number.isFinite(value)) return String(value);
      return `${Object.is(value, -0) ? "-" : ""}${text(value, digits)}`;
    });
    const rounded = values.some((value, i) => !Object.is(typed(Number(texts[i])), value));
    if (!rounded || digits === DIGITS) return { texts, rounded };
  }
}

/** All numbers in one format, so that decimal points align: fixed, or with exponents. */
export function formatNumbers(values: readonly number[], dtype: DType): Cells {
  if (dtype === "bool") {
    return { texts: values.map((value) => String(value !== 0)), rounded: false };
  }
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const [least, most] = [smallest(sizes), largest(sizes)];
  const whole = sizes.every(Number.isInteger);
  if (most < (whole ? 1e16 : 1e8) || sizes.length === 0) {
    const cells = writeWith(values, dtype, (value, digits) => value.toFixed(digits));
    const tell = least >= 10 ** -DIGITS && most / least <= 1000;
    if (!cells.rounded || tell) return cells;
  }
  return writeWith(values, dtype, (value, digits) => value.toExponential(digits));
}

/** The numbers of one dimension that are shown, null for those left out. */
export function visible(extent: number, short: boolean): (number | null)[] {
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  if (!short || extent <= 2 * EDGE) return range(0, extent);
  return [...range(0, EDGE), null, ...range(extent - EDGE, extent)];
}

/** Joins cells by commas, in as many lines as they need. */
function wrap(parts: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : `${line}, ${part}`;
    // A comma or a bracket follows.
    if (line !== "" && indent.length + longer.length >= WIDTH) {
      lines.push(line);
      line = part;
    } else line = longer;
  }
  return [...lines, line].join(`,\n${indent}`);
}

/**
 * A tensor as text: `tensor(numbers, notes)`. All numbers have the same number of decimals, at most four;
 * the note "rounded" says that some have more. Long tensors are abbreviated, long rows are wrapped.
 */
export function formatTensor(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
  notes: readonly string[],
): string {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const short = data.length > LONG;
  const shown = shape.map((extent) => data.length === 0 ? [] : visible(extent, short));
  const values: number[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) values.push(data[at]!);
    else for (const i of shown[axis]!) if (i !== null) collect(axis + 1, at + i * strides[axis]!);
  };
  collect(0, 0);
  const { texts, rounded } = formatNumbers(values, dtype);
  const width = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const start = "tensor(";
  let next = 0;
  const build = (axis: number): string => {
    if (axis === shape.length) return texts[next++]!.padStart(shape.length === 0 ? 0 : width);
    const indent = " ".repeat(start.length + axis + 1);
    const parts = shown[axis]!.map((i) => i === null ? "..." : build(axis + 1));
    return axis === shape.length - 1
      ? `[${wrap(parts, indent)}]`
      : `[${parts.join(`,${"\n".repeat(shape.length - 1 - axis)}${indent}`)}]`;
  };
  const numbers = `${start}${build(0)},`;
  const end = `${[...notes, ...rounded ? ["rounded"] : []].join(", ")})`;
  const last = numbers.length - (numbers.lastIndexOf("\n") + 1);
  const space = last + 1 + end.length <= WIDTH ? " " : `\n${" ".repeat(start.length)}`;
  return `${numbers}${space}${end}`;
}
