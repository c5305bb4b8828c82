/** Metrics of classes, computed from how often each is predicted, true, and both. */

import { COUNT, kind, oneOf, type OptionReader, optionReader } from "../core/options.ts";
import { CLASS_OPTIONS, type ClassOptions, type ClassTask, labelPairs, taskOf } from "./inputs.ts";
import {
  type Average,
  type Averaged,
  type ClassMetric,
  type Metric,
  metric,
  type MetricStream,
  nothing,
  type Pair,
  type Sums,
} from "./metric.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of metrics of classes that can be averaged. */
export interface AveragedClassOptions extends ClassOptions {
  /**
   * How the values of classes are averaged. Default: that of class 1 for binary predictions, else the
   * plain mean over classes that are predicted or true anywhere.
   */
  average?: Average;
}

/** Options of `accuracy`. */
export interface AccuracyOptions extends ClassOptions {
  /** How the values of classes are averaged. Default: "micro", the share of all examples. */
  average?: Average;
  /** A hit is a true class among this many with the largest scores. Default: 1. */
  topK?: number;
}

const AVERAGE = oneOf("micro", "macro", "weighted", "none");
const averagedOptions = optionReader<AveragedClassOptions>({ ...CLASS_OPTIONS, average: AVERAGE });
const accuracyOptions = optionReader<AccuracyOptions>({
  ...CLASS_OPTIONS,
  average: AVERAGE,
  topK: COUNT,
});

/** The counts by class. */
interface Tallies {
  task: ClassTask | null;
  both: number[];
  predicted: number[];
  actual: number[];
  places: number[];
}

/** How often each class is predicted, true, and both; for several labels at once, at how many places. */
class ClassCounts {
  readonly state: Tallies = { task: null, both: [], predicted: [], actual: [], places: [] };
  readonly #call: string;
  readonly #options: ClassOptions;

  constructor(call: string, options: ClassOptions) {
    this.#call = call;
    this.#options = options;
  }

