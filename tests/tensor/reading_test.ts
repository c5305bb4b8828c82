import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import {
  arange,
  full,
  manualSeed,
  type NestedArray,
  ones,
  randint,
  randn,
  Tensor,
  tensor,
  type TypedArray,
  vmap,
  zeros,
} from "../../mod.ts";

Deno.test("toArray() nests as deep as there are dimensions", () => {
  assertEquals(tensor(2.5).toArray(), 2.5);
  assertEquals(tensor(true).toArray(), true);
  assertEquals(arange(6).reshape([1, 2, 3]).toArray(), [[[0, 1, 2], [3, 4, 5]]]);
  assertEquals(arange(6).reshape([2, 3]).transpose(0, 1).toArray(), [[0, 3], [1, 4], [2, 5]]);
  assertEquals(arange(3).expand([2, 3]).toArray(), [[0, 1, 2], [0, 1, 2]]);
  assertEquals(arange(9).slice(0, 1, 8, 3).toArray(), [1, 4, 7]);
  assertEquals(zeros([2, 0]).toArray(), [[], []]);
  assertEquals(zeros([0, 2]).toArray(), []);
  assertEquals(zeros([2, 0]).transpose(0, 1).toArray(), []);
  assertType<IsExact<ReturnType<Tensor["toArray"]>, NestedArray>>(true);
});

Deno.test("item() reads the only element", () => {
  assertEquals(tensor(2.5).item(), 2.5);
  assertEquals(tensor([[7]]).item(), 7);
  assertEquals([tensor(true).item(), tensor([false]).item()], [1, 0]);
  assertEquals(arange(6).slice(0, 4, 5).item(), 4);
  for (const shape of [[2], [0], [1, 2]]) {
    assertThrows(() => zeros(shape).item(), RangeError, `[${shape.join(", ")}]`);
  }
});

Deno.test("data is the memory itself", () => {
  const x = arange(6).reshape([2, 3]);
  const { data } = x;
  assertEquals([...data], [0, 1, 2, 3, 4, 5]);
  data[4] = 40;
  assertEquals(x.toArray(), [[0, 1, 2], [3, 40, 5]]);
  assertStrictEquals(x.data, data);
  assertEquals([...x.at(1).data], [3, 40, 5]);
  x.at(1).data[0] = 30;
  assertEquals(x.at(1, 0).item(), 30);
  assertType<IsExact<Tensor["data"], TypedArray>>(true);
  const kinds = [zeros([1]), zeros([1], { dtype: "float64" }), arange(1), tensor([true])];
  const classes = [Float32Array, Float64Array, Int32Array, Uint8Array];
  kinds.forEach((kind, i) => assertStrictEquals(kind.data.constructor, classes[i]));
});

Deno.test("data of a tensor that is not contiguous is refused", () => {
  const x = arange(6).reshape([2, 3]);
  for (const view of [x.transpose(0, 1), x.slice(1, 0, 2), x.at(0).expand([2, 3])]) {
    assertThrows(() => view.data, TypeError, "contiguous()");
    assertEquals(view.contiguous().data.length, view.size);
  }
});

Deno.test("data of small tensors shares its buffer with no other tensor", () => {
  const small = Array.from({ length: 5 }, (_, i) => full([3], i).add(0));
  const [first, second, third] = small as [Tensor, Tensor, Tensor];
  const view = second.slice(0, 1);
  const { data } = second;
  assertEquals(data.buffer.byteLength, 12);
  // Views follow into the new buffer.
  data[1] = 10;
  assertEquals(view.toArray(), [10, 1]);
  view.fill_(11);
  assertEquals([...data], [1, 11, 11]);
  structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
  assertEquals(data.length, 0);
  assertEquals([first.toArray(), third.toArray()], [[0, 0, 0], [2, 2, 2]]);
  assertEquals(small[4]!.add(1).toArray(), [5, 5, 5]);
});

Deno.test("data of large tensors has a buffer of its own", () => {
  const x = full([1000], 2).mul(3);
  assertEquals(x.data.buffer.byteLength, 4000);
  assertEquals(x.slice(0, 10, 12).data.length, 2);
  assertEquals(zeros([0]).data.length, 0);
});

