/**
 * Your own op is a function with a backward pass, which a checker tests. Article 001 hopes for new
 * algorithms and architectures. Here, a smoothed ramp (0 below −1, x above 1, a parabola in
 * between) is an op with a hand-written forward and backward pass. It passes the checks of first
 * and second order, trains a net, and works under vmap. The checker finds a backward pass that is 1
 * % off.
 *
 *   deno run --allow-ffi examples/own_op.ts
 *
 * In the control, the backward pass is 1 % off.
 */

import { customFunction, linspace, losses, nn, optim, randn, type Tensor } from "@adjoint/ml";
import { train, vmap, where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";
import { gradcheck, gradgradcheck } from "@adjoint/ml/testing";

const run = train.experiment("Your own op has a backward pass, which a checker tests.");

/** The slope of the ramp: 0, a line, 1. */
const slope = (x: Tensor) => x.add(1).mul(0.5).clamp(0, 1);

/** The op with a backward pass that is too large by a share. */
const rampOff = (share: number) =>
  customFunction({
    name: "ramp",
    forward: (context, x: Tensor) => {
      context.save(x);
      return where(x.ge(1), x, x.clamp(-1, null).add(1).square().mul(0.25));
    },
    backward: ({ saved: [x] }, g) => g!.mul(slope(x!)).mul(1 + share),
  });
const ramp = rampOff(run.control ? 0.01 : 0);

/** Whether a check finds nothing wrong. */
function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    console.log(`  ${(error as Error).message.split("\n")[0]}`);
    return false;
  }
}

const first = passes(() => gradcheck(ramp, [[3, 4]]));
const second = passes(() => gradgradcheck(ramp, [[3, 4]]));

/** Trains a net with the op as its activation; returns the remaining error. */
const layers = [new nn.Linear(1, 16), new nn.Linear(16, 1)] as const;
const forward = (x: Tensor) => layers[1].forward(ramp(layers[0].forward(x)));
const x = linspace(-2, 2, 64).unsqueeze(1);
const y = x.sin();
const parameters = layers.flatMap((layer) => layer.parameters());
const optimizer = new optim.Adam(parameters, { lr: 1e-2 });
const error = () => losses.mse(forward(x), y);
const before = error().item();
for (let step = 0; step < (run.quick ? 200 : 800); step++) {
  optimizer.zeroGrad();
  error().backward();
  optimizer.step();
}
const batch = randn([5, 3]);
const alike = vmap(ramp)(batch).sub(ramp(batch)).abs().max().item();
const at = linspace(-3, 3, 121);
run.picture("ramp", plot.lines({ ramp: ramp(at), "its slope": slope(at) }, { x: at, xLabel: "x" }));
run.figures("B-30", { first, second, before, after: error().item(), vmapOff: alike });
run.end();
