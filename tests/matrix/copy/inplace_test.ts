import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  arange,
  at,
  DeviceError,
  type DType,
  DTypeError,
  enableGrad,
  fromTypedArray,
  full,
  grad,
  GradError,
  type Index,
  noGrad,
  ShapeError,
  type Tensor,
  tensor,
  type ValuesAndIndices,
  zeros,
} from "../../../mod.ts";
import { checkGradients, checkSecondGradients } from "../../common/gradients.ts";
import { assertTensor } from "../../common/compare.ts";
import {
  asType,
  laidOut,
  LAYOUTS,
  plainOf,
  sample,
  tensorOf,
  valuesOf,
} from "../../common/samples.ts";

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Numbers that each conversion changes differently. */
const NUMBERS = [0, 1, -1, 2.7, -2.7, 0.3, 16777217, -0];

for (const from of DTYPES) {
  for (const to of DTYPES) {
    const given = { shape: [2, 4], data: NUMBERS.map((value) => asType(value, from)) };
    const trial = (name: string) => ({ name, dtype: from, inputs: [given] });

    Deno.test(`to() ${to} from ${from}`, () => {
      const x = tensorOf(given, from);
      assertTensor(trial("to()"), x.to({ dtype: to }), given, to);
      assertStrictEquals(x.to({ dtype: from }), x);
      for (const layout of LAYOUTS) {
        const y = laidOut(given, from, layout).to({ dtype: to });
        assertTensor(trial(`to() of a ${layout} tensor`), y, given, to);
      }
      assertTensor("to()", tensorOf({ shape: [0], data: [] }, from).to({ dtype: to }), {
        shape: [0],
        data: [],
      }, to);
    });

    Deno.test(`copy_() ${from} into ${to}`, () => {
      for (const layout of LAYOUTS) {
        const x = laidOut(sample("target", [2, 4], to), to, layout);
        assertStrictEquals(x.copy_(tensorOf(given, from)), x);
        assertTensor(trial(`copy_() into a ${layout} tensor`), x, given, to);
        x.copy_(laidOut(given, from, layout));
        assertTensor(trial(`copy_() between ${layout} tensors`), x, given, to);
      }
    });
  }
}

Deno.test("to() bool counts NaN and infinities as true", () => {
  const x = tensor([NaN, Infinity, -Infinity, 0]);
  assertEquals(x.to({ dtype: "bool" }).toArray(), [true, true, true, false]);
});

Deno.test("to() float64 gradcheck through float32", () => {
  // Steps of 1e-6 are lost in float32: the rule is tested at exact points with exact factors.
  const x = tensor([1.5, -2, 0.25], { dtype: "float64", requiresGrad: true });
  const y = x.to({ dtype: "float32" });
  assertEquals(y.dtype, "float32");
  const gradOutputs = tensor([1, 0.5, -4]);
  const [first] = grad(y.square(), [x], { gradOutputs, createGraph: true });
  assertTensor("to()", first, { shape: [3], data: [3, -2, -2] }, "float64");
  const [second] = grad(first.sum(), [x]);
  assertTensor("to()", second, { shape: [3], data: [2, 1, -8] }, "float64");
});

Deno.test("to() float32 gradients come back in float32 from float64", () => {
  const x = tensor([1.5, -2], { requiresGrad: true });
  const wide = (input: Tensor) => input.to({ dtype: "float64" }).square();
  const [gradient] = grad(wide(x).sum(), [x]);
  assertTensor("to()", gradient, { shape: [2], data: [3, -4] }, "float32");
  const point = tensorOf(sample("wide", [3], "float64"), "float64");
  checkGradients("to", wide, [point]);
  checkSecondGradients("to", wide, [point]);
});

Deno.test("to() an integer type gives no gradient", () => {
  const x = tensor([1.5], { requiresGrad: true });
  assertEquals(x.to({ dtype: "int32" }).requiresGrad, false);
  assertEquals(x.to({ dtype: "bool" }).requiresGrad, false);
});

