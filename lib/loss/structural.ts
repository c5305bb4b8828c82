/** Losses that compare images by neighbourhoods rather than single pixels. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  ABOVE_ZERO,
  checkCount,
  checkKind,
  INTEGER,
  isListOf,
  kind,
  NUMBER,
  TENSOR,
} from "../core/options.ts";
import { avgPool2d, cat, conv2d, where } from "../ops/mod.ts";
import { reduced } from "../ops/loss/fused.ts";
import { similarityMap } from "../ops/loss/similarity.ts";
import { imageVariation } from "../ops/loss/variation.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkedLoss,
  checkPair,
  type FunctionLoss,
  leftRange,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  POSITIVE,
  scaleOf,
} from "./loss.ts";

/** Options of `psnr`. */
export interface PSNROptions extends LossOptions {
  /** Difference between the largest and the smallest value a pixel can have, positive. Default: 1. */
  dataRange?: number;
  /** What is added to the squared error, positive, so that equal images have a finite loss. Default: 1e-8. */
  eps?: number;
}

const psnrOptions = lossOptions<PSNROptions>(
  { ...LOSS_OPTIONS, dataRange: NUMBER, eps: NUMBER },
  { dataRange: POSITIVE, eps: POSITIVE },
);

/** Refuses anything but a batch of images. */
function checkImages(op: string, x: Tensor, extent: number): void {
  if (x.ndim === 4 && x.shape.slice(2).every((own) => own >= extent)) return;
  throw new ShapeError(
    `Cannot compute ${op}: prediction must have shape [N, C, H, W] with H and W from ${extent}, ` +
      `got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** ln(mean(r²) + eps) of each image. */
function logMeanSquare(r: Tensor, eps: number): Tensor {
  const error = r.square().mean([1, 2, 3]);
  if (!leftRange(error)) return error.add(eps).log();
  const scale = scaleOf(r, [1, 2, 3]);
  const [near, size] = [r.div(scale).square().mean([1, 2, 3]), scale.flatten()];
  return near.add(size.reciprocal().square().mul(eps)).log().add(size.log().mul(2));
}

/**
 * The negative peak signal-to-noise ratio in decibels, 10·log₁₀(mse/range² + eps) for each image, so
 * that lower is better; −80 for equal images with the default eps. Its value and gradient follow
 * `piq.psnr`.
 *
 * @param prediction Shape [N, C, H, W].
 * @param target The same shape.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none".
 * @throws {ShapeError} If the shapes differ or are not those of images.
 * @throws {RangeError} If dataRange or eps is not positive and finite.
 *
 * @example An error of a tenth of the range
 * ```ts
 * import { full, losses, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const shape = [1, 1, 2, 2];
 * assertAlmostEquals(losses.psnr(full(shape, 0.1), zeros(shape)).item(), -20, 1e-4);
 * ```
 */
export function psnr(prediction: Tensor, target: Tensor, options?: PSNROptions): Tensor {
  const op = "losses.psnr";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { dataRange = 1, eps = 1e-8, reduction = "mean" } = psnrOptions(`compute ${op}`, options);
  checkPair(op, prediction, target);
  checkImages(op, prediction, 1);
  const each = logMeanSquare(prediction.sub(target).div(dataRange), eps).mul(10 / Math.LN10);
  return checkedLoss(op, target, reduction, reduced(each, reduction));
}

/** {@linkcode psnr} as a module. */
export const PSNRLoss: LossModule<PSNROptions> = lossModule("PSNRLoss", psnr, psnrOptions);
/** A module of {@linkcode psnr}. */
export type PSNRLoss = FunctionLoss<PSNROptions>;

/** Options of `ssim`. */
export interface SSIMOptions extends LossOptions {
  /** Difference between the largest and the smallest value a pixel can have, positive. Default: 1. */
  dataRange?: number;
  /** Width of the Gaussian window in pixels, odd. Default: 11. */
  windowSize?: number;
  /** Standard deviation of the Gaussian window in pixels, positive. Default: 1.5. */
  sigma?: number;
  /** Stabilizes the ratio of means, positive. Default: 0.01. */
  k1?: number;
  /** Stabilizes the ratio of variances, positive. Default: 0.03. */
  k2?: number;
}

const SSIM_KINDS = {
  ...LOSS_OPTIONS,
  dataRange: NUMBER,
  windowSize: INTEGER,
  sigma: NUMBER,
  k1: NUMBER,
  k2: NUMBER,
} as const;
const SSIM_RANGES = {
  dataRange: POSITIVE,
  windowSize: {
    needed: "be odd and positive",
    holds: (value: number) => value > 0 && value % 2 === 1,
  },
  sigma: POSITIVE,
  k1: POSITIVE,
  k2: POSITIVE,
} as const;

const ssimOptions = lossOptions<SSIMOptions>(SSIM_KINDS, SSIM_RANGES);

/** Means in a Gaussian window, without padding, of images [N, C, H, W], concatenated. */
function gaussianMeans(images: readonly Tensor[], windowSize: number, sigma: number): Tensor {
  const bell = Float64Array.from(
    { length: windowSize },
    (_, i) => Math.exp(-((i - (windowSize - 1) / 2) ** 2) / (2 * sigma * sigma)),
  );
  const total = bell.reduce((sum, weight) => sum + weight, 0);
  // All in one call, as small convolutions take about as long as large ones.
  const x = cat(images, 0).flatten(0, 1).unsqueeze(1);
  const weights = fromTypedArray(bell.map((weight) => weight / total), [1, 1, windowSize, 1])
    .to({ dtype: x.dtype, device: x.device });
  return conv2d(conv2d(x, weights), weights.transpose(2, 3));
}

/** Structural similarity, or its part without the means, of each image and channel: [N, C]. */
function similarity(
  p: Tensor,
  t: Tensor,
  part: "whole" | "contrast",
  { dataRange = 1, windowSize = 11, sigma = 1.5, k1 = 0.01, k2 = 0.03 }: SSIMOptions,
): Tensor {
  // As shares of the range, whose square may be out of that of the type.
  const [x, y] = dataRange === 1 ? [p, t] : [p.div(dataRange), t.div(dataRange)];
  const images = [x, y, x.mul(y), x.square().add(y.square())];
  const map = similarityMap(gaussianMeans(images, windowSize, sigma), {
    steadied: [k1 ** 2, k2 ** 2],
    whole: part === "whole",
  });
  const [n = 0, c = 0] = p.shape;
  return map.mean([1, 2, 3]).reshape([n, c]);
}

/**
 * One minus the structural similarity, 1 − mean of
 * (2·μₚμₜ + c₁)(2·σₚₜ + c₂)/((μₚ² + μₜ² + c₁)(σₚ² + σₜ² + c₂)), in Gaussian windows that lie within the
 * image, cᵢ = (kᵢ·range)². Wang et al., "Image quality assessment: from error visibility to structural
 * similarity", 2004.
 *
 * @param prediction Shape [N, C, H, W], at least as large as the window.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none".
 * @throws {ShapeError} If the shapes differ or are smaller than the window.
 * @throws {RangeError} If an option is not positive and finite, or the window even.
 *
 * @example Equal images, and without a window the formula for one pixel
 * ```ts
 * import { full, losses, ones } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const image = ones([1, 1, 2, 2]);
 * assertAlmostEquals(losses.ssim(image, image, { windowSize: 1 }).item(), 0, 1e-6);
 * const dark = full([1, 1, 2, 2], 0.5);
 * assertAlmostEquals(losses.ssim(dark, image, { windowSize: 1 }).item(), 0.2, 1e-4);
 * ```
 */
export function ssim(prediction: Tensor, target: Tensor, options?: SSIMOptions): Tensor {
  const op = "losses.ssim";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { reduction = "mean", ...read } = ssimOptions(`compute ${op}`, options);
  target = checkPair(op, prediction, target);
  checkImages(op, prediction, read.windowSize ?? 11);
  const whole = similarity(prediction, target, "whole", read);
  return checkedLoss(op, target, reduction, reduced(whole.mean(1).neg().add(1), reduction));
}

/** {@linkcode ssim} as a module. */
export const SSIMLoss: LossModule<SSIMOptions> = lossModule("SSIMLoss", ssim, ssimOptions);
/** A module of {@linkcode ssim}. */
export type SSIMLoss = FunctionLoss<SSIMOptions>;

/** Options of `msSsim`. */
export interface MSSSIMOptions extends SSIMOptions {
  /** Exponents of the scales, the finest first. Default: the five of the paper. */
  powers?: readonly number[];
}

const SCALES = kind(
  "an array of positive numbers, one or more",
  (value) => isListOf(value, ABOVE_ZERO.accepts) && value.length > 0,
);

const msSsimOptions = lossOptions<MSSSIMOptions>({ ...SSIM_KINDS, powers: SCALES }, SSIM_RANGES);

/** The exponents of Wang, Simoncelli and Bovik. */
const POWERS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** A power that has value and gradient 0 below 0, where it is not defined. */
function positivePower(x: Tensor, power: number): Tensor {
  const below = x.le(0);
  return where(below, 0, where(below, 1, x).pow(power));
}

/**
 * One minus the structural similarity over several scales, 1 − Π csⱼ^wⱼ · ssim^w over the scales, each
 * half of the one before; cs is the part of ssim without the means. Wang et al., "Multiscale
 * structural similarity for image quality assessment", 2003. A scale that is negative counts as 0.
 *
 * @param prediction Shape [N, C, H, W], on the coarsest scale at least as large as the window: 161
 * pixels with the defaults.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none".
 * @throws {ShapeError} If the shapes differ or are too small.
 * @throws {RangeError} If an option is not positive and finite, or the window even.
 *
 * @example Equal images
 * ```ts
 * import { losses, rand } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const image = rand([1, 1, 8, 8]);
 * const loss = losses.msSsim(image, image, { windowSize: 3, powers: [0.5, 0.5] });
 * assertAlmostEquals(loss.item(), 0, 1e-5);
 * ```
 */
export function msSsim(prediction: Tensor, target: Tensor, options?: MSSSIMOptions): Tensor {
  const op = "losses.msSsim";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { reduction = "mean", powers = POWERS, ...read } = msSsimOptions(`compute ${op}`, options);
  target = checkPair(op, prediction, target);
  const least = ((read.windowSize ?? 11) - 1) * 2 ** (powers.length - 1) + 1;
  checkImages(op, prediction, least);
  let [p, t] = [prediction, target];
  const factors = powers.map((power, scale) => {
    const last = scale === powers.length - 1;
    const own = similarity(p, t, last ? "whole" : "contrast", read);
    const padding = p.shape.slice(2).map((extent) => extent % 2);
    if (!last) [p, t] = [avgPool2d(p, 2, { padding }), avgPool2d(t, 2, { padding })];
    return positivePower(own, power);
  });
  const product = factors.reduce((all, factor) => all.mul(factor));
  return checkedLoss(op, target, reduction, reduced(product.mean(1).neg().add(1), reduction));
}

/** {@linkcode msSsim} as a module. */
export const MSSSIMLoss: LossModule<MSSSIMOptions> = lossModule(
  "MSSSIMLoss",
  msSsim,
  msSsimOptions,
);
/** A module of {@linkcode msSsim}. */
export type MSSSIMLoss = FunctionLoss<MSSSIMOptions>;

const variationOptions = lossOptions<LossOptions>(LOSS_OPTIONS);

/**
 * Total variation of images, the sum of |x[i + 1, j] − x[i, j]| + |x[i, j + 1] − x[i, j]|: how uneven
 * they are. Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms", 1992,
 * in the form of sums; `kornia.losses.total_variation`. Equal neighbours have gradient 0.
 *
 * @param image Shape [..., H, W].
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the image has fewer than two dimensions.
 * @throws {DTypeError} If it is not floating.
 *
 * @example One step along each row
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(losses.totalVariation(tensor([[0, 3], [0, 3]])).item(), 6);
 * ```
 */
export function totalVariation(image: Tensor, options?: LossOptions): Tensor {
  const op = "losses.totalVariation";
  checkCount(`compute ${op}`, arguments.length, 2);
  const { reduction = "mean" } = variationOptions(`compute ${op}`, options);
  checkKind(`compute ${op}`, "image", image, TENSOR);
  if (!isFloat(image.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: image must be float32 or float64, got ${image.dtype}`,
    );
  }
  if (image.ndim < 2) {
    throw new ShapeError(
      `Cannot compute ${op}: image must have shape [..., H, W], got ${showShape(image.shape)}`,
      [image.shape],
    );
  }
  return reduced(imageVariation(image), reduction);
}

/** {@linkcode totalVariation} as a module. */
export const TotalVariationLoss: LossModule<LossOptions, [Tensor]> = lossModule(
  "TotalVariationLoss",
  totalVariation,
  variationOptions,
);
/** A module of {@linkcode totalVariation}. */
export type TotalVariationLoss = FunctionLoss<LossOptions, [Tensor]>;
