/** Fused: losses of rows of scores that compare the scores of a row; the kernels are in `margin.rs`. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchedInputs } from "../define/batch.ts";
import { fused, type FusedOp, type Inputs } from "../define/fused.ts";
import { eq, gt, lt, where } from "../elementwise/compare.ts";
import { logicalAnd } from "../elementwise/logic.ts";
import { gatherChecked, sequenceOn } from "../index/primitives.ts";
import { flatten, unsqueeze } from "../shape/composites.ts";
import { reshape } from "../shape/primitives.ts";

/** A loss of each row of scores, [N, C], by what belongs to the rows. */
function rowOp<A>(
  name: string,
  kernel: string,
  composite: (scores: Tensor, beside: Tensor, attrs: A) => Tensor,
  parameters: (attrs: A) => { ints?: readonly number[]; numbers?: readonly number[] },
): FusedOp<A> {
  const op: FusedOp<A> = fused<A>(name, {
    composite: ([scores, beside], attrs) => [composite(scores!, beside!, attrs)],
    kernel,
    shapes: ([scores]) => [[extentAt(scores!.shape, 0)]],
    parameters,
    // Rows of examples are rows.
    batch: (_: Inputs, attrs: A, { size, front }: BatchedInputs) => {
      const [scores, beside] = [flatten(front(0), 0, 1), flatten(front(1), 0, 1)];
      return reshape(op([scores, beside], attrs)[0]!, [size, -1]);
    },
    saves: "ab",
    gradKernel: `${kernel}_grad`,
    gradients: 1,
  });
  return op;
}

/** The positions along the last dimension of rows. */
function places(rows: Tensor): Tensor {
  return sequenceOn(rows, extentAt(rows.shape, -1));
}

/** How `multiMargin` is called beside its tensors. */
export interface MultiMarginCall {
  readonly power: 1 | 2;
  readonly margin: number;
}

/** The composite form of `multiMarginRows`. */
export function multiMarginComposite(
  scores: Tensor,
  labels: Tensor,
  { power, margin }: MultiMarginCall,
): Tensor {
  const column = unsqueeze(labels, 1);
  const own = gatherChecked(scores, 1, column);
  const over = where(eq(column, places(scores)), 0, scores.sub(own).add(margin)).relu();
  return (power === 1 ? over : over.square()).sum(1).div(extentAt(scores.shape, 1));
}

const multiMarginOp = rowOp<MultiMarginCall>(
  "multiMargin",
  "multi_margin",
  multiMarginComposite,
  ({ power, margin }) => ({ ints: [power], numbers: [margin] }),
);

/** Σ_{i≠y} max(0, margin − x_y + x_i)ᵖ / C of each row, with labels that are known to name classes. */
export function multiMarginRows(scores: Tensor, labels: Tensor, call: MultiMarginCall): Tensor {
  return multiMarginOp([scores, labels], call)[0]!;
}

/** The composite form of `labelMarginRows`. */
export function labelMarginComposite(scores: Tensor, labels: Tensor): Tensor {
  const at = places(scores);
  const classes = extentAt(scores.shape, 1);
  const end = where(eq(labels, -1), at, classes).min(1, { keepdim: true }).values;
  const there = lt(at, end);
  const own = gatherChecked(scores, 1, where(there, labels, 0));
  const named = logicalAnd(unsqueeze(there, 2), eq(unsqueeze(labels, 2), at)).any(1);
  // Labels along the last dimension but one, all classes along the last. What does not count is as far
  // behind as can be.
  const bounds = unsqueeze(where(there, own, Infinity), 2);
  const others = unsqueeze(where(named, -Infinity, scores), 1);
  // The margin comes last, as scores may be so large that it would be lost.
  return others.sub(bounds).add(1).relu().sum([1, 2]).div(classes);
}

const labelMarginOp = rowOp<null>("labelMargin", "label_margin", labelMarginComposite, () => ({}));

/**
 * Σ max(0, 1 − x_y + x_i) / C of each row over its labels, which end before the first −1 and are known
 * to name classes, and all classes that are none of them.
 */
export function labelMarginRows(scores: Tensor, labels: Tensor): Tensor {
  return labelMarginOp([scores, labels], null)[0]!;
}

/** The composite form of `pairLogisticRows`. */
export function pairLogisticComposite(
  scores: Tensor,
  relevance: Tensor,
  counts: Tensor | null,
): Tensor {
  const ordered = gt(unsqueeze(relevance, 2), unsqueeze(relevance, 1));
  const counted = counts === null
    ? ordered
    : logicalAnd(logicalAnd(unsqueeze(counts, 2), unsqueeze(counts, 1)), ordered);
  const behind = unsqueeze(scores, 1).sub(unsqueeze(scores, 2));
  return where(counted, behind.softplus(), 0).sum([1, 2]);
}

const pairLogisticOp = rowOp<null>(
  "pairLogistic",
  "pair_logistic",
  (scores, relevance) => pairLogisticComposite(scores, relevance, null),
  () => ({}),
);

/** Σ ln(1 + e^(x_j − x_i)) of each row over the pairs whose i is the more relevant. */
export function pairLogisticRows(scores: Tensor, relevance: Tensor): Tensor {
  return pairLogisticOp([scores, relevance], null)[0]!;
}
