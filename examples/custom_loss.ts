/**
 * A loss of one's own with `fit`: a shop that runs out of bread loses nine times what a loaf too many
 * costs. The net then learns to have enough on nine days of ten; each term of the loss is a column.
 * Synthetic data: a demand that depends on the temperature, with noise.
 *
 *   deno run --allow-ffi examples/custom_loss.ts --seed 1
 *
 * The control takes the squared error, which is right on average and too little every second day.
 */

import { data, losses, nn, noGrad, optim, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A loss that says what errors cost learns what to have in stock.");

/** What it costs to have `stock` where `demand` is asked for. */
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
console.log(`enough on ${(100 * enough).toFixed(0)} % of the days, ${cost.toFixed(2)} lost a day`);
run.picture(
  "stock",
  plot.figure([[
    plot.scatter(temperature, demand, { label: "demand", opacity: 0.3, xLabel: "temperature" }),
    plot.scatter(temperature, stock, { label: "stock", radius: 1.5 }),
  ]]),
);
run.figures("custom_loss", { enough, cost });
run.end();
