import { assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { OpRule, record1, recordAll } from "../../lib/ops/define/record.ts";
import {
  cat,
  type DType,
  DTypeError,
  enableGrad,
  grad,
  GradError,
  isGradEnabled,
  type NestedArray,
  noGrad,
  ShapeError,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../mod.ts";
import { checkGradients, checkSecondGradients } from "../common/gradients.ts";

/** A leaf of type float64. */
function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

/** The gradient that a leaf has collected. */
function gradOf(x: Tensor): NestedArray | undefined {
  return x.grad?.toArray();
}

/** The derivatives of a function of one number, from the function itself on. */
function derivatives(fn: (x: Tensor) => Tensor, at: number, orders: number): number[] {
  const x = leaf(at);
  let y = fn(x);
  const values = [y.item()];
  for (let order = 0; order < orders; order++) {
    [y] = grad(y, [x], { createGraph: true });
    values.push(y.item());
  }
  return values;
}

function assertNumbers(actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) =>
    assertAlmostEquals(value, expected[i]!, 1e-12 * (1 + Math.abs(expected[i]!)))
  );
}

Deno.test("backward() runs through a chain of 100,000 ops", () => {
  const x = leaf(2);
  let y = x;
  for (let i = 0; i < 100_000; i++) y = i % 2 === 0 ? y.add(1e-5) : y.neg().neg().sub(1e-5);
  y.backward();
  assertAlmostEquals(y.item(), 2, 1e-9);
  assertEquals(gradOf(x), 1);
});

Deno.test("backward() adds what comes back along both sides of a diamond", () => {
  const x = leaf(3);
  const y = x.square();
  y.mul(y).add(y).backward();
  // d/dx (x⁴ + x²) = 4x³ + 2x
  assertEquals(gradOf(x), 114);
});

Deno.test("backward() visits each node of nested diamonds once", () => {
  const x = leaf(1);
  let y = x;
  for (let depth = 0; depth < 60; depth++) y = y.add(y);
  y.backward();
  assertEquals(gradOf(x), 2 ** 60);
  const product = leaf(1);
  let z = product;
  for (let depth = 0; depth < 40; depth++) z = z.mul(z);
  z.backward();
  assertEquals(product.grad?.item(), 2 ** 40);
});

Deno.test("backward() takes paths of unequal length in the right order", () => {
  const x = leaf(2);
  let long = x;
  for (let i = 0; i < 5; i++) long = long.mul(2);
  // The short path is recorded last and must wait for nothing.
  x.mul(long).add(x).backward();
  assertEquals(gradOf(x), 2 * 32 * 2 + 1);
});

Deno.test("grad() does not confuse perturbations", () => {
  // f(x) = x · d/dy (x + y) at y = 1 is x, so f'(x) = 1; a confusion gives 2.
  const [x, y] = [leaf(1), leaf(1)];
  const [inner] = grad(x.add(y), [y], { createGraph: true });
  assertEquals(grad(x.mul(inner), [x])[0].item(), 1);
  // f(x) = x · d/dy (x·y) = x²
  const [a, b] = [leaf(5), leaf(1)];
  const [product] = grad(a.mul(b), [b], { createGraph: true });
  assertEquals(grad(a.mul(product), [a])[0].item(), 10);
  // d/dy x = 0
  assertEquals(grad(x.mul(1), [y], { allowUnused: true }), [null]);
});

Deno.test("grad() gives third derivatives", () => {
  for (const at of [-1.3, 0.2, 0.9]) {
    const t = Math.tanh(at);
    const [t1, t2] = [1 - t * t, -2 * t * (1 - t * t)];
    const t3 = (1 - t * t) * (6 * t * t - 2);
    assertNumbers(derivatives((x) => x.tanh(), at, 3), [t, t1, t2, t3]);
    const e = Math.exp(t);
    assertNumbers(derivatives((x) => x.tanh().exp(), at, 3), [
      e,
      e * t1,
      e * (t1 ** 2 + t2),
      e * (t1 ** 3 + 3 * t1 * t2 + t3),
    ]);
    const powers = [at ** 5, 5 * at ** 4, 20 * at ** 3, 60 * at ** 2];
    assertNumbers(derivatives((x) => x.pow(5), at, 3), powers);
    assertNumbers(derivatives((x) => x.mul(x).mul(x).mul(x).mul(x), at, 3), powers);
  }
});

