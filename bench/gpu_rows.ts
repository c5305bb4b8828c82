/** The rows of the GPU. `torch/gpu_rows.py` has the same rows by the same names. */

import { conv2d, layerNorm, losses, maxPool2d, nn, noGrad, optim, type Tensor } from "@adjoint/ml";
import { add, crossEntropy, exp, huber, matmul, sum } from "./basics.ts";
import { labels, wave } from "./inputs.ts";
import { computing, type Instance, type Row } from "./row.ts";

/** A training step of 784-1024-10 on 256 examples, with squared errors and hand-written updates. */
function mlpStep(): Instance {
  const parameter = (shape: readonly number[], phase: number) =>
    wave(shape, { phase, scale: 0.03 }).requiresGrad_();
  const [w1, b1] = [parameter([784, 1024], 0.3), parameter([1024], 1.3)];
  const [w2, b2] = [parameter([1024, 10], 2.3), parameter([10], 3.3)];
  const params = [w1, b1, w2, b2];
  const x = wave([256, 784], { phase: 4.3 });
  const y = wave([256, 10], { phase: 5.3 });
  return computing(() => {
    for (const p of params) p.grad = null;
    const loss = x.matmul(w1).add(b1).relu().matmul(w2).add(b2).sub(y).square().mean();
    loss.backward();
    noGrad(() => params.forEach((p) => p.copy_(p.sub(p.grad!.mul(0.01)))));
    return loss;
  }, () => params);
}

function readBack(): Instance {
  const x = wave([1]);
  const read = () => [[x.item()]];
  return { run: () => void read(), result: read };
}

/** The op and the gradients of all inputs. */
function backward(shapes: readonly number[][], compute: (...x: Tensor[]) => Tensor): Instance {
  const inputs = shapes.map((shape, i) => wave(shape, { phase: 0.3 + i, offset: 0.5 }));
  const gradient = wave(compute(...inputs).shape, { phase: 2.3, offset: 0.5 });
  for (const x of inputs) x.requiresGrad_();
  return computing(() => {
    for (const x of inputs) x.grad = null;
    const y = compute(...inputs);
    y.backward({ gradient });
    return y;
  }, () => inputs.map((x) => x.grad));
}

/** A training step of a small convolutional net on 128 pictures of 28 x 28, with Adam. */
function cnnStep(): Instance {
  const parameter = (shape: readonly number[], phase: number, scale: number) =>
    wave(shape, { phase, scale }).requiresGrad_();
  const [w1, b1] = [parameter([32, 1, 3, 3], 0.3, 0.3), parameter([32], 1.3, 0.1)];
  const [w2, b2] = [parameter([64, 32, 3, 3], 2.3, 0.06), parameter([64], 3.3, 0.1)];
  const [w3, b3] = [parameter([10, 3136], 4.3, 0.02), parameter([10], 5.3, 0.1)];
  const params = [w1, b1, w2, b2, w3, b3];
  const optimizer = new optim.Adam(params, { lr: 0.001 });
  const x = wave([128, 1, 28, 28], { phase: 6.3 });
  const y = labels(128);
  const layer = (x: Tensor, w: Tensor, bias: Tensor) =>
    maxPool2d(conv2d(x, w, { bias, padding: 1 }).relu(), 2);
  return computing(() => {
    optimizer.zeroGrad();
    const features = layer(layer(x, w1, b1), w2, b2).flatten(1);
    const loss = losses.crossEntropy(nn.functional.linear(features, w3, { bias: b3 }), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
}

/** All rows of the GPU. */
export const gpuRows: readonly Row[] = [
  { name: "read back one number", make: readBack },
  { name: "add of 16 floats", target: 1, make: () => add(16) },
  { name: "add of 2^20 floats", target: 1.2, make: () => add(2 ** 20) },
  { name: "add of 2^24 floats", target: 1.2, make: () => add(2 ** 24) },
  { name: "add of 2^26 floats", target: 1.2, make: () => add(2 ** 26) },
  { name: "exp of 2^26 floats", target: 1.2, make: () => exp(2 ** 26) },
  { name: "sum of 2^20 floats", target: 1.3, make: () => sum(2 ** 20) },
  { name: "sum of 2^24 floats", target: 1.3, make: () => sum(2 ** 24) },
  { name: "Huber by hand, 2^20 values, backward", target: 1, make: () => huber(2 ** 20) },
  { name: "Huber by hand, 2^24 values, backward", target: 1, make: () => huber(2 ** 24) },
  { name: "matmul 1024", target: 1.67, tolerance: 1e-4, make: () => matmul(1024) },
  { name: "matmul 4096", target: 1.54, tolerance: 1e-4, make: () => matmul(4096) },
  { name: "MLP step 784-1024-10, batch 256", target: 1, tolerance: 1e-4, make: mlpStep },
  {
    name: "softmax over 1 of 4096x1000, backward",
    target: 1.3,
    tolerance: 1e-4,
    make: () => backward([[4096, 1000]], (x) => x.softmax(1)),
  },
  {
    name: "layer norm over 1024 of 4096x1024, backward",
    tolerance: 1e-4,
    make: () =>
      backward(
        [[4096, 1024], [1024], [1024]],
        (x, weight, bias) => layerNorm(x, [1024], { weight, bias }),
      ),
  },
  {
    name: "cross entropy 256 x 50000, backward",
    tolerance: 1e-4,
    make: () => crossEntropy(256, 50000),
  },
  {
    name: "conv2d 3x3 of 32x64x56x56 to 64, backward",
    tolerance: 1e-4,
    make: () =>
      backward([[32, 64, 56, 56], [64, 64, 3, 3]], (x, w) => conv2d(x, w, { padding: 1 })),
  },
  { name: "CNN step, batch 128, Adam", target: 1, tolerance: 1e-3, make: cnnStep },
];
