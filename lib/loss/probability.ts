/** Losses that are negative log-likelihoods or divergences of probabilities. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, FLAG, kind, NUMBER, oneOf, TENSOR } from "../core/options.ts";
import { extentAt, sameShape } from "../core/shape.ts";
import { where } from "../ops/mod.ts";
import { full } from "../tensor/create.ts";
import { everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { DOMAINS, LOGARITHMS, RATES } from "./domain.ts";
import { meanDivergence, type PairLoss, reduced, relativeEntropy } from "../ops/loss/fused.ts";
import {
  checkedLoss,
  checkPair,
  checkVectors,
  ELEMENT_LOSS_OPTIONS,
  elementLoss,
  type ElementLossOptions,
  floating,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  lossWithin,
  NOT_NEGATIVE,
  pairLoss,
  POSITIVE,
  type Reduction,
} from "./loss.ts";

/** Options of `poissonNll`. */
export interface PoissonNLLOptions extends ElementLossOptions {
  /** Whether the predictions are logarithms of rates, not rates. Default: true. */
  logInput?: boolean;
  /** Whether ln t! is added, by Stirling's formula, for targets above 1. Default: false. */
  full?: boolean;
  /** What is added to rates before their logarithm is taken, at least 0. Default: 1e-8. */
  eps?: number;
}

const poissonOptions = lossOptions<PoissonNLLOptions>(
  { ...ELEMENT_LOSS_OPTIONS, logInput: FLAG, full: FLAG, eps: NUMBER },
  { eps: NOT_NEGATIVE },
);

/** ln t! by Stirling's formula for targets above 1, else 0. */
function stirling(t: Tensor): Tensor {
  const above = t.gt(1);
  const safe = where(above, t, 1);
  const term = safe.log().mul(safe).sub(safe).add(safe.mul(2 * Math.PI).log().mul(0.5));
  return where(above, term, 0);
}

/**
 * Negative log-likelihood of counts t with Poisson's distribution: eˣ − t·x for logarithms x of rates,
 * x − t·ln(x + eps) for rates (`logInput: false`); the term ln t! is left out unless `full`, which
 * adds t·ln t − t + ½·ln(2πt) where t > 1. Follows `torch.nn.functional.poisson_nll_loss`.
 *
 * A rate must be in the range of its type: eˣ is infinite in float32 for x above 88. With eps 0 the
 * logarithm has its pole at rate 0.
 *
 * @param prediction Logarithms of rates of any shape, or rates.
 * @param target Counts of the same shape, from 0.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target or a rate is negative, or eps is negative or not finite.
 *
 * @example The gradient is 0 where the rate is the count
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const rate = tensor([2, 4], { requiresGrad: true });
 * losses.poissonNll(rate, tensor([2, 2]), { logInput: false, eps: 0 }).backward();
 * assertEquals(rate.grad?.toArray(), [0, 0.25]);
 * ```
 */
export function poissonNll(
  prediction: Tensor,
  target: Tensor,
  options?: PoissonNLLOptions,
): Tensor {
  checkCount("compute losses.poissonNll", arguments.length, 3);
  const read = poissonOptions("compute losses.poissonNll", options);
  const { logInput = true, full = false, eps = 1e-8 } = read;
  const op = "losses.poissonNll";
  const loss = elementLoss(op, prediction, target, read, (x, t) => {
    const each = logInput ? x.exp().sub(t.mul(x)) : x.sub(t.mul(x.add(eps).log()));
    return full ? each.add(stirling(t.to({ dtype: x.dtype }))) : each;
  });
  return logInput ? loss : lossWithin(op, prediction, read, RATES, loss);
}

/** {@linkcode poissonNll} as a module. */
export const PoissonNLLLoss: LossModule<PoissonNLLOptions> = lossModule(
  "PoissonNLLLoss",
  poissonNll,
  poissonOptions,
);
/** A module of {@linkcode poissonNll}. */
export type PoissonNLLLoss = FunctionLoss<PoissonNLLOptions>;

/** Options of the divergences. */
export interface DivergenceOptions extends ElementLossOptions<Reduction | "batchmean"> {
  /** Whether the target holds logarithms of probabilities too. Default: false. */
  logTarget?: boolean;
}

const divergenceOptions = lossOptions<DivergenceOptions>({
  ...ELEMENT_LOSS_OPTIONS,
  reduction: oneOf("batchmean", "mean", "sum", "none"),
  logTarget: FLAG,
});

/** `pairLoss` with the reduction "batchmean", the sum divided by the first extent. */
function divergence(
  op: string,
  prediction: Tensor,
  target: Tensor,
  { reduction = "mean", logTarget = false, ...rest }: DivergenceOptions,
  loss: PairLoss,
): Tensor {
  const plain = { ...rest, reduction: reduction === "batchmean" ? "sum" : reduction } as const;
  const domain = logTarget ? LOGARITHMS : DOMAINS[op];
  const sum = pairLoss(op, prediction, target, plain, loss, [Number(logTarget)], domain);
  if (reduction !== "batchmean") return sum;
  return prediction.ndim === 0 ? sum : sum.div(extentAt(prediction.shape, 0));
}

