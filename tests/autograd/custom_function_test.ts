import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  customFunction,
  type FunctionContext,
  grad,
  GradError,
  noGrad,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  testing,
  vmap,
  zeros,
} from "../../mod.ts";

const { assertClose, CheckError, checkGradients, gradcheck } = testing;

function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

const cube = customFunction({
  name: "cube",
  forward: (ctx, x) => {
    ctx.save(x);
    return x.mul(x).mul(x);
  },
  backward: (ctx, g) => {
    const [x] = ctx.saved as [Tensor];
    return g.mul(x.square()).mul(3);
  },
});

const expOf = customFunction({
  forward: (ctx, x) => {
    const y = x.exp();
    ctx.save(y);
    return y;
  },
  backward: (ctx, g) => g.mul(ctx.saved[0]!),
});

Deno.test("customFunction() has the gradient that it was given, of every order", () => {
  checkGradients((x) => cube(x), [[2, 3]]);
  const x = leaf(2);
  const [first] = grad(cube(x), [x], { createGraph: true });
  const [second] = grad(first, [x], { createGraph: true });
  const [third] = grad(second, [x]);
  assertEquals([first.item(), second.item(), third.item()], [12, 12, 6]);
  const wrong = customFunction({ forward: (_, x) => x.mul(2), backward: (_, g) => g.mul(5) });
  assertEquals(grad(wrong(x), [x])[0].item(), 5);
});

Deno.test("customFunction() has its name, by which a check of gradients tells of it", () => {
  const told = (name?: string) => {
    const forward = (_: unknown, x: Tensor) => x.mul(2);
    const backward = (_: unknown, g: Tensor) => g.mul(5);
    const wrong = customFunction({ forward, backward, ...(name !== undefined && { name }) });
    return assertThrows(() => gradcheck(wrong, [[1]]), CheckError).message;
  };
  assertStringIncludes(told("double"), "Gradient of double is wrong");
  assertStringIncludes(told(), "Gradient of customFunction is wrong");
});

Deno.test("customFunction() is differentiated through a saved output", () => {
  checkGradients((x) => expOf(x).mul(x), [[3]]);
  const x = leaf(1);
  let y = expOf(x);
  for (let order = 0; order < 3; order++) [y] = grad(y, [x], { createGraph: true });
  assertClose(y, Math.E, { rtol: 1e-12 });
});

Deno.test("customFunction() takes and gives several tensors, and attributes", () => {
  const asked: boolean[] = [];
  const both = customFunction({
    name: "both",
    forward: (ctx: FunctionContext<{ factor: number }>, a: Tensor, b: Tensor) => {
      ctx.attrs.factor = 3;
      ctx.save(a, b);
      return [a.mul(b).mul(3), a.add(b)];
    },
    backward: (ctx, product, sum) => {
      const [a, b] = ctx.saved as [Tensor, Tensor];
      const g = product!.mul(ctx.attrs.factor);
      asked.splice(0, 2, ...ctx.needs);
      return [g.mul(b).add(sum!), ctx.needs[1] ? g.mul(a).add(sum!) : null];
    },
  });
  checkGradients((a, b) => both(a, b)[0]!.tanh().add(both(a, b)[1]!), [[3], [3]]);
  const [a, b] = [leaf(2), leaf(3)];
  // An output that nothing depends on has zeros for a gradient.
  assertEquals(grad(both(a, b)[1]!, [a, b]).map((g) => g.item()), [1, 1]);
  const constant = b.detach();
  const [product] = both(a, constant) as [Tensor];
  product.backward();
  assertEquals(a.grad?.item(), 9);
  assertEquals(asked, [true, false]);
  assertStrictEquals(constant.grad, null);
});

Deno.test("customFunction() records nothing of forward, and nothing under noGrad", () => {
  let inside = true;
  const seen = customFunction({
    forward: (_, x) => {
      inside = x.mul(2).requiresGrad;
      return x;
    },
    backward: (_, g) => g.mul(7),
  });
  const x = leaf([1, 2]);
  const y = seen(x);
  assertEquals(inside, false);
  assertNotStrictEquals(y, x);
  y.sum().backward();
  assertEquals(x.grad?.toArray(), [7, 7]);
  assertEquals(noGrad(() => seen(x)).requiresGrad, false);
  assertEquals(seen(x.detach()).requiresGrad, false);
});

