/** Fused ops equal their composites, in value and in gradients of every order. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { linear, linearComposite } from "../../lib/ops/linalg/linear.ts";
import {
  huberError,
  rowCrossEntropy,
  rowCrossEntropyComposite,
  squaredError,
} from "../../lib/ops/loss/fused.ts";
import {
  layerNormComposite,
  logSoftmaxComposite,
  logsumexpComposite,
  softmaxComposite,
} from "../../lib/ops/normalize/fused.ts";
import { product, productComposite } from "../../lib/ops/reduce/fused.ts";
import { runningProduct, runningProductComposite } from "../../lib/ops/scan/fused.ts";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  grad,
  layerNorm,
  logSoftmax,
  logsumexp,
  losses,
  manualSeed,
  nn,
  noGrad,
  randn,
  ShapeError,
  softmax,
  std,
  type Tensor,
  tensor,
  variance,
  where,
} from "../../mod.ts";

type DType = "float32" | "float64";

/** The variance in simple ops, which are good where the mean is near 0. */
function simpleVariance(x: Tensor, dim: number): Tensor {
  const centered = x.sub(x.mean(dim, { keepdim: true }));
  return centered.square().sum(dim).div(x.shape.at(dim)! - 1);
}

/** What is done along a dimension, each with its composite. */
const ALONG = [
  ["softmax", softmax, softmaxComposite],
  ["logSoftmax", logSoftmax, logSoftmaxComposite],
  [
    "logsumexp",
    (x: Tensor, dim: number) => logsumexp(x, dim),
    (x: Tensor, dim: number) => logsumexpComposite(x, [dim], false),
  ],
  ["variance", (x: Tensor, dim: number) => variance(x, dim), simpleVariance],
  [
    "std",
    (x: Tensor, dim: number) => std(x, dim),
    (x: Tensor, d: number) => simpleVariance(x, d).sqrt(),
  ],
] as const;

/** Compares two functions on the same inputs: values, and gradients for a random cotangent. */
function compare(
  fused: (...inputs: Tensor[]) => Tensor,
  composite: (...inputs: Tensor[]) => Tensor,
  inputs: Tensor[],
  createGraph: boolean,
): void {
  const run = (fn: (...inputs: Tensor[]) => Tensor) => {
    const leaves = inputs.map((x) => x.detach().requiresGrad_());
    const y = fn(...leaves);
    const gradOutputs = tensor(Array.from({ length: y.size }, (_, i) => Math.cos(i)), {
      dtype: y.dtype,
    }).reshape(y.shape);
    return [y, ...grad(y, leaves, { gradOutputs, createGraph })];
  };
  const [ours, truth] = [run(fused), run(composite)];
  // A product of 784 terms of size 1 in float32 is good to about 1e-4.
  const close = inputs[0]!.dtype === "float32"
    ? { rtol: 1e-4, atol: 1e-4 }
    : { rtol: 1e-11, atol: 1e-12 };
  ours.forEach((x, i) => assertClose(x, truth[i]!, close));
}

/** Products of lanes, each with its composite. */
const PRODUCTS = [
  ["prod", product, productComposite],
  ["cumprod", runningProduct, runningProductComposite],
] as const;

function labelsOf(rows: number, classes: number): Tensor {
  return tensor(Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes));
}

