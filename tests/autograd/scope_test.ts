/** Scopes: what they take back, what lives on, and that nothing is read after it is gone. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  grad,
  keep,
  losses,
  manualSeed,
  memoryStats,
  nn,
  ones,
  optim,
  rand,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

const GONE = / was made inside scope\(\), which has ended/;

function refuses(fn: () => unknown): void {
  assert(GONE.test(assertThrows(fn, ReferenceError).message));
}

Deno.test("scope() returns what the function returns, and disposes of the rest", () => {
  let inner: Tensor | undefined;
  let small: Tensor | undefined;
  const y = scope(() => {
    inner = rand([1000]);
    small = tensor([1, 2]);
    return { sum: [inner.mul(0).add(3)] };
  });
  assertEquals(y.sum[0]!.mean().item(), 3);
  for (const gone of [inner!, small!]) {
    refuses(() => gone.add(1));
    refuses(() => gone.sum());
    refuses(() => gone.data);
    refuses(() => gone.toArray());
    refuses(() => gone.at(0).item());
    assertEquals(String(gone), `tensor(disposed, shape [${gone.shape}])`);
  }
});

Deno.test("scope() gives memory back to the next result of the same size", () => {
  const x = ones([50_000]);
  const run = () => scope(() => x.mul(2).add(1).sum().item());
  assertEquals(run(), 150_000);
  const before = memoryStats().freeBytes;
  for (let i = 0; i < 20; i++) assertEquals(run(), 150_000);
  assertEquals(memoryStats().freeBytes, before);
});

Deno.test("scope() hands out zeros where zeros are asked for", () => {
  scope(() => rand([30, 1000]).add(1));
  scope(() => {
    assertEquals(zeros([30, 1000]).sum().item(), 0);
    const x = rand([30, 1000]).requiresGrad_();
    x.slice(1, 0, 1).sum().backward();
    assertEquals(x.grad!.sum().item(), 30);
    assertEquals(ones([10, 1000]).pad([0, 0, 10, 10]).sum().item(), 10_000);
  });
});

Deno.test("scope() keeps gradients of leaves and the state of optimizers", () => {
  const train = (wrap: (step: () => number) => number) => {
    manualSeed(4);
    const model = new nn.Sequential(new nn.Linear(40, 30), new nn.Tanh(), new nn.Linear(30, 5));
    const adam = new optim.Adam(model.parameters(), { lr: 1e-2 });
    const sgd = new optim.SGD([model.parameters()[0]!], { lr: 1e-2, momentum: 0.9 });
    const [x, y] = [rand([64, 40]), rand([64, 5])];
    const history = Array.from({ length: 10 }, () =>
      wrap(() => {
        adam.zeroGrad();
        const loss = losses.mse(model.forward(x), y);
        loss.backward();
        adam.step();
        sgd.step();
        return loss.item();
      }));
    return { history, grads: model.parameters().map((p) => p.grad!.toArray()) };
  };
  assertEquals(train((step) => scope(step)), train((step) => step()));
});

Deno.test("scope() keeps the tape of what it returns", () => {
  const w = rand([600]).requiresGrad_();
  const loss = scope(() => w.tanh().square().mul(rand([600]).mul(0).add(2)).sum());
  scope(() => rand([600]).exp().add(5));
  loss.backward();
  const direct = w.detach().requiresGrad_();
  direct.tanh().square().mul(2).sum().backward();
  assertEquals(w.grad!.toArray(), direct.grad!.toArray());
});

Deno.test("scope() keeps a tape through max(dim) and a gradient of a gradient", () => {
  const x = rand([20, 300]).requiresGrad_();
  const best = scope(() => x.square().max(1).values);
  scope(() => rand([20, 300]).exp());
  best.sum().backward();
  assertEquals(x.grad!.ne(0).sum().item(), 20);
  const first = scope(() => grad(x.pow(3).sum(), [x], { createGraph: true })[0]);
  scope(() => rand([20, 300]).exp());
  const [second] = grad(first.sum(), [x]);
  assertClose(second, x.detach().mul(6));
});

Deno.test("scope() nests: the outer one takes what the inner returned", () => {
  let escaped: Tensor | undefined;
  const total = scope(() => {
    const inner = scope(() => ones([2000]).mul(2));
    escaped = inner;
    return inner.sum().item();
  });
  assertEquals(total, 4000);
  refuses(() => escaped!.sum());
});

Deno.test("scope() ends when its function throws", () => {
  let inner: Tensor | undefined;
  assertThrows(
    () =>
      scope(() => {
        inner = rand([1000]);
        throw new RangeError("stop");
      }),
    RangeError,
    "stop",
  );
  refuses(() => inner!.sum());
  const after = rand([1000]);
  assertEquals(after.size, 1000);
  assertNotEquals(after.sum().item(), 0);
});

Deno.test("scope() takes a result of any length", () => {
  const many = 200_000;
  const [list, x] = scope(() => [Array.from({ length: many }, (_, i) => i), ones([2])] as const);
  assertEquals([list.length, x.toArray()], [many, [1, 1]]);
});

Deno.test("scope() refuses a promise", () => {
  assertThrows(() => scope(() => Promise.resolve(rand([3]))), TypeError, "returned a promise");
});

Deno.test("scope() leaves alone an array that the user has read", () => {
  let data: ArrayLike<number> | undefined;
  scope(() => data = ones([1000]).mul(7).data);
  scope(() => rand([1000]).exp());
  assertEquals(data![999], 7);
});

Deno.test("keep() lets a tensor live on", () => {
  const kept: Tensor[] = [];
  scope(() => kept.push(keep(ones([1000]).mul(3))));
  scope(() => rand([1000]));
  assertEquals(kept[0]!.sum().item(), 3000);
});

Deno.test("scope() works with modules made inside", () => {
  const model = scope(() => new nn.Sequential(new nn.Linear(50, 50), new nn.ReLU()));
  scope(() => rand([50, 50]).exp());
  assert(model.parameters()[0]!.abs().max().item() <= 1 / Math.sqrt(50));
});

Deno.test("zeroGrad() uses the memory of a gradient again, unless the user has read it", () => {
  const w = rand([100, 100]).requiresGrad_();
  const optimizer = new optim.SGD([w], { lr: 0.1 });
  const step = () => {
    optimizer.zeroGrad();
    w.square().sum().backward();
  };
  step();
  const before = memoryStats().freeBytes;
  optimizer.zeroGrad();
  assertEquals(memoryStats().freeBytes - before, 40_000);
  step();
  const read = w.grad!;
  const value = read.toArray();
  step();
  step();
  assertEquals(read.toArray(), value);
});

Deno.test("zeroGrad() leaves alone a gradient that two leaves share", () => {
  const [a, b] = [rand([1000]).requiresGrad_(), rand([1000]).requiresGrad_()];
  a.add(b).mul(3).sum().backward();
  new optim.SGD([a]).zeroGrad();
  rand([1000]).exp();
  assertEquals(b.grad!.toArray(), new Array(1000).fill(3));
});
