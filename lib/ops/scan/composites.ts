/** Composites: differences of neighbours, integrals, and running sums of exponentials. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, INTEGER, NUMBER, optionReader, TENSOR } from "../../core/options.ts";
import { broadcastShapes, extentAt, normalizeDim } from "../../core/shape.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { logaddexp, maximum } from "../elementwise/binary.ts";
import { clamp } from "../elementwise/clamp.ts";
import { ne } from "../elementwise/compare.ts";
import { sumOver } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { cat, reshape, slice } from "../shape/primitives.ts";
import { laneOf, like } from "./lanes.ts";

/** Options of `diff`. */
export interface DiffOptions {
  /** How often differences are taken. Default: 1. */
  n?: number;
  /** The dimension. Default: the last. */
  dim?: number;
  /** What stands before the tensor along the dimension. Default: nothing. */
  prepend?: Tensor;
  /** What stands after it. Default: nothing. */
  append?: Tensor;
}

const readDiff = optionReader<DiffOptions>({
  n: INTEGER,
  dim: NUMBER,
  prepend: TENSOR,
  append: TENSOR,
});

/** All but the first, and all but the last entries along a dimension. */
function neighbours(x: Tensor, axis: number): [later: Tensor, earlier: Tensor] {
  return [slice(x, axis, 1), slice(x, axis, 0, -1)];
}

/** Refuses what cannot stand beside a tensor along a dimension. */
function checkBeside(x: Tensor, other: Tensor, axis: number, role: string): void {
  checkDevices("diff", x, other);
  const fits = other.ndim === x.ndim &&
    other.shape.every((extent, i) => i === axis || extent === x.shape[i]);
  if (!fits) {
    throw new ShapeError(
      `Cannot compute diff: ${role} must have the shape of the input but for dim ${axis}, got ${
        showShape(x.shape)
      } and ${showShape(other.shape)}`,
      [x.shape, other.shape],
    );
  }
}

/**
 * Differences of neighbours along a dimension, x[i + 1] − x[i]; of bool whether they differ. Follows
 * `torch.diff`.
 *
 * @returns A tensor with `n` entries less along the dimension, or none.
 * @throws {RangeError} If n is negative or the dimension does not exist.
 * @throws {ShapeError} If what stands before or after the tensor does not fit.
 *
 * @example Speeds and accelerations
 * ```ts
 * import { diff, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([0, 1, 4, 9]);
 * assertEquals(diff(x).toArray(), [1, 3, 5]);
 * assertEquals(diff(x, { n: 2 }).toArray(), [2, 2]);
 * ```
 */
export function diff(x: Tensor, options?: DiffOptions): Tensor {
  checkCount("compute diff", arguments.length, 2);
  checkTensor("diff", x);
  const { n = 1, dim = -1, prepend, append } = readDiff("compute diff", options);
  if (n < 0) throw new RangeError(`Cannot compute diff: n must not be negative, got ${n}`);
  const axis = normalizeDim("diff", dim, x.ndim);
  if (prepend !== undefined) checkBeside(x, prepend, axis, "prepend");
  if (append !== undefined) checkBeside(x, append, axis, "append");
  const parts = [prepend, x, append].filter((part) => part !== undefined);
  let y = parts.length > 1 ? cat(parts, axis) : x;
  const times = Math.min(n, extentAt(y.shape, axis));
  for (let i = 0; i < times; i++) {
    const [later, earlier] = neighbours(y, axis);
    y = y.dtype === "bool" ? ne(later, earlier) : later.sub(earlier);
  }
  return y;
}

/** Options of `trapezoid`. */
export interface TrapezoidOptions {
  /** Where the function was read: one place for each entry, or a tensor that broadcasts. */
  x?: Tensor;
  /** Distance of the places, where they are equally far apart. Default: 1. */
  dx?: number;
  /** The dimension. Default: the last. */
  dim?: number;
}

const readTrapezoid = optionReader<TrapezoidOptions>({ x: TENSOR, dx: NUMBER, dim: NUMBER });

