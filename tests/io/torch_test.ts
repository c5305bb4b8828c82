/** PyTorch's checkpoints: what it wrote, what shares memory, and files that are refused. */

import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { io, nn, noGrad, type Tensor } from "../../mod.ts";
import { crc32, deflateRawSync } from "node:zlib";
import { archive, EXPECTED, fixture, shownExpected, shownState } from "./common.ts";

const { InvalidData } = Deno.errors;

/** The checkpoint of `io.py`. */
type Checkpoint = {
  readonly [key: string]: io.TorchValue;
  readonly tensors: Record<string, Tensor>;
  readonly tied: Record<string, Tensor>;
  readonly optimizer: {
    readonly state: Record<string, Record<string, Tensor>>;
    readonly param_groups: readonly { readonly lr: number; readonly params: readonly number[] }[];
  };
};

function load(name = "checkpoint.pt"): Checkpoint {
  return io.loadTorch<Checkpoint>(fixture(name));
}

for (const name of ["checkpoint.pt", "checkpoint_deflated.pt", "checkpoint_protocol_5.pt"]) {
  Deno.test(`loadTorch() reads tensors of every type and layout in ${name}`, () => {
    const { tensors, optimizer } = load(name);
    assertEquals(shownState(tensors), shownExpected(EXPECTED.tensors));
    assertEquals(shownState(optimizer.state["0"]!), shownExpected(EXPECTED.moments));
    assertEquals(tensors.columns!.strides, [1, 4]);
  });

  Deno.test(`loadTorch() reads numbers, text and containers in ${name}`, () => {
    const { model, optimizer, tensors, tied, ...rest } = load(name);
    assertEquals(Object.keys(model as object), ["weight", "bias"]);
    assertEquals(optimizer.param_groups.map(({ lr, params }) => [lr, params]), [[0.01, [0, 1]]]);
    assertEquals([Object.keys(tensors).length, Object.keys(tied)], [19, ["a", "b"]]);
    assertEquals<unknown>(rest, {
      epoch: 3,
      large: 2n ** 70n,
      negative: -5,
      rate: 0.1,
      name: "é",
      nothing: null,
      flags: [true, false],
      tuple: [1, [2, 3]],
      set: [4],
      bytes: Uint8Array.of(0, 255),
      size: [2, 3],
      type: "float16",
      device: "cuda:1",
      empty: {},
      "5": "five",
    });
  });
}

Deno.test("loadTorch() keeps what shares memory in PyTorch", () => {
  const { tensors: { whole, rows, columns, float32 }, tied } = load();
  assertStrictEquals(tied.a, tied.b);
  noGrad(() => whole!.zero_());
  assertEquals(rows!.toArray(), [[0, 0], [0, 0]]);
  assertEquals(columns!.sum().item(), 0);
  assert(float32!.square().sum().item() > 0);
});

Deno.test("loadTorch() gives tensors that differentiate and change in place", () => {
  const { tensors: { rows, columns, expanded } } = load();
  for (const x of [rows!, columns!]) {
    x.requiresGrad_();
    x.square().sum().backward();
    assertEquals(x.grad!.toArray(), x.mul(2).toArray());
  }
  assertThrows(() => expanded!.fill_(1), Error, "share one place in memory");
  noGrad(() => rows!.fill_(1));
  assertEquals(columns!.sum().item(), (0 + 1 + 2 + 3 + 5 + 7 + 9 + 11) / 2 + 4);
});

Deno.test("a module takes the state that PyTorch saved, with and without checksums", () => {
  for (const name of ["linear.pt", "without_sums.pt"]) {
    const model = new nn.Linear(3, 2);
    model.loadStateDict(io.loadTorch(fixture(name)));
    assertEquals(shownState(model.stateDict()), shownExpected(EXPECTED.linear), name);
  }
  const bytes = Deno.readFileSync(fixture("linear.pt"));
  assertEquals(shownState(io.decodeTorch(bytes)), shownExpected(EXPECTED.linear));
});

/** What is said of a file that is refused. */
function refusal(load: () => unknown): string {
  return assertThrows(load, InvalidData).message.replace(/^Cannot run \w+(?: on [^:]*)?: /, "");
}

