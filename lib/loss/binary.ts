/** Losses for two classes, computed for each element. */

import { checkCount, NUMBER, orNull, TENSOR } from "../core/options.ts";
import { logitError, reduced, shareError } from "../ops/loss/fused.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDomain, PROBABILITIES } from "./domain.ts";
import {
  checkPair,
  checkVectors,
  checkWeights,
  ELEMENT_LOSS_OPTIONS,
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  lossWithin,
  NOT_NEGATIVE,
  pairLoss,
  SHARE,
} from "./loss.ts";

/**
 * Binary cross-entropy of probabilities, −t·ln p − (1 − t)·ln(1 − p), with logarithms of at least −100.
 * Follows `torch.nn.functional.binary_cross_entropy`. For logits, `bceWithLogits` is more exact.
 *
 * Where a probability is within 1e-12 of 0 or 1, the slope of its logarithm is 1e12, as in PyTorch.
 *
 * @param prediction Probabilities, of any shape.
 * @param target The same shape, from 0 to 1.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a prediction or a target does not lie in 0 to 1.
 *
 * @example A coin
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.bce(tensor([0.5, 0.5]), tensor([1, 0]));
 * assertAlmostEquals(loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function bce(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.bce", arguments.length, 3);
  const read = elementLossOptions("compute losses.bce", options);
  const loss = pairLoss("losses.bce", prediction, target, read, shareError);
  return lossWithin("losses.bce", prediction, read, PROBABILITIES, loss);
}

/** {@linkcode bce} as a module. */
export const BCELoss: LossModule<ElementLossOptions> = lossModule(
  "BCELoss",
  bce,
  elementLossOptions,
);
/** A module of {@linkcode bce}. */
export type BCELoss = FunctionLoss<ElementLossOptions>;

/** Options of `bceWithLogits`. */
export interface BCEWithLogitsOptions extends ElementLossOptions {
  /** Factor of the loss where the target is 1, finite and at least 0; broadcasts. */
  posWeight?: Tensor;
}

/** w·t·ln(1 + e⁻ˣ) + (1 − t)·ln(1 + eˣ). */
function weighedError(x: Tensor, t: Tensor, posWeight: Tensor): Tensor {
  const yes = t.mul(x.neg().softplus());
  return t.neg().add(1).mul(x.softplus()).add(yes.mul(posWeight));
}

const logitsOptions = lossOptions<BCEWithLogitsOptions>({
  ...ELEMENT_LOSS_OPTIONS,
  posWeight: TENSOR,
});

/**
 * Binary cross-entropy of logits, −w·t·ln σ(x) − (1 − t)·ln(1 − σ(x)), which neither overflows nor
 * loses small values. Follows `torch.nn.functional.binary_cross_entropy_with_logits`.
 *
 * @param logits Any shape.
 * @param target The same shape, from 0 to 1.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ, or a weight does not broadcast to them.
 * @throws {RangeError} If a target does not lie in 0 to 1.
 *
 * @example Positives count three times
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const options = { posWeight: tensor(3), reduction: "sum" } as const;
 * const loss = losses.bceWithLogits(tensor([0, 0]), tensor([1, 0]), options);
 * assertAlmostEquals(loss.item(), 4 * Math.LN2, 1e-6);
 * ```
 */
export function bceWithLogits(
  logits: Tensor,
  target: Tensor,
  options?: BCEWithLogitsOptions,
): Tensor {
  const op = "losses.bceWithLogits";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = logitsOptions(`compute ${op}`, options);
  const { posWeight } = read;
  if (posWeight === undefined) return pairLoss(op, logits, target, read, logitError);
  return elementLoss(op, logits, target, read, (x, t) => {
    checkWeights(op, "posWeight", posWeight, x);
    return weighedError(x, t, posWeight);
  });
}

/** {@linkcode bceWithLogits} as a module. */
export const BCEWithLogitsLoss: LossModule<BCEWithLogitsOptions> = lossModule(
  "BCEWithLogitsLoss",
  bceWithLogits,
  logitsOptions,
);
/** A module of {@linkcode bceWithLogits}. */
export type BCEWithLogitsLoss = FunctionLoss<BCEWithLogitsOptions>;

/** Options of `focal`. */
export interface FocalOptions extends ElementLossOptions {
  /** How strongly well-classified elements are discounted, at least 0. Default: 2. */
  gamma?: number;
  /** Factor where the target is 1; 1 minus it where the target is 0. From 0 to 1, or null. Default: 0.25. */
  alpha?: number | null;
}

const focalOptions = lossOptions<FocalOptions>(
  { ...ELEMENT_LOSS_OPTIONS, gamma: NUMBER, alpha: orNull(NUMBER) },
  {
    gamma: NOT_NEGATIVE,
    alpha: { ...SHARE, holds: (value) => value === null || SHARE.holds(value) },
  },
);

