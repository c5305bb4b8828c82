/**
 * Inputs and figures that both sides make by the same formulas; `torch/inputs.py` is the other
 * side.
 */

import { type Device, fromTypedArray, nn, noGrad, type Tensor } from "@adjoint/ml";

let device: Device = "cpu";

/** Sets the device on which inputs are made. */
export function makeInputsOn(chosen: Device): void {
  device = chosen;
}

function made(
  values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  shape: readonly number[],
): Tensor {
  return fromTypedArray(values, shape).to({ device });
}

/** The parameters of `wave`. */
export interface WaveOptions {
  /** The phase of the sine. Default: 0.3. */
  readonly phase?: number;
  /** Its amplitude. Default: 1. */
  readonly scale?: number;
  /** Its mean. Default: 0. */
  readonly offset?: number;
}

/** offset + scale · sin(0.7·i + phase) in float64, rounded to float32. */
export function wave(shape: readonly number[], options: WaveOptions = {}): Tensor {
  const { phase = 0.3, scale = 1, offset = 0 } = options;
  const values = new Float32Array(shape.reduce((size, extent) => size * extent, 1));
  for (let i = 0; i < values.length; i++) values[i] = offset + scale * Math.sin(0.7 * i + phase);
  return made(values, shape);
}

/** A given number of values: a wave of 2²⁰, repeated. */
export function waves(size: number, options: WaveOptions = {}): Tensor {
  const length = Math.min(size, 2 ** 20);
  return wave([1, length], options).expand([size / length, length]).clone().reshape([size]);
}

/** The labels 0 to 9 in turn. */
export function labels(count: number): Tensor {
  return made(Int32Array.from({ length: count }, (_, i) => i % 10), [count]);
}

/** A sine for each example with the frequency of its label, so that there is much to learn. */
export function signals(count: number, features: number): Tensor {
  const values = new Float32Array(count * features);
  for (let n = 0, i = 0; n < count; n++) {
    const step = 0.01 * (1 + n % 10);
    for (let j = 0; j < features; j++) values[i++] = Math.sin(0.7 * n + step * j);
  }
  return made(values, [count, features]);
}

/**
 * A fixed order of examples, different in each epoch: 4801 and a count of 8000 have no common
 * factor.
 */
export function order(count: number, epoch: number): Tensor {
  return made(Int32Array.from({ length: count }, (_, i) => (4801 * i + 1013 * epoch) % count), [
    count,
  ]);
}

/** Positions below an extent, spread over its range. */
export function positions(shape: readonly number[], extent: number): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return made(Int32Array.from({ length: size }, (_, i) => 4801 * i % extent), shape);
}

/** Sets a model's parameters to waves of the size of PyTorch's initial values. */
export function setParameters<M extends nn.AnyModule>(model: M): M {
  noGrad(() =>
    model.parameters().forEach((p, i) => {
      const summed = p.ndim > 1 ? p.size / (p.shape[0] ?? 1) : p.size;
      p.copy_(wave(p.shape, { phase: 0.3 + i, scale: summed ** -0.5 }));
    })
  );
  return model;
}

/** The perceptron 784-128-10. */
export function perceptron(): nn.Sequential {
  return setParameters(
    new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)),
  );
}

/** A few hundred elements of a tensor, evenly spread; all of a small one. */
export function samples(x: Tensor): number[] {
  const { data } = x.detach().to({ device: "cpu" }).contiguous();
  const stride = Math.max(1, Math.floor(data.length / 256));
  return Array.from({ length: Math.ceil(data.length / stride) }, (_, i) => data[i * stride] ?? NaN);
}