Deno.test("a tensor iterates over its first dimension", () => {
  const x = arange(6).reshape([3, 2]);
  assertEquals([...x].map((row) => row.toArray()), [[0, 1], [2, 3], [4, 5]]);
  assertEquals([...arange(2)].map((entry) => entry.item()), [0, 1]);
  assertEquals([...zeros([0, 2])], []);
  const [a] = x;
  a!.fill_(9);
  assertEquals(x.toArray(), [[9, 9], [2, 3], [4, 5]]);
  assertThrows(() => [...tensor(1)], TypeError, "without dimensions");
  const leaf = tensor([1, 2, 3], { requiresGrad: true });
  const [one, , three] = leaf;
  one!.mul(three!).backward();
  assertEquals(leaf.grad?.toArray(), [3, 0, 1]);
});

Deno.test("cpu() gives the tensor itself", async () => {
  const x = zeros([2]);
  assertStrictEquals(await x.cpu(), x);
});

const PRINTED: [Tensor, string][] = [
  [tensor(3.14159265), "tensor(3.1416, float32, shape [], rounded)"],
  [tensor(true), "tensor(true, bool, shape [])"],
  [tensor([1, 2, 3]), "tensor([1, 2, 3], float32, shape [3])"],
  [arange(2), "tensor([0, 1], int32, shape [2])"],
  [tensor([true, false]), "tensor([ true, false], bool, shape [2])"],
  [tensor([0.1]), "tensor([0.1], float32, shape [1])"],
  [
    tensor([0.1, 1 / 3], { dtype: "float64" }),
    "tensor([0.1000, 0.3333], float64, shape [2], rounded)",
  ],
  [tensor([0.5, -2]), "tensor([ 0.5, -2.0], float32, shape [2])"],
  [tensor([0, -0]), "tensor([ 0, -0], float32, shape [2])"],
  [tensor([1e-10, 3]), "tensor([1e-10,  3e+0], float32, shape [2])"],
  [tensor([1e-5, 12345.678]), "tensor([1.0000e-5, 1.2346e+4], float32, shape [2], rounded)"],
  [tensor(1e20), "tensor(1e+20, float32, shape [])"],
  [tensor(2 ** 53, { dtype: "float64" }), "tensor(9007199254740992, float64, shape [])"],
  [tensor([NaN, -Infinity]), "tensor([      NaN, -Infinity], float32, shape [2])"],
  [tensor([1], { requiresGrad: true }), "tensor([1], float32, shape [1], requiresGrad)"],
  [zeros([0]), "tensor([], float32, shape [0])"],
  [
    arange(12).reshape([4, 3]).transpose(0, 1),
    "tensor([[ 0,  3,  6,  9],\n" +
    "        [ 1,  4,  7, 10],\n" +
    "        [ 2,  5,  8, 11]], int32, shape [3, 4])",
  ],
  [arange(2000), "tensor([   0,    1,    2, ..., 1997, 1998, 1999], int32, shape [2000])"],
  [
    arange(2000).reshape([1000, 2]),
    "tensor([[   0,    1],\n" +
    "        [   2,    3],\n" +
    "        [   4,    5],\n" +
    "        ...,\n" +
    "        [1994, 1995],\n" +
    "        [1996, 1997],\n" +
    "        [1998, 1999]], int32, shape [1000, 2])",
  ],
  [
    arange(30).reshape([1, 30]),
    "tensor([[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,\n" +
    "         20, 21, 22, 23, 24, 25, 26, 27, 28, 29]], int32, shape [1, 30])",
  ],
  [
    arange(19).add(0.25),
    "tensor([ 0.25,  1.25,  2.25,  3.25,  4.25,  5.25,  6.25,  7.25,  8.25,  9.25, 10.25,\n" +
    "        11.25, 12.25, 13.25, 14.25, 15.25, 16.25, 17.25, 18.25], float32, shape [19])",
  ],
  [
    arange(20).to("float64").requiresGrad_(),
    "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],\n" +
    "       float64, shape [20], requiresGrad)",
  ],
];

for (const [x, text] of PRINTED) {
  Deno.test(`toString() shows ${text.split("\n")[0]}`, () => {
    assertEquals(x.toString(), text);
    assertEquals(`${x}`, text);
    assertEquals(Deno.inspect(x), text);
  });
}

