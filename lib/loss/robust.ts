/** Losses for numbers that grow more slowly than the square, so that outliers count for less. */

import { isFloat } from "../core/dtype.ts";
import { checkCount, kind, NUMBER } from "../core/options.ts";
import {
  biweightError,
  cauchyError,
  charbonnierError,
  generalForm,
  generalRobustError,
  log1pSquare,
  logCoshError,
  pseudoHuberError,
} from "../ops/loss/fused.ts";
import { maximum, where } from "../ops/mod.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  checkFactor,
  ELEMENT_LOSS_OPTIONS,
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  type LossModule,
  lossModule,
  lossOptions,
  pairLoss,
  POSITIVE,
  SHARE,
} from "./loss.ts";

/**
 * Logarithm of the hyperbolic cosine, ln cosh(p − t): about r²/2 for small residuals r = p − t,
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
  return pairLoss("losses.logCosh", prediction, target, read, logCoshError);
}

/** {@linkcode logCosh} as a module. */
export const LogCoshLoss: LossModule<ElementLossOptions> = lossModule(
  "LogCoshLoss",
  logCosh,
  elementLossOptions,
);
/** A module of {@linkcode logCosh}. */
export type LogCoshLoss = FunctionLoss<ElementLossOptions>;

/** Options of `quantile`. */
export interface QuantileOptions extends ElementLossOptions {
  /** The quantile that is estimated, from 0 to 1. Default: 0.5, the median. */
  q?: number;
}

const quantileOptions = lossOptions<QuantileOptions>(
  { ...ELEMENT_LOSS_OPTIONS, q: NUMBER },
  { q: SHARE },
);

/**
 * Pinball loss, max(q·r, (q − 1)·r) with r = t − p, whose mean is smallest where the prediction is
 * the q-quantile of the targets. Its gradient is −q below the target and 1 − q above; at the target
 * it is the middle, ½ − q. Koenker and Bassett, "Regression quantiles", 1978.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If q does not lie in 0 to 1.
 *
 * @example A prediction that is too low costs more than one that is too high
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const each = losses.quantile(tensor([0, 8]), tensor([4, 4]), { q: 0.75, reduction: "none" });
 * assertEquals(each.toArray(), [3, 1]);
 * ```
 */
export function quantile(prediction: Tensor, target: Tensor, options?: QuantileOptions): Tensor {
  checkCount("compute losses.quantile", arguments.length, 3);
  const read = quantileOptions("compute losses.quantile", options);
  const { q = 0.5 } = read;
  return elementLoss("losses.quantile", prediction, target, read, (p, t) => {
    const r = t.sub(p);
    return maximum(r.mul(q), r.mul(q - 1));
  });
}

/** {@linkcode quantile} as a module. */
export const QuantileLoss: LossModule<QuantileOptions> = lossModule(
  "QuantileLoss",
  quantile,
  quantileOptions,
);
/** A module of {@linkcode quantile}. */
export type QuantileLoss = FunctionLoss<QuantileOptions>;

/** Options of `charbonnier`. */
export interface CharbonnierOptions extends ElementLossOptions {
  /** Residual below which the loss is about quadratic, positive. Default: 1e-3. */
  eps?: number;
}

const charbonnierOptions = lossOptions<CharbonnierOptions>(
  { ...ELEMENT_LOSS_OPTIONS, eps: NUMBER },
  { eps: POSITIVE },
);

/**
 * Charbonnier's loss, √(r² + ε²) with r = p − t: an absolute error that is smooth at 0, where it is ε.
 * Its gradient is r/√(r² + ε²). Charbonnier and others, "Two deterministic half-quadratic
 * regularization algorithms for computed imaging", 1994, as in Lai and others, "Deep Laplacian
 * pyramid networks", 2017.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If eps is not positive and finite.
 *
 * @example Value and gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([3, 0], { dtype: "float64", requiresGrad: true });
 * const loss = losses.charbonnier(p, tensor([0, 0]), { eps: 4, reduction: "sum" });
 * loss.backward();
 * assertEquals([loss.item(), p.grad?.toArray()], [9, [0.6, 0]]);
 * ```
 */
