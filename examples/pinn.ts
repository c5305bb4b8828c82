/**
 * A physics-informed network (Raissi et al., 2019): a perceptron that solves u'' = −sin x between 0
 * and 2π with u = 0 at both ends, so u = sin x. It never sees values of the solution inside: the
 * loss is the squared residual of the equation, a function of the network's second derivative.
 */

import { grad, linspace, nn, noGrad, optim, rand, scope, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "A network solves an equation because its derivatives are in the loss.",
);
const [POINTS, EPOCHS] = [64, run.quick ? 300 : 2000];
const model = new nn.Sequential(
  new nn.Linear(1, 32),
  new nn.Tanh(),
  new nn.Linear(32, 32),
  new nn.Tanh(),
  new nn.Linear(32, 1),
);
const ends = tensor([[0], [2 * Math.PI]]);
const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });
const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: EPOCHS });

/** The squared difference of u'' and −sin x at newly drawn points. */
function residual() {
  const x = rand([POINTS, 1]).mul(2 * Math.PI).requiresGrad_();
  const [slope] = grad(model.forward(x).sum(), [x], { createGraph: true });
  const [bend] = grad(slope.sum(), [x], { createGraph: true });
  return bend.add(x.detach().sin()).square().mean();
}

for (let epoch = 0; epoch < EPOCHS; epoch++) {
  scope(() => {
    optimizer.zeroGrad();
    const held = model.forward(ends).square().mean();
    // The control knows only the ends, not the equation.
    (run.control ? held : held.add(residual())).backward();
    optimizer.step();
    schedule.step();
  });
}
const x = linspace(0, 2 * Math.PI, 200).unsqueeze(1);
const found = noGrad(() => model.forward(x));
run.picture("solution", plot.lines({ network: found, "sin x": x.sin() }, { x, xLabel: "x" }));
const error = found.sub(x.sin()).square().mean().sqrt().item();
run.figures("pinn", { error: Math.log10(error), residual: Math.log10(residual().item()) });
console.log(
  "Logarithms to base 10 of the root mean square error, and of the mean square residual.",
);
run.end();
