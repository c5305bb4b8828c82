/** Fused: distances of all pairs of points, without their differences in memory. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader } from "../../core/options.ts";
import { broadcastShapes, checkShape, extentAt, MAX_RANK, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused, type Inputs } from "../define/fused.ts";
import { normOver } from "../reduce/norm.ts";
import { unsqueeze } from "../shape/composites.ts";
import { expand } from "../shape/primitives.ts";
import { misfit, sides } from "./pairs.ts";

/** The composite form of `cdist`, for points of one batch. */
export function cdistComposite(a: Tensor, b: Tensor, p: number): Tensor {
  const apart = unsqueeze(a, -2).sub(unsqueeze(b, -3));
  return normOver("cdist", apart, p, [apart.ndim - 1], false);
}

function shapeOf([a, b]: Inputs): Shape {
  return [...a!.shape.slice(0, -1), extentAt(b!.shape, -2)];
}

const distances = fused<{ readonly p: number }>("cdist", {
  composite: ([a, b], { p }) => [cdistComposite(a!, b!, p)],
  kernel: "cdist",
  shapes: (inputs) => [shapeOf(inputs)],
  parameters: ({ p }) => ({ numbers: [p] }),
  saves: "aby",
  gradKernel: "cdist_grad",
  gradOperands: ([g], { a, b, y }) => [g!, y, a, b],
});

/** Options of `cdist`. */
export interface CdistOptions {
  /** Order of the norm, not negative; Infinity too. Default: 2. */
  p?: number;
}

const readCdist = optionReader<CdistOptions>({ p: NUMBER });

/**
 * Distances of all pairs of points: the norms of their differences, which are taken first, so that
 * points that almost coincide keep all digits. Where two coincide the gradient is 0. Batches broadcast.
 * Follows `torch.cdist`, of which it is the mode "donot_use_mm_for_euclid_dist".
 *
 * @param a Shape [..., n, d].
 * @param b Shape [..., m, d].
 * @returns Shape [..., n, m].
 * @throws {ShapeError} If the points have different numbers of coordinates.
 * @throws {DTypeError} If both inputs are not floating.
 *
 * @example Points on a line
 * ```ts
 * import { cdist, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cdist(tensor([[0], [3]]), tensor([[1], [5]])).toArray(), [[1, 5], [2, 2]]);
 * ```
 */
export function cdist(a: Tensor, b: Tensor, options?: CdistOptions): Tensor {
  checkCount("compute cdist", arguments.length, 3);
  const [x, y] = sides("cdist", a, b);
  const { p = 2 } = readCdist("compute cdist", options);
  if (!(p >= 0)) throw new RangeError(`Cannot compute cdist: p must not be negative, got ${p}`);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot compute cdist: an input must be float32 or float64, got ${a.dtype} and ${b.dtype}`,
    );
  }
  if (a.ndim < 2 || b.ndim < 2 || extentAt(a.shape, -1) !== extentAt(b.shape, -1)) {
    throw misfit("cdist", "it needs shapes [..., n, d] and [..., m, d]", a, b);
  }
  const batch = broadcastShapes("cdist", a.shape.slice(0, -2), b.shape.slice(0, -2), "batches");
  if (batch.length + 3 > MAX_RANK) {
    throw misfit("cdist", `points must have at most ${MAX_RANK - 1} dimensions`, a, b);
  }
  const [points, others] = [x, y].map((side) => expand(side, [...batch, ...side.shape.slice(-2)]));
  checkShape("cdist", [...batch, extentAt(a.shape, -2), extentAt(b.shape, -2)]);
  // Of no coordinates there is no largest: the norm of order 1 is the sum of nothing.
  return distances([points!, others!], { p: extentAt(a.shape, -1) === 0 ? 1 : p })[0]!;
}
