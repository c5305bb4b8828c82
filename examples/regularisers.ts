/**
 * A penalty is an assumption: L1 assumes that most weights are 0, L2 that all are small. A penalty
 * pulls at the weights without any data. Σ|w| pulls with constant force until a weight is 0; the
 * pull of Σw² fades as a weight shrinks, so it never gets there. Synthetic data: 20 features, of
 * which 3 matter. A third assumption, that neighbours are similar, recovers a smooth curve from
 * noise.
 *
 *   deno run -A examples/regularisers.ts --seed 1
 *
 * The control has L2 in place of L1, and no smoothness.
 */

import { linspace, losses, nn, noGrad, optim, randn, type Tensor, tensor } from "@adjoint/ml";
import { train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A penalty is an assumption: L1 finds the features that matter.");
const { l1, l2 } = losses.regularization;
const sparse = run.control ? l2 : l1;
const roughness = run.control ? 0 : 20;
const steps = run.quick ? 300 : 1500;

const truth = tensor([[3], [-2], [1.5], ...Array.from({ length: 17 }, () => [0])]);
const x = randn([60, 20]);
const y = x.matmul(truth).add(randn([60, 1]).mul(0.5));

/** Minimizes a loss with shrinking steps. */
function minimize(parameters: Tensor[], loss: () => Tensor): void {
  const optimizer = new optim.Adam(parameters, { lr: 0.05 });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: steps });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
    schedule.step();
  }
}

/** The weights learned with a penalty. */
function weights(penalty: typeof l1): Tensor {
  const model = new nn.Linear(20, 1, { bias: false });
  const fit = () => losses.mse(model.forward(x), y);
  minimize(model.parameters(), () => fit().add(penalty(model.weight).mul(0.4)));
  return model.weight.detach().flatten();
}

const clean = linspace(0, 6, 100).sin();
const noisy = clean.add(randn([100]).mul(0.3));
const curve = zeros([100], { requiresGrad: true });
minimize(
  [curve],
  () => losses.mse(curve, noisy).add(curve.diff({ n: 2 }).square().mean().mul(roughness * 10)),
);

const found = { sparse: weights(sparse), small: weights(l2) };
console.log("Synthetic data: y = 3a − 2b + 1.5c + noise; 17 more features are irrelevant.");
for (const [name, w] of Object.entries(found)) {
  console.log(`${name.padEnd(7)}${(w.toArray() as number[]).map((v) => v.toFixed(2)).join(" ")}`);
}
run.picture(
  "regularisers",
  plot.figure([
    plot.heatmap([found.sparse.toArray() as number[], found.small.toArray() as number[]], {
      rows: ["L1", "L2"],
      title: "Weights of 20 features, of which 3 matter",
      center: 0,
      values: false,
    }),
    plot.lines({ noisy, smooth: curve.detach(), clean }, { title: "Smoothness" }),
  ]),
);
const zerosOf = (w: Tensor) => w.at([3, 20]).abs().lt(0.01).sum().item();
run.figures("C-04", {
  l1Zeros: zerosOf(found.sparse),
  l1Kept: found.sparse.at([0, 3]).abs().min().item(),
  l2Zeros: zerosOf(found.small),
  noise: losses.mse(noisy, clean).item(),
  smooth: noGrad(() => losses.mse(curve, clean)).item(),
});
run.end();
