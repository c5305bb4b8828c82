/**
 * The metrics, as the generated tests know them. A public metric without a row does not compile, nor
 * does an option without its place; the references' values stand in `fixtures/metrics/`.
 */

import { type metrics, ones, type Tensor, tensor } from "../../mod.ts";

type Metrics = typeof metrics;

/** A metric of whatever inputs. */
interface AnyMetric {
  (...call: never[]): unknown;
  stream(options?: never): unknown;
}

/** Names of the metrics: functions that have a stream. */
export type MetricName = {
  [K in keyof Metrics]: Metrics[K] extends AnyMetric ? K : never;
}[keyof Metrics];

/** The options of a metric: those of its stream. */
type OptionsOf<Name extends MetricName> = Metrics[Name] extends
  { stream(options?: infer O): unknown } ? NonNullable<O>
  : never;

/** A wrong call. */
export interface Refusal {
  readonly inputs: () => readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly error: new (message: string) => Error;
  /** What the message must say. */
  readonly says: string;
}

/** A metric. */
export interface MetricRow<O> {
  /** Every option, to be tried by a case of the fixtures. */
  readonly options: { readonly [K in keyof Required<O>]: true };
  readonly refuses: readonly Refusal[];
}

const labels = (...values: number[]) => tensor(values, { dtype: "int32" });
const pair = (pred: () => Tensor, target: () => Tensor) => () => [pred(), target()] as const;

/** What every metric of two tensors of the same shape refuses. */
const OTHER_SHAPE: Refusal = {
  inputs: pair(() => ones([2, 1]), () => ones([2])),
  error: RangeError,
  says: "must have the same shape, got [2, 1] and [2]",
};

/** What every metric of classes refuses. */
const CLASSES: readonly Refusal[] = [
  {
    inputs: pair(() => ones([2, 1]), () => labels(0, 0)),
    error: RangeError,
    says: "as in pred.squeeze(1), got [2, 1]",
  },
  {
    inputs: pair(() => ones([2, 3]), () => labels(0, 3)),
    error: RangeError,
    says: "label 3 of target at index 1 is out of range for 3 classes",
  },
  {
    inputs: pair(() => ones([2, 3]), () => labels(0, -1)),
    error: RangeError,
    says: "integers from 0, got -1 at index 1",
  },
  {
    inputs: pair(() => ones([2]), () => tensor([0.5, 1])),
    error: RangeError,
    says: "integers from 0, got 0.5 at index 0",
  },
  {
    inputs: pair(() => ones([2, 3]), () => labels(0, 1, 2)),
    error: RangeError,
    says: "got float32 of shape [2, 3] for a target of shape [3]",
  },
  {
    inputs: pair(() => ones([2]), () => ones([2])),
    options: { task: "multilabel" },
    error: RangeError,
    says: "multilabel predictions must be scores of the target's shape [N, C, ...]",
  },
];

const LABELS: readonly Refusal[] = [
  {
    inputs: pair(() => labels(0, -100), () => labels(0, 1)),
    options: { ignoreIndex: -100 },
    error: RangeError,
    says: "pred must hold labels, which are integers from 0, got -100 at index 1",
  },
  {
    inputs: pair(() => ones([2, 3]), () => labels(0, 1)),
    options: { numClasses: 4 },
    error: RangeError,
    says: "numClasses is 4, but pred has scores of 3 classes",
  },
  {
    inputs: pair(() => labels(0, 1), () => labels(0, 2 ** 30)),
    error: RangeError,
    says: "label 1073741824 of target at index 1 is out of range for the 1048576 classes",
  },
];

/** What metrics of scores refuse. */
const NO_SCORES: Refusal = {
  inputs: pair(() => labels(0, 1), () => labels(0, 1)),
  error: TypeError,
  says: "pred must hold float scores, got int32",
};

/** What metrics of orders refuse. */
const RANKING: readonly Refusal[] = [
  {
    inputs: pair(() => ones([1, 1, 1]), () => ones([1, 1, 1])),
    error: RangeError,
    says: "pred must have shape [Q, D] or [D], got [1, 1, 1]",
  },
  {
    inputs: pair(() => ones([2]), () => tensor([1, -1])),
    error: RangeError,
    says: "relevances must not be negative, got -1 at index 1",
  },
];

/** What metrics of texts refuse. */
const TEXTS: readonly Refusal[] = [
  {
    inputs: () => [["a", "b"], ["a"]],
    error: RangeError,
    says: "there must be as many texts as references, got 2 and 1",
  },
  { inputs: () => [["a"], [[]]], error: TypeError, says: "target must be a string, or an array" },
  { inputs: () => [["a", 1], ["a", "b"]], error: TypeError, says: "pred must be a string or" },
];

