/** Losses that are 0 beyond a margin. */

import {
  DTypeError,
  type losses,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { count, tensorOf, valuesOf } from "../common/samples.ts";
import { elementRow, maskFor } from "./element_row.ts";
import { double } from "./plain.ts";
import type { Entries, Inputs, LossRow, Refusal } from "./row.ts";

const int32 = (data: readonly number[], shape: readonly number[] = [data.length]) =>
  tensorOf({ shape, data }, "int32");

const leaf = (data: number[]) => tensor(data, { dtype: "float64", requiresGrad: true });

/** 1 and −1 by turns. */
const signs = (shape: readonly number[]) =>
  tensorOf(
    { shape, data: Array.from({ length: count(shape) }, (_, i) => i % 3 ? 1 : -1) },
    "float64",
  );

/** Predictions and targets of the same number. */
const pairs = (p: number[], t: number[]) => (): Inputs => [leaf(p), tensor(t)];

const REDUCTIONS = ["mean", "sum", "none"] as const;

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

const notFinite = (name: string): Refusal[] =>
  [Infinity, NaN].map((value) => ({
    options: { [name]: value },
    error: RangeError,
    says: `${name} must be finite, got ${value}`,
  }));

const WORD: Refusal = {
  options: { reduction: "average" },
  error: TypeError,
  says: '"mean", "sum" or "none"',
};

/** Hinge loss. */
export const HINGE = elementRow<losses.ElementLossOptions>({
  each: (x, t) => Math.max(0, 1 - t * x),
  options: {},
  classes: [-1, 1],
  points: [
    {
      title: "the margin, and both sides of it",
      inputs: pairs([1, 0.5, -1, 2], [1, 1, -1, 1]),
      options: { reduction: "sum" },
      value: 0.5,
      gradient: [0, -1, 0, 0],
    },
  ],
  extremes: [1e-20, 1e4, 1e30],
});

/** Hinge loss of distances. */
export const HINGE_EMBEDDING = elementRow<losses.HingeEmbeddingOptions>({
  each: (x, t, { margin = 1 }) => t === 1 ? x : Math.max(0, margin - x),
  options: { margin: () => [0, 2] },
  classes: [-1, 1],
  points: [
    {
      title: "the margin, and 0",
      inputs: pairs([1, 0, 0], [-1, -1, 1]),
      options: { reduction: "sum" },
      value: 1,
      gradient: [0, -1, 1],
    },
  ],
  extremes: [1e-20, 1e4, 1e30],
  refuses: notFinite("margin"),
});

/** Ranking of pairs. */
export const MARGIN_RANKING: LossRow<losses.MarginRankingOptions> = {
  samples: [[4, 3], [], [0, 3]].map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: () => [double("first", shape), double("second", shape), signs(shape)],
  })),
  options: {
    reduction: () => REDUCTIONS,
    margin: () => [0.5, -1],
    weight: ([{ shape }]) => [double("weight", shape, [0.5, 2])],
    mask: ([a]) => [maskFor(a)],
  },
  reference: ([a, b, t], { margin = 0, weight = tensor(1), mask = tensor(true) }) => {
    const [first, second, target] = [a, b, t!].map(valuesOf);
    const [factors, counts] = [weight, mask].map((x) => valuesOf(x.expand(a.shape)));
    const each = first!.map((x, i) =>
      counts![i]! * factors![i]! * Math.max(0, margin - target![i]! * (x - second![i]!))
    );
    return { shape: a.shape, each, total: sumOf(counts!) };
  },
  points: [
    {
      title: "equal scores, and a difference that is the margin",
      inputs: () => [leaf([1, 2, 1]), leaf([1, 1, 1.5]), tensor([1, 1, 1])],
      options: { margin: 1, reduction: "sum" },
      value: 2.5,
      gradient: [-1, 0, -1],
    },
  ],
  nothing: [
    {
      inputs: () => [leaf([NaN, 1]), leaf([1, NaN]), tensor([1, NaN])],
      options: () => ({ mask: tensor([false, false]) }),
    },
  ],
  extremes: [1e4, 1e30].map((size) => () => [
    tensor([size, -size], { requiresGrad: true }),
    tensor([-size, size], { requiresGrad: true }),
    tensor([1, 1]),
  ]),
  refuses: [
    ...notFinite("margin"),
    WORD,
    {
      inputs: () => [zeros([3]), zeros([2]), zeros([3])],
      error: ShapeError,
      says: "first has shape [3] but second has shape [2], they must be equal",
    },
    {
      inputs: () => [zeros([3]), zeros([3]), zeros([3, 1])],
      error: ShapeError,
      says: "first has shape [3] but target has shape [3, 1], which would broadcast to [3, 3]",
    },
    {
      inputs: () => [int32([1]), ones([1]), ones([1])],
      error: DTypeError,
      says: "first must be float32 or float64, got int32",
    },
  ],
};

/** The scores of each example. */
function rowsOf(x: Tensor): number[][] {
  const [values, classes] = [valuesOf(x), x.shape.at(-1)!];
  return Array.from(
    { length: values.length / classes },
    (_, i) => values.slice(i * classes, (i + 1) * classes),
  );
}

const SCORE_REFUSES: readonly Refusal[] = [
  WORD,
  {
    inputs: () => [ones([2, 3, 4]), int32([0, 1])],
    error: ShapeError,
    says: "prediction must have shape [N, C] or [C], got [2, 3, 4]",
  },
  {
    inputs: () => [int32([0, 1]), int32([0, 1])],
    error: DTypeError,
    says: "prediction must be float32 or float64, got int32",
  },
  ...[[0, 0], [2, 0], [0]].map((shape): Refusal => ({
    inputs: () => [ones(shape), zeros(shape, { dtype: "int32" })],
    error: ShapeError,
    says: `prediction must have at least one class, got shape [${shape.join(", ")}]`,
  })),
];

