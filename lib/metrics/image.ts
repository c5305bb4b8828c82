/** Metrics of images. */

import { noGrad } from "../autograd/tape.ts";
import { kind, optionReader, POSITIVE } from "../core/options.ts";
import { ssim as ssimLoss, type SSIMOptions as SSIMLossOptions } from "../loss/structural.ts";
import { checkTensors, elements } from "./inputs.ts";
import { type Metric, metric, nothing, type Pair } from "./metric.ts";
import { PooledResiduals } from "./regression.ts";

/** Options of `psnr`. */
export interface PSNROptions {
  /** Difference between the largest and the smallest value a pixel can have, positive. Default: 1. */
  dataRange?: number;
}

/**
 * The peak signal-to-noise ratio in decibels, 10·log₁₀(range²/mse), of all pixels together; infinite
 * for equal images. Follows `torchmetrics.functional.image.peak_signal_noise_ratio`. `losses.psnr` is
 * its negative, image by image.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no pixels.
 *
 * @example An error of a tenth of the range
 * ```ts
 * import { full, metrics, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(metrics.psnr(full([2, 2], 0.1), zeros([2, 2])), 20, 1e-6);
 * ```
 */
export const psnr: Metric<Pair, PSNROptions, number> = metric<Pair, PSNROptions, number>(
  "psnr",
  2,
  optionReader<PSNROptions>({ dataRange: POSITIVE }),
  (call, { dataRange = 1 }) => {
    const sums = new PooledResiduals(call);
    return {
      state: sums.state,
      add: (pred, target) => sums.add(pred, target),
      result: () => {
        const { squares, n } = sums.result();
        return 10 * Math.log10(dataRange ** 2 / (squares / n));
      },
    };
  },
);

/** Options of `ssim`: those of the loss. */
export type SSIMOptions = Omit<SSIMLossOptions, "reduction">;

/**
 * The structural similarity in Gaussian windows that lie within the image, averaged over images: 1
 * for equal ones. `losses.ssim` is 1 minus this. torchmetrics also counts windows across the border,
 * beyond which it mirrors the image. Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
 *
 * @throws {ShapeError} If the shapes differ, are not [N, C, H, W], or smaller than the window.
 * @throws {RangeError} If there are no images.
 *
 * @example Equal images
 * ```ts
 * import { metrics, rand } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const image = rand([1, 1, 16, 16], { dtype: "float64" });
 * assertAlmostEquals(metrics.ssim(image, image), 1, 1e-9);
 * ```
 */
export const ssim: Metric<Pair, SSIMOptions, number> = metric<Pair, SSIMOptions, number>(
  "ssim",
  2,
  optionReader<SSIMOptions>({
    dataRange: POSITIVE,
    windowSize: kind(
      "an odd positive integer",
      (value) => Number.isSafeInteger(value) && value as number > 0 && value as number % 2 === 1,
    ),
    sigma: POSITIVE,
    k1: POSITIVE,
    k2: POSITIVE,
  }),
  (call, options) => {
    const state = { sum: 0, n: 0 };
    return {
      state,
      add: (pred, target) => {
        checkTensors(call, pred, target);
        const each = noGrad(() => ssimLoss(pred, target, { ...options, reduction: "none" }));
        for (const loss of elements(call, each)) state.sum += 1 - loss;
        state.n += each.size;
      },
      result: () => {
        if (state.n === 0) throw nothing(call);
        return state.sum / state.n;
      },
    };
  },
);
