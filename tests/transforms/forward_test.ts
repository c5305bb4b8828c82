/** Forward mode: nested with reverse mode in every order, on trees of tensors, along many directions. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  checkpoint,
  customFunction,
  enableGrad,
  functionalCall,
  GradError,
  gradOf,
  hessian,
  hvp,
  jacfwd,
  jacobian,
  jvp,
  linearize,
  nn,
  randn,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
  vjp,
  vmap,
} from "../../mod.ts";
import { assertClose } from "../../lib/testing/mod.ts";

const F64 = { dtype: "float64" } as const;
const one = tensor(1, F64);

function normal(seed: number, ...shape: number[]): Tensor {
  return randn(shape, { ...F64, generator: new RandomGenerator(seed) });
}

/** The derivative of a function of a number, by forward mode and by reverse mode. */
const WAYS: Record<string, (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor> = {
  forward: (fn) => (x) => jvp(fn, x, one)[1],
  reverse: (fn) => (x) => gradOf(fn)(x),
};

Deno.test("perturbations are not confused: d/dx (x · d/dy (x + y)) and its like, in all four nestings", () => {
  for (const [outerName, outer] of Object.entries(WAYS)) {
    for (const [innerName, inner] of Object.entries(WAYS)) {
      const nested = `${outerName} over ${innerName}`;
      const sum = outer((x) => x.mul(inner((y) => x.add(y))(one)));
      assertEquals(sum(one).item(), 1, nested);
      const product = outer((x) => x.mul(inner((y) => x.mul(y))(tensor(2, F64))));
      assertEquals(product(tensor(3, F64)).item(), 6, nested);
      // x · d/dy (y·sin x·y) at y = x: 2x² sin x
      const both = outer((x) => x.mul(inner((y) => y.mul(x.sin()).mul(y))(x)));
      const at = 0.7;
      assertClose(
        both(tensor(at, F64)),
        tensor(4 * at * Math.sin(at) + 2 * at * at * Math.cos(at), F64),
      );
      const cube = outer(inner((x) => x.pow(3)));
      assertEquals(cube(tensor(2, F64)).item(), 12, nested);
    }
  }
  const third = WAYS.forward!(WAYS.reverse!(WAYS.forward!((x) => x.pow(4))));
  assertEquals(third(tensor(2, F64)).item(), 48);
});

Deno.test("jvp() goes through custom functions, checkpoints and noGrad as gradients do", () => {
  const cube = customFunction({
    forward: (context, x: Tensor) => {
      context.save(x);
      return x.pow(3);
    },
    backward: (context, g) => g.mul(context.saved[0]!.square()).mul(3),
  });
  const [x, t] = [normal(1, 3), normal(2, 3)];
  const [, plain] = jvp((x) => x.pow(3).exp(), x, t);
  assertClose(jvp((x) => cube(x).exp(), x, t)[1], plain);
  assertClose(jvp((x) => checkpoint((y: Tensor) => y.pow(3).exp(), x), x, t)[1], plain);
  assertClose(jvp((x) => x.mul(x.detach()), x, t)[1], x.mul(t));
  const second = gradOf((x: Tensor) => jvp((y) => cube(y), x, t)[1].sum())(x);
  assertClose(second, x.mul(t).mul(6));
});

Deno.test("jvp() can be differentiated by its point and by its direction", () => {
  const [x, t] = [normal(3, 3).requiresGrad_(), normal(4, 3).requiresGrad_()];
  const [, y] = jvp((x) => x.sin(), x, t);
  y.sum().backward();
  assertClose(x.grad!, x.detach().sin().neg().mul(t.detach()));
  assertClose(t.grad!, x.detach().cos());
  const constant = jvp((x) => x.sin(), x.detach(), t.detach())[1];
  assertEquals([constant.requiresGrad, enableGrad(() => constant.mul(2)).requiresGrad], [
    false,
    false,
  ]);
});

Deno.test("linearize() keeps what the function did, for any number of directions", () => {
  let calls = 0;
  const fn = (x: Tensor) => {
    calls++;
    return { sum: x.square().sum(), rows: [x.sin(), x.cumsum(0)] };
  };
  const x = normal(5, 3);
  const [output, derivative] = linearize(fn, x);
  assertClose(output.sum, x.square().sum());
  for (const t of [normal(6, 3), normal(7, 3)]) {
    const found = derivative(t);
    assertClose(found.sum, x.mul(t).sum().mul(2));
    assertClose(found.rows[0]!, x.cos().mul(t));
    assertClose(found.rows[1]!, t.cumsum(0));
  }
  assertEquals(calls, 1);
  const many = vmap((t: Tensor) => derivative(t).rows[0]!)(normal(8, 4, 3));
  assertClose(many, normal(8, 4, 3).mul(x.cos()));
  assertThrows(
    () => derivative(normal(9, 2)),
    ShapeError,
    "tangent 0 has shape [2], needed is [3]",
  );
});

Deno.test("transforms take and give records and nested ones", () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
  const params = Object.fromEntries(
    model.namedParameters().map(([name, p]) => [name, p.detach().to("float64")]),
  );
  const x = normal(10, 4, 2);
  const loss = (p: Record<string, Tensor>) => functionalCall(model, p, x).square().mean();
  const directions = Object.fromEntries(
    Object.entries(params).map(([name, p], i) => [name, normal(11 + i, ...p.shape)]),
  );
  const [value, product] = hvp(loss, params, directions);
  assertClose(value, loss(params));
  assertEquals(Object.keys(product), Object.keys(params));
  const full = hessian(loss, params) as unknown as Record<string, Record<string, Tensor>>;
  for (const [a, row] of Object.entries(full)) {
    const sum = Object.entries(row).map(([b, block]) => {
      const size = directions[b]!.size;
      return block.reshape([-1, size]).matmul(directions[b]!.flatten());
    }).reduce((p, q) => p.add(q));
    assertClose(product[a]!, sum.reshape(params[a]!.shape));
  }
  const pair = { a: normal(20, 2), list: [normal(21, 2), { b: normal(22, 2) }] as const };
  const fn = (p: { a: Tensor; list: [Tensor, { b: Tensor }] }) => ({
    sum: p.a.mul(p.list[0]),
    deep: [p.list[1].b.exp()],
  });
  const [, moved] = jvp(fn, pair, pair);
  assertClose(moved.sum, pair.a.mul(pair.list[0]).mul(2));
  const [, back] = vjp(fn, pair, { sum: one.expand([2]), deep: [one.expand([2])] });
  assertClose(back.list[1].b, pair.list[1].b.exp());
  const [wide, narrow] = [jacobian(fn, pair), jacfwd(fn, pair)];
  assertClose(wide.sum.list[0], narrow.sum.list[0]);
  assertEquals(wide.deep[0]!.list[1].b.shape, [2, 2]);
});

