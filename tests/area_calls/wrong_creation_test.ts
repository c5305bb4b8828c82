/**
 * Wrong calls of what makes tensors, of random streams, of the runtime and of a tensor's own methods,
 * made of a table as those of the areas. A function without a row does not compile, a method without
 * one fails a test.
 */

import { membersOf } from "../common/samples.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as adjoint from "../../mod.ts";
import {
  type DType,
  full,
  fullLike,
  getThreads,
  gpu,
  RandomGenerator,
  setThreads,
  Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import { type Call, of, options } from "../common/calls.ts";
import {
  CREATE,
  GPU,
  OTHER_FORMS,
  RANDOM,
  RANGES,
  RUNTIME,
  SAMPLE,
  TENSOR,
  TO_OPTIONS,
} from "./creation_rows.ts";
import { complaint, faultsOf } from "../common/refusals.ts";

type Loose = (...args: unknown[]) => unknown;

function testCall(title: string, name: string, call: Call, run: Loose): void {
  Deno.test(`${title} refuses wrong arguments in words of its own`, () => {
    const threads = getThreads();
    try {
      assertEquals(faultsOf(name, call, run), []);
    } finally {
      setThreads(threads);
    }
  });
}

const { RandomGenerator: streams, ...random } = RANDOM;

for (
  const [name, call] of Object.entries({ ...CREATE, ...RANGES, ...SAMPLE, ...random, ...RUNTIME })
) {
  testCall(`${name}()`, name, call, Reflect.get(adjoint, name) as Loose);
}
for (const [title, name, call] of OTHER_FORMS) {
  testCall(title, name, call, Reflect.get(adjoint, name) as Loose);
}
testCall(
  "new RandomGenerator()",
  "RandomGenerator",
  streams.make,
  (...args) => new RandomGenerator(...args as [number]),
);

function testMethods(owner: string, rows: Readonly<Record<string, Call>>): void {
  for (const [name, call] of Object.entries(rows)) {
    testCall(`${owner}.${name}()`, name, call, (...args) => {
      const object = call.on!();
      return (Reflect.get(object, name) as Loose).apply(object, args);
    });
  }
}

testMethods("RandomGenerator", streams.methods as Readonly<Record<string, Call>>);
testMethods("gpu", GPU as Readonly<Record<string, Call>>);
testMethods("x", TENSOR);
testMethods("x", { to: TO_OPTIONS });

/** The methods of a class, with those that it inherits, that stand in none of some lists. */
function unlisted(prototype: object, ...lists: readonly (readonly string[])[]): string[] {
  const names = membersOf(prototype).filter(([name, { value }]) =>
    typeof value === "function" && name !== "constructor"
  ).map(([name]) => name);
  return names.filter((name) => !lists.flat().includes(name));
}

Deno.test("every method of a tensor is an op or has a row", () => {
  const ops = registeredOps().map(({ name }) => name);
  const others = ["var", "at", "det", "inverse"];
  assertEquals(unlisted(Tensor.prototype, ops, Object.keys(TENSOR), others), []);
  assertEquals(unlisted({ odd() {}, even() {} }, ["even"]), ["odd"]);
});

/** The methods of a class that take more arguments than there are. */
function unlimited(prototype: object, on: () => object): string[] {
  return unlisted(prototype).filter((name) =>
    complaint(
      name,
      () => (Reflect.get(prototype, name) as Loose).apply(on(), new Array(9).fill(1)),
      "takes",
    ) !== null
  );
}

Deno.test("all methods of tensors and of random streams refuse surplus arguments", () => {
  assertEquals(unlimited(Tensor.prototype, () => zeros([2, 2])), ["at"]);
  assertEquals(unlimited(RandomGenerator.prototype, () => new RandomGenerator(1)), []);
});

class Odd {
  none() {
    return [];
  }
  one(a: unknown) {
    if (arguments.length > 1) throw new TypeError("Cannot run one: it takes at most 1 argument");
    return [a];
  }
  two(a: unknown, b: unknown) {
    return [a, b];
  }
}

Deno.test("a class whose methods take whatever they are given is found", () => {
  assertEquals(unlimited(Odd.prototype, () => new Odd()), ["none", "two"]);
});

const PLANTED: Call = {
  args: [of(() => [2]), options({ dtype: of(() => "float64") })],
};

const CARELESS: Readonly<Record<string, readonly [run: Loose, found: RegExp]>> = {
  "spreads its shape": [
    (...extents) => zeros(extents.flat().filter((n) => typeof n === "number") as number[]),
    /argument 0: number: .*does not say|argument 0: undefined: was accepted/,
  ],
  "drops its options": [
    (shape) => zeros(shape as number[]),
    /argument 1: text as options: was accepted/,
  ],
  "passes keys on": [
    (shape, given) => zeros(shape as number[], { dtype: (given as { dtype?: DType }).dtype! }),
    /argument 1: "Dtype": was accepted/,
  ],
};

for (const [fault, [run, found]] of Object.entries(CARELESS)) {
  Deno.test(`a function that ${fault} is found`, () => {
    const lines = faultsOf("zeros", PLANTED, run);
    assert(lines.some((line) => found.test(line)), lines.join("\n"));
  });
}

/** What people write, and the form that the message must show. */
const FORMS: readonly (readonly [given: string, call: () => unknown, form: RegExp])[] = [
  ["zeros(2, 3)", () => loose("zeros")(2, 3), /as in zeros\(\[2, 3\]\)/],
  ["ones(4)", () => loose("ones")(4), /as in ones\(\[4\]\)/],
  ["rand(2, 3, {})", () => loose("rand")(2, 3, {}), /as in rand\(\[2, 3\]\)/],
  ["full(2, 3, 5)", () => loose("full")(2, 3, 5), /as in full\(\[2, 3\]/],
  ["randint(0, 10, 2)", () => loose("randint")(0, 10, 2), /as in randint\(low, high, \[2, 3\]\)/],
  ["normal(0, 1, 2)", () => loose("normal")(0, 1, 2), /as in normal\(mean, std, \[2, 3\]\)/],
  ["normal(0, 1)", () => loose("normal")(0, 1), /as in normal\(0, 1, \[2\]\)/],
  ["tensor(1, 2, 3)", () => loose("tensor")(1, 2, 3), /as in tensor\(\[1, 2, 3\]\)/],
  ["tensor([1], [2])", () => loose("tensor")([1], [2]), /as in tensor\(\[\[ 1 \], \[ 2 \]\]\)/],
  ['tensor([1], "int32")', () => loose("tensor")([1], "int32"), /\{ dtype: "int32" \}/],
  ["zeros([2], true)", () => loose("zeros")([2], true), /\{ requiresGrad: true \}/],
  ['zeros([2], "gpu")', () => loose("zeros")([2], "gpu"), /\{ device: "gpu" \}/],
  ["rand([2], 5)", () => loose("rand")([2], 5), /\{ dtype, device, requiresGrad, generator \}/],
  ["rand([2], { seed })", () => loose("rand")([2], { seed: 1 }), /no option "seed" among .*gener/],
  ["multinomial(w, 2, true)", () => loose("multinomial")(tensor([1]), 2, true), /replacement: tr/],
  ["arange(0, 10, 2, 5)", () => loose("arange")(0, 10, 2, 5), /\{ step: 5 \}/],
  ["arange(0, 5, 2, { step })", () => loose("arange")(0, 5, 2, { step: 2 }), /step is given twice/],
  ["eye(2, 3, { m })", () => loose("eye")(2, 3, { m: 3 }), /m is given twice/],
  ["logspace base twice", () => loose("logspace")(0, 1, 2, 3, { base: 3 }), /base is given twice/],
  ["eye([2, 3])", () => loose("eye")([2, 3]), /n must be a non-negative integer, got \[ 2, 3 \]/],
  ["arange(tensor)", () => loose("arange")(tensor(3)), /end must be a number, got a tensor/],
  ["manualSeed()", () => loose("manualSeed")(), /a seed must be a safe integer or a bigint/],
  ["new Tensor([1])", () => new (Tensor as unknown as Loosely)([1]), /use tensor\(data\)/],
  ["to()", () => looseTo(), /to\("float64"\)/],
  ['to("cuda")', () => looseTo("cuda"), /got "cuda"; did you mean "gpu"$/],
  ["to({ device: cuda:0 })", () => looseTo({ device: "cuda:0" }), /; did you mean "gpu"$/],
  ['zeros([2], { device: "cuda" })', () => loose("zeros")([2], { device: "cuda" }), /mean "gpu"$/],
  ['zeros([2], { device: "tpu" })', () => loose("zeros")([2], { device: "tpu" }), /got "tpu"$/],
  ["to(dtype, device)", () => looseTo("float64", "cpu"), /got "float64"/],
  ["to({ dtyp })", () => looseTo({ dtyp: "int32" }), /did you mean "dtype"/],
];

type Loosely = new (...args: unknown[]) => unknown;

function loose(name: string): Loose {
  return Reflect.get(adjoint, name) as Loose;
}

function looseTo(...args: unknown[]): unknown {
  return (Reflect.get(zeros([2]), "to") as Loose).apply(zeros([2]), args);
}

for (const [given, call, form] of FORMS) {
  Deno.test(`${given} is answered with the right form`, () => {
    assertMatch(assertThrows(call, Error).message, form);
  });
}

/** What PyTorch takes by position, and the same with options. */
const BY_POSITION: readonly (readonly [given: string, a: () => Tensor, b: () => Tensor])[] = [
  ["arange(0, 10, 3)", () => adjoint.arange(0, 10, 3), () => adjoint.arange(0, 10, { step: 3 })],
  [
    "arange(4, options)",
    () => adjoint.arange(4, { dtype: "float64" }),
    () => tensor([0, 1, 2, 3], { dtype: "float64" }),
  ],
  [
    "arange(1, 0, -0.5, options)",
    () => adjoint.arange(1, 0, -0.5, { dtype: "float64" }),
    () => adjoint.arange(1, 0, { step: -0.5, dtype: "float64" }),
  ],
  ["eye(2, 3)", () => adjoint.eye(2, 3), () => adjoint.eye(2, { m: 3 })],
  [
    "eye(3, 1, options)",
    () => adjoint.eye(3, 1, { dtype: "bool" }),
    () => adjoint.eye(3, { m: 1, dtype: "bool" }),
  ],
  ["logspace(0, 2, 3, 2)", () => adjoint.logspace(0, 2, 3, 2), () => tensor([1, 2, 4])],
  ['to("float64")', () => zeros([2]).to("float64"), () => zeros([2]).to({ dtype: "float64" })],
  ['to("cpu")', () => zeros([2]).to("cpu"), () => zeros([2])],
  ['to("cpu", "int32")', () => zeros([2]).to("cpu", "int32"), () => zeros([2]).to("int32")],
  [
    "normal(x, y, options)",
    () => adjoint.normal(zeros([2]), 1, { generator: new RandomGenerator(3) }),
    () => adjoint.normal(zeros([2]), 1, undefined, { generator: new RandomGenerator(3) }),
  ],
];

for (const [given, a, b] of BY_POSITION) {
  Deno.test(`${given} takes its arguments by position`, () => {
    const [x, y] = [a(), b()];
    assertEquals([x.dtype, x.toArray()], [y.dtype, y.toArray()]);
  });
}

Deno.test("backward() takes the gradient by position", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  x.sum().backward(tensor(10));
  assertEquals(x.grad?.toArray(), [10, 10]);
});

Deno.test("an option that is undefined is one that is left out", () => {
  const int32 = zeros([2], { dtype: "int32" });
  const none = { dtype: undefined, device: undefined } as unknown as { dtype?: DType };
  assertEquals(adjoint.zerosLike(int32, none).dtype, "int32");
  assertEquals([zeros([2], none).dtype, int32.to(none).dtype], ["float32", "int32"]);
  assertEquals(gpu.available(), "name" in gpu.info());
});

/** Ways to write a number into an int32 tensor. */
const WRITERS: Readonly<Record<string, (value: number) => unknown>> = {
  "tensor()": (value) => tensor([0, value], { dtype: "int32" }),
  "tensor() of Float64Array": (value) => tensor(Float64Array.of(value), { dtype: "int32" }),
  "full()": (value) => full([2], value, { dtype: "int32" }),
  "fullLike()": (value) => fullLike(zeros([2], { dtype: "int32" }), value),
  "arange()": (value) => adjoint.arange(value, value, { dtype: "int32" }),
  "fill_()": (value) => zeros([2], { dtype: "int32" }).fill_(value),
  "copy_()": (value) => zeros([2], { dtype: "int32" }).copy_(value),
  "setAt()": (value) => zeros([2], { dtype: "int32" }).setAt([0], value),
};

/** Ways that take a number which int32 cannot hold, or change one that it can. */
function wrongWriters(writers: typeof WRITERS): string[] {
  const held = [-(2 ** 31), 2 ** 31 - 1, -0.9, 2147483647.5, -2147483648.9];
  const refused = [2 ** 31, -(2 ** 31) - 1, 2 ** 40, 1e300, NaN, Infinity, -Infinity];
  return Object.entries(writers).flatMap(([name, write]) => {
    const accepted = refused.filter((value) => complaint("int32", () => write(value)) !== null);
    const changed = held.filter((value) => {
      const x = write(value);
      return x instanceof Tensor && x.size > 0 && !x.eq(Math.trunc(value)).any().item();
    });
    return [...accepted, ...changed].map((value) => `${name} ${value}`);
  });
}

Deno.test("numbers are written into int32 tensors without their fraction, or refused", () => {
  const { "arange()": _, ...writers } = WRITERS;
  assertEquals(wrongWriters(writers), []);
  assertThrows(() => adjoint.arange(2 ** 31, 2 ** 31 + 2), RangeError, "2147483648 is no int32");
  assertThrows(() => adjoint.logspace(0, 12, 3, { dtype: "int32" }), RangeError, "no int32");
  // A JavaScript array wraps what is too large, and takes NaN for 0.
  const wraps = (value: number) => tensor(Int32Array.of(value));
  assertEquals(wrongWriters({ wraps }).length, 7);
});

/** Data that a tensor cannot be made of, and what the message must say. */
const DATA: readonly (readonly [title: string, data: unknown, said: RegExp])[] = [
  // deno-lint-ignore no-sparse-arrays
  ["a hole", [1, , 3], /got a hole at data\[1\]/],
  // deno-lint-ignore no-sparse-arrays
  ["a hole at the start", [, 1], /got a hole at data\[0\]/],
  // deno-lint-ignore no-sparse-arrays
  ["a row that is a hole", [[1], , [2]], /expected 1 entries at data\[1\], got a hole/],
  ["undefined", [1, undefined], /got undefined at data\[1\]/],
  ["a bigint", [1n], /got 1n at data\[0\]; convert it, as in Number/],
  ["a bigint among numbers", [[1, 2n]], /got 2n at data\[0\]\[1\]/],
  ["text", "1", /must hold numbers or booleans, got "1" at data/],
  ["a tensor", tensor([1]), /got a tensor of shape \[1\] at data; copy one with clone\(\)/],
  ["tensors", [tensor(1)], /data\[0\]; .*stack\(\)/],
  ["typed arrays in arrays", [Float32Array.of(1)], /data\[0\]; make a tensor of each .*stack\(\)/],
  ["Uint8ClampedArray", Uint8ClampedArray.of(1), /as in Float32Array.from\(data\)/],
  ["Float16Array", new Float16Array(2), /as in Float32Array.from\(data\)/],
  ["Uint32Array", Uint32Array.of(1), /as in Float32Array.from\(data\)/],
  ["BigInt64Array", BigInt64Array.of(1n), /as in Int32Array.from\(data, Number\)/],
  ["BigUint64Array", BigUint64Array.of(1n), /as in Int32Array.from\(data, Number\)/],
  ["DataView", new DataView(new ArrayBuffer(8)), /as in new Float32Array\(buffer\)/],
  ["ArrayBuffer", new ArrayBuffer(8), /as in new Float32Array\(buffer\)/],
  ["SharedArrayBuffer", new SharedArrayBuffer(8), /as in new Float32Array\(buffer\)/],
  ["an object of a typed array's kind", Object.create(Float32Array.prototype), /numbers or bool/],
  ["itself", endless(), /at most 8 dimensions/],
];

function endless(): unknown[] {
  const data: unknown[] = [];
  data.push(data);
  return data;
}

for (const [title, data, said] of DATA) {
  Deno.test(`tensor() explains ${title} among its data`, () => {
    const { message } = assertThrows(() => tensor(data as number[]), Error);
    assertMatch(message, said);
    assertMatch(message, /^Cannot [^\n]*[^.\n]$/);
  });
}

Deno.test("typed arrays whose memory was transferred make no tensor", () => {
  const data = Float32Array.of(1, 2);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  assertThrows(() => tensor(data), TypeError, "Cannot run tensor: the memory of the array was");
  assertThrows(() => adjoint.fromTypedArray(data, [2]), TypeError, "fromTypedArray: the memory");
});

Deno.test("bytes other than 0 and 1 are true, and stay as they are in the array", () => {
  const bytes = Uint8Array.of(0, 1, 2, 255);
  const x = adjoint.fromTypedArray(bytes, [4]);
  assertEquals([x.toArray(), x.sum().item()], [[false, true, true, true], 3]);
  assertEquals([...x.data], [0, 1, 1, 1]);
  assertEquals([...bytes], [0, 1, 2, 255]);
  const clean = Uint8Array.of(0, 1);
  adjoint.fromTypedArray(clean, [2]).fill_(1);
  assertEquals([...clean], [1, 1]);
});

Deno.test("the state of a random stream is taken whole or not at all", () => {
  const generator = new RandomGenerator(7);
  generator.take(2);
  const before = generator.state;
  const wrong = [null, 5, {}, { seed: 1n }, { seed: 2n, offset: -1n }, { seed: "1", offset: 0n }];
  for (const state of wrong) {
    const set = () => generator.state = state as unknown as typeof before;
    assertEquals(complaint("state of a RandomGenerator", set), null, Deno.inspect(state));
    assertEquals(generator.state, before);
  }
});