Deno.test("to() refuses unknown types and devices", () => {
  const x = zeros([1]);
  const wrong = "float16" as DType;
  assertThrows(() => x.to({ dtype: wrong }), DTypeError, "float16");
  assertThrows(() => x.to({ device: "tpu" as "gpu" }), DeviceError, "tpu");
});

Deno.test("copy_() broadcasts its source", () => {
  for (const shape of [[3], [2, 1], [], [1, 1, 1], [2, 3]]) {
    const source = sample("source", shape, "float32");
    const x = zeros([2, 3]);
    if (shape.length > 2) {
      assertThrows(() => x.copy_(tensorOf(source, "float32")), ShapeError, "copy_");
      continue;
    }
    x.copy_(tensorOf(source, "float32"));
    assertEquals(x.toArray(), tensorOf(source, "float32").expand([2, 3]).toArray());
  }
  assertEquals(zeros([2]).copy_(1.5).toArray(), [1.5, 1.5]);
});

Deno.test("copy_() writes nothing beside a view", () => {
  for (const size of [1, 3, 64, 300]) {
    for (const step of [1, 3]) {
      const x = full([4 * size + 2], 7);
      const view = x.slice(0, size, size + 1 + step * (size - 1), step);
      assertEquals(view.shape, [size]);
      view.copy_(arange(size));
      const expected = new Array<number>(4 * size + 2).fill(7);
      for (let i = 0; i < size; i++) expected[size + i * step] = i;
      assertEquals(valuesOf(x), expected);
    }
  }
});

Deno.test("copy_() of overlapping memory copies what was there before", () => {
  for (const size of [5, 1000]) {
    const numbers = Float32Array.from({ length: size }, (_, i) => i);
    const up = fromTypedArray(numbers.slice(), [size]);
    up.slice(0, 1).copy_(up.slice(0, 0, size - 1));
    assertEquals(valuesOf(up), [0, ...numbers.slice(0, -1)]);
    const down = fromTypedArray(numbers.slice(), [size]);
    down.slice(0, 0, size - 1).copy_(down.slice(0, 1));
    assertEquals(valuesOf(down), [...numbers.slice(1), size - 1]);
  }
  const square = arange(9).reshape([3, 3]);
  const turned = square.clone().transpose(0, 1).toArray();
  assertEquals(square.copy_(square.transpose(0, 1)).toArray(), turned);
  const same = arange(4);
  assertEquals(same.copy_(same).toArray(), [0, 1, 2, 3]);
});

Deno.test("copy_() refuses shapes that do not fit", () => {
  const cases = [[[3], [2]], [[3], [2, 3]], [[1], [3]], [[2, 3], [3, 2]]] as const;
  for (const [to, from] of cases) {
    const error = assertThrows(() => zeros(to).copy_(zeros(from)), ShapeError, "copy_");
    assert(error.message.includes(`[${to.join(", ")}]`), error.message);
    assert(error.message.includes(`[${from.join(", ")}]`), error.message);
  }
  assertThrows(() => zeros([1]).copy_("1" as unknown as Tensor), TypeError, "copy_");
});

Deno.test("copy_() into a stretched view is refused as the user's error", () => {
  // Several elements of the view share memory.
  const error = assertThrows(() => zeros([3]).expand([2, 3]).copy_(zeros([2, 3])), Error, "copy_");
  assert(error.name !== "NativeError", `${error}`);
});

Deno.test("fill_() and zero_() set every element of a view", () => {
  const x = zeros([2, 4]);
  assertStrictEquals(x.fill_(3), x);
  assertEquals(x.slice(1, 1, 4, 2).fill_(5).toArray(), [[5, 5], [5, 5]]);
  assertEquals(x.toArray(), [[3, 5, 3, 5], [3, 5, 3, 5]]);
  x.transpose(0, 1).slice(0, 0, 1).zero_();
  assertEquals(x.toArray(), [[0, 5, 3, 5], [0, 5, 3, 5]]);
  assertEquals(zeros([2], { dtype: "bool" }).fill_(2).toArray(), [true, true]);
  for (const shape of [[0], [4, 0], [0, 4], [2, 0, 3]]) {
    assertEquals(zeros(shape).fill_(2).toArray(), zeros(shape).toArray());
  }
});

