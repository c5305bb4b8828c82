/** Pure helpers for shapes, strides, axes and broadcasting. */

import { checkList } from "./arguments.ts";
import { DTYPES, SIZES } from "./dtype.ts";
import { ShapeError, showShape } from "./errors.ts";
import { isPlainObject, shown } from "./options.ts";

/** Extents of the dimensions of a tensor. */
export type Shape = readonly number[];

/** The largest number of dimensions, as `rust/src/layout.rs` has it. */
export const MAX_RANK = 8;

/** Elements of one tensor, and the largest extent and stride: they are 32-bit in the frame. */
export const MAX_SIZE = 0x7fffffff;

/** Extent of a dimension that the caller knows to be there; negative ones count from the end. */
export function extentAt(shape: Shape, dim: number): number {
  return shape.at(dim)!;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

/** Refuses negative, fractional and oversized extents. */
export function checkShape(op: string, shape: readonly unknown[]): asserts shape is Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`Cannot run ${op}: a shape is an array, got ${shown(shape)}`);
  }
  if (shape.length > MAX_RANK) {
    throw new ShapeError(
      `Cannot run ${op}: a tensor has at most ${MAX_RANK} dimensions, got ${shape.length}`,
    );
  }
  for (const extent of shape) {
    if (typeof extent !== "number" || !Number.isSafeInteger(extent) || extent < 0) {
      throw new ShapeError(
        `Cannot run ${op}: each dimension must be a non-negative integer, got [${
          Array.from(shape, shown).join(", ")
        }]`,
      );
    }
  }
  checkSize(op, shape);
}

/** Refuses a shape with too many elements, or whose strides are too large though it is empty. */
function checkSize(op: string, shape: Shape): void {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]! || 1;
  if (size <= MAX_SIZE) return;
  const over = shape.includes(0) ? "extents or strides over 2^31" : "over 2^31 elements";
  throw new ShapeError(`Cannot run ${op}: shape ${showShape(shape)} has ${over}`, [shape]);
}

/** Elements of a tensor at most, by code of its type: the frame holds lengths below 4 GiB. */
const MOST: readonly number[] = SIZES.map((bytes) => Math.floor((2 ** 32 - 1) / bytes));

/** Refuses elements of the type with a code that take 4 GiB or more. */
export function checkRoom(shape: Shape, size: number, code: number, what?: string): void {
  if (size > MOST[code]!) throw tooLarge(shape, code, what);
}

function tooLarge(shape: Shape, code: number, what = "a tensor"): ShapeError {
  const kind = `shape ${showShape(shape)} and type ${DTYPES[code]}`;
  return new ShapeError(`Cannot make ${what} of ${kind}: it would take 4 GiB or more`, [shape]);
}

/** Row-major strides, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Whether elements lie in row-major order without gaps. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const extent = shape[i]!;
    if (extent === 0) return true;
    if (extent === 1) continue;
    if (strides[i] !== expected) return false;
    expected *= extent;
  }
  return true;
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shape that two shapes broadcast to. */
export function broadcastShapes(op: string, a: Shape, b: Shape, what = "shapes"): Shape {
  if (b.length === 0 || sameShape(a, b)) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  let [isA, isB] = [a.length === rank, b.length === rank];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `Cannot compute ${op}: ${what} ${showShape(a)} and ${
          showShape(b)
        } do not broadcast, as dimensions from the right must be equal or 1`,
        [a, b],
      );
    }
    const extent = x === 1 ? y : x;
    shape[i] = extent;
    isA &&= extent === x;
    isB &&= extent === y;
  }
  if (isA) return a;
  if (isB) return b;
  checkSize(op, shape);
  return shape;
}