for (const dtype of ["float32", "float64"] as DType[]) {
  for (const createGraph of [false, true]) {
    const how = createGraph ? "recorded" : "fast";
    for (const [rows, inside, out] of [[1, 1, 1], [3, 5, 2], [64, 784, 128], [300, 7, 200]]) {
      Deno.test(`linear() ${dtype} equals its composite, ${how} ${rows}×${inside}×${out}`, () => {
        manualSeed(1);
        const make = (...shape: number[]) => randn(shape, { dtype });
        const [x, w, b] = [make(rows!, inside!), make(out!, inside!), make(out!)];
        const fused = (x: Tensor, w: Tensor, b?: Tensor) => linear(x, w, b ?? null);
        const truth = (x: Tensor, w: Tensor, b?: Tensor) => linearComposite(x, w, b ?? null);
        compare(fused, truth, [x, w, b], createGraph);
        compare(fused, truth, [x, w], createGraph);
        const [xt, wt] = [
          make(inside!, rows!).transpose(0, 1),
          make(inside!, out!).transpose(0, 1),
        ];
        compare(fused, truth, [xt, wt, b], createGraph);
        for (const activation of ["relu", "tanh", "sigmoid"] as const) {
          const fused = (x: Tensor, w: Tensor, b?: Tensor) => linear(x, w, b ?? null, activation);
          const truth = (x: Tensor, w: Tensor, b?: Tensor) =>
            linearComposite(x, w, b ?? null, activation);
          compare(fused, truth, [x, w.mul(0.1), b], createGraph);
          compare(fused, truth, [x, w.mul(0.1)], createGraph);
        }
      });
    }
    for (const [name, fused, composite] of PRODUCTS) {
      Deno.test(`${name}() ${dtype} equals its composite, ${how}`, () => {
        manualSeed(4);
        for (const shape of [[1], [2, 1], [3, 5], [40, 3, 17], [2, 300]]) {
          // Of size 1, so that products of many are too; some are 0.
          const x = randn(shape, { dtype }).mul(0.1).add(randn(shape, { dtype }).sign());
          compare(fused, composite, [x], createGraph);
          const sparse = where(randn(shape).gt(-1), x, 0);
          compare(fused, composite, [sparse], createGraph);
          compare(fused, composite, [sparse.transpose(0, -1)], createGraph);
        }
      });
    }
    for (const [name, loss] of [["mse", squaredError], ["huber", huberError]] as const) {
      for (const reduction of ["none", "sum", "mean"] as const) {
        Deno.test(`${name}() ${dtype} equals its composite, ${how} ${reduction}`, () => {
          manualSeed(3);
          for (const shape of [[1], [7], [300], [100_000]]) {
            const [p, t] = [randn(shape, { dtype }).mul(2), randn(shape, { dtype })];
            const fused = (p: Tensor, t: Tensor) => loss(p, t, reduction, 0.7);
            const truth = (p: Tensor, t: Tensor) => {
              const each = loss.composite(p, t, 0.7);
              return reduction === "none" ? each : each[reduction]();
            };
            compare(fused, truth, [p, t], createGraph);
            compare((p) => fused(p, t), (p) => truth(p, t), [p], createGraph);
            compare((t) => fused(p, t), (t) => truth(p, t), [t], createGraph);
          }
          const [p, t] = [randn([40, 30], { dtype }), randn([30, 40], { dtype })];
          const fused = (p: Tensor, t: Tensor) => loss(p, t.transpose(0, 1), "sum", 0.7);
          const truth = (p: Tensor, t: Tensor) => loss.composite(p, t.transpose(0, 1), 0.7).sum();
          compare(fused, truth, [p, t], createGraph);
        });
      }
    }
    for (const [name, fused, truth] of ALONG) {
      Deno.test(`${name}() ${dtype} equals its composite, ${how}`, () => {
        manualSeed(4);
        for (const shape of [[1], [7], [3, 5], [64, 1000], [5, 30, 7], [2, 200, 90]]) {
          const x = randn(shape, { dtype }).mul(5);
          for (let dim = 0; dim < shape.length; dim++) {
            compare((x) => fused(x, dim), (x) => truth(x, dim), [x], createGraph);
          }
        }
        const turned = randn([30, 40], { dtype }).transpose(0, 1);
        compare((x) => fused(x, 0), (x) => truth(x, 0), [turned], createGraph);
      });
    }
    Deno.test(`layerNorm() ${dtype} equals its composite, ${how}`, () => {
      manualSeed(5);
      for (const [x, shape] of [[[4, 3], [3]], [[300, 50], [50]], [[7, 2, 600], [2, 600]]]) {
        const inputs = [x!, shape!, shape!].map((extents) => randn(extents, { dtype }));
        const call = { shape: shape!, eps: 1e-5 };
        const both = (x: Tensor, weight: Tensor | null, bias: Tensor | null) =>
          [
            layerNorm(x, shape!, { weight, bias }),
            layerNormComposite(x, weight, bias, call),
          ] as const;
        const [a, b, c] = inputs as [Tensor, Tensor, Tensor];
        compare((x) => both(x, null, null)[0], (x) => both(x, null, null)[1], [a], createGraph);
        compare(
          (x, w) => both(x, w!, null)[0],
          (x, w) => both(x, w!, null)[1],
          [a, b],
          createGraph,
        );
        compare(
          (x, c) => both(x, null, c!)[0],
          (x, c) => both(x, null, c!)[1],
          [a, c],
          createGraph,
        );
        compare(
          (x, w, c) => both(x, w!, c!)[0],
          (x, w, c) => both(x, w!, c!)[1],
          inputs,
          createGraph,
        );
        compare((w, c) => both(a, w!, c!)[0], (w, c) => both(a, w!, c!)[1], [b, c], createGraph);
      }
    });
    for (const [rows, classes] of [[1, 1], [2, 3], [64, 10], [70, 1000]]) {
      Deno.test(`rowCrossEntropy() ${dtype} equals its composite, ${how} ${rows}×${classes}`, () => {
        manualSeed(2);
        const labels = labelsOf(rows!, classes!);
        const logits = randn([rows!, classes!], { dtype }).mul(5);
        const fused = (x: Tensor) => rowCrossEntropy(x, labels);
        const truth = (x: Tensor) => rowCrossEntropyComposite(x, labels);
        compare(fused, truth, [logits], createGraph);
        const turned = randn([classes!, rows!], { dtype }).transpose(0, 1);
        compare(fused, truth, [turned], createGraph);
      });
    }
  }
}

Deno.test("linear() keeps the dimensions before the last", () => {
  const [x, w, b] = [randn([2, 3, 4]), randn([5, 4]), randn([5])];
  const y = linear(x, w, b);
  assertEquals(y.shape, [2, 3, 5]);
  assertClose(y, linearComposite(x, w, b), { atol: 1e-5 });
  assertEquals(linear(randn([4]), w, null).shape, [5]);
  assertEquals(linear(randn([0, 4]), w, b).shape, [0, 5]);
  assertThrows(() => linear(randn([2, 3]), w, b), ShapeError, "matmul");
});

