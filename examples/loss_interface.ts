/**
 * A loss is an interface, not a ruler: it has parameters that train, a state that is kept, and parts that
 * add up. Article 002's thesis, on the smallest loss that shows it: the likelihood of Laplace noise,
 * |r|/s + ln s, which learns the scale s of the errors while the model learns the line.
 *
 *   deno run --allow-ffi examples/loss_interface.ts --seed 1
 *
 * The control is the ruler: the absolute error, which has nothing to learn. The data is synthetic.
 */

import { losses, nn, noGrad, optim, rand, randn, type Tensor, tensor } from "@adjoint/ml";
import { train, zeros } from "@adjoint/ml";

const run = train.experiment("A loss is an interface: it learns, it has a state, and it composes.");

/** |r|/s + ln s, the likelihood of errors of scale s, which is learned. */
class LaplaceLoss extends losses.Loss {
  logScale = new nn.Parameter(zeros([]));

  override forward(prediction: Tensor, target: Tensor): Tensor {
    const each = prediction.sub(target).abs().mul(this.logScale.neg().exp());
    return each.mean().add(this.logScale);
  }
}

const make = () => run.control ? new losses.L1Loss() : new LaplaceLoss();

// Synthetic errors of Laplace's law have scale 0.3: the difference of two exponential ones.
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

// What it has learned goes into its state dict, and from there into another loss.
const other = make().plus(new losses.MSELoss().times(0.01));
other.loadStateDict(whole.stateDict());
const [p, t] = [tensor([[3]]), tensor([[1]])];
const [value, restored] = noGrad(() => [whole.forward(p, t).item(), other.forward(p, t).item()]);
const terms = Object.values(noGrad(() => whole.terms(p, t))).map((term) => term.item());
const [scale] = own.parameters();

console.log(`Its state: ${JSON.stringify(Object.keys(whole.stateDict()))}`);
console.log(`Scale learned: ${scale?.exp().item()}, of synthetic errors of scale 0.3.`);
run.figures("C-01", {
  parameters: whole.parameters().length,
  evaluates: !whole.training && !own.training,
  scale: scale?.exp().item() ?? NaN,
  restored: value === restored,
  sum: Math.abs(terms.reduce((a, b) => a + b) - value),
});
run.end();
