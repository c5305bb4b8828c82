/** Metrics of how well scores separate positives from negatives, over all thresholds. */

import { oneOf, optionReader } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkLabel,
  checkScores,
  CLASS_OPTIONS,
  type ClassTask,
  elements,
  gridOf,
  scoreAt,
  taskOf,
} from "./inputs.ts";
import { type Average, type ClassMetric, metric, nothing, type Pair } from "./metric.ts";

/** Options of `rocAuc` and `averagePrecision`. */
export interface CurveOptions {
  /** What is predicted. Default: inferred from shapes, except "multilabel", which must be given. */
  task?: ClassTask;
  /**
   * How the values of classes are averaged. Default: "macro", the mean over classes that are true
   * somewhere and, for `rocAuc`, not everywhere.
   */
  average?: Average;
  /** Places with this label do not count. Default: null, for none. */
  ignoreIndex?: number | null;
}

const curveOptions = optionReader<CurveOptions>({
  task: CLASS_OPTIONS.task,
  average: oneOf("micro", "macro", "weighted", "none"),
  ignoreIndex: CLASS_OPTIONS.ignoreIndex,
});

/** The numbers of positives and of all examples at each threshold, the largest first. */
interface Steps {
  readonly positives: Uint32Array;
  readonly all: Uint32Array;
}

/** Scores in decreasing order, equal ones in one step; null if one is NaN, which has no order. */
function stepsOf(scores: readonly number[], truth: readonly number[]): Steps | null {
  if (scores.includes(NaN)) return null;
  // Numbers alone are sorted much faster than places by their scores.
  const sorted = (label: number) =>
    new Float64Array(scores.filter((_, i) => truth[i] === label)).sort().reverse();
  const [hits, others] = [sorted(1), sorted(0)];
  const [positives, all] = [new Uint32Array(scores.length), new Uint32Array(scores.length)];
  let [i, j, step] = [0, 0, 0];
  for (; i < hits.length || j < others.length; step++) {
    const [hit = -Infinity, other = -Infinity] = [hits[i], others[j]];
    const score = Math.max(hit, other);
    const [own, both] = [i, i + j];
    while (hits[i] === score) i++;
    while (others[j] === score) j++;
    positives[step] = i - own;
    all[step] = i + j - both;
  }
  return { positives: positives.subarray(0, step), all: all.subarray(0, step) };
}

function total({ positives, all }: Steps): readonly [positives: number, negatives: number] {
  const sum = (counts: Uint32Array) => counts.reduce((sum, count) => sum + count, 0);
  return [sum(positives), sum(all) - sum(positives)];
}

/** The area under the curve of hits over false alarms. */
function areaOf(steps: Steps): number {
  const [positives, negatives] = total(steps);
  let [hits, area] = [0, 0];
  steps.positives.forEach((own, step) => {
    area += ((steps.all[step] ?? 0) - own) * (hits + own / 2);
    hits += own;
  });
  return area / (positives * negatives);
}

/** Σ (Rₖ − Rₖ₋₁)·Pₖ over the thresholds. */
function meanPrecision(steps: Steps): number {
  const [positives] = total(steps);
  let [hits, seen, mean] = [0, 0, 0];
  steps.positives.forEach((own, step) => {
    hits += own;
    seen += steps.all[step] ?? 0;
    mean += own / positives * (hits / seen);
  });
  return mean;
}

/** Scores and truth of each class against all others. */
class ScoredClasses {
  readonly state: { task: ClassTask | null; scores: number[][]; truth: number[][] } = {
    task: null,
    scores: [],
    truth: [],
  };
  readonly #call: string;
  readonly #options: CurveOptions;

  constructor(call: string, options: CurveOptions) {
    this.#call = call;
    this.#options = options;
  }