Deno.test("loadTorch() refuses what is no state by the name that it asks for", () => {
  const cases: readonly (readonly [name: string, why: RegExp])[] = [
    ["module.pt", /^its pickle, at byte \d+, asks for "torch.nn.modules.linear.Linear", which is/],
    [
      "legacy.pt",
      /^it is in the format that PyTorch had before 1.6; write it again with torch.save/,
    ],
    ["script.pt", /^it is a TorchScript program; in PyTorch, save its state_dict\(\)$/],
    ["sparse.pt", /asks for "torch._utils._rebuild_sparse_tensor", which is neither a tensor of/],
    ["complex.pt", /asks for "torch.ComplexFloatStorage", which is neither a tensor of known/],
    ["int64.pt", /^element 1 of the storage "0" of tensor "model.count" is 1099511627776, which/],
    ["tensors.safetensors", /^it is not a zip archive, or its end is missing$/],
    ["arrays.npz", /^it must hold one data.pkl, and holds 0$/],
  ];
  for (const [name, why] of cases) {
    assertMatch(refusal(() => io.loadTorch(fixture(name))), why, name);
  }
});

Deno.test("decodeTorch() refuses archives that cannot be right", () => {
  const pickle = Uint8Array.of(0x80, 2, 0x7d, 0x2e);
  assertEquals<unknown>(io.decodeTorch(archive({ "data.pkl": pickle })), {});
  const whole = archive({
    "a/data.pkl": pickle,
    "a/byteorder": new TextEncoder().encode("little"),
  });
  assertEquals<unknown>(io.decodeTorch(whole), {});
  const at = (part: readonly number[]) =>
    whole.findIndex((_, i) => part.every((byte, j) => whole[i + j] === byte));
  const [central, end] = [at([0x50, 0x4b, 1, 2]), at([0x50, 0x4b, 5, 6])];
  const second = whole.indexOf(0x50, central + 46);
  const changed = (place: number, ...bytes: number[]) => {
    const copy = whole.slice();
    copy.set(bytes, place);
    return copy;
  };
  const cases: readonly (readonly [bytes: Uint8Array, why: RegExp])[] = [
    [new Uint8Array(), /^it is not a zip archive/],
    [whole.subarray(0, -1), /^it is not a zip archive/],
    [whole.subarray(1), /^entry 0 of its directory is damaged$/],
    [changed(end + 8, 9, 0, 9, 0), /^its directory of \d+ bytes cannot have 9 entries$/],
    [
      changed(end + 10, 3, 0),
      /^its directory of \d+ bytes cannot have 3|entry 2 of its directory is/,
    ],
    [changed(end + 12, 255, 255), /^the directory of the archive would take bytes/],
    [changed(end + 16, 255, 255, 255, 127), /^the directory of the archive would take bytes/],
    [changed(central + 8, 1), /^entry "a\/data.pkl" is encrypted$/],
    [changed(central + 10, 12), /^its pickle is packed by method 12, known are 0 and 8$/],
    [changed(central + 10, 8), /^its pickle is damaged: it does not inflate to 4 bytes$/],
    [changed(central + 16, 1), /^its pickle is damaged: its checksum is not/],
    [changed(central + 24, 5), /^its pickle cannot have 5 bytes unpacked from 4$/],
    [
      changed(central + 20, 0, 1, 0, 0, 0, 1),
      /^its pickle takes bytes \d+ to \d+, and something e/,
    ],
    [changed(central + 20, 255, 255, 255, 255), /^entry "a\/data.pkl" lacks its sizes in 64 bits$/],
    [changed(central + 42, 1), /^its pickle does not lie at byte 1$/],
    [changed(central + 46 + 2, 0x44), /^it must hold one data.pkl, and holds 0$/],
    [changed(second + 42, 0, 0), /^its byte order does not lie at byte 0$/],
    [
      archive({ "a/data.pkl": pickle, "b/data.pkl": pickle }),
      /^it must hold one data.pkl, and holds 2/,
    ],
    [archive({ "a/data.pkl": new Uint8Array() }), /^its pickle, at byte 0, is cut off$/],
    [
      archive({ "data.pkl": pickle, byteorder: new TextEncoder().encode("big") }),
      /^its bytes are not in little-endian order$/,
    ],
  ];
  for (const [bytes, why] of cases) {
    assertMatch(refusal(() => io.decodeTorch(bytes)), why, `${why}`);
  }
});

Deno.test("decodeTorch() refuses an archive in which a name stands twice or entries overlap", () => {
  const pickle = Uint8Array.of(0x80, 2, 0x7d, 0x2e);
  const twice = archive({ "a/data.pkl": pickle, "a/data.pk1": pickle });
  const text = String.fromCharCode(...twice).replaceAll("data.pk1", "data.pkl");
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  assertMatch(refusal(() => io.decodeTorch(bytes)), /^its directory has a name twice$/);
});

