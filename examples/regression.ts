/**
 * A small net learns a curve, y = sin 3x with noise, and stops when it no longer improves on points
 * that it is not trained on. Synthetic data.
 *
 *   deno run --allow-ffi examples/regression.ts --seed 1
 *
 * The control shuffles the targets, from which nothing can be learned.
 */

import { data, linspace, losses, metrics, nn, noGrad, optim, randperm } from "@adjoint/ml";
import { train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A small net learns a curve, and is measured on unseen points.");
const { x, y } = data.synthetic.sine(run.quick ? 300 : 1000, { noise: 0.1 });
const targets = run.control ? y.indexSelect(0, randperm(y.shape[0]!)) : y;
const [known, watched, unseen] = data.randomSplit(
  new data.TensorDataset(x, targets),
  [0.6, 0.2, 0.2],
);
const batches = (set: typeof known, shuffle = false) =>
  new data.DataLoader(set!, { batchSize: 32, shuffle });

const model = new nn.Sequential(
  new nn.Linear(1, 32),
  new nn.Tanh(),
  new nn.Linear(32, 32),
  new nn.Tanh(),
  new nn.Linear(32, 1),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const history = await train.fit({
  model,
  loss: losses.mse,
  optimizer,
  train: batches(known, true),
  validation: batches(watched),
  scheduler: new optim.ReduceLROnPlateau(optimizer, { patience: 5 }),
  callbacks: [new train.EarlyStopping({ patience: 15 })],
  epochs: run.quick ? 60 : 200,
});
const { r2, rmse } = await train.evaluate({
  model,
  loss: losses.mse,
  data: batches(unseen),
  metrics: { r2: metrics.r2, rmse: metrics.rmse },
});
console.log(`${history.records.length} epochs: R² ${r2!.toFixed(3)}, RMSE ${rmse!.toFixed(3)}`);
const at = linspace(x.min().item(), x.max().item(), 200);
run.picture(
  "curve",
  plot.figure([[
    plot.scatter(x, y, { label: "points", opacity: 0.2, xLabel: "x", yLabel: "y" }),
    plot.lines({ net: noGrad(() => model.forward(at.unsqueeze(1))) }, { x: at }),
  ]]),
);
run.figures("regression", { r2: r2!, rmse: rmse! });
run.end();
