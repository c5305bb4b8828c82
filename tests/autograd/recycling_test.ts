/**
 * A backward pass overwrites memory that only it has seen. A recorded pass never does, so both must
 * give the same bits, on tensors large enough for memory to be taken back.
 */

import { assertEquals } from "@std/assert";
import {
  cat,
  grad,
  losses,
  manualSeed,
  maximum,
  nn,
  randn,
  stack,
  type Tensor,
  tensor,
  where,
} from "../../mod.ts";

const cases: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  "a cotangent that two inputs share": (x, y) => x.add(y).add(x).mul(y),
  "a tensor used many times": (x, y) => x.mul(x).add(x).mul(y.sub(x)).add(y.mul(y)).sub(x.neg()),
  "views of a cotangent": (x, y) =>
    x.reshape([-1]).reshape([100, 100]).transpose(0, 1).mul(y).permute([1, 0]).add(x),
  "blocks of a cotangent": (x, y) =>
    cat([x, y, x], 0).slice(0, 50, 250).add(stack([y, x], 0).reshape([200, 100])),
  "padding and slicing": (x, y) =>
    x.pad([1, 1, 1, 1]).at([0, 100], [1, 101]).mul(y).add(x.at([0, 100])),
  "reductions and broadcasting": (x, y) =>
    x.sub(x.mean(0)).div(x.square().mean(0).add(1).sqrt()).mul(y.sum(1, { keepdim: true })).add(y),
  "rules that make much on the way": (x, y) =>
    x.tanh().mul(y.sigmoid()).add(x.abs().mul(y.abs())).add(maximum(x, y)).add(x.softplus()),
  "a choice": (x, y) => where(x.gt(y), x.square(), y.mul(x)).add(x.clamp(-1, 1)),
  "products": (x, y) => x.matmul(y).add(y.matmul(x.transpose(0, 1))).relu().matmul(x),
  "a softmax by hand": (x, y) =>
    x.sub(x.logsumexp(1, { keepdim: true })).exp().mul(y.sub(y.logsumexp(0))),
  "extremes and gathering": (x, y) =>
    x.mul(y.max(1).values.unsqueeze(1)).add(
      y.indexSelect(0, tensor(Int32Array.from({ length: 100 }, (_, i) => (i * 37) % 100))),
    ),
  "casting": (x, y) => x.to({ dtype: "float64" }).mul(2).to({ dtype: "float32" }).mul(y),
};

for (const [name, fn] of Object.entries(cases)) {
  Deno.test(`backward() with memory taken back equals a recorded pass: ${name}`, () => {
    manualSeed(9);
    const [x, y] = [randn([100, 100]).requiresGrad_(), randn([100, 100]).requiresGrad_()];
    const run = (createGraph: boolean) => {
      const out = fn(x, y);
      const loss = out.reshape([-1]).mul(1.5).square().mean();
      return grad(loss, [x, y], { createGraph }).map((g) => Array.from(g.contiguous().data));
    };
    const truth = run(true);
    for (let again = 0; again < 3; again++) assertEquals(run(false), truth);
  });

  Deno.test(`backward() into leaves equals grad(): ${name}`, () => {
    manualSeed(9);
    const [x, y] = [randn([100, 100]).requiresGrad_(), randn([100, 100]).requiresGrad_()];
    const truth = grad(fn(x, y).square().sum(), [x, y], { createGraph: true })
      .map((g) => Array.from(g.contiguous().data));
    for (let again = 0; again < 3; again++) {
      x.grad = y.grad = null;
      fn(x, y).square().sum().backward();
      assertEquals([x, y].map((leaf) => Array.from(leaf.grad!.data)), truth);
    }
  });
}

Deno.test("backward() leaves what the user holds: inputs, outputs and a given gradient", () => {
  const x = randn([100, 100]).requiresGrad_();
  const given = randn([100, 100]);
  const y = x.mul(2).add(1);
  const before = [x, given, y].map((t) => Array.from(t.data));
  y.backward({ gradient: given, retainGraph: true });
  y.backward({ gradient: given });
  assertEquals([x, given, y].map((t) => Array.from(t.data)), before);
  assertEquals(x.grad!.toArray(), given.mul(4).toArray());
});

Deno.test("grad() of inner tensors gives them to the caller for good", () => {
  const x = randn([100, 100]).requiresGrad_();
  const inner = x.tanh();
  const out = inner.square().add(inner);
  const [a, b] = grad(out.sum(), [inner, x], { retainGraph: true });
  const values = [a, b].map((t) => Array.from(t.data));
  for (let i = 0; i < 3; i++) grad(out.sum(), [x], { retainGraph: true });
  randn([100, 100]).exp().mul(3);
  assertEquals([a, b].map((t) => Array.from(t.data)), values);
});

Deno.test("training steps with and without reading the gradients are the same", () => {
  const train = (read: boolean) => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(90, 80), new nn.Tanh(), new nn.Linear(80, 10));
    const x = randn([70, 90]);
    const labels = tensor(Int32Array.from({ length: 70 }, (_, i) => i % 10));
    const seen: Tensor[] = [];
    for (let step = 0; step < 5; step++) {
      model.zeroGrad();
      losses.crossEntropy(model.forward(x), labels).backward();
      for (const p of model.parameters()) {
        const g = read ? p.grad! : p.collected!;
        if (read) seen.push(g);
        p.detach().copy_(p.detach().sub(g.mul(0.1)));
      }
    }
    return model.parameters().map((p) => p.toArray());
  };
  assertEquals(train(true), train(false));
});
