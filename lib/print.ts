/** How tensors are shown: nested arrays, and a shortened text. */

import type { DType, TypedArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** A number, or arrays of them, nested as deep as a tensor has dimensions. */
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

const EDGE = 3;
/** Tensors with more elements are shown without their middle. */
const LONG = 1000;

function formatNumber(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "int32" || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(5)));
}

/** A matrix of numbers in brackets, its middle left out where it is long. */
export function formatTensor(data: TypedArray, shape: Shape, dtype: DType): string {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const short = data.length > LONG;
  const cells: string[] = [];
  const visible = (axis: number): (number | null)[] => {
    const extent = shape[axis]!;
    const range = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => from + i);
    if (shape.includes(0)) return [];
    if (!short || extent <= 2 * EDGE) return range(0, extent);
    return [...range(0, EDGE), null, ...range(extent - EDGE, extent)];
  };
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) cells.push(formatNumber(data[at]!, dtype));
    else {
      for (const i of visible(axis)) if (i !== null) collect(axis + 1, at + i * strides[axis]!);
    }
  };
  collect(0, 0);
  const width = Math.max(0, ...cells.map((cell) => cell.length));
  let next = 0;
  const build = (axis: number, indent: string): string => {
    if (axis === shape.length) return cells[next++]!.padStart(shape.length === 0 ? 0 : width);
    const parts = visible(axis).map((i) => i === null ? "..." : build(axis + 1, indent + " "));
    const separator = axis === shape.length - 1
      ? ", "
      : "," + "\n".repeat(shape.length - 1 - axis) + indent + " ";
    return `[${parts.join(separator)}]`;
  };
  return build(0, "");
}
