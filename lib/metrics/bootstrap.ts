/** How certain a metric is: intervals from resampled examples. */

import {
  checkCount,
  checkKind,
  countTo,
  FUNCTION,
  kind,
  optionReader,
  type OptionTable,
  shown,
  TENSOR,
} from "../core/options.ts";
import { GENERATOR, type RandomGenerator } from "../core/random.ts";
import { elementsOf } from "../tensor/examples.ts";
import { randint } from "../tensor/random_tensors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { nothing } from "./metric.ts";

/** Options of `bootstrapInterval`. */
export interface BootstrapOptions {
  /** The share of such intervals that hold the true value, between 0 and 1. Default: 0.95. */
  level?: number;
  /** How often the examples are resampled, with replacement. Default: 1000. */
  resamples?: number;
  /** The stream to draw from. Default: the one seeded by `manualSeed`. */
  generator?: RandomGenerator;
}

/** A metric with its interval. */
export interface BootstrapInterval {
  /** The metric of the original examples. */
  readonly value: number;
  /** The lower end. */
  readonly low: number;
  /** The upper end. */
  readonly high: number;
  /** The share of such intervals that hold the true value. */
  readonly level: number;
}

/** The most resamples: beyond, the ends of intervals no longer change. */
const MOST_RESAMPLES = 1_000_000;

/** The kinds of those options. */
export const BOOTSTRAP_OPTIONS: OptionTable<BootstrapOptions> = {
  level: kind(
    "a number between 0 and 1",
    (value) => typeof value === "number" && value > 0 && value < 1,
  ),
  resamples: countTo(MOST_RESAMPLES),
  generator: GENERATOR,
};

const bootstrapOptions = optionReader(BOOTSTRAP_OPTIONS);

/** A quantile of sorted numbers, linear between neighbours. */
function quantileOf(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below === above ? below : below + (above - below) * (place % 1);
}

/**
 * Intervals of several values at once, by the percentiles of their values for resampled examples.
 * Values that are NaN do not count.
 *
 * @param valuesOf The values for the examples at the given indices.
 */
export function intervalsOf(
  examples: number,
  { level = 0.95, resamples = 1000, generator }: BootstrapOptions,
  valuesOf: (indices: Tensor) => readonly number[],
): { readonly low: number; readonly high: number }[] {
  const given = generator === undefined ? {} : { generator };
  const draws = Array.from(
    { length: resamples },
    () => valuesOf(randint(examples, [examples], given)),
  );
  return (draws[0] ?? []).map((_, own) => {
    const sorted = Float64Array.from(draws, (values) => values[own] ?? NaN)
      .filter((value) => !Number.isNaN(value)).sort();
    return {
      low: quantileOf(sorted, (1 - level) / 2),
      high: quantileOf(sorted, (1 + level) / 2),
    };
  });
}

/** Examples: the first dimension of a tensor, or an array. */
export type Examples = Tensor | readonly unknown[];

const EXAMPLES = kind(
  "a tensor with a first dimension, or an array",
  (value) => Array.isArray(value) || TENSOR.accepts(value) && (value as Tensor).ndim > 0,
);

function lengthOf(examples: Examples): number {
  return examples instanceof Tensor ? examples.shape[0] ?? 0 : examples.length;
}

function drawn<X extends Examples>(examples: X, indices: Tensor): X {
  const chosen = examples instanceof Tensor
    ? examples.detach().indexSelect(0, indices)
    : Array.from(elementsOf(indices, "bootstrapInterval"), (i) => examples[i]);
  return chosen as Examples as X;
}

/**
 * A metric with an interval that says how much it depends on the choice of examples, by the
 * percentiles of its values for examples resampled with replacement. Efron and Tibshirani,
 * "An introduction to the bootstrap", 1993, chapter 13. Resamples with metric NaN do not count.
 *
 * @param metric Computes a number from predictions and targets.
 * @param pred Predictions: a tensor whose first dimension is the examples, or an array.
 * @param target As many targets.
 * @throws {RangeError} If there are no examples, or not equally many of both.
 *
 * @example The error of a model
 * ```ts
 * import { metrics, randn, RandomGenerator } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const [pred, target] = [randn([100]), randn([100])];
 * const { value, low, high } = metrics.bootstrapInterval(metrics.mse, pred, target, {
 *   generator: new RandomGenerator(1),
 * });
 * assert(low < value && value < high);
 * ```
 */
export function bootstrapInterval<P extends Examples, T extends Examples>(
  metric: (pred: P, target: T) => number,
  pred: P,
  target: T,
  options?: BootstrapOptions,
): BootstrapInterval {
  const call = "compute metrics.bootstrapInterval";
  checkCount(call, arguments.length, 4);
  checkKind(call, "the metric", metric, FUNCTION);
  checkKind(call, "pred", pred, EXAMPLES);
  checkKind(call, "target", target, EXAMPLES);
  const read = bootstrapOptions(call, options);
  const n = lengthOf(pred);
  if (lengthOf(target) !== n) {
    throw new RangeError(
      `Cannot ${call}: pred and target must have equally many examples, got ${n} and ${
        lengthOf(target)
      }`,
    );
  }
  if (n === 0) throw nothing(call);
  const numberOf = (value: unknown): number => {
    if (typeof value === "number") return value;
    throw new TypeError(`Cannot ${call}: the metric must return a number, got ${shown(value)}`);
  };
  const value = numberOf(metric(pred, target));
  const [ends = { low: NaN, high: NaN }] = intervalsOf(
    n,
    read,
    (indices) => [numberOf(metric(drawn(pred, indices), drawn(target, indices)))],
  );
  return { value, ...ends, level: read.level ?? 0.95 };
}
