/** The rows of the benchmark. `torch/rows.py` has the same rows by the same names. */

import { data, grad, losses, nn, optim, type Tensor } from "@adjoint/ml";
import { labels, order, perceptron, setParameters, signals, wave } from "./inputs.ts";
import { lossRows } from "./loss_rows.ts";
import { netRows } from "./net_rows.ts";
import { opRows } from "./op_rows.ts";
import { optimizerRows } from "./optimizer_rows.ts";
import { pictureRows } from "./picture_rows.ts";
import { add, crossEntropy, exp, huber, matmul, sum } from "./basics.ts";
import { computing, type Instance, type Row, type Within } from "./row.ts";
import { transformRows } from "./transform_rows.ts";

function chain(): Instance {
  const x = wave([16]).requiresGrad_();
  const a = wave([16], { phase: 1.3 });
  const b = wave([16], { phase: 2.3 });
  return computing(() => {
    x.grad = null;
    let y: Tensor = x;
    for (let i = 0; i < 20; i++) y = y.mul(a).add(b);
    const loss = y.sum();
    loss.backward();
    return loss;
  }, () => [x.grad]);
}

function uncertainty(): Instance {
  const logVars = wave([3]).requiresGrad_();
  const taskLosses = [0.5, 2, 3].map((offset) => wave([], { offset, scale: 0 }));
  return computing(() => {
    logVars.grad = null;
    const terms = taskLosses.map((loss, i) => {
      const s = logVars.at(i);
      return s.neg().exp().mul(loss).add(s.mul(0.5));
    });
    const total = terms.reduce((sum, term) => sum.add(term));
    total.backward();
    return total;
  }, () => [logVars.grad]);
}

/** The clipped policy loss, value loss and entropy bonus of PPO. */
function ppo(): Instance {
  const logpOld = wave([256], { offset: -2 });
  const logpNew = wave([256], { offset: -2, scale: 0.8, phase: 0.5 }).requiresGrad_();
  const advantages = wave([256], { phase: 1.3 });
  const returns = wave([256], { phase: 2.3 });
  const values = wave([256], { phase: 3.3 }).requiresGrad_();
  const entropy = wave([256], { offset: 1.5, scale: 0.5 });
  return computing(() => {
    logpNew.grad = values.grad = null;
    const ratio = logpNew.sub(logpOld).exp();
    const plain = ratio.mul(advantages);
    const clipped = ratio.clamp(0.8, 1.2).mul(advantages);
    const policy = plain.minimum(clipped).mean().neg();
    const value = losses.mse(values, returns);
    const bonus = entropy.mean().neg();
    const total = policy.add(value.mul(0.5)).add(bonus.mul(0.01));
    total.backward();
    return total;
  }, () => [logpNew.grad, values.grad]);
}

/** The gradient of the squared gradient norm. */
function secondOrder(): Instance {
  const net = setParameters(
    new nn.Sequential(new nn.Linear(16, 32), new nn.Tanh(), new nn.Linear(32, 1)),
  );
  const params = net.parameters();
  const x = wave([32, 16]);
  const y = wave([32, 1], { phase: 1.3 });
  return computing(() => {
    for (const p of params) p.grad = null;
    const loss = losses.mse(net.forward(x), y);
    const gradients = grad(loss, params, { createGraph: true });
    const norm = gradients.map((g) => g.square().sum()).reduce((sum, term) => sum.add(term));
    norm.backward();
    return norm;
  }, () => params.map((p) => p.grad));
}

function step(make: (params: readonly Tensor[]) => optim.SGD | optim.Adam): Instance {
  const model = perceptron();
  const params = model.parameters();
  const optimizer = make(params);
  const x = signals(64, 784);
  const y = labels(64);
  return computing(() => {
    optimizer.zeroGrad();
    const loss = losses.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  }, () => params);
}

/**
 * A pass over a data set from the initial weights, in batches from a loader; returns the losses of
 * its steps. The initial weights are computed once, so that only their copy is part of the time.
 */
