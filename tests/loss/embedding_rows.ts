/** Losses of like and unlike examples. */

import {
  DTypeError,
  type losses,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { sample, tensorOf, valuesOf } from "../common/samples.ts";
import type { Entries, Inputs, LossRow, LossSample, Refusal } from "./row.ts";

const double = (name: string, shape: readonly number[]) =>
  tensorOf(sample(name, shape, "float64"), "float64").requiresGrad_();

const leaf = (data: number[][] | number[]) =>
  tensor(data, { dtype: "float64", requiresGrad: true });

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

const REDUCTIONS = ["mean", "sum", "none"] as const;

/** The vectors along the last dimension. */
function vectorsOf(x: Tensor): number[][] {
  const [values, extent] = [valuesOf(x), x.shape.at(-1)!];
  return Array.from(
    { length: values.length / extent },
    (_, i) => values.slice(i * extent, (i + 1) * extent),
  );
}

const WORD: Refusal = {
  options: { reduction: "average" },
  error: TypeError,
  says: '"mean", "sum" or "none"',
};

function cosineLoss([a, b, t]: Inputs, { margin = 0 }: losses.CosineEmbeddingOptions): Entries {
  const dot = (x: readonly number[], y: readonly number[]) => sumOf(x.map((v, i) => v * y[i]!));
  const length = (x: readonly number[]) => Math.sqrt(dot(x, x) + 1e-12);
  const [second, targets] = [vectorsOf(b), valuesOf(t!)];
  const each = vectorsOf(a).map((x, i) => {
    const cosine = dot(x, second[i]!) / (length(x) * length(second[i]!));
    return targets[i] === 1 ? 1 - cosine : Math.max(0, cosine - margin);
  });
  return { shape: t!.shape, each, total: each.length };
}

/** Loss of cosines. */
export const COSINE_EMBEDDING: LossRow<losses.CosineEmbeddingOptions> = {
  samples: [
    {
      title: "rows",
      inputs: () => [double("first", [5, 3]), double("second", [5, 3]), tensor([1, -1, -1, 1, -1])],
    },
    { title: "alike", inputs: () => [double("first", [3]), double("second", [3]), tensor(1)] },
    { title: "unlike", inputs: () => [double("one", [3]), double("other", [3]), tensor(-1)] },
    { title: "no rows", inputs: () => [double("a", [0, 3]), double("b", [0, 3]), zeros([0])] },
  ],
  options: { reduction: () => REDUCTIONS, margin: () => [-0.5, 0.2] },
  reference: cosineLoss,
  points: [
    {
      title: "vectors of 0",
      inputs: () => [leaf([0, 0]), leaf([0, 0]), tensor(1)],
      value: 1,
      gradient: [0, 0],
    },
    {
      title: "a cosine of 1",
      inputs: () => [leaf([3, 4]), leaf([6, 8]), tensor(1)],
      value: 0,
      gradient: [0, 0],
    },
    {
      title: "a cosine of −1",
      inputs: () => [leaf([3, 4]), leaf([-6, -8]), tensor(1)],
      value: 2,
      gradient: [0, 0],
    },
    {
      title: "a cosine that is the margin",
      inputs: () => [leaf([1, 0]), leaf([0, 1]), tensor(-1)],
      value: 0,
      gradient: [0, 0],
    },
  ],
  nothing: [],
  extremes: [1e-4, 1e4, 1e15].map((size) => () => [
    tensor([[size, -size], [size, size]], { requiresGrad: true }),
    tensor([[size, 2 * size], [size, 2 * size]], { requiresGrad: true }),
    tensor([1, -1]),
  ]),
  refuses: [
    WORD,
    { options: { margin: NaN }, error: RangeError, says: "margin must be finite, got NaN" },
    {
      inputs: () => [ones([2, 3]), ones([2, 2]), ones([2])],
      error: ShapeError,
      says: "first has shape [2, 3] but second has shape [2, 2]",
    },
    {
      inputs: () => [ones([2, 3]), ones([2, 3]), ones([2, 1])],
      error: ShapeError,
      says: "vectors of shape [2, 3] need a target of shape [2], got [2, 1]",
    },
    {
      inputs: () => [ones([]), ones([]), ones([])],
      error: ShapeError,
      says: "first must have shape [..., D], got []",
    },
    {
      inputs: () => [tensor([1], { dtype: "int32" }), ones([1]), ones([])],
      error: DTypeError,
      says: "first must be float32 or float64, got int32",
    },
  ],
};

type Distance = (x: readonly number[], y: readonly number[]) => number;

const norm = (p: number, eps: number): Distance => (x, y) => {
  const apart = x.map((v, i) => Math.abs(v - y[i]! + eps));
  return p === Infinity ? Math.max(...apart) : sumOf(apart.map((v) => v ** p)) ** (1 / p);
};

function tripletLoss(
  [anchor, positive, negative]: Inputs,
  distance: Distance,
  { margin = 1, swap = false }: { margin?: number; swap?: boolean },
): Entries {
  const [alike, unlike] = [vectorsOf(positive), vectorsOf(negative!)];
  const each = vectorsOf(anchor).map((x, i) => {
    const [p, n] = [alike[i]!, unlike[i]!];
    const far = swap ? Math.min(distance(x, n), distance(p, n)) : distance(x, n);
    return Math.max(0, margin + distance(x, p) - far);
  });
  return { shape: anchor.shape.slice(0, -1), each, total: each.length };
}

const samples: readonly LossSample<losses.LossOptions>[] = [[6, 3], [3], [0, 3], [2, 3, 2]].map(
  (shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: () => [double("anchor", shape), double("positive", shape), double("negative", shape)],
  }),
);

