/** Reductions of views that repeat elements, each of which is reduced once. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { type DType, manualSeed, randint, type Tensor, tensor, variance } from "../../mod.ts";

type Reduction = (x: Tensor, dim: number[]) => Tensor;

const FLOATS: Readonly<Record<string, Reduction>> = {
  sum: (x, dim) => x.sum(dim),
  mean: (x, dim) => x.mean(dim),
  prod: (x, dim) => x.prod(dim),
  norm: (x, dim) => x.norm({ dim }),
  variance: (x, dim) => variance(x, dim),
  std: (x, dim) => x.std(dim),
};

/** Reductions along an axis that return an element or its position. */
const PLACES: Readonly<Record<string, (x: Tensor, dim: number) => Tensor>> = {
  max: (x, dim) => x.max(dim).values,
  min: (x, dim) => x.min(dim).values,
  argmax: (x, dim) => x.argmax(dim),
  argmin: (x, dim) => x.argmin(dim),
};

/** Views that repeat elements, with other axes before or after the repeated ones. */
const VIEWS: readonly [shape: number[], expanded: number[], dims: number[][]][] = [
  [[1], [5], [[0]]],
  [[3, 1], [3, 6], [[1], [0], [0, 1]]],
  [[1, 12], [7, 12], [[0], [1], [0, 1]]],
  [[2, 1, 3, 12], [2, 5, 3, 12], [[1], [1, 2], [1, 3], [0, 1], [0, 1, 2, 3]]],
  [[1, 3, 1, 2], [70, 3, 4, 2], [[0], [2], [0, 2], [1, 2, 3], [0, 1, 2, 3]]],
];

/** Throws if a reduction of repeated elements differs from that of a copy. */
function check(reduce: Reduction, dtype: DType, most = 4, ofCopy = reduce): void {
  manualSeed(4);
  for (const [shape, expanded, dims] of VIEWS) {
    const view = randint(1, 4, shape).to({ dtype }).expand(expanded);
    for (const dim of dims.filter((dim) => dim.length <= most)) {
      assertClose(reduce(view, dim), ofCopy(view.clone(), dim), { rtol: 1e-5 });
    }
  }
}

for (const dtype of ["float32", "float64"] as const) {
  for (const [name, reduce] of Object.entries(FLOATS)) {
    Deno.test(`${name} of repeated ${dtype} elements is that of their copy`, () => {
      check(reduce, dtype);
    });
  }
}
for (const dtype of ["float32", "float64", "int32", "bool"] as const) {
  for (const [name, reduce] of Object.entries(PLACES)) {
    Deno.test(`${name} of repeated ${dtype} elements is that of their copy`, () => {
      check((x, [dim]) => reduce(x, dim!), dtype, 1);
    });
  }
  Deno.test(`sum of repeated ${dtype} elements is that of their copy`, () => {
    check((x, dim) => x.sum(dim), dtype);
  });
}

Deno.test("places among repeated elements are those in their copy", () => {
  manualSeed(5);
  for (const shape of [[2, 1, 12], [2, 1, 3, 1, 5]]) {
    const x = randint(0, 40, shape);
    const view = x.expand(shape.map((extent) => extent === 1 ? 6 : extent));
    for (const f of [(x: Tensor) => x.argmax(), (x: Tensor) => x.argmin()]) {
      assertEquals(f(view).item(), f(view.clone()).item());
    }
  }
});

Deno.test("a reduction that forgets the repetitions, or counts them twice, is noticed", () => {
  const sum = FLOATS.sum!;
  const once: Reduction = (x, dim) => sum(x.narrow(dim[0]!, 0, 1), dim);
  const twice: Reduction = (x, dim) => sum(x, dim).mul(2);
  for (const wrong of [once, twice]) assertThrows(() => check(wrong, "float64", 4, sum));
});

const MANY = 2 ** 31 - 1;

/** One element, repeated as often as possible. */
function many(value: number, dtype: DType): Tensor {
  return tensor([value], { dtype }).expand([MANY]);
}

Deno.test("elements beyond count are reduced at once, and exactly", () => {
  assertEquals(many(1.5, "float64").sum().item(), 1.5 * MANY);
  assertEquals(many(0.75, "float32").mean().item(), 0.75);
  assertEquals(many(2, "float64").norm().item(), 2 * Math.sqrt(MANY));
  assertEquals(many(-1, "float32").prod().item(), -1);
  assertEquals(many(-1, "int32").prod().item(), -1);
  assertEquals(many(7, "float64").std().item(), 0);
  assertEquals(many(7, "int32").argmax().item(), 0);
  assertEquals(many(1, "bool").sum().item(), MANY);
  assertEquals(many(-1, "int32").sum().item(), -MANY);
});

Deno.test("what repeated elements become leaves the range only where the result does", () => {
  assertEquals(many(1e308, "float64").mean().item(), 1e308);
  assertEquals(many(1e308, "float64").sum().item(), Infinity);
  assertEquals(many(-Infinity, "float32").sum().item(), -Infinity);
  assertEquals(many(NaN, "float32").sum().item(), NaN);
  assertEquals(many(-0, "float64").sum().item(), tensor([-0, -0]).sum().item());
  assertClose(many(1e200, "float64").norm(), tensor(1e200 * Math.sqrt(MANY), { dtype: "float64" }));
  assertClose(
    many(1e-200, "float64").norm(),
    tensor(1e-200 * Math.sqrt(MANY), { dtype: "float64" }),
  );
  const wide = tensor([[1e152, -1e152]], { dtype: "float64" }).expand([1_000_000_000, 2]);
  assertClose(wide.std(), tensor(1e152, { dtype: "float64" }), { rtol: 1e-9 });
  assertThrows(() => many(2, "int32").sum(), RangeError, "int32");
  assertThrows(() => many(2, "int32").prod(), RangeError, "int32");
});
