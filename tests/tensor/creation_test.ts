import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  arange,
  DeviceError,
  type DType,
  DTypeError,
  empty,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  logspace,
  type NestedArray,
  ones,
  onesLike,
  rand,
  randintLike,
  randLike,
  randn,
  randnLike,
  RandomGenerator,
  randperm,
  ShapeError,
  type Tensor,
  tensor,
  type TensorData,
  type TensorOptions,
  zeros,
  zerosLike,
} from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

Deno.test("tensor() takes numbers, booleans and nested arrays", () => {
  const cases: [TensorData, number[], DType, NestedArray][] = [
    [3, [], "float32", 3],
    [true, [], "bool", true],
    [[1, 2], [2], "float32", [1, 2]],
    [[true, false], [2], "bool", [true, false]],
    [[true, 2], [2], "float32", [1, 2]],
    [[[1, 2], [3, 4], [5, 6]], [3, 2], "float32", [[1, 2], [3, 4], [5, 6]]],
    [[[[1]]], [1, 1, 1], "float32", [[[1]]]],
    [[], [0], "float32", []],
    [[[], []], [2, 0], "float32", [[], []]],
    [[NaN, -Infinity], [2], "float32", [NaN, -Infinity]],
  ];
  for (const [data, shape, dtype, array] of cases) {
    const x = tensor(data);
    assertEquals([x.shape, x.dtype, x.toArray()], [shape, dtype, array]);
    assertEquals([x.size, x.ndim], [shape.reduce((a, b) => a * b, 1), shape.length]);
    assertEquals([x.requiresGrad, x.isLeaf, x.device, x.grad], [false, true, "cpu", null]);
  }
});

Deno.test("tensor() converts to the type that is asked for", () => {
  assertEquals(tensor([1.7, -1.7], { dtype: "int32" }).toArray(), [1, -1]);
  assertEquals(tensor([0.1], { dtype: "float64" }).toArray(), [0.1]);
  assertEquals(tensor([0.1]).toArray(), [Math.fround(0.1)]);
  assertEquals(tensor([0, 0.5, 256, NaN], { dtype: "bool" }).toArray(), [false, true, true, true]);
  assertEquals(tensor([true, false], { dtype: "int32" }).toArray(), [1, 0]);
});

Deno.test("tensor() copies typed arrays and takes their type", () => {
  const arrays = [
    [Float32Array.of(1, 2), "float32"],
    [Float64Array.of(1, 2), "float64"],
    [Int32Array.of(1, 2), "int32"],
    [Uint8Array.of(1, 0), "bool"],
  ] as const;
  for (const [data, dtype] of arrays) {
    const x = tensor(data);
    assertEquals([x.dtype, x.shape], [dtype, [2]]);
    const before = x.toArray();
    data[0] = 0;
    assertEquals(x.toArray(), before);
  }
  assertEquals(tensor(Float64Array.of(1.5), { dtype: "int32" }).toArray(), [1]);
});

/** The sum of a bool tensor counts its bytes, so it tells 1 from other values that are not 0. */
const BOOLS: [string, () => Tensor, number][] = [
  ["tensor() of bytes", () => tensor(Uint8Array.of(0, 1, 2, 255)), 3],
  ["tensor() of fractions", () => tensor(Float32Array.of(0, 0.5, 256), { dtype: "bool" }), 2],
  ["tensor() of an array", () => tensor([0, 0.5, 256], { dtype: "bool" }), 2],
  ["full() of a fraction", () => full([2], 0.5, { dtype: "bool" }), 2],
  ["fill_() of 2", () => zeros([2], { dtype: "bool" }).fill_(2), 2],
  ["fill_() of a fraction", () => zeros([2], { dtype: "bool" }).fill_(0.5), 2],
  ["fill_() of 256", () => zeros([2], { dtype: "bool" }).fill_(256), 2],
  ["setAt() of a fraction", () => zeros([2], { dtype: "bool" }).setAt([0], 0.5), 1],
  ["fromTypedArray() of bytes", () => fromTypedArray(Uint8Array.of(0, 1, 2, 255), [4]), 3],
  ["arange() of 5", () => arange(5, { dtype: "bool" }), 4],
  ["linspace() of fractions", () => linspace(0, 0.5, 3, { dtype: "bool" }), 2],
  ["logspace() of fractions", () => logspace(-3, -1, 3, { dtype: "bool" }), 3],
  ["pad() with 2", () => zeros([2], { dtype: "bool" }).pad([1, 1], { value: 2 }), 2],
];

