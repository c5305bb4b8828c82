/** Truth values, and the numbers that are none. */

import { isFloat } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { maximum, mul } from "./binary.ts";
import { eq, lt, ne, where } from "./compare.ts";
import { checkTensor } from "./define.ts";

/** Whether elements are not 0, as bool. */
function truth(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  return x.dtype === "bool" ? x : ne(x, 0);
}

/** Whether both are not 0; bool. Broadcasts. */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return mul(truth("logicalAnd", a), truth("logicalAnd", b));
}

/** Whether one or both are not 0; bool. Broadcasts. */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return maximum(truth("logicalOr", a), truth("logicalOr", b));
}

/** Whether exactly one is not 0; bool. Broadcasts. */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return ne(truth("logicalXor", a), truth("logicalXor", b));
}

/** Whether elements are 0; bool. */
export function logicalNot(x: Tensor): Tensor {
  checkTensor("logicalNot", x);
  return eq(x, 0);
}

/** Whether elements are NaN; bool. */
export function isnan(x: Tensor): Tensor {
  checkTensor("isnan", x);
  return ne(x, x);
}

/** Whether elements are infinite, of either sign; bool. */
export function isinf(x: Tensor): Tensor {
  checkTensor("isinf", x);
  return isFloat(x.dtype) ? eq(x.detach().abs(), Infinity) : ne(x, x);
}

/** Whether elements are neither infinite nor NaN; bool. */
export function isfinite(x: Tensor): Tensor {
  checkTensor("isfinite", x);
  return isFloat(x.dtype) ? lt(x.detach().abs(), Infinity) : eq(x, x);
}

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** What stands for NaN. Default: 0. */
  nan?: number;
  /** What stands for infinity. Default: the largest number of the type. */
  posinf?: number;
  /** What stands for minus infinity. Default: the smallest number of the type. */
  neginf?: number;
}

const LARGEST = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE };

/**
 * Numbers in place of NaN and the infinities; those get no gradient. Follows `torch.nan_to_num`.
 *
 * @example The usual numbers
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([NaN, 1, -Infinity]);
 * assertEquals(x.nanToNum({ neginf: -9 }).toArray(), [0, 1, -9]);
 * ```
 */
export function nanToNum(x: Tensor, { nan = 0, posinf, neginf }: NanToNumOptions = {}): Tensor {
  checkTensor("nanToNum", x);
  if (x.dtype !== "float32" && x.dtype !== "float64") return x;
  const largest = LARGEST[x.dtype];
  const finite = where(eq(x, Infinity), posinf ?? largest, x);
  return where(isnan(x), nan, where(eq(x, -Infinity), neginf ?? -largest, finite));
}
