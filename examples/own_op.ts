/**
 * An op of one's own is a function with a backward pass, and a checker says whether that is right.
 * Article 001 hopes for new algorithms and architectures. Here a rounded ramp, 0 below −1 and x beyond
 * 1 with a parabola between, is an op whose forward and backward are written by hand. It passes the
 * checks of first and second order, trains a net, and works under vmap. A backward that is 1 % off is
 * found.
 *
 *   deno run --allow-ffi examples/own_op.ts
 *
 * The control is off by 1 %.
 */

import { customFunction, linspace, losses, nn, optim, randn, type Tensor } from "@adjoint/ml";
import { train, vmap, where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";
import { gradcheck, gradgradcheck } from "@adjoint/ml/testing";

const run = train.experiment("An op of one's own has a backward pass that a checker judges.");

/** The ramp's slope: 0, a line, 1. */
const slope = (x: Tensor) => x.add(1).mul(0.5).clamp(0, 1);

/** The op with a backward that is too large by a share. */
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

/** A net with the op as its activation, and what is left of the error. */
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