function multi([x, target]: Inputs, options: losses.MultiMarginOptions): Entries {
  const { p = 1, margin = 1, weight } = options;
  const labels = valuesOf(target);
  const each = rowsOf(x).map((row, i) => {
    const label = labels[i]!;
    const terms = row.map((score, c) =>
      c === label ? 0 : Math.max(0, margin + (score - row[label]!)) ** p
    );
    return (weight === undefined ? 1 : valuesOf(weight)[label]!) * sumOf(terms) / row.length;
  });
  return { shape: target.shape, each, total: each.length };
}

/** Hinge loss of classes. */
export const MULTI_MARGIN: LossRow<losses.MultiMarginOptions> = {
  samples: [
    { title: "rows", inputs: () => [double("scores", [4, 3]), int32([2, 0, 1, 1])] },
    { title: "a single one", inputs: () => [double("scores", [3]), int32([1], [])] },
    { title: "no rows", inputs: () => [double("scores", [0, 3]), int32([])] },
  ],
  options: {
    reduction: () => REDUCTIONS,
    p: () => [2],
    margin: () => [0.5],
    weight: () => [leaf([0.5, 1, 2])],
  },
  reference: multi,
  points: [
    {
      title: "a difference that is the margin",
      inputs: () => [
        tensor([[1, 0, 3]], { dtype: "float64", requiresGrad: true }),
        int32([0]),
      ],
      value: 1,
      gradient: [[-1 / 3, 0, 1 / 3]],
    },
  ],
  nothing: [],
  extremes: [1e4, 1e30].map((size) => () => [
    tensor([[size, -size, 0], [0, size, size]], { requiresGrad: true }),
    int32([1, 2]),
  ]),
  refuses: [
    ...SCORE_REFUSES,
    ...notFinite("margin"),
    ...[0, 3, NaN].map((p) => ({ options: { p }, error: RangeError, says: "p must be 1 or 2" })),
    {
      inputs: () => [ones([2, 3]), int32([0, -100])],
      error: RangeError,
      says: "label -100 at index 1 is out of range for 3 classes",
    },
    {
      inputs: () => [ones([2, 3]), ones([2])],
      error: DTypeError,
      says: "labels must be int32, got float32",
    },
    {
      inputs: () => [ones([2, 3]), int32([0])],
      error: ShapeError,
      says: "scores of shape [2, 3] need labels of shape [2], got [1]",
    },
    {
      inputs: () => [ones([2, 3]), int32([0, 1])],
      options: { weight: ones([2]) },
      error: ShapeError,
      says: "weight must have shape [3], got [2]",
    },
  ],
};

function multiLabel([x, target]: Inputs): Entries {
  const lists = rowsOf(target).map((row) => row.includes(-1) ? row.slice(0, row.indexOf(-1)) : row);
  const each = rowsOf(x).map((row, n) => {
    const list = lists[n]!;
    const others = row.filter((_, i) => !list.includes(i));
    const terms = list.flatMap((y) => others.map((score) => Math.max(0, 1 + (score - row[y]!))));
    return sumOf(terms) / row.length;
  });
  return { shape: x.shape.slice(0, -1), each, total: each.length };
}

const LISTS = [[2, 0, -1, 1], [-1, 0, 0, 0], [3, 3, -1, -1], [0, 1, 2, 3]].flat();

/** Hinge loss of several labels. */
export const MULTI_LABEL_MARGIN: LossRow<losses.LossOptions> = {
  samples: [
    { title: "rows", inputs: () => [double("scores", [4, 4]), int32(LISTS, [4, 4])] },
    { title: "a single one", inputs: () => [double("scores", [4]), int32(LISTS.slice(0, 4))] },
    { title: "no rows", inputs: () => [double("scores", [0, 4]), int32([], [0, 4])] },
  ],
  options: { reduction: () => REDUCTIONS },
  reference: multiLabel,
  points: [
    {
      title: "a difference that is 1, and one that is less",
      inputs: () => [leaf([2, 1, 1.5]), int32([0, -1, -1])],
      value: 0.5 / 3,
      gradient: [-1 / 3, 0, 1 / 3],
    },
    {
      title: "equal scores that are far larger than the margin",
      inputs: () => [leaf([1e20, 1e20, 0]), int32([0, -1, -1])],
      value: 1 / 3,
      gradient: [-1 / 3, 1 / 3, 0],
    },
  ],
  nothing: [],
  extremes: [1e4, 1e30].map((size) => () => [
    tensor([[size, -size, 0]], { requiresGrad: true }),
    int32([1, 2, -1], [1, 3]),
  ]),
  refuses: [
    ...SCORE_REFUSES,
    {
      inputs: () => [ones([2]), int32([2, -1])],
      error: RangeError,
      says: "label 2 at index 0 is out of range for 2 classes",
    },
    {
      inputs: () => [ones([2]), int32([-2, -1])],
      error: RangeError,
      says: "label -2 at index 0",
    },
    { inputs: () => [ones([2]), ones([2])], error: DTypeError, says: "labels must be int32" },
    {
      inputs: () => [ones([2, 3]), int32([0, 1])],
      error: ShapeError,
      says: "prediction has shape [2, 3] but target has shape [2], they must be equal",
    },
  ],
};
