/** Distances of points that coincide or almost do. */

import { assert, assertEquals } from "@std/assert";
import { cdist, grad, tensor } from "../../../mod.ts";

const FLOAT64 = { dtype: "float64" } as const;

for (const p of [0, 0.5, 1, 1.5, 2, 3, Infinity]) {
  Deno.test(`cdist() of order ${p} has gradient 0 where points coincide, and a finite second one`, () => {
    const a = tensor([[1, 2], [0, 0]], FLOAT64).requiresGrad_();
    const b = tensor([[1, 2]], FLOAT64).requiresGrad_();
    const [toA, toB] = grad(cdist(a, b, { p }).at(0), [a, b], { createGraph: true });
    assertEquals(toA.add(0).toArray(), [[0, 0], [0, 0]]);
    assertEquals(toB.add(0).toArray(), [[0, 0]]);
    // The norm of order 0 counts, and has no second derivative.
    if (p === 0) return;
    const all = grad(cdist(a, b, { p }).sum(), [a, b], { createGraph: true });
    const second = grad(all.map((g) => g.square().sum()).reduce((x, y) => x.add(y)), [a, b]);
    assert(second.every((g) => g.isfinite().all().item() === 1));
  });
}

Deno.test("cdist() of float32 points that almost coincide has all digits", () => {
  // |a|² + |b|² − 2·a·b would lose all digits: a² is 10⁸, and the squared distance 10⁻⁶.
  const a = tensor([[10000, 0]]);
  const b = tensor([[10000.0009765625, 0], [10000, 2 ** -20]]);
  assertEquals(cdist(a, b).toArray(), [[2 ** -10, 2 ** -20]]);
  const [far] = [cdist(tensor([[3e30, 0]]), tensor([[0, 4e30]]))];
  assert(Math.abs(far.item() / 5e30 - 1) < 1e-6);
});