/** A dimension number between 0 and rank - 1; negative ones count from the end. */
export function normalizeDim(op: string, dim: number, rank: number, name = "dim"): number {
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    // Options come after the dimension, also where it may be left out.
    const form = isPlainObject(dim) ? `; it comes before the options, as in ${op}(0)` : "";
    throw new RangeError(
      `Cannot compute ${op}: ` +
        (rank === 0
          ? `the input must have dimensions, got ${name} ${shown(dim)} of shape []`
          : `${name} must be an integer from -${rank} to ${rank - 1}, got ${shown(dim)}${form}`),
    );
  }
  return dim < 0 ? dim + rank : dim;
}

/** The numbers of all dimensions. */
function allDims(rank: number): number[] {
  const dims = new Array<number>(rank);
  for (let i = 0; i < rank; i++) dims[i] = i;
  return dims;
}

/** The dimensions to reduce, sorted: all for `undefined`, each once. */
export function normalizeDims(
  op: string,
  dim: number | readonly number[] | undefined,
  rank: number,
): readonly number[] {
  if (dim === undefined) return allDims(rank);
  // What is no list is refused as a dimension.
  const given: readonly number[] = Array.isArray(dim) ? dim : [dim];
  const dims = new Array<number>(given.length);
  for (let i = 0; i < dims.length; i++) dims[i] = normalizeDim(op, given[i]!, Math.max(1, rank));
  if (rank === 0) return [];
  if (dims.length === 0) return allDims(rank);
  if (dims.length > 1) dims.sort((a, b) => a - b);
  for (let i = 1; i < dims.length; i++) {
    if (dims[i] === dims[i - 1]) {
      throw new RangeError(`Cannot compute ${op}: dims must differ, got ${dims[i]} twice`);
    }
  }
  return dims;
}

/** Fills in the one extent that may be -1. */
export function inferShape(op: string, shape: readonly number[], size: number): Shape {
  // What an array holds, `checkShape` looks at.
  if (!Array.isArray(shape)) checkList(op, "the shape", shape);
  const unknown = shape.indexOf(-1);
  if (unknown === -1) {
    checkShape(op, shape);
    if (sizeOf(shape) !== size) {
      throw new ShapeError(
        `Cannot compute ${op}: shape ${showShape(shape)} needs ${
          sizeOf(shape)
        } elements, got ${size}`,
        [shape],
      );
    }
    return [...shape];
  }
  if (shape.lastIndexOf(-1) !== unknown) {
    throw new ShapeError(
      `Cannot compute ${op}: only one extent may be -1, got ${showShape(shape)}`,
      [shape],
    );
  }
  const rest = shape.with(unknown, 1);
  checkShape(op, rest);
  const known = sizeOf(rest);
  if (known === 0 || size % known !== 0) {
    throw new ShapeError(
      `Cannot compute ${op}: ${size} elements do not fill shape ${showShape(shape)}`,
      [shape],
    );
  }
  return shape.map((extent) => extent === -1 ? size / known : extent);
}

/** Strides for a reshape without copying, or null where elements would have to move. */
export function viewStrides(
  shape: Shape,
  strides: readonly number[],
  target: Shape,
): number[] | null {
  const old: [number, number][] = [];
  for (let i = 0; i < shape.length; i++) if (shape[i] !== 1) old.push([shape[i]!, strides[i]!]);
  const result = new Array<number>(target.length).fill(1);
  let from = 0;
  let to = 0;
  while (from < old.length) {
    let [extent, stride] = old[from]!;
    let wanted = 1;
    const first = to;
    // Take target dimensions until they cover a run of old dimensions that continue each other.
    while (to < target.length && wanted < extent) wanted *= target[to++]!;
    while (wanted > extent) {
      const next = old[++from];
      if (next === undefined || stride !== next[0] * next[1]) return null;
      [extent, stride] = [extent * next[0], next[1]];
      while (to < target.length && wanted < extent) wanted *= target[to++]!;
    }
    if (wanted !== extent) return null;
    for (let i = to - 1, s = stride; i >= first; i--) {
      result[i] = s;
      s *= target[i]!;
    }
    from++;
  }
  return result;
}