Deno.test("pow() of 0 by a number has finite derivatives of every order", () => {
  // Those of a polynomial; PyTorch gives the same for exponents that are numbers.
  assertNumbers(derivatives((x) => x.pow(3).add(x.mul(0)), 0, 4), [0, 0, 0, 6, 0]);
  assertNumbers(derivatives((x) => x.pow(1).add(x.pow(3)), 0, 3), [0, 1, 0, 6]);
  assertNumbers(derivatives((x) => x.pow(0).add(x.pow(3)), 0, 3), [1, 0, 0, 6]);
});

Deno.test("backward() adds to the gradients of earlier passes", () => {
  const x = leaf([1, 2]);
  x.square().sum().backward();
  assertEquals(gradOf(x), [2, 4]);
  x.mul(3).sum().backward();
  assertEquals(gradOf(x), [5, 7]);
  x.grad = null;
  x.sum().backward();
  assertEquals(gradOf(x), [1, 1]);
});

Deno.test("backward() gives each leaf a gradient of its own memory", () => {
  const makers: ((a: Tensor, b: Tensor) => Tensor)[] = [
    (a, b) => a.add(b).sum(),
    (a, b) => a.add(b).mul(2).sum(),
    (a, b) => a.add(b).reshape([2, 2]).mul(2).sum(),
    (a, b) => a.reshape([2, 2]).mul(2).sum().add(b.sum()),
    (a, b) => a.clone().add(b.reshape([4])).square().sum(),
  ];
  for (const make of makers) {
    const [a, b] = [leaf([1, 2, 3, 4]), leaf([5, 6, 7, 8])];
    make(a, b).backward();
    const before = b.grad!.toArray();
    a.grad!.fill_(99);
    assertEquals(b.grad!.toArray(), before);
  }
});

Deno.test("backward() keeps no hold of the gradient it was given", () => {
  const x = leaf([1, 2]);
  const gradient = tensor([3, 4], { dtype: "float64" });
  x.add(0).backward({ gradient });
  gradient.fill_(0);
  assertEquals(gradOf(x), [3, 4]);
  const direct = leaf([1, 2]);
  const given = tensor([3, 4], { dtype: "float64" });
  direct.backward({ gradient: given });
  direct.grad!.fill_(7);
  assertEquals(given.toArray(), [3, 4]);
});

Deno.test("backward() of a leaf gives it the gradient itself", () => {
  const x = leaf(3);
  x.backward();
  x.backward();
  assertEquals(gradOf(x), 2);
});

Deno.test("detach() leaves the tape and shares the memory", () => {
  const x = leaf([1, 2]);
  const cut = x.square().detach();
  assertEquals(cut.requiresGrad, false);
  assertEquals(cut.isLeaf, true);
  x.mul(cut).sum().backward();
  assertEquals(gradOf(x), [1, 4]);
  noGrad(() => x.detach().fill_(5));
  assertEquals(x.toArray(), [5, 5]);
});

Deno.test("backward() refuses a tensor that was saved and changed in place", () => {
  const cases: [string, (x: Tensor) => Tensor, (x: Tensor, y: Tensor) => unknown][] = [
    ["square", (x) => x.square(), (x) => x.fill_(1)],
    ["exp", (x) => x.exp(), (_, y) => y.fill_(1)],
    ["mul", (x) => x.mul(x.detach()), (x) => x.setAt([0], 1)],
    ["log", (x) => x.log(), (x) => x.detach().slice(0, 0, 1).zero_()],
    ["matmul", (x) => x.matmul(x), (x) => x.copy_(x)],
  ];
  for (const [name, make, change] of cases) {
    const x = leaf([1, 2]);
    const y = make(x);
    noGrad(() => change(x, y));
    assertThrows(() => y.sum().backward(), GradError, `a tensor that ${name} saved`);
  }
});

Deno.test("backward() allows a change in place of what no rule reads", () => {
  const x = leaf([1, 2]);
  const y = x.add(1).mul(3);
  noGrad(() => y.fill_(0));
  y.sum().backward();
  assertEquals(gradOf(x), [3, 3]);
});