/**
 * Kullback–Leibler divergence of each element, t·(ln t − x), from logarithms x of
 * probabilities to probabilities t, or eᵗ·(t − x) for logarithms of them (`logTarget`). Reduction
 * "batchmean" divides the sum by the first extent, which gives the divergence of distributions along
 * the others. Where the target is 0, neither the loss nor its gradient depends on the
 * prediction. Follows `torch.nn.functional.kl_div`.
 *
 * @param prediction Logarithms of probabilities, any shape.
 * @param target Probabilities of the same shape, from 0, which need not add up to 1, or their logarithms.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is negative without `logTarget`, or infinite.
 *
 * @example The divergence of two distributions
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const uniform = tensor([[0.5, 0.5]]).log();
 * const loss = losses.klDiv(uniform, tensor([[1, 0]]), { reduction: "batchmean" });
 * assertAlmostEquals(loss.item(), Math.log(2), 1e-6);
 * ```
 */
export function klDiv(prediction: Tensor, target: Tensor, options?: DivergenceOptions): Tensor {
  checkCount("compute losses.klDiv", arguments.length, 3);
  const read = divergenceOptions("compute losses.klDiv", options);
  return divergence("losses.klDiv", prediction, target, read, relativeEntropy);
}

/** {@linkcode klDiv} as a module. */
export const KLDivLoss: LossModule<DivergenceOptions> = lossModule(
  "KLDivLoss",
  klDiv,
  divergenceOptions,
);
/** A module of {@linkcode klDiv}. */
export type KLDivLoss = FunctionLoss<DivergenceOptions>;

/**
 * Jensen–Shannon divergence of each element, ½·p·ln(p/m) + ½·t·ln(t/m) with m = (p + t)/2, from
 * logarithms x = ln p of probabilities to probabilities t or logarithms of them (`logTarget`). It is
 * symmetric, and the sum over a distribution lies in 0 to ln 2. Reduction "batchmean" divides the sum
 * by the first extent. A probability of 0 adds nothing of its own, nor to its gradient. Lin,
 * "Divergence measures based on the Shannon entropy", 1991.
 *
 * @param prediction Logarithms of probabilities, any shape.
 * @param target Probabilities of the same shape, from 0, which need not add up to 1, or their logarithms.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is negative without `logTarget`, or infinite.
 *
 * @example Distributions that have nothing in common
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const first = tensor([[0, 1]]).log();
 * const loss = losses.jsDiv(first, tensor([[1, 0]]), { reduction: "batchmean" });
 * assertAlmostEquals(loss.item(), Math.log(2), 1e-6);
 * ```
 */
export function jsDiv(prediction: Tensor, target: Tensor, options?: DivergenceOptions): Tensor {
  checkCount("compute losses.jsDiv", arguments.length, 3);
  const read = divergenceOptions("compute losses.jsDiv", options);
  return divergence("losses.jsDiv", prediction, target, read, meanDivergence);
}

/** {@linkcode jsDiv} as a module. */
export const JSDivLoss: LossModule<DivergenceOptions> = lossModule(
  "JSDivLoss",
  jsDiv,
  divergenceOptions,
);
/** A module of {@linkcode jsDiv}. */
export type JSDivLoss = FunctionLoss<DivergenceOptions>;

/** Options of `gaussianNll`. */
export interface GaussianNLLOptions extends ElementLossOptions {
  /** Whether the constant ½·ln 2π is added. Default: false. */
  full?: boolean;
  /** The smallest variance that is used, positive. Default: 1e-6. */
  eps?: number;
}

const VARIANCE = kind(
  "a tensor or a number from 0",
  (value) =>
    TENSOR.accepts(value) || (NUMBER.accepts(value) && NOT_NEGATIVE.holds(value as number)),
);

const gaussianOptions = lossOptions<GaussianNLLOptions>(
  { ...ELEMENT_LOSS_OPTIONS, full: FLAG, eps: NUMBER },
  { eps: POSITIVE },
);

/** The variances, shaped to broadcast to the predictions; refuses those that do not. */
function variances(
  call: string,
  given: Tensor | number,
  prediction: Tensor,
  mask?: Tensor,
): Tensor {
  const { shape, dtype, device } = prediction;
  const variance = typeof given === "number"
    ? full(shape.map(() => 1), given, { dtype, device })
    : floating(given, prediction);
  const perRow = shape.length > 0 && sameShape(variance.shape, shape.slice(0, -1));
  const spread = perRow ? variance.unsqueeze(-1) : variance;
  const fits = spread.ndim === shape.length &&
    spread.shape.every((extent, i) => extent === 1 || extent === shape[i]);
  if (!fits) {
    throw new ShapeError(
      `Cannot ${call}: variance must have the prediction's shape ${showShape(shape)}, or 1 in ` +
        `place of extents, got ${showShape(variance.shape)}`,
      [variance.shape, shape],
    );
  }
  return mask === undefined ? spread : where(mask, spread, 1);
}

