/**
 * The chain rule is multiplication along the way back. A layer y = f(Wx + b) by hand and by the library,
 * and one neuron whose derivatives are printed step by step: ∂L/∂W = ∂L/∂y · ∂y/∂z · ∂z/∂W. What is
 * multiplied by hand, `backward` and differences of the loss must agree.
 *
 *   deno run --allow-ffi examples/one_neuron.ts
 *
 * The control lets the library use another activation than the hand does.
 */

import { losses, nn, tensor, train } from "@adjoint/ml";

const run = train.experiment("The chain rule is multiplication along the way back.");
const float64 = { dtype: "float64" } as const;
const leaf = { ...float64, requiresGrad: true } as const;

// f(Wx + b) of 3 inputs and 2 outputs: [1 − 4 + 1.5 + 0.5, 0.5 + 2 − 6 + 1] = [−1, −2.5] before f.
const layer = new nn.Linear(3, 2, float64);
layer.loadStateDict({
  weight: tensor([[1, -2, 0.5], [0.5, 1, -2]], float64),
  bias: tensor([0.5, 1], float64),
});
const before = layer.forward(tensor([1, 2, 3], float64));
const output = run.control
  ? before.tanh()
  : nn.functional.leakyRelu(before, { negativeSlope: 0.1 });
console.log(`Wx + b = ${before}, f of it = ${output}`);
run.figures("B-13", {
  before: before.toArray() as number[],
  output: output.toArray() as number[],
});

// One neuron, in plain numbers.
const [w, b, x, t] = [0.8, -0.2, 1.5, 1];
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const z = w * x + b;
const y = sigmoid(z);
const [dLdy, dydz] = [2 * (y - t), y * (1 - y)];
console.log(`z = w·x + b = ${z}\ny = σ(z) = ${y}\nL = (y − t)² = ${(y - t) ** 2}`);
console.log(`∂L/∂y = 2(y − t) = ${dLdy}\n∂y/∂z = y(1 − y) = ${dydz}\n∂z/∂w = x = ${x}, ∂z/∂b = 1`);
const hand = [dLdy * dydz * x, dLdy * dydz];
console.log(`∂L/∂w = ${dLdy} · ${dydz} · ${x} = ${hand[0]}\n∂L/∂b = ${hand[1]}`);

// The same by the tape.
const [weight, bias] = [tensor(w, leaf), tensor(b, leaf)];
const sum = weight.mul(x).add(bias);
losses.mse(run.control ? sum.tanh() : sum.sigmoid(), tensor(t, float64)).backward();
const tape = [weight.grad!.item(), bias.grad!.item()];
console.log(`backward: ∂L/∂w = ${tape[0]}, ∂L/∂b = ${tape[1]}`);

// And by differences.
const loss = (w: number, b: number) => (sigmoid(w * x + b) - t) ** 2;
const h = 1e-6;
const differences = [
  (loss(w + h, b) - loss(w - h, b)) / (2 * h),
  (loss(w, b + h) - loss(w, b - h)) / (2 * h),
];
run.figures("B-14", { hand, tape, differences });
run.end();
