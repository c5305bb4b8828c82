/** Losses of the order of items in lists. */

import { checkCount } from "../core/options.ts";
import { extentAt, sizeOf } from "../core/shape.ts";
import { reduced, rowShareEntropy } from "../ops/loss/fused.ts";
import { pairLogisticComposite, pairLogisticRows } from "../ops/loss/rows.ts";
import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { DOMAINS } from "./domain.ts";
import {
  checkFactor,
  checkPair,
  checkVectors,
  ELEMENT_LOSS_OPTIONS,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  lossOfTarget,
  type LossOptions,
  lossOptions,
  meanOver,
} from "./loss.ts";

/** Options of the losses of lists. */
export interface ListLossOptions extends LossOptions {
  /** Items that count, bool; broadcasts. A mean is then over the lists that have some. */
  mask?: Tensor;
}

const listOptions = lossOptions<ListLossOptions>({
  ...LOSS_OPTIONS,
  mask: ELEMENT_LOSS_OPTIONS.mask,
});

/** All lists as the rows of a matrix. */
function asRows(lists: Tensor): Tensor {
  const { shape } = lists;
  return lists.reshape([sizeOf(shape.slice(0, -1)), extentAt(shape, -1)]);
}

/** Checks lists, keeps masked items from the formula, and reduces the losses of the lists. */
function listLoss(
  op: string,
  scores: Tensor,
  relevance: Tensor,
  { mask, reduction = "mean" }: ListLossOptions,
  formula: (scores: Tensor, relevance: Tensor, counts: Tensor | null) => Tensor,
): Tensor {
  checkPair(op, scores, relevance, ["scores", "relevance"]);
  checkVectors(op, "scores", scores);
  checkFactor(op, "mask", mask, scores);
  const counts = mask?.expand(scores.shape) ?? null;
  const [s, y] = counts === null
    ? [scores, relevance]
    : [where(counts, scores, 0), where(counts, relevance, 0)];
  return lossOfTarget(op, y, DOMAINS[op], reduction, () => {
    const each = formula(s, y, counts);
    return counts === null || reduction !== "mean"
      ? reduced(each, reduction)
      : meanOver(each.sum(), counts.any(-1).sum());
  }, "relevance");
}

/**
 * Cross-entropy of the items of each list, −Σᵢ yᵢ·ln softmax(s)ᵢ, weighted by the relevance y; if
 * y is a softmax, it is ListNet. Cao et al., "Learning to rank: from pairwise approach to listwise
 * approach", 2007; `softmax_loss` of Rax.
 *
 * @param scores Shape [..., L], a list of L items along the last dimension.
 * @param relevance The same shape, at least 0.
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the shapes differ, or the mask's does not fit.
 * @throws {RangeError} If a relevance is negative.
 *
 * @example One relevant item of two
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.listwiseSoftmax(tensor([0, 0]), tensor([1, 0]));
 * assertAlmostEquals(loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function listwiseSoftmax(
  scores: Tensor,
  relevance: Tensor,
  options?: ListLossOptions,
): Tensor {
  const op = "losses.listwiseSoftmax";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = listOptions(`compute ${op}`, options);
  return listLoss(op, scores, relevance, read, (s, y, counts) =>
    // Items that do not count have relevance 0.
    rowShareEntropy(counts === null ? s : where(counts, s, -1e30), y));
}

/** {@linkcode listwiseSoftmax} as a module. */
export const ListwiseSoftmaxLoss: LossModule<ListLossOptions> = lossModule(
  "ListwiseSoftmaxLoss",
  listwiseSoftmax,
  listOptions,
);
/** A module of {@linkcode listwiseSoftmax}. */
export type ListwiseSoftmaxLoss = FunctionLoss<ListLossOptions>;

/**
 * Logistic loss of the pairs of each list, Σ ln(1 + e^(sⱼ − sᵢ)) over the pairs where i is more relevant
 * than j. Burges et al., "Learning to rank using gradient descent" (RankNet), 2005.
 *
 * @param scores Shape [..., L], a list of L items along the last dimension.
 * @param relevance The same shape; only its order counts, so it has no gradient.
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the shapes differ, or the mask's does not fit.
 *
 * @example Two pairs of equal scores, and one of equal relevance
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.pairwiseLogistic(tensor([0, 0, 0]), tensor([2, 1, 1]));
 * assertAlmostEquals(loss.item(), 2 * Math.LN2, 1e-6);
 * ```
 */
export function pairwiseLogistic(
  scores: Tensor,
  relevance: Tensor,
  options?: ListLossOptions,
): Tensor {
  const op = "losses.pairwiseLogistic";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = listOptions(`compute ${op}`, options);
  return listLoss(op, scores, relevance, read, (s, y, counts) => {
    const [rows, ranks] = [asRows(s), asRows(y)];
    const each = counts === null && s.dtype === y.dtype
      ? pairLogisticRows(rows, ranks)
      : pairLogisticComposite(rows, ranks, counts && asRows(counts));
    return each.reshape(s.shape.slice(0, -1));
  });
}

/** {@linkcode pairwiseLogistic} as a module. */
export const PairwiseLogisticLoss: LossModule<ListLossOptions> = lossModule(
  "PairwiseLogisticLoss",
  pairwiseLogistic,
  listOptions,
);
/** A module of {@linkcode pairwiseLogistic}. */
export type PairwiseLogisticLoss = FunctionLoss<ListLossOptions>;