function loaderPass(): Instance {
  const count = 2000;
  const set = new data.TensorDataset(signals(count, 784), labels(count));
  const indices = order(count, 0).toArray() as number[];
  const sampler = { length: count, indices: () => indices };
  const loader = new data.DataLoader(set, { batchSize: 64, sampler });
  const model = perceptron();
  const initial = model.copy().stateDict();
  const pass = (within: Within) => {
    model.loadStateDict(initial);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const step = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = losses.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss.item();
    };
    return [Array.from(loader, ([x, y]) => within(() => step(x, y)))];
  };
  return { run: pass, result: pass };
}

function linear(): Instance {
  const x = wave([64, 784]);
  const weight = wave([128, 784], { phase: 1.3 });
  return computing(() => x.matmul(weight.transpose(0, 1)));
}

/**
 * The whole training of the perceptron from its initial weights. The result is the loss of each
 * epoch, since 2500 steps amplify the rounding of single weights.
 */
function mainJob(): Instance {
  const [count, batch, epochs] = [8000, 32, 10];
  const images = signals(count, 784);
  const targets = labels(count);
  const orders = Array.from({ length: epochs }, (_, epoch) => order(count, epoch));
  const train = (within: Within) => {
    const model = perceptron();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const step = (index: Tensor) => {
      optimizer.zeroGrad();
      const logits = model.forward(images.indexSelect(0, index));
      const loss = losses.crossEntropy(logits, targets.indexSelect(0, index));
      loss.backward();
      optimizer.step();
      return loss.item();
    };
    const history = orders.map((order) => {
      let sum = 0;
      for (let start = 0; start < count; start += batch) {
        sum += within(() => step(order.at([start, start + batch])));
      }
      return sum / (count / batch);
    });
    return [history];
  };
  return { run: train, result: train };
}

/** All rows of the CPU, in the order of the table. */
export const cpuRows: readonly Row[] = [
  { name: "add of 16 floats, not recording", target: 0.3, make: () => add(16) },
  { name: "add of 16 floats, recording", target: 0.25, make: () => add(16, true) },
  { name: "20 x (mul, add) on 16 floats, sum, backward", target: 0.15, make: chain },
  { name: "Huber by hand, 256 values, backward", target: 0.3, make: () => huber(256) },
  { name: "uncertainty weighting of 3 losses, backward", target: 0.2, make: uncertainty },
  { name: "PPO sequence loss, 256 tokens, backward", target: 0.3, make: ppo },
  { name: "second order, 16-32-1 tanh net, batch 32", target: 0.4, make: secondOrder },
  {
    name: "MNIST MLP step, batch 64, SGD",
    target: 0.5,
    make: () => step((params) => new optim.SGD(params, { lr: 0.01 })),
  },
  {
    name: "MNIST MLP step, batch 64, Adam",
    target: 0.4,
    make: () => step((params) => new optim.Adam(params, { lr: 0.001 })),
  },
  {
    name: "MNIST MLP pass over 2000 by a loader, batch 64, SGD",
    target: 0.6,
    tolerance: 1e-4,
    make: loaderPass,
  },
  { name: "matmul 64", target: 1, make: () => matmul(64) },
  { name: "matmul 256", target: 1, large: true, make: () => matmul(256) },
  { name: "matmul 1024", target: 1, large: true, make: () => matmul(1024) },
  { name: "matmul x W^T, 64 x 784 x 128", target: 1, make: linear },
  { name: "add of 2^20 floats", target: 1, large: true, make: () => add(2 ** 20) },
  { name: "add of 2^23 floats", target: 1, large: true, make: () => add(2 ** 23) },
  { name: "exp of 2^20 floats", target: 1, large: true, make: () => exp(2 ** 20) },
  { name: "exp of 2^23 floats", target: 1, large: true, make: () => exp(2 ** 23) },
  { name: "sum of 2^20 floats", target: 1, large: true, make: () => sum(2 ** 20) },
  { name: "sum of 2^23 floats", target: 1, large: true, make: () => sum(2 ** 23) },
  {
    name: "Huber by hand, 2^20 values, backward",
    target: 0.6,
    large: true,
    make: () => huber(2 ** 20),
  },
  {
    name: "cross entropy 4096 x 1000, backward",
    target: 0.6,
    large: true,
    make: () => crossEntropy(4096, 1000),
  },
  { name: "main job, 10 epochs", target: 0.4, large: true, tolerance: 1e-4, make: mainJob },
  ...opRows,
  ...transformRows,
  ...lossRows,
  ...optimizerRows,
  ...netRows,
  ...pictureRows,
];
