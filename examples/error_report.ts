/**
 * Errors of a model with confidence intervals: a report for engineers, not evidence for regulators.
 * Article 000 says that software for simulated surgery must report the squared error and similar
 * metrics; we know of no such rule. The report has MSE, RMSE, MAE, the largest error and R² with
 * bootstrap intervals, a hash of the data, and the version of the software. 200 repetitions on
 * synthetic data show how often the intervals contain the true value.
 *
 *   deno run --allow-ffi examples/error_report.ts --seed 1
 *
 * The control asks for intervals of 30 %, which contain it too rarely.
 */

import { metrics, randn, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "A report of errors with intervals that contain the truth as often as they claim.",
);

// Numbers with known results first.
const fixed = metrics.metricsReport(tensor([1, 2, 3]), tensor([1, 2, 5]));
const { mse, rmse, mae, maxError } = fixed.metrics;

const repeats = run.quick ? 40 : 200;
const level = run.control ? 0.3 : 0.95;
const intervals: { low: number; high: number }[] = [];
for (let repeat = 0; repeat < repeats; repeat++) {
  const truth = randn([300]);
  const pred = truth.add(randn([300]).mul(0.5));
  const report = metrics.metricsReport(pred, truth, { resamples: run.quick ? 200 : 1000, level });
  const { low, high } = report.metrics.mse;
  intervals.push({ low, high });
}
const covered = intervals.filter(({ low, high }) => low <= 0.25 && 0.25 <= high).length;
const ordered = intervals.toSorted((a, b) => a.low - b.low);
run.picture(
  "intervals",
  plot.lines({ low: ordered.map(({ low }) => low), high: ordered.map(({ high }) => high) }, {
    title: `The ends of ${repeats} intervals, sorted by the lower end`,
    xLabel: "repeat",
    yLabel: "mean squared error",
    references: [{ y: 0.25, label: "true" }],
  }),
);
console.log(
  metrics.metricsReport(randn([50]), randn([50]), { context: { model: "none" } })
    .toMarkdown(),
);
run.figures("A-22", {
  exact: mse.value === 4 / 3 && rmse.value === Math.sqrt(4 / 3) && mae.value === 2 / 3 &&
    maxError.value === 2,
  covered: covered / repeats,
  says: fixed.notice.includes("not regulatory"),
});
run.end();