/** An image with a box. */
const there = () => ({ boxes: ones([1, 4]), labels: labels(0) });

const CLASS_OPTIONS = { task: true, threshold: true, ignoreIndex: true, numClasses: true } as const;
const CURVE: MetricRow<metrics.CurveOptions> = {
  options: { task: true, average: true, ignoreIndex: true },
  refuses: [...CLASSES, NO_SCORES],
};

/** The rows, by the name of the metric. */
export const METRICS: { readonly [Name in MetricName]: MetricRow<OptionsOf<Name>> } = {
  accuracy: {
    options: { ...CLASS_OPTIONS, average: true, topK: true },
    refuses: [...CLASSES, ...LABELS, {
      inputs: pair(() => labels(0, 1), () => labels(0, 1)),
      options: { topK: 2 },
      error: TypeError,
      says: "topK needs scores of classes",
    }],
  },
  confusionMatrix: {
    options: { ...CLASS_OPTIONS, normalize: true },
    refuses: [...CLASSES.slice(0, -1), ...LABELS, {
      inputs: pair(() => labels(0, 1), () => labels(0, 5000)),
      error: RangeError,
      says: "a matrix has at most 4096 rows, got 5001 classes",
    }],
  },
  precisionRecallF1: {
    options: { ...CLASS_OPTIONS, average: true },
    refuses: [...CLASSES, ...LABELS],
  },
  iou: {
    options: { ...CLASS_OPTIONS, average: true },
    refuses: [...CLASSES, ...LABELS],
  },
  rocAuc: CURVE,
  averagePrecision: CURVE,
  mse: { options: {}, refuses: [OTHER_SHAPE] },
  rmse: { options: {}, refuses: [OTHER_SHAPE] },
  mae: { options: {}, refuses: [OTHER_SHAPE] },
  nmse: { options: { centered: true }, refuses: [OTHER_SHAPE] },
  r2: {
    options: { multioutput: true },
    refuses: [OTHER_SHAPE, {
      inputs: pair(() => ones([2, 2, 2]), () => ones([2, 2, 2])),
      error: RangeError,
      says: "pred must have shape [N] or [N, D], got [2, 2, 2]",
    }],
  },
  psnr: { options: { dataRange: true }, refuses: [OTHER_SHAPE] },
  ssim: {
    options: { dataRange: true, windowSize: true, sigma: true, k1: true, k2: true },
    refuses: [{
      inputs: pair(() => ones([1, 1, 4, 4]), () => ones([1, 1, 4, 4])),
      error: RangeError,
      says: "H and W from 11, got [1, 1, 4, 4]",
    }],
  },
  ndcg: { options: { topK: true }, refuses: [OTHER_SHAPE, ...RANKING] },
  recallAtK: { options: { topK: true }, refuses: [OTHER_SHAPE, ...RANKING] },
  adjustedRandIndex: { options: {}, refuses: [OTHER_SHAPE] },
  expectedCalibrationError: {
    options: { bins: true, norm: true, ignoreIndex: true },
    refuses: [...CLASSES.slice(0, -1), NO_SCORES, {
      inputs: pair(() => tensor([0.5, 2]), () => labels(0, 1)),
      error: RangeError,
      says: "pred must hold probabilities from 0 to 1, got 2 at index 1",
    }],
  },
  rouge: { options: {}, refuses: TEXTS },
  bleu: {
    options: { nGram: true, smooth: true, weights: true },
    refuses: TEXTS,
  },
  meanAveragePrecision: {
    options: { iouThresholds: true, maxDetections: true },
    refuses: [
      {
        inputs: () => [[], [there()]],
        error: RangeError,
        says: "equally many images, got 0 and 1",
      },
      {
        inputs: () => [[there()], [there()]],
        error: TypeError,
        says: "scores of pred 0 must be a tensor, got undefined",
      },
      {
        inputs: () => [[], [{ ...there(), boxes: ones([4]) }]].map((own) => [...own, there()]),
        error: RangeError,
        says: "equally many images, got 1 and 2",
      },
      {
        inputs: () => [[{ ...there(), scores: ones([2]) }], [there()]],
        error: RangeError,
        says: "scores of pred 0 must have shape [1], got [2]",
      },
      {
        inputs: () => [[{ ...there(), scores: ones([1]) }], [{ ...there(), labels: labels(-1) }]],
        error: RangeError,
        says: "labels of target 0 must hold labels, which are integers from 0, got -1",
      },
      {
        inputs: () => [[{ ...there(), scores: ones([1]) }], [{ ...there(), boxes: ones([4]) }]],
        error: RangeError,
        says: "boxes of target 0 must have shape [N, 4], got [4]",
      },
    ],
  },
};
