/** Composites: variance, and whether elements are 0. */

import { checkCount, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkTensor } from "../define/checks.ts";
import { eq, gt, ne } from "../elementwise/compare.ts";
import { composites } from "../registry.ts";
import { normOver } from "./norm.ts";
import { type Dims, meanOver, readReduce, type ReduceOptions, sumOver } from "./primitives.ts";

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements before dividing by it. Default: 1. */
  correction?: number;
}

const readVariance = optionReader<VarianceOptions>({ correction: NUMBER, keepdim: FLAG });

/** Distances from the mean, and what a sum of their squares is divided by. */
function deviations(
  op: string,
  x: Tensor,
  dim: Dims,
  options: VarianceOptions | undefined,
): { centered: Tensor; dims: readonly number[]; divisor: number; keepdim: boolean } {
  checkFloat(op, x);
  const { correction = 1, keepdim = false } = readVariance(`compute ${op}`, options);
  if (!Number.isFinite(correction)) {
    throw new RangeError(`Cannot compute ${op}: correction must be finite, got ${correction}`);
  }
  const dims = normalizeDims(op, dim, x.ndim);
  const count = dims.reduce((n, i) => n * x.shape[i]!, 1);
  // A mean of large numbers is rounded; that of the small rest is not.
  const near = x.sub(meanOver(x, dims, true));
  const centered = near.sub(meanOver(near, dims, true));
  return { centered, dims, divisor: Math.max(0, count - correction), keepdim };
}

/**
 * Mean squared distance from the mean, over dimensions. As a method `var`. Follows `torch.var`.
 *
 * @param dim The dimensions; all by default.
 * @returns NaN where there are no more elements than `correction`.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Of a sample and of a population
 * ```ts
 * import { tensor, variance } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2, 3, 6]);
 * assertEquals(variance(x, 0, { correction: 0 }).item(), 3.5);
 * assertEquals(x.mul(3).var().item(), 42);
 * ```
 */
export function variance(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  checkCount("compute variance", arguments.length, 3);
  const { centered, dims, divisor, keepdim } = deviations("variance", x, dim, options);
  return sumOver(centered.square(), dims, keepdim).div(divisor);
}

/**
 * Square root of the variance, over dimensions; where it is 0, so is the gradient. Follows
 * `torch.std`.
 *
 * @param dim The dimensions; all by default.
 * @throws {DTypeError} If the input is not floating.
 */
export function std(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  checkCount("compute std", arguments.length, 3);
  const { centered, dims, divisor, keepdim } = deviations("std", x, dim, options);
  // The squares may leave the range where their root does not.
  return normOver("std", centered, 2, dims, keepdim).div(Math.sqrt(divisor));
}

/** Whether an element is not 0, over dimensions, as bool; false of none. Follows `torch.any`. */
export function any(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute any", arguments.length, 3);
  checkTensor("any", x);
  const { keepdim = false } = readReduce("compute any", options);
  const dims = normalizeDims("any", dim, x.ndim);
  return gt(sumOver(ne(x, 0), dims, keepdim), 0);
}

/** Whether no element is 0, over dimensions, as bool; true of none. Follows `torch.all`. */
export function all(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute all", arguments.length, 3);
  checkTensor("all", x);
  const { keepdim = false } = readReduce("compute all", options);
  const dims = normalizeDims("all", dim, x.ndim);
  return eq(sumOver(eq(x, 0), dims, keepdim), 0);
}

composites({ variance, std, any, all });
