/** Hostile pickles: whatever asks for more than tensors and plain containers is refused, by its name. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { io, type nn, type Tensor } from "../../mod.ts";
import { archive } from "./common.ts";

const { InvalidData } = Deno.errors;

/** A part of a pickle: bytes, or text in their place. */
type Part = number | string;

function bytesOf(parts: readonly Part[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...encoder.encode(part)] : [part]),
  );
}

/** Bytes of a number, little-endian. */
function u32(value: number): Part[] {
  return [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24];
}

/** Opcodes with what follows them. */
const text = (
  value: string,
): Part[] => ["X", ...u32(new TextEncoder().encode(value).length), value];
const global = (module: string, name: string): Part[] => ["c", module, "\n", name, "\n"];
const put = (place: number): Part[] => ["r", ...u32(place)];
const get = (place: number): Part[] => ["j", ...u32(place)];
const number = (value: number): Part[] => ["J", ...u32(value)];

/** A pickle of protocol 2 from its opcodes, in an archive beside one storage of four float32. */
function file(...parts: readonly (Part | readonly Part[])[]): Uint8Array {
  const pickle = bytesOf([0x80, 2, ...parts.flat(), "."]);
  return archive({ "a/data.pkl": pickle, "a/data/0": new Uint8Array(16) });
}

/** The storage of that archive, called by a name and of a number of elements. */
function storage(key = "0", count = 4, kind = "FloatStorage"): Part[] {
  const what = ["(", ...text("storage"), ...global("torch", kind), ...text(key), ...text("cpu")];
  return [...what, ...number(count), "t", "Q"];
}

const tuple = (...numbers: number[]): Part[] => ["(", ...numbers.flatMap(number), "t"];

/** A tensor over a storage, with what else is said of it. */
function tensor(
  over: Part[],
  offset: number,
  shape: Part[],
  strides: Part[],
  marks: Part[] = [],
): Part[] {
  return [
    ...global("torch._utils", "_rebuild_tensor_v2"),
    ...["(", ...over, ...number(offset), ...shape, ...strides, 0x89, "N", ...marks, "t"],
    "R",
  ];
}

function refusal(bytes: Uint8Array): string {
  const { message } = assertThrows(() => io.decodeTorch(bytes), InvalidData);
  assert(!message.includes("\n") && message.length < 500, message);
  return message.replace("Cannot run decodeTorch: ", "");
}

Deno.test("what the tests of hostile pickles are made with makes good ones", () => {
  const x = tensor(storage(), 1, tuple(2, 1), tuple(1, 7));
  const state = io.decodeTorch(
    file("}", text("x"), x, put(70_000), "s", text("y"), get(70_000), "s"),
  );
  assertEquals(state.x!.toArray(), [[0], [0]]);
  assertEquals(state.x, state.y);
});

Deno.test("a pickle is refused by the name of whatever else it asks for", () => {
  const system = (...ask: (Part | Part[])[]) => file(...ask.flat(), text("echo"), 0x85, "R");
  const asked: readonly (readonly [bytes: Uint8Array, name: string])[] = [
    [system(global("os", "system")), "os.system"],
    [system(global("posix", "system")), "posix.system"],
    [system(global("builtins", "eval")), "builtins.eval"],
    [system(global("__builtin__", "getattr")), "__builtin__.getattr"],
    [system(global("torch", "load")), "torch.load"],
    [system(global("torch", "__class__")), "torch.__class__"],
    [system(global("torch.storage", "os.system")), "torch.storage.os.system"],
    [system(global("torch", "FloatStorage.__init__")), "torch.FloatStorage.__init__"],
    [system(global("collections.OrderedDict", "__class__")), "collections.OrderedDict.__class__"],
    [system(global("collections", "OrderedDict ")), "collections.OrderedDict "],
    [system(global("", "")), "."],
    [system(global("numpy.core.multiarray", "_reconstruct")), "numpy.core.multiarray._reconstruct"],
    [system(text("os"), text("system"), 0x93), "os.system"],
    [system(text("os"), put(1), "0", get(1), text("system"), 0x93), "os.system"],
    [file("(", text("echo"), "i", "os\nsystem\n"), "os.system"],
    [
      file(global("torch.nn.modules.linear", "Linear"), ")", 0x81),
      "torch.nn.modules.linear.Linear",
    ],
    [file(global("x".repeat(1e6), "y")), "x".repeat(200)],
    [file(global("torch\u2028", "\u0007")), "torch\u2028.\\u0007"],
  ];
  for (const [bytes, name] of asked) {
    const message = refusal(bytes);
    assert(message.includes(`asks for "${name}`), message);
    assertMatch(message, /neither a tensor of known elements nor a plain container/);
  }
});