Deno.test("backward() a second time needs retainGraph", () => {
  const x = leaf(3);
  const y = x.square();
  y.backward();
  assertThrows(() => y.backward(), GradError, "the tape of square was used up");
  assertThrows(() => y.mul(2).backward(), GradError, "retainGraph");
  assertThrows(() => grad(y, [x]), GradError, "used up");
  assertEquals(gradOf(x), 6);
  const z = x.square();
  z.backward({ retainGraph: true });
  z.backward({ retainGraph: true });
  z.backward();
  assertEquals(gradOf(x), 24);
  assertThrows(() => z.backward(), GradError, "used up");
});

Deno.test("backward() releases the tape behind it", () => {
  const x = leaf(3);
  const y = x.square();
  const z = y.exp();
  const nodes = [y.node!, z.node!];
  z.backward({ retainGraph: true });
  assertEquals(nodes.map((node) => [node.released, node.parents.length]), [[false, 1], [false, 1]]);
  z.backward();
  for (const node of nodes) {
    assertEquals(node.released, true);
    assertEquals(node.parents.length, 0);
    assertEquals(node.attrs, null);
    assertThrows(() => node.x, GradError, "does not save");
    assertThrows(() => node.y, GradError, "does not save");
  }
});

Deno.test("backward() of several elements needs a gradient", () => {
  const x = leaf([1, 2]);
  assertThrows(() => x.mul(2).backward(), GradError, "got shape [2]");
  x.mul(2).backward({ gradient: tensor([1, 10], { dtype: "float64" }) });
  assertEquals(gradOf(x), [2, 20]);
  const gradient = zeros([3]);
  const error = assertThrows(() => x.mul(2).backward({ gradient }), ShapeError, "[3]");
  assertEquals(error.shapes, [[3], [2]]);
  // One element is enough, whatever the number of dimensions; other types are converted.
  x.grad = null;
  x.sum().reshape([1, 1]).backward();
  x.reshape([2, 1]).backward({ gradient: tensor([[1], [2]]) });
  assertEquals((x.grad as Tensor | null)?.dtype, "float64");
  assertEquals(gradOf(x), [2, 3]);
});

Deno.test("backward() says why a tensor is on no tape", () => {
  const x = leaf(3);
  const cases: [Tensor, string][] = [
    [tensor(1), "created without { requiresGrad: true }"],
    [x.detach(), "detached"],
    [noGrad(() => x.square()), "it was made under noGrad"],
    [tensor(1).square(), "none of its inputs requires a gradient"],
    [x.detach().exp(), "none of its inputs requires a gradient"],
    [x.gt(1), "it is bool, and only float32 and float64 have gradients"],
    [x.argmax(), "made by argmax) is on no tape, as it is int32"],
  ];
  for (const [y, reason] of cases) {
    assertThrows(() => y.backward(), GradError, reason);
    assertThrows(() => grad(y, [x]), GradError, reason);
  }
  assertThrows(() => noGrad(() => x.square()).backward(), GradError, "made by square");
});

Deno.test("grad() gives gradients of inputs that are not leaves", () => {
  const x = leaf(3);
  const y = x.square();
  const z = y.mul(y);
  const gradients = grad(z, [y, x], { retainGraph: true });
  assertEquals(gradients.map((g) => g.item()), [18, 108]);
  assertEquals(grad(z, [z, z], { retainGraph: true }).map((g) => g.item()), [1, 1]);
  assertEquals(grad(x, [x])[0].item(), 1);
  assertEquals(x.grad, null);
});

Deno.test("grad() releases only what lies between outputs and inputs", () => {
  const x = leaf(3);
  const y = x.square();
  const z = y.mul(5);
  assertEquals(grad(z, [y])[0].item(), 5);
  assertThrows(() => grad(z, [y]), GradError, "used up");
  y.backward();
  assertEquals(gradOf(x), 6);
});

Deno.test("grad() leaves .grad as it was", () => {
  const [x, y] = [leaf([1, 2]), leaf([3, 4])];
  x.square().sum().backward();
  const before = x.grad;
  grad(x.mul(y).sum(), [x, y]);
  grad(x.mul(y).sum(), [x], { createGraph: true });
  assertStrictEquals(x.grad, before);
  assertEquals(gradOf(x), [2, 4]);
  assertEquals(y.grad, null);
});