Deno.test("toString() shows every matrix of a tensor of three dimensions", () => {
  const lines = arange(8).reshape([2, 2, 2]).toString().split("\n").map((line) => line.trimEnd());
  assertEquals(lines, [
    "tensor([[[0, 1],",
    "         [2, 3]],",
    "",
    "        [[4, 5],",
    "         [6, 7]]], int32, shape [2, 2, 2])",
  ]);
});

Deno.test("toString() is short for long tensors of any shape", () => {
  for (const shape of [[100_000], [1000, 100], [100, 1000], [10, 10, 1000], [300, 300, 2]]) {
    const text = zeros(shape).toString();
    assert(text.length < 4000, `${shape}: ${text.length}`);
    assert(text.includes("..."), text);
  }
  assert(!zeros([1000]).toString().includes("..."));
});

Deno.test("toString() keeps to 88 columns, and says of every tensor whether it shows it whole", () => {
  manualSeed(11);
  for (let i = 0; i < 200; i++) {
    const rank = randint(0, 4, []).item();
    const shape = Array.from({ length: rank }, () => randint(1, 10, []).item());
    const dtype = i % 2 === 0 ? "float32" : "float64";
    // Some have few digits, some many, over many orders of magnitude.
    const x = randn(shape, { dtype }).mul(10 ** randint(-12, 13, []).item());
    const y = i % 3 === 0 ? x.mul(8).round().div(8) : x;
    const text = y.toString();
    const numbers = text.match(/-?\d[\d.]*(e[+-]\d+)?(?=[\],)])/g) ?? [];
    const shown = numbers.slice(0, y.size).map(Number);
    assertEquals(shown.length, y.size, text);
    const whole = tensor(shown, { dtype }).data.every((value, at) => Object.is(value, y.data[at]));
    assertEquals(text.includes("rounded"), !whole, text);
    for (const line of text.split("\n")) assert(line.length <= 88, text);
  }
});

/** The rows of the table that a notebook shows of a tensor; null where it shows the text alone. */
function tableOf(x: Tensor): string[][] | null {
  const display = Reflect.get(x, Symbol.for("Jupyter.display")) as () => Record<string, string>;
  const { "text/plain": text, "text/html": html } = display.call(x);
  assertEquals(text, x.toString());
  const rows = html?.match(/<tr>[^]*?<\/tr>/g);
  return rows?.map((row) =>
    [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, cell]) => cell!.trim())
  ) ?? null;
}

Deno.test("a notebook shows a table of one or two dimensions, else the text", () => {
  assertEquals(tableOf(tensor([[1, 2.5], [3, NaN]])), [
    ["row", "0", "1"],
    ["0", "1.0", "2.5"],
    ["1", "3.0", "NaN"],
  ]);
  assertEquals(tableOf(tensor([true, false])), [["index", "0", "1"], ["value", "true", "false"]]);
  assertEquals(tableOf(tensor([[1, 2]]).mT), [["row", "0"], ["0", "1"], ["1", "2"]]);
  const long = tableOf(arange(0, 2000).reshape([40, 50]))!;
  assertEquals(long.map((row) => row.length), Array(8).fill(8));
  assertEquals(long[0], ["row", "0", "1", "2", "…", "47", "48", "49"]);
  assertEquals(long[7], ["39", "1950", "1951", "1952", "…", "1997", "1998", "1999"]);
  assertEquals(long[4], Array(8).fill("…"));
  const gone = tensor([1]);
  gone.dispose();
  for (const x of [tensor(1), ones([2, 2, 2]), ones([0]), gone]) assertEquals(tableOf(x), null);
  vmap((x: Tensor) => (assertEquals(tableOf(x), null), x))(ones([2, 3]));
});

Deno.test("what follows from a tensor cannot be set, and says what to do instead", () => {
  const getters = Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype))
    .flatMap(([name, { get }]) => get === undefined ? [] : [name]);
  const settable = ["requiresGrad", "grad"];
  const refused = getters.filter((name) => !settable.includes(name));
  assertEquals(refused.toSorted(), ["data", "device", "dtype", "isLeaf", "mT", "ndim"]);
  for (const name of refused) {
    const { message } = assertThrows(() => Object.assign(ones([2]), { [name]: 1 }), TypeError);
    assert(/^Cannot set \w+: it follows from the tensor; \w/.test(message), message);
    assert(message.includes(name) && !message.includes("undefined"), message);
  }
});
