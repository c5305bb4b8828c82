/**
 * The chain rule multiplies local derivatives on the way back. A layer y = f(Wx + b) is computed by
 * hand and by the library, and the derivatives of one neuron are printed step by step: ∂L/∂W =
 * ∂L/∂y · ∂y/∂z · ∂z/∂W. The loss enters only as the first factor, ∂L/∂y; choosing a loss means
 * choosing this factor. The product by hand, `backward` and finite differences must agree.
 *
 *   deno run --allow-ffi examples/one_neuron.ts
 *
 * In the control, the library uses another activation than the hand calculation.
 */

import { losses, nn, tensor, train } from "@adjoint/ml";

const run = train.experiment("The chain rule multiplies local derivatives on the way back.");
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
console.log(`Wx + b = ${before}, f(Wx + b) = ${output}`);
run.figures("B-13", {
  before: before.toArray() as number[],
  output: output.toArray() as number[],
});

// One neuron in plain numbers.
const [w, b, x, t] = [0.8, -0.2, 1.5, 1];
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const z = w * x + b;
const y = sigmoid(z);
const [dLdy, dydz] = [2 * (y - t), y * (1 - y)];
console.log(`z = w·x + b = ${z}\ny = σ(z) = ${y}\nL = (y − t)² = ${(y - t) ** 2}`);
console.log(`∂L/∂y = 2(y − t) = ${dLdy}\n∂y/∂z = y(1 − y) = ${dydz}\n∂z/∂w = x = ${x}, ∂z/∂b = 1`);
const hand = [dLdy * dydz * x, dLdy * dydz];
console.log(`∂L/∂w = ${dLdy} · ${dydz} · ${x} = ${hand[0]}\n∂L/∂b = ${hand[1]}`);

// The same with the tape.
const [weight, bias] = [tensor(w, leaf), tensor(b, leaf)];
const sum = weight.mul(x).add(bias);
losses.mse(run.control ? sum.tanh() : sum.sigmoid(), tensor(t, float64)).backward();
const tape = [weight.grad!.item(), bias.grad!.item()];
console.log(`backward: ∂L/∂w = ${tape[0]}, ∂L/∂b = ${tape[1]}`);

// And by finite differences.
const loss = (w: number, b: number) => (sigmoid(w * x + b) - t) ** 2;
const h = 1e-6;
const differences = [
  (loss(w + h, b) - loss(w - h, b)) / (2 * h),
  (loss(w, b + h) - loss(w, b - h)) / (2 * h),
];
run.figures("B-14", { hand, tape, differences });
run.end();