for (
  const [name, change] of [
    ["copy_()", (x) => x.copy_(zeros([2]))],
    ["setAt()", (x) => x.setAt([0], 1)],
    ["fill_()", (x) => x.fill_(1)],
    ["zero_()", (x) => x.zero_()],
  ] as [string, (x: Tensor) => unknown][]
) {
  Deno.test(`${name} of a tensor that requires a gradient needs noGrad`, () => {
    const leaf = zeros([2], { requiresGrad: true });
    for (const x of [leaf, leaf.mul(2), leaf.slice(0, 0, 2)]) {
      assertThrows(() => change(x), GradError, "only under noGrad");
      assertThrows(() => noGrad(() => enableGrad(() => change(x))), GradError, "noGrad");
      noGrad(() => change(x));
      assertEquals(x.requiresGrad, true);
    }
  });
}

/** An index, and the shapes of tensors that fit it. */
const INDICES: readonly (readonly [shape: number[], index: Index[]])[] = [
  [[5], [2]],
  [[5], [-1]],
  [[3, 4], [1]],
  [[3, 4], [1, 2]],
  [[3, 4], [":", 2]],
  [[3, 4], [[1, 3], [0, Infinity, 2]]],
  [[3, 4], ["..."]],
  [[3, 4], ["...", null, -1]],
  [[3, 4], [[2, 1]]],
  [[5], [tensor([4, 0, -2], { dtype: "int32" })]],
  [[5], [tensor([[4, 0], [1, -3]], { dtype: "int32" })]],
  [[3, 4], [tensor([2, 0], { dtype: "int32" })]],
  [[3, 4], [":", tensor([3, 0], { dtype: "int32" })]],
  [[3, 4], [tensor([2, 0], { dtype: "int32" }), tensor([3, 1], { dtype: "int32" })]],
  [[2, 3, 4], [tensor([1, 0], { dtype: "int32" }), ":", tensor([3, 1], { dtype: "int32" })]],
  [[2, 3, 4], [":", tensor([2, 0], { dtype: "int32" }), [1, 3]]],
  [[4], [tensor([true, false, true, true])]],
  [[2, 2], [tensor([[true, false], [true, true]])]],
  [[3, 2], [tensor([true, false, true])]],
  [[3, 2], [tensor([false, false, false])]],
];

/** An index in the name of a test. */
function named(index: readonly Index[]): string {
  const parts = index.map((part) =>
    typeof part === "number" || part === null || typeof part === "string"
      ? String(part)
      : JSON.stringify(Symbol.iterator in part && "toArray" in part ? part.toArray() : part)
  );
  return `[${parts.join(", ")}]`;
}

for (const [shape, index] of INDICES) {
  Deno.test(`setAt() [${shape}] ${named(index)} writes where at() reads`, () => {
    for (const dtype of DTYPES) {
      const start = sample("start", shape, dtype);
      // at() of the positions shows where setAt() must write.
      const size = start.data.length;
      const places = at(arange(size).reshape(shape), index);
      const values = sample("values", places.shape, dtype, [4, 9]);
      const expected = [...start.data];
      valuesOf(places).forEach((place, i) => expected[place] = values.data[i]!);
      const trial = (name: string) => ({ name: `setAt() ${name}`, dtype, inputs: [start, values] });
      for (const layout of LAYOUTS) {
        const x = laidOut(start, dtype, layout);
        assertStrictEquals(x.setAt(index, tensorOf(values, dtype)), x);
        assertTensor(trial(layout), x, { shape, data: expected }, dtype);
        assertTensor(trial(`${layout}, read`), at(x, index), values, dtype);
      }
      const filled = [...start.data];
      for (const place of valuesOf(places)) filled[place] = 1;
      const x = tensorOf(start, dtype).setAt(index, 1);
      assertTensor(trial("of 1"), x, { shape, data: filled }, dtype);
    }
  });
}

