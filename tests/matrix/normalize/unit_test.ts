/** Gradients of vectors of length 1 and of cosines where a vector is 0. */

import { assertEquals } from "@std/assert";
import { cosineSimilarity, grad, normalize, ones, tensor, zeros } from "../../../mod.ts";

const FLOAT64 = { dtype: "float64" } as const;

Deno.test("normalize() of zeros has the gradient of x / eps, and no second one", () => {
  const x = zeros([1, 2], FLOAT64).requiresGrad_();
  const gradOutputs = tensor([[1, 2]], FLOAT64);
  const [g] = grad(normalize(x, { eps: 0.25 }), [x], { gradOutputs, createGraph: true });
  assertEquals(g.toArray(), [[4, 8]]);
  const [second] = grad(g.add(x.mul(0)).sum(), [x]);
  assertEquals(second.toArray(), [[0, 0]]);
});

Deno.test("cosineSimilarity() of zeros has the gradient b / |b| / eps, and 0 for b, as PyTorch", () => {
  const a = zeros([1, 3], FLOAT64).requiresGrad_();
  const b = tensor([[1, 2, 2]], FLOAT64).requiresGrad_();
  const y = cosineSimilarity(a, b, { eps: 0.25 });
  const [toA, toB] = grad(y.sum(), [a, b], { createGraph: true });
  assertEquals(toA.mul(3).toArray(), [[4, 8, 8]]);
  assertEquals(toB.toArray(), [[0, 0, 0]]);
  const second = grad(toA.add(toB).sum(), [a, b]);
  assertEquals(second.map((g) => g.isfinite().all().item()), [1, 1]);
});

Deno.test("normalize() and cosineSimilarity() of large and small numbers stay in range", () => {
  for (const size of [2 ** 120, 2 ** -30]) {
    const x = ones([1, 4]).mul(size);
    assertEquals(normalize(x).toArray(), [[0.5, 0.5, 0.5, 0.5]]);
    assertEquals(cosineSimilarity(x, x.neg(), { eps: 1e-30 }).toArray(), [-1]);
  }
});
