/**
 * The effect of a sample on the test loss, without training again (Koh & Liang, 2017): the inverse
 * Hessian by conjugate gradients, and all samples' gradients at once. It is compared with training
 * without each sample. A tenth of the labels is wrong; these samples have the most effect.
 * Synthetic data.
 */

import { eye, gradOf, hessian, hvp, linalg, losses, metrics, ones } from "@adjoint/ml";
import { perSampleGrad, rand, randn, type Tensor, train, vmap, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Influence functions predict the effect of leaving out a sample.");
const [FEATURES, ROWS, DECAY, NEWTON] = [8, run.quick ? 60 : 300, 0.01, 8];
const float64 = { dtype: "float64" } as const;
const truth = randn([FEATURES], float64);
function sample(rows: number, wrong: number): [x: Tensor, y: Tensor, flipped: Tensor] {
  const x = randn([rows, FEATURES], float64);
  const flipped = rand([rows], float64).lt(wrong).to(float64);
  return [x, x.matmul(truth).gt(0).to(float64).sub(flipped).abs(), flipped];
}
const [[x, y, flipped], [testX, testY]] = [sample(ROWS, 0.1), sample(500, 0)];

/** The training loss with a weight for each sample. */
function training(w: Tensor, weights: Tensor): Tensor {
  const each = losses.bceWithLogits(x.matmul(w), y, { reduction: "none" });
  return each.mul(weights).sum().div(ROWS).add(w.square().sum().mul(DECAY / 2));
}
const test = (w: Tensor) => losses.bceWithLogits(testX.matmul(w), testY);

/** The weights at the end of training, by Newton's method. */
function trained(weights: Tensor): Tensor {
  let w = zeros([FEATURES], float64);
  for (let step = 0; step < NEWTON; step++) {
    const curvature = hessian((w: Tensor) => training(w, weights), w);
    w = w.sub(linalg.solve(curvature, gradOf(training)(w, weights)));
  }
  return w;
}

const all = ones([ROWS], float64);
const w = trained(all);
const solved = (b: Tensor) => linalg.cg(product, b, { tol: 0, maxIterations: FEATURES });
const one = (w: Tensor, x: Tensor, y: Tensor) => losses.bceWithLogits(x.dot(w), y);
const each = perSampleGrad(one)(w, x, y);
const product = (v: Tensor) => hvp((w) => training(w, all), w, v)[1];
// The control sets the Hessian to 1.
const influence = each.matmul(run.control ? gradOf(test)(w) : solved(gradOf(test)(w))).div(ROWS);
const without = vmap((left: Tensor) => test(trained(all.sub(left))))(eye(ROWS, float64)).sub(
  test(w),
);
const axes = { xLabel: "predicted change of the loss", yLabel: "measured without the sample" };
const groups = [...flipped.data].map((wrong) => wrong ? "wrong label" : "right label");
run.picture("left_out", plot.scatter(influence, without, { groups, ...axes }));
const error = influence.sub(without).norm().div(without.norm()).item();
const own = vmap((g: Tensor) => linalg.cg(product, g, { tol: 0, maxIterations: FEATURES }).dot(g))(
  each,
);
run.figures("influence", { error, found: metrics.rocAuc(own, flipped) });
run.end();
