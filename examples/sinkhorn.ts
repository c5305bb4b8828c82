/**
 * Points flow onto a ring along the gradient of an optimal transport cost (Cuturi, "Sinkhorn
 * Distances", 2013): 50 iterations in log space find how much of each point goes where, and the
 * gradient flows back through all of them. Without iterations, all points are drawn to the centre.
 * Synthetic data.
 */

import { cdist, cos, optim, rand, randn, scope, sin, stack } from "@adjoint/ml";
import { type Tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Sinkhorn's iterations are differentiable.");
const [COUNT, ITERATIONS, EPSILON, STEPS] = [64, run.control ? 0 : 50, 0.1, run.quick ? 20 : 100];

/** The cost of moving points to others with equal weights, regularised by the entropy with ε. */
function transport(x: Tensor, y: Tensor): Tensor {
  const cost = cdist(x, y).square();
  const share = -Math.log(COUNT);
  let [f, g] = [zeros([COUNT, 1]), zeros([1, COUNT])];
  for (let k = 0; k < ITERATIONS; k++) {
    f = g.sub(cost).div(EPSILON).logsumexp(1, { keepdim: true }).add(share).mul(-EPSILON);
    g = f.sub(cost).div(EPSILON).logsumexp(0, { keepdim: true }).add(share).mul(-EPSILON);
  }
  const plan = ITERATIONS === 0
    ? zeros([COUNT, COUNT]).add(1 / COUNT ** 2)
    : f.add(g).sub(cost).div(EPSILON).add(2 * share).exp();
  return plan.mul(cost).sum();
}

const angle = rand([COUNT]).mul(2 * Math.PI);
const ring = stack([cos(angle), sin(angle)], 1);
const points = randn([COUNT, 2]).mul(0.1).requiresGrad_();
const start = points.detach().clone();
const optimizer = new optim.Adam([points], { lr: 0.05 });
const before = transport(points, ring).item();
for (let step = 0; step < STEPS; step++) {
  scope(() => {
    optimizer.zeroGrad();
    transport(points, ring).backward();
    optimizer.step();
  });
}
const dots = (all: Tensor, label: string) =>
  plot.scatter(all.at(":", 0), all.at(":", 1), { label });
run.picture(
  "flow",
  plot.figure([[dots(ring, "ring"), dots(start, "before"), dots(points.detach(), "after")]], {
    width: 480,
    height: 440,
  }),
);
const radius = points.detach().norm({ dim: 1 });
// The distance of each point of the ring to the nearest moved point.
const gap = cdist(ring, points.detach()).min(1).values.mean().item();
const after = transport(points, ring).item();
run.figures("sinkhorn", { before, after, radius: radius.mean().item(), gap });
run.end();
