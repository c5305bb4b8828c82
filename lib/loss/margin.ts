/** Losses that are 0 beyond a margin. At the margin itself the gradient is 0, as in PyTorch. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, NUMBER, TENSOR } from "../core/options.ts";
import { extentAt } from "../core/shape.ts";
import { reduced } from "../ops/loss/fused.ts";
import { labelMarginRows, multiMarginRows } from "../ops/loss/rows.ts";
import { where } from "../ops/mod.ts";
import { everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkClasses, checkLabels, checkWeight, hasIgnored, notLabels } from "./labels.ts";
import {
  checkPair,
  ELEMENT_LOSS_OPTIONS,
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  FINITE,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  type Range,
} from "./loss.ts";

/** max(0, 1 − t·x). */
function hingeError(x: Tensor, t: Tensor): Tensor {
  return t.mul(x).neg().add(1).relu();
}

/**
 * Hinge loss of scores, max(0, 1 − t·x), as of support vector machines. Cortes and Vapnik,
 * "Support-vector networks", 1995.
 *
 * @param prediction Any shape.
 * @param target The same shape, each 1 or −1.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is neither 1 nor −1.
 *
 * @example Beyond the margin, within it, and wrong
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { reduction: "none" } as const;
 * const each = losses.hinge(tensor([2, 0.5, -1]), tensor([1, 1, 1]), options);
 * assertEquals(each.toArray(), [0, 0.5, 2]);
 * ```
 */
export function hinge(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.hinge", arguments.length, 3);
  const read = elementLossOptions("compute losses.hinge", options);
  return elementLoss("losses.hinge", prediction, target, read, hingeError);
}

/** {@linkcode hinge} as a module. */
export const HingeLoss: LossModule<ElementLossOptions> = lossModule(
  "HingeLoss",
  hinge,
  elementLossOptions,
);
/** A module of {@linkcode hinge}. */
export type HingeLoss = FunctionLoss<ElementLossOptions>;

/** Options of `hingeEmbedding`. */
export interface HingeEmbeddingOptions extends ElementLossOptions {
  /** Distance from which unlike examples cost nothing, finite. Default: 1. */
  margin?: number;
}

const embeddingOptions = lossOptions<HingeEmbeddingOptions>(
  { ...ELEMENT_LOSS_OPTIONS, margin: NUMBER },
  { margin: FINITE },
);

/**
 * Hinge loss of distances: x for target 1, max(0, margin − x) for −1. Follows
 * `torch.nn.functional.hinge_embedding_loss`.
 *
 * @param distance Any shape.
 * @param target The same shape, each 1 (alike) or −1 (unlike).
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is neither 1 nor −1, or the margin is not finite.
 *
 * @example Alike, and unlike
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { margin: 2, reduction: "none" } as const;
 * const each = losses.hingeEmbedding(tensor([0.5, 0.5, 3]), tensor([1, -1, -1]), options);
 * assertEquals(each.toArray(), [0.5, 1.5, 0]);
 * ```
 */
export function hingeEmbedding(
  distance: Tensor,
  target: Tensor,
  options?: HingeEmbeddingOptions,
): Tensor {
  const op = "losses.hingeEmbedding";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = embeddingOptions(`compute ${op}`, options);
  const { margin = 1 } = read;
  const formula = (x: Tensor, t: Tensor) => where(t.eq(1), x, x.neg().add(margin).relu());
  return elementLoss(op, distance, target, read, formula);
}

/** {@linkcode hingeEmbedding} as a module. */
export const HingeEmbeddingLoss: LossModule<HingeEmbeddingOptions> = lossModule(
  "HingeEmbeddingLoss",
  hingeEmbedding,
  embeddingOptions,
);
/** A module of {@linkcode hingeEmbedding}. */
export type HingeEmbeddingLoss = FunctionLoss<HingeEmbeddingOptions>;

