/** Files of tensors that PyTorch wrote: what is read, and what is refused. */

import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { assertClose, torchFixture } from "../../lib/testing/mod.ts";
import { DTypeError, grad, losses, ShapeError, type Tensor } from "../../mod.ts";

const file = new URL("../fixtures/huber.json", import.meta.url);

Deno.test("torchFixture() reads tensors of every type", () => {
  const tensors = torchFixture(file);
  const seen = Object.entries(tensors).map(([name, { shape, dtype }]) => [name, shape, dtype]);
  assertEquals(seen, [
    ["pred", [2, 3], "float64"],
    ["target", [2, 3], "float64"],
    ["loss", [], "float64"],
    ["gradient", [2, 3], "float64"],
    ["special", [4], "float32"],
    ["half", [1], "float32"],
    ["brain", [1], "float32"],
    ["labels", [2], "int32"],
    ["narrow", [1], "int32"],
    ["mask", [2, 1], "bool"],
    ["nothing", [0, 2], "float32"],
  ]);
  const values = (...names: string[]) => names.map((name) => tensors[name]?.toArray());
  assertEquals(values("special", "half", "brain"), [
    [NaN, Infinity, -Infinity, Math.fround(0.1)],
    [0.0999755859375],
    [0.10009765625],
  ]);
  assertEquals(values("labels", "narrow", "mask", "nothing"), [
    [2, -1],
    [7],
    [[true], [false]],
    [],
  ]);
});

Deno.test("torchFixture() gives the tensors that are named, to compare with", () => {
  const { pred, target, loss, gradient } = torchFixture(
    file,
    ["pred", "target", "loss", "gradient"],
  );
  const ours = losses.huber(pred.requiresGrad_(), target);
  assertClose(ours, loss);
  assertClose(grad(ours, [pred])[0], gradient);
  assertEquals(Object.keys(torchFixture(file, ["mask"])), ["mask"]);
  assertEquals(Object.keys(torchFixture(file, [])), []);
});

Deno.test("torchFixture() is written by the lines of Python that its documentation has", () => {
  const documented = Deno.readTextFileSync(
    new URL("../../lib/testing/torch_fixture.ts", import.meta.url),
  )
    .match(/```python\n([\s\S]*?) \* ```/)?.[1]?.replace(/^ \* ?/gm, "").trim();
  assertStringIncludes(
    Deno.readTextFileSync(new URL("../fixtures/huber.py", import.meta.url)),
    documented ?? "no lines",
  );
});

/** A file with some content, while a function runs. */
function withFile(text: string, use: (path: string) => void): void {
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    Deno.writeTextFileSync(path, text);
    use(path);
  } finally {
    Deno.removeSync(path);
  }
}

const fine = { shape: [2], dtype: "float32", data: [1, 2] };
const entry = (change: object) => JSON.stringify({ pred: { ...fine, ...change } });

