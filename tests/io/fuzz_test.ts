/**
 * 20,000 files with random damage, in slices: each is refused in words of ours or read, and what
 * carries checksums is never read with other content than it had.
 */

import { assertEquals } from "@std/assert";
import { io, ShapeError, Tensor } from "../../mod.ts";
import { plainOf, stream } from "../common/samples.ts";
import { fixture, hardState } from "./common.ts";

/** A format, with files in it. */
interface Format {
  readonly decode: (bytes: Uint8Array) => io.TorchValue;
  readonly files: readonly Uint8Array[];
  /**
   * What damage may do without being seen: nothing; only what changes no content, as a date does; or
   * anything that the format cannot see.
   */
  readonly unseen: "nothing" | "no content" | "anything";
  readonly count: number;
}

const file = (name: string) => Deno.readFileSync(fixture(name));
const state = () => hardState();

const FORMATS: Readonly<Record<string, Format>> = {
  "safetensors of ours": {
    decode: io.decodeSafetensors,
    files: [io.encodeSafetensors(state()), io.encodeSafetensors({ x: state().mask! })],
    unseen: "nothing",
    count: 6000,
  },
  "safetensors of others": {
    decode: io.decodeSafetensors,
    files: [file("tensors.safetensors")],
    unseen: "anything",
    count: 3000,
  },
  "checkpoints": {
    decode: (bytes) => io.decodeTorch<io.TorchValue>(bytes),
    files: ["checkpoint.pt", "checkpoint_deflated.pt", "linear.pt"].map(file),
    unseen: "no content",
    count: 5000,
  },
  "checkpoints without checksums": {
    decode: (bytes) => io.decodeTorch<io.TorchValue>(bytes),
    files: [file("without_sums.pt")],
    unseen: "anything",
    count: 2000,
  },
  "arrays": {
    decode: io.decodeNpy,
    files: [file("array.npy"), io.encodeNpy(state().mask!), io.encodeNpy(state()["0"]!)],
    unseen: "anything",
    count: 2000,
  },
  "archives of arrays": {
    decode: io.decodeNpz,
    files: [file("arrays.npz"), file("arrays_deflated.npz"), io.encodeNpz(state())],
    unseen: "no content",
    count: 2000,
  },
};

/** Whole numbers below a bound. */
type Draw = (below: number) => number;

/** Numbers that break what reads them. */
const EXTREME = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

function spliced(bytes: Uint8Array, at: number, count: number, ...put: number[]): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, at), ...put, ...bytes.subarray(at + count));
}

/** Ways to damage a file, of which each may leave it as it was. */
const DAMAGE: readonly ((bytes: Uint8Array, draw: Draw) => Uint8Array)[] = [
  (bytes, draw) => {
    const bit = draw(8 * bytes.length);
    return bytes.with(bit >> 3, bytes[bit >> 3]! ^ 1 << (bit & 7));
  },
  (bytes, draw) => bytes.with(draw(bytes.length), draw(256)),
  (bytes, draw) => bytes.slice(0, draw(bytes.length)),
  (bytes, draw) => bytes.slice(draw(bytes.length)),
  (bytes, draw) => spliced(bytes, draw(bytes.length), draw(9)),
  (bytes, draw) => spliced(bytes, draw(bytes.length), 0, draw(256), draw(256)),
  (bytes, draw) => Uint8Array.of(...bytes, ...new Uint8Array(1 + draw(40))),
  (bytes, draw) => {
    const [from, to, count] = [draw(bytes.length), draw(bytes.length), 1 + draw(64)];
    return bytes.slice().copyWithin(to, from, from + count);
  },
  (bytes, draw) => {
    const copy = bytes.slice();
    const at = draw(Math.max(1, bytes.length - 3));
    const word = new Uint8Array(Uint32Array.of(EXTREME[draw(EXTREME.length)]!).buffer);
    copy.set(word.subarray(0, Math.min(1 << draw(3), bytes.length - at)), at);
    return copy;
  },
  (bytes, draw) => {
    const at = draw(bytes.length);
    return bytes.slice().fill(draw(2) * 255, at, at + 1 + draw(16));
  },
];

