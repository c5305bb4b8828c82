/**
 * Differentially private gradient descent (Abadi et al., "Deep Learning with Differential Privacy",
 * 2016): the gradient of each sample is clipped, and noise is added to the sum. The influence is
 * the most that leaving out one sample changes a step, in standard deviations of the noise. Privacy
 * needs a bound on it, here 1, which clipping the sum does not give. There is no accountant.
 * Synthetic data with outliers.
 */

import { cat, eye, functionalCall, losses, nn, noGrad, nonzero, perSampleGrad } from "@adjoint/ml";
import { rand, randint, randn, scope, type Tensor, train, vmap } from "@adjoint/ml";

const run = train.experiment("Clipping each sample's gradient bounds the influence of a sample.");
const [FEATURES, CLASSES, TRAIN, LOT, CLIP, LR] = [20, 4, 2000, 200, 1, 0.5];

// The centres are equally far apart for every seed, so that no seed is easier.
const means = eye(CLASSES, FEATURES).mul(Math.sqrt(5));
/** Samples around the mean of their class; about 2 % are outliers with random labels. */
function samples(count: number): [x: Tensor, y: Tensor] {
  const y = randint(0, CLASSES, [count]);
  const x = means.indexSelect(0, y).add(randn([count, FEATURES]));
  const outlier = rand([count, 1]).lt(0.02);
  const wrong = randint(0, CLASSES, [count]).mul(outlier.squeeze(1));
  return [x.add(randn(x.shape).mul(20).mul(outlier)), y.add(wrong).remainder(CLASSES)];
}
const [[x, y], [testX, testY]] = [samples(TRAIN), samples(10000)];
const clipped = (g: Tensor) => g.div(g.norm({ dim: -1, keepdim: true }).div(CLIP).clamp(1, null));

/** The accuracy after training, and the influence, with each sample or the sum clipped. */
function trained(noise: number, each: boolean): [accuracy: number, influence: number] {
  const layers = [new nn.Linear(FEATURES, 32), new nn.Tanh(), new nn.Linear(32, CLASSES)];
  const model = new nn.Sequential(...layers);
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());
  const gradients = perSampleGrad((own: typeof params, x: Tensor, y: Tensor) =>
    losses.crossEntropy(functionalCall(model, own, x.unsqueeze(0)), y.unsqueeze(0))
  );
  const bounded = (sum: Tensor) => each ? sum : clipped(sum.div(LOT)).mul(LOT);
  let influence = 0;
  for (let step = 0; step < (run.quick ? 40 : 200); step++) {
    scope(() => {
      const lot = nonzero(rand([TRAIN]).lt(LOT / TRAIN)).squeeze(1);
      const found = gradients(params, x.indexSelect(0, lot), y.indexSelect(0, lot));
      const rows = cat(Object.values(found).map((g) => g.flatten(1)), 1);
      const parts = each ? clipped(rows) : rows;
      const sum = parts.sum(0);
      const left = vmap((part) => bounded(sum.sub(part)).sub(bounded(sum)).norm())(parts);
      influence = Math.max(influence, left.max().item() / (noise * CLIP));
      const change = bounded(sum).add(randn(sum.shape).mul(noise * CLIP)).mul(LR / LOT);
      const changes = change.split(model.parameters().map((p) => p.size));
      noGrad(() =>
        model.parameters().forEach((p, i) => p.copy_(p.sub(changes[i]!.reshape(p.shape))))
      );
    });
  }
  const right = noGrad(() => model.forward(testX)).argmax(1).eq(testY).sum().item();
  return [right / 10000, influence];
}
const [[accuracy, influence], [, whole]] = [trained(1, !run.control), trained(1, false)];
const [drowned] = trained(1e4, true);
run.figures("dp_sgd", { accuracy, influence, whole, drowned });
run.end();