export function charbonnier(
  prediction: Tensor,
  target: Tensor,
  options?: CharbonnierOptions,
): Tensor {
  checkCount("compute losses.charbonnier", arguments.length, 3);
  const read = charbonnierOptions("compute losses.charbonnier", options);
  const { eps = 1e-3 } = read;
  return pairLoss("losses.charbonnier", prediction, target, read, charbonnierError, [eps]);
}

/** {@linkcode charbonnier} as a module. */
export const CharbonnierLoss: LossModule<CharbonnierOptions> = lossModule(
  "CharbonnierLoss",
  charbonnier,
  charbonnierOptions,
);
/** A module of {@linkcode charbonnier}. */
export type CharbonnierLoss = FunctionLoss<CharbonnierOptions>;

/** Options of `cauchy`. */
export interface CauchyOptions extends ElementLossOptions {
  /** Residual at which the slope is steepest, positive. Default: 1. */
  c?: number;
}

const cauchyOptions = lossOptions<CauchyOptions>(
  { ...ELEMENT_LOSS_OPTIONS, c: NUMBER },
  { c: POSITIVE },
);

/**
 * Cauchy's (or Lorentz's) loss: c²/2·ln(1 + (r/c)²) with r = p − t, about r²/2 for small residuals. Its
 * gradient r/(1 + (r/c)²) falls off beyond c, so that outliers count for little. With c = 2.385 it
 * loses 5 % of the efficiency of squares on normal residuals of deviation 1. Holland and Welsch,
 * "Robust regression using iteratively reweighted least-squares", 1977.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If c is not positive and finite.
 *
 * @example The gradient is greatest at c
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([0, 2, 6], { requiresGrad: true });
 * losses.cauchy(p, tensor([0, 0, 0]), { c: 2, reduction: "sum" }).backward();
 * assertEquals(p.grad?.to({ dtype: "float64" }).mul(10).round().toArray(), [0, 10, 6]);
 * ```
 */
export function cauchy(prediction: Tensor, target: Tensor, options?: CauchyOptions): Tensor {
  checkCount("compute losses.cauchy", arguments.length, 3);
  const read = cauchyOptions("compute losses.cauchy", options);
  const { c = 1 } = read;
  return pairLoss("losses.cauchy", prediction, target, read, cauchyError, [c]);
}

/** {@linkcode cauchy} as a module. */
export const CauchyLoss: LossModule<CauchyOptions> = lossModule(
  "CauchyLoss",
  cauchy,
  cauchyOptions,
);
/** A module of {@linkcode cauchy}. */
export type CauchyLoss = FunctionLoss<CauchyOptions>;

/** Options of `tukeyBiweight`. */
export interface TukeyBiweightOptions extends ElementLossOptions {
  /** Residual from which the loss is flat, positive. Default: 4.685. */
  c?: number;
}

const tukeyOptions = lossOptions<TukeyBiweightOptions>(
  { ...ELEMENT_LOSS_OPTIONS, c: NUMBER },
  { c: POSITIVE },
);

/**
 * Tukey's biweight: c²/6·(1 − (1 − (r/c)²)³) for |r| < c, c²/6 beyond, with r = p − t. Its gradient
 * r·(1 − (r/c)²)² is 0 from c on, so that outliers do not count; first and second derivative are
 * continuous. The default c loses 5 % of the efficiency of squares on normal residuals of deviation
 * 1. Beaton and Tukey, "The fitting of power series, meaning polynomials, illustrated on
 * band-spectroscopic data", 1974.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If c is not positive and finite.
 *
 * @example An outlier has no gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([1, 9], { requiresGrad: true });
 * losses.tukeyBiweight(p, tensor([0, 0]), { c: 2, reduction: "sum" }).backward();
 * assertEquals(p.grad?.toArray(), [0.5625, 0]);
 * ```
 */
export function tukeyBiweight(
  prediction: Tensor,
  target: Tensor,
  options?: TukeyBiweightOptions,
): Tensor {
  checkCount("compute losses.tukeyBiweight", arguments.length, 3);
  const read = tukeyOptions("compute losses.tukeyBiweight", options);
  const { c = 4.685 } = read;
  return pairLoss("losses.tukeyBiweight", prediction, target, read, biweightError, [c]);
}

/** {@linkcode tukeyBiweight} as a module. */
export const TukeyBiweightLoss: LossModule<TukeyBiweightOptions> = lossModule(
  "TukeyBiweightLoss",
  tukeyBiweight,
  tukeyOptions,
);
/** A module of {@linkcode tukeyBiweight}. */
export type TukeyBiweightLoss = FunctionLoss<TukeyBiweightOptions>;

