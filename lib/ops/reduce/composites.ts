/** Reductions made of other ops; those with kernels are in `reduce.ts`. */

import { checkCount, FLAG, NUMBER, NUMBERS, optionReader } from "../../core/options.ts";
import { isFloat } from "../../core/dtype.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pow } from "../elementwise/binary.ts";
import { eq, gt, lt, ne, where } from "../elementwise/compare.ts";
import { checkFloat, checkTensor } from "../define/elementwise.ts";
import { fused } from "../define/fused.ts";
import { castTo } from "../copy/copy.ts";
import { flatten, permute, reshape, squeeze, unsqueeze } from "../shape/movement.ts";
import { product } from "./fused.ts";
import {
  type Dims,
  extremeOver,
  findsExtremes,
  meanOver,
  plan,
  readReduce,
  type ReduceOptions,
  sumOver,
} from "./primitives.ts";

/** A power that is 0 with gradient 0 where the base is 0, whatever the exponent. */
function flatPower(x: Tensor, exponent: number): Tensor {
  const zero = eq(x, 0);
  const base = where(zero, 1, x);
  return where(zero, 0, exponent === 0.5 ? base.sqrt() : pow(base, exponent));
}

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

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** Order: any number or ±Infinity. Default: 2. */
  p?: number;
  /** The dimensions. Default: all. */
  dim?: Dims;
}

const readNorm = optionReader<NormOptions>({ p: NUMBER, dim: NUMBERS, keepdim: FLAG });

/** The largest or smallest of |x|; equal ones share the gradient. */
function extremeNorm(
  op: string,
  a: Tensor,
  p: number,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const at = eq(a, extremeOver(op, p > 0 ? "max" : "min", a, dims));
  const ties = castTo(sumOver(at, dims, true), a.dtype);
  // A NaN equals nothing, so that there are no ties and 0 / 0 is NaN.
  return sumOver(where(at, a, 0).div(ties), dims, keepdim);
}

/** What a Euclidean norm was called with. */
interface NormCall {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

// y = √Σ x²: x̄ = ȳ·x/y, 0 where y is 0
const euclidean = fused<NormCall>("norm", {
  composite: ([x], { dims, keepdim }) => [flatPower(sumOver(x!.square(), dims, keepdim), 0.5)],
  kernel: "norm",
  operands: ([x], { dims }) => [plan(x!, dims, false).view],
  shapes: ([x], { dims, keepdim }) => [plan(x!, dims, keepdim).shape],
  parameters: ({ dims }, [x]) => ({ ints: [x!.ndim - dims.length] }),
  saves: "ay",
  vjp: ([g], { a, y, attrs: { dims } }) => {
    const { kept } = plan(a, dims, true);
    const [norm, zero] = [reshape(y, kept), reshape(eq(y, 0), kept)];
    return [a.div(where(zero, 1, norm)).mul(where(zero, 0, reshape(g!, kept)))];
  },
});

/** (Σ |x|ᵖ)^(1/p) of x over the largest or smallest element, so that no power leaves the range. */
function scaledNorm(
  op: string,
  a: Tensor,
  p: number,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const extreme = extremeOver(op, p > 0 ? "max" : "min", a, dims);
  const scale = where(gt(extreme, 0).mul(lt(extreme, Infinity)), extreme, 1);
  const ratio = a.div(scale);
  if (p > 0) {
    return flatPower(sumOver(flatPower(ratio, p), dims, keepdim), 1 / p)
      .mul(keepdim ? scale : squeeze(scale, dims));
  }
  // An element of 0 makes the norm 0, whatever the others are.
  const zero = eq(extreme, 0);
  const y = pow(sumOver(pow(where(zero, 1, ratio), p), dims, true), 1 / p).mul(scale);
  const kept = where(zero, 0, y);
  return keepdim ? kept : squeeze(kept, dims);
}

/**
 * (Σ |x|ᵖ)^(1/p) over dimensions; for p = Infinity the largest |x|, for -Infinity the smallest, for
 * 0 the number of elements that are not 0. Where an element or the norm is 0, so is its gradient.
 * Follows `torch.linalg.vector_norm`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Lengths of rows
 * ```ts
 * import { norm, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[3, -4], [0, 0]]);
 * assertEquals(norm(x, { dim: 1 }).toArray(), [5, 0]);
 * assertEquals(norm(x, { p: 1 }).item(), 7);
 * assertEquals(norm(x, { p: Infinity }).item(), 4);
 * ```
 */
export function norm(x: Tensor, options?: NormOptions): Tensor {
  checkCount("compute norm", arguments.length, 2);
  checkFloat("norm", x);
  const { p = 2, dim, keepdim = false } = readNorm("compute norm", options);
  if (Number.isNaN(p)) throw new RangeError("Cannot compute norm: p must be a number, got NaN");
  return normOver("norm", x, p, normalizeDims("norm", dim, x.ndim), keepdim);
}

/** `norm` of checked arguments under the name of the op that needs it. */
export function normOver(
  op: string,
  x: Tensor,
  p: number,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  if (p === 2) return euclidean([x], { dims, keepdim })[0]!;
  // The sign of 0 is recorded, and has the gradient 0 that the count has.
  if (p === 0) return sumOver(where(ne(x, 0), 1, x.sign()), dims, keepdim);
  const a = x.abs();
  if (p === 1) return sumOver(a, dims, keepdim);
  if (!Number.isFinite(p)) return extremeNorm(op, a, p, dims, keepdim);
  // Of nothing there is no largest element; some devices do not look for it.
  if (x.size > 0 && findsExtremes(x)) return scaledNorm(op, a, p, dims, keepdim);
  const power = p > 0 ? flatPower : pow;
  return power(sumOver(power(a, p), dims, keepdim), 1 / p);
}

/**
 * Product of the elements over dimensions, 1 of none; of int32 and bool as int32. Gradients of any
 * order are right at zeros too. Follows `torch.prod`, but takes several dimensions.
 *
 * @param dim The dimensions; all by default.
 * @throws {RangeError} If a product of int32 does not fit int32; on the GPU it wraps.
 *
 * @example The gradient is the product of the others
 * ```ts
 * import { prod, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([2, 0, 3], { requiresGrad: true });
 * prod(x).backward();
 * assertEquals(x.grad?.toArray(), [0, 6, 0]);
 * ```
 */
export function prod(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute prod", arguments.length, 3);
  checkTensor("prod", x);
  const { keepdim = false } = readReduce("compute prod", options);
  const dims = normalizeDims("prod", dim, x.ndim);
  const others = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const input = isFloat(x.dtype) ? x : castTo(x, "int32");
  const sorted = permute(input, [...others, ...dims]);
  const y = product(
    dims.length === 0 ? unsqueeze(sorted, -1) : flatten(sorted, others.length, -1),
  );
  const shape = keepdim
    ? x.shape.map((extent, i) => dims.includes(i) ? 1 : extent)
    : others.map((i) => x.shape[i]!);
  return reshape(y, shape);
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
