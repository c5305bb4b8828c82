/** Gradients of parts of a tensor are put together in place, and nobody sees it. */

import { assert, assertEquals } from "@std/assert";
import { cpuCounts } from "../../lib/device/cpu.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  detectAnomaly,
  grad,
  manualSeed,
  oneHot,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

const ROWS = [2, 0, 2];
const PLACES = tensor([[3, 0], [1, 1], [0, 2]], { dtype: "int32" });

/** What is computed of parts, which overlap, and of the whole. */
function computed(x: Tensor): Tensor {
  const y = x.mul(2);
  const [first, second] = y.split([2, 2], 1) as [Tensor, Tensor];
  const middle = y.narrow(1, 1, 2);
  const rows = y.unbind(0).reduce((sum, row, i) => sum.add(row.mul(i + 1)), zeros([4]));
  return first.mul(second).sum().add(middle.square().sum()).add(rows.mul(y.at(0)).sum())
    .add(y.slice(1, 0, 4, 2).sum()).add(y.exp().sum())
    .add(y.indexSelect(0, tensor(ROWS, { dtype: "int32" })).square().sum())
    .add(y.gather(1, PLACES).exp().sum());
}

/** The same with each part by a product, which knows nothing of parts. */
function byProducts(x: Tensor): Tensor {
  const y = x.mul(2);
  const columns = (...list: number[]) => {
    const chosen = list.map((at) => [0, 1, 2, 3].map((i) => Number(i === at)));
    return y.matmul(tensor(chosen).mT);
  };
  const rows = tensor([[1, 2, 3]]).matmul(y).squeeze(0);
  const first = tensor([[1, 0, 0]]).matmul(y).squeeze(0);
  return columns(0, 1).mul(columns(2, 3)).sum().add(columns(1, 2).square().sum())
    .add(rows.mul(first).sum()).add(columns(0, 2).sum()).add(y.exp().sum())
    .add(tensor(ROWS.map((at) => [0, 1, 2].map((i) => Number(i === at)))).matmul(y).square().sum())
    .add(
      zeros([3]).add(1).matmul(
        y.unsqueeze(1).mul(oneHot(PLACES, 4).to("float32")).sum(2).exp(),
      ).sum(),
    );
}

Deno.test("gradients of parts that overlap are those of products", () => {
  manualSeed(3);
  const x = randn([3, 4], { requiresGrad: true });
  const [expected] = grad(byProducts(x), [x]);
  assertClose(grad(computed(x), [x])[0], expected, { atol: 1e-5 });
  assertClose(grad(computed(x), [x], { createGraph: true })[0], expected, { atol: 1e-5 });
  detectAnomaly(() => assertClose(grad(computed(x), [x])[0], expected, { atol: 1e-5 }));
});

Deno.test("what a hook, another tensor or the user has is left alone", () => {
  const x = tensor([1, 2, 3, 4], { requiresGrad: true });
  const y = x.mul(1);
  const [a, b] = y.split(2) as [Tensor, Tensor];
  const seen: unknown[] = [];
  a.registerHook((g) => void seen.push(g));
  const g = tensor([5, 6, 7, 8]);
  const both = y.add(x);
  const outputs = [both, a.mul(2), b.mul(3)];
  const ones = (shape: readonly number[]) => zeros(shape).add(1);
  const [gy, gx] = grad(outputs, [y, x], { gradOutputs: [g, ones([2]), ones([2])] });
  assertEquals(g.toArray(), [5, 6, 7, 8]);
  assertEquals(gy.toArray(), [7, 8, 10, 11]);
  assertEquals(gx.toArray(), [12, 14, 17, 19]);
  assertEquals(seen.map((g) => (g as Tensor).toArray()), [[2, 2]]);
});

Deno.test("gradients of many parts take no more memory than a few of the whole", () => {
  const whole = 64 * 2048;
  const x = randn([64, 2048], { requiresGrad: true });
  const loss = x.unbind(0).reduce((sum, row) => sum.add(row.square().sum()), zeros([]));
  const before = cpuCounts().bytes;
  loss.backward();
  const bytes = cpuCounts().bytes - before;
  assert(bytes < 8 * 4 * whole, `${bytes} bytes for ${whole} elements`);
});

Deno.test("gradients of many chosen rows take no more memory than a few of the whole", () => {
  const x = randn([64, 2048], { requiresGrad: true });
  const chosen = Array.from({ length: 64 }, (_, i) => tensor([i, 63 - i], { dtype: "int32" }));
  const loss = chosen.reduce((sum, at) => sum.add(x.indexSelect(0, at).sum()), zeros([]));
  const before = cpuCounts().bytes;
  loss.backward();
  const bytes = cpuCounts().bytes - before;
  assertEquals(x.grad!.sum().item(), 2 * x.size);
  assert(bytes < 8 * 4 * x.size, `${bytes} bytes for ${x.size} elements`);
});

Deno.test("a tensor that was chosen from is not changed by a gradient that is kept", () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  const y = x.mul(1);
  const seen: Tensor[] = [];
  y.registerHook((g) => void seen.push(g));
  const at = tensor([2, 2], { dtype: "int32" });
  const given = tensor([5, 6, 7]);
  const [g] = grad([y.indexSelect(0, at).sum(), y], [x], { gradOutputs: [tensor(1), given] });
  assertEquals(given.toArray(), [5, 6, 7]);
  assertEquals(g.toArray(), [5, 6, 9]);
  assertEquals(seen.map((g) => g.toArray()), [[5, 6, 9]]);
});
