/**
 * Meta-learning (C. Finn et al., "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks",
 * 2017) of sine waves: initial weights from which one step on 10 points of a new wave nearly fits it.
 *
 *   deno run --allow-ffi examples/maml.ts --seed 1
 *
 * Options: --seed N, --quick (fewer steps), --json (a last line with the figures).
 *
 * The inner step is differentiable, and a whole batch of tasks goes through it at once by `vmap`. Beside
 * stand the first-order method, which takes the inner gradient for a constant, and training without
 * adaptation, which can only learn the mean of all waves.
 */

import { parseArgs } from "node:util";
import { gradOf, losses, manualSeed, optim, rand, type Tensor, vmap } from "@adjoint/ml";

const [SHOTS, TASKS, TESTS, INNER_LR, OUTER_LR] = [10, 25, 200, 0.01, 0.002];

/** How the gradient of the inner step is seen from outside; null for no inner step. */
export type Inner = "differentiated" | "constant" | null;

/** What is compared. */
export const METHODS: Readonly<Record<string, Inner>> = {
  "MAML": "differentiated",
  "first-order MAML": "constant",
  "no adaptation": null,
};

/** Some points of a wave, or of many. */
type Points = readonly [x: Tensor, y: Tensor];

/** Weights and biases of a perceptron 1-40-40-1. */
function initial(): Tensor[] {
  const layers = [[1, 40], [40, 40], [40, 1]] as const;
  return layers.flatMap(([from, to]) =>
    [[from, to], [to]].map((shape) => rand(shape).mul(2).sub(1).div(Math.sqrt(from)))
  );
}

/** The error of the perceptron on points. */
function lossOf([w1, b1, w2, b2, w3, b3]: Tensor[], [x, y]: Points): Tensor {
  const hidden = x.matmul(w1!).add(b1!).relu().matmul(w2!).add(b2!).relu();
  return losses.mse(hidden.matmul(w3!).add(b3!), y);
}

/** Points of waves that differ in amplitude and phase: the first are to learn from, the others to test. */
function waves(count: number): Points {
  const [amplitude, phase] = [rand([count, 1, 1]).mul(4.9).add(0.1), rand([count, 1, 1])];
  const x = rand([count, 2 * SHOTS, 1]).mul(10).sub(5);
  return [x, x.sub(phase.mul(Math.PI)).sin().mul(amplitude)];
}

/** The mean error on the test points of waves after steps on the others, for all waves at once. */
function adaptedLoss(params: Tensor[], batch: Points, steps: number, inner: Inner): Tensor {
  const each = (x: Tensor, y: Tensor) => {
    const part = (from: number): Points => [x.narrow(0, from, SHOTS), y.narrow(0, from, SHOTS)];
    let own = params;
    for (let step = 0; step < steps; step++) {
      const found = gradOf(lossOf)(own, part(0));
      const gradients = inner === "constant" ? found.map((g) => g.detach()) : found;
      own = optim.functional.sgd(own, gradients, {}, { lr: INNER_LR }).params;
    }
    return lossOf(own, part(SHOTS));
  };
  return vmap(each)(...batch).mean();
}

/** Trains initial weights by a method; gives the errors on new waves after 0, 1 and 5 steps. */
export function train(inner: Inner, seed: number, steps: number): number[] {
  manualSeed(seed);
  let params = initial();
  let state = {};
  for (let step = 0; step < steps; step++) {
    const batch = waves(TASKS);
    const loss = (own: Tensor[]) => adaptedLoss(own, batch, inner === null ? 0 : 1, inner);
    const gradients = gradOf(loss)(params);
    ({ params, state } = optim.functional.adam(params, gradients, state, { lr: OUTER_LR }));
  }
  const batch = waves(TESTS);
  return [0, 1, 5].map((steps) => adaptedLoss(params, batch, steps, inner).item());
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  const steps = values.quick ? 500 : 5000;
  console.log(`seed ${seed}, ${steps} steps; errors on new waves after 0, 1 and 5 inner steps`);
  const methods: Record<string, number[]> = {};
  for (const [name, inner] of Object.entries(METHODS)) {
    const errors = methods[name] = train(inner, seed, steps);
    console.log(`${name.padEnd(18)} ${errors.map((error) => error.toFixed(3)).join("  ")}`);
  }
  if (values.json) console.log(JSON.stringify({ seed, steps, methods }));
}
