/**
 * A perceptron classifies points of ten classes, with the usual metrics: accuracy, F1, calibration
 * and the confusion matrix. Synthetic data: clouds around ten centres.
 *
 *   deno run --allow-ffi examples/classification.ts --seed 1
 *
 * The control shuffles the labels, from which nothing can be learned.
 */

import { data, losses, metrics, nn, noGrad, optim, RandomGenerator } from "@adjoint/ml";
import { randperm, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A perceptron separates classes with well calibrated probabilities.");
const draw = (n: number, seed: number) =>
  data.synthetic.blobs(n, {
    classes: 10,
    generator: new RandomGenerator(BigInt(run.seed) + BigInt(seed)),
  });
const [known, unseen] = [draw(run.quick ? 500 : 2000, 1), draw(1000, 2)];
const labels = run.control ? known.y.indexSelect(0, randperm(known.y.size)) : known.y;
const loader = new data.DataLoader(new data.TensorDataset(known.x, labels), {
  batchSize: 50,
  shuffle: true,
});

const model = new nn.Sequential(
  new nn.Linear(20, 64),
  new nn.ReLU(),
  new nn.Dropout(0.2),
  new nn.Linear(64, 10),
);
await train.fit({
  model,
  loss: losses.crossEntropy,
  optimizer: new optim.AdamW(model.parameters(), { lr: 3e-3 }),
  train: loader,
  metrics: { accuracy: metrics.accuracy },
  epochs: run.quick ? 8 : 20,
});

const logits = noGrad(() => model.eval().forward(unseen.x));
const accuracy = metrics.accuracy(logits, unseen.y);
const { f1 } = metrics.precisionRecallF1(logits, unseen.y, { average: "macro" });
const calibration = metrics.expectedCalibrationError(logits.softmax(1), unseen.y);
console.log(
  `accuracy ${accuracy.toFixed(3)}, F1 ${f1.toFixed(3)}, ` +
    `calibration error ${calibration.toFixed(3)}`,
);
const confusion = metrics.confusionMatrix(logits, unseen.y);
console.log(confusion);
run.picture("confusion", plot.confusion(confusion, { width: 520, height: 480 }));
run.figures("classification", { accuracy, f1, calibration });
run.end();
