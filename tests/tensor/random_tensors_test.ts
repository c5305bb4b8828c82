/** Random tensors of given distributions: their ranges, shares and moments, and what is refused. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  bernoulli,
  DeviceError,
  type DType,
  DTypeError,
  full,
  manualSeed,
  multinomial,
  normal,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  RandomGenerator,
  randperm,
  ShapeError,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

const N = 60_000;

function seeded(seed = 5) {
  return { generator: new RandomGenerator(seed) };
}

/** Fails unless a share of N draws is within five standard errors of a probability. */
function assertShare(draws: readonly number[], holds: (x: number) => boolean, p: number): void {
  const share = draws.filter(holds).length / draws.length;
  assert(Math.abs(share - p) < 5 * Math.sqrt(p * (1 - p) / draws.length), `${share} for ${p}`);
}

const DRAWS: readonly [string, (options?: { generator: RandomGenerator }) => Tensor][] = [
  ["randint()", (options) => randint(0, 1000, [20], options)],
  ["normal()", (options) => normal(1, 2, [20], options)],
  ["bernoulli()", (options) => bernoulli(full([40], 0.5), options)],
  ["multinomial()", (options) => multinomial(full([20], 1), 20, options)],
  [
    "multinomial() again",
    (options) => multinomial(full([9], 1), 20, { ...options, replacement: true }),
  ],
];

for (const [name, draw] of DRAWS) {
  Deno.test(`${name} depends on the stream alone`, () => {
    const generator = new RandomGenerator(3);
    const [first, second] = [draw({ generator }).toArray(), draw({ generator }).toArray()];
    assertNotEquals(first, second);
    assertEquals(draw({ generator: new RandomGenerator(3) }).toArray(), first);
    manualSeed(3);
    assertEquals([draw().toArray(), draw().toArray()], [first, second]);
  });
}

Deno.test("randint() gives each integer of its range equally often", () => {
  const values = valuesOf(randint(-2, 3, [N], seeded()));
  for (const wanted of [-2, -1, 0, 1, 2]) assertShare(values, (x) => x === wanted, 1 / 5);
  assert(values.every((x) => Number.isInteger(x) && x >= -2 && x < 3));
  assertEquals(randint(7, 8, [3]).toArray(), [7, 7, 7]);
  const widest = randint(-(2 ** 31), 2 ** 31, [N], seeded());
  assertShare(valuesOf(widest), (x) => x < -(2 ** 30), 1 / 4);
});

Deno.test("randint() has two forms and the types that are asked for", () => {
  assertEquals(randint(4, [2, 3], seeded()).toArray(), randint(0, 4, [2, 3], seeded()).toArray());
  assertEquals([randint(4, [2]).dtype, randint(4, []).shape, randint(4, [0]).shape], [
    "int32",
    [],
    [0],
  ]);
  const x = randint(4, [2, 3], { dtype: "float64", requiresGrad: true });
  assertEquals([x.dtype, x.shape, x.requiresGrad], ["float64", [2, 3], true]);
});

Deno.test("randint() refuses ranges without an int32", () => {
  const ranges = [[3, 3], [4, 3], [0.5, 2], [0, NaN], [0, 2 ** 31 + 1], [-(2 ** 31) - 1, 0]];
  for (const [low, high] of ranges) {
    assertThrows(() => randint(low!, high!, [2]), RangeError, `got ${low} and ${high}`);
  }
  assertThrows(() => randint(0, [2]), RangeError, "randint");
  assertThrows(() => randint(3, [-1]), ShapeError, "randint");
});

Deno.test("randint() refuses other types and devices by its name", () => {
  assertThrows(() => randint(3, [2], { dtype: "int8" as DType }), DTypeError, "run randint: dtype");
  assertThrows(() => randint(3, [2], { device: "tpu" as "gpu" }), DeviceError, "run randint: dev");
});

