/**
 * Recurrent nets forget by default, LSTM and GRU as well. How much of the last step's gradient arrives
 * 100 steps earlier: article 001 has RNN, LSTM and GRU as a cure of vanishing gradients; with the usual
 * initial weights it vanishes in all three, and only an LSTM whose forget gates start open keeps it.
 *
 *   deno run -A examples/recurrent_gradients.ts --seed 1
 *
 * The control leaves the gates as they are. The data is synthetic.
 */

import { nn, noGrad, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Recurrent nets forget by default, LSTM and GRU as well.");
const open = !run.control;
const [STEPS, HIDDEN] = [100, 32];

type Recurrent = nn.RNN | nn.GRU | nn.LSTM;

/** The length of the last output's gradient at each step of the input. */
function flow(net: Recurrent): number[] {
  const x = randn([8, STEPS, 4], { requiresGrad: true });
  net.forward(x).output.at(":", -1).square().mean().backward();
  return x.grad!.norm({ dim: [0, 2] }).toArray() as number[];
}

/** An LSTM whose forget gates begin at a bias. */
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
console.log("Gradient of the last output at the first of 100 inputs, by that at the last:");
run.picture(
  "recurrent_gradients",
  plot.lines(flows, { xLabel: "step", yLabel: "length of the gradient", yScale: "log" }),
);
const ratios = Object.fromEntries(
  Object.entries(flows).map(([name, norms]) => [name, norms[0]! / norms.at(-1)!]),
);
run.figures("B-37", ratios);
run.end();