/**
 * Focal loss of logits, −α·(1 − q)^γ·ln q, where q is the probability of the right class: σ(x) for
 * target 1 and σ(−x) for 0. Lin et al., "Focal loss for dense object detection", 2017; the defaults
 * are those of `torchvision.ops.sigmoid_focal_loss`.
 *
 * @param logits Any shape.
 * @param target The same shape, each 0 or 1.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is neither 0 nor 1, gamma is negative, or alpha is not from 0 to 1.
 *
 * @example What is undecided
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.focal(tensor([0]), tensor([1]), { gamma: 1, alpha: null });
 * assertAlmostEquals(loss.item(), 0.5 * Math.LN2, 1e-6);
 * ```
 */
export function focal(logits: Tensor, target: Tensor, options?: FocalOptions): Tensor {
  const op = "losses.focal";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = focalOptions(`compute ${op}`, options);
  const { gamma = 2, alpha = 0.25 } = read;
  return elementLoss(op, logits, target, read, (x, t) => {
    // A power of 1 − q = σ(−z) has no derivative where that is 0; written with its logarithm it has one.
    const z = t.mul(2).sub(1).mul(x);
    const each = z.softplus().mul(-gamma).exp().mul(z.neg().softplus());
    return alpha === null ? each : each.mul(t.mul(2 * alpha - 1).add(1 - alpha));
  });
}

/** {@linkcode focal} as a module. */
export const FocalLoss: LossModule<FocalOptions> = lossModule("FocalLoss", focal, focalOptions);
/** A module of {@linkcode focal}. */
export type FocalLoss = FunctionLoss<FocalOptions>;

/** ln(1 + e^(−t·x)). */
function softMarginError(x: Tensor, t: Tensor): Tensor {
  return t.mul(x).neg().softplus();
}

/**
 * Logistic loss of scores, ln(1 + e^(−t·x)), without overflow. Follows
 * `torch.nn.functional.soft_margin_loss`.
 *
 * @param prediction Any shape.
 * @param target The same shape: 1 or −1, or a value in between where it is uncertain.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target does not lie in −1 to 1.
 *
 * @example What is undecided
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(losses.softMargin(tensor([0, 0]), tensor([1, -1])).item(), Math.LN2, 1e-6);
 * ```
 */
export function softMargin(
  prediction: Tensor,
  target: Tensor,
  options?: ElementLossOptions,
): Tensor {
  checkCount("compute losses.softMargin", arguments.length, 3);
  const read = elementLossOptions("compute losses.softMargin", options);
  return elementLoss("losses.softMargin", prediction, target, read, softMarginError);
}

/** {@linkcode softMargin} as a module. */
export const SoftMarginLoss: LossModule<ElementLossOptions> = lossModule(
  "SoftMarginLoss",
  softMargin,
  elementLossOptions,
);
/** A module of {@linkcode softMargin}. */
export type SoftMarginLoss = FunctionLoss<ElementLossOptions>;

/** Options of `multiLabelSoftMargin`. */
export interface MultiLabelSoftMarginOptions extends LossOptions {
  /** Factor for each class, finite and at least 0; broadcasts. */
  weight?: Tensor;
}

const labelsOptions = lossOptions<MultiLabelSoftMarginOptions>({ ...LOSS_OPTIONS, weight: TENSOR });

/**
 * Binary cross-entropy of logits, averaged over the classes of each example. Follows
 * `torch.nn.functional.multilabel_soft_margin_loss`.
 *
 * @param logits Shape [..., C].
 * @param target The same shape, from 0 to 1: 1 for each class that is present.
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the shapes differ, or the weight does not broadcast to them.
 * @throws {RangeError} If a target does not lie in 0 to 1.
 *
 * @example Two of four classes
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.multiLabelSoftMargin(tensor([[0, 0, 0, 0]]), tensor([[1, 0, 0, 1]]));
 * assertAlmostEquals(loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function multiLabelSoftMargin(
  logits: Tensor,
  target: Tensor,
  options?: MultiLabelSoftMarginOptions,
): Tensor {
  const op = "losses.multiLabelSoftMargin";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { weight, reduction = "mean" } = labelsOptions(`compute ${op}`, options);
  target = checkPair(op, logits, target);
  checkVectors(op, "prediction", logits);
  checkWeights(op, "weight", weight, logits);
  checkDomain(op, target);
  const each = logitError(logits, target, "none", 0);
  const own = (weight === undefined ? each : each.mul(weight)).mean(-1);
  return reduced(own, reduction);
}

/** {@linkcode multiLabelSoftMargin} as a module. */
export const MultiLabelSoftMarginLoss: LossModule<MultiLabelSoftMarginOptions> = lossModule(
  "MultiLabelSoftMarginLoss",
  multiLabelSoftMargin,
  labelsOptions,
);
/** A module of {@linkcode multiLabelSoftMargin}. */
export type MultiLabelSoftMarginLoss = FunctionLoss<MultiLabelSoftMarginOptions>;