Deno.test("randLike(), randnLike() and randintLike() draw what their namesakes draw", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const x = zeros([3, 5], { dtype });
    assertEquals(
      randLike(x, seeded()).toArray(),
      rand([3, 5], { dtype, ...seeded() }).toArray(),
    );
    assertEquals(
      randnLike(x, seeded()).toArray(),
      randn([3, 5], { dtype, ...seeded() }).toArray(),
    );
    const wanted = randint(-2, 9, [3, 5], { dtype, ...seeded() });
    const drawn = randintLike(x, -2, 9, seeded());
    assertEquals([drawn.dtype, drawn.toArray()], [dtype, wanted.toArray()]);
    assertEquals(
      randintLike(x, 9, seeded()).toArray(),
      randint(9, [3, 5], { dtype, ...seeded() }).toArray(),
    );
  }
  const values = valuesOf(randintLike(zeros([N], { dtype: "int32" }), 2, seeded()));
  assertShare(values, (value) => value === 1, 1 / 2);
  for (const [low, high] of [[3, 3], [0, 0.5], [NaN, 1]] as const) {
    assertThrows(() => randintLike(zeros([2]), low, high), RangeError, "Cannot run randintLike");
  }
  assertThrows(() => randintLike(zeros([2]), 0), RangeError, "got 0 and 0");
});

Deno.test("normal() has the mean and the deviation of each element", () => {
  const means = tensor([[-5], [5]], { dtype: "float64" });
  const deviations = full([N], 2, { dtype: "float64" });
  const x = normal(means, deviations, undefined, seeded());
  assertEquals([x.shape, x.dtype], [[2, N], "float64"]);
  for (const [row, mean] of [[0, -5], [1, 5]] as const) {
    const own = x.at(row);
    assert(Math.abs(own.mean().item() - mean) < 5 * 2 / Math.sqrt(N));
    assert(Math.abs(own.std().item() - 2) < 5 * 2 / Math.sqrt(2 * N));
  }
  assertEquals(normal(tensor([1, 2]), 0).toArray(), [1, 2]);
  assertEquals(normal(3, tensor([0, 0])).toArray(), [3, 3]);
  assertEquals(normal(1, 0, [2], { dtype: "float64" }).dtype, "float64");
  assertEquals(normal(tensor([1, 2]), tensor([0], { dtype: "float64" })).dtype, "float32");
});

Deno.test("normal() sends no gradient to its parameters, and can be a leaf", () => {
  const mean = tensor([1, 2], { requiresGrad: true });
  assertEquals(normal(mean, 1).requiresGrad, false);
  const x = normal(mean, 1, undefined, { requiresGrad: true });
  assertEquals([x.requiresGrad, x.isLeaf], [true, true]);
});

Deno.test("normal() refuses what is no distribution", () => {
  assertThrows(() => normal(0, 1), TypeError, "a shape is needed");
  assertThrows(() => normal(0, -1, [2]), RangeError, "got -1");
  assertThrows(() => normal(0, NaN, [2]), RangeError, "got NaN");
  assertThrows(() => normal(0, tensor([1, -2])), RangeError, "got -2");
  assertThrows(() => normal(tensor([1], { dtype: "int32" }), 1), DTypeError, "int32");
  assertThrows(() => normal(zeros([2]), zeros([3])), ShapeError, "normal");
  assertThrows(() => normal(zeros([2]), 1, [3]), ShapeError, "[2]");
  assertThrows(() => normal(zeros([2]), 1, [1]), ShapeError, "do not fit [1]");
});

for (const dtype of ["float32", "float64"] as const) {
  Deno.test(`bernoulli() ${dtype} is 1 with the given probabilities`, () => {
    const p = tensor([[0], [0.25], [0.9], [1]], { dtype }).requiresGrad_();
    const x = bernoulli(p.expand([4, N]), seeded());
    assertEquals([x.dtype, x.shape, x.requiresGrad], [dtype, [4, N], false]);
    [0, 0.25, 0.9, 1].forEach((share, row) => {
      const values = valuesOf(x.at(row));
      assert(values.every((value) => value === 0 || value === 1));
      if (share === 0 || share === 1) assert(values.every((value) => value === share));
      else assertShare(values, (value) => value === 1, share);
    });
  });
}

Deno.test("bernoulli() refuses what is no probability", () => {
  for (const wrong of [-0.5, 1.5, NaN]) {
    assertThrows(() => bernoulli(tensor([0.5, wrong])), RangeError, `got ${wrong}`);
  }
  for (const dtype of ["int32", "bool"] as DType[]) {
    assertThrows(() => bernoulli(tensor([1], { dtype })), DTypeError, dtype);
  }
  assertThrows(() => bernoulli(0.5 as unknown as Tensor), DTypeError, "bernoulli");
});

