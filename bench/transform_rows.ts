/** The rows of transforms. `torch/transform_rows.py` has the same rows by `torch.func`. */

import {
  conv2d,
  functionalCall,
  hessian,
  jacobian,
  jvp,
  losses,
  maxPool2d,
  nn,
  perSampleGrad,
  stack,
  type Tensor,
  vmap,
} from "@adjoint/ml";
import { labels, perceptron, setParameters, signals, wave } from "./inputs.ts";
import { computing, type Instance, type Row } from "./row.ts";

type Params = Record<string, Tensor>;

function paramsOf(model: nn.Module): Params {
  return Object.fromEntries(model.namedParameters());
}

/** A gradient of the cross-entropy for each of 256 examples. */
function perSample(
  params: Params,
  shape: readonly number[],
  logits: (params: Params, x: Tensor) => Tensor,
): Instance {
  const x = signals(256, shape.reduce((size, extent) => size * extent)).reshape([256, ...shape]);
  const y = labels(256);
  const gradients = perSampleGrad((own: Params, x: Tensor, y: Tensor) =>
    losses.crossEntropy(logits(own, x.unsqueeze(0)), y.unsqueeze(0))
  );
  return computing(() => Object.values(gradients(params, x, y)));
}

function perSampleOf(model: nn.Sequential, features: number): Instance {
  return perSample(paramsOf(model), [features], (own, x) => functionalCall(model, own, x));
}

function smallPerceptron(): nn.Sequential {
  return setParameters(
    new nn.Sequential(new nn.Linear(20, 64), new nn.ReLU(), new nn.Linear(64, 10)),
  );
}

/** Two convolutions with pools on pictures of 28 x 28, and a linear layer: 5258 parameters. */
function convolutional(): Instance {
  const shapes: Readonly<Record<string, readonly number[]>> = {
    weight1: [8, 1, 3, 3],
    bias1: [8],
    weight2: [16, 8, 3, 3],
    bias2: [16],
    weight3: [10, 400],
    bias3: [10],
  };
  const params = Object.fromEntries(
    Object.entries(shapes).map((
      [name, shape],
      i,
    ) => [name, wave(shape, { phase: 0.3 + i, scale: 0.1 })]),
  );
  return perSample(params, [1, 28, 28], (own, x) => {
    const first = conv2d(x, own["weight1"]!, { bias: own["bias1"]! });
    const second = conv2d(maxPool2d(first.relu(), 2), own["weight2"]!, { bias: own["bias2"]! });
    const features = maxPool2d(second.relu(), 2).flatten(1);
    return features.matmul(own["weight3"]!.mT).add(own["bias3"]!);
  });
}

function wholeJacobian(): Instance {
  const weight = wave([256, 200], { scale: 0.1 });
  const x = wave([200], { phase: 1.3 });
  return computing(() => jacobian((x) => weight.matmul(x).tanh(), x) as Tensor);
}

function wholeHessian(): Instance {
  const inputs = wave([64, 100], { scale: 0.1 });
  const target = wave([64], { phase: 1.3 });
  const w = wave([100], { phase: 2.3 });
  const loss = (w: Tensor) => losses.mse(inputs.matmul(w).tanh(), target);
  return computing(() => hessian(loss, w) as Tensor);
}

/** The loss of each of 1000 tasks: 16 examples of 8 numbers, with its own weights. */
function tasks(looped: boolean): Instance {
  const batch = [wave([1000, 8], { phase: 2.3 }), wave([1000, 16, 8]), wave([1000, 16])] as const;
  const loss = (w: Tensor, x: Tensor, y: Tensor) => losses.mse(x.matmul(w).tanh(), y);
  const mapped = vmap(loss);
  if (!looped) return computing(() => mapped(...batch));
  const [w, x, y] = batch;
  return computing(() =>
    stack(Array.from({ length: 1000 }, (_, i) => loss(w.at(i), x.at(i), y.at(i))))
  );
}

/**
 * The perceptron's outputs for 64 examples, and their derivatives with respect to all parameters.
 */
function forwardMode(): Instance {
  const model = perceptron();
  const params = paramsOf(model);
  const tangents = Object.fromEntries(
    Object.entries(params).map(([name, p], i) => [name, wave(p.shape, { phase: 5.3 + i })]),
  );
  const x = signals(64, 784);
  return computing(() => jvp((own: Params) => functionalCall(model, own, x), params, tangents));
}

/** The rows, in the order of the table. */
export const transformRows: readonly Row[] = [
  {
    name: "perSampleGrad of 256, MLP 20-64-10",
    target: 1,
    make: () => perSampleOf(smallPerceptron(), 20),
  },
  {
    name: "perSampleGrad of 256, MLP 784-128-10",
    target: 1,
    large: true,
    make: () => perSampleOf(perceptron(), 784),
  },
  {
    name: "perSampleGrad of 256, CNN 1-8-16 on 28x28",
    target: 1,
    large: true,
    make: convolutional,
  },
  { name: "jacobian of 256 by 200", target: 1, make: wholeJacobian },
  { name: "hessian of a loss of 100 parameters", target: 0.5, make: wholeHessian },
  // The first is to take at most 0.2 times our time of the second.
  { name: "loss of 1000 small tasks by vmap", make: () => tasks(false) },
  { name: "loss of 1000 small tasks in a loop", make: () => tasks(true) },
  { name: "jvp of MLP 784-128-10, batch 64", target: 1, make: forwardMode },
];