/** The variances, at least eps, with the gradient that they have at eps; refuses those below 0. */
function heldVariances(call: string, given: Tensor, eps: number): Tensor {
  const low = given.detach().lt(eps);
  const some = (x: Tensor) => everyElement(x.any()).includes(1);
  // Usually there are none.
  if (!some(low)) return given;
  if (some(given.detach().lt(0))) {
    throw new RangeError(`Cannot ${call}: variance must be at least 0, got a negative one`);
  }
  return where(low, given.sub(given.detach()).add(eps), given);
}

/**
 * Negative log-likelihood of normally distributed targets, ½·(ln v + (p − t)²/v) with predicted mean
 * p and variance v, plus ½·ln 2π with `full`. A variance below eps counts as eps and gets the
 * gradient at eps, so that it can grow again. Nix and Weigend, "Estimating the mean and variance
 * of the target probability distribution", 1994; `torch.nn.functional.gaussian_nll_loss`.
 *
 * @param prediction Means of any shape.
 * @param target The same shape.
 * @param variance The same shape, or with some extents 1, or without the last one; or a number. At
 * least 0.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {RangeError} If a variance is negative, or eps is not positive and finite.
 *
 * @example The gradient of the variance is 0 where it is the squared error
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const variance = tensor([4, 1], { requiresGrad: true });
 * losses.gaussianNll(tensor([2, 2]), tensor([0, 0]), variance).backward();
 * assertEquals(variance.grad?.toArray(), [0, -0.75]);
 * ```
 */
export function gaussianNll(
  prediction: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options?: GaussianNLLOptions,
): Tensor {
  const call = "compute losses.gaussianNll";
  checkCount(call, arguments.length, 4);
  checkKind(call, "variance", variance, VARIANCE);
  const read = gaussianOptions(call, options);
  const { full = false, eps = 1e-6, mask } = read;
  return elementLoss("losses.gaussianNll", prediction, target, read, (p, t) => {
    const v = heldVariances(call, variances(call, variance, p, mask), eps);
    const r = p.sub(t);
    // The square alone may leave the range.
    const each = v.log().add(r.div(v).mul(r)).mul(0.5);
    return full ? each.add(Math.log(2 * Math.PI) / 2) : each;
  });
}

/** {@linkcode gaussianNll} as a module. */
export const GaussianNLLLoss: LossModule<
  GaussianNLLOptions,
  [prediction: Tensor, target: Tensor, variance: Tensor]
> = lossModule<GaussianNLLOptions, [prediction: Tensor, target: Tensor, variance: Tensor]>(
  "GaussianNLLLoss",
  gaussianNll,
  gaussianOptions,
);
/** A module of {@linkcode gaussianNll}. */
export type GaussianNLLLoss = FunctionLoss<
  GaussianNLLOptions,
  [prediction: Tensor, target: Tensor, variance: Tensor]
>;

/** Options of `wasserstein1d`. */
export interface Wasserstein1dOptions extends LossOptions {
  /** Power of the distances, from 1. Default: 1. */
  p?: number;
}

const wassersteinOptions = lossOptions<Wasserstein1dOptions>(
  { ...LOSS_OPTIONS, p: NUMBER },
  { p: { needed: "be finite and at least 1", holds: (value) => value >= 1 && value < Infinity } },
);

/**
 * Wasserstein distance between equally many samples of two distributions of numbers, to the power p:
 * W_pᵖ = Σᵢ |x₍ᵢ₎ − y₍ᵢ₎|ᵖ/n of the sorted samples. Ramdas et al., "On Wasserstein two-sample testing
 * and related families of nonparametric tests", 2017. Equal samples are matched in their order.
 *
 * @param prediction Samples along the last dimension, shape [..., n].
 * @param target The same shape.
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If p is below 1 or not finite.
 *
 * @example Samples that lie 1 apart, in any order
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(losses.wasserstein1d(tensor([3, 1, 2]), tensor([2, 3, 4])).item(), 1);
 * ```
 */
export function wasserstein1d(
  prediction: Tensor,
  target: Tensor,
  options?: Wasserstein1dOptions,
): Tensor {
  const op = "losses.wasserstein1d";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { p = 1, reduction = "mean" } = wassersteinOptions(`compute ${op}`, options);
  checkPair(op, prediction, target);
  checkVectors(op, "prediction", prediction);
  const apart = prediction.sort(-1).values.sub(target.sort(-1).values);
  const size = p === 2 ? apart.square() : p === 1 ? apart.abs() : apart.abs().pow(p);
  return checkedLoss(op, target, reduction, reduced(size.mean(-1), reduction));
}

/** {@linkcode wasserstein1d} as a module. */
export const Wasserstein1dLoss: LossModule<Wasserstein1dOptions> = lossModule(
  "Wasserstein1dLoss",
  wasserstein1d,
  wassersteinOptions,
);
/** A module of {@linkcode wasserstein1d}. */
export type Wasserstein1dLoss = FunctionLoss<Wasserstein1dOptions>;