Deno.test("what is asked for is refused even where it is not called", () => {
  const hidden = file("}", text("x"), global("os", "system"), "s");
  assertMatch(refusal(hidden), /asks for "os.system"/);
  assertMatch(refusal(file(global("os", "system"), "0", "N")), /asks for "os.system"/);
});

Deno.test("pickles call nothing but what their table has, with what it takes", () => {
  const dict = global("collections", "OrderedDict");
  const sizes = global("torch", "Size");
  const float32 = global("torch", "float32");
  const codec = global("_codecs", "encode");
  const device = global("torch", "device");
  const bytes: Part[] = ["C", 1, "x"];
  const cases: readonly (readonly [bytes: Uint8Array, why: RegExp])[] = [
    [file(text("os"), ")", "R"), /calls what is no function$/],
    [file(float32, ")", "R"), /calls torch.float32$/],
    [file(global("torch", "FloatStorage"), ")", 0x81), /calls torch.FloatStorage$/],
    [file(dict, text("x"), "R"), /calls collections.OrderedDict$/],
    [file(dict, text("x"), 0x85, "R"), /a dict in its pickle has arguments$/],
    [file(dict, ")", "R", text("x"), "b"), /sets attributes from something other than a dict$/],
    [file("]", "}", "b"), /adds to something other than a dict$/],
    [file(sizes, "}", "b"), /adds to something other than a dict$/],
    [file(sizes), /holds torch.Size at "", which is no value$/],
    [file("]", storage(), "a"), /holds a storage without a tensor at "0", which is no value$/],
    [
      file(codec, text("x"), text("zip"), 0x86, "R"),
      /bytes in its pickle are written in an unknown/,
    ],
    [file(device, "]", 0x85, "R"), /a device in its pickle is described in an unknown way$/],
    [file(device, text("x".repeat(99)), 0x85, "R"), /a device in its pickle is described/],
    [file(global("collections", "Counter"), text("aab"), 0x85, "R"), /a Counter in its pickle has/],
    [file(global("collections", "Counter"), "}", "}", 0x86, "R"), /a Counter in its pickle has/],
    [file(global("builtins", "bytearray"), number(9), 0x85, "R"), /a bytearray in its pickle is/],
    [file(global("builtins", "bytearray"), ...bytes, "N", 0x86, "R"), /a bytearray in its pickle/],
    [file(0x82, 5), /asks for extension 5, which could be anything$/],
    [file(0x83, 5, 1), /asks for extension 261, which could be anything$/],
    [file(0x84, 5, 1, 0, 0), /asks for extension 261, which could be anything$/],
    [file(text("x"), "P"), /has opcode 0x50 \("P"\), which PyTorch does not write$/],
    [file(0x97), /has opcode 0x97, which PyTorch does not write$/],
    [file(0x80, 9), /is of protocol 9, known are 2 to 5$/],
    [file("}", "]", "N", "s"), /has a key that is neither text nor an integer$/],
    [file("}", text("1"), "N", "s", number(1), "N", "s"), /has the key "1" twice$/],
    [file("}", "(", "N", "u"), /has a key without a value$/],
    [file("N", "N"), /leaves more than one value$/],
    [file(), /takes from an empty stack$/],
    [file("("), /uses a mark as a value$/],
    [file("(", put(0)), /uses a mark as a value$/],
    [file("t"), /has no mark where one is needed$/],
    [file("2"), /takes from an empty stack$/],
    [file("a"), /takes from an empty stack$/],
    [file("N", "a"), /adds to something other than a list$/],
    [file(get(7)), /recalls place 7, where nothing is$/],
    [file("X", u32(0xffffffff)), /is cut off$/],
    [file(0x8d, u32(0), u32(0xffffffff)), /is cut off$/],
    [file("cos"), /is cut off$/],
    [file(0x8b, u32(0x7fffffff)), /has a whole number of 2147483647 bytes$/],
  ];
  for (const [bytes, why] of cases) assertMatch(refusal(bytes), why, `${why}`);
});