Deno.test("linear() has first, second and third gradients", () => {
  const fn = (x: Tensor, w: Tensor, b: Tensor) => linear(x, w, b).tanh();
  gradcheck(fn, [[3, 4], [2, 4], [2]]);
  gradgradcheck(fn, [[3, 4], [2, 4], [2]]);
  const slope = (x: Tensor, w: Tensor) =>
    grad(linear(x, w, null).tanh().sum(), [x, w], { createGraph: true })[0];
  gradgradcheck(slope, [[2, 3], [2, 3]]);
  for (const activation of ["tanh", "sigmoid"] as const) {
    const fn = (x: Tensor, w: Tensor, b: Tensor) => linear(x, w, b, activation);
    gradcheck(fn, [[3, 4], [2, 4], [2]]);
    gradgradcheck(fn, [[3, 4], [2, 4], [2]]);
  }
});

Deno.test("mse() and huber() have first and second gradients", () => {
  const [p, t] = [[0.5, -2, 3], [0.1, 1, 2.5]].map((x) =>
    tensor(x, { dtype: "float64", requiresGrad: true })
  );
  for (const loss of [squaredError, huberError]) {
    for (const reduction of ["none", "sum", "mean"] as const) {
      const fn = (p: Tensor, t: Tensor) => loss(p, t, reduction, 1);
      gradcheck(fn, [p!, t!]);
      gradgradcheck(fn, [p!, t!]);
    }
  }
});

Deno.test("mse() and huber() treat NaN and infinity as PyTorch's do", () => {
  const p = tensor([NaN, Infinity, -Infinity, 1e20], { requiresGrad: true });
  const run = (loss: typeof squaredError, createGraph: boolean) => {
    const each = loss(p, tensor([0, 0, 0, 0]), "none", 1);
    const [gradient] = grad(each.sum(), [p], { createGraph });
    return [each.toArray(), gradient.toArray()];
  };
  const large = Math.fround(1e20);
  for (const recorded of [false, true]) {
    assertEquals(run(squaredError, recorded), [
      [NaN, Infinity, Infinity, Infinity],
      [NaN, Infinity, -Infinity, 2 * large],
    ]);
    assertEquals(run(huberError, recorded), [
      [NaN, Infinity, Infinity, large],
      [NaN, 1, -1, 1],
    ]);
  }
});

Deno.test("Sequential computes a linear layer and its activation in one pass, with equal bits", () => {
  manualSeed(4);
  const [first, second] = [new nn.Linear(5, 7), new nn.Linear(7, 2)];
  const x = randn([3, 5]);
  for (const activation of [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()]) {
    const fused = new nn.Sequential(first, activation, second, activation, activation);
    const each = [first, activation, second, activation, activation]
      .reduce<Tensor>((x, layer) => layer.forward(x), x);
    assertEquals(fused.forward(x).toArray(), each.toArray());
  }
});

Deno.test("Sequential leaves a layer alone whose forward was replaced", () => {
  class Doubled extends nn.Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2);
    }
  }
  const layer = new Doubled(2, 2);
  const x = randn([1, 2]);
  const expected = layer.forward(x).relu().toArray();
  assertEquals(new nn.Sequential(layer, new nn.ReLU()).forward(x).toArray(), expected);
});

Deno.test("rowCrossEntropy() has first, second and third gradients", () => {
  const labels = labelsOf(3, 4);
  const fn = (x: Tensor) => rowCrossEntropy(x, labels);
  gradcheck(fn, [[3, 4]]);
  gradgradcheck(fn, [[3, 4]]);
  const slope = (x: Tensor) => grad(fn(x).square().sum(), [x], { createGraph: true })[0];
  gradgradcheck(slope, [[3, 4]]);
});

Deno.test("rowCrossEntropy() is finite for large logits, and NaN only where the input is", () => {
  const logits = tensor([[1e4, -1e4], [-1e30, 0], [NaN, 0]], { requiresGrad: true });
  const each = rowCrossEntropy(logits, tensor([1, 0, 0], { dtype: "int32" }));
  assertEquals(each.detach().at([0, 2]).toArray(), [2e4, Math.fround(1e30)]);
  assert(Number.isNaN(each.at(2).item()));
  each.sum().backward();
  assertEquals(logits.grad!.at([0, 2]).toArray(), [[1, -1], [-1, 1]]);
});

Deno.test("losses.crossEntropy() refuses labels out of range before the kernel", () => {
  const logits = randn([2, 3]);
  const labels = tensor([0, 3], { dtype: "int32" });
  assertThrows(() => losses.crossEntropy(logits, labels), RangeError, "label 3 at index 1");
  assertThrows(() => rowCrossEntropy(logits, labels), RangeError, "index 3");
  assertEquals(noGrad(() => losses.crossEntropy(logits, labelsOf(2, 3))).requiresGrad, false);
});
