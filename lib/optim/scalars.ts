/** Options of steps that are numbers, or tensors to differentiate with respect to. */

import { add, div, mul, pow, sqrt, sub } from "../ops/mod.ts";
import { isFloat } from "../core/dtype.ts";
import { type Kind, kind, NUMBER } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { elementsOf, everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A number, or a tensor without dimensions. */
export type Scalar = number | Tensor;

/** An option that may be a tensor instead of a number. */
export type ScalarOption<T> = number extends T ? T | Tensor
  : T extends readonly unknown[] ? { readonly [I in keyof T]: ScalarOption<T[I]> }
  : T;

/** Options in which numbers, alone or in lists, may be tensors. */
export type Scalars<O> = { readonly [K in keyof O]: ScalarOption<O[K]> };

/** Applies a function to numbers, or the corresponding op if one of them is a tensor. */
function either(
  plain: (a: number, b: number) => number,
  op: (a: Scalar, b: Scalar) => Tensor,
): (a: Scalar, b: Scalar) => Scalar {
  return (a, b) => typeof a === "number" && typeof b === "number" ? plain(a, b) : op(a, b);
}

/** a + b */
export const plus = either((a, b) => a + b, add);
/** a − b */
export const minus = either((a, b) => a - b, sub);
/** a · b */
export const times = either((a, b) => a * b, mul);
/** a / b */
export const over = either((a, b) => a / b, div);
/** aᵇ */
export const power = either((a, b) => a ** b, pow);

/** √x */
export function root(x: Scalar): Scalar {
  return typeof x === "number" ? Math.sqrt(x) : sqrt(x);
}

/** The value of a number or tensor, for counts and decisions; `op` is refused where examples differ. */
export function valueOf(op: string, x: Scalar): number {
  return typeof x === "number" ? x : elementsOf(x, op)[0] ?? NaN;
}

/** The values of a number or tensor that are to be checked: under `vmap` those of all examples. */
export function valuesOf(x: Scalar): ArrayLike<number> {
  return typeof x === "number" ? [x] : everyElement(x);
}

/** The kind of a number among the options of a functional step. */
export const SCALAR: Kind = kind(
  "a number or a float tensor with one element",
  (value) => NUMBER.accepts(value) || (isTensor(value) && isFloat(value.dtype) && value.size === 1),
);

/** The options with each tensor replaced. */
function mapped(value: unknown, fn: (x: Tensor) => Scalar): unknown {
  if (isTensor(value)) return fn(value);
  return Array.isArray(value) ? value.map((item) => mapped(item, fn)) : value;
}

/** The options with numbers instead of tensors; under `vmap`, those of each example. */
export function plainOptions<O extends object>(options: Scalars<O>): O[] {
  let count = 1;
  const at = (example: number) => (x: Tensor) => {
    // The check of the options refuses other tensors.
    if (x.size !== 1) return x;
    const values = valuesOf(x);
    count = Math.max(count, values.length);
    return values[example % values.length] ?? NaN;
  };
  const found: O[] = [];
  for (let i = 0; i < count; i++) {
    const entries = Object.entries(options).map(([key, value]) => [key, mapped(value, at(i))]);
    found.push(Object.fromEntries(entries));
  }
  return found;
}

/** The options with tensors reshaped to no dimensions, in the type of a parameter. */
export function optionsFor<O extends object>(p: Tensor, options: Scalars<O>): Scalars<O> {
  const fit = (x: Tensor) => x.reshape([]).to({ dtype: p.dtype });
  const entries = Object.entries(options).map(([key, value]) => [key, mapped(value, fit)]);
  return Object.fromEntries(entries);
}
