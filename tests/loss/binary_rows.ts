/** Losses of two classes. */

import { type losses, ones, ShapeError, tensor, zeros } from "../../mod.ts";
import { sample, tensorOf, valuesOf } from "../common/samples.ts";
import { elementRow } from "./element_row.ts";
import type { Inputs, LossRow } from "./row.ts";

/** Predictions and targets of the same number. */
const pairs = (p: number[], t: number[]) => (): Inputs => [
  tensor(p, { dtype: "float64", requiresGrad: true }),
  tensor(t, { dtype: "float64" }),
];

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const ROW = elementRow<losses.ElementLossOptions>({
  each: (p, t) => {
    const [yes, no] = [Math.log(p), Math.log1p(-p)].map((ln) => Math.max(ln, -100));
    return -t * yes! - (1 - t) * no!;
  },
  options: {},
  predictions: [0.1, 0.9],
  targets: [0.1, 0.9],
  points: [
    {
      title: "probabilities of 0 and 1, right and wrong",
      inputs: pairs([0, 1, 0, 1], [0, 1, 1, 0]),
      options: { reduction: "sum" },
      value: 200,
      gradient: [1, -1, -1e12, 1e12],
    },
    {
      title: "a probability so small that its logarithm is cut",
      inputs: pairs([1e-20, 1e-100], [1, 1]),
      options: { reduction: "sum" },
      value: 100 + 20 * Math.log(10),
      gradient: [-1e12, -1e12],
    },
  ],
  extremes: [],
});

/** Binary cross-entropy of probabilities, which lie in 0 to 1 at their extremes too. */
export const BCE: LossRow<losses.ElementLossOptions> = {
  ...ROW,
  extremes: [0, 1e-40, 1e-30, 1e-10, 1].map((p) => () => [
    tensor([p, p], { requiresGrad: true }),
    tensor([0, 1]),
  ]),
};

/** Binary cross-entropy of logits. */
export const BCE_WITH_LOGITS = elementRow<losses.BCEWithLogitsOptions>({
  each: (x, t, { posWeight }) => {
    const weight = posWeight === undefined ? 1 : valuesOf(posWeight)[0]!;
    return weight * t * softplus(-x) + (1 - t) * softplus(x);
  },
  options: { posWeight: () => [tensor(3, { dtype: "float64", requiresGrad: true })] },
  targets: [0, 1],
  points: [
    {
      title: "a factor for each class",
      inputs: pairs([0, 0], [1, 1]),
      options: { posWeight: tensor([1, 3]), reduction: "sum" },
      value: 4 * Math.LN2,
      gradient: [-0.5, -1.5],
    },
  ],
  extremes: [1e-20, 20, 1e4, 1e30],
  refuses: [{
    inputs: () => [zeros([3]), zeros([3])],
    options: { posWeight: ones([2]) },
    error: ShapeError,
    says: "posWeight of shape [2] does not broadcast to the prediction's shape [3]",
  }],
});

/** Focal loss. */
export const FOCAL = elementRow<losses.FocalOptions>({
  each: (x, t, { gamma = 2, alpha = 0.25 }) => {
    const q = 1 / (1 + Math.exp(t === 1 ? -x : x));
    const factor = alpha === null ? 1 : t === 1 ? alpha : 1 - alpha;
    // 1 − q loses all digits where q is near 1.
    const wrong = 1 / (1 + Math.exp(t === 1 ? x : -x));
    return q === 0 ? factor * Math.abs(x) : -factor * wrong ** gamma * Math.log(q);
  },
  options: { gamma: () => [0, 0.5, 3], alpha: () => [0.75, null] },
  classes: [0, 1],
  points: [
    {
      title: "a class that is certain, with a power below 1",
      inputs: pairs([1e4, -1e4], [1, 1]),
      options: { gamma: 0.5, alpha: null, reduction: "sum" },
      value: 1e4,
      gradient: [0, -1],
    },
  ],
  extremes: [1e4, 1e30],
  refuses: [
    ...[-1, Infinity, NaN].map((gamma) => ({
      options: { gamma },
      error: RangeError,
      says: `gamma must be finite and not negative, got ${gamma}`,
    })),
    ...[-0.1, 2, NaN].map((alpha) => ({
      options: { alpha },
      error: RangeError,
      says: `alpha must lie in 0 to 1, got ${alpha}`,
    })),
  ],
});

/** Logistic loss of scores. */
export const SOFT_MARGIN = elementRow<losses.ElementLossOptions>({
  each: (x, t) => softplus(-t * x),
  options: {},
  classes: [-1, 1],
  points: [
    { title: "0", inputs: pairs([0, 0], [1, -1]), value: Math.LN2, gradient: [-0.25, 0.25] },
  ],
  extremes: [1e-20, 20, 1e4, 1e30],
});

/** Binary cross-entropy as a mean over classes. */
export const MULTI_LABEL_SOFT_MARGIN: LossRow<losses.MultiLabelSoftMarginOptions> = {
  samples: [[4, 3], [3], [2, 2, 3], [0, 3]].map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: () => [
      tensorOf(sample("logits", shape, "float64"), "float64").requiresGrad_(),
      tensorOf(sample("target", shape, "float64", [0, 1]), "float64").requiresGrad_(),
    ],
  })),
  options: {
    reduction: () => ["mean", "sum", "none"],
    weight: () => [tensor([0.5, 1, 2], { dtype: "float64", requiresGrad: true })],
  },
  reference: ([logits, target], { weight }) => {
    const [x, t] = [logits, target].map(valuesOf);
    const factors = weight === undefined ? [1, 1, 1] : valuesOf(weight);
    const terms = x!.map((v, i) =>
      factors[i % 3]! * (t![i]! * softplus(-v) + (1 - t![i]!) * softplus(v)) / 3
    );
    const each = Array.from(
      { length: terms.length / 3 },
      (_, i) => terms[3 * i]! + terms[3 * i + 1]! + terms[3 * i + 2]!,
    );
    return { shape: logits.shape.slice(0, -1), each, total: each.length };
  },
  points: [
    { title: "0", inputs: pairs([0, 0], [1, 0]), value: Math.LN2, gradient: [-0.25, 0.25] },
  ],
  nothing: [],
  extremes: [20, 1e4, 1e30].map((size) => () => [
    tensor([[size, -size, size]], { requiresGrad: true }),
    tensor([[1, 1, 0]]),
  ]),
  refuses: [
    {
      inputs: () => [zeros([3, 1]), zeros([3])],
      error: ShapeError,
      says: "prediction has shape [3, 1] but target has shape [3], which would broadcast",
    },
    {
      inputs: () => [zeros([]), zeros([])],
      error: ShapeError,
      says: "prediction must have shape [..., D], got []",
    },
    {
      inputs: () => [zeros([2, 3]), zeros([2, 3])],
      options: { weight: ones([2]) },
      error: ShapeError,
      says: "weight of shape [2] does not broadcast to the prediction's shape [2, 3]",
    },
    { options: { reduction: "average" }, error: TypeError, says: '"mean", "sum" or "none"' },
  ],
};
