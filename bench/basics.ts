/** Rows of both devices. `torch/basics.py` has the same rows. */

import { losses, type Tensor, where } from "@adjoint/ml";
import { positions, wave, waves } from "./inputs.ts";
import { computing, type Instance } from "./row.ts";

export function add(size: number, recording = false): Instance {
  const a = waves(size).detach().requiresGrad_(recording);
  const b = waves(size, { phase: 1.3 });
  return computing(() => a.add(b));
}

/** Huber's loss, written out in ops. */
function huberByHand(prediction: Tensor, target: Tensor, delta = 1): Tensor {
  const r = prediction.sub(target).abs();
  return where(r.le(delta), r.square().mul(0.5), r.mul(delta).sub(0.5 * delta ** 2)).mean();
}

export function huber(size: number): Instance {
  const prediction = waves(size, { scale: 2 }).detach().requiresGrad_();
  const target = waves(size, { phase: 1.3 });
  return computing(() => {
    prediction.grad = null;
    const loss = huberByHand(prediction, target);
    loss.backward();
    return loss;
  }, () => [prediction.grad]);
}

export function crossEntropy(rows: number, classes: number): Instance {
  const logits = wave([rows, classes], { scale: 2 }).requiresGrad_();
  const targets = positions([rows], classes);
  return computing(() => {
    logits.grad = null;
    const loss = losses.crossEntropy(logits, targets);
    loss.backward();
    return loss;
  }, () => [logits.grad]);
}

export function matmul(n: number): Instance {
  const a = wave([n, n]);
  const b = wave([n, n], { phase: 1.3 });
  return computing(() => a.matmul(b));
}

export function exp(size: number): Instance {
  const x = waves(size);
  return computing(() => x.exp());
}

export function sum(size: number): Instance {
  // Around 1, since the sum of a sine would be only rounding.
  const x = waves(size, { offset: 1, scale: 0.5 });
  return computing(() => x.sum());
}