Deno.test("setAt() broadcasts its value and converts its type", () => {
  const x = zeros([2, 3]);
  x.setAt([":", [1, 3]], tensor([1.5, 2.5], { dtype: "float64" }));
  assertEquals(x.toArray(), [[0, 1.5, 2.5], [0, 1.5, 2.5]]);
  x.setAt([tensor([1, 0], { dtype: "int32" })], tensor([7, 8, 9], { dtype: "int32" }));
  assertEquals(x.toArray(), [[7, 8, 9], [7, 8, 9]]);
  assertEquals(zeros([2], { dtype: "int32" }).setAt([0], 2.7).toArray(), [2, 0]);
});

Deno.test("setAt() keeps the last value of a repeated position", () => {
  const x = zeros([3]);
  x.setAt([tensor([1, 1, 1], { dtype: "int32" })], tensor([4, 5, 6]));
  assertEquals(x.toArray(), [0, 6, 0]);
});

Deno.test("setAt() copies what was there before where memory overlaps", () => {
  const x = arange(5);
  x.setAt([[1, 5]], x.at([0, 4]));
  assertEquals(x.toArray(), [0, 0, 1, 2, 3]);
});

Deno.test("setAt() refuses bad input and leaves the tensor as it was", () => {
  const x = arange(6).reshape([2, 3]);
  const before = plainOf(x);
  const index = tensor([0, 2], { dtype: "int32" });
  const cases: [() => unknown, new (message: string) => Error, string][] = [
    [() => x.setAt([2], 0), RangeError, "index 2"],
    [() => x.setAt([index], 0), RangeError, "index 2"],
    [() => x.setAt([0, 0, 0], 0), ShapeError, "[2, 3]"],
    [() => x.setAt([tensor([0])], 0), DTypeError, "int32"],
    [() => x.setAt([tensor([true, false, true])], 0), ShapeError, "[3]"],
    [() => x.setAt([0], zeros([2])), ShapeError, "[2]"],
    [() => x.setAt([":", index], zeros([3])), ShapeError, "[3]"],
    [() => x.setAt([0], "1" as unknown as Tensor), TypeError, "tensor"],
  ];
  for (const [call, error, part] of cases) {
    const thrown = assertThrows(call, Error, part);
    assertStrictEquals(thrown.constructor, error, `${thrown}`);
    assert(thrown.message.includes("setAt"), thrown.message);
    assertTensor("setAt()", x, before, "int32");
  }
});

Deno.test("a refused change leaves the tape as it was", () => {
  for (
    const change of [
      (x: Tensor) => x.copy_(zeros([9])),
      (x: Tensor) => x.copy_("1" as unknown as Tensor),
      (x: Tensor) => x.setAt([7], 0),
      (x: Tensor) => x.setAt([0], zeros([9])),
    ]
  ) {
    const x = tensor([3], { requiresGrad: true });
    const y = x.square();
    assertThrows(() => noGrad(() => change(x)), Error);
    y.backward();
    assertEquals(x.grad?.toArray(), [6]);
  }
});

Deno.test("backward() refuses positions that were changed in place", () => {
  const cases: [string, (x: Tensor) => ValuesAndIndices][] = [
    ["max(dim)", (x) => x.max(0)],
    ["min(dim)", (x) => x.min(0)],
    ["gather", (x) => x.sort(0)],
  ];
  for (const [name, make] of cases) {
    const { values, indices } = make(tensor([1, 2], { requiresGrad: true }));
    indices.fill_(7);
    assertThrows(() => values.sum().backward(), GradError, `a tensor that ${name} saved`);
  }
});
