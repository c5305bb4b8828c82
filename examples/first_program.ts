/**
 * A perceptron that reads digits takes less than 40 lines. Sample S3 of article 001, as it runs:
 * `deno run --allow-ffi --allow-read examples/first_program.ts` (it reads its own text to count its
 * lines). Synthetic digits. The control shuffles the labels, so nothing can be learned.
 */

import { data, losses, metrics, nn, noGrad, optim, randperm, train } from "@adjoint/ml";

const run = train.experiment("A perceptron that reads digits takes 40 lines.");
const digits = data.synthetic.digits(run.quick ? 1500 : 4500);
const labels = run.control ? digits.y.indexSelect(0, randperm(digits.y.size)) : digits.y;
const [known, unknown] = data.randomSplit(new data.TensorDataset(digits.x, labels), [0.9, 0.1]);
const trainLoader = new data.DataLoader(known, { batchSize: 32, shuffle: true });
const testLoader = new data.DataLoader(unknown, { batchSize: 100 });

const model = new nn.Sequential(
  new nn.Flatten(),
  new nn.Linear(784, 128),
  new nn.ReLU(),
  new nn.Linear(128, 10),
);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
for (let epoch = 0; epoch < 10; epoch++) {
  for (const [images, targets] of trainLoader) {
    optimizer.zeroGrad();
    losses.crossEntropy(model.forward(images!), targets!).backward();
    optimizer.step();
  }
}

const score = metrics.accuracy.stream();
noGrad(() => {
  for (const [images, targets] of testLoader) score.update(model.forward(images!), targets!);
});
console.log(`Accuracy on synthetic digits: ${(100 * score.compute()).toFixed(1)} %`);
const lines = Deno.readTextFileSync(new URL(import.meta.url)).trimEnd().split("\n").length;
run.figures("B-01", { lines, accuracy: score.compute() });
run.end();
