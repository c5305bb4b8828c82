import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { OpRule, recordAll } from "../../lib/ops/define/record.ts";
import {
  grad,
  GradError,
  noGrad,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

Deno.test("registerHook() is called once with the gradient of all paths", () => {
  const x = leaf([1, 2]);
  const y = x.mul(3);
  const seen: unknown[] = [];
  y.registerHook((g) => void seen.push(["y", g.toArray()]));
  x.registerHook((g) => void seen.push(["x", g.toArray()]));
  y.square().add(y).sum().backward();
  // d/dy (y² + y) = 2y + 1
  assertEquals(seen, [["y", [7, 13]], ["x", [21, 39]]]);
  assertEquals(x.grad?.toArray(), [21, 39]);
});

Deno.test("registerHook() replaces gradients, in the order of registration", () => {
  const x = leaf([1, 2]);
  const y = x.mul(3);
  y.registerHook((g) => g.add(1));
  y.registerHook((g) => g.mul(10));
  x.registerHook((g) => g.neg());
  y.sum().backward();
  assertEquals(x.grad?.toArray(), [-60, -60]);
});

Deno.test("registerHook() works under grad(), on targets and between", () => {
  const x = leaf(2);
  const y = x.square();
  y.registerHook((g) => g.mul(2));
  x.registerHook((g) => g.mul(5));
  assertEquals(grad(y.mul(3), [y], { retainGraph: true })[0].item(), 6);
  assertEquals(grad(y.mul(3), [x])[0].item(), 3 * 2 * 4 * 5);
  assertStrictEquals(x.grad, null);
});

Deno.test("registerHook() is differentiated under createGraph", () => {
  const x = leaf(3);
  const y = x.mul(1);
  const handle = y.registerHook((g) => g.mul(x));
  const [first] = grad(y.square(), [x], { createGraph: true });
  handle.remove();
  // The hook makes 2x of it 2x², whose derivative is 4x.
  assertEquals([first.item(), grad(first, [x])[0].item()], [18, 12]);
});

Deno.test("hooks go with remove() and with using", () => {
  const x = leaf(1);
  let calls = 0;
  const handle = x.registerHook(() => void calls++);
  x.mul(2).backward();
  handle.remove();
  handle.remove();
  x.mul(2).backward();
  assertEquals(calls, 1);
  {
    using _ = x.registerHook(() => void calls++);
    x.mul(2).backward();
  }
  x.mul(2).backward();
  assertEquals(calls, 2);
  const y = x.mul(2);
  const late = y.registerHook(() => void calls++);
  y.backward();
  late.remove();
  assertEquals(calls, 3);
});

Deno.test("a hook may keep the gradient: later passes do not write into it", () => {
  // Large enough for the engine to take memory back.
  const x = zeros([1 << 16], { requiresGrad: true });
  const kept: Tensor[] = [];
  const run = () => {
    const y = x.add(1);
    y.registerHook((g) => {
      const other = g.mul(2);
      kept.push(g, other);
      return other;
    });
    x.registerHook((g) => void kept.push(g));
    y.square().exp().mul(2).sum().backward();
  };
  run();
  const values = kept.map((g) => g.at(7).item());
  noGrad(() => x.fill_(1));
  run();
  run();
  assertEquals(kept.slice(0, 3).map((g) => g.at(7).item()), values);
  assertEquals(kept.slice(0, 3).map((g) => g.sum().item() > 0), [true, true, true]);
  assertNotStrictEquals(x.grad?.storage, kept[2]!.storage);
});

Deno.test("registerHook() distinguishes the outputs of one op", () => {
  const both = new OpRule("bothForHooks", {
    vjp: [],
    outputs: 2,
    vjpAll: ([g, h]) => [(g ?? zeros([])).add(h ?? zeros([]))],
  });
  const x = leaf(1);
  const outputs = noGrad(() => [x.mul(1), x.mul(1)]);
  recordAll(both, [x], outputs);
  outputs[1]!.registerHook((g) => g.mul(10));
  outputs[0]!.retainGrad();
  outputs[0]!.mul(2).add(outputs[1]!.mul(3)).backward();
  assertEquals(x.grad?.item(), 32);
  assertEquals(outputs[0]!.grad?.item(), 2);
});

Deno.test("retainGrad() keeps gradients of tensors that are no leaves", () => {
  const x = leaf([1, 2]);
  const y = x.mul(3);
  y.retainGrad();
  y.retainGrad();
  x.retainGrad();
  y.registerHook((g) => g.mul(2));
  const z = y.square().sum();
  z.backward({ retainGraph: true });
  assertEquals(y.grad?.toArray(), [12, 24]);
  assertEquals(x.grad?.toArray(), [36, 72]);
  z.backward({ retainGraph: true });
  assertEquals(y.grad?.toArray(), [24, 48]);
  grad(z, [x]);
  assertEquals(y.grad?.toArray(), [24, 48]);
});

Deno.test("retainGrad() keeps a gradient out of the memory that passes on", () => {
  const x = zeros([1 << 15], { requiresGrad: true });
  const y = x.add(1);
  y.retainGrad();
  scope(() => y.mul(3).sum().backward());
  x.grad = null;
  x.mul(5).sum().backward();
  assertEquals([y.grad?.at(5).item(), x.grad!.at(5).item()], [3, 5]);
});

Deno.test("hooks refuse wrong returns and tensors without gradient", () => {
  const plain = tensor([1, 2]);
  assertThrows(
    () => plain.registerHook(() => {}),
    GradError,
    "Cannot run registerHook: this tensor (shape [2]) requires no gradient",
  );
  assertThrows(() => plain.retainGrad(), GradError, "Cannot run retainGrad");
  const x = leaf([1, 2]);
  const handle = x.registerHook(() => zeros([3]));
  assertThrows(
    () => x.sum().backward(),
    ShapeError,
    "Cannot run backward: a hook must return a gradient of the same shape, got [3] for [2]",
  );
  handle.remove();
  const number: unknown = () => 5;
  x.registerHook(number as () => void);
  assertThrows(
    () => x.sum().backward(),
    GradError,
    "Cannot run backward: a hook must return a tensor or nothing, got 5",
  );
});

Deno.test("a leaf that wants no gradient for a while keeps its hooks and its place in losses", () => {
  const x = leaf([1, 2]);
  const seen: unknown[] = [];
  const handle = x.registerHook((g) => void seen.push(g.toArray()));
  const before = x.square().sum();
  x.requiresGrad = false;
  assertEquals(x.mul(3).requiresGrad, false);
  x.requiresGrad = true;
  const after = x.mul(3).sum();
  assertEquals(grad(before, [x], { retainGraph: true })[0].toArray(), [2, 4]);
  assertEquals(grad(before.add(after), [x], { retainGraph: true })[0].toArray(), [5, 7]);
  before.add(after).backward();
  assertEquals([seen, x.grad?.toArray()], [[[2, 4], [5, 7], [5, 7]], [5, 7]]);
  handle.remove();
  x.sum().backward();
  assertEquals(seen.length, 3);
  // A backward pass reaches the leaf while it wants none, too: the loss was made before.
  const loss = x.square().sum();
  x.requiresGrad = false;
  x.grad = null;
  loss.backward();
  assertEquals(x.grad!.toArray(), [2, 4]);
});
