/**
 * A loss steers training by its gradient: kinks make steps oscillate, and flat parts make them
 * vanish. The absolute error pulls equally hard at any distance, so with a rate of 0.1 steps never
 * get closer to 0 than 0.05; Huber's pull shrinks near the target. The squared error of a sigmoid
 * is flat where the answer is confidently wrong, with logit −10 for a 1; cross-entropy of the logit
 * pulls at full strength there.
 *
 *   deno run -A examples/gradient_regulator.ts
 *
 * The control swaps the losses: Huber's for the absolute error, and the flat one for cross-entropy.
 */

import { grad, losses, optim, type Tensor, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A loss steers by its gradient: kinks oscillate, flat parts vanish.");
const float64 = { dtype: "float64", requiresGrad: true } as const;
const zero = tensor(0, { dtype: "float64" });
const one = tensor(1, { dtype: "float64" });
const squaredSigmoid = (logit: Tensor, target: Tensor) => losses.mse(logit.sigmoid(), target);

const kinked = run.control ? losses.huber : losses.l1;
const smooth = run.control ? losses.l1 : losses.huber;
const flat = run.control ? losses.bceWithLogits : squaredSigmoid;
const steep = run.control ? squaredSigmoid : losses.bceWithLogits;

/** The path of steps with rate 0.1 from 0.95. */
function path(loss: typeof kinked): number[] {
  const x = tensor(0.95, float64);
  const optimizer = new optim.SGD([x], { lr: 0.1 });
  return Array.from({ length: 61 }, () => {
    const at = x.item();
    optimizer.zeroGrad();
    loss(x, zero).backward();
    optimizer.step();
    return at;
  });
}

/** The pull at logit −10 if the right answer is 1. */
function pull(loss: typeof flat): number {
  const logit = tensor(-10, float64);
  return grad(loss(logit, one), [logit])[0].item();
}

const paths = { l1: path(kinked), huber: path(smooth) };
for (const [name, path] of Object.entries(paths)) {
  console.log(`${name.padEnd(6)}${path.slice(-4).map((x) => x.toFixed(5)).join("  ")}`);
}
run.picture("gradient_regulator", plot.lines(paths, { xLabel: "step", yLabel: "x" }));
run.figures("C-03", {
  l1: paths.l1.slice(-4),
  huber: paths.huber.slice(0, 4),
  huberEnd: paths.huber.at(-1)!,
  sigmoid: pull(flat),
  logit: pull(steep),
});
run.end();
