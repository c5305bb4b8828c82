/**
 * Your own loss with `fit`: for a shop, a missing loaf of bread costs nine times as much as one too
 * many. That ratio is also the ratio of the two slopes of the loss: where the stock is too low, the
 * gradient pulls it up with a force of 9, and otherwise down with 1. The pulls cancel where the
 * stock suffices on nine days of ten, and the net learns that. Each term of the loss is a column of
 * the history. Synthetic data: demand depends on the temperature, with noise.
 *
 *   deno run --allow-ffi examples/custom_loss.ts --seed 1
 *
 * The control uses the squared error, which is right on average and too low every second day.
 */

import { data, losses, nn, noGrad, optim, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A loss that states the cost of errors learns how much to stock.");

/** The cost of having `stock` when the demand is `demand`. */
function costs(stock: Tensor, demand: Tensor) {
  const missing = demand.sub(stock).relu();
  const wasted = stock.sub(demand).relu();
  return { missing: missing.mean().mul(9), wasted: wasted.mean() };
}

const draw = (n: number) => {
  const temperature = randn([n, 1]);
  return new data.TensorDataset(temperature, temperature.mul(3).add(20).add(randn([n, 1])));
};
const [known, unseen] = [draw(run.quick ? 1000 : 4000), draw(2000)];
const model = new nn.Linear(1, 1);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.5 });
const history = await train.fit({
  model,
  loss: run.control ? losses.mse : costs,
  optimizer,
  train: new data.DataLoader(known, { batchSize: 100, shuffle: true }),
  scheduler: new optim.ExponentialLR(optimizer, { gamma: 0.9 }),
  epochs: run.quick ? 30 : 40,
});
console.log(history.columns.join(", "));

const [temperature, demand] = unseen.tensors as [Tensor, Tensor];
const stock = noGrad(() => model.forward(temperature));
const enough = stock.ge(demand).to("float32").mean().item();
const { missing, wasted } = costs(stock, demand);
const cost = missing.add(wasted).item();
console.log(
  `enough on ${(100 * enough).toFixed(0)} % of the days, a cost of ${cost.toFixed(2)} per day`,
);
run.picture(
  "stock",
  plot.figure([[
    plot.scatter(temperature, demand, { label: "demand", opacity: 0.3, xLabel: "temperature" }),
    plot.scatter(temperature, stock, { label: "stock", radius: 1.5 }),
  ]]),
);
run.figures("custom_loss", { enough, cost });
run.end();
