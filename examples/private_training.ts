/**
 * Training that hardly reveals whose data it used. Article 001 asks for privacy. DP-SGD clips the
 * gradient of each example to the norm 1 and adds noise to the sum; each example is in a step with
 * the same probability, independently. An accountant computes the guarantee, ε at δ = 10⁻⁵. On
 * synthetic classes, a linear model loses a few points of accuracy. Clipping alone guarantees
 * nothing.
 *
 *   deno run --allow-ffi examples/private_training.ts --seed 1
 *
 * The control adds far more noise, and clips the sum of a batch instead of each example.
 */

import { data, functionalCall, losses, metrics, nn, noGrad, nonzero } from "@adjoint/ml";
import { perSampleGrad, rand, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Clipping and noise bound what a model reveals about an example.");
const [N, CLIP, LR] = [1000, 1, 0.5];
const steps = run.quick ? 60 : 150;
const sampleRate = 64 / N;
const world = Number(run.seed % 1000n);
const known = data.synthetic.blobs(N, { world, spread: 0.8 });
const unknown = data.synthetic.blobs(500, { world, spread: 0.8 });

type Weights = Record<string, Tensor>;

/** Trains with noise, whose deviation is in units of the clipping norm; null for plain steps. */
function fit(noise: number | null): { accuracy: number; largest: number } {
  const model = new nn.Linear(20, 3);
  let largest = 0;
  const loss = (weights: Weights, x: Tensor, y: Tensor) =>
    losses.crossEntropy(functionalCall(model, weights, x), y);
  const eachGradient = perSampleGrad(loss);
  for (let step = 0; step < steps; step++) {
    const drawn = nonzero(rand([N]).lt(sampleRate)).squeeze(1);
    const weights = Object.fromEntries(
      [...model.namedParameters()].map(([name, own]) => [name, own.detach()]),
    );
    const each = eachGradient(
      weights,
      known.x.indexSelect(0, drawn),
      known.y.indexSelect(0, drawn),
    );
    const squares = Object.values(each).map((g) => g.flatten(1).square().sum(1));
    const norms = squares.reduce((sum, own) => sum.add(own)).sqrt();
    const factors = noise === null
      ? norms.mul(0).add(1)
      : run.control
      ? norms.mul(0).add(CLIP / norms.sum().item())
      : norms.add(1e-6).reciprocal().mul(CLIP).clamp(null, 1);
    if (!run.control) largest = Math.max(largest, norms.mul(factors).max().item());
    else largest = Math.max(largest, norms.max().item());
    noGrad(() => {
      for (const [name, own] of model.namedParameters()) {
        const clipped = each[name]!.mul(factors.reshape([-1, ...own.shape.map(() => 1)])).sum(0);
        const noisy = clipped.add(randn(own.shape).mul(CLIP * (noise ?? 0)));
        own.copy_(own.sub(noisy.mul(LR / (sampleRate * N))));
      }
    });
  }
  const accuracy = metrics.accuracy(noGrad(() => model.forward(unknown.x)), unknown.y);
  return { accuracy, largest };
}

/** The ε of a number of steps at δ = 1e-5. */
const spent = (noiseMultiplier: number, steps: number) =>
  metrics.privacySpent({ noiseMultiplier, sampleRate, steps, delta: 1e-5 }).epsilon;

const plain = fit(null);
const found = [1, 8].map((noise) => {
  const result = fit(run.control ? noise * 100 : noise);
  const epsilon = spent(noise, steps);
  console.log(
    `noise ${noise}: accuracy ${result.accuracy.toFixed(3)} on new examples, ` +
      `${plain.accuracy.toFixed(3)} without; (ε, δ) = (${epsilon.toFixed(2)}, 1e-5)`,
  );
  return { ...result, epsilon };
});
const [, much] = found;
const counts = Array.from({ length: 15 }, (_, i) => 10 * (i + 1));
const cost = (noise: number) => counts.map((steps) => spent(noise, steps));
run.picture(
  "privacy_spent",
  plot.lines({ "noise 1": cost(1), "noise 2": cost(2), "noise 8": cost(8) }, {
    x: counts,
    yScale: "log",
    xLabel: "steps",
    yLabel: "ε at δ = 1e-5",
  }),
);
run.figures("B-35", {
  accuracy: much!.accuracy,
  plain: plain.accuracy,
  largestNorm: Math.max(...found.map(({ largest }) => largest)),
  epsilon: found.map(({ epsilon }) => epsilon),
});
run.end();
