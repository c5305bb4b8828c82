/** Safetensors: both directions, files of others, and what cannot be right. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { io, nn, ones, scope, type Tensor, tensor, vmap, zeros } from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";
import { Buffer } from "node:buffer";
import { EXPECTED, fixture, hardState, shownExpected, shownState } from "./common.ts";

const { InvalidData } = Deno.errors;

/** A file with a header that says something, and some bytes. */
function file(header: unknown, bytes = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const head = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + head.length + bytes);
  new DataView(whole.buffer).setBigUint64(0, BigInt(head.length), true);
  whole.set(head, 8);
  return whole;
}

/** What is said of a file that is refused. */
function refusal(bytes: Uint8Array): string {
  return assertThrows(() => io.decodeSafetensors(bytes), InvalidData).message
    .replace("Cannot run decodeSafetensors: ", "");
}

/** What a header says of a tensor. */
function entry(dtype: string, shape: unknown, begin: unknown, end: unknown): unknown {
  return { dtype, shape, data_offsets: [begin, end] };
}

Deno.test("loadSafetensors() reads what safetensors wrote, of every type", () => {
  const state = io.loadSafetensors(fixture("tensors.safetensors"));
  assertEquals(shownState(state), shownExpected(EXPECTED.tensors));
  assertEquals(state.float16!.dtype, "float32");
});

Deno.test("encodeSafetensors() and decodeSafetensors() keep every type, layout and name", () => {
  const state = hardState();
  const bytes = io.encodeSafetensors(state);
  assertEquals(shownState(io.decodeSafetensors(bytes)), shownState(state));
  assertEquals(io.encodeSafetensors(state), bytes);
  assertEquals(io.decodeSafetensors(io.encodeSafetensors({})), {});
});

Deno.test("encodeSafetensors() aligns each tensor to its elements", () => {
  const bytes = io.encodeSafetensors({
    a: tensor([true]),
    b: tensor([1, 2], { dtype: "float64" }),
    c: tensor([1]),
  });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  assertEquals(["a", "b", "c"].map((name) => header[name].data_offsets[0]), [20, 0, 16]);
});

Deno.test("encodeSafetensors() leaves the tensors alone, and what is read owns its memory", () => {
  const x = ones([2], { requiresGrad: true });
  const bytes = scope(() => io.encodeSafetensors({ x, again: x }));
  x.square().sum().backward();
  assertEquals(x.grad!.toArray(), [2, 2]);
  const state = io.decodeSafetensors(bytes);
  bytes.fill(0);
  assertEquals([state.x!.toArray(), state.again!.toArray()], [[1, 1], [1, 1]]);
  assertNotStrictEquals(state.x, state.again);
  assertEquals(state.x!.requiresGrad, false);
});

Deno.test("encodeSafetensors() writes metadata, by default what Hugging Face asks for", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertStringIncludes(text(io.encodeSafetensors({})), '"format":"pt"');
  const own = io.encodeSafetensors({}, { metadata: { "1": "one", made: 'by "us"' } });
  assertStringIncludes(text(own), '"1":"one","made":"by \\"us\\""');
  assertEquals(io.decodeSafetensors(own), {});
  assertThrows(
    () => io.encodeSafetensors({}, { metadata: { "adjoint.header": "" } }),
    TypeError,
    'Cannot run encodeSafetensors: the name "adjoint.header" is reserved in these files',
  );
  for (const metadata of [{ "half\ud800": "" }, { half: "\udfff" }]) {
    assertThrows(
      () => io.encodeSafetensors({}, { metadata }),
      TypeError,
      "metadata must be an object of strings by name",
    );
  }
  assertThrows(
    () => io.encodeSafetensors({ "__metadata__": ones([1]) }),
    TypeError,
    "__metadata__",
  );
});

Deno.test("encodeSafetensors() refuses what has no elements to write", () => {
  const gone = ones([2]);
  gone.dispose();
  assertThrows(() => io.encodeSafetensors({ gone }), Error, "disposed");
  assertThrows(
    () => io.encodeSafetensors({ "half\ud800": ones([1]) }),
    TypeError,
    "is not valid text",
  );
  const each = (x: Tensor) => (io.encodeSafetensors({ x }), x);
  assertThrows(
    () => vmap(each)(ones([2, 3])),
    TypeError,
    "Cannot run encodeSafetensors under vmap",
  );
});

Deno.test("in what encodeSafetensors() wrote every flipped bit is found", () => {
  const files = [
    io.encodeSafetensors(hardState(), { metadata: { note: "a" } }),
    io.encodeSafetensors({}),
    io.encodeSafetensors({}, { metadata: {} }),
  ];
  assertEquals(files.map((bytes) => missedFlips(bytes)), [[], [], []]);
  // In a file of others the bits of its elements, and of its name but one, are as good flipped.
  assertEquals(missedFlips(file({ x: entry("F32", [1], 0, 4) }, 4)).length, 32 + 7);
});

