/** A report of how far predictions of numbers are off, for people and for programs. */

import process from "node:process";
import { type Environment, environmentOf } from "../core/environment.ts";
import { ShapeError } from "../core/errors.ts";
import { checkCount, isPlainObject, kind, optionReader } from "../core/options.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BOOTSTRAP_OPTIONS, type BootstrapOptions, intervalsOf } from "./bootstrap.ts";
import { checkSameShape, elements } from "./inputs.ts";
import { nothing } from "./metric.ts";
import { addResidual, noResiduals, r2Of, type Residuals } from "./regression.ts";

/** Options of `metricsReport`. */
export interface MetricsReportOptions extends BootstrapOptions {
  /** What else the report should say, by name: the commit, the data, the model, the seed. */
  context?: Readonly<Record<string, string | number>>;
}

const reportOptions = optionReader<MetricsReportOptions>({
  ...BOOTSTRAP_OPTIONS,
  context: kind(
    "a plain object of strings and numbers",
    (value) =>
      isPlainObject(value) &&
      Object.values(value).every((own) => ["string", "number"].includes(typeof own)),
  ),
});

/** A value of a report, with its interval. */
export interface ReportedMetric {
  /** The value for the original examples. */
  readonly value: number;
  /** The lower end of the interval. */
  readonly low: number;
  /** The upper end. */
  readonly high: number;
}

/** Names of the metrics of a report. */
export type ReportedName = "mse" | "rmse" | "mae" | "maxError" | "r2";

/** The result of `metricsReport`. `JSON.stringify` writes all but the method. */
export interface MetricsReport {
  /** What the report does not say. */
  readonly notice: string;
  /** The number of examples. */
  readonly examples: number;
  /** The number of predicted values, over all examples. */
  readonly values: number;
  /** The share of such intervals that hold the true value. */
  readonly level: number;
  /** Each metric with its interval. */
  readonly metrics: Readonly<Record<ReportedName, ReportedMetric>>;
  /** SHA-256 of the elements of prediction and target, one after the other, in hexadecimal. */
  readonly dataHash: string;
  /** The software that computed it. */
  readonly environment: Environment;
  /** What the caller added. */
  readonly context: Readonly<Record<string, string | number>>;
  /** The report as a page of Markdown. */
  toMarkdown(): string;
}

const NOTICE = "Engineering report; not regulatory, clinical or pedagogical evidence.";

const METRICS: Readonly<Record<ReportedName, (residuals: Residuals) => number>> = {
  mse: ({ squares, n }) => squares / n,
  rmse: ({ squares, n }) => Math.sqrt(squares / n),
  mae: ({ absolute, n }) => absolute / n,
  maxError: ({ largest }) => largest,
  r2: r2Of,
};
const NAMES = Object.keys(METRICS) as ReportedName[];

/** SHA-256 of the elements; its module is loaded on first use. */
function hashOf(call: string, tensors: readonly Tensor[]): string {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const x of tensors) {
    const { buffer, byteOffset, byteLength } = elements(call, x);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/** Escapes text so that it stays in its cell. */
function cell(value: string | number): string {
  return String(value).replaceAll("|", "\\|").replace(/\s+/g, " ");
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

function markdownOf(report: Omit<MetricsReport, "toMarkdown">): string {
  const { notice, examples, values, level, metrics, dataHash, environment, context } = report;
  const digits = (value: number) => String(Number(value.toPrecision(6)));
  const interval = `${digits(level * 100)} % interval`;
  const rows = Object.entries(metrics).map(([name, { value, low, high }]) => [
    name,
    digits(value),
    `${digits(low)} to ${digits(high)}`,
  ]);
  const facts = { examples, values, "data (SHA-256)": dataHash, ...environment, ...context };
  return [
    "# Metrics",
    notice,
    table(["metric", "value", interval], rows),
    table(["what", "which"], Object.entries(facts)),
  ].join("\n\n") + "\n";
}

/**
 * The errors of predictions of numbers with bootstrap intervals, a hash of the data and what computed
 * them: MSE, RMSE, MAE, the largest error and R², over all values together. Examples, which are
 * resampled for the intervals, lie along the first dimension. See {@linkcode bootstrapInterval}.
 *
 * @param pred Shape [N, ...].
 * @param target The same shape.
 * @throws {ShapeError} If the shapes differ, or have no first dimension.
 * @throws {RangeError} If there are no examples.
 *
 * @example As JSON and as Markdown
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals, assertMatch } from "@std/assert";
 *
 * const report = metrics.metricsReport(tensor([1, 2, 3]), tensor([1, 2, 5]), {
 *   context: { commit: "0123abc" },
 * });
 * assertEquals(report.metrics.mse.value, 4 / 3);
 * assertEquals(JSON.parse(JSON.stringify(report)).context.commit, "0123abc");
 * assertMatch(report.toMarkdown(), /\| maxError \| 2 \|/);
 * ```
 */
export function metricsReport(
  pred: Tensor,
  target: Tensor,
  options?: MetricsReportOptions,
): MetricsReport {
  const call = "compute metrics.metricsReport";
  checkCount(call, arguments.length, 3);
  const { context = {}, ...bootstrap } = reportOptions(call, options);
  checkSameShape(call, pred, target);
  const [examples] = pred.shape;
  if (examples === undefined) {
    throw new ShapeError(`Cannot ${call}: pred must have shape [N, ...], got []`, [pred.shape]);
  }
  if (pred.size === 0) throw nothing(call);
  const [given, truth] = [elements(call, pred), elements(call, target)];
  const width = pred.size / examples;
  const valuesOf = (indices: Iterable<number>) => {
    const residuals = noResiduals();
    for (const example of indices) {
      for (let i = example * width; i < (example + 1) * width; i++) {
        addResidual(residuals, given[i] ?? NaN, truth[i] ?? NaN);
      }
    }
    return NAMES.map((name) => METRICS[name](residuals));
  };
  const values = valuesOf(Array(examples).keys());
  const ends = intervalsOf(
    examples,
    bootstrap,
    (indices) => valuesOf(elementsOf(indices, "metricsReport")),
  );
  const none = { low: NaN, high: NaN };
  const metrics = Object.fromEntries(
    NAMES.map((name, i) => [name, { value: values[i] ?? NaN, ...ends[i] ?? none }]),
  ) as Record<ReportedName, ReportedMetric>;
  const report = {
    notice: NOTICE,
    examples,
    values: pred.size,
    level: bootstrap.level ?? 0.95,
    metrics,
    dataHash: hashOf(call, [pred, target]),
    environment: environmentOf(pred.device),
    context: { ...context },
  };
  return { ...report, toMarkdown: () => markdownOf(report) };
}
