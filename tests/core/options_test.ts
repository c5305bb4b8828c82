/** The one reader of options. */

import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ANY,
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  INTEGER,
  kept,
  nearest,
  NUMBER,
  NUMBERS,
  oneOf,
  optionReader,
  orNull,
  shown,
  TENSOR,
} from "../../lib/core/options.ts";
import { GENERATOR } from "../../lib/core/random.ts";
import { RandomGenerator, type Tensor, tensor, zeros } from "../../mod.ts";

interface Options {
  delta?: number;
  keepdim?: boolean;
  weight?: Tensor | null;
  reduction?: "mean" | "sum";
  size?: number | number[];
  other?: unknown;
}

const read = optionReader<Options>({
  delta: NUMBER,
  keepdim: FLAG,
  weight: orNull(TENSOR),
  reduction: oneOf("mean", "sum"),
  size: NUMBERS,
  other: ANY,
});

/** What the reader says of something that no compiler has seen. */
function refusal(given: unknown): string {
  return assertThrows(() => read("compute f", given as Options), TypeError).message;
}

Deno.test("the reader gives back what it was given, and the same nothing for undefined", () => {
  const given = { delta: NaN, keepdim: false, weight: null, size: [1, 2], other: 5n };
  assertStrictEquals(read("compute f", given), given);
  assertEquals(read("compute f", undefined), {});
  assertStrictEquals(read("compute f", undefined), read("compute g", undefined));
  read("compute f", { delta: undefined } as unknown as Options);
  read("compute f", Object.assign(Object.create(null), { delta: 1 }));
});

Deno.test("kept() copies options and the lists in them, and shares what else stands there", () => {
  const [weight, other] = [tensor([1]), { count: 0, next: () => 1 }];
  const size = [1, [2, 3]];
  const given = { delta: NaN, weight, other, size, keepdim: undefined };
  const own = kept(given);
  assertEquals(own, given);
  assertEquals([own.weight === weight, own.other === other], [true, true]);
  for (const copy of [own.size, kept(size)]) {
    assertEquals([copy === size, copy[1] === size[1]], [false, false]);
  }
  const numbers = Float32Array.of(1, 2);
  assertEquals([kept(numbers), kept(numbers) === numbers], [numbers, false]);
  assertEquals(kept(Object.freeze([1, 2])), [1, 2]);
  const shared = [weight, null, undefined, 2, "same", Math.sin, new Map()];
  for (const value of shared) assertStrictEquals(kept(value), value);
});

Deno.test("the reader names an option that does not exist, and the one that was meant", () => {
  const known = "delta, keepdim, weight, reduction, size, other";
  assertEquals(
    refusal({ reduce: "sum" }),
    `Cannot compute f: there is no option "reduce" among ${known}`,
  );
  assertEquals(
    refusal({ keep_dim: true }),
    `Cannot compute f: there is no option "keep_dim" among ${known}; did you mean "keepdim"`,
  );
});

Deno.test("the reader refuses a value of another kind, in the words of its kind", () => {
  const words: [given: unknown, text: string][] = [
    [{ delta: "1" }, 'delta must be a number, got "1"'],
    [{ delta: null }, "delta must be a number, got null"],
    [{ keepdim: 1 }, "keepdim must be true or false, got 1"],
    [{ weight: [1, 2] }, "weight must be a tensor or null, got [ 1, 2 ]"],
    [{ reduction: "none" }, 'reduction must be "mean" or "sum", got "none"'],
    [{ size: [1, "2"] }, 'size must be a number or an array of numbers, got [ 1, "2" ]'],
  ];
  for (const [given, text] of words) assertEquals(refusal(given), `Cannot compute f: ${text}`);
});