/** A file with some damage. */
function damaged(bytes: Uint8Array, draw: Draw): Uint8Array {
  let result = bytes;
  for (let left = 1 + draw(3); left > 0 && result.length > 0; left--) {
    result = DAMAGE[draw(DAMAGE.length)]!(result, draw);
  }
  return result;
}

/** All that a value holds, as text. */
function content(value: io.TorchValue): string {
  if (value instanceof Tensor) {
    return `${value.dtype} [${value.shape}] ${
      plainOf(value).data.map((x) => Object.is(x, -0) ? "-0" : x)
    }`;
  }
  if (typeof value !== "object" || value === null) return Deno.inspect(value);
  return `{ ${Object.entries(value).map(([key, part]) => `${key}: ${content(part)}`).join("; ")} }`;
}

/** Classes of errors that are meant, with messages of ours. */
function isMeant(error: unknown): boolean {
  return error instanceof Error && /^Cannot run decode\w+[:,] [^\n]+$/.test(error.message) &&
    (error instanceof Deno.errors.InvalidData || error instanceof ShapeError);
}

/** What is wrong with how a format treats a damaged file; null if nothing. */
function fault({ decode, unseen }: Format, whole: Uint8Array, bytes: Uint8Array): string | null {
  let value: io.TorchValue;
  try {
    value = decode(bytes);
  } catch (error) {
    return isMeant(error) ? null : `ended in ${error}`;
  }
  const read = content(value);
  if (unseen === "anything") return null;
  const same = bytes.length === whole.length && bytes.every((byte, i) => byte === whole[i]);
  if (same || (unseen === "no content" && read === content(decode(whole)))) return null;
  return `was read as ${read}`;
}

/** What is wrong with a format, over some damaged files. */
function faults(format: Format, seed: string, count: number): string[] {
  const random = stream(seed);
  const draw: Draw = (below) => Math.floor(random() * below);
  return Array.from({ length: count }, (_, i) => {
    const whole = format.files[i % format.files.length]!;
    const wrong = fault(format, whole, damaged(whole, draw));
    return wrong === null ? [] : [`${seed}, file ${i} ${wrong}`.slice(0, 300)];
  }).flat();
}

const SLICE = 1000;

for (const [name, format] of Object.entries(FORMATS)) {
  for (let slice = 0; slice < format.count / SLICE; slice++) {
    const seed = `${name} ${slice}`;
    Deno.test(`damaged ${name} are refused or read as they were, slice ${slice}`, () => {
      assertEquals(faults(format, seed, SLICE), []);
    });
  }
}

Deno.test("20,000 damaged files are tried", () => {
  assertEquals(Object.values(FORMATS).reduce((sum, { count }) => sum + count, 0), 20_000);
});

Deno.test("a reader that ignores checksums, crashes or speaks badly is found", () => {
  const { "safetensors of ours": ours, "archives of arrays": archives } = FORMATS;
  const found = (format: Format, decode: Format["decode"]) =>
    faults({ ...format, decode }, "planted", 200).length > 0;
  const crash = (why: Error) => (bytes: Uint8Array) => {
    if (bytes.length % 2 === 1) throw why;
    throw new Deno.errors.InvalidData("Cannot run decodePlanted: it is damaged");
  };
  assertEquals(found(ours!, (bytes) => bytes.length), true);
  assertEquals(found(archives!, (bytes) => bytes.length), true);
  assertEquals(found(ours!, crash(new TypeError("x is undefined"))), true);
  assertEquals(found(ours!, crash(new Deno.errors.InvalidData("it is bad"))), true);
  assertEquals(found(ours!, crash(new Deno.errors.InvalidData("Cannot run decodeX: bad"))), false);
});
