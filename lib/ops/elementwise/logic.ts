/** Composites: logic on bool, and tests for NaN and infinities. */

import { isFloat, largestOf } from "../../core/dtype.ts";
import { checkCount, NUMBER, optionReader } from "../../core/options.ts";
import { broadcastShapes } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { maximum, mul } from "./binary.ts";
import { eq, lt, ne, where } from "./compare.ts";

/** Whether elements are not 0, as bool. */
function truth(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  return x.dtype === "bool" ? x : ne(x, 0);
}

/** The same of two tensors that broadcast. */
function truths(op: string, a: Tensor, b: Tensor): [a: Tensor, b: Tensor] {
  const pair: [Tensor, Tensor] = [truth(op, a), truth(op, b)];
  broadcastShapes(op, a.shape, b.shape);
  return pair;
}

/**
 * Whether both are not 0; bool. Broadcasts.
 *
 * @example Two masks
 * ```ts
 * import { logicalAnd, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
 * assertEquals(logicalAnd(a, b).toArray(), [true, false, false]);
 * ```
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  checkCount("compute logicalAnd", arguments.length, 2);
  return mul(...truths("logicalAnd", a, b));
}

/**
 * Whether one or both are not 0; bool. Broadcasts.
 *
 * @example Two masks
 * ```ts
 * import { logicalOr, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
 * assertEquals(logicalOr(a, b).toArray(), [true, true, false]);
 * ```
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  checkCount("compute logicalOr", arguments.length, 2);
  return maximum(...truths("logicalOr", a, b));
}

/**
 * Whether exactly one is not 0; bool. Broadcasts.
 *
 * @example Two masks
 * ```ts
 * import { logicalXor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
 * assertEquals(logicalXor(a, b).toArray(), [false, true, false]);
 * ```
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  checkCount("compute logicalXor", arguments.length, 2);
  return ne(...truths("logicalXor", a, b));
}

/**
 * Whether elements are 0; bool.
 *
 * @example The opposite
 * ```ts
 * import { logicalNot, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(logicalNot(tensor([0, 2])).toArray(), [true, false]);
 * ```
 */
export function logicalNot(x: Tensor): Tensor {
  checkCount("compute logicalNot", arguments.length, 1);
  checkTensor("logicalNot", x);
  return eq(x, 0);
}

/**
 * Whether elements are NaN; bool.
 *
 * @example Which are NaN
 * ```ts
 * import { isnan, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isnan(tensor([1, NaN, Infinity])).toArray(), [false, true, false]);
 * ```
 */
export function isnan(x: Tensor): Tensor {
  checkCount("compute isnan", arguments.length, 1);
  checkTensor("isnan", x);
  return ne(x, x);
}

/**
 * Whether elements are infinite, of either sign; bool.
 *
 * @example Which are infinite
 * ```ts
 * import { isinf, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isinf(tensor([1, NaN, Infinity])).toArray(), [false, false, true]);
 * ```
 */
export function isinf(x: Tensor): Tensor {
  checkCount("compute isinf", arguments.length, 1);
  checkTensor("isinf", x);
  return isFloat(x.dtype) ? eq(x.detach().abs(), Infinity) : ne(x, x);
}

/**
 * Whether elements are neither infinite nor NaN; bool.
 *
 * @example Which are numbers
 * ```ts
 * import { isfinite, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isfinite(tensor([1, NaN, Infinity])).toArray(), [true, false, false]);
 * ```
 */
export function isfinite(x: Tensor): Tensor {
  checkCount("compute isfinite", arguments.length, 1);
  checkTensor("isfinite", x);
  return isFloat(x.dtype) ? lt(x.detach().abs(), Infinity) : eq(x, x);
}

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** Replacement of NaN. Default: 0. */
  nan?: number;
  /** Replacement of infinity. Default: the largest number of the type. */
  posinf?: number;
  /** Replacement of minus infinity. Default: the smallest number of the type. */
  neginf?: number;
}

const readNanToNum = optionReader<NanToNumOptions>({
  nan: NUMBER,
  posinf: NUMBER,
  neginf: NUMBER,
});

/**
 * Replaces NaN and the infinities by numbers, which get no gradient. Follows `torch.nan_to_num`.
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
export function nanToNum(x: Tensor, options?: NanToNumOptions): Tensor {
  checkCount("compute nanToNum", arguments.length, 2);
  checkTensor("nanToNum", x);
  const { nan = 0, posinf, neginf } = readNanToNum("compute nanToNum", options);
  if (!isFloat(x.dtype)) return x;
  const largest = largestOf(x.dtype);
  const finite = where(eq(x, Infinity), posinf ?? largest, x);
  return where(isnan(x), nan, where(eq(x, -Infinity), neginf ?? -largest, finite));
}

composites({ logicalAnd, logicalOr, logicalXor, logicalNot, isnan, isinf, isfinite, nanToNum });
