/** Losses for numbers that grow slower than the square, so that outliers count for less. */

import { checkCount } from "../core/options.ts";
import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  type LossModule,
  lossModule,
} from "./loss.ts";

/** ln cosh r, by a form that keeps small residuals and one that does not overflow. */
function logCoshError(prediction: Tensor, target: Tensor): Tensor {
  const r = prediction.sub(target);
  const beyond = r.abs().ge(1);
  const near = where(beyond, 0, r).sinh().square().log1p().mul(0.5);
  const size = where(beyond, r, 1).abs();
  const far = size.add(size.mul(-2).exp().log1p()).sub(Math.LN2);
  return where(beyond, far, near);
}

/**
 * Logarithm of the hyperbolic cosine, ln cosh(p − t): about r²/2 for small residuals r = p − t and
 * |r| − ln 2 for large ones, and smooth everywhere. Its gradient is tanh r. Computed as
 * ½·log1p(sinh² r) for |r| < 1 and |r| + log1p(e^(−2|r|)) − ln 2 beyond, which neither overflows nor
 * loses small residuals. Saleh and Saleh, "Statistical properties of the log-cosh loss function used
 * in machine learning", 2022.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 *
 * @example Value and gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const p = tensor(2, { requiresGrad: true });
 * const loss = losses.logCosh(p, tensor(0));
 * loss.backward();
 * assertAlmostEquals(loss.item(), Math.log(Math.cosh(2)), 1e-6);
 * assertAlmostEquals(p.grad!.item(), Math.tanh(2), 1e-6);
 * ```
 */
export function logCosh(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.logCosh", arguments.length, 3);
  const read = elementLossOptions("compute losses.logCosh", options);
  return elementLoss("losses.logCosh", prediction, target, read, logCoshError);
}

/** {@linkcode logCosh} as a module. */
export const LogCoshLoss: LossModule<ElementLossOptions> = lossModule(
  "LogCoshLoss",
  logCosh,
  elementLossOptions,
);
/** A module of {@linkcode logCosh}. */
export type LogCoshLoss = FunctionLoss<ElementLossOptions>;