/** Options of `generalRobust`. */
export interface GeneralRobustOptions extends ElementLossOptions {
  /** Shape, a number from −Infinity or a tensor that broadcasts and may be learned. Default: 1. */
  alpha?: number | Tensor;
  /** Residual up to which the loss is about quadratic, positive; a number or a tensor. Default: 1. */
  scale?: number | Tensor;
}

/** A number in a range, or a tensor of numbers. */
function numberOrTensor(what: string, holds: (value: number) => boolean) {
  return kind(
    `${what} or a floating tensor`,
    (value) =>
      typeof value === "number" ? holds(value) : value instanceof Tensor && isFloat(value.dtype),
  );
}

const generalOptions = lossOptions<GeneralRobustOptions>({
  ...ELEMENT_LOSS_OPTIONS,
  alpha: numberOrTensor("a number below Infinity", (value) => value < Infinity),
  scale: numberOrTensor("a positive number", POSITIVE.holds),
});

/** The loss of residuals x divided by the scale, for any shape. */
function generalError(x: Tensor, alpha: number | Tensor): Tensor {
  if (alpha === -Infinity) return x.square().mul(-0.5).expm1().neg();
  if (alpha === 2) return x.square().mul(0.5);
  const cauchy = () => log1pSquare(x.mul(Math.SQRT1_2));
  if (alpha === 0) return cauchy();
  if (typeof alpha === "number") return generalForm(x, alpha);
  const [flat, square] = [alpha.eq(0), alpha.eq(2)];
  const form = generalForm(x, where(flat.logicalOr(square), 1, alpha));
  return where(flat, cauchy(), where(square, x.square().mul(0.5), form));
}

/**
 * Barron's general loss of r = p − t with shape α and scale c,
 * (|α − 2|/α)·(((r/c)²/|α − 2| + 1)^(α/2) − 1): squares at α = 2, `charbonnier` (less its ε) at 1,
 * `cauchy` at 0, Geman and McClure's at −2, Welsch's at −Infinity; the smaller α is, the less outliers
 * count. Barron, "A general and adaptive robust loss function", 2019. A tensor α has gradient 0 where
 * it is exactly 0 or 2. To learn both, use `AdaptiveRobustLoss`: under this loss α would fall forever.
 *
 * @param prediction Any shape.
 * @param target The same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ, or alpha's or scale's does not fit.
 * @throws {TypeError} If alpha is not a number below Infinity, or the scale is not positive.
 *
 * @example Three shapes
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = (alpha: number) => losses.generalRobust(tensor(2), tensor(0), { alpha }).item();
 * assertAlmostEquals(loss(2), 2, 1e-6);
 * assertAlmostEquals(loss(1), Math.sqrt(5) - 1, 1e-6);
 * assertAlmostEquals(loss(0), Math.log(3), 1e-6);
 * ```
 */
export function generalRobust(
  prediction: Tensor,
  target: Tensor,
  options?: GeneralRobustOptions,
): Tensor {
  const op = "losses.generalRobust";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = generalOptions(`compute ${op}`, options);
  const { alpha = 1, scale = 1 } = read;
  if (typeof alpha === "number" && Number.isFinite(alpha) && alpha !== 0 && alpha !== 2) {
    if (typeof scale === "number") {
      return alpha === 1
        ? pairLoss(op, prediction, target, read, pseudoHuberError, [scale])
        : pairLoss(op, prediction, target, read, generalRobustError, [alpha, scale]);
    }
  }
  return elementLoss(op, prediction, target, read, (p, t) => {
    if (alpha instanceof Tensor) checkFactor(op, "alpha", alpha, p);
    if (scale instanceof Tensor) checkFactor(op, "scale", scale, p);
    return generalError(p.sub(t).div(scale), alpha);
  });
}

/** {@linkcode generalRobust} as a module. */
export const GeneralRobustLoss: LossModule<GeneralRobustOptions> = lossModule(
  "GeneralRobustLoss",
  generalRobust,
  generalOptions,
);
/** A module of {@linkcode generalRobust}. */
export type GeneralRobustLoss = FunctionLoss<GeneralRobustOptions>;
