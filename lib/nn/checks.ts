/** Checks and kinds shared by layers and their stateless form. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkKind,
  COUNT,
  isListOf,
  type Kind,
  kind,
  shown,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import type { Extents } from "../ops/mod.ts";
import { firstOutside } from "../tensor/bounds.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { AnyModule, Module } from "./module.ts";

/** A module of any kind, such as a list of modules. */
export const ANY_MODULE = kind("a module", (value) => value instanceof AnyModule);

/** A module with a `forward`. */
export const MODULE = kind("a module", (value) => value instanceof Module);

/** A number that keeps a divisor away from 0. */
export const EPSILON = kind(
  "a number of at least 0",
  (value) => typeof value === "number" && value >= 0,
);

/** The most layers that a net makes from one. */
const MOST_LAYERS = 10_000;

/** A number of layers that a net makes one by one, with a minimum. */
export function layersFrom(least: number): Kind {
  return kind(
    `an integer from ${least} to ${MOST_LAYERS}`,
    (value) => WHOLE.accepts(value) && Number(value) >= least && Number(value) <= MOST_LAYERS,
  );
}

/** An extent, or one for each dimension. */
function extents({ needed, accepts }: Kind): Kind {
  return kind(
    `${needed}, or an array of such`,
    (value) => accepts(value) || isListOf(value, accepts),
  );
}

/** Extents of a window, its strides and the like. */
export const EXTENTS = extents(COUNT);

/** Extents of a padding. */
export const MARGINS = extents(WHOLE);

/** A number for each dimension, from one for all or a list. */
export function eachOf(call: string, name: string, given: Extents, dims: number): number[] {
  const list = typeof given === "number" ? new Array<number>(dims).fill(given) : [...given];
  if (list.length === dims) return list;
  throw new RangeError(
    `Cannot ${call}: ${name} must be one number or ${dims} of them, got ${shown(given)}`,
  );
}

/** Integers as positions along a dimension of a tensor, on its device. */
export function positions(list: ArrayLike<number>, { device }: Tensor): Tensor {
  return fromTypedArray(new Int32Array(list), [list.length]).to({ device });
}

/** Refuses anything but int32. */
export function checkIntegers(call: string, x: Tensor, name: string): void {
  checkKind(call, name, x, TENSOR);
  if (x.dtype === "int32") return;
  throw new DTypeError(`Cannot ${call}: ${name} must be int32, got ${x.dtype}`);
}

/** Refuses anything but int32 positions of so many things; `what` names those. */
export function checkPlaces(
  call: string,
  x: Tensor,
  name: string,
  count: number,
  what: string,
): void {
  checkIntegers(call, x, name);
  const wrong = firstOutside(x, { low: 0, high: count - 1, ends: false, slack: 0 });
  if (wrong === null) return;
  throw new RangeError(
    `Cannot ${call}: ${name} must be ${
      count === 0 ? "empty, as there are no" : `from 0 to ${count - 1}, as there are ${count}`
    } ${what}, got ${wrong.value} at index ${wrong.place}`,
  );
}

/** Refuses anything but a tensor of numbers. */
export function checkNumbers(call: string, x: Tensor, name: string): void {
  checkKind(call, name, x, TENSOR);
  if (x.dtype !== "bool") return;
  throw new DTypeError(`Cannot ${call}: ${name} must be numbers, got bool; cast it first`);
}

/** Refuses anything but a tensor of floating type. */
export function checkFloating(call: string, x: Tensor, name = "the input"): void {
  checkKind(call, name, x, TENSOR);
  if (isFloat(x.dtype)) return;
  throw new DTypeError(`Cannot ${call}: ${name} must be float32 or float64, got ${x.dtype}`);
}

/** Refuses an input whose number of dimensions is not one of these. */
export function checkRank(call: string, x: Tensor, ranks: readonly number[]): void {
  if (ranks.includes(x.ndim)) return;
  throw new ShapeError(
    `Cannot ${call}: the input must have ${ranks.join(" or ")} dimensions, got shape ${
      showShape(x.shape)
    }`,
    [x.shape],
  );
}