for (const [name, make, sum] of BOOLS) {
  Deno.test(`${name} keeps bool elements at 0 and 1`, () => {
    const x = make();
    assertEquals([x.dtype, x.sum().item()], ["bool", sum]);
    assertEquals(x.eq(tensor(true)).sum().item(), sum);
  });
}

Deno.test("tensor() refuses ragged arrays and says where", () => {
  const cases: [unknown, string][] = [
    [[[1, 2], [3]], "data[1]"],
    [[[1], [2, 3]], "data[1]"],
    [[[1, 2], 3], "data[1]"],
    [[1, [2]], "data[1]"],
    [[[[1], [2]], [[3], [4, 5]]], "data[1][1]"],
    [[[], [1]], "data[1]"],
  ];
  for (const [data, place] of cases) {
    assertThrows(() => tensor(data as TensorData), ShapeError, place);
  }
});

Deno.test("tensor() refuses what is not a number or a boolean", () => {
  for (const data of ["1", null, undefined, {}, 1n, ["1"], [[null]], [undefined], [1n]]) {
    assertThrows(() => tensor(data as unknown as TensorData), TypeError, "numbers or booleans");
  }
});

Deno.test("fromTypedArray() shares the memory of its array", () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const x = fromTypedArray(data, [2, 2]);
  data[0] = 9;
  assertEquals(x.toArray(), [[9, 2], [3, 4]]);
  x.fill_(5);
  assertEquals([...data], [5, 5, 5, 5]);
  assertStrictEquals(x.data, data);
  assertEquals(fromTypedArray(data, [4], { requiresGrad: true }).requiresGrad, true);
  const part = new Float32Array(data.buffer, 4, 2);
  assertEquals(fromTypedArray(part, [2]).mul(2).toArray(), [10, 10]);
  assertEquals(fromTypedArray(new Int32Array(0), [0, 3]).shape, [0, 3]);
});

Deno.test("fromTypedArray() refuses a shape of another size and other arrays", () => {
  assertThrows(
    () => fromTypedArray(new Float32Array(4), [3]),
    ShapeError,
    "needs 3 elements, got 4",
  );
  assertThrows(() => fromTypedArray(new Float32Array(1), []).reshape([2]), ShapeError);
  for (const data of [[1, 2], new Int16Array(2), new BigInt64Array(2), new ArrayBuffer(8), null]) {
    assertThrows(
      () => fromTypedArray(data as unknown as Float32Array, [2]),
      TypeError,
      "Cannot run fromTypedArray: data must be a Float32Array, Float64Array, Int32Array or Uint8Array",
    );
  }
});

type Maker = (shape: readonly number[], options?: { dtype?: DType }) => Tensor;

const MAKERS: [string, Maker][] = [
  ["empty", empty],
  ["zeros", zeros],
  ["ones", ones],
  ["full", (shape, options) => full(shape, 2, options)],
  ["rand", rand],
  ["randn", randn],
];

for (const [name, make] of MAKERS) {
  Deno.test(`${name}() refuses bad shapes`, () => {
    for (const shape of [[NaN], [-1], [1.5], [Infinity], [2, "3"], [2 ** 31], [65536, 65536]]) {
      assertThrows(() => make(shape as number[]), ShapeError, "Cannot run");
    }
    assertThrows(() => make(new Array(9).fill(1)), ShapeError, "at most 8");
    assertThrows(() => make(3 as unknown as number[]), ShapeError, "a shape is an array");
    assertThrows(() => make([2], { dtype: "float16" as DType }), DTypeError, "float16");
    const options = { device: "tpu" as "gpu" } as { dtype?: DType };
    assertThrows(() => make([2], options), DeviceError, "gpu");
  });

  Deno.test(`${name}() gives the shape and the type that are asked for`, () => {
    for (const dtype of ["float32", "float64"] as const) {
      for (const shape of [[], [0], [3], [2, 0], [40, 50]]) {
        const given = [...shape];
        const x = make(given, { dtype });
        given.push(7);
        assertEquals([x.shape, x.dtype], [shape, dtype]);
        assertEquals(x.data.length, shape.reduce((a, b) => a * b, 1));
      }
    }
    assertEquals(make([2]).dtype, "float32");
  });
}