Deno.test("grad() refuses an input that the outputs do not depend on", () => {
  const [x, y] = [leaf(3), leaf(4)];
  assertThrows(() => grad(x.square(), [x, y]), GradError, "do not depend on input 1");
  const [a, b] = grad(x.square(), [x, y], { allowUnused: true });
  assertEquals([a?.item(), b], [6, null]);
  assertThrows(() => grad(x.square(), [x, tensor(1)]), GradError, "input 1 (shape []) requires no");
  // A path without gradient is not an unused input.
  assertEquals(grad(x.sign(), [x])[0].item(), 0);
});

Deno.test("grad() adds the gradients of several outputs", () => {
  const x = leaf([1, 2]);
  const [one, two] = [x.square(), x.mul(3).sum()];
  const weights = tensor([10, 100], { dtype: "float64" });
  const [g] = grad([one, two], [x], { gradOutputs: [weights, null] });
  assertEquals(g.toArray(), [23, 403]);
  const y = x.square();
  // The second output depends on the first.
  const [h] = grad([y.sum(), y.mul(y).sum()], [y]);
  assertEquals(h.toArray(), [3, 9]);
  assertThrows(() => grad([one], [x], { gradOutputs: [weights, weights] }), GradError, "1 outputs");
  assertThrows(() => grad([], [x]), GradError, "no outputs");
  assertThrows(() => grad(x.mul(2), [x], { gradOutputs: zeros([3]) }), ShapeError, "[3]");
});

Deno.test("grad() has a gradient for each input in its type", () => {
  const [x, y] = [leaf(1), leaf(2)];
  const both = grad(x.mul(y), [x, y]);
  assertType<IsExact<typeof both, readonly [Tensor, Tensor]>>(true);
  const some = grad(x.mul(y), [x, y], { allowUnused: true });
  assertType<IsExact<typeof some, readonly [Tensor | null, Tensor | null]>>(true);
  const list: readonly Tensor[] = [x, y];
  const all = grad(x.mul(y), list);
  assertType<IsExact<typeof all, readonly Tensor[]>>(true);
  assertEquals(all.map((g) => g.item()), [2, 1]);
});

Deno.test("createGraph records the gradient, and keeps the tape unless told otherwise", () => {
  const x = leaf(2);
  const y = x.pow(3);
  const [first] = grad(y, [x], { createGraph: true });
  assertEquals(first.requiresGrad, true);
  const [again] = grad(y, [x], { createGraph: true, retainGraph: false });
  assertEquals(again.item(), first.item());
  assertThrows(() => grad(y, [x]), GradError, "used up");
  assertEquals(grad(first, [x])[0].item(), 12);
  assertEquals(grad(x.pow(3), [x])[0].requiresGrad, false);
});

Deno.test("backward() with createGraph gives leaves gradients that can be differentiated", () => {
  const x = leaf(2);
  x.pow(3).backward({ createGraph: true });
  const first = x.grad!;
  assertEquals([first.item(), first.requiresGrad], [12, true]);
  x.grad = null;
  first.backward();
  assertEquals(gradOf(x), 12);
});

Deno.test("a gradient penalty reaches the parameters", () => {
  const [w, x] = [leaf([0.5, -1]), leaf([2, 3])];
  const [g] = grad(w.mul(x).sum().tanh(), [x], { createGraph: true });
  g.square().sum().backward();
  // |∇ₓ tanh(w·x)|² = (1 − t²)² |w|², and its gradient by w.
  const t = Math.tanh(0.5 * 2 - 3);
  const slope = 1 - t * t;
  const expected = [0.5, -1].map((wi, i) =>
    2 * wi * slope ** 2 + 1.25 * 2 * slope * -2 * t * slope * [2, 3][i]!
  );
  assertNumbers(w.grad!.toArray() as number[], expected);
});

// A function that is computed again when its gradient is asked for, by a pass inside the pass.
const againRule = new OpRule<{ fn: (x: Tensor) => Tensor }>("again", {
  saves: "x",
  vjp: [(g, { x, attrs }) =>
    enableGrad(() => {
      const inner = x.detach().requiresGrad_();
      return grad(attrs.fn(inner), [inner], { gradOutputs: g.detach() })[0];
    })],
});

function again(fn: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return record1(againRule, x, noGrad(() => fn(x)), { fn });
}

