/**
 * Functions of differences have the same derivatives however far the inputs are from 0: no
 * intermediate value may lose the digits of the differences.
 */

import { AssertionError, assertThrows } from "@std/assert";
import {
  distributions,
  grad,
  jvp,
  layerNorm,
  logaddexp,
  logcumsumexp,
  losses,
  nn,
  quantile,
  std,
  type Tensor,
  tensor,
  variance,
} from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

const LABELS = tensor(Int32Array.of(1, 3, 0));

/** Functions of a matrix of 3 by 4 that depend on differences only. */
const FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "logsumexp over rows": (x) => x.logsumexp(1),
  "logsumexp over columns, kept": (x) => x.logsumexp(0, { keepdim: true }),
  "logsumexp over both": (x) => x.logsumexp(),
  "logcumsumexp over rows": (x) => logcumsumexp(x, 1),
  "logcumsumexp over columns": (x) => logcumsumexp(x, 0),
  logaddexp: (x) => logaddexp(x.at(0), x.at(1)),
  softmax: (x) => x.softmax(1),
  logSoftmax: (x) => x.logSoftmax(0),
  "variance over rows": (x) => variance(x, 1),
  "variance over columns": (x) => variance(x, 0),
  "std of all": (x) => std(x),
  "layerNorm of rows": (x) => layerNorm(x, [4]),
  "layerNorm of columns": (x) => layerNorm(x.mT, [3]),
  "layerNorm of all": (x) => layerNorm(x, [3, 4]),
  batchNorm: (x) => nn.functional.batchNorm(x, null, null, { training: true }),
  groupNorm: (x) => nn.functional.groupNorm(x.unsqueeze(2).expand([3, 4, 3]), 2),
  instanceNorm: (x) => nn.functional.instanceNorm(x.unsqueeze(0)),
  quantile: (x) => quantile(x, 0.3, 1, { keepdim: true }).sub(x),
  median: (x) => x.sub(x.median(1, { keepdim: true }).values),
  "norm of differences": (x) => x.at(0).sub(x.at(1)).norm(),
  crossEntropy: (x) => losses.crossEntropy(x, LABELS),
  "Categorical, logProb": (x) => new distributions.Categorical({ logits: x }).logProb(LABELS),
  "Categorical, entropy": (x) => new distributions.Categorical({ logits: x }).entropy(),
};

/** Integers, which stay exact when the offsets are added; their means are not integers. */
const BASE = [[3, 0, -1, 2], [1, 1, 4, -2], [0, 6, 2, -3]];
const DIRECTION = tensor([[1, -2, 0.5, 3], [2, 0, 1, -1], [0, -3, 1, 0.5]]);
const OFFSETS = [2 ** 12, 2 ** 20, -(2 ** 20)];

/**
 * Ways to compute a derivative: a plain pass, a recorded one, forward mode, and a second
 * derivative.
 */
const WAYS: Readonly<Record<string, (fn: (x: Tensor) => Tensor, x: Tensor) => Tensor>> = {
  backward: (fn, x) => grad(fn(x), [x])[0],
  "a recorded backward": (fn, x) => grad(fn(x), [x], { createGraph: true })[0],
  "forward mode": (fn, x) => jvp(fn, x.detach(), DIRECTION)[1],
  "a second derivative": (fn, x) => {
    const [g] = grad(fn(x), [x], { createGraph: true });
    const slope = g.mul(DIRECTION).sum();
    return slope.requiresGrad ? grad(slope, [x])[0] : slope;
  },
};

/** A weighted sum of a tensor of any shape. */
function weighted(y: Tensor): Tensor {
  const weights = Float32Array.from({ length: y.size }, (_, i) => Math.cos(i + 1));
  return y.reshape([-1]).mul(tensor(weights)).sum();
}

function check(name: string, fn: (x: Tensor) => Tensor): void {
  for (const [way, derivative] of Object.entries(WAYS)) {
    const at = (offset: number) => {
      const x = tensor(BASE.map((row) => row.map((value) => value + offset))).requiresGrad_();
      return valuesOf(derivative((x) => weighted(fn(x)), x));
    };
    const right = at(0);
    const size = Math.max(...right.map(Math.abs), 1e-3);
    for (const offset of OFFSETS) {
      at(offset).forEach((value, i) => {
        if (Math.abs(value - right[i]!) <= 1e-5 * size) return;
        throw new AssertionError(
          `${name} by ${way}, beside ${offset}: ${i} is ${value}, not ${right[i]}`,
        );
      });
    }
  }
}

for (const [name, fn] of Object.entries(FUNCTIONS)) {
  Deno.test(`derivatives far from 0: ${name}`, () => check(name, fn));
}

Deno.test("a derivative that takes a rounded sum for the sum is noticed", () => {
  const rounded = (x: Tensor) => x.sub(x.logsumexp(1, { keepdim: true }).detach()).exp();
  assertThrows(() => check("naive softmax", rounded), AssertionError, "naive softmax by backward");
  const wide = (x: Tensor) => x.square().mean().sub(x.mean().square());
  assertThrows(() => check("naive variance", wide), AssertionError, "naive variance by backward");
});