/** Content, class of the error, and its message, where $ stands for the file. */
const REFUSED: readonly [string, new (message: string) => Error, string][] = [
  ["", SyntaxError, "Cannot run torchFixture: $ must be JSON: Unexpected end of JSON input"],
  [
    '{"pred": {"shape": [1], "dtype": "float32", "data": [NaN]}}',
    SyntaxError,
    'Cannot run torchFixture: $ must be JSON: NaN and infinities must be the strings "nan", "inf" ' +
    'and "-inf"',
  ],
  [
    "[1, 2]",
    TypeError,
    "Cannot run torchFixture: $ must hold an object of tensors by name, got an array",
  ],
  [
    "null",
    TypeError,
    "Cannot run torchFixture: $ must hold an object of tensors by name, got null",
  ],
  [
    '{"pred": [1, 2]}',
    TypeError,
    'Cannot run torchFixture of "pred" in $: a tensor must have shape, dtype and data, got an array',
  ],
  [
    '{"pred": null}',
    TypeError,
    'Cannot run torchFixture of "pred" in $: a tensor must have shape, dtype and data, got null',
  ],
  [
    '{"pred": {"data": [1], "size": 1}}',
    TypeError,
    'Cannot run torchFixture of "pred" in $: a tensor must have shape, dtype and data, got only ' +
    "data, size",
  ],
  [
    entry({ shape: 2 }),
    ShapeError,
    'Cannot run torchFixture of "pred" in $: a shape is an array, got 2',
  ],
  [
    entry({ shape: [-2] }),
    ShapeError,
    'Cannot run torchFixture of "pred" in $: each dimension must be a non-negative integer, got [-2]',
  ],
  [
    entry({ shape: [2, "1"] }),
    ShapeError,
    'Cannot run torchFixture of "pred" in $: each dimension must be a non-negative integer, got ' +
    '[2, "1"]',
  ],
  [
    entry({ shape: [3] }),
    ShapeError,
    'Cannot run torchFixture of "pred" in $: shape [3] needs an array of 3 elements, got 2',
  ],
  [
    entry({ data: 1 }),
    ShapeError,
    'Cannot run torchFixture of "pred" in $: shape [2] needs an array of 2 elements, got 1',
  ],
  [
    entry({ dtype: "complex64" }),
    DTypeError,
    'Cannot run torchFixture of "pred" in $: dtype must be one of float64, float32, float16, ' +
    'bfloat16, int64, int32, bool, got "complex64"',
  ],
  [
    entry({ dtype: "toString" }),
    DTypeError,
    'Cannot run torchFixture of "pred" in $: dtype must be one of float64, float32, float16, ' +
    'bfloat16, int64, int32, bool, got "toString"',
  ],
  ...[null, "one", true, [1]].map((wrong): [string, typeof TypeError, string] => [
    entry({ data: [1, wrong] }),
    TypeError,
    'Cannot run torchFixture of "pred" in $: elements of float32 must be numbers, "nan", "inf" or ' +
    `"-inf", got ${Deno.inspect(wrong)} at data[1]`,
  ]),
  [
    entry({ dtype: "int64", data: [1, 1.5] }),
    TypeError,
    'Cannot run torchFixture of "pred" in $: elements of int64 must be integers, got 1.5 at data[1]',
  ],
  [
    entry({ dtype: "int32", data: ["nan", 1] }),
    TypeError,
    'Cannot run torchFixture of "pred" in $: elements of int32 must be integers, got "nan" at ' +
    "data[0]",
  ],
  [
    entry({ dtype: "int64", data: [1, 2 ** 31] }),
    RangeError,
    'Cannot run torchFixture of "pred" in $: integers must lie in the range of int32, got ' +
    "2147483648 at data[1]",
  ],
  [
    entry({ dtype: "bool", data: [true, 1] }),
    TypeError,
    'Cannot run torchFixture of "pred" in $: elements of bool must be true or false, got 1 at ' +
    "data[1]",
  ],
];

for (const [text, error, message] of REFUSED) {
  Deno.test(`torchFixture() refuses ${text || "an empty file"}`, () => {
    withFile(text, (path) => {
      const thrown = assertThrows(() => torchFixture(path), Error);
      assertEquals([thrown.constructor, thrown.message], [error, message.replace("$", path)]);
    });
  });
}

Deno.test("torchFixture() names the tensors that are there where one is missing", () => {
  const path = decodeURIComponent(file.pathname);
  const known = "pred, target, loss, gradient, special, half, brain, labels, narrow, mask, nothing";
  for (const name of ["los", "toString"]) {
    assertEquals(
      assertThrows((): Tensor | undefined => torchFixture(file, [name])[name], TypeError).message,
      `Cannot run torchFixture: ${path} has no tensor "${name}"; it has ${known}`,
    );
  }
  withFile("{}", (path) => {
    assertEquals(torchFixture(path), {});
    assertThrows(() => torchFixture(path, ["x"]), TypeError, "; it has none");
  });
});

Deno.test("torchFixture() leaves a file that is not there to Deno", () => {
  assertThrows(() => torchFixture("no such file.json"), Deno.errors.NotFound);
});

Deno.test({
  name: "torchFixture() says which permission it needs",
  permissions: { read: false },
  fn() {
    const thrown = assertThrows(() => torchFixture("huber.json"), Deno.errors.NotCapable);
    assertEquals(
      thrown.message,
      "Cannot read the fixture huber.json without permission: run Deno with --allow-read=huber.json",
    );
    assertInstanceOf(thrown.cause, Deno.errors.NotCapable);
  },
});
