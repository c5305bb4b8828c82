/**
 * How strongly should each weight of a logistic regression decay? The validation loss decides: its
 * gradient flows through the end of training, not through the steps (Lorraine et al., 2020), by
 * products with the Hessian and conjugate gradients. Half of the features are noise. Synthetic data.
 */

import { full, grad, gradOf, hvp, linalg, losses, optim, randn } from "@adjoint/ml";
import { scope, type Tensor, train, valueAndGrad, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("The gradient of a decay needs the end of training, not its steps.");
const [FEATURES, ROWS, NEWTON, STEPS] = [20, 60, 8, run.quick ? 5 : 40];
const float64 = { dtype: "float64" } as const;
const truth = randn([FEATURES], float64);
truth.narrow(0, FEATURES / 2, FEATURES / 2).zero_();
function sample(rows: number): [x: Tensor, y: Tensor] {
  const x = randn([rows, FEATURES], float64);
  return [x, x.matmul(truth).add(randn([rows], float64)).gt(0).to(float64)];
}
const [known, held] = [sample(ROWS), sample(ROWS * 2)];
const error = (w: Tensor, [x, y]: [Tensor, Tensor]) => losses.bceWithLogits(x.matmul(w), y);
const training = (w: Tensor, decay: Tensor) =>
  error(w, known).add(decay.exp().mul(w.square()).sum().mul(0.5));

/** Solves with the Hessian of the training loss. */
function solved(w: Tensor, decay: Tensor, b: Tensor): Tensor {
  const product = (v: Tensor) => hvp((w) => training(w, decay), w, v)[1];
  return linalg.cg(product, b, { tol: 1e-9, maxIterations: 40 });
}

/** The weights at the end of training, by Newton's method. */
function trained(decay: Tensor): Tensor {
  const slope = gradOf(training);
  let w = zeros([FEATURES], float64);
  for (let step = 0; step < NEWTON; step++) w = w.sub(solved(w, decay, slope(w, decay)));
  return w;
}

/** The validation loss and its gradient, −∂²T/∂λ∂w · H⁻¹ · ∂V/∂w; the control sets H to 1. */
function hypergradient(decay: Tensor): [number, Tensor] {
  const [w, own] = [trained(decay).requiresGrad_(), decay.detach().requiresGrad_()];
  const [value, slope] = valueAndGrad(error)(w, held);
  const v = run.control ? slope : solved(w.detach(), decay, slope);
  const [first] = grad(training(w, own), [w], { createGraph: true });
  return [value.item(), grad(first.mul(v).sum(), [own])[0].neg()];
}

const decay = full([FEATURES], -4, { ...float64, requiresGrad: true });
const [before, found] = hypergradient(decay.detach());
const moved = (by: number) => error(trained(decay.detach().add(found.mul(by))), held).item();
const difference = (moved(0.01) - moved(-0.01)) / 0.02;
const exact = Math.abs(found.square().sum().item() / difference - 1) < 1e-4;
const optimizer = new optim.Adam([decay], { lr: 0.1 });
for (let step = 0; step < STEPS; step++) {
  decay.grad = scope(() => hypergradient(decay.detach())[1]);
  optimizer.step();
}
run.picture("decay", plot.scatter(truth.abs(), decay, { xLabel: "|weight|", yLabel: "ln decay" }));
run.figures("hypergradient", { before, after: hypergradient(decay.detach())[0], exact });
run.end();
