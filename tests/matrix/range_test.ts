/** Intermediate values that overflow or underflow though the result is an ordinary number. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  full,
  linalg,
  losses,
  manualSeed,
  nn,
  optim,
  rand,
  type Tensor,
  tensor,
} from "../../mod.ts";

type Float = "float32" | "float64";

/** Powers of two near the ends of a type's range, so that scaling is exact. */
const FAR: Readonly<Record<Float, number>> = { float32: 2 ** 120, float64: 2 ** 1000 };

/** Scaled by s, an input gives s^degree times its result. */
const DEGREES: Readonly<Record<string, readonly [degree: number, fn: (x: Tensor) => Tensor]>> = {
  mean: [1, (x) => x.mean()],
  "mean of rows": [1, (x) => x.mean(1)],
  "mean of columns": [1, (x) => x.mean(0)],
  "mean of views": [1, (x) => x.at([0, 200], [1, 9, 2]).mean([0, 1])],
  std: [1, (x) => x.std(0)],
  norm: [1, (x) => x.norm()],
  layerNorm: [0, (x) => nn.functional.layerNorm(x, [x.shape[1]!], { eps: 1e-30 })],
  softmax: [0, (x) => x.div(x.abs().max()).softmax(0)],
  "sum that cancels": [1, (x) => cat([x, x, x.neg(), x.neg(), x.at([0, 9])], 0).sum(0)],
  "product with its reciprocal": [0, (x) => cat([x, x.reciprocal()], 1).prod(1)],
  "running product with reciprocals": [
    0,
    (x) => cat([x, x.reciprocal()], 1).cumprod(1).at(":", -1),
  ],
  "determinant of a diagonal": [0, (x) => {
    const pivots = cat([x.at(0), x.at(0).reciprocal()], 0);
    return linalg.det(pivots.unsqueeze(1).mul(tensor(identity(pivots.size), { dtype: x.dtype })));
  }],
};

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
}

for (const dtype of ["float32", "float64"] as const) {
  for (const [name, [degree, fn]] of Object.entries(DEGREES)) {
    Deno.test(`${name} of ${dtype} stays in range where its result does`, () => {
      manualSeed(2);
      // Enough elements of about the same size that their sum overflows.
      const x = rand([300, 12], { dtype }).add(1);
      const far = FAR[dtype];
      const y = fn(x.mul(far)).div(far ** degree);
      assertClose(y, fn(x), dtype === "float32" ? { rtol: 1e-4 } : { rtol: 1e-10 });
    });
  }

  Deno.test(`products of ${dtype} have gradients where others leave the range`, () => {
    const far = FAR[dtype];
    const x = tensor([far, 1 / far, far, 1 / far, 0.5], { dtype, requiresGrad: true });
    x.prod().backward();
    assertEquals(x.grad?.mul(x.detach()).toArray(), [0.5, 0.5, 0.5, 0.5, 0.5]);
    const z = tensor([far, far, 0, 1 / far, 1 / far], { dtype, requiresGrad: true });
    z.cumprod(0).at(-1).backward();
    assertEquals(z.grad?.toArray(), [0, 0, 1, 0, 0]);
  });

  Deno.test(`Adam's first step is lr in size for any gradient of ${dtype}`, () => {
    for (const size of [1, 1e15, 1e25, dtype === "float32" ? 3e38 : 1e300]) {
      const p = tensor([1, -1], { dtype, requiresGrad: true });
      p.grad = tensor([size, -size], { dtype });
      const adam = new optim.Adam([p], { lr: 0.125 });
      adam.step();
      assertClose(p.detach(), tensor([0.875, -0.875], { dtype }), { rtol: 1e-6 });
      // The mean square stays finite, so that later steps exist.
      p.grad = tensor([size, -size], { dtype });
      const before = p.detach().clone();
      adam.step();
      const step = before.sub(p.detach()).abs().max().item();
      assertEquals(step > 0.06 && step < 0.125 / Math.sqrt(1 - 0.999), true, `${size}: ${step}`);
    }
  });

  Deno.test(`mean squared errors of ${dtype} are added where they fit`, () => {
    const size = dtype === "float32" ? 2 ** 62 : 2 ** 510;
    const loss = losses.mse(full([3000], size, { dtype }), full([3000], 0, { dtype }));
    assertClose(loss.div(size).div(size), tensor(1, { dtype }), { rtol: 1e-6 });
  });
}

/**
 * Ops that add or multiply int32: a call that fits, though not at every step, and one that does
 * not.
 */
const MOST = 2 ** 31 - 1;
const INTEGERS: Readonly<Record<string, (ends: boolean) => Tensor>> = {
  sum: (fits) => int([MOST, 1, fits ? -1 : 0]).sum(),
  "sum of columns": (fits) =>
    full([100, 9], fits ? MOST / 127 | 0 : MOST, { dtype: "int32" }).sum(0),
  cumsum: (fits) => int([MOST, fits ? -1 : 1, 0]).cumsum(0),
  prod: (fits) => int([65536, 65536, fits ? 0 : 1]).prod(),
  cumprod: (fits) => int([65536, 32767, fits ? 0 : 2]).cumprod(0),
  matmul: (fits) => int([[MOST, MOST]]).matmul(int([[1], [fits ? -1 : 1]])),
  scatterAdd: (fits) => int([MOST]).scatterAdd(0, int([0, 0]), int([1, fits ? -1 : 0])),
};

function int(data: number[] | number[][]): Tensor {
  return tensor(data, { dtype: "int32" });
}

for (const [name, fn] of Object.entries(INTEGERS)) {
  Deno.test(`${name} of int32 raises where its result leaves int32`, () => {
    fn(true);
    const [op] = name.split(" ");
    const message = new RegExp(
      `^Cannot compute ${op}: .* of int32 elements leaves int32; cast to float64 first$`,
    );
    const error = assertThrows(() => fn(false), RangeError);
    assertEquals(message.test(error.message), true, error.message);
  });
}
