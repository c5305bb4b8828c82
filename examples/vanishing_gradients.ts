/**
 * Against vanishing gradients, an activation is half the cure, and the initial weights are the
 * other half. How much of the last layer's gradient reaches the first of 20 layers, for each
 * activation and both usual initializations? ReLU and its variants keep it with Kaiming's weights,
 * and lose it with the default ones, which article 001 does not mention. With batch normalization
 * even a sigmoid keeps it. Dropout does not help.
 *
 *   deno run -A examples/vanishing_gradients.ts --seed 1
 *
 * The control leaves out the cures, Kaiming's weights and batch normalization. Synthetic data.
 */

import { losses, nn, noGrad, ones, randn, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Against vanishing gradients, an activation is only half the cure.");
const kaiming = !run.control;
const batchNorm = !run.control;
const [x, y] = [randn([128, 32]), randn([128, 1])];

const ACTIVATIONS: Record<string, () => nn.Module> = {
  sigmoid: () => new nn.Sigmoid(),
  tanh: () => new nn.Tanh(),
  relu: () => new nn.ReLU(),
  leakyRelu: () => new nn.LeakyReLU(),
  prelu: () => new nn.PReLU(),
};

interface Cures {
  readonly kaiming?: boolean;
  readonly batchNorm?: boolean;
  readonly dropout?: boolean;
}

/** The gradient of the first layer's weight relative to the last layer's. */
function ratio(activation: () => nn.Module, cures: Cures = {}): number {
  const blocks = Array.from({ length: 20 }, () => {
    const linear = new nn.Linear(32, 32);
    if (cures.kaiming) nn.init.kaimingNormal_(linear.weight, { nonlinearity: "relu" });
    return [
      linear,
      ...cures.batchNorm ? [new nn.BatchNorm1d(32)] : [],
      activation(),
      ...cures.dropout ? [new nn.Dropout(0.2)] : [],
    ];
  });
  const last = new nn.Linear(32, 1);
  const model = new nn.Sequential(...blocks.flat(), last);
  losses.mse(model.forward(x), y).backward();
  return blocks[0]![0]!.parameters()[0]!.grad!.norm().div(last.weight.grad!.norm()).item();
}

console.log("Gradient of the first of 20 layers relative to the last (synthetic data):");
console.log("            default   Kaiming");
const byKaiming: Record<string, number> = {};
const byDefault: Record<string, number> = {};
for (const [name, activation] of Object.entries(ACTIVATIONS)) {
  byDefault[name] = ratio(activation);
  byKaiming[name] = ratio(activation, { kaiming });
  const cells = [byDefault[name], byKaiming[name]].map((value) => value.toExponential(0));
  console.log(`${name.padEnd(12)}${cells.map((cell) => cell.padEnd(10)).join("")}`);
}
const names = Object.keys(ACTIVATIONS);
run.picture(
  "vanishing_gradients",
  plot.heatmap(names.map((name) => [byDefault[name]!, byKaiming[name]!].map(Math.log10)), {
    rows: names,
    columns: ["default", "Kaiming"],
    title: "log₁₀ of the first layer's gradient relative to the last",
  }),
);
run.figures("B-36", {
  ...byKaiming,
  defaultSigmoid: byDefault.sigmoid!,
  defaultRelu: byDefault.relu!,
});

const sigmoid = ACTIVATIONS.sigmoid!;
const [normalized, dropped] = [ratio(sigmoid, { batchNorm }), ratio(sigmoid, { dropout: true })];

// Training normalizes by the statistics of the batch, evaluation by the running ones.
const norm = batchNorm ? new nn.BatchNorm1d(32) : new nn.Identity();
for (let i = 0; i < 100; i++) noGrad(() => norm.forward(randn([64, 32]).mul(3).add(5)));
norm.eval();
const evaluated = noGrad(() => norm.forward(ones([1, 32]).mul(8))).mean().item();

const dropout = new nn.Dropout(0.2);
const mean = dropout.forward(ones([200_000])).mean().item();
dropout.eval();
const same = dropout.forward(x).eq(x).all().item() === 1;
console.log(`Sigmoid, default weights: with batch norm ${normalized}, with dropout ${dropped}.`);
run.figures("B-38", { batchNorm: normalized, dropout: dropped, evaluated, mean, same });
run.end();
