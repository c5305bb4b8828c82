/** Losses of lists, of sorted numbers, and of the point of the simplex that is nearest. */

import { type losses, ones, ShapeError, type Tensor, tensor, zeros } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { maskFor } from "./element_row.ts";
import { double, int32, leaf, logSumExp, pieces, REDUCTIONS, sumOf, WORD } from "./plain.ts";
import type { Entries, Inputs, LossRow, Refusal } from "./row.ts";

/** A loss of each list, of the items that count. */
function listed(
  [s, y]: Inputs,
  { mask = tensor(true) }: losses.ListLossOptions,
  loss: (scores: readonly number[], relevance: readonly number[]) => number,
): Entries {
  const length = s.shape.at(-1)!;
  const [relevance, counts] = [pieces(y, length), pieces(mask.expand(s.shape), length)];
  const each = pieces(s, length).map((row, i) => {
    const kept = (values: readonly number[]) => values.filter((_, at) => counts[i]![at] === 1);
    return loss(kept(row), kept(relevance[i]!));
  });
  const total = counts.filter((row) => row.includes(1)).length;
  return { shape: s.shape.slice(0, -1), each, total };
}

const LIST_REFUSES: readonly Refusal[] = [
  WORD,
  {
    inputs: () => [ones([2, 3]), ones([3])],
    error: ShapeError,
    says: "scores has shape [2, 3] but relevance has shape [3], which would broadcast to [2, 3]",
  },
  {
    inputs: () => [ones([]), ones([])],
    error: ShapeError,
    says: "scores must have shape [..., D], got []",
  },
  {
    inputs: () => [ones([2, 3]), ones([2, 3])],
    options: { mask: tensor([true, false]) },
    error: ShapeError,
    says: "mask of shape [2] does not broadcast to the prediction's shape [2, 3]",
  },
];

/** What the losses of lists have in common. */
function listRow(
  loss: (scores: readonly number[], relevance: readonly number[]) => number,
  relevance: (shape: readonly number[]) => Tensor,
  points: LossRow<losses.ListLossOptions>["points"],
): LossRow<losses.ListLossOptions> {
  return {
    samples: [[3, 4], [4], [2, 2, 3], [0, 3]].map((shape) => ({
      title: `[${shape.join(", ")}]`,
      inputs: () => [double("scores", shape), relevance(shape)],
    })),
    options: { reduction: () => REDUCTIONS, mask: ([s]) => [maskFor(s)] },
    reference: (inputs, options) => listed(inputs, options, loss),
    points,
    nothing: [{
      inputs: () => [leaf([[NaN, 1], [0, NaN]]), leaf([[1, NaN], [1, 1]])],
      options: () => ({ mask: tensor([[false, false]]) }),
    }],
    extremes: [1e4, 1e30].map((size) => () => [
      tensor([[size, -size, 0], [0, size, size]], { requiresGrad: true }),
      tensor([[0, 1, 0], [1, 0, 0]]),
    ]),
    refuses: LIST_REFUSES,
  };
}

/** Cross-entropy of lists. */
export const LISTWISE_SOFTMAX = listRow(
  (s, y) => -sumOf(s.map((score, i) => y[i]! * (score - logSumExp(s)))),
  (shape) => double("relevance", shape, [0, 2]),
  [{
    title: "a list without relevant items, and one of equal scores",
    inputs: () => [leaf([[1, 2], [0, 0]]), leaf([[0, 0], [1, 0]])],
    options: { reduction: "sum" },
    value: Math.LN2,
    gradient: [[0, 0], [-0.5, 0.5]],
  }],
);

/** Logistic loss of pairs. */
export const PAIRWISE_LOGISTIC = listRow(
  (s, y) =>
    sumOf(
      s.flatMap((own, i) =>
        s.map((other, j) =>
          y[i]! > y[j]!
            ? Math.max(0, other - own) + Math.log1p(Math.exp(-Math.abs(other - own)))
            : 0
        )
      ),
    ),
  // Far enough apart that no difference changes their order.
  (shape) => double("order", shape).detach().mul(2).round(),
  [{
    title: "equal relevance, and equal scores",
    inputs: () => [leaf([[1, 2], [0, 0]]), tensor([[1, 1], [1, 0]])],
    options: { reduction: "sum" },
    value: Math.LN2,
    gradient: [[0, 0], [-0.5, 0.5]],
  }],
);

