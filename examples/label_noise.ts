/**
 * With wrong labels, the loss decides; clipping and schedules do not help. Article 000 combines
 * three strategies that "overcome the limits of MSE". Here they are tested with 15 % of the labels
 * too high by 8, on synthetic data. Clipping and schedules change how far a step goes, but not
 * where the pulls of all examples cancel: for the squared error that is between right and wrong
 * labels. Another loss pulls differently, so its minimum is elsewhere.
 *
 *   deno run -A examples/label_noise.ts --seed 1
 *
 * The control has the squared error in place of Huber's loss.
 */

import { data, linspace, losses, nn, noGrad, optim, rand, randn, randperm } from "@adjoint/ml";
import { type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("With wrong labels, the loss matters; clipping does not help.");
const mse = losses.mse;
const robust = run.control
  ? mse
  : (output: Tensor, target: Tensor) => losses.huber(output, target, { delta: 0.3 });
const epochs = run.quick ? 15 : 50;

const x = rand([300, 1]).mul(2).sub(1);
const clean = x.mul(3).sin().add(randn([300, 1]).mul(0.05));
const wrong = randperm(300).lt(45).unsqueeze(1);
const points = new data.TensorDataset(x, clean.add(wrong.mul(8)));
const at = linspace(-1, 1, 200).unsqueeze(1);

/** The curve learned by a net. */
function learned(loss: typeof robust, clip: boolean, oneCycle: boolean): Tensor {
  const model = new nn.Sequential(
    new nn.Linear(1, 32),
    new nn.Tanh(),
    new nn.Linear(32, 32),
    new nn.Tanh(),
    new nn.Linear(32, 1),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const cycle = { maxLr: 1e-2, stepsPerEpoch: 10, epochs };
  const schedule = oneCycle ? new optim.OneCycleLR(optimizer, cycle) : null;
  const loader = new data.DataLoader(points, { batchSize: 30, shuffle: true });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [inputs, targets] of loader) {
      optimizer.zeroGrad();
      loss(model.forward(inputs!), targets!).backward();
      if (clip) nn.utils.clipGradNorm_(model.parameters(), 0.5);
      optimizer.step();
      schedule?.step();
    }
  }
  return noGrad(() => model.forward(at));
}

console.log("Synthetic data: y = sin(3x) with little noise, 45 of 300 labels too high by 8.");
console.log("Error on clean data:   plain     clip      one cycle  both");
const truth = at.mul(3).sin();
const cells: Record<string, number[]> = {};
const curves: Record<string, Tensor> = { truth: truth.flatten() };
for (const [name, loss] of Object.entries({ mse, robust })) {
  const all = [
    learned(loss, false, false),
    learned(loss, true, false),
    learned(loss, false, true),
    learned(loss, true, true),
  ];
  const errors = all.map((curve) => mse(curve, truth).item());
  cells[name] = errors;
  curves[`${name} with both`] = all[3]!.flatten();
  console.log(`  ${name.padEnd(20)} ${errors.map((e) => e.toFixed(5).padEnd(9)).join(" ")}`);
}
run.picture(
  "label_noise",
  plot.figure([[
    plot.scatter(x.flatten(), points.tensors[1]!.flatten(), { label: "synthetic points" }),
    plot.lines(curves, { x: at.flatten() }),
  ]]),
);
console.log("Of the three strategies, only the loss overcomes MSE's limits.");
run.figures("A-17", cells);
run.end();
