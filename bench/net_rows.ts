/** The rows of nets. `torch/net_rows.py` has the same rows by the same names. */

import { losses, nn, optim, type Tensor, tensor } from "@adjoint/ml";
import { labels, setParameters, wave } from "./inputs.ts";
import { computing, type Instance, type Row } from "./row.ts";

/** A net on an input, with the gradients of both. */
function backward<M extends nn.AnyModule>(
  net: M,
  shape: readonly number[],
  run: (net: M, x: Tensor) => Tensor,
): Instance {
  const parameters = net.parameters();
  const x = wave(shape).requiresGrad_();
  const gradient = wave(run(net, x).shape, { phase: 2.3, offset: 0.5 });
  return computing(() => {
    for (const leaf of [x, ...parameters]) leaf.grad = null;
    const y = run(net, x);
    y.backward({ gradient });
    return y;
  }, () => [x, ...parameters].map(({ grad }) => grad));
}

function lstm(): Instance {
  const net = setParameters(new nn.LSTM(32, 64, { batchFirst: true }));
  return backward(net, [16, 50, 32], (net, x) => net.forward(x).output);
}

function encoderLayer(): Instance {
  const options = { dimFeedforward: 128, dropout: 0, batchFirst: true };
  const net = setParameters(new nn.TransformerEncoderLayer(64, 4, options));
  return backward(net, [16, 32, 64], (net, x) => net.forward(x));
}

function swinBlock(): Instance {
  const net = setParameters(new nn.SwinBlock(32, 4, 7, 3));
  return backward(net, [4, 14, 14, 32], (net, x) => net.forward(x));
}

function attention(): Instance {
  const inputs = [0.3, 1.3, 2.3].map((phase) => wave([8, 8, 256, 64], { phase }).requiresGrad_());
  const [q, k, v] = inputs as [Tensor, Tensor, Tensor];
  const gradient = wave(q.shape, { phase: 3.3, offset: 0.5 });
  return computing(() => {
    for (const x of inputs) x.grad = null;
    const y = nn.functional.scaledDotProductAttention(q, k, v);
    y.backward({ gradient });
    return y;
  }, () => inputs.map(({ grad }) => grad));
}

class Gcn extends nn.Module<[x: Tensor, edgeIndex: Tensor]> {
  first = new nn.GCNConv(32, 64);
  second = new nn.GCNConv(64, 10);
  override forward(x: Tensor, edgeIndex: Tensor): Tensor {
    return this.second.forward(this.first.forward(x, edgeIndex).relu(), edgeIndex);
  }
}

/**
 * A training step on a graph of 1000 nodes and 4000 edges without loops. With a rate of 0, all
 * steps are the same.
 */
function gcnStep(): Instance {
  const net = setParameters(new Gcn());
  const optimizer = new optim.SGD(net.parameters(), { lr: 0 });
  const [x, y] = [wave([1000, 32]), labels(1000)];
  const ends = Array.from({ length: 4000 }, (_, i) => [i % 1000, (i * 7 + 13) % 1000] as const)
    .map(([from, to]) => [from, from === to ? (to + 1) % 1000 : to] as const);
  const edges = tensor(Int32Array.from([...ends.map(([i]) => i), ...ends.map(([, j]) => j)]))
    .reshape([2, 4000]);
  return computing(() => {
    optimizer.zeroGrad();
    const loss = losses.crossEntropy(net.forward(x, edges), y);
    loss.backward();
    optimizer.step();
    return loss;
  }, () => net.parameters());
}

/** All rows of nets. */
export const netRows: readonly Row[] = [
  { name: "LSTM 32-64 of 16x50, backward", target: 0.7, large: true, make: lstm },
  {
    name: "transformer encoder layer of 16x32x64, 4 heads, 128, backward",
    target: 0.7,
    large: true,
    make: encoderLayer,
  },
  { name: "GCN step, 1000 nodes, 4000 edges, 32-64-10", target: 0.6, large: true, make: gcnStep },
  {
    name: "Swin block of 4x14x14x32, 4 heads, windows of 7, backward",
    target: 0.8,
    large: true,
    make: swinBlock,
  },
  { name: "attention of 8x8x256x64, backward", target: 1, large: true, make: attention },
];