Deno.test("zeros(), ones() and full() fill every type", () => {
  for (const dtype of ["float32", "float64", "int32", "bool"] as DType[]) {
    for (const size of [1, 7, 1000]) {
      assertEquals(valuesOf(zeros([size], { dtype })), new Array(size).fill(0));
      assertEquals(valuesOf(ones([size], { dtype })), new Array(size).fill(1));
      const two = dtype === "bool" ? 1 : 2;
      assertEquals(valuesOf(full([size], 2, { dtype })), new Array(size).fill(two));
    }
    const x = full([2, 3], 1, { dtype });
    assertEquals(valuesOf(zerosLike(x)), new Array(6).fill(0));
    assertEquals(valuesOf(onesLike(x)), new Array(6).fill(1));
    assertEquals(valuesOf(fullLike(x, 7)), new Array(6).fill(dtype === "bool" ? 1 : 7));
  }
  assertEquals(full([2], NaN).toArray(), [NaN, NaN]);
  assert(Object.is(full([1], -0).item(), -0));
  assertEquals(zeros([2], { requiresGrad: true }).requiresGrad, true);
  for (const value of ["1", null, undefined, true]) {
    const wrong = value as unknown as number;
    assertThrows(() => full([2], wrong), TypeError, "Cannot run full: the value must be a number");
    assertThrows(() => fullLike(zeros([2]), wrong), TypeError, "Cannot run fullLike: the value");
  }
});

/** Functions that make a tensor like another, and the types that they refuse. */
const LIKES: [string, (x: Tensor, options?: TensorOptions) => Tensor, DType[]][] = [
  ["zerosLike", zerosLike, []],
  ["onesLike", onesLike, []],
  ["fullLike", (x, options) => fullLike(x, 2, options), []],
  ["emptyLike", emptyLike, []],
  ["randLike", randLike, ["int32", "bool"]],
  ["randnLike", randnLike, ["int32", "bool"]],
  ["randintLike", (x, options) => randintLike(x, 9, options), []],
];

for (const [name, like, refused] of LIKES) {
  Deno.test(`${name}() takes shape, type and device of its input, or what is asked for`, () => {
    for (const dtype of ["float32", "float64", "int32", "bool"] as DType[]) {
      // The elements lie otherwise than the new ones, which are in order and on no tape.
      const x = zeros([3, 2], { dtype }).transpose(0, 1);
      if (refused.includes(dtype)) {
        assertThrows(() => like(x), DTypeError, `Cannot run ${name}: dtype must be`);
        continue;
      }
      const y = like(x);
      assertEquals([y.shape, y.dtype, y.device, y.requiresGrad], [[2, 3], dtype, "cpu", false]);
      assertEquals(y.data.length, 6);
    }
    const x = zeros([0, 2], { dtype: "int32" });
    const y = like(x, { dtype: "float64", requiresGrad: true });
    assertEquals([y.shape, y.dtype, y.requiresGrad], [[0, 2], "float64", true]);
    assertEquals(like(zeros([], { requiresGrad: true })).requiresGrad, false);
  });

  Deno.test(`${name}() refuses other inputs, types and devices by its name`, () => {
    for (const wrong of [[2, 3], 1, null, undefined]) {
      assertThrows(() => like(wrong as unknown as Tensor), TypeError, `${name}: the input must be`);
    }
    const x = zeros([2]);
    assertThrows(
      () => like(x, { dtype: "int8" as DType }),
      DTypeError,
      `Cannot run ${name}: dtype`,
    );
    assertThrows(() => like(x, { device: "tpu" as "gpu" }), DeviceError, `Cannot run ${name}: dev`);
  });
}

