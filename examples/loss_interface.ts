/**
 * A loss is more than a measure of error: it can have parameters that train and a state that is
 * saved, and losses add up. That is the thesis of article 002, shown on the smallest such loss: the
 * likelihood of Laplace noise, |r|/s + ln s, which learns the scale s of the errors while the model
 * learns a line. Its pull on a prediction is ±1/s, so the loss itself learns how hard to pull.
 *
 *   deno run --allow-ffi examples/loss_interface.ts --seed 1
 *
 * The control is the absolute error, which has nothing to learn. Synthetic data.
 */

import { losses, nn, noGrad, optim, rand, randn, type Tensor, tensor } from "@adjoint/ml";
import { train, zeros } from "@adjoint/ml";

const run = train.experiment("A loss can learn, has a state, and composes with others.");

/** |r|/s + ln s, the negative log-likelihood of errors with a learned scale s. */
class LaplaceLoss extends losses.Loss {
  logScale = new nn.Parameter(zeros([]));

  override forward(prediction: Tensor, target: Tensor): Tensor {
    const each = prediction.sub(target).abs().mul(this.logScale.neg().exp());
    return each.mean().add(this.logScale);
  }
}

const make = () => run.control ? new losses.L1Loss() : new LaplaceLoss();

// Laplace noise of scale 0.3 is the difference of two exponential variables.
const exponential = () => rand([500, 1]).neg().add(1).log();
const x = randn([500, 1]);
const y = x.mul(2).add(1).add(exponential().sub(exponential()).mul(0.3));

const own = make();
const whole = own.plus(new losses.MSELoss().times(0.01));
const model = new nn.Linear(1, 1);
const groups = [
  { params: model.parameters() },
  { params: whole.parameters(), lr: 0.02 },
].filter(({ params }) => params.length > 0);
const optimizer = new optim.Adam(groups, { lr: 0.05 });
whole.train();
for (let step = 0; step < 500; step++) {
  optimizer.zeroGrad();
  whole.forward(model.forward(x), y).backward();
  optimizer.step();
}
whole.eval();

// The learned scale is in the state dict, from which another loss can load it.
const other = make().plus(new losses.MSELoss().times(0.01));
other.loadStateDict(whole.stateDict());
const [p, t] = [tensor([[3]]), tensor([[1]])];
const [value, restored] = noGrad(() => [whole.forward(p, t).item(), other.forward(p, t).item()]);
const terms = Object.values(noGrad(() => whole.terms(p, t))).map((term) => term.item());
const [scale] = own.parameters();

console.log(`Its state: ${JSON.stringify(Object.keys(whole.stateDict()))}`);
console.log(`Learned scale: ${scale?.exp().item()}; the synthetic errors have 0.3.`);
run.figures("C-01", {
  parameters: whole.parameters().length,
  evaluates: !whole.training && !own.training,
  scale: scale?.exp().item() ?? NaN,
  restored: value === restored,
  sum: Math.abs(terms.reduce((a, b) => a + b) - value),
});
run.end();