  add(pred: Tensor, target: Tensor): void {
    const { state } = this;
    const task = taskOf(this.#call, pred, target, this.#options.task ?? state.task);
    const pairs = labelPairs(this.#call, pred, target, task, this.#options);
    state.task = task;
    for (let own = state.both.length; own < pairs.classes; own++) {
      for (const counts of [state.both, state.predicted, state.actual, state.places]) {
        counts.push(0);
      }
    }
    const raise = (counts: number[], own: number) => counts[own] = (counts[own] ?? 0) + 1;
    pairs.predicted.forEach((predicted, i) => {
      const [actual = 0, column = 0] = [pairs.actual[i], pairs.column[i]];
      const [p, a] = task === "multilabel" ? [column, column] : [predicted, actual];
      raise(state.places, a);
      if (task !== "multilabel" || predicted === 1) raise(state.predicted, p);
      if (task !== "multilabel" || actual === 1) raise(state.actual, a);
      if (predicted === actual && (task !== "multilabel" || actual === 1)) raise(state.both, a);
    });
  }
}

/** The counts of one class, or of several together. */
interface Counts {
  readonly both: number;
  readonly predicted: number;
  readonly actual: number;
  readonly places: number;
}

/** A share; 0 if there is nothing, as in scikit-learn. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function classesOf(counts: Tallies): Counts[] {
  return counts.both.map((both, own) => ({
    both,
    predicted: counts.predicted[own] ?? 0,
    actual: counts.actual[own] ?? 0,
    places: counts.places[own] ?? 0,
  }));
}

/** The mean of the values of classes; those that never occur do not count, except for "multilabel". */
function averaged(
  call: string,
  counts: Tallies,
  average: Average | undefined,
  value: (counts: Counts) => number,
  leftOut?: number | null,
): number | number[] {
  if (sum(counts.places) === 0) throw nothing(call);
  const classes = classesOf(counts);
  if (average === "none") return classes.map(value);
  if (average === undefined && counts.task === "binary") {
    return classes.map(value)[1] ?? NaN;
  }
  const counted = classes.filter((_, own) => own !== leftOut);
  if (average === "micro") {
    const all = (key: keyof Counts) => sum(counted.map((own) => own[key]));
    return value({
      both: all("both"),
      predicted: all("predicted"),
      actual: all("actual"),
      places: all("places"),
    });
  }
  const weights = counted.map(({ actual, predicted }) =>
    average === "weighted" ? actual : Number(counts.task === "multilabel" || actual + predicted > 0)
  );
  return share(sum(counted.map((own, i) => value(own) * (weights[i] ?? 0))), sum(weights));
}

/** What defines a metric of classes. */
interface ClassValue {
  /** The value of a class, or of several together. */
  readonly value: (counts: Counts, task: ClassTask | null) => number;
  /** The default average. */
  readonly usual?: Average;
  /** Whether an ignored class is left out of the average. */
  readonly leavesOut?: true;
}

/** Makes a metric that has a value for each class. */
function classMetric<O extends ClassOptions & { average?: Average }>(
  name: string,
  read: OptionReader<O>,
  { value, usual, leavesOut }: ClassValue,
): ClassMetric<O> {
  return metric<Pair, O, number | number[]>(name, 2, read, (call, options) => {
    const counts = new ClassCounts(call, options);
    return {
      state: counts.state,
      add: (pred, target) => counts.add(pred, target),
      result: () =>
        averaged(
          call,
          counts.state,
          options.average ?? usual,
          (own) => value(own, counts.state.task),
          leavesOut && counts.state.task === "multiclass" ? options.ignoreIndex : null,
        ),
    };
  }) as ClassMetric<O>;
}

/**
 * The share of examples whose class is predicted. With average "none" it is the share among the
 * examples of each class; for several labels at once (task "multilabel"), among the places of each label.
 * Follows `torchmetrics.functional.accuracy`.
 *
 * Predictions are scores of shape [N, C, ...], int32 labels of the target's shape, or, for two
 * classes, scores of the target's shape that are compared with `threshold`. They are used as they
 * are: for logits, set the threshold 0.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example Scores, and the same batch by batch
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const scores = tensor([[0.9, 0.1, 0], [0.2, 0.3, 0.5]]);
 * const labels = tensor([0, 1], { dtype: "int32" });
 * assertEquals(metrics.accuracy(scores, labels), 0.5);
 * assertEquals(metrics.accuracy(scores, labels, { topK: 2 }), 1);
 *
 * const stream = metrics.accuracy.stream();
 * for (let i = 0; i < 2; i++) stream.update(scores.narrow(0, i, 1), labels.narrow(0, i, 1));
 * assertEquals(stream.compute(), 0.5);
 * ```
 */
export const accuracy: ClassMetric<AccuracyOptions> = classMetric(
  "accuracy",
  accuracyOptions,
  {
    value: ({ both, predicted, actual, places }, task) =>
      task === "multilabel"
        ? share(places - predicted - actual + 2 * both, places)
        : share(both, actual),
    usual: "micro",
  },
);

/**
 * Intersection over union of classes, the Jaccard index: how often a class is predicted and true, over
 * how often it is either. An ignored class is left out of the average. Follows
 * `torchmetrics.functional.jaccard_index`; see {@linkcode accuracy}
 * for the forms of predictions.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example A mask
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const truth = tensor([[1, 1], [0, 0]], { dtype: "int32" });
 * assertEquals(metrics.iou(tensor([[0.9, 0.2], [0.7, 0.1]]), truth), 1 / 3);
 * ```
 */
export const iou: ClassMetric<AveragedClassOptions> = classMetric(
  "iou",
  averagedOptions,
  {
    value: ({ both, predicted, actual }) => share(both, predicted + actual - both),
    leavesOut: true,
  },
);

/** The result of `precisionRecallF1`: numbers, or one for each class if the average is "none". */
export interface PrecisionRecallF1<Value = number> {
  /** The share of predictions that are true. */
  readonly precision: Value;
  /** The share of true cases that are predicted. */
  readonly recall: Value;
  /** Their harmonic mean. */
  readonly f1: Value;
}

/** The type of `precisionRecallF1`. */
export interface PrecisionRecallF1Metric {
  /** The metric of all data at once. */
  <const O extends AveragedClassOptions = Record<never, never>>(
    pred: Tensor,
    target: Tensor,
    options?: O,
  ): PrecisionRecallF1<Averaged<O>>;
  /** The metric, updated batch by batch: from the same sums, so with the same value. */
  stream<const O extends AveragedClassOptions = Record<never, never>>(
    options?: O,
  ): MetricStream<Pair, PrecisionRecallF1<Averaged<O>>>;
}

/**
 * Precision, recall and their harmonic mean F1 = 2·both/(predicted + true). A ratio of 0 to 0
 * is 0. Follows `sklearn.metrics.precision_recall_fscore_support`; see {@linkcode accuracy} for the
 * forms of predictions.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example One hit, one false alarm
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { precision, recall } = metrics.precisionRecallF1(
 *   tensor([0.9, 0.8, 0.1]),
 *   tensor([1, 0, 0], { dtype: "int32" }),
 * );
 * assertEquals([precision, recall], [0.5, 1]);
 * ```
 */
export const precisionRecallF1: PrecisionRecallF1Metric = metric<
  Pair,
  AveragedClassOptions,
  PrecisionRecallF1<number | number[]>
>("precisionRecallF1", 2, averagedOptions, (call, options) => {
  const counts = new ClassCounts(call, options);
  const mean = (value: (counts: Counts) => number) =>
    averaged(call, counts.state, options.average, value);
  return {
    state: counts.state,
    add: (pred, target) => counts.add(pred, target),
    result: () => ({
      precision: mean(({ both, predicted }) => share(both, predicted)),
      recall: mean(({ both, actual }) => share(both, actual)),
      f1: mean(({ both, predicted, actual }) => share(2 * both, predicted + actual)),
    }),
  };
}) as PrecisionRecallF1Metric;

/** Options of `confusionMatrix`. */
export interface ConfusionMatrixOptions extends ClassOptions {
  /** "binary" or "multiclass". Default: inferred from shapes and types. */
  task?: "binary" | "multiclass";
  /**
   * What sums to 1: the row of each true class, the column of each predicted one, or all. Default:
   * null, for counts.
   */
  normalize?: "true" | "pred" | "all" | null;
}

const confusionOptions = optionReader<ConfusionMatrixOptions>({
  ...CLASS_OPTIONS,
  task: oneOf("binary", "multiclass"),
  normalize: kind(
    '"true", "pred", "all" or null',
    (value) => value === null || ["true", "pred", "all"].includes(value as string),
  ),
});

/** The most rows of a matrix. */
const MOST_ROWS = 4096;

/** Counts of pairs of classes, which grow as new classes are seen. */
class PairCounts implements Sums<Pair, number[][]> {
  readonly state: { task: ClassTask | null; rows: number[][] } = { task: null, rows: [] };
  readonly #call: string;
  readonly #options: ConfusionMatrixOptions;

  constructor(call: string, options: ConfusionMatrixOptions) {
    this.#call = call;
    this.#options = options;
  }

  add(pred: Tensor, target: Tensor): void {
    const { state, state: { rows } } = this;
    const task = taskOf(this.#call, pred, target, this.#options.task ?? state.task);
    const pairs = labelPairs(this.#call, pred, target, task, this.#options);
    const classes = Math.max(pairs.classes, rows.length);
    if (classes > MOST_ROWS) {
      throw new RangeError(
        `Cannot ${this.#call}: a matrix has at most ${MOST_ROWS} rows, got ${classes} classes; ` +
          "number those that occur from 0",
      );
    }
    state.task = task;
    while (rows.length < classes) rows.push([]);
    for (const row of rows) while (row.length < classes) row.push(0);
    pairs.actual.forEach((actual, i) => {
      const [row, column] = [rows[actual] ?? [], pairs.predicted[i] ?? 0];
      row[column] = (row[column] ?? 0) + 1;
    });
  }

  result(): number[][] {
    const { rows } = this.state;
    const total = sum(rows.map(sum));
    if (total === 0) throw nothing(this.#call);
    const columns = rows.map((_, own) => sum(rows.map((row) => row[own] ?? 0)));
    const whole = {
      true: (row: number[]) => sum(row),
      pred: (_: number[], own: number) => columns[own] ?? 0,
      all: () => total,
    }[this.#options.normalize ?? "all"];
    return rows.map((row) =>
      row.map((count, own) =>
        (this.#options.normalize ?? null) === null ? count : share(count, whole(row, own))
      )
    );
  }
}

/**
 * How often each true class (row) is predicted as each class (column). Follows
 * `sklearn.metrics.confusion_matrix`; see {@linkcode accuracy} for the forms of predictions.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example Labels
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = (values: number[]) => tensor(values, { dtype: "int32" });
 * assertEquals(metrics.confusionMatrix(labels([0, 1, 1]), labels([0, 0, 1])), [[1, 1], [0, 1]]);
 * ```
 */
export const confusionMatrix: Metric<Pair, ConfusionMatrixOptions, number[][]> = metric(
  "confusionMatrix",
  2,
  confusionOptions,
  (call, options) => new PairCounts(call, options),
);