/** An anchor, and examples 3 and 4 away from it. */
const distant = (): Inputs => [leaf([0, 0]), leaf([3, 0]), leaf([0, 4])];

const extremes = [1e-10, 1e4, 1e15].map((size) => (): Inputs => [
  tensor([[size, -size]], { requiresGrad: true }),
  tensor([[-size, 2 * size]], { requiresGrad: true }),
  tensor([[size, -size]], { requiresGrad: true }),
]);

const TRIPLET_REFUSES: readonly Refusal[] = [
  WORD,
  ...[0, -1, Infinity, NaN].map((margin) => ({
    options: { margin },
    error: RangeError,
    says: `margin must be positive and finite, got ${margin}`,
  })),
  {
    inputs: () => [ones([2, 3]), ones([1, 3]), ones([2, 3])],
    error: ShapeError,
    says: "anchor has shape [2, 3] but positive has shape [1, 3], which would broadcast",
  },
  {
    inputs: () => [ones([2, 3]), ones([2, 3]), ones([2, 2])],
    error: ShapeError,
    says: "anchor has shape [2, 3] but negative has shape [2, 2], they must be equal",
  },
  {
    inputs: () => [ones([]), ones([]), ones([])],
    error: ShapeError,
    says: "anchor must have shape [..., D], got []",
  },
];

/** Loss of triplets. */
export const TRIPLET_MARGIN: LossRow<losses.TripletMarginOptions> = {
  samples: samples as readonly LossSample<losses.TripletMarginOptions>[],
  options: {
    reduction: () => REDUCTIONS,
    margin: () => [3],
    p: () => [1, 3, Infinity],
    eps: () => [0, 0.1],
    swap: () => [true],
  },
  reference: (inputs, { p = 2, eps = 1e-6, ...rest }) => tripletLoss(inputs, norm(p, eps), rest),
  points: [
    {
      title: "a negative farther by just the margin",
      inputs: distant,
      options: { margin: 1, eps: 0 },
      value: 0,
      gradient: [0, 0],
    },
    {
      title: "three equal examples, without eps",
      inputs: () => [leaf([1, 1]), leaf([1, 1]), leaf([1, 1])],
      options: { margin: 1, eps: 0 },
      value: 1,
      gradient: [0, 0],
    },
  ],
  nothing: [],
  extremes,
  refuses: [
    ...TRIPLET_REFUSES,
    { options: { p: 0 }, error: RangeError, says: "p must be positive, got 0" },
    {
      options: { eps: -1 },
      error: RangeError,
      says: "eps must be finite and not negative, got -1",
    },
  ],
};

const squared = (a: Tensor, b: Tensor) => a.sub(b).square().sum(-1);

/** Loss of triplets by a distance of one's own. */
export const TRIPLET_MARGIN_WITH_DISTANCE: LossRow<losses.TripletMarginWithDistanceOptions> = {
  samples: samples as readonly LossSample<losses.TripletMarginWithDistanceOptions>[],
  options: {
    reduction: () => REDUCTIONS,
    margin: () => [3],
    swap: () => [true],
    distanceFunction: () => [squared],
  },
  reference: (inputs, { distanceFunction, ...rest }) => {
    const square: Distance = (x, y) => sumOf(x.map((v, i) => (v - y[i]!) ** 2));
    return tripletLoss(inputs, distanceFunction === undefined ? norm(2, 1e-6) : square, rest);
  },
  points: [
    {
      title: "a negative farther by just the margin",
      inputs: distant,
      options: { margin: 7, distanceFunction: squared },
      value: 0,
      gradient: [0, 0],
    },
  ],
  nothing: [],
  extremes,
  refuses: [
    ...TRIPLET_REFUSES,
    {
      inputs: distant,
      options: { distanceFunction: () => 3 },
      error: TypeError,
      says: "the result of distanceFunction must be a tensor, got 3",
    },
    {
      inputs: distant,
      options: { distanceFunction: (a: Tensor, b: Tensor) => squared(a, b).reshape([1]) },
      error: ShapeError,
      says: "the result of distanceFunction must have shape [], got [1]",
    },
  ],
};
