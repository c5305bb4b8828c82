/**
 * Small batches mean more steps, and several of them equal one large batch if their gradients are
 * averaged: the gradients of k micro-batches, each divided by k, add up to that of the whole. With
 * the same number of epochs and the same rate, a small batch takes more steps and learns more,
 * which makes a large batch look like underfitting.
 *
 *   deno run --allow-ffi examples/batch_size.ts --seed 1
 *
 * The control does not divide by k. Synthetic data.
 */

import { data, losses, metrics, nn, noGrad, optim, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Small batches equal a large one if their gradients are averaged.");
const { x, y } = data.synthetic.digits(run.quick ? 640 : 1280, { shift: 1 });
const K = 4;

const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10)).to("float64");
const gradients = () => model.parameters().map((p) => p.grad!.clone());
const backward = (images: Tensor, labels: Tensor, scale: number) =>
  losses.crossEntropy(model.forward(images.to("float64")), labels).mul(scale).backward();

backward(x.at([0, 64]), y.at([0, 64]), 1);
const whole = gradients();
model.parameters().forEach((p) => p.grad = null);
for (let part = 0; part < K; part++) {
  const rows: [number, number] = [16 * part, 16 * (part + 1)];
  backward(x.at(rows), y.at(rows), run.control ? 1 : 1 / K);
}
const apart = gradients().map((g, i) => g.sub(whole[i]!).norm().div(whole[i]!.norm()).item());

/** The accuracy after five epochs with a batch size, and the loss of each epoch. */
async function trained(batchSize: number) {
  const net = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
  const history = await train.fit({
    model: net,
    loss: losses.crossEntropy,
    optimizer: new optim.SGD(net.parameters(), { lr: 0.01 }),
    train: new data.DataLoader(new data.TensorDataset(x, y), { batchSize, shuffle: true }),
    epochs: 5,
    progress: false,
  });
  return { right: metrics.accuracy(noGrad(() => net.forward(x)), y), loss: history.column("loss") };
}

const [small, large] = [await trained(16), await trained(128)];
console.log(
  `Accuracy on synthetic digits: ${small.right} with batches of 16, ${large.right} with 128.`,
);
run.picture(
  "passes",
  plot.lines({ "batches of 16": small.loss, "batches of 128": large.loss }, {
    x: [1, 2, 3, 4, 5],
    xLabel: "pass",
    yLabel: "loss",
    points: true,
  }),
);
run.figures("B-46", { apart: Math.max(...apart), small: small.right, large: large.right });
run.end();
