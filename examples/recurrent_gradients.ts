/**
 * Recurrent nets forget by default, LSTM and GRU included. How much of the last step's gradient
 * reaches the input 100 steps earlier? Article 001 names RNN, LSTM and GRU as a cure for vanishing
 * gradients, but with the usual initial weights the gradient vanishes in all three. Only an LSTM
 * whose forget gates start open keeps it.
 *
 *   deno run -A examples/recurrent_gradients.ts --seed 1
 *
 * The control leaves the gates as they are. Synthetic data.
 */

import { nn, noGrad, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Recurrent nets forget by default, LSTM and GRU included.");
const open = !run.control;
const [STEPS, HIDDEN] = [100, 32];

type Recurrent = nn.RNN | nn.GRU | nn.LSTM;

/** The norm of the last output's gradient at each step of the input. */
function flow(net: Recurrent): number[] {
  const x = randn([8, STEPS, 4], { requiresGrad: true });
  net.forward(x).output.at(":", -1).square().mean().backward();
  return x.grad!.norm({ dim: [0, 2] }).toArray() as number[];
}

/** An LSTM whose forget gates start with a bias. */
function lstm(bias: number): nn.LSTM {
  const net = new nn.LSTM(4, HIDDEN, { batchFirst: true });
  const [, gates] = net.namedParameters().find(([name]) => name === "bias_ih_l0") as [
    string,
    Tensor,
  ];
  if (open) noGrad(() => gates.setAt([[HIDDEN, 2 * HIDDEN]], bias));
  return net;
}

const nets: Record<string, Recurrent> = {
  rnn: new nn.RNN(4, HIDDEN, { batchFirst: true }),
  gru: new nn.GRU(4, HIDDEN, { batchFirst: true }),
  lstm: new nn.LSTM(4, HIDDEN, { batchFirst: true }),
  open2: lstm(2),
  open5: lstm(5),
};
const flows = Object.fromEntries(Object.entries(nets).map(([name, net]) => [name, flow(net)]));
console.log("Gradient of the last output at the first of 100 inputs, relative to the last input:");
run.picture(
  "recurrent_gradients",
  plot.lines(flows, { xLabel: "step", yLabel: "norm of the gradient", yScale: "log" }),
);
const ratios = Object.fromEntries(
  Object.entries(flows).map(([name, norms]) => [name, norms[0]! / norms.at(-1)!]),
);
run.figures("B-37", ratios);
run.end();