/** Options of `marginRanking`. */
export interface MarginRankingOptions extends ElementLossOptions {
  /** How much larger the one score must be, finite. Default: 0. */
  margin?: number;
}

const rankingOptions = lossOptions<MarginRankingOptions>(
  { ...ELEMENT_LOSS_OPTIONS, margin: NUMBER },
  { margin: FINITE },
);

/**
 * Ranking loss of pairs, max(0, margin − t·(a − b)). Follows
 * `torch.nn.functional.margin_ranking_loss`.
 *
 * @param first Scores a, of any shape.
 * @param second Scores b, of the same shape.
 * @param target The same shape: 1 where a should be larger, −1 where b should.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If a target is neither 1 nor −1, or the margin is not finite.
 *
 * @example In order, and not
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [tensor([3, 1]), tensor([1, 2])];
 * const options = { margin: 1, reduction: "none" } as const;
 * assertEquals(losses.marginRanking(a, b, tensor([1, 1]), options).toArray(), [0, 2]);
 * ```
 */
export function marginRanking(
  first: Tensor,
  second: Tensor,
  target: Tensor,
  options?: MarginRankingOptions,
): Tensor {
  const op = "losses.marginRanking";
  checkCount(`compute ${op}`, arguments.length, 4);
  const read = rankingOptions(`compute ${op}`, options);
  const { margin = 0 } = read;
  checkPair(op, first, second, ["first", "second"]);
  checkPair(op, first, target, ["first", "target"]);
  const formula = (lead: Tensor, t: Tensor) => t.mul(lead).neg().add(margin).relu();
  return elementLoss(op, first.sub(second), target, read, formula);
}

/** {@linkcode marginRanking} as a module. */
export const MarginRankingLoss: LossModule<MarginRankingOptions, [Tensor, Tensor, Tensor]> =
  lossModule("MarginRankingLoss", marginRanking, rankingOptions);
/** A module of {@linkcode marginRanking}. */
export type MarginRankingLoss = FunctionLoss<MarginRankingOptions, [Tensor, Tensor, Tensor]>;