Deno.test("containers of Python's library are read: a Counter, such as a schedule has, and a bytearray", () => {
  const counter = global("collections", "Counter");
  const codec = [...global("_codecs", "encode"), ...text("xy"), ...text("latin1"), 0x86, "R"];
  const cases: readonly (readonly [bytes: Uint8Array, value: unknown])[] = [
    [file(counter, "}", "(", number(2), number(1), "u", 0x85, "R"), { "2": 1 }],
    [file(counter, ")", "R"), {}],
    [file(global("builtins", "bytearray"), "C", 2, "xy", 0x85, "R"), Uint8Array.of(120, 121)],
    [file(global("__builtin__", "bytearray"), codec, 0x85, "R"), Uint8Array.of(120, 121)],
    [file(global("builtins", "bytearray"), ")", "R"), new Uint8Array()],
  ];
  for (const [bytes, value] of cases) assertEquals<unknown>(io.decodeTorch(bytes), value);
});

Deno.test("a tensor whose elements stand for others is refused: their negatives or conjugates", () => {
  const marked = (marks: Part[]) => file(tensor(storage(), 0, tuple(4), tuple(1), marks));
  for (
    const marks of [["}", ...text("neg"), 0x88, "s"], ["}", ...text("conj"), 0x88, "s"], ["]"]]
  ) {
    assertMatch(
      refusal(marked(marks)),
      /^tensor "" is stored negated or conjugated; in PyTorch, sa/,
    );
  }
  for (const marks of [["N"], ["}"]]) {
    assertEquals(io.decodeTorch<Tensor>(marked(marks)).shape, [4]);
  }
});

Deno.test("tensors in pickles lie inside of storages that are there", () => {
  const state = (x: Part[]) => file("}", text("layer"), "}", text("weight"), x, "s", "s");
  const over = (over: Part[]) => state(tensor(over, 0, tuple(4), tuple(1)));
  const view = (offset: number, shape: Part[], strides: Part[]) =>
    state(tensor(storage(), offset, shape, strides));
  const called = 'tensor "layer.weight"';
  const cases: readonly (readonly [bytes: Uint8Array, why: string])[] = [
    [over(storage("1")), `the storage "1" of ${called} is missing: there is no "a/data/1"`],
    [over(storage("0", 5)), `the storage "0" of ${called} should have 20 bytes, but has 16`],
    [over(storage("0", 3)), `the storage "0" of ${called} should have 12 bytes, but has 16`],
    [
      over(storage("0", 2, "LongStorage")),
      `${called} begins at element 0 and ends at 3, and there are 2`,
    ],
    [over(storage("../0")), "a storage in its pickle is described in an unknown way"],
    [over(storage("0".repeat(99))), "a storage in its pickle is described in an unknown way"],
    [over(storage("0", -1)), "a storage in its pickle is described in an unknown way"],
    [over(storage("0", 4, "float32")), "a storage in its pickle is described in an unknown way"],
    [over(["N", "Q"]), "a storage in its pickle is described in an unknown way"],
    [over(["N"]), `${called} is described in an unknown way`],
    [over(storage("0", 16, "UntypedStorage")), `the storage "0" of ${called} lacks a type`],
    [view(0, tuple(5), tuple(1)), `${called} begins at element 0 and ends at 4, and there are 4`],
    [view(4, tuple(1), tuple(1)), `${called} begins at element 4 and ends at 4, and there are 4`],
    [
      view(0, tuple(2, 2), tuple(3, 1)),
      `${called} begins at element 0 and ends at 4, and there are 4`,
    ],
    [view(0, tuple(2), tuple(0x7fffffff)), `${called} begins at element 0 and ends at 2147483647`],
    [view(-1, tuple(2), tuple(1)), `${called} is described in an unknown way`],
    [view(0, tuple(-2), tuple(1)), `${called} is described in an unknown way`],
    [view(0, tuple(2), tuple(-1)), `${called} is described in an unknown way`],
    [view(0, tuple(2), tuple()), `${called} is described in an unknown way`],
    [view(0, ["N"], tuple()), `${called} is described in an unknown way`],
    [view(0, tuple(...Array(9).fill(1)), tuple(...Array(9).fill(1))), `${called} has 9 dimensions`],
    [view(5, tuple(0), tuple(1)), `${called} begins at element 5`],
    [view(0, tuple(65536, 65536), tuple(0, 0)), `${called} has shape [65536, 65536], of over 2^31`],
  ];
  for (const [bytes, why] of cases) {
    const message = refusal(bytes);
    assert(message.startsWith(why), `${message}, wanted ${why}`);
  }
  assertEquals(
    io.decodeTorch<Record<string, nn.StateDict>>(
      view(3, tuple(1000, 0), tuple(9, 9)),
    ).layer!.weight!.shape,
    [1000, 0],
  );
});