  add(pred: Tensor, target: Tensor): void {
    const call = this.#call;
    const { state, state: { scores, truth } } = this;
    const task = taskOf(call, pred, target, this.#options.task ?? state.task);
    checkScores(call, pred);
    const grid = task === "binary" ? { classes: 1, inner: pred.size } : gridOf(pred);
    if (state.task !== null && scores.length !== grid.classes) {
      throw new RangeError(
        `Cannot ${call}: pred must have scores of ${scores.length} classes as before, got ` +
          `${grid.classes}`,
      );
    }
    const [given, labels] = [elements(call, pred), elements(call, target)];
    const ignored = this.#options.ignoreIndex;
    labels.forEach((label, i) => {
      if (label === ignored) return;
      checkLabel(call, "target", label, i, task === "multiclass" ? grid.classes : 2);
    });
    state.task = task;
    while (scores.length < grid.classes) {
      scores.push([]);
      truth.push([]);
    }
    const put = (own: number, score: number, is: boolean) => {
      scores[own]?.push(score);
      truth[own]?.push(Number(is));
    };
    labels.forEach((label, place) => {
      if (label === ignored) return;
      if (task === "multiclass") {
        for (let own = 0; own < grid.classes; own++) {
          put(own, given[scoreAt(grid, place, own)] ?? NaN, own === label);
        }
      } else {
        put(Math.floor(place / grid.inner) % grid.classes, given[place] ?? NaN, label === 1);
      }
    });
  }
}

/** Makes a metric of the steps of scores; `defined` tells whether a class has a value. */
function curveMetric(
  name: string,
  value: (steps: Steps) => number,
  defined: (positives: number, negatives: number) => boolean,
): ClassMetric<CurveOptions> {
  return metric<Pair, CurveOptions, number | number[]>(name, 2, curveOptions, (call, options) => {
    const classes = new ScoredClasses(call, options);
    const valueOf = (scores: readonly number[], truth: readonly number[]) => {
      const steps = stepsOf(scores, truth);
      return steps === null || !defined(...total(steps)) ? NaN : value(steps);
    };
    return {
      state: classes.state,
      add: (pred, target) => classes.add(pred, target),
      result: () => {
        const { scores, truth, task } = classes.state;
        if (scores.every(({ length }) => length === 0)) throw nothing(call);
        const { average = "macro" } = options;
        if (average === "micro") return valueOf(scores.flat(), truth.flat());
        const own = scores.map((list, i) => valueOf(list, truth[i] ?? []));
        if (average === "none" && task !== "binary") return own;
        const positives = truth.map((own) => own.reduce((sum, is) => sum + is, 0));
        const known = truth.map(({ length }, i) =>
          defined(positives[i] ?? 0, length - (positives[i] ?? 0))
        );
        const weights = positives.map((count, i) =>
          known[i] ? average === "weighted" ? count : 1 : 0
        );
        const sum = own.reduce((sum, x, i) => known[i] ? sum + x * (weights[i] ?? 0) : sum, 0);
        const mean = sum / weights.reduce((all, weight) => all + weight, 0);
        return average === "none" ? [mean] : mean;
      },
    };
  }) as ClassMetric<CurveOptions>;
}

/**
 * The area under the receiver operating characteristic: the chance that a positive gets a larger score
 * than a negative, where equal scores count half. Of several classes, each is taken against all others.
 * Without positives or without negatives it is NaN, as in `sklearn.metrics.roc_auc_score`, which it
 * follows. A mean leaves out such classes; a score of NaN makes it NaN.
 *
 * The stream keeps all scores, as the area depends on each.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example One pair of four in the wrong order
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const truth = tensor([0, 0, 1, 1], { dtype: "int32" });
 * assertEquals(metrics.rocAuc(tensor([0.1, 0.4, 0.35, 0.8]), truth), 0.75);
 * ```
 */
export const rocAuc: ClassMetric<CurveOptions> = curveMetric(
  "rocAuc",
  areaOf,
  (positives, negatives) => positives > 0 && negatives > 0,
);

/**
 * The mean of precisions at all thresholds, weighted by the recall that each adds, Σ (Rₖ − Rₖ₋₁)·Pₖ.
 * Of several classes, each is taken against all others. Follows
 * `sklearn.metrics.average_precision_score`; without positives it is NaN, as in torchmetrics.
 *
 * The stream keeps all scores, as the mean depends on each.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {RangeError} If a label is out of range, or nothing counts.
 *
 * @example Precisions of 1 and 2/3
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const truth = tensor([0, 0, 1, 1], { dtype: "int32" });
 * const value = metrics.averagePrecision(tensor([0.1, 0.4, 0.35, 0.8]), truth);
 * assertAlmostEquals(value, (1 + 2 / 3) / 2, 1e-12);
 * ```
 */
export const averagePrecision: ClassMetric<CurveOptions> = curveMetric(
  "averagePrecision",
  meanPrecision,
  (positives) => positives > 0,
);
