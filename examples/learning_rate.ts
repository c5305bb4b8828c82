/**
 * A range test finds a good learning rate in one pass, whereas too small a rate underfits. The rate
 * grows with every step, and the loss shows when it is too large. Half the rate of the smallest
 * loss is close to the best of a grid, for a hundredth of the work. The rate of the steepest fall,
 * the other common rule, is too cautious here.
 *
 *   deno run -A examples/learning_rate.ts --seed 1
 *
 * The control uses the first rate instead of the test's. Synthetic data.
 */

import { data, losses, manualSeed, nn, noGrad, optim, randn, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A range test finds a good learning rate in one pass.");
const x = randn([400, 8]);
const y = x.matmul(randn([8, 1])).tanh().add(randn([400, 1]).mul(0.1));
const points = new data.TensorDataset(x, y);

/** A net with the same initial weights each time, and its optimizer. */
function start(lr: number) {
  manualSeed(run.seed);
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.Tanh(), new nn.Linear(32, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr });
  return { model, loss: losses.mse, optimizer };
}

const loader = () => new data.DataLoader(points, { batchSize: 20, shuffle: true });

/** The error after five epochs with a rate. */
function error(lr: number): number {
  const { model, optimizer } = start(lr);
  for (let epoch = 0; epoch < 5; epoch++) {
    for (const [inputs, targets] of loader()) {
      optimizer.zeroGrad();
      losses.mse(model.forward(inputs!), targets!).backward();
      optimizer.step();
    }
  }
  return noGrad(() => losses.mse(model.forward(x), y)).item();
}

const range = await train.lrFind({ ...start(0.1), train: loader() }, { startLr: 1e-4, endLr: 10 });
const least = range.lrs[range.losses.indexOf(Math.min(...range.losses))]!;
const picked = run.control ? range.lrs[0]! : least / 2;

const grid = Array.from({ length: 11 }, (_, i) => 1e-4 * 10 ** (i / 2.4));
const errors = grid.map(error);
const best = Math.min(...errors.filter(Number.isFinite));
const bestRate = grid[errors.indexOf(best)]!;
console.log("Error on synthetic data after five epochs, by rate:");
grid.forEach((lr, i) => console.log(`  ${lr.toFixed(4)}  ${errors[i]!.toFixed(3)}`));
console.log(`Picked: ${picked.toFixed(4)}; steepest fall: ${range.suggestion?.toFixed(4)}.`);
const seen = range.losses.map(Math.log10).map((value) => value < 1);
run.picture(
  "learning_rate",
  plot.lines(range.losses.filter((_, i) => seen[i]), {
    x: range.lrs.filter((_, i) => seen[i]),
    xScale: "log",
    xLabel: "learning rate",
    yLabel: "loss, smoothed",
    references: [{ x: picked, label: "picked" }, { x: bestRate, label: "best of the grid" }],
  }),
);
run.figures("B-45", { picked, bestRate, best, atPicked: error(picked), tooSmall: errors[0]! });
run.end();