Deno.test("eye() is the identity matrix", () => {
  assertEquals(eye(3).toArray(), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  assertEquals(eye(1, { dtype: "bool" }).toArray(), [[true]]);
  assertEquals(eye(0).shape, [0, 0]);
  assertEquals(eye(2, { m: 3 }).toArray(), [[1, 0, 0], [0, 1, 0]]);
  assertEquals(eye(4, { m: 2 }).toArray(), [[1, 0], [0, 1], [0, 0], [0, 0]]);
  assertEquals([eye(2, { m: 0 }).shape, eye(0, { m: 2 }).shape], [[2, 0], [0, 2]]);
  for (const n of [-1, 1.5, NaN]) {
    assertThrows(() => eye(n), ShapeError, "non-negative integer");
    assertThrows(() => eye(2, { m: n }), ShapeError, "non-negative integer");
  }
});

Deno.test("arange() counts from start to end without it", () => {
  const cases: [Tensor, DType, number[]][] = [
    [arange(4), "int32", [0, 1, 2, 3]],
    [arange(0), "int32", []],
    [arange(2, 5), "int32", [2, 3, 4]],
    [arange(-2, 2), "int32", [-2, -1, 0, 1]],
    [arange(5, 0, { step: -2 }), "int32", [5, 3, 1]],
    [arange(0, 5, { step: 2 }), "int32", [0, 2, 4]],
    [arange(0, 4, { step: 2 }), "int32", [0, 2]],
    [arange(3, 3), "int32", []],
    [arange(2.5), "float32", [0, 1, 2]],
    [arange(0, 1, { step: 0.25 }), "float32", [0, 0.25, 0.5, 0.75]],
    [arange(3, 0, { step: -0.5, dtype: "float64" }), "float64", [3, 2.5, 2, 1.5, 1, 0.5]],
    [arange(3, undefined, { dtype: "float32" }), "float32", [0, 1, 2]],
  ];
  for (const [x, dtype, expected] of cases) {
    assertEquals([x.dtype, valuesOf(x)], [dtype, expected]);
  }
  assertEquals(arange(0, 1, { step: 0.1 }).size, 10);
  // Each number is a product, so that errors of the step do not add up.
  assertEquals(arange(0, 100, { step: 0.1, dtype: "float64" }).data[999], 999 * 0.1);
});

Deno.test("arange() refuses steps that do not lead to the end", () => {
  for (
    const [start, end, step] of [[5, 0, 1], [0, 5, -1], [0, 5, 0], [0, NaN, 1], [0, Infinity, 1]]
  ) {
    assertThrows(() => arange(start!, end, { step: step! }), RangeError, "Cannot run arange");
  }
  assertThrows(() => arange(NaN), RangeError, "arange");
  assertThrows(() => arange(1e12), RangeError, "2^31");
});

Deno.test("logspace() gives powers of its base at equal ratios", () => {
  assertEquals(logspace(0, 3, 4).toArray(), [1, 10, 100, 1000]);
  assertEquals(logspace(3, -1, 5, { base: 2 }).toArray(), [8, 4, 2, 1, 0.5]);
  assertEquals(logspace(2, 5, 1).toArray(), [100]);
  assertEquals(logspace(0, 5, 0).shape, [0]);
  const x = logspace(0, 4, 3, { base: 3, dtype: "int32" });
  assertEquals([x.dtype, x.toArray()], ["int32", [1, 9, 81]]);
  assert(logspace(0, 1, 2, { requiresGrad: true }).requiresGrad);
  assertThrows(() => logspace(0, 1, -1), ShapeError, "logspace");
  assertThrows(() => logspace(0, 1, 1.5), ShapeError, "non-negative integer");
});

Deno.test("linspace() includes both ends at equal distances", () => {
  assertEquals(linspace(0, 1, 5).toArray(), [0, 0.25, 0.5, 0.75, 1]);
  assertEquals(linspace(2, -2, 3).toArray(), [2, 0, -2]);
  assertEquals(linspace(3, 9, 1).toArray(), [3]);
  assertEquals(linspace(3, 9, 0).toArray(), []);
  assertEquals(linspace(1, 1, 2).toArray(), [1, 1]);
  const x = linspace(-0.1, 0.1, 1001, { dtype: "float64" });
  assertEquals(x.data[1000], 0.1);
  assertEquals([...x.data].reverse().map((value) => -value), [...x.data]);
  for (const steps of [-1, 1.5, NaN]) {
    assertThrows(() => linspace(0, 1, steps), ShapeError, "non-negative integer");
  }
  const far = { dtype: "float64" } as const;
  assertEquals(linspace(-1.5e308, 1.5e308, 5, far).toArray(), [
    -1.5e308,
    -0.75e308,
    0,
    0.75e308,
    1.5e308,
  ]);
  for (const [start, end] of [[0, Infinity], [-Infinity, 0], [NaN, 1], [0, NaN]] as const) {
    for (const space of [linspace, logspace]) {
      assertThrows(() => space(start, end, 3), RangeError, "start and end must be finite");
    }
  }
});

Deno.test("randperm() holds each number once, in an order that the seed gives", () => {
  for (const n of [0, 1, 2, 1000]) {
    const order = randperm(n, { generator: new RandomGenerator(3) });
    assertEquals([order.dtype, order.shape], ["int32", [n]]);
    assertEquals(valuesOf(order).toSorted((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    assertEquals(valuesOf(randperm(n, { generator: new RandomGenerator(3) })), valuesOf(order));
  }
  const generator = new RandomGenerator(1);
  const first = new Array<number>(4).fill(0);
  for (let i = 0; i < 4000; i++) first[randperm(4, { generator }).data[0]!]!++;
  // Each number comes first 1000 times, give or take five standard deviations.
  for (const times of first) assert(Math.abs(times - 1000) < 5 * Math.sqrt(750), `${first}`);
  for (const n of [-1, 1.5, NaN]) assertThrows(() => randperm(n), ShapeError, "non-negative");
  const float = randperm(2, { dtype: "float64", requiresGrad: true });
  assertEquals([float.dtype, float.requiresGrad], ["float64", true]);
  assertThrows(() => randperm(2, { dtype: "int8" as DType }), DTypeError, "randperm");
});
