/** Losses for numbers. */

import { checkCount, NUMBER } from "../core/options.ts";
import { huberError, smoothL1Error, squaredError } from "../ops/loss/fused.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  ELEMENT_LOSS_OPTIONS,
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  type LossModule,
  lossModule,
  lossOptions,
  NOT_NEGATIVE,
  pairLoss,
  POSITIVE,
} from "./loss.ts";

/**
 * Mean squared error, (p − t)². Follows `torch.nn.functional.mse_loss`.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 *
 * @example Value and gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([1, 2], { requiresGrad: true });
 * const loss = losses.mse(p, tensor([0, 0]));
 * loss.backward();
 * assertEquals([loss.item(), p.grad?.toArray()], [2.5, [1, 2]]);
 * ```
 */
export function mse(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.mse", arguments.length, 3);
  const read = elementLossOptions("compute losses.mse", options);
  return pairLoss("losses.mse", prediction, target, read, squaredError);
}

/** {@linkcode mse} as a module. */
export const MSELoss: LossModule<ElementLossOptions> = lossModule(
  "MSELoss",
  mse,
  elementLossOptions,
);
/** A module of {@linkcode mse}. */
export type MSELoss = FunctionLoss<ElementLossOptions>;

/** Options of `huber`. */
export interface HuberOptions extends ElementLossOptions {
  /** Residual at which the loss turns from quadratic to linear, positive. Default: 1. */
  delta?: number;
}

const huberOptions = lossOptions<HuberOptions>(
  { ...ELEMENT_LOSS_OPTIONS, delta: NUMBER },
  { delta: POSITIVE },
);

/**
 * Huber's loss: r²/2 for |r| ≤ δ, δ·(|r| − δ/2) beyond, with r = p − t. Its gradient is capped at
 * ±δ. Huber, "Robust estimation of a location parameter", 1964; `torch.nn.functional.huber_loss`.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If delta is not positive and finite.
 *
 * @example Both branches
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const each = losses.huber(tensor([1, 4]), tensor([0, 0]), { delta: 2, reduction: "none" });
 * assertEquals(each.toArray(), [0.5, 6]);
 * ```
 */
export function huber(prediction: Tensor, target: Tensor, options?: HuberOptions): Tensor {
  checkCount("compute losses.huber", arguments.length, 3);
  const read = huberOptions("compute losses.huber", options);
  return pairLoss("losses.huber", prediction, target, read, huberError, [read.delta ?? 1]);
}

/** {@linkcode huber} as a module. */
export const HuberLoss: LossModule<HuberOptions> = lossModule("HuberLoss", huber, huberOptions);
/** A module of {@linkcode huber}. */
export type HuberLoss = FunctionLoss<HuberOptions>;

/**
 * Mean absolute error, |p − t|. Its gradient is ±1, and 0 where both are equal. Follows
 * `torch.nn.functional.l1_loss`.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 *
 * @example Value and gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([1, 0], { requiresGrad: true });
 * const loss = losses.l1(p, tensor([-2, 0]));
 * loss.backward();
 * assertEquals([loss.item(), p.grad?.toArray()], [1.5, [0.5, 0]]);
 * ```
 */
export function l1(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.l1", arguments.length, 3);
  const read = elementLossOptions("compute losses.l1", options);
  return elementLoss("losses.l1", prediction, target, read, (p, t) => p.sub(t).abs());
}

/** {@linkcode l1} as a module. */
export const L1Loss: LossModule<ElementLossOptions> = lossModule("L1Loss", l1, elementLossOptions);
/** A module of {@linkcode l1}. */
export type L1Loss = FunctionLoss<ElementLossOptions>;

/** Options of `smoothL1`. */
export interface SmoothL1Options extends ElementLossOptions {
  /** Residual at which the loss turns from quadratic to linear, at least 0. Default: 1. */
  beta?: number;
}

const smoothL1Options = lossOptions<SmoothL1Options>(
  { ...ELEMENT_LOSS_OPTIONS, beta: NUMBER },
  { beta: NOT_NEGATIVE },
);

/**
 * Smooth absolute error: r²/(2β) for |r| < β, |r| − β/2 beyond, with r = p − t. Its gradient is
 * capped at ±1. It is `huber` with δ = β, divided by β; with β = 0 it is `l1`. Girshick, "Fast
 * R-CNN", 2015; `torch.nn.functional.smooth_l1_loss`.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If beta is negative or not finite.
 *
 * @example Both branches
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const each = losses.smoothL1(tensor([1, 4]), tensor([0, 0]), { beta: 2, reduction: "none" });
 * assertEquals(each.toArray(), [0.25, 3]);
 * ```
 */
export function smoothL1(prediction: Tensor, target: Tensor, options?: SmoothL1Options): Tensor {
  checkCount("compute losses.smoothL1", arguments.length, 3);
  const read = smoothL1Options("compute losses.smoothL1", options);
  return pairLoss("losses.smoothL1", prediction, target, read, smoothL1Error, [read.beta ?? 1]);
}

/** {@linkcode smoothL1} as a module. */
export const SmoothL1Loss: LossModule<SmoothL1Options> = lossModule(
  "SmoothL1Loss",
  smoothL1,
  smoothL1Options,
);
/** A module of {@linkcode smoothL1}. */
export type SmoothL1Loss = FunctionLoss<SmoothL1Options>;