/** Distance of Wasserstein. */
export const WASSERSTEIN_1D: LossRow<losses.Wasserstein1dOptions> = {
  samples: [[3, 4], [5], [2, 2, 3], [0, 3]].map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: () => [double("prediction", shape), double("target", shape)],
  })),
  options: { reduction: () => REDUCTIONS, p: () => [2, 3] },
  reference: ([x, y], { p = 1 }) => {
    const n = x.shape.at(-1)!;
    const sorted = (z: Tensor) => pieces(z, n).map((row) => row.toSorted((a, b) => a - b));
    const others = sorted(y);
    const each = sorted(x).map((row, i) =>
      sumOf(row.map((value, at) => Math.abs(value - others[i]![at]!) ** p)) / n
    );
    return { shape: x.shape.slice(0, -1), each, total: each.length };
  },
  points: [
    {
      title: "samples that lie in one place, and 2 apart",
      inputs: () => [leaf([3, 1, 5]), leaf([1, 3, 3])],
      options: { p: 2 },
      value: 4 / 3,
      gradient: [0, 0, 4 / 3],
    },
  ],
  nothing: [],
  extremes: [1e-20, 1e4, 1e30].map((size) => () => [
    tensor([size, -size], { requiresGrad: true }),
    zeros([2]),
  ]),
  refuses: [
    WORD,
    ...[0, 0.5, Infinity, NaN].map((p) => ({
      options: { p },
      error: RangeError,
      says: `p must be finite and at least 1, got ${p}`,
    })),
    {
      inputs: () => [ones([2, 3]), ones([2, 4])],
      error: ShapeError,
      says: "prediction has shape [2, 3] but target has shape [2, 4], they must be equal",
    },
    {
      inputs: () => [ones([]), ones([])],
      error: ShapeError,
      says: "prediction must have shape [..., D], got []",
    },
  ],
};

/** The point of the simplex that is nearest to a row, by trying how many are in the support. */
function simplexPoint(row: readonly number[]): number[] {
  const sorted = row.toSorted((a, b) => b - a);
  const bounds = sorted.map((_, k) => (sumOf(sorted.slice(0, k + 1)) - 1) / (k + 1));
  const tau = Math.max(...bounds);
  return row.map((z) => Math.max(0, z - tau));
}

/** The classes of each place, one row after the other. */
function rowsOf(x: Tensor): number[][] {
  const last = x.ndim < 3 ? x : x.permute([0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
  return pieces(last, x.shape[x.ndim === 1 ? 0 : 1]!);
}

const labelled = (title: string, shape: readonly number[], labels: readonly number[]) => ({
  title,
  inputs: (): Inputs => [
    double("logits", shape, [-1, 1]),
    int32(labels, shape.toSpliced(shape.length > 1 ? 1 : 0, 1)),
  ],
});

/** Loss of sparsemax. */
export const SPARSEMAX: LossRow<losses.SparsemaxOptions> = {
  samples: [
    labelled("rows", [4, 3], [2, 0, 1, 1]),
    labelled("pixels", [2, 3, 2], [1, 2, 0, 1]),
    labelled("a single place", [3], [2]),
    labelled("no rows", [0, 3], []),
    { ...labelled("some ignored", [3, 3], [2, -100, 1]), without: ["ignoreIndex"] },
  ],
  options: { reduction: () => REDUCTIONS, ignoreIndex: () => [1] },
  reference: ([x, target], { ignoreIndex = -100 }) => {
    const labels = valuesOf(target);
    const each = rowsOf(x).map((row, i) => {
      if (labels[i] === ignoreIndex) return 0;
      const p = simplexPoint(row);
      const energy = sumOf(p.map((share, c) => share * (row[c]! - share / 2)));
      return Math.max(0, energy + 0.5 - row[labels[i]!]!);
    });
    const total = labels.filter((label) => label !== ignoreIndex).length;
    return { shape: target.shape, each, total };
  },
  points: [
    {
      title: "classes alike, a class that leads by 1, and one that leads by more",
      inputs: () => [leaf([[0, 0], [2, 3], [9, 1]]), int32([1, 1, 0])],
      options: { reduction: "sum" },
      value: 0.25,
      gradient: [[0.5, -0.5], [0, 0], [0, 0]],
    },
  ],
  nothing: [{
    inputs: () => [leaf([[NaN, 0, 1]]), int32([-100])],
    options: () => ({}),
  }],
  extremes: [10, 1e4].map((size) => () => [
    tensor([[size, -size, 0], [0, size, size]], { requiresGrad: true }),
    int32([1, 0]),
  ]),
  refuses: [
    WORD,
    {
      inputs: () => [ones([3, 2]), int32([0, 1, 7])],
      error: RangeError,
      says: "label 7 at index 2 is out of range for 2 classes",
    },
    {
      inputs: () => [ones([0, 0]), int32([])],
      error: ShapeError,
      says: "logits must have at least one class, got shape [0, 0]",
    },
    {
      inputs: () => [ones([2, 3]), ones([2, 3])],
      error: TypeError,
      says: "labels must be int32, got float32",
    },
    {
      inputs: () => [ones([2, 3]), int32([0])],
      error: ShapeError,
      says: "logits of shape [2, 3] need labels of shape [2], got [1]",
    },
  ],
};
