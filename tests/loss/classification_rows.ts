/** Losses of classes. */

import { DTypeError, full, type losses, ones, ShapeError, type Tensor, tensor } from "../../mod.ts";
import { tensorOf, valuesOf } from "../common/samples.ts";
import { double, leaf } from "./plain.ts";
import type {
  Entries,
  Inputs,
  LossPoint,
  LossRow,
  LossSample,
  NothingCounts,
  Refusal,
} from "./row.ts";

type Options = losses.CrossEntropyOptions;

const int32 = (data: readonly number[], shape: readonly number[] = [data.length]) =>
  tensorOf({ shape, data }, "int32");

/** The classes of each place, one row after the other, in plain numbers. */
function rowsOf(x: Tensor): number[][] {
  const last = x.ndim < 3 ? x : x.permute([0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
  const values = valuesOf(last);
  const classes = x.shape[x.ndim === 1 ? 0 : 1]!;
  return Array.from(
    { length: values.length / classes },
    (_, i) => values.slice(i * classes, (i + 1) * classes),
  );
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function logSoftmax(row: readonly number[]): number[] {
  const most = Math.max(...row);
  const total = sumOf(row.map((x) => Math.exp(x - most)));
  return row.map((x) => x - most - Math.log(total));
}

/** Negative log-likelihood in plain numbers. */
function likelihood([x, target]: Inputs, options: losses.NLLOptions): Entries {
  const { ignoreIndex = -100, weight } = options;
  const labels = valuesOf(target);
  const weights = labels.map((label) =>
    label === ignoreIndex ? 0 : weight === undefined ? 1 : valuesOf(weight)[label]!
  );
  const each = rowsOf(x).map((row, i) => weights[i] === 0 ? 0 : -weights[i]! * row[labels[i]!]!);
  return { shape: target.shape, each, total: sumOf(weights) };
}

/** Cross-entropy with another leading term, in plain numbers. */
function polynomial(inputs: Inputs, { epsilon = 1, ...rest }: losses.Poly1Options): Entries {
  const { each, ...same } = entropy(inputs, rest);
  return { ...same, each: each.map((loss) => loss - epsilon * Math.expm1(-loss)) };
}

/** Cross-entropy in plain numbers, for labels as for probabilities. */
function entropy([logits, target]: Inputs, options: Options): Entries {
  const { ignoreIndex = -100, labelSmoothing = 0, weight } = options;
  const rows = rowsOf(logits).map(logSoftmax);
  const classes = logits.shape[logits.ndim === 1 ? 0 : 1]!;
  const weights = weight === undefined ? new Array<number>(classes).fill(1) : valuesOf(weight);
  const shape = logits.shape.toSpliced(logits.ndim === 1 ? 0 : 1, 1);
  const smoothed = (shares: readonly number[]) =>
    shares.map((share) => share * (1 - labelSmoothing) + labelSmoothing / classes);
  const loss = (row: readonly number[], shares: readonly number[]) =>
    -sumOf(smoothed(shares).map((share, c) => share * weights[c]! * row[c]!));
  if (target.dtype !== "int32") {
    const shares = rowsOf(target);
    return { shape, each: rows.map((row, i) => loss(row, shares[i]!)), total: rows.length };
  }
  const labels = valuesOf(target);
  const each = rows.map((row, i) =>
    labels[i] === ignoreIndex ? 0 : loss(row, row.map((_, c) => Number(c === labels[i])))
  );
  const counted = labels.filter((label) => label !== ignoreIndex);
  return { shape, each, total: sumOf(counted.map((label) => weights[label]!)) };
}

const labelled = (
  title: string,
  shape: readonly number[],
  labels: readonly number[],
): LossSample<Options> => ({
  title,
  inputs:
    () => [double("logits", shape), int32(labels, shape.toSpliced(shape.length > 1 ? 1 : 0, 1))],
});

const shared = (shape: readonly number[]): LossSample<Options> => ({
  title: `probabilities [${shape.join(", ")}]`,
  inputs: () => {
    const shares = double("shares", shape).detach().softmax(shape.length > 1 ? 1 : 0);
    return [double("logits", shape), shares.clone().requiresGrad_()];
  },
  without: ["ignoreIndex"],
});

/** Logits of three classes, and where their labels lie. */
const PLACES: readonly [logits: number[], labels: number[]][] = [
  [[2, 3], [2]],
  [[3], []],
  [[2, 3, 4], [2, 4]],
  [[2, 3, 2, 2], [2, 2, 2]],
];

const WEIGHT = tensor([1, 2, 3], { dtype: "float64" });

/** All labels ignored, by the default or by another number, with any other options. */
const NOTHING: readonly NothingCounts<Options>[] = PLACES.flatMap(([shape, places]) =>
  [{}, { ignoreIndex: 1 }].flatMap((ignored: Options) =>
    [{}, { weight: double("weight", [3], [0.5, 2]) }].flatMap((weighted) =>
      [{}, { labelSmoothing: 0.1 }].map((smoothed): NothingCounts<Options> => ({
        inputs: () => [
          double("logits", shape),
          full(places, ignored.ignoreIndex ?? -100, { dtype: "int32" }),
        ],
        options: () => ({ ...ignored, ...weighted, ...smoothed }),
      }))
    )
  )
);

const logits = () => ones([2, 2]);
const samples: readonly LossSample<losses.NLLOptions>[] = [
  labelled("rows", [4, 3], [2, 0, 1, 1]),
  labelled("pixels", [2, 3, 2], [1, 2, 0, 1]),
  labelled("a single place", [3], [2]),
  { ...labelled("some ignored", [3, 3], [2, -100, 1]), without: ["ignoreIndex"] },
  labelled("no rows", [0, 3], []),
];

const labels = () => int32([0, 1]);

/** What the losses of labels refuse. */
const LABEL_REFUSES: readonly Refusal[] = [
  {
    inputs: () => [ones([3, 2]), int32([0, 1, 7])],
    error: RangeError,
    says: "label 7 at index 2 is out of range for 2 classes",
  },
  {
    inputs: () => [logits(), labels()],
    options: { weight: WEIGHT },
    error: ShapeError,
    says: "weight must have shape [2], got [3]",
  },
  { options: { reduction: "average" }, error: TypeError, says: '"mean", "sum" or "none"' },
];

const REFUSES: readonly Refusal[] = [
  ...LABEL_REFUSES,
  {
    inputs: () => [logits(), int32([0, 1], [1, 2])],
    error: ShapeError,
    says: "labels of shape [2]",
  },
  { inputs: () => [labels(), labels()], error: DTypeError, says: "logits must be float32" },
  { inputs: () => [logits(), tensor([true, false])], error: DTypeError, says: "got bool" },
  {
    inputs: () => [tensor(0), int32([0], [])],
    error: ShapeError,
    says: "logits must have shape [C] or [N, C, ...], got []",
  },
  {
    inputs: () => [logits(), tensor([[0, 1]])],
    error: ShapeError,
    says: "probabilities need the logits' shape [2, 2], got [1, 2]",
  },
  {
    inputs: () => [logits(), tensor([0, 1])],
    error: DTypeError,
    says: "labels must be int32, got float32",
  },
  {
    inputs: () => [ones([2, 3]), int32([1, 0, 0, 1, 0, 0], [2, 3])],
    error: ShapeError,
    says: "probabilities are floating",
  },
  {
    inputs: () => [ones([2, 3]), ones([2, 3])],
    options: { ignoreIndex: 1 },
    error: TypeError,
    says: "ignoreIndex needs a target of labels",
  },
  ...[2, -0.1, NaN].map((labelSmoothing) => ({
    options: { labelSmoothing },
    error: RangeError,
    says: `labelSmoothing must lie in 0 to 1, got ${labelSmoothing}`,
  })),
];

const BETWEEN = {
  logits: [Math.log(0.25), -Infinity, Math.log(0.75)],
  loss: 0.5 * Math.log(16 / 3),
};

/** A class whose probability is 0, in the target and in the prediction. */
const impossible = (shape: readonly number[]): LossPoint<Options> => ({
  title: `a logit of -Infinity whose share is 0, shape [${shape}]`,
  inputs: () => [leaf(BETWEEN.logits).reshape(shape), leaf([0.5, 0, 0.5]).reshape(shape)],
  value: BETWEEN.loss,
  gradient: tensor([-0.25, 0, 0.25], { dtype: "float64" }).reshape([...shape])
    .toArray() as number[],
});

/** A class that is in the target, but has no weight. */
const weightless = (shape: readonly number[]): LossPoint<Options> => ({
  ...impossible(shape),
  title: `a logit of -Infinity whose weight is 0, shape [${shape}]`,
  inputs: () => [leaf(BETWEEN.logits).reshape(shape), leaf([0.5, 0.25, 0.5]).reshape(shape)],
  options: { weight: tensor([1, 0, 1], { dtype: "float64" }) },
});

/** Cross-entropy. */
export const CROSS_ENTROPY: LossRow<Options> = {
  samples: [
    ...samples as readonly LossSample<Options>[],
    shared([2, 3]),
    shared([2, 3, 2]),
    shared([3]),
  ],
  options: {
    reduction: () => ["mean", "sum", "none"],
    weight: () => [tensor([0.5, 1, 2], { dtype: "float64", requiresGrad: true })],
    ignoreIndex: () => [1],
    labelSmoothing: () => [0.1, 1],
  },
  reference: entropy,
  points: [
    {
      title: "logits of ±1e4: (softmax − one-hot)/N",
      inputs: () => [
        tensor([[1e4, -1e4, 0], [0, 1e4, 1e4]], { requiresGrad: true }),
        int32([1, 2]),
      ],
      value: (2e4 + Math.log(2)) / 2,
      gradient: [[0.5, -0.5, 0], [0, 0.25, -0.25]],
    },
    ...[[1, 3], [3], [1, 3, 1]].flatMap((shape) => [impossible(shape), weightless(shape)]),
  ],
  nothing: NOTHING,
  extremes: [1e4, 1e30].map((size) => () => [
    tensor([[size, -size, 0], [0, size, size]], { requiresGrad: true }),
    int32([0, 2]),
  ]),
  refuses: REFUSES,
};

/** Negative log-likelihood. */
export const NLL: LossRow<losses.NLLOptions> = {
  samples,
  options: {
    reduction: () => ["mean", "sum", "none"],
    weight: () => [tensor([0.5, 1, 2], { dtype: "float64", requiresGrad: true })],
    ignoreIndex: () => [1],
  },
  reference: likelihood,
  points: [
    {
      title: "−∞ for another class",
      inputs: () => [tensor([[0, -Infinity]], { requiresGrad: true }), int32([0])],
      value: 0,
      gradient: [[-1, 0]],
    },
  ],
  nothing: NOTHING.map(({ inputs, options }) => ({
    inputs,
    options: (given) => {
      const { labelSmoothing: _, ...rest } = options(given);
      return rest;
    },
  })),
  extremes: [-1e4, -1e30].map((size) => () => [
    tensor([[size, 0]], { requiresGrad: true }),
    int32([0]),
  ]),
  refuses: [
    ...LABEL_REFUSES,
    {
      inputs: () => [ones([2, 3]), ones([2, 3])],
      error: DTypeError,
      says: "labels must be int32, got float32",
    },
    {
      inputs: () => [ones([2, 3]), int32([0, 1, 2])],
      error: ShapeError,
      says: "log-probabilities of shape [2, 3] need labels of shape [2], got [3]",
    },
    {
      inputs: () => [int32([0]), int32([0])],
      error: DTypeError,
      says: "log-probabilities must be float32 or float64, got int32",
    },
  ],
};

/** Cross-entropy with another leading term. */
export const POLY1: LossRow<losses.Poly1Options> = {
  samples: samples as readonly LossSample<losses.Poly1Options>[],
  options: {
    reduction: () => ["mean", "sum", "none"],
    epsilon: () => [0, 2, -1],
    ignoreIndex: () => [1],
  },
  reference: polynomial,
  points: [
    {
      title: "two classes alike: q = 1/2, and −(1 + ε·q)·(1 − q)",
      inputs: () => [tensor([[0, 0]], { requiresGrad: true }), int32([0])],
      options: { epsilon: 2 },
      value: Math.LN2 + 1,
      gradient: [[-1, 1]],
    },
  ],
  nothing: [{}, { ignoreIndex: 1, epsilon: 2 }].map((options: losses.Poly1Options) => ({
    inputs: () => [
      tensor([[NaN, 0, 1]], { requiresGrad: true }),
      int32([options.ignoreIndex ?? -100]),
    ],
    options: () => options,
  })),
  extremes: [1e4, 1e30].map((size) => () => [
    tensor([[size, -size, 0], [0, size, size]], { requiresGrad: true }),
    int32([0, 2]),
  ]),
  refuses: [
    ...LABEL_REFUSES.filter(({ options }) => options?.weight === undefined),
    ...[-2, NaN, Infinity].map((epsilon) => ({
      options: { epsilon },
      error: RangeError,
      says: `epsilon must be finite and at least -1, got ${epsilon}`,
    })),
    {
      inputs: () => [ones([2, 3]), ones([2, 3])],
      error: DTypeError,
      says: "labels must be int32, got float32",
    },
    {
      inputs: () => [ones([2, 3]), int32([0])],
      error: ShapeError,
      says: "logits of shape [2, 3] need labels of shape [2], got [1]",
    },
  ],
};
