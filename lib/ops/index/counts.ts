/** Composites: how often numbers occur. */

import { isFloat } from "../../core/dtype.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, INTEGER, NUMBER, optionReader, TENSOR } from "../../core/options.ts";
import { checkShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, numberOf } from "../copy/copy.ts";
import { checkDevices, checkFloat } from "../define/checks.ts";
import { zeroed } from "../define/record.ts";
import { ge, le, where } from "../elementwise/compare.ts";
import { logicalAnd } from "../elementwise/logic.ts";
import { floor } from "../elementwise/rounding.ts";
import { composites } from "../registry.ts";
import { reshape } from "../shape/primitives.ts";
import { checkPositions, scatterAdd, scatterAddChecked } from "./primitives.ts";

/** Options of `bincount`. */
export interface BincountOptions {
  /** What each number counts. Default: 1. */
  weights?: Tensor;
  /** The least number of counts. Default: 0. */
  minlength?: number;
}

const readBincount = optionReader<BincountOptions>({ weights: TENSOR, minlength: INTEGER });

/**
 * How often each number from 0 up occurs, or the sums of the weights of each. Follows
 * `torch.bincount`; weights have a gradient.
 *
 * @param x int32, not negative, of one dimension.
 * @returns int32, or of the weights' floating type, float64 where they have none; one entry more than
 * the largest number.
 * @throws {RangeError} If a number is negative.
 * @throws {DTypeError} If the input is not int32.
 * @throws {ShapeError} If the input has more dimensions, or the weights another shape.
 *
 * @example Sizes of classes
 * ```ts
 * import { bincount, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bincount(tensor([0, 2, 2], { dtype: "int32" })).toArray(), [1, 0, 2]);
 * ```
 */
export function bincount(x: Tensor, options?: BincountOptions): Tensor {
  checkCount("compute bincount", arguments.length, 2);
  checkPositions("bincount", x, "input");
  const { weights, minlength = 0 } = readBincount("compute bincount", options);
  if (x.ndim !== 1) {
    throw new ShapeError(
      `Cannot compute bincount: the input must have one dimension, got shape ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  if (minlength < 0) {
    throw new RangeError(
      `Cannot compute bincount: minlength must not be negative, got ${minlength}`,
    );
  }
  if (weights !== undefined && (weights.ndim !== 1 || weights.size !== x.size)) {
    throw new ShapeError(
      `Cannot compute bincount: weights must have one for each number, got ${
        showShape(weights.shape)
      } for ${showShape(x.shape)}`,
      [x.shape, weights.shape],
    );
  }
  if (weights !== undefined) checkDevices("bincount", x, weights);
  const least = x.size === 0 ? 0 : numberOf(x.min(), "bincount");
  if (least < 0) {
    throw new RangeError(`Cannot compute bincount: numbers must not be negative, got ${least}`);
  }
  const length = Math.max(minlength, x.size === 0 ? 0 : numberOf(x.max(), "bincount") + 1);
  checkShape("bincount", [length]);
  const terms = weights ?? castTo(ge(x, 0), "int32");
  const source = weights === undefined || isFloat(terms.dtype) ? terms : castTo(terms, "float64");
  return scatterAddChecked(zeroed(x, source.dtype, [length]), 0, x, source);
}

/** Options of `histc`. */
export interface HistcOptions {
  /** Number of bins. Default: 100. */
  bins?: number;
  /** Where the first bin begins; with equal bounds, at the smallest element. Default: 0. */
  min?: number;
  /** Where the last bin ends; with equal bounds, at the largest element. Default: 0. */
  max?: number;
}

const readHistc = optionReader<HistcOptions>({ bins: INTEGER, min: NUMBER, max: NUMBER });

/** The bounds that were asked for, or those of the elements. */
function boundsOf(x: Tensor, min: number, max: number): [low: number, high: number] {
  if (!(min <= max) || !Number.isFinite(max - min)) {
    throw new RangeError(
      `Cannot compute histc: min and max must be finite, min no larger, got ${min} and ${max}`,
    );
  }
  if (min < max) return [min, max];
  const [low, high] = x.size === 0
    ? [min, max]
    : [numberOf(x.min(), "histc"), numberOf(x.max(), "histc")];
  if (!Number.isFinite(high - low)) {
    throw new RangeError(
      `Cannot compute histc: without min and max elements must be finite, got ${low} to ${high}`,
    );
  }
  return low < high ? [low, high] : [low - 1, high + 1];
}

/**
 * A histogram: how many elements lie in each of some bins of equal width. The last bin includes its upper
 * end; elements outside, and NaN, do not count. Follows `torch.histc`.
 *
 * @returns int32, where PyTorch has the input's type.
 * @throws {RangeError} If there are no bins or no bounds.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Two bins
 * ```ts
 * import { histc, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(histc(tensor([0, 1, 3, 4, 9]), { bins: 2, min: 0, max: 4 }).toArray(), [2, 2]);
 * ```
 */
export function histc(x: Tensor, options?: HistcOptions): Tensor {
  checkCount("compute histc", arguments.length, 2);
  checkFloat("histc", x);
  const { bins = 100, min = 0, max = 0 } = readHistc("compute histc", options);
  if (bins < 1) throw new RangeError(`Cannot compute histc: bins must be at least 1, got ${bins}`);
  checkShape("histc", [bins]);
  const flat = reshape(x.detach(), [x.size]);
  const [low, high] = boundsOf(flat, min, max);
  const inside = logicalAnd(ge(flat, low), le(flat, high));
  const places = floor(where(inside, flat, low).sub(low).mul(bins).div(high - low));
  return scatterAdd(
    zeroed(x, "int32", [bins]),
    0,
    // float32 may round the last place up, to one behind the end.
    castTo(places, "int32").clamp(0, bins - 1),
    castTo(inside, "int32"),
  );
}

composites({ bincount, histc });
