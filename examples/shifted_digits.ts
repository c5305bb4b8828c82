/**
 * A convolutional net reads a digit wherever it is. Article 001 lists image recognition. A
 * perceptron has to learn every position of each digit separately; a convolution looks for the same
 * pattern everywhere. The 2000 digits are synthetic and shifted by up to three pixels, and the test
 * digits are new.
 *
 *   deno run --allow-ffi examples/shifted_digits.ts --seed 1
 *
 * The control has a perceptron in place of the convolutional net.
 */

import { data, losses, metrics, nn, noGrad, optim, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A convolutional net reads a digit wherever it is.");
const known = data.synthetic.digits(run.quick ? 500 : 2000, { shift: 3 });
const unknown = data.synthetic.digits(500, { shift: 3 });
const points = new data.TensorDataset(known.x, known.y);

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

/** Trains with the SGD of the article's perceptron; returns accuracy and classes on new digits. */
async function judged(model: nn.Sequential, title: string) {
  await train.fit({
    model,
    loss: losses.crossEntropy,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    train: new data.DataLoader(points, { batchSize: 64, shuffle: true }),
    epochs: 10,
    progress: false,
  });
  const output = noGrad(() => model.eval().forward(unknown.x));
  const confusion = metrics.confusionMatrix(output, unknown.y);
  return {
    accuracy: metrics.accuracy(output, unknown.y),
    shown: plot.confusion(confusion, { title, height: 440 }),
  };
}

const [mlp, cnn] = [
  await judged(perceptron(), "Perceptron"),
  await judged(run.control ? perceptron() : convolutional(), "Convolutional net"),
];
console.log("Accuracy on synthetic digits, shifted by up to 3 pixels:");
run.picture("confusion", plot.figure([mlp.shown, cnn.shown]));
run.figures("B-17", { cnn: cnn.accuracy, mlp: mlp.accuracy });
run.end();
