/**
 * A weight of the loss collapses if it is trained by the same descent as the model. Sample S1 of
 * article 000 multiplies the squared error by a learned α, "so that the model finds what matters".
 * But ∂L/∂α is the error itself, which is never negative: descent only lowers α, since that is the
 * easiest way to lower the loss, and once α is below 0, training makes errors larger. A single
 * number cannot weight regions either.
 *
 *   deno run -A examples/adaptive_mse.ts --seed 1
 *
 * The corrected loss is e^(−s)·MSE + s/2, which has a minimum at s = ln(2·MSE). The control uses it
 * in place of the sample, so nothing collapses. Synthetic data.
 */

import { grad, losses, nn, noGrad, optim, randn, tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A weight of the loss that descends with the model collapses.");
const corrected = () => new losses.RegionWeightedMSE(zeros([1], { dtype: "int32" }));
const sample = () => run.control ? corrected() : new losses.AdaptiveMSE();

const x = randn([256, 8]);
const y = x.matmul(randn([8, 1])).add(randn([256, 1]).mul(0.5));

/** Trains a model and its loss together, until the loss is not finite. */
function trained(own: losses.Loss, kind: "Adam" | "SGD", steps: number, learned = true) {
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.Tanh(), new nn.Linear(32, 1));
  const groups = learned ? [...model.parameters(), ...own.parameters()] : model.parameters();
  const optimizer = new optim[kind](groups, { lr: 1e-2 });
  const [factor] = own.parameters();
  const [factors, errors]: [number[], number[]] = [[], []];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    const output = model.forward(x);
    own.forward(output, y).backward();
    optimizer.step();
    factors.push(factor!.mean().item());
    errors.push(noGrad(() => losses.mse(output, y).item()));
    if (!Number.isFinite(errors.at(-1))) break;
  }
  const below = factors.findIndex((value) => value < 0);
  return { factors, errors, crossed: below === -1 ? Infinity : below + 1, error: errors.at(-1)! };
}

const first = sample();
const prediction = tensor([[1], [2], [3]], { requiresGrad: true });
const value = first.forward(prediction, tensor([[0], [0], [5]]));
const [slope, pull] = grad(value, [prediction, first.parameters()[0]!]);

// If no group of the optimizer contains α, as in sample S2, the loss is just the squared error.
const forgotten = trained(sample(), "Adam", 10, false);
const adam = trained(sample(), "Adam", run.quick ? 700 : 3000);
const sgd = trained(sample(), "SGD", 200);
const right = trained(corrected(), "Adam", run.quick ? 700 : 3000);

console.log("Synthetic data: 256 rows of 8 numbers, noise of variance 0.25.");
console.log(`Adam: α is below 0 from step ${adam.crossed} on, and ends at ${adam.factors.at(-1)}.`);
console.log(`SGD: below 0 from step ${sgd.crossed} on; stops after step ${sgd.errors.length}.`);
console.log(`Corrected: s is ${right.factors.at(-1)}, and e^s/2 near the error, ${right.error}.`);
console.log("s falls for as long as the net memorises its rows (C-16). For regions, see A-13.");
run.picture(
  "adaptive_mse",
  plot.figure([
    plot.lines({ "α with Adam": adam.factors }, { xLabel: "step", references: [{ y: 0 }] }),
    plot.lines({ sample: adam.errors, corrected: right.errors }, {
      xLabel: "step",
      yLabel: "mean squared error",
      yScale: "log",
    }),
  ]),
);
run.figures("S1", {
  value: value.item(),
  slope: slope!.flatten().toArray() as number[],
  pull: pull!.sum().item(),
  forgotten: forgotten.factors.at(-1)!,
});
run.figures("A-12", {
  adamCrossed: adam.crossed,
  adamFactor: adam.factors.at(-1)!,
  adamError: adam.error,
  sgdCrossed: sgd.crossed,
  sgdSteps: sgd.errors.length,
  corrected: right.error,
});
run.end();
