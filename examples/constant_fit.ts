/**
 * The loss decides which constant represents a sample: the mean for the squared error, the median
 * for the absolute error, a value in between for Huber's loss, and a quantile for the quantile
 * loss, here the one that nine in ten values stay below. The minimum is where the pulls of all
 * values cancel. In the squared error the pull grows with the distance, so a single outlier can
 * move the mean arbitrarily far; article 000 calls that the trap of the mean.
 *
 *   deno run -A examples/constant_fit.ts --seed 1
 *
 * The control uses the squared error everywhere. Synthetic numbers.
 */

import { full, linspace, losses, optim, type Tensor, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("The loss decides which constant represents a sample.");
const all = tensor([3.2, 3.9, 4.3, 4.6, 4.8, 5, 5.3, 5.7, 6.2, 6.8, 100], { dtype: "float64" });

const asked = {
  mse: losses.mse,
  l1: losses.l1,
  huber: losses.huber,
  quantile: (c: Tensor, t: Tensor) => losses.quantile(c, t, { q: 0.9 }),
};

/** The constant of the smallest loss, found by shrinking steps. */
function fitted(loss: (constant: Tensor, numbers: Tensor) => Tensor): number {
  const constant = tensor(0, { dtype: "float64", requiresGrad: true });
  const optimizer = new optim.SGD([constant], { lr: 0.5 });
  const schedule = new optim.ExponentialLR(optimizer, { gamma: 0.99 });
  for (let step = 0; step < 2000; step++) {
    optimizer.zeroGrad();
    loss(constant.expand([all.size]), all).backward();
    optimizer.step();
    schedule.step();
  }
  return constant.item();
}

const fits = Object.fromEntries(
  Object.entries(asked).map(([name, loss]) => [name, fitted(run.control ? losses.mse : loss)]),
);
console.log("Synthetic numbers: ten near 5, and one of 100.");
for (const [name, value] of Object.entries(fits)) console.log(`  ${name.padEnd(9)} ${value}`);
const constants = linspace(2, 16, 141);
const curves = Object.fromEntries(
  Object.entries(asked).map(([name, loss]) => {
    const each = constants.toArray() as number[];
    const values = each.map((c) => loss(full([all.size], c, { dtype: "float64" }), all).item());
    return [name, values.map((value) => value / Math.max(...values))];
  }),
);
run.picture(
  "constant_fit",
  plot.lines(curves, { x: constants, xLabel: "constant", yLabel: "loss, relative to its largest" }),
);
const [mean, median] = [all.mean().item(), all.median().item()];
run.figures("A-11", { mse: fits.mse!, l1: fits.l1!, huber: fits.huber!, mean, median });
const below = all.le(fits.quantile! + 1e-6).sum().item();
run.figures("C-02", { mse: fits.mse!, l1: fits.l1!, quantile: fits.quantile!, below });
run.end();
