/**
 * Augmentation shows a net variations that its data lacks. Two hundred digits are too few for a
 * perceptron to learn that a shifted digit is the same digit; shifting them at random in every
 * epoch teaches it. The digits are synthetic, and the test digits are new.
 *
 *   deno run --allow-ffi examples/augmentation.ts --seed 1
 *
 * The control shifts nothing.
 */

import { data, losses, manualSeed, metrics, nn, noGrad, optim, type Tensor } from "@adjoint/ml";
import { type RandomGenerator, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Augmentation shows a net variations that its data lacks.");
const known = data.synthetic.digits(200, { shift: 3 });
const unknown = data.synthetic.digits(1000, { shift: 3 });
const { randomCrop } = data.transforms;
const moved = run.control ? (image: Tensor) => image : randomCrop([28, 28], { padding: 3 });

/** The accuracy on new digits after training for a number of epochs. */
function trained(change: (image: Tensor, generator?: RandomGenerator) => Tensor): number[] {
  manualSeed(run.seed);
  const model = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const loader = new data.DataLoader({
    length: 200,
    get: (i: number, generator?: RandomGenerator): [Tensor, Tensor] => [
      change(known.x.at(i), generator),
      known.y.at(i),
    ],
  }, { batchSize: 20, shuffle: true });
  for (let epoch = 0; epoch < (run.quick ? 25 : 100); epoch++) {
    for (const [images, labels] of loader) {
      optimizer.zeroGrad();
      losses.crossEntropy(model.forward(images), labels).backward();
      optimizer.step();
    }
  }
  return noGrad(() => [known, unknown].map(({ x, y }) => metrics.accuracy(model.forward(x), y)));
}

const [plain, augmented] = [trained((image) => image), trained(moved)];
console.log(`Accuracy on the 200 training digits: ${plain[0]}, augmented ${augmented[0]}`);
const digit = known.x.at(0);
const shades = [digit, moved(digit), moved(digit), moved(digit)].map((image, i) =>
  plot.heatmap(image.squeeze(0), {
    title: i === 0 ? "Original" : "Shifted",
    values: false,
    width: 220,
    height: 220,
  })
);
run.picture("moved", plot.figure(shades));
run.figures("B-39", { plain: plain[1]!, augmented: augmented[1]! });
run.end();