/** The bits of a file that may be flipped without anybody noticing. */
function missedFlips(bytes: Uint8Array): number[] {
  return Array.from({ length: 8 * bytes.length }, (_, bit) => bit).filter((bit) => {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    try {
      io.decodeSafetensors(flipped);
      return true;
    } catch (error) {
      if (!(error instanceof InvalidData)) throw error;
      return false;
    }
  });
}

Deno.test("in what encodeSafetensors() wrote the damaged tensor is named", () => {
  const state = { first: tensor([1, 2]), second: tensor([3, 4]) };
  const bytes = io.encodeSafetensors(state);
  for (let bit = 0; bit < 128; bit++) {
    const flipped = bytes.slice();
    const at = bytes.length - 16 + (bit >> 3);
    flipped[at]! ^= 1 << (bit & 7);
    const name = bit < 64 ? "first" : "second";
    assertMatch(refusal(flipped), new RegExp(`^tensor "${name}" is damaged`));
  }
  // Its type, its shape and its checksum are damage to it too, and so is its name.
  const text = String.fromCharCode(...bytes);
  const changed = (from: string, to: string) =>
    refusal(Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0)));
  assertMatch(changed('"second":{"dtype":"F32"', '"second":{"dtype":"I32"'), /"second" is damaged/);
  assertMatch(changed('"first":{', '"fir5t":{'), /^tensor "fir5t" is damaged/);
  assertMatch(changed('tensor.first":"', 'tensor.fir5t":"'), /^tensor "first" is damaged/);
  assertMatch(changed('"format":"pt"', '"format":"tf"'), /^the header is damaged/);
  assertMatch(changed('"adjoint.version"', '"adjoint.versiom"'), /^the header is damaged/);
});

Deno.test("files without checksums are read, and those that were taken away are missed", () => {
  const plain = file({ x: entry("F32", [1], 0, 4) }, 4);
  assertEquals(io.decodeSafetensors(plain).x!.toArray(), [0]);
  const partly = file({
    __metadata__: { "adjoint.version": "1" },
    x: entry("F32", [1], 0, 4),
  }, 4);
  assertMatch(refusal(partly), /^tensor "x" is damaged/);
  assertMatch(
    refusal(file({ __metadata__: { "adjoint.version": "1" } })),
    /^the header is damaged/,
  );
});

Deno.test("decodeSafetensors() refuses files that cannot be right, and says why", () => {
  const sized = (length: bigint) => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  };
  const x = entry("F32", [2], 0, 8);
  const cases: readonly (readonly [bytes: Uint8Array, why: RegExp])[] = [
    [new Uint8Array(), /^the length of the header would take bytes 0 to 8, and there are 0$/],
    [sized(2n ** 63n), /^the header would take 9223372036854775808 bytes, at most 100000000 are/],
    [sized(99_999_999n), /^the header would take bytes 8 to 100000007, and there are 64$/],
    [sized(0n), /^the header is no JSON/],
    [file("[]"), /^the header is not an object$/],
    [file('{"x"'), /^the header is no JSON/],
    [file('{"é":1}'.replace("é", "\ud800")), /must have dtype/],
    [file(`${"[".repeat(100_000)}`), /^the header is no JSON/],
    [file({ x: 1 }), /^tensor "x" must have dtype, shape and data_offsets and nothing else$/],
    [file({ x: { ...x as object, more: 1 } }, 8), /^tensor "x" must have dtype/],
    [file({ x: entry("F32", [2], 0, 8.5) }, 8), /^tensor "x" must have dtype/],
    [file({ x: entry("F32", 2, 0, 8) }, 8), /^tensor "x" must have dtype/],
    [file({ x: entry("F32", [2], 0, "8") }, 8), /^tensor "x" must have dtype/],
    [file('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}', 8), /^tensor "x" must have/],
    [file({ __metadata__: { a: 1 } }), /^__metadata__ must hold strings by name$/],
    [file({ __metadata__: "a" }), /^__metadata__ must hold strings by name$/],
    [file('{"x":{},"x":{}}'), /has a name twice/],
    [
      file('{"x":{"dtype":"F32","shape":[0],"shape":[2],"data_offsets":[0,8]}}', 8),
      /has a name twice/,
    ],
    [
      file({ x: entry("F8_E4M3", [8], 0, 8) }, 8),
      /^tensor "x" has type "F8_E4M3", supported are BOOL/,
    ],
    [file({ x: entry("F32", [3], 0, 8) }, 8), /^tensor "x" of 3 elements of float32 needs 12 byt/],
    [file({ x: entry("F32", [-2, -1], 0, 8) }, 8), /^tensor "x" has an extent of -2$/],
    [file({ x: entry("F32", Array(9).fill(1), 0, 4) }, 4), /^tensor "x" has 9 dimensions/],
    [file({ x: entry("F32", [2 ** 31, 2 ** 31], 0, 8) }, 8), /^tensor "x" has shape .* over 2\^31/],
    [file({ x: entry("F32", [2 ** 40, 0], 0, 0) }), /^tensor "x" has shape .* over 2\^31/],
    [file({ x }, 9), /^its tensors take 8 bytes after the header, and there are 9$/],
    [file({ x }, 7), /^its tensors take 8 bytes after the header, and there are 7$/],
    [
      file({ x: entry("F32", [2], 8, 0) }, 8),
      /^tensor "x" has bytes 8 to 0, where byte 0 is next$/,
    ],
    [file({ x: entry("F32", [2], -8, 0) }, 8), /^tensor "x" has bytes -8 to 0/],
    [file({ x, y: entry("F32", [2], 4, 12) }, 12), /^tensor "y" has bytes 4 to 12, where byte 8/],
    [
      file({ x, y: entry("F32", [2], 0, 8) }, 8),
      /^tensor "y" has bytes 0 to 8, where byte 8 is ne/,
    ],
    [file({ x, y: entry("F32", [1], 12, 16) }, 16), /^tensor "y" has bytes 12 to 16, where byte 8/],
    [file({ x: entry("F32", [2 ** 53], 0, 2 ** 55) }, 8), /^tensor "x" must have dtype/],
    [file({ x: entry("BOOL", [1], 0, 1) }, 1).with(-1, 2), /^element 0 of tensor "x" is 2, which/],
    [
      file({ x: entry("U32", [1], 0, 4) }, 4).fill(255, -4),
      /^element 0 of tensor "x" is 4294967295/,
    ],
    [
      file({ x: entry("I64", [2], 0, 16) }, 16).with(-1, 128),
      /^element 1 of tensor "x" is -922337/,
    ],
    [file({ x: entry("U64", [1], 0, 8) }, 8).with(-4, 1), /^element 0 of tensor "x" is 4294967296/],
  ];
  for (const [bytes, why] of cases) assertMatch(refusal(bytes), why);
});

