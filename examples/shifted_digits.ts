/**
 * A convolutional net reads a digit wherever it stands. Article 001 lists image recognition. A perceptron
 * has to learn each place of each digit by itself; a convolution looks for one pattern everywhere. The
 * 2000 digits are synthetic and moved by up to three pixels, and those of the test are new.
 *
 *   deno run --allow-ffi examples/shifted_digits.ts --seed 1
 *
 * The control puts a perceptron in the place of the convolutional net.
 */

import { data, losses, metrics, nn, optim, train } from "@adjoint/ml";

const run = train.experiment("A convolutional net reads a digit wherever it stands.");
const known = data.synthetic.digits(run.quick ? 500 : 2000, { shift: 3 });
const unknown = data.synthetic.digits(500, { shift: 3 });
const batches = ({ x, y }: typeof known, shuffle: boolean) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 64, shuffle });

const perceptron = () =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
const convolutional = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(8, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(16 * 49, 10),
  );

/** Trains by the SGD of the article's perceptron, and gives the share of new digits that are right. */
async function accuracy(model: nn.Sequential): Promise<number> {
  const loss = losses.crossEntropy;
  await train.fit({
    model,
    loss,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    train: batches(known, true),
    epochs: 10,
    progress: false,
  });
  const { accuracy } = await train.evaluate({
    model,
    loss,
    data: batches(unknown, false),
    metrics: { accuracy: metrics.accuracy },
  });
  return accuracy!;
}

const mlp = await accuracy(perceptron());
const cnn = await accuracy(run.control ? perceptron() : convolutional());
console.log(`Synthetic digits, moved by up to 3 pixels: perceptron ${mlp}, convolutional ${cnn}`);
run.figures("B-17", { cnn, mlp });
run.end();
