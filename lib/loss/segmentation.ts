/** Losses of how much two regions overlap. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, NUMBER } from "../core/options.ts";
import { reduced } from "../ops/loss/fused.ts";
import { overlap } from "../ops/reduce/dots.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDomain } from "./domain.ts";
import {
  checkPair,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  NOT_NEGATIVE,
} from "./loss.ts";

/** Options of `dice` and `jaccard`. */
export interface OverlapOptions extends LossOptions {
  /** What is added to numerator and denominator, so that two empty regions are equal. Default: 1e-5. */
  smooth?: number;
}

const overlapOptions = lossOptions<OverlapOptions>(
  { ...LOSS_OPTIONS, smooth: NUMBER },
  { smooth: NOT_NEGATIVE },
);

/** Options of `tversky`. */
export interface TverskyOptions extends OverlapOptions {
  /** Weight of false positives. Default: 0.5. */
  alpha?: number;
  /** Weight of false negatives. Default: 0.5. */
  beta?: number;
}

const tverskyOptions = lossOptions<TverskyOptions>(
  { ...LOSS_OPTIONS, smooth: NUMBER, alpha: NUMBER, beta: NUMBER },
  { smooth: NOT_NEGATIVE, alpha: NOT_NEGATIVE, beta: NOT_NEGATIVE },
);

/** 1 − (I + smooth)/(I + α·FP + β·FN + smooth) of each map, where I is the overlap. */
function overlapLoss(
  op: string,
  prediction: Tensor,
  target: Tensor,
  { alpha = 0.5, beta = 0.5, smooth = 1e-5, reduction = "mean" }: TverskyOptions,
): Tensor {
  checkPair(op, prediction, target);
  if (prediction.ndim < 3) {
    throw new ShapeError(
      `Cannot compute ${op}: prediction must have shape [N, C, ...] with at least one dimension ` +
        `of places, got ${showShape(prediction.shape)}`,
      [prediction.shape],
    );
  }
  checkDomain(op, target);
  const [common, predicted, there] = overlap(prediction.flatten(2), target.flatten(2));
  const apart = predicted.sub(common).mul(alpha).add(there.sub(common).mul(beta));
  const each = apart.div(common.add(apart).add(smooth));
  return reduced(each, reduction);
}

/**
 * Dice loss, 1 − (2·I + smooth)/(P + T + smooth) for each map, with I = Σ p·t, P = Σ p and T = Σ t over
 * its places. Milletari et al., "V-Net", 2016, without their squares.
 *
 * @param prediction Probabilities of shape [N, C, ...].
 * @param target The same shape, 1 where the class is and 0 elsewhere, or between them.
 * @returns A tensor without dimensions, or of shape [N, C] for reduction "none".
 * @throws {ShapeError} If the shapes differ or have no places.
 * @throws {RangeError} If a target does not lie in 0 to 1, or smooth is negative or not finite.
 *
 * @example Half of the region is found
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.dice(tensor([[[1, 0]]]), tensor([[[1, 1]]]), { smooth: 0 });
 * assertAlmostEquals(loss.item(), 1 / 3, 1e-6);
 * ```
 */
export function dice(prediction: Tensor, target: Tensor, options?: OverlapOptions): Tensor {
  checkCount("compute losses.dice", arguments.length, 3);
  const { smooth = 1e-5, ...read } = overlapOptions("compute losses.dice", options);
  return overlapLoss("losses.dice", prediction, target, { ...read, smooth: smooth / 2 });
}

/** {@linkcode dice} as a module. */
export const DiceLoss: LossModule<OverlapOptions> = lossModule("DiceLoss", dice, overlapOptions);
/** A module of {@linkcode dice}. */
export type DiceLoss = FunctionLoss<OverlapOptions>;

/**
 * Loss of the intersection over the union, 1 − (I + smooth)/(P + T − I + smooth) for each map, with
 * I = Σ p·t, P = Σ p and T = Σ t over its places. Rahman and Wang, "Optimizing intersection-over-union
 * in deep neural networks for image segmentation", 2016.
 *
 * @param prediction Probabilities of shape [N, C, ...].
 * @param target The same shape, 1 where the class is and 0 elsewhere, or between them.
 * @returns A tensor without dimensions, or of shape [N, C] for reduction "none".
 * @throws {ShapeError} If the shapes differ or have no places.
 * @throws {RangeError} If a target does not lie in 0 to 1, or smooth is negative or not finite.
 *
 * @example Half of the region is found
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = losses.jaccard(tensor([[[1, 0]]]), tensor([[[1, 1]]]), { smooth: 0 });
 * assertEquals(loss.item(), 0.5);
 * ```
 */
export function jaccard(prediction: Tensor, target: Tensor, options?: OverlapOptions): Tensor {
  checkCount("compute losses.jaccard", arguments.length, 3);
  const read = overlapOptions("compute losses.jaccard", options);
  return overlapLoss("losses.jaccard", prediction, target, { ...read, alpha: 1, beta: 1 });
}

/** {@linkcode jaccard} as a module. */
export const JaccardLoss: LossModule<OverlapOptions> = lossModule(
  "JaccardLoss",
  jaccard,
  overlapOptions,
);
/** A module of {@linkcode jaccard}. */
export type JaccardLoss = FunctionLoss<OverlapOptions>;

/**
 * Tversky's loss, 1 − (I + smooth)/(I + α·(P − I) + β·(T − I) + smooth) for each map, with I = Σ p·t,
 * P = Σ p and T = Σ t over its places; with β above α, what is missed weighs more. Salehi et al., "Tversky
 * loss function for image segmentation using 3D fully convolutional deep networks", 2017.
 *
 * @param prediction Probabilities of shape [N, C, ...].
 * @param target The same shape, 1 where the class is and 0 elsewhere, or between them.
 * @returns A tensor without dimensions, or of shape [N, C] for reduction "none".
 * @throws {ShapeError} If the shapes differ or have no places.
 * @throws {RangeError} If a target does not lie in 0 to 1, or an option is negative or not finite.
 *
 * @example What is missed counts for more
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const [p, t] = [tensor([[[1, 0]]]), tensor([[[1, 1]]])];
 * const loss = losses.tversky(p, t, { alpha: 0.25, beta: 0.75, smooth: 0 });
 * assertAlmostEquals(loss.item(), 0.75 / 1.75, 1e-6);
 * ```
 */
export function tversky(prediction: Tensor, target: Tensor, options?: TverskyOptions): Tensor {
  checkCount("compute losses.tversky", arguments.length, 3);
  const read = tverskyOptions("compute losses.tversky", options);
  return overlapLoss("losses.tversky", prediction, target, read);
}

/** {@linkcode tversky} as a module. */
export const TverskyLoss: LossModule<TverskyOptions> = lossModule(
  "TverskyLoss",
  tversky,
  tverskyOptions,
);
/** A module of {@linkcode tversky}. */
export type TverskyLoss = FunctionLoss<TverskyOptions>;
