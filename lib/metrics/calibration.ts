/** How well probabilities match frequencies. */

import { largest } from "../core/lists.ts";
import { countTo, oneOf, optionReader } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkLabel,
  checkScores,
  CLASS_OPTIONS,
  elements,
  gridOf,
  scoreAt,
  taskOf,
} from "./inputs.ts";
import { type Metric, metric, nothing, type Pair, type Sums } from "./metric.ts";

/** Options of `expectedCalibrationError`. */
export interface CalibrationOptions {
  /** How many bins of equal width the confidences are sorted into. Default: 15. */
  bins?: number;
  /** The mean of the bins' gaps, the root of their mean square, or the largest. Default: "l1". */
  norm?: "l1" | "l2" | "max";
  /** Places with this label do not count. Default: null, for none. */
  ignoreIndex?: number | null;
}

/** The most bins: more than there are examples. */
const MOST_BINS = 2 ** 20;

/** Sums of confidences and hits in bins. */
class Bins implements Sums<Pair, number> {
  readonly #call: string;
  readonly #options: CalibrationOptions;
  readonly state: { bins: { count: number; confidence: number; hits: number }[] };

  constructor(call: string, options: CalibrationOptions) {
    this.#call = call;
    this.#options = options;
    const empty = () => ({ count: 0, confidence: 0, hits: 0 });
    this.state = { bins: Array.from({ length: options.bins ?? 15 }, empty) };
  }

  add(pred: Tensor, target: Tensor): void {
    const call = this.#call;
    const several = taskOf(call, pred, target) === "multiclass";
    checkScores(call, pred);
    const [given, labels] = [elements(call, pred), elements(call, target)];
    const grid = gridOf(pred);
    const wrong = given.findIndex((p) => !(p >= 0 && p <= 1));
    if (wrong !== -1) {
      throw new RangeError(
        `Cannot ${call}: pred must hold probabilities from 0 to 1, got ${given[wrong]} at index ` +
          `${wrong}`,
      );
    }
    const places: [confidence: number, hit: number][] = [];
    labels.forEach((label, place) => {
      if (label === this.#options.ignoreIndex) return;
      checkLabel(call, "target", label, place, several ? grid.classes : 2);
      let [best, confidence] = [1, given[place] ?? NaN];
      if (several) {
        [best, confidence] = [0, -1];
        for (let own = 0; own < grid.classes; own++) {
          const p = given[scoreAt(grid, place, own)] ?? NaN;
          if (p > confidence) [best, confidence] = [own, p];
        }
      }
      places.push([confidence, Number(label === best)]);
    });
    const { bins } = this.state;
    for (const [confidence, hit] of places) {
      const bin = bins[Math.max(0, Math.ceil(confidence * bins.length) - 1)];
      if (bin === undefined) continue;
      bin.count++;
      bin.confidence += confidence;
      bin.hits += hit;
    }
  }

  result(): number {
    const full = this.state.bins.filter(({ count }) => count > 0);
    const total = full.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) throw nothing(this.#call);
    const gaps = full.map(({ count, confidence, hits }) => Math.abs(hits - confidence) / count);
    const { norm = "l1" } = this.#options;
    if (norm === "max") return largest(gaps);
    const power = norm === "l1" ? 1 : 2;
    const mean = gaps.reduce(
      (sum, gap, i) => sum + gap ** power * ((full[i]?.count ?? 0) / total),
      0,
    );
    return mean ** (1 / power);
  }
}

/**
 * The mean gap between the confidence of predictions and how often they are right, in bins of confidence.
 * For several classes the confidence is the largest probability; for two, the probability of class 1.
 * A confidence at the bound of two bins belongs to the lower one. Guo et al., "On calibration of modern neural networks",
 * 2017; follows `torchmetrics.functional.calibration_error`.
 *
 * `pred` holds probabilities of shape [N, C, ...] for a target of shape [N, ...], or of the target's
 * shape for two classes.
 *
 * @throws {ShapeError} If the shapes do not match.
 * @throws {DTypeError} If `pred` holds integers.
 * @throws {RangeError} If a probability or a label is out of range, or nothing counts.
 *
 * @example Sure of three, and right about two
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const labels = tensor([1, 1, 0], { dtype: "int32" });
 * const value = metrics.expectedCalibrationError(tensor([0.9, 0.9, 0.9]), labels);
 * assertAlmostEquals(value, 0.9 - 2 / 3, 1e-6);
 * ```
 */
export const expectedCalibrationError: Metric<Pair, CalibrationOptions, number> = metric(
  "expectedCalibrationError",
  2,
  optionReader<CalibrationOptions>({
    bins: countTo(MOST_BINS),
    norm: oneOf("l1", "l2", "max"),
    ignoreIndex: CLASS_OPTIONS.ignoreIndex,
  }),
  (call, options) => new Bins(call, options),
);
