/** The error of a failed check, and how checks show numbers and positions. */

import { arrayOf, isFunction, type Kind, kind } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";

/**
 * A failed check of the testing kit: what was checked, what it got and what it needed.
 *
 * @example Telling it from other errors
 * ```ts
 * import { assertClose, CheckError } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => assertClose(1, 2), CheckError, "Values are not close");
 * ```
 */
export class CheckError extends Error {
  /**
   * For checks of your own.
   *
   * @param message What was checked, what it got and what it needed.
   * @param options The cause, if there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CheckError";
  }
}

/** A number, rounded to some significant digits. */
export function showNumber(value: number, digits = 7): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(digits)));
}

/** Two numbers, with enough digits to tell them apart. */
export function showPair(a: number, b: number): [string, string] {
  const short: [string, string] = [showNumber(a), showNumber(b)];
  return short[0] === short[1] ? [String(a), String(b)] : short;
}

/** Position of an element in row-major order, as `[1, 2]`. */
export function showIndex(flat: number, shape: Shape): string {
  const index: number[] = [];
  for (const extent of shape.toReversed()) {
    index.unshift(flat % extent);
    flat = Math.floor(flat / extent);
  }
  return `[${index.join(", ")}]`;
}

/** The name of a function in messages. */
export function nameOf(fn: unknown, given: string | undefined, otherwise: string): string {
  if (given !== undefined) return given;
  if (typeof fn === "function") return fn.name || otherwise;
  if (typeof fn === "object" && fn !== null) return fn.constructor.name;
  return otherwise;
}

/** What can be checked: a function, or a module. */
export const CALLABLE: Kind = kind(
  "a function or a module",
  (value) =>
    isFunction(value) ||
    (typeof value === "object" && value !== null &&
      typeof Reflect.get(value, "forward") === "function"),
);

/** The seed of samples. */
export const SEED: Kind = kind(
  "an integer or a bigint",
  (value) => Number.isSafeInteger(value) || typeof value === "bigint",
);

/** Extents of a sample. */
export const SHAPE: Kind = arrayOf(
  kind("an extent", (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  "non-negative integers",
);
