/**
 * Huber's loss fits a line through outliers, and the squared error does not. Synthetic data: y = 2x
 * + 1, with one label in ten too high by 20. An example's pull is the gradient of the loss at its
 * prediction. In the squared error an outlier pulls in proportion to its distance, so a few
 * outliers drag the line away from all other points; Huber's loss caps the pull.
 *
 *   deno run -A examples/huber_line.ts --seed 1
 *
 * The control has the mean squared error in place of Huber's loss.
 */

import {
  data,
  linspace,
  losses,
  metrics,
  nn,
  noGrad,
  optim,
  type Tensor,
  train,
} from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "Huber's loss fits a line through outliers, and the squared error does not.",
);
const robust = run.control ? losses.mse : losses.huber;
const { x, y } = data.synthetic.line(200, { outliers: 0.1 });

/** Fits a line with a loss. */
function fitted(loss: (prediction: Tensor, target: Tensor) => Tensor): nn.Linear {
  const model = new nn.Linear(1, 1);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  for (let step = 0; step < (run.quick ? 400 : 1500); step++) {
    optimizer.zeroGrad();
    loss(model.forward(x), y).backward();
    optimizer.step();
  }
  return model;
}

const at = linspace(-2, 2, 200).unsqueeze(1);
const truth = at.mul(2).add(1);
const lines = { huber: fitted(robust), mse: fitted(losses.mse) };
const error = (line: nn.Linear) => metrics.rmse(noGrad(() => line.forward(at)), truth);

console.log("Synthetic points: 180 near the line y = 2x + 1, and 20 about 20 above it.");
for (const [name, { weight, bias }] of Object.entries(lines)) {
  console.log(`${name}: y = ${weight.item().toFixed(2)}x + ${bias.item().toFixed(2)}`);
}
const curves = Object.fromEntries(
  Object.entries(lines).map(([name, line]) => [name, noGrad(() => line.forward(at)).flatten()]),
);
run.picture(
  "huber_line",
  plot.figure([[
    plot.scatter(x.flatten(), y.flatten(), { label: "synthetic points", xLabel: "x", yLabel: "y" }),
    plot.lines(curves, { x: at.flatten() }),
  ]]),
);
run.figures("C-09", { huber: error(lines.huber), mse: error(lines.mse) });
run.end();
