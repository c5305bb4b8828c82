/** What users give as data: numbers, nested arrays and typed arrays, checked. */

import { wrongKind } from "../core/arguments.ts";
import { isTypedArray, tagOf, type TypedArray } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { shown } from "../core/options.ts";
import { checkShape, MAX_RANK, type Shape } from "../core/shape.ts";
import { isTensor } from "../core/tensor.ts";

/** Numbers in row-major order, and whether all of them were given as bool. */
export interface Elements {
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly bool: boolean;
}

/** What to write instead of an object that holds numbers in another way. */
function hint(value: unknown): string {
  if (isTensor(value)) return "; copy one with clone(), put several together with stack()";
  const name = tagOf(value);
  if (isTypedArray(value)) return "; make a tensor of each and put them together with stack()";
  if (name?.startsWith("Big")) return "; convert it, as in Int32Array.from(data, Number)";
  if (name !== undefined) return "; convert it, as in Float32Array.from(data)";
  const isBuffer = value instanceof ArrayBuffer || value instanceof SharedArrayBuffer ||
    ArrayBuffer.isView(value);
  if (isBuffer) return "; say what it holds, as in new Float32Array(buffer)";
  if (typeof value === "bigint") return "; convert it, as in Number(value)";
  return "";
}

/** Refuses anything but a typed array that a tensor can hold. */
export function checkTypedArray(call: string, data: unknown): asserts data is TypedArray {
  if (!isTypedArray(data)) {
    const needed = "a Float32Array, Float64Array, Int32Array or Uint8Array";
    const error = wrongKind(call, "data", needed, data);
    error.message += hint(data);
    throw error;
  }
}

/** Extents of nested arrays, as their first entries have them. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level) && shape.length <= MAX_RANK; level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** The numbers of nested arrays in order; refuses ragged ones. */
export function readNested(data: unknown): Elements {
  const shape = nestedShape(data);
  checkShape("tensor", shape);
  const values: number[] = [];
  let bools = 0;
  const place: number[] = [];
  const at = (axis: number) => `data${place.slice(0, axis).map((i) => `[${i}]`).join("")}`;
  const got = (part: unknown, axis: number, whole: readonly unknown[] | null) =>
    whole !== null && !(place[axis - 1]! in whole) ? "a hole" : shown(part);
  const visit = (part: unknown, axis: number, whole: readonly unknown[] | null): void => {
    if (axis < shape.length) {
      if (!Array.isArray(part) || part.length !== shape[axis]) {
        const found = Array.isArray(part) ? `${part.length} entries` : got(part, axis, whole);
        throw new ShapeError(
          `Cannot make a tensor: nested arrays must be of equal length, expected ${shape[axis]} ` +
            `entries at ${at(axis)}, got ${found}`,
          [shape],
        );
      }
      for (let i = 0; i < part.length; i++) {
        place[axis] = i;
        visit(part[i], axis + 1, part);
      }
    } else if (typeof part === "number") {
      values.push(part);
    } else if (typeof part === "boolean") {
      bools++;
      values.push(Number(part));
    } else if (Array.isArray(part)) {
      throw new ShapeError(
        `Cannot make a tensor: nested arrays must be of equal depth, got an array at ${at(axis)}`,
        [shape],
      );
    } else {
      throw new TypeError(
        `Cannot make a tensor: data must hold numbers or booleans, got ${
          got(part, axis, whole)
        } at ${at(axis)}${hint(part)}`,
      );
    }
  };
  visit(data, 0, null);
  return { shape, values, bool: values.length > 0 && bools === values.length };
}