Deno.test("a storage of two types is refused", () => {
  const [floats, words] = [storage(), storage("0", 4, "IntStorage")].map((over) =>
    tensor(over, 0, tuple(4), tuple(1))
  ) as [Part[], Part[]];
  const both = file("}", text("a"), floats, "s", text("b"), words, "s");
  assertMatch(
    refusal(both),
    /^the storage "0" of tensor "b" has elements of float32 and of int32$/,
  );
});

Deno.test("containers that hold themselves or are too deep are refused, without recursion", () => {
  assertMatch(refusal(file("]", put(0), get(0), "a")), /has a container that contains itself$/);
  const circle = file("}", put(0), text("x"), "]", put(1), get(0), "a", "s");
  assertMatch(refusal(circle), /has a container that contains itself$/);
  const deep = (levels: number) => file("]".repeat(levels), "a".repeat(levels - 1));
  assertMatch(refusal(deep(1_000_000)), /has containers more than 100 deep$/);
  assertMatch(refusal(deep(101)), /has containers more than 100 deep$/);
  // A part of it is known already when what stands above it is looked at.
  const half = "]".repeat(60) + "a".repeat(59);
  const above = ["]".repeat(60), get(0), "a".repeat(60)].flat();
  const parts = file(half, put(0), "0", "]", above, "a", get(0), "a");
  assertMatch(refusal(parts), /has containers more than 100 deep$/);
  let inner = io.decodeTorch<io.TorchValue>(deep(100));
  for (let i = 1; i < 100; i++) inner = (inner as readonly io.TorchValue[])[0]!;
  assertEquals<unknown>(inner, []);
});

Deno.test("what stands in many places is kept once: no small pickle becomes a large result", () => {
  // Each list holds the one before it ten times.
  const levels = Array.from({ length: 90 }, (_, i) => [
    "(",
    ...Array.from({ length: 10 }, () => get(i)).flat(),
    "l",
    ...put(i + 1),
    "0",
  ]).flat();
  const laughs = io.decodeTorch<io.TorchValue>(file("]", put(0), "0", levels, get(90)));
  const [first, second] = laughs as readonly io.TorchValue[];
  assert(first === second);
  // Text that is made into bytes again and again.
  const long = text("x".repeat(1000));
  const encode = [...global("_codecs", "encode"), ...get(0), ...text("latin1"), 0x86, "R", "0"];
  const again = Array.from({ length: 1000 }, () => encode).flat();
  assertMatch(
    refusal(file(long, put(0), "0", again.slice(0, 20 * encode.length), "N")),
    /^bytes in its pickle are written in an unknown way$/,
  );
});

Deno.test("a memo with far places or many is no trouble", () => {
  const far = file("]", put(0xffffffff), "0", get(0xffffffff));
  assertEquals<unknown>(io.decodeTorch(far), []);
  const many = Array.from({ length: 200_000 }, (_, i) => put(i)).flat();
  assertEquals<unknown>(io.decodeTorch(file("]", many)), []);
});

Deno.test("keys that mean something to JavaScript are keys like others", () => {
  const state = io.decodeTorch<Record<string, io.TorchValue>>(
    file("}", text("__proto__"), "]", "s", text("constructor"), "N", "s"),
  );
  assertEquals(Object.keys(state), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(state), Object.prototype);
});
