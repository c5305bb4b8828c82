import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { grad, type NestedArray, nn, optim, type Tensor, tensor } from "../../mod.ts";
import fixtures from "../fixtures/training.json" with { type: "json" };

type Options = Record<string, unknown>;

function leaf(data: NestedArray): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

/** What the fixtures minimise. */
function objective(a: Tensor, b: Tensor): Tensor {
  return a.matmul(b).sub(1).tanh().square().sum().add(a.mul(b).tanh().sum());
}

function make(name: string, groups: Iterable<Tensor> | { params: Tensor[] }[], options: Options) {
  const all = { lr: 0.05, ...options };
  const params = groups as Tensor[];
  if (name === "SGD") return new optim.SGD(params, all);
  return name === "Adam" ? new optim.Adam(params, all) : new optim.AdamW(params, all);
}

const { a: startA, b: startB, runs } = fixtures.trajectories;
for (const { optimizer: name, options, first, last } of runs) {
  Deno.test(`optim.${name} follows PyTorch for 20 steps with ${JSON.stringify(options)}`, () => {
    const [a, b] = [leaf(startA), leaf(startB)];
    const optimizer = make(name, [{ params: [a] }, { params: [b], lr: 0.02 } as never], options);
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      objective(a, b).backward();
      optimizer.step();
      if (step === 0) assertClose(a.reshape([-1]), tensor(first[0]!, { dtype: "float64" }));
    }
    const tolerance = { rtol: 1e-9, atol: 1e-12 };
    assertClose(a.reshape([-1]), tensor(last[0]!, { dtype: "float64" }), tolerance);
    assertClose(b, tensor(last[1]!, { dtype: "float64" }), tolerance);
  });

  Deno.test(`optim.functional equals optim.${name} with ${JSON.stringify(options)}`, () => {
    const own = [leaf(startA), leaf(startB)];
    const optimizer = make(name, own, options);
    let params: Tensor[] = [leaf(startA), leaf(startB)];
    let state = {};
    const all: Options = { lr: 0.05, ...(name === "AdamW" && { weightDecay: 0.01 }), ...options };
    for (let step = 0; step < 5; step++) {
      optimizer.zeroGrad();
      objective(own[0]!, own[1]!).backward();
      optimizer.step();
      const leaves = params.map((p) => p.detach().requiresGrad_());
      const grads = grad(objective(leaves[0]!, leaves[1]!), leaves);
      const decoupled = name === "AdamW";
      const next = name === "SGD"
        ? optim.functional.sgd(leaves, grads, state, all)
        : optim.functional.adam(leaves, grads, state, { ...all, decoupled });
      ({ params, state } = next);
      own.forEach((p, i) => assertClose(p, params[i]!, { rtol: 1e-12, atol: 1e-14 }));
    }
  });
}

Deno.test("optim.SGD on a quadratic gives x·(1 − η·λ)ⁿ", () => {
  const x = leaf([2]);
  const optimizer = new optim.SGD([x], { lr: 0.1 });
  for (let step = 0; step < 10; step++) {
    optimizer.zeroGrad();
    x.square().mul(1.5).sum().backward();
    optimizer.step();
  }
  assertAlmostEquals(x.item(), 2 * 0.7 ** 10, 1e-15);
});

Deno.test("optim steps work in float32 and skip parameters without gradient", () => {
  const [x, y] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
  for (const Kind of [optim.SGD, optim.Adam, optim.AdamW]) {
    const optimizer = new Kind([x, y], { lr: 0.1 });
    optimizer.zeroGrad();
    x.square().sum().backward();
    const before = x.item();
    optimizer.step();
    assertEquals(x.item() < before, true);
    assertEquals(y.item(), 1);
  }
});

Deno.test("Optimizer.stateDict() goes on exactly where the optimizer was", () => {
  for (const [name, options] of [["SGD", { momentum: 0.9 }], ["Adam", {}]] as const) {
    const run = (x: Tensor, optimizer: ReturnType<typeof make>, steps: number) => {
      for (let step = 0; step < steps; step++) {
        optimizer.zeroGrad();
        x.tanh().sum().backward();
        optimizer.step();
      }
    };
    const x = leaf([0.3, -0.2]);
    const optimizer = make(name, [x], options);
    run(x, optimizer, 3);
    const y = leaf(x.toArray());
    const other = make(name, [y], { ...options, lr: 9 });
    const state = optimizer.stateDict();
    other.loadStateDict(state as never);
    run(x, optimizer, 3);
    run(y, other, 3);
    assertEquals(y.toArray(), x.toArray());
    const wrong = make(name, [leaf([1]), leaf([1])], {});
    assertThrows(() => wrong.loadStateDict(state as never), RangeError, "groups have [2]");
  }
});

Deno.test("Optimizer refuses what is no parameter and options out of range", () => {
  const x = leaf([1]);
  assertThrows(() => new optim.SGD([]), RangeError, "there are no parameters");
  assertThrows(() => new optim.SGD([tensor([1])]), TypeError, "must be a leaf");
  assertThrows(() => new optim.SGD([x.mul(2)]), TypeError, "must be a leaf");
  assertThrows(() => new optim.SGD([x, x]), RangeError, "two groups");
  assertThrows(() => new optim.SGD([x], { lr: -1 }), RangeError, "lr must lie in [0, ∞)");
  assertThrows(() => new optim.SGD([x], { nesterov: true }), RangeError, "nesterov");
  assertThrows(() => new optim.Adam([x], { betas: [1, 0.9] }), RangeError, "betas[0]");
  assertThrows(() => new optim.Adam([x], { eps: NaN }), RangeError, "eps");
  assertThrows(() => optim.functional.sgd([x], []), RangeError, "as many gradients");
});

Deno.test("Optimizer.zeroGrad() forgets, so that gradients do not add up over steps", () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.SGD(model.parameters());
  model.forward(tensor([[1, 2]])).sum().backward();
  assertEquals(model.weight.grad?.toArray(), [[1, 2]]);
  optimizer.zeroGrad();
  assertEquals(model.weight.grad, null);
});