Deno.test("the reader shows the form where something stands in place of the options", () => {
  const forms: [given: unknown, form: string, got: string][] = [
    [0.5, "{ delta: 0.5 }", "0.5"],
    [true, "{ keepdim: true }", "true"],
    [tensor([1, 2]), "{ weight: tensor }", "a tensor of shape [2]"],
    ["sum", '{ reduction: "sum" }', '"sum"'],
    ["none", "{ delta, keepdim, weight, reduction, size, other }", '"none"'],
    [null, "{ delta, keepdim, weight, reduction, size, other }", "null"],
  ];
  for (const [given, form, got] of forms) {
    assertEquals(
      refusal(given),
      `Cannot compute f: options go in an object, as in ${form}, got ${got}`,
    );
  }
  assertThrows(() => read("compute f", new Map() as Options), TypeError, "go in an object");
});

Deno.test("nearest() finds a word in another spelling, and none that is far", () => {
  const known = ["lr", "betas", "weightDecay", "labelSmoothing", "ignoreIndex", "dim"];
  const pairs: [word: string, meant: string | undefined][] = [
    ["learningRate", "lr"],
    ["learning_rate", "lr"],
    ["Lr", "lr"],
    ["beta", "betas"],
    ["weight_decay", "weightDecay"],
    ["labelsmoothing", "labelSmoothing"],
    ["ignoreindx", "ignoreIndex"],
    ["nothing", undefined],
    ["x", undefined],
  ];
  assertEquals(pairs.map(([word]) => [word, nearest(word, known)]), pairs);
});

Deno.test("checkCount() refuses arguments that are too many", () => {
  checkCount("compute f", 2, 2);
  const refused = [
    [1, 0, "no arguments, got 1"],
    [3, 1, "at most 1 argument, got 3"],
    [5, 4, "at most 4 arguments, got 5; any options go in one object"],
  ] as const;
  for (const [given, most, counted] of refused) {
    const { message } = assertThrows(() => checkCount("make F", given, most), TypeError);
    assertEquals(message, `Cannot make F: it takes ${counted}`);
  }
});

Deno.test("checkKind() refuses an argument of another kind", () => {
  const numbers = arrayOf(NUMBER, "numbers");
  const right: [value: unknown, kind: typeof NUMBER][] = [
    [3, INTEGER],
    [[], numbers],
    [[1, NaN], numbers],
    [new RandomGenerator(1), GENERATOR],
    [Math.sin, FUNCTION],
    [Number, FUNCTION],
    [async () => {}, FUNCTION],
  ];
  for (const [value, kind] of right) checkKind("compute f", "x", value, kind);
  const wrong: [value: unknown, kind: typeof NUMBER, text: string][] = [
    [0.5, INTEGER, "x must be an integer, got 0.5"],
    ["1", INTEGER, 'x must be an integer, got "1"'],
    [[1, "2"], numbers, 'x must be an array of numbers, got [ 1, "2" ]'],
    [new Array(1), numbers, "x must be an array of numbers, got [ <1 empty item> ]"],
    [
      class Loss {},
      FUNCTION,
      "x must be a function, got the class Loss, not an object made with new",
    ],
    [5, GENERATOR, "x must be a RandomGenerator, as in new RandomGenerator(1), got 5"],
  ];
  for (const [value, kind, text] of wrong) {
    const { message } = assertThrows(() => checkKind("compute f", "x", value, kind), TypeError);
    assertEquals(message, `Cannot compute f: ${text}`);
  }
});

Deno.test("values are shown on one line, and shortened", () => {
  assertEquals(shown(tensor([1, 2])), "a tensor of shape [2]");
  for (const value of ["a\nb".repeat(100), { x: tensor([[1, 2], [3, 4]]) }, new Array(1000)]) {
    const text = shown(value);
    assertEquals([text.includes("\n"), text.length <= 80, text.endsWith(".")], [
      false,
      true,
      false,
    ]);
  }
});

Deno.test("what is marked as a tensor of another copy is shown as one", () => {
  class Foreign {}
  Object.defineProperty(Foreign.prototype, Symbol.for("adjoint.Tensor"), { value: true });
  assertStringIncludes(shown(new Foreign()), "another copy of the library");
  assertEquals(Reflect.get(zeros([1]), Symbol.for("adjoint.Tensor")), true);
});