Deno.test("jacfwd() is jacobian(), also inside of vmap and of gradients", () => {
  const [x, w] = [normal(30, 3), normal(31, 4, 3)];
  const fn = (x: Tensor) => w.matmul(x).tanh();
  assertClose(jacfwd(fn, x), jacobian(fn, x));
  const batch = normal(32, 5, 3);
  assertClose(
    vmap((x: Tensor) => jacfwd(fn, x))(batch),
    vmap((x: Tensor) => jacobian(fn, x))(batch),
  );
  const norm = (jac: typeof jacfwd | typeof jacobian) =>
    gradOf((x: Tensor) => (jac(fn, x) as Tensor).square().sum())(x);
  assertClose(norm(jacfwd), norm(jacobian));
  const [empty] = [normal(33, 0)];
  assertEquals(jacfwd((x) => x.mul(2), empty).shape, [0, 0]);
  assertEquals(jacobian((x) => x.mul(2), empty).shape, [0, 0]);
});

Deno.test("forward mode says where a tape was used up", () => {
  const [, derivative] = linearize((x) => {
    const y = x.square();
    const z = y.sum();
    z.backward();
    return y;
  }, normal(40, 2));
  assertThrows(() => derivative(normal(41, 2)), GradError, "used up by a backward pass");
});

Deno.test("the derivative of linearize() takes one argument, in the form of the inputs", () => {
  const x = tensor([1, 1]);
  const [, derivative] = linearize((a: Tensor, b: Tensor) => a.mul(b), [x, x]);
  const spread = derivative as unknown as (...tangents: Tensor[]) => Tensor;
  assertThrows(() => spread(x, x), TypeError, "Cannot run the derivative of linearize: it takes");
  assertEquals(derivative([x, x]).toArray(), [2, 2]);
});
