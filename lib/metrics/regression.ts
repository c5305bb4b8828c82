/** Metrics of numbers, computed from sums of residuals and the spread of the target. */

import { ShapeError, showShape } from "../core/errors.ts";
import { FLAG, oneOf, type OptionReader, optionReader } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSameShape, elements } from "./inputs.ts";
import { type Metric, metric, type MetricStream, nothing, type Pair, type Sums } from "./metric.ts";

/** Sums of residuals, and mean and spread of the target by Welford's method, which avoids cancellation. */
export interface Residuals {
  /** How many numbers there are. */
  n: number;
  /** Σ (pred − target)². */
  squares: number;
  /** Σ |pred − target|. */
  absolute: number;
  /** The largest |pred − target|. */
  largest: number;
  /** Σ target². */
  power: number;
  /** Σ (target − mean)². */
  spread: number;
  /** The mean of the target. */
  mean: number;
}

/** The sums of no numbers. */
export function noResiduals(): Residuals {
  return { n: 0, squares: 0, absolute: 0, largest: 0, power: 0, spread: 0, mean: 0 };
}

/** Adds a number. */
export function addResidual(sums: Residuals, pred: number, target: number): void {
  const residual = Math.abs(pred - target);
  sums.n += 1;
  sums.squares += residual * residual;
  sums.absolute += residual;
  sums.largest = Math.max(sums.largest, residual);
  sums.power += target * target;
  const away = target - sums.mean;
  sums.mean += away / sums.n;
  sums.spread += away * (target - sums.mean);
}

/** The share of the target's spread that is explained; without spread 1 or 0, as in scikit-learn. */
export function r2Of({ n, spread, squares }: Residuals): number {
  if (n < 2) return NaN;
  if (spread === 0) return squares === 0 ? 1 : squares > 0 ? 0 : NaN;
  return 1 - squares / spread;
}

/** The residuals of all numbers together. */
export class PooledResiduals {
  readonly state: Residuals = noResiduals();
  readonly #call: string;

  constructor(call: string) {
    this.#call = call;
  }

