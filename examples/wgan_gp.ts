/**
 * A generator of points on a ring of eight clusters, against a critic whose slope is kept at 1 by a
 * penalty on its gradient (Gulrajani et al., "Improved training of Wasserstein GANs", 2017). The
 * gradient of this penalty is a second derivative. Synthetic data.
 */

import { cat, cos, grad, nn, optim, rand, randint, randn, sin, stack, train } from "@adjoint/ml";
import { losses, noGrad, scope, type Tensor } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A penalty on the critic's gradient keeps its slope at 1.");
const [BATCH, CRITIC_STEPS, PENALTY] = [128, 3, run.control ? 0 : 10];
const perceptron = (outputs: number) => {
  const layers = [new nn.Linear(2, 64), new nn.ReLU(), new nn.Linear(64, 64), new nn.ReLU()];
  return new nn.Sequential(...layers, new nn.Linear(64, outputs));
};
const [generator, critic] = [perceptron(2), perceptron(1)];
const adam = (model: nn.Sequential) =>
  new optim.Adam(model.parameters(), { lr: 1e-3, betas: [0.5, 0.9] });
const [generatorSteps, criticSteps] = [adam(generator), adam(critic)];

function ring(count: number): Tensor {
  const angle = randint(0, 8, [count]).mul(Math.PI / 4);
  return stack([cos(angle), sin(angle)], 1).mul(2).add(randn([count, 2]).mul(0.1));
}

/** The slope of the critic at points between real and generated ones. */
function slope(real: Tensor, made: Tensor, createGraph: boolean): Tensor {
  const between = made.detach().lerp(real, rand([real.shape[0]!, 1])).requiresGrad_();
  const [gradient] = grad(critic.forward(between).sum(), [between], { createGraph });
  return gradient.norm({ dim: 1 });
}

for (let step = 0; step < (run.quick ? 40 : 600); step++) {
  scope(() => {
    for (let k = 0; k < CRITIC_STEPS; k++) {
      const [real, made] = [ring(BATCH), noGrad(() => generator.forward(randn([BATCH, 2])))];
      const penalty = slope(real, made, true).sub(1).square().mean().mul(PENALTY);
      const [ofMade, ofReal] = critic.forward(cat([made, real])).chunk(2);
      criticSteps.zeroGrad();
      ofMade!.mean().sub(ofReal!.mean()).add(penalty).backward();
      criticSteps.step();
    }
    generatorSteps.zeroGrad();
    critic.forward(generator.forward(randn([BATCH, 2]))).mean().neg().backward();
    generatorSteps.step();
  });
}

// The distance between the two sets: the mean over 50 one-dimensional projections of 2000 points.
const [real, made] = [ring(2000), noGrad(() => generator.forward(randn([2000, 2])))];
const angles = rand([50]).mul(Math.PI);
const shadows = stack([cos(angles), sin(angles)]);
const [a, b] = [made, real].map((points) => points.matmul(shadows).mT);
const distance = losses.wasserstein1d(a!, b!).item();
const dots = (all: Tensor, label: string) =>
  plot.scatter(all.at([0, 500], 0), all.at([0, 500], 1), { label });
run.picture("ring", plot.figure([[dots(real, "real"), dots(made, "generated")]]));
run.figures("wgan_gp", { distance, slope: slope(real, made, false).mean().item() });
run.end();