/** The distances of the places at which a function was read. */
function widthsOf(x: Tensor, y: Tensor, axis: number): Tensor {
  const extent = extentAt(y.shape, axis);
  const places = x.ndim === 1 ? reshape(x, y.shape.slice(axis).map((_, i) => i ? 1 : x.size)) : x;
  const along = places.ndim - (y.ndim - axis);
  if ((x.ndim === 1 && x.size !== extent) || along < 0) {
    throw new ShapeError(
      `Cannot compute trapezoid: x must have a place for each of ${extent} entries along dim ` +
        `${axis}, got ${showShape(x.shape)} for ${showShape(y.shape)}`,
      [x.shape, y.shape],
    );
  }
  broadcastShapes("trapezoid", places.shape, y.shape);
  const [later, earlier] = neighbours(places, along);
  return later.sub(earlier);
}

/**
 * The integral of a function that was read at some places, with straight lines between them. Follows
 * `torch.trapezoid`.
 *
 * @param options Or a tensor, the places.
 * @throws {ShapeError} If the places do not fit.
 * @throws {DTypeError} If the input is bool.
 *
 * @example Area below a line
 * ```ts
 * import { tensor, trapezoid } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = tensor([0, 1, 3]);
 * assertEquals(trapezoid(y).item(), 2.5);
 * assertEquals(trapezoid(y, tensor([0, 1, 3])).item(), 4.5);
 * ```
 */
export function trapezoid(y: Tensor, options?: TrapezoidOptions | Tensor): Tensor {
  checkCount("compute trapezoid", arguments.length, 2);
  checkTensor("trapezoid", y);
  const given = isTensor(options) ? { x: options } : options;
  const { x, dx, dim = -1 } = readTrapezoid("compute trapezoid", given);
  if (x !== undefined && dx !== undefined) {
    throw new TypeError(`Cannot compute trapezoid: x or dx may be given, got both`);
  }
  if (y.dtype === "bool" || x?.dtype === "bool") {
    throw new DTypeError("Cannot compute trapezoid: an input is bool; cast it first");
  }
  const axis = normalizeDim("trapezoid", dim, y.ndim);
  const [later, earlier] = neighbours(isFloat(y.dtype) ? y : castTo(y, "float32"), axis);
  if (x === undefined) return sumOver(later.add(earlier), [axis], false).mul((dx ?? 1) / 2);
  checkDevices("trapezoid", y, x);
  const areas = later.add(earlier).mul(widthsOf(x, y, axis));
  return sumOver(areas, [areas.ndim - (y.ndim - axis)], false).mul(0.5);
}

/** Where running sums of exponentials have infinities for what they are. */
const FAR = 3e38;

/**
 * ln of the running sum of eˣ along a dimension, which neither overflows nor loses small values.
 * Follows `torch.logcumsumexp`.
 *
 * Sums of twice as many neighbours are made from those of the step before: n elements take log₂ n
 * passes.
 *
 * @param dim The dimension.
 * @returns A tensor of the same shape.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Sums of numbers that have no exponential
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tensor([-1000, 1000, 0]).logcumsumexp(0).toArray(), [-1000, 1000, 1000]);
 * ```
 */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  checkCount("compute logcumsumexp", arguments.length, 2);
  checkFloat("logcumsumexp", x);
  const { lane, axis } = laneOf("logcumsumexp", x, dim);
  // What is far from 0 has few digits left: each sum is the largest of its elements, which is constant,
  // and what is above it, of which the gradient is taken.
  let largest = clamp(lane.detach(), -FAR, FAR);
  let above = lane.sub(largest);
  for (let step = 1; step < extentAt(lane.shape, axis); step *= 2) {
    const later = slice(largest, axis, step);
    const earlier = slice(largest, axis, 0, -step);
    const both = maximum(later, earlier);
    const sums = logaddexp(
      slice(above, axis, step).add(later.sub(both)),
      slice(above, axis, 0, -step).add(earlier.sub(both)),
    );
    largest = cat([slice(largest, axis, 0, step), both], axis);
    above = cat([slice(above, axis, 0, step), sums], axis);
  }
  return like(x, largest.add(above));
}

composites({ diff, trapezoid, logcumsumexp });