Deno.test("customFunction() gives outputs of whole numbers no gradient", () => {
  const largest = customFunction({
    forward: (ctx, x) => {
      const { values, indices } = x.max(0);
      ctx.save(x, indices);
      return [values, indices];
    },
    backward: (ctx, g) => {
      const [x, indices] = ctx.saved as [Tensor, Tensor];
      return zeros(x.shape, { dtype: x.dtype }).scatterAdd(
        0,
        indices.reshape([1]),
        g!.reshape([1]),
      );
    },
  });
  const x = leaf([1, 5, 3]);
  const [values, indices] = largest(x) as [Tensor, Tensor];
  assertEquals([values.requiresGrad, indices.requiresGrad, indices.dtype], [true, false, "int32"]);
  values.mul(2).backward();
  assertEquals(x.grad?.toArray(), [0, 2, 0]);
});

Deno.test("customFunction() may keep what its backward made", () => {
  const kept: Tensor[] = [];
  const keeping = customFunction({
    forward: (_, x) => x.mul(2),
    backward: (_, g) => {
      const twice = g.mul(2);
      kept.push(g.add(5), twice);
      return twice;
    },
  });
  const x = zeros([1 << 15], { requiresGrad: true });
  for (let i = 0; i < 3; i++) {
    x.grad = null;
    keeping(x.add(1)).mul(3).sum().backward();
    x.grad = null;
    keeping(x).mul(3).sum().backward();
  }
  assertEquals(kept.map((y) => y.at(9).item()), Array.from({ length: 6 }, () => [8, 6]).flat());
});

Deno.test("customFunction() keeps what it saved when a scope ends", () => {
  const x = leaf([1, 2]);
  const y = scope(() => cube(x.mul(1)).sum());
  y.backward();
  assertEquals(x.grad?.toArray(), [3, 12]);
});

Deno.test("customFunction() notices a saved tensor that was changed", () => {
  const x = leaf([1, 2]);
  const y = cube(x).sum();
  noGrad(() => x.fill_(0));
  assertThrows(
    () => y.backward(),
    GradError,
    "Cannot run backward: a tensor that cube saved for its gradient was changed in place since",
  );
});

Deno.test("customFunction() names itself where a gradient is wrong", () => {
  const returning = (returned: unknown) =>
    customFunction({
      name: "mine",
      forward: (_, a: Tensor, b: Tensor) => a.add(b),
      backward: () => returned as Tensor,
    });
  const [a, b] = [leaf([1, 2]), leaf([1, 2])];
  const run = (returned: unknown) => () => returning(returned)(a, b).sum().backward();
  assertThrows(
    run(zeros([2])),
    GradError,
    "Cannot run backward: mine took 2 inputs, so its backward must return as many gradients " +
      "(null for none), got 1",
  );
  assertThrows(
    run([null, zeros([2, 1])]),
    ShapeError,
    "the backward of mine returned shape [2, 1] for input 1, which has shape [2]",
  );
  assertThrows(
    run([5, null]),
    GradError,
    "the backward of mine must return tensors or null, got 5 for input 0",
  );
  const none: unknown = () => undefined;
  const empty = customFunction({
    name: "empty",
    forward: none as () => Tensor,
    backward: () => null,
  });
  assertThrows(() => empty(), TypeError, "Cannot compute empty: forward must return a tensor");
  const nothing = customFunction<Tensor[], Tensor[]>({
    forward: () => [],
    backward: () => null,
  });
  assertThrows(
    () => nothing(a),
    TypeError,
    "forward must return a tensor or an array of them, got []",
  );
});

Deno.test("customFunction() refuses outputs for a batch that are none", () => {
  const x = zeros([3, 2]);
  const wrong: readonly (readonly [returned: unknown, words: string])[] = [
    [undefined, "vmap must return a tensor or an array of them, got undefined"],
    [3, "vmap must return a tensor or an array of them, got 3"],
    [[], "vmap must return a tensor or an array of them, got []"],
    [[x, null], "vmap must return a tensor or an array of them, got ["],
    [{ y: x }, "vmap must return a tensor or an array of them, got {"],
    [x.sum(), "vmap must return outputs with the batch of 3 as first dimension, got []"],
    [x.sum(0), "vmap must return outputs with the batch of 3 as first dimension, got [2]"],
    [
      [x, zeros([4, 3])],
      "vmap must return outputs with the batch of 3 as first dimension, got [4, 3]",
    ],
  ];
  for (const [returned, words] of wrong) {
    const mine = customFunction<[Tensor]>({
      name: "mine",
      forward: (_, x) => x,
      backward: (_, g) => g,
      vmap: () => returned as Tensor,
    });
    assertThrows(() => vmap(mine)(x), Error, `Cannot compute mine: ${words}`);
  }
});
