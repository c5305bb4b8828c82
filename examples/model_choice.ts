/**
 * The most suitable model is not the best one: budgets decide. Article 000 chooses models by the
 * needs of a task. Four nets fit a synthetic curve. Validation data ranks them, a budget of
 * parameters or latency excludes some, and the chosen one is judged by test data: the error on the
 * data that selected it is too optimistic.
 *
 *   deno run --allow-ffi examples/model_choice.ts --seed 1
 *
 * The control has no budgets.
 */

import { data, linspace, losses, metrics, nn, noGrad, optim, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("The most suitable model is the best one within the budgets.");
const make = (n: number) => data.synthetic.sine(n, { noise: 0.1 });
const batches = ({ x, y }: data.synthetic.Samples) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32 });
const [known, validation, test] = [make(128), batches(make(64)), batches(make(256))];

/** A net with hidden layers of the given widths. */
function net(width: number, depth: number): nn.Sequential {
  const hidden = Array.from({ length: depth }, (_, i) => [
    new nn.Linear(i === 0 ? 1 : width, width),
    new nn.Tanh(),
  ]);
  return new nn.Sequential(...hidden.flat(), new nn.Linear(width, 1));
}

const candidates = { line: net(1, 1), small: net(8, 1), medium: net(32, 2), large: net(96, 4) };
for (const model of Object.values(candidates)) {
  await train.fit({
    model,
    loss: losses.mse,
    optimizer: new optim.Adam(model.parameters(), { lr: 5e-3 }),
    train: batches(known),
    epochs: run.quick ? 60 : 200,
    progress: false,
  });
}
const given = { metric: metrics.mse, validation, test };
const free = await train.selectModel(candidates, given);
const limit = run.control ? Infinity : 200;
const tight = await train.selectModel(candidates, {
  ...given,
  ...Number.isFinite(limit) && { paramBudget: limit },
});
const latencies = free.rows.map(({ p99 }) => p99).sort((a, b) => a - b);
const fast = await train.selectModel(candidates, {
  ...given,
  ...!run.control && { latencyBudgetMs: latencies[0]! / 1000 },
});
console.log("Synthetic curve. Model, validation, p50 and p99 in ms, parameters, within 200:");
for (const { name, score, p50, p99, parameters, feasible } of tight.rows) {
  const numbers = [score.toFixed(5), p50.toFixed(3), p99.toFixed(3), parameters].join("  ");
  console.log(`  ${name.padEnd(8)} ${numbers}  ${feasible}`);
}
const at = linspace(known.x.min().item(), known.x.max().item(), 100);
const fits = Object.entries(candidates).map(([name, model]) =>
  [name, noGrad(() => model.forward(at.unsqueeze(1)))] as const
);
run.picture(
  "fits",
  plot.figure([[
    plot.scatter(known.x, known.y, { label: "known points", opacity: 0.3 }),
    plot.lines(Object.fromEntries(fits), { x: at, xLabel: "x", yLabel: "y" }),
  ]]),
);
run.figures("A-04", {
  free: free.best ?? "none",
  tight: tight.best ?? "none",
  parameters: tight.rows.find(({ name }) => name === tight.best)?.parameters ?? NaN,
  tooFast: fast.best ?? "none",
  validation: tight.rows.find(({ name }) => name === tight.best)?.score ?? NaN,
  test: tight.testScore,
});
run.end();
