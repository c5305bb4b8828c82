/** Fused: norms; the Euclidean one has a kernel, the others are its composites. */

import { checkCount, FLAG, NUMBER, NUMBERS, optionReader } from "../../core/options.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkFloat } from "../define/checks.ts";
import { behindBatch } from "../define/batch.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { pow } from "../elementwise/binary.ts";
import { eq, gt, lt, ne, where } from "../elementwise/compare.ts";
import { squeeze } from "../shape/composites.ts";
import { reshape } from "../shape/primitives.ts";
import {
  type Dims,
  extremeOver,
  findsExtremes,
  plan,
  type ReduceOptions,
  sumOver,
} from "./primitives.ts";

/** A power that is 0 with gradient 0 where the base is 0, whatever the exponent. */
function flatPower(x: Tensor, exponent: number): Tensor {
  const zero = eq(x, 0);
  const base = where(zero, 1, x);
  return where(zero, 0, exponent === 0.5 ? base.sqrt() : pow(base, exponent));
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
const euclidean: FusedOp<NormCall> = fused<NormCall>("norm", {
  composite: ([x], { dims, keepdim }) => [flatPower(sumOver(x!.square(), dims, keepdim), 0.5)],
  kernel: "norm",
  operands: ([x], { dims }) => [plan(x!, dims, false).view],
  shapes: ([x], { dims, keepdim }) => [plan(x!, dims, keepdim).shape],
  parameters: ({ dims }, [x]) => ({ ints: [x!.ndim - dims.length] }),
  batch: ([x], { dims, keepdim }) => euclidean([x!], { dims: behindBatch(dims), keepdim }),
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
