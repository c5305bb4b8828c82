/** Detectors of changes in a stream of numbers. */

import {
  arrayOf,
  checkCount,
  checkKind,
  FINITE,
  kind,
  NOT_NEGATIVE,
  NUMBER,
  optionReader,
  POSITIVE,
  TENSOR,
} from "../core/options.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

const VALUES = arrayOf(NUMBER, "numbers");
const CALM = kind(
  "a tensor or an array of numbers",
  (value) => TENSOR.accepts(value) || VALUES.accepts(value),
);

/** Mean and standard deviation of a calm stretch. */
function calmOf(call: string, calm: Tensor | readonly number[]): [mean: number, std: number] {
  checkKind(call, "the calm stretch", calm, CALM);
  const values = Array.from("dtype" in calm ? elementsOf(calm, call) : calm);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = Math.sqrt(squares / (values.length - 1));
  if (std > 0 && std < Infinity) return [mean, std];
  throw new RangeError(
    `Cannot ${call}: the calm stretch must have two finite numbers that differ, got ` +
      `${values.length} of deviation ${std}`,
  );
}

/** Options of `Ewma`. */
export interface EwmaOptions {
  /** The weight of the newest number, above 0 and at most 1. Default: 0.3. */
  alpha?: number;
  /** How many of its standard deviations the moving mean may rise. Default: 3. */
  threshold?: number;
}

const readEwma = optionReader<EwmaOptions>({
  alpha: kind(
    "a number above 0 and at most 1",
    (value) => POSITIVE.accepts(value) && (value as number) <= 1,
  ),
  threshold: NOT_NEGATIVE,
});

/**
 * Raises an alarm where the exponentially weighted moving mean of a stream rises above
 * μ + k·σ·√(α/(2 − α)), with μ and σ of a calm stretch: it detects small changes sooner than single
 * numbers would. Roberts, "Control chart tests based on geometric moving averages", 1959.
 *
 * @example A step of two deviations
 * ```ts
 * import { metrics } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const detector = new metrics.Ewma([-1, 0, 1]);
 * assertEquals([0, 2, 2, 2, 2].map((value) => detector.update(value)), [false, false, false, true, true]);
 * ```
 */
export class Ewma {
  /** The moving mean, that of the calm stretch at first. */
  level: number;
  /** The moving mean above which there is an alarm. */
  readonly limit: number;
  readonly #alpha: number;
  readonly #mean: number;

  /**
   * Creates the detector.
   *
   * @param calm Numbers of the stream while nothing happens, at least two that differ.
   * @throws {RangeError} If they do not differ, or are not finite.
   */
  constructor(calm: Tensor | readonly number[], options?: EwmaOptions) {
    const call = "make metrics.Ewma";
    checkCount(call, arguments.length, 2);
    const [mean, std] = calmOf(call, calm);
    const { alpha = 0.3, threshold = 3 } = readEwma(call, options);
    this.#alpha = alpha;
    this.#mean = mean;
    this.level = mean;
    this.limit = mean + threshold * std * Math.sqrt(alpha / (2 - alpha));
  }

  /** Takes the next number; returns whether there is an alarm. */
  update(value: number): boolean {
    checkCount("update metrics.Ewma", arguments.length, 1);
    checkKind("update metrics.Ewma", "the value", value, FINITE);
    this.level += this.#alpha * (value - this.level);
    return this.level > this.limit;
  }

  /** Forgets all but the calm stretch. */
  reset(): void {
    checkCount("reset metrics.Ewma", arguments.length, 0);
    this.level = this.#mean;
  }
}

/** Options of `Cusum`. */
export interface CusumOptions {
  /** How many deviations above the mean are not counted. Default: 0.5. */
  slack?: number;
  /** The sum of deviations above which there is an alarm. Default: 5. */
  threshold?: number;
}

const readCusum = optionReader<CusumOptions>({ slack: NOT_NEGATIVE, threshold: NOT_NEGATIVE });

/**
 * Raises an alarm where the cumulative excess of a stream, S ← max(0, S + (x − μ)/σ − slack),
 * rises above a threshold, with μ and σ of a calm stretch. Page, "Continuous inspection schemes", 1954.
 *
 * @example A step of two deviations
 * ```ts
 * import { metrics } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const detector = new metrics.Cusum([-1, 0, 1], { threshold: 4 });
 * assertEquals([0, 2, 2, 2].map((value) => detector.update(value)), [false, false, false, true]);
 * ```
 */
export class Cusum {
  /** The sum, in deviations; 0 at first. */
  level = 0;
  readonly #mean: number;
  readonly #std: number;
  readonly #slack: number;
  readonly #threshold: number;

  /**
   * Creates the detector.
   *
   * @param calm Numbers of the stream while nothing happens, at least two that differ.
   * @throws {RangeError} If they do not differ, or are not finite.
   */
  constructor(calm: Tensor | readonly number[], options?: CusumOptions) {
    const call = "make metrics.Cusum";
    checkCount(call, arguments.length, 2);
    [this.#mean, this.#std] = calmOf(call, calm);
    ({ slack: this.#slack = 0.5, threshold: this.#threshold = 5 } = readCusum(call, options));
  }

  /** Takes the next number; returns whether there is an alarm. */
  update(value: number): boolean {
    checkCount("update metrics.Cusum", arguments.length, 1);
    checkKind("update metrics.Cusum", "the value", value, FINITE);
    this.level = Math.max(0, this.level + (value - this.#mean) / this.#std - this.#slack);
    return this.level > this.#threshold;
  }

  /** Forgets all but the calm stretch. */
  reset(): void {
    checkCount("reset metrics.Cusum", arguments.length, 0);
    this.level = 0;
  }
}