Deno.test("a backward pass may run inside another", () => {
  const x = leaf([0.5, -1]);
  const plain = grad(x.mul(2).tanh().exp().sum(), [x])[0];
  const nested = grad(again((y) => y.tanh().exp(), x.mul(2)).sum(), [x])[0];
  assertEquals(nested.toArray(), plain.toArray());
  again((y) => again((z) => z.tanh(), y).exp(), x.mul(2)).sum().backward();
  assertEquals(gradOf(x), plain.toArray());
  assertEquals(isGradEnabled(), true);
});

Deno.test("a backward pass inside another may walk the same nodes", () => {
  const x = leaf(2);
  const shared = x.square();
  const other = shared.mul(3);
  const seen: number[] = [];
  const spy = new OpRule<null>("spy", {
    vjp: [(g) => {
      seen.push(grad(other, [x], { retainGraph: true })[0].item());
      return g;
    }],
  });
  const y = record1(spy, shared, noGrad(() => shared.clone()));
  y.mul(shared).add(y).backward();
  assertEquals(seen, [12]);
  // d/dx (x⁴ + x²)
  assertEquals(gradOf(x), 36);
});

// An op of two outputs, x² and x³, whose rule gets a cotangent for each that was used.
const powersRule = new OpRule<null>("powers", {
  saves: "x",
  outputs: 2,
  vjp: [],
  vjpAll: ([g, h], { x }) => {
    const zero = x.mul(0);
    return [(g ?? zero).mul(x).mul(2).add((h ?? zero).mul(x.square()).mul(3))];
  },
});

function powers(x: Tensor): [Tensor, Tensor] {
  const outputs = noGrad((): [Tensor, Tensor] => [x.square(), x.pow(3)]);
  recordAll(powersRule, [x], outputs);
  return outputs;
}

Deno.test("an op of several outputs gets the cotangent of each", () => {
  const uses: [(a: Tensor, b: Tensor) => Tensor, (x: number) => number][] = [
    [(a) => a.neg(), (x) => -2 * x],
    [(_, b) => b.neg(), (x) => -3 * x ** 2],
    [(a, b) => a.mul(b), (x) => 5 * x ** 4],
    [(a, b) => b.sub(a), (x) => 3 * x ** 2 - 2 * x],
    [(a, b) => b.add(b).add(a), (x) => 6 * x ** 2 + 2 * x],
    [(a, b) => where(tensor(true), b, a), (x) => 3 * x ** 2],
    [(a, b) => where(tensor(false), b, a), (x) => 2 * x],
    [(a, b) => cat([a.reshape([1]), b.reshape([1])]).sum(), (x) => 2 * x + 3 * x ** 2],
  ];
  for (const [use, slope] of uses) {
    const x = leaf(1.5);
    use(...powers(x)).backward();
    assertNumbers([x.grad!.item()], [slope(1.5)]);
    checkGradients("powers", (x) => use(...powers(x)), [leaf(1.5)]);
    checkSecondGradients("powers", (x) => use(...powers(x)), [leaf(1.5)]);
  }
});

Deno.test("grad() gives gradients of each output of an op", () => {
  const [a, b] = powers(leaf(2));
  assertEquals(grad(a.mul(b), [b, a]).map((g) => g.item()), [4, 8]);
  const [c, d] = powers(leaf(2));
  assertEquals(grad(d.neg(), [c, d], { allowUnused: true }).map((g) => g?.item()), [undefined, -1]);
});

Deno.test("requiresGrad can be set on leaves of floating type", () => {
  const x = zeros([2]);
  assertEquals([x.requiresGrad, x.isLeaf], [false, true]);
  assertStrictEquals(x.requiresGrad_(), x);
  assertEquals([x.requiresGrad, x.isLeaf], [true, true]);
  const y = x.mul(2);
  assertEquals([y.requiresGrad, y.isLeaf], [true, false]);
  assertThrows(() => y.requiresGrad_(false), GradError, "not a leaf");
  x.requiresGrad = false;
  assertEquals(x.mul(2).requiresGrad, false);
  for (const dtype of ["int32", "bool"] as DType[]) {
    assertThrows(() => zeros([1], { dtype }).requiresGrad_(), DTypeError, dtype);
    assertThrows(() => zeros([1], { dtype, requiresGrad: true }), DTypeError, dtype);
  }
});

Deno.test("two tapes that share a leaf do not disturb each other", () => {
  const x = leaf(2);
  const [a, b] = [x.square(), x.exp()];
  b.backward();
  a.backward();
  assertNumbers([x.grad!.item()], [Math.exp(2) + 4]);
});
