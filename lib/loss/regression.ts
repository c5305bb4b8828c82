/** Losses for numbers. */

import { checkCount, NUMBER } from "../core/options.ts";
import { huberError, squaredError } from "../ops/loss/fused.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  ELEMENT_LOSS_OPTIONS,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  type LossModule,
  lossModule,
  lossOptions,
  POSITIVE,
  residualLoss,
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
  return residualLoss("losses.mse", prediction, target, read, squaredError, 0);
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
  return residualLoss("losses.huber", prediction, target, read, huberError, read.delta ?? 1);
}

/** {@linkcode huber} as a module. */
export const HuberLoss: LossModule<HuberOptions> = lossModule("HuberLoss", huber, huberOptions);
/** A module of {@linkcode huber}. */
export type HuberLoss = FunctionLoss<HuberOptions>;