Deno.test("decodeTorch() inflates no more than an archive says, and than it can hold", () => {
  const pickle = new Uint8Array(5000).fill(0x5d, 2).with(0, 0x80).with(1, 2);
  const packed = new Uint8Array(deflateRawSync(pickle));
  const file = (size: number, bytes = packed) => {
    const plain = archive({ "data.pkl": bytes });
    const end = [0x50, 0x4b, 1, 2];
    const at = plain.findLastIndex((_, i) => end.every((byte, j) => plain[i + j] === byte));
    const view = new DataView(plain.buffer);
    view.setUint16(at + 10, 8, true);
    view.setUint32(at + 16, crc32(pickle), true);
    view.setUint32(at + 24, size, true);
    return plain;
  };
  const cases: readonly (readonly [bytes: Uint8Array, why: RegExp])[] = [
    [file(5000), /^its pickle, at byte 5000, is cut off$/],
    [file(4999), /^its pickle is damaged: it does not inflate to 4999 bytes$/],
    [file(5001), /^its pickle is damaged: it does not inflate to 5001 bytes$/],
    [file(0), /^its pickle is damaged: it does not inflate to 0 bytes$/],
    [file(5000, packed.subarray(0, -1)), /^its pickle is damaged: it does not inflate to 5000/],
    [file(2 ** 24), /^its pickle cannot have 16777216 bytes unpacked from \d+$/],
  ];
  for (const [bytes, why] of cases) {
    assertMatch(refusal(() => io.decodeTorch(bytes)), why, `${why}`);
  }
});

Deno.test("decodeTorch() unpacks nothing before it knows that the size is right", () => {
  const place = 2 ** 25 + 1;
  const packed = new Uint8Array(deflateRawSync(new Uint8Array(place).fill(0x28)));
  const plain = archive({ "data.pkl": packed });
  const at = plain.findLastIndex((_, i) => [0x50, 0x4b, 1, 2].every((b, j) => plain[i + j] === b));
  const view = new DataView(plain.buffer);
  view.setUint16(at + 10, 8, true);
  view.setUint32(at + 24, place, true);
  assertMatch(
    refusal(() => io.decodeTorch(plain)),
    /^its pickle would unpack from \d+ bytes to 33554433, at most 33554432 are read$/,
  );
  // A storage that says it is larger than the tensors over it, and is damaged besides.
  const file = Deno.readFileSync(fixture("checkpoint_deflated.pt"));
  const name = [..."/data/0"].map((letter) => letter.charCodeAt(0));
  const entry = file.findLastIndex((_, i) => name.every((byte, j) => file[i + j] === byte));
  const start = file.subarray(0, entry).findLastIndex((_, i) =>
    [0x50, 0x4b, 1, 2].every((b, j) => file[i + j] === b)
  );
  new DataView(file.buffer).setUint32(start + 24, 1000, true);
  assertMatch(
    refusal(() => io.decodeTorch(file)),
    /^the storage "0" of tensor ".+" should have \d+ bytes, but has 1000$/,
  );
});

/** An archive of one file, whose sizes and places stand in 64 bits. */
function wideArchive(name: string, bytes: Uint8Array, extraSize = 24): Uint8Array {
  const plain = archive({ [name]: bytes });
  const at = plain.findLastIndex((_, i) => [0x50, 0x4b, 1, 2].every((b, j) => plain[i + j] === b));
  const local = plain.subarray(0, at);
  const central = plain.slice(at, at + 46);
  const view = new DataView(central.buffer);
  for (const place of [20, 24, 42]) view.setUint32(place, 0xffffffff, true);
  view.setUint16(30, 4 + extraSize, true);
  const words = (...values: (number | bigint)[]) =>
    new Uint8Array(BigUint64Array.from(values.map(BigInt)).buffer);
  const extra = Uint8Array.of(1, 0, extraSize, 0, ...words(bytes.length, bytes.length, 0))
    .subarray(0, 4 + extraSize);
  const text = new TextEncoder().encode(name);
  const directory = Uint8Array.of(...central, ...text, ...extra);
  const end = local.length + directory.length;
  return Uint8Array.of(
    ...local,
    ...directory,
    ...[0x50, 0x4b, 6, 6, ...words(44), 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...words(1, 1, directory.length, local.length),
    ...[0x50, 0x4b, 6, 7, 0, 0, 0, 0, ...words(end), 1, 0, 0, 0],
    ...[0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...new Uint8Array(12).fill(255), 0, 0],
  );
}

Deno.test("decodeTorch() reads archives whose sizes stand in 64 bits", () => {
  const pickle = Uint8Array.of(0x80, 2, 0x5d, 0x4b, 7, 0x61, 0x2e);
  assertEquals<unknown>(io.decodeTorch(wideArchive("a/data.pkl", pickle)), [7]);
  assertMatch(
    refusal(() => io.decodeTorch(wideArchive("a/data.pkl", pickle, 16))),
    /^entry "a\/data.pkl" lacks its sizes in 64 bits$/,
  );
});