Deno.test("decodeSafetensors() names no more of a long name than is read with ease", () => {
  const message = refusal(file({ ["x\n".repeat(1e6)]: 1 }));
  assert(message.length < 400 && !message.includes("\n"), message);
});

Deno.test("int64 is narrowed where it fits int32", () => {
  const numbers = [0n, -1n, 2n ** 31n - 1n, -(2n ** 31n)];
  const bytes = file({ n: entry("I64", [4], 0, 32) }, 32);
  bytes.set(new Uint8Array(BigInt64Array.from(numbers).buffer), bytes.length - 32);
  assertEquals(io.decodeSafetensors(bytes).n!.toArray(), numbers.map(Number));
});

Deno.test("memory that is shared or gone is copied or refused", () => {
  const bytes = io.encodeSafetensors({ x: ones([2]) });
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  assertEquals(io.decodeSafetensors(shared).x!.toArray(), [1, 1]);
  assertEquals(io.decodeSafetensors(Uint8Array.of(9, ...bytes).subarray(1)).x!.toArray(), [1, 1]);
  const part = Buffer.from([9, ...bytes]).subarray(1);
  assertEquals(io.decodeSafetensors(part).x!.toArray(), [1, 1]);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
  assertThrows(() => io.decodeSafetensors(bytes), TypeError, "transferred");
});

gpuTest("encodeSafetensors() writes what lies on the GPU", () => {
  const x = tensor([[1, 2], [3, 4]], { device: "gpu" });
  const state = io.decodeSafetensors(io.encodeSafetensors({ x, y: x.mT }));
  assertEquals([state.x!.toArray(), state.y!.toArray()], [[[1, 2], [3, 4]], [[1, 3], [2, 4]]]);
  assertEquals(state.x!.device, "cpu");
});

Deno.test("a module takes what another wrote, tied parameters under every name", () => {
  class Tied extends nn.Module {
    first = new nn.Linear(2, 2);
    last = this.first;
    override forward(x: Tensor): Tensor {
      return this.last.forward(this.first.forward(x));
    }
  }
  const [from, to] = [new Tied(), new Tied()];
  const state = io.decodeSafetensors(io.encodeSafetensors(from.stateDict()));
  assertEquals(Object.keys(state), ["first.weight", "first.bias", "last.weight", "last.bias"]);
  to.loadStateDict(state);
  assertEquals(to.forward(zeros([1, 2])).toArray(), from.forward(zeros([1, 2])).toArray());
  assertEquals(to.parameters().length, 2);
});