Deno.test("multinomial() draws again in proportion to the weights of each row", () => {
  const weights = tensor([[1, 0, 3], [2, 2, 0]]);
  const x = multinomial(weights, N, { replacement: true, ...seeded() });
  assertEquals([x.dtype, x.shape], ["int32", [2, N]]);
  [[0.25, 0, 0.75], [0.5, 0.5, 0]].forEach((shares, row) => {
    const values = valuesOf(x.at(row));
    shares.forEach((share, place) => {
      if (share === 0) assert(!values.includes(place));
      else assertShare(values, (value) => value === place, share);
    });
  });
});

Deno.test("multinomial() draws the same first positions however many are drawn", () => {
  for (const n of [1, 2, 50, 3000]) {
    // Every third cannot be drawn.
    const weights = tensor(Array.from({ length: n }, (_, i) => (i + 1) % 3 && 1 + i % 5));
    const possible = n - Math.floor(n / 3);
    const all = valuesOf(multinomial(weights, possible, seeded()));
    assertEquals(new Set(all).size, possible);
    for (const count of [1, Math.ceil(possible / 2), possible]) {
      assertEquals(valuesOf(multinomial(weights, count, seeded())), all.slice(0, count));
    }
  }
});

Deno.test("randperm() is the permutation that its generator gives", () => {
  for (const n of [0, 1, 2, 1000]) {
    const [one, other] = [new RandomGenerator(3), new RandomGenerator(3)];
    const x = randperm(n, { generator: one });
    assertEquals(valuesOf(x), [...other.permutation(n)]);
    assertEquals(one.state, other.state);
    assertEquals(valuesOf(x).toSorted((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  }
});

Deno.test("multinomial() draws once in proportion to what is left", () => {
  const weights = tensor([1, 0, 3, 4]).expand([N / 10, 4]);
  const x = multinomial(weights, 2, seeded());
  const [first, second] = [valuesOf(x.at(":", 0)), valuesOf(x.at(":", 1))];
  const pair = first.map((value, i) => 10 * value + second[i]!);
  assert(first.every((value, i) => value !== second[i] && value !== 1 && second[i] !== 1));
  [[0, 1 / 8], [2, 3 / 8], [3, 4 / 8]].forEach(([place, share]) =>
    assertShare(first, (value) => value === place, share!)
  );
  // After 3, with weight 4, the others have 1 and 3 of 4.
  assertShare(pair, (value) => value === 30, 4 / 8 * 1 / 4);
  assertShare(pair, (value) => value === 32, 4 / 8 * 3 / 4);
  assertEquals(valuesOf(multinomial(tensor([1, 2, 0, 3]), 3)).toSorted(), [0, 1, 3]);
  // They wait for as long as what never comes, and come all the same.
  const rare = tensor([0, 5e-324, 0, 5e-324], { dtype: "float64" });
  assertEquals(valuesOf(multinomial(rare, 2, seeded())), [1, 3]);
});

Deno.test("multinomial() refuses weights from which it cannot draw", () => {
  const again = { replacement: true };
  assertThrows(() => multinomial(tensor([1, 0, 2]), 3), RangeError, "3 positions");
  assertThrows(() => multinomial(tensor([[1, 1], [0, 0]]), 1, again), RangeError, "in row 1");
  assertThrows(() => multinomial(zeros([0]), 1, again), RangeError, "0 weights");
  for (const wrong of [-1, NaN, Infinity]) {
    assertThrows(() => multinomial(tensor([1, wrong]), 1), RangeError, `got ${wrong}`);
  }
  for (const count of [0, -1, 1.5]) {
    assertThrows(() => multinomial(tensor([1, 1]), count), RangeError, `got ${count}`);
  }
  assertThrows(() => multinomial(tensor(1), 1), ShapeError, "[]");
  assertThrows(() => multinomial(zeros([1, 1, 1]), 1), ShapeError, "[1, 1, 1]");
  assertThrows(() => multinomial(tensor([1], { dtype: "int32" }), 1), DTypeError, "int32");
});

Deno.test("multinomial() draws for no example by the weights of another", () => {
  const weights = tensor([[1, 0], [0, 1]]);
  const values = tensor([[5, 6], [7, 8]]);
  const drawn = (w: Tensor, x: Tensor) => x.indexSelect(0, multinomial(w, 1));
  const mapped = vmap(drawn, { randomness: "same" });
  assertThrows(() => mapped(weights, values), TypeError, "Cannot run multinomial under vmap");
  const shared = vmap((x: Tensor) => drawn(tensor([0, 1]), x), { randomness: "same" });
  assertEquals(shared(values).toArray(), [[6], [8]]);
});
