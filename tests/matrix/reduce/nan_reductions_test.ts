/** Gradients of sums and means that skip NaN, where differences are meaningless. */

import { assertEquals } from "@std/assert";
import { grad, nanmean, nansum, tensor } from "../../../mod.ts";

const ROWS = [[1, NaN, 3], [NaN, NaN, NaN], [-1, 0.5, 2]];

Deno.test("nansum() and nanmean() give NaN the gradient 0, and the others that of a sum and a mean", () => {
  const x = tensor(ROWS, { dtype: "float64", requiresGrad: true });
  const weights = tensor([1, 2, 3], { dtype: "float64" });
  const gradient = (fn: typeof nansum) =>
    grad(fn(x, 1), [x], { gradOutputs: weights })[0].toArray();
  assertEquals(gradient(nansum), [[1, 0, 1], [0, 0, 0], [3, 3, 3]]);
  assertEquals(gradient(nanmean), [[0.5, 0, 0.5], [0, 0, 0], [1, 1, 1]]);
});

Deno.test("second derivatives of nansum() and nanmean() beside NaN are finite", () => {
  for (const [fn, count] of [[nansum, 1], [nanmean, 2]] as const) {
    const x = tensor(ROWS, { dtype: "float64", requiresGrad: true });
    const [g] = grad(fn(x.square(), 1).at(0), [x], { createGraph: true });
    const [second] = grad(g.at(0, 2), [x]);
    assertEquals(second.at(0, 2).item(), 2 / count);
    assertEquals(second.at(0, 0).item(), 0);
  }
});

Deno.test("nanmean() of numbers whose sum leaves the range is their mean", () => {
  const x = tensor([2 ** 127, 2 ** 127, NaN, 2 ** 127]);
  assertEquals(nanmean(x).item(), 2 ** 127);
});