/** Refuses scores that are neither rows of classes nor a single such row. */
function checkScores(op: string, x: Tensor): void {
  checkKind(`compute ${op}`, "prediction", x, TENSOR);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: prediction must be float32 or float64, got ${x.dtype}`,
    );
  }
  if (x.ndim === 1 || x.ndim === 2) return checkClasses(op, "prediction", x, x.ndim - 1);
  throw new ShapeError(
    `Cannot compute ${op}: prediction must have shape [N, C] or [C], got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** The losses of the rows of scores, or of the one row if there is a single example. */
function ofRows(
  scores: Tensor,
  labels: Tensor,
  loss: (scores: Tensor, labels: Tensor) => Tensor,
): Tensor {
  if (scores.ndim === 2) return loss(scores, labels);
  return loss(scores.unsqueeze(0), labels.unsqueeze(0)).squeeze(0);
}

/** Options of `multiMargin`. */
export interface MultiMarginOptions extends LossOptions {
  /** Power of each term, 1 or 2. Default: 1. */
  p?: number;
  /** How much larger the score of the right class must be, finite. Default: 1. */
  margin?: number;
  /** Weight of each class, finite and at least 0, shape [C]; a mean is not divided by the weights. */
  weight?: Tensor;
}

const POWER: Range = { needed: "be 1 or 2", holds: (value) => value === 1 || value === 2 };

const multiOptions = lossOptions<MultiMarginOptions>(
  { ...LOSS_OPTIONS, p: NUMBER, margin: NUMBER, weight: TENSOR },
  { p: POWER, margin: FINITE },
);

/**
 * Hinge loss of classes, Σ_{i≠y} w_y·max(0, margin − x_y + x_i)ᵖ / C. Follows
 * `torch.nn.functional.multi_margin_loss`.
 *
 * @param prediction Scores, shape [N, C] or [C].
 * @param target int32 classes y, shape [N] or [].
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class, or p is not 1 or 2.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example One example, four classes
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = tensor([0], { dtype: "int32" });
 * assertEquals(losses.multiMargin(tensor([[1, 0.5, 3.5, -1]]), labels).item(), 1);
 * ```
 */
export function multiMargin(
  prediction: Tensor,
  target: Tensor,
  options?: MultiMarginOptions,
): Tensor {
  const op = "losses.multiMargin";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { p = 1, margin = 1, weight, reduction = "mean" } = multiOptions(`compute ${op}`, options);
  checkScores(op, prediction);
  const dim = prediction.ndim - 1;
  const classes = extentAt(prediction.shape, dim);
  checkWeight(op, weight, classes);
  checkLabels(op, "scores", prediction, target, dim);
  // No label is ignored, so all are checked.
  hasIgnored(op, target, classes, null);
  const call = { power: p === 2 ? 2 : 1, margin } as const;
  const sums = ofRows(prediction, target, (x, labels) => multiMarginRows(x, labels, call));
  if (weight === undefined) return reduced(sums, reduction);
  const factor = weight.indexSelect(0, target.reshape([-1])).reshape(target.shape);
  return reduced(sums.mul(factor), reduction);
}

/** {@linkcode multiMargin} as a module. */
export const MultiMarginLoss: LossModule<MultiMarginOptions> = lossModule(
  "MultiMarginLoss",
  multiMargin,
  multiOptions,
);
/** A module of {@linkcode multiMargin}. */
export type MultiMarginLoss = FunctionLoss<MultiMarginOptions>;

const plainOptions = lossOptions<LossOptions>(LOSS_OPTIONS);

/** Refuses labels that name no class, in lists that end before the first −1. */
function checkLists(op: string, labels: Tensor, classes: number): void {
  const data = everyElement(labels);
  for (let row = 0; row < data.length; row += classes) {
    for (let i = row; i < row + classes; i++) {
      const label = data[i] ?? -1;
      if (label === -1) break;
      if (label >= 0 && label < classes) continue;
      throw new RangeError(
        `Cannot compute ${op}: label ${label} at index ${i} is out of range for ${classes} classes`,
      );
    }
  }
}

/**
 * Hinge loss of several labels at once, Σ max(0, 1 − x_y + x_i) / C over all labels y and all
 * classes i that are not labels. Follows `torch.nn.functional.multilabel_margin_loss`.
 *
 * @param prediction Scores, shape [N, C] or [C].
 * @param target int32 of the same shape: the labels of each row, then −1; what follows does not
 * matter.
 * @returns A tensor without dimensions, or of shape [N] or [] for reduction "none".
 * @throws {RangeError} If a label names no class.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes differ.
 *
 * @example Class 1 is right, classes 0 and 2 are not
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = tensor([[1, -1, -1]], { dtype: "int32" });
 * assertEquals(losses.multiLabelMargin(tensor([[0, 2, 4]]), labels).item(), 1);
 * ```
 */
export function multiLabelMargin(
  prediction: Tensor,
  target: Tensor,
  options?: LossOptions,
): Tensor {
  const op = "losses.multiLabelMargin";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { reduction = "mean" } = plainOptions(`compute ${op}`, options);
  checkScores(op, prediction);
  checkPair(op, prediction, target);
  if (target.dtype !== "int32") throw notLabels(op, target);
  const dim = prediction.ndim - 1;
  const classes = extentAt(prediction.shape, dim);
  checkLists(op, target, classes);
  return reduced(ofRows(prediction, target, labelMarginRows), reduction);
}

/** {@linkcode multiLabelMargin} as a module. */
export const MultiLabelMarginLoss: LossModule<LossOptions> = lossModule(
  "MultiLabelMarginLoss",
  multiLabelMargin,
  plainOptions,
);
/** A module of {@linkcode multiLabelMargin}. */
export type MultiLabelMarginLoss = FunctionLoss<LossOptions>;