  add(pred: Tensor, target: Tensor): void {
    checkSameShape(this.#call, pred, target);
    const [given, truth] = [elements(this.#call, pred), elements(this.#call, target)];
    given.forEach((value, i) => addResidual(this.state, value, truth[i] ?? NaN));
  }

  result(): Residuals {
    if (this.state.n === 0) throw nothing(this.#call);
    return this.state;
  }
}

/** Options of metrics without any. */
export type NoOptions = Record<never, never>;

/** Reads the options of metrics without any. */
export const noOptions: OptionReader<NoOptions> = optionReader<NoOptions>({});

/** Makes a metric of all residuals together. */
function pooled(
  name: string,
  value: (residuals: Residuals) => number,
): Metric<Pair, NoOptions, number> {
  return metric<Pair, NoOptions, number>(name, 2, noOptions, (call) => {
    const sums = new PooledResiduals(call);
    return {
      state: sums.state,
      add: (pred, target) => sums.add(pred, target),
      result: () => value(sums.result()),
    };
  });
}

/**
 * The mean squared error, Σ (p − t)²/n, over all elements. Follows
 * `sklearn.metrics.mean_squared_error`.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no elements.
 *
 * @example Errors of 1 and 3
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metrics.mse(tensor([1, 3]), tensor([0, 0])), 5);
 * ```
 */
export const mse: Metric<Pair, NoOptions, number> = pooled("mse", ({ squares, n }) => squares / n);

/**
 * The root of the mean squared error, √(Σ (p − t)²/n), over all elements. Follows
 * `sklearn.metrics.root_mean_squared_error`.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no elements.
 *
 * @example Errors of 3 and 3
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metrics.rmse(tensor([3, -3]), tensor([0, 0])), 3);
 * ```
 */
export const rmse: Metric<Pair, NoOptions, number> = pooled(
  "rmse",
  ({ squares, n }) => Math.sqrt(squares / n),
);

/**
 * The mean absolute error, Σ |p − t|/n, over all elements. Follows
 * `sklearn.metrics.mean_absolute_error`.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no elements.
 *
 * @example Errors of 1 and 3
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metrics.mae(tensor([1, -3]), tensor([0, 0])), 2);
 * ```
 */
export const mae: Metric<Pair, NoOptions, number> = pooled(
  "mae",
  ({ absolute, n }) => absolute / n,
);

/** Options of `nmse`. */
export interface NmseOptions {
  /** Whether the mean of the target is subtracted. Default: true. */
  centered?: boolean;
}

/**
 * The squared error relative to that of the target's mean, Σ (p − t)²/Σ (t − mean)², or, not centered,
 * to Σ t²: 0 is perfect, 1 is as good as predicting the mean, or 0. The former is 1 − R² of all elements.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no elements.
 *
 * @example A prediction of the mean
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metrics.nmse(tensor([2, 2]), tensor([1, 3])), 1);
 * ```
 */
export const nmse: Metric<Pair, NmseOptions, number> = metric<Pair, NmseOptions, number>(
  "nmse",
  2,
  optionReader<NmseOptions>({ centered: FLAG }),
  (call, { centered = true }) => {
    const sums = new PooledResiduals(call);
    return {
      state: sums.state,
      add: (pred, target) => sums.add(pred, target),
      result: () => {
        const { squares, spread, power } = sums.result();
        return squares / (centered ? spread : power);
      },
    };
  },
);

/** Options of `r2`. */
export interface R2Options {
  /**
   * How the values of columns are averaged: their mean, their mean weighted by the columns' spread, or
   * not at all. Default: "uniform_average".
   */
  multioutput?: "uniform_average" | "variance_weighted" | "raw_values";
}

/** The residuals of each column. */
class ColumnResiduals implements Sums<Pair, number | number[]> {
  readonly state: { columns: Residuals[] } = { columns: [] };
  readonly #call: string;
  readonly #multioutput: R2Options["multioutput"];

  constructor(call: string, { multioutput }: R2Options) {
    this.#call = call;
    this.#multioutput = multioutput;
  }

  add(pred: Tensor, target: Tensor): void {
    checkSameShape(this.#call, pred, target);
    const [, width = 1] = pred.shape;
    const { columns } = this.state;
    const known = columns.length;
    if (pred.ndim < 1 || pred.ndim > 2 || width === 0 || known > 0 && known !== width) {
      const needed = known > 0 ? `[N, ${known}] as before` : "[N] or [N, D]";
      throw new ShapeError(
        `Cannot ${this.#call}: pred must have shape ${needed}, got ${showShape(pred.shape)}`,
        [pred.shape],
      );
    }
    const [given, truth] = [elements(this.#call, pred), elements(this.#call, target)];
    while (columns.length < width) columns.push(noResiduals());
    given.forEach((value, i) => {
      const column = columns[i % width];
      if (column !== undefined) addResidual(column, value, truth[i] ?? NaN);
    });
  }

  result(): number | number[] {
    const { columns } = this.state;
    if (columns.every(({ n }) => n === 0)) throw nothing(this.#call);
    const values = columns.map(r2Of);
    if (this.#multioutput === "raw_values") return values;
    const weighted = this.#multioutput === "variance_weighted" &&
      columns.some(({ spread }) => spread > 0);
    const weights = columns.map(({ spread }) => weighted ? spread : 1);
    const sum = values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
    return sum / weights.reduce((sum, weight) => sum + weight, 0);
  }
}

/** The result of `r2`: a number, or one for each column. */
export type R2Of<O extends R2Options> = unknown extends O["multioutput"] ? number
  : [O["multioutput"]] extends ["raw_values"] ? number[]
  : "raw_values" extends O["multioutput"] ? number | number[]
  : number;

/** The type of `r2`. */
export interface R2Metric {
  /** The metric of all data at once. */
  <const O extends R2Options = NoOptions>(pred: Tensor, target: Tensor, options?: O): R2Of<O>;
  /** The metric, updated batch by batch: from the same sums, so with the same value. */
  stream<const O extends R2Options = NoOptions>(options?: O): MetricStream<Pair, R2Of<O>>;
}

/**
 * The share of the target's spread that is explained, 1 − Σ (p − t)²/Σ (t − mean)², of each column of
 * [N, D], averaged. For a target without spread it is 1 if the prediction is equal and 0
 * otherwise; for one example it is NaN. Follows `sklearn.metrics.r2_score`.
 *
 * @throws {ShapeError} If the shapes differ, or are not [N] or [N, D].
 * @throws {RangeError} If there are no examples.
 *
 * @example Two columns
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [pred, target] = [tensor([[1, 2], [3, 2]]), tensor([[1, 1], [3, 3]])];
 * assertEquals(metrics.r2(pred, target), 0.5);
 * assertEquals(metrics.r2(pred, target, { multioutput: "raw_values" }), [1, 0]);
 * ```
 */
export const r2: R2Metric = metric<Pair, R2Options, number | number[]>(
  "r2",
  2,
  optionReader<R2Options>({
    multioutput: oneOf("uniform_average", "variance_weighted", "raw_values"),
  }),
  (call, options) => new ColumnResiduals(call, options),
) as R2Metric;
