/**
 * Gradient descent follows its formula, W′ = W − η·∂L/∂W, step by step. Of the loss, only the
 * gradient enters. Shown are a step by hand; a parabola, where xₙ = x₀·(1 − ηλ)ⁿ; twenty steps of
 * SGD and Adam on small batches, equal to PyTorch's; and the fit of the line y = 2x + 1.
 *
 *   deno run --allow-ffi examples/gradient_descent.ts --seed 1
 *
 * The control goes uphill.
 */

import { arange, data, losses, nn, optim, type Tensor, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Gradient descent follows its formula.");
const maximize = run.control;
const float64 = { dtype: "float64" } as const;

/** Takes one step of an optimizer on a loss. */
function step(optimizer: optim.SGD | optim.Adam, loss: () => Tensor): void {
  optimizer.zeroGrad();
  loss().backward();
  optimizer.step();
}

// One neuron with W = [1 2], b = 0.5, x = [3 −1], target 1: y = 1.5, ∂L/∂W = 2·(y − 1)·x = [3 −1].
const neuron = new nn.Linear(2, 1, float64);
neuron.loadStateDict({ weight: tensor([[1, 2]], float64), bias: tensor([0.5], float64) });
const once = new optim.SGD(neuron.parameters(), { lr: 0.1, maximize });
const [input, target] = [tensor([[3, -1]], float64), tensor([[1]], float64)];
step(once, () => losses.mse(neuron.forward(input), target));
console.log(`W = [1 2] − 0.1·[3 −1] = ${neuron.weight}, b = 0.5 − 0.1·1 = ${neuron.bias}`);
run.figures("B-15", {
  weight: neuron.weight.flatten().toArray() as number[],
  bias: neuron.bias.item(),
});

const x = tensor(5, { ...float64, requiresGrad: true });
const parabola = new optim.SGD([x], { lr: 0.1, maximize });
const path = Array.from({ length: 21 }, () => {
  const at = x.item();
  step(parabola, () => x.square().mul(1.5));
  return at;
});
run.figures("B-07", { start: path[0]!, one: path[1]!, ten: path[10]!, twenty: path[20]! });

/** The path of each optimizer. */
const ways: Record<string, number[][]> = {};

/** The position of an optimizer after 1, 5, 10 and 20 steps on batches of two rows. */
function trace(name: string, make: (w: Tensor) => optim.SGD | optim.Adam): number[] {
  const wave = (n: number, step: number) => arange(n, float64).mul(step).add(0.3).sin();
  const [rows, targets] = [wave(16, 0.7).reshape([8, 2]), wave(8, 1.1)];
  const loader = new data.DataLoader(new data.TensorDataset(rows, targets), { batchSize: 2 });
  const w = tensor([1, -2], { ...float64, requiresGrad: true });
  const optimizer = make(w);
  const seen: number[][] = ways[name] = [w.toArray() as number[]];
  for (let epoch = 0; epoch < 5; epoch++) {
    for (const [inputs, outputs] of loader) {
      step(optimizer, () => losses.mse(inputs!.matmul(w), outputs!));
      seen.push(w.toArray() as number[]);
    }
  }
  return [1, 5, 10, 20].flatMap((k) => seen[k]!);
}

const momentum = { momentum: 0.9, nesterov: true, weightDecay: 0.01 };
run.figures("B-08", {
  sgd: trace("SGD", (w) => new optim.SGD([w], { lr: 0.1, maximize })),
  nesterov: trace("Nesterov", (w) => new optim.SGD([w], { lr: 0.1, ...momentum, maximize })),
});
run.figures("B-09", {
  adam: trace("Adam", (w) => new optim.Adam([w], { lr: 0.1, maximize })),
  adamEps: trace(
    "Adam, large eps",
    (w) => new optim.Adam([w], { lr: 0.1, eps: 0.05, weightDecay: 0.01, maximize }),
  ),
});
run.picture(
  "ways",
  plot.figure([
    Object.entries(ways).map(([name, seen]) =>
      plot.lines({ [name]: seen.map(([, second]) => second!) }, {
        x: seen.map(([first]) => first!),
        title: "Twenty steps from (1, −2) on the same batches",
        xLabel: "first weight",
        yLabel: "second weight",
        points: true,
      })
    ),
  ]),
);

const points = data.synthetic.line(200);
const line = new nn.Linear(1, 1);
const fitted = new optim.Adam(line.parameters(), { lr: 0.05, maximize });
for (let i = 0; i < 300; i++) step(fitted, () => losses.mse(line.forward(points.x), points.y));
console.log("Synthetic points near y = 2x + 1:");
run.figures("B-03", { weight: line.weight.item(), bias: line.bias.item() });
run.end();
