/** NumPy's arrays and archives: both directions, and what cannot be right. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { io, ones, tensor } from "../../mod.ts";
import { archive, EXPECTED, fixture, hardState, shownExpected, shownState } from "./common.ts";

const { InvalidData } = Deno.errors;

/** A file with a header and some bytes. */
function file(header: string, bytes = 0, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const width = version === 1 ? 2 : 4;
  const length = Uint8Array.of(text.length & 255, text.length >> 8, 0, 0).subarray(0, width);
  const magic = [0x93, ...new TextEncoder().encode("NUMPY"), version, 0];
  return Uint8Array.of(...magic, ...length, ...text, ...new Uint8Array(bytes));
}

/** A header as NumPy writes it. */
function header(descr: string, shape: string, order = "False"): string {
  return `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

function refusal(decode: () => unknown): string {
  return assertThrows(decode, InvalidData).message.replace(/^Cannot run \w+: /, "");
}

Deno.test("loadNpz() reads what NumPy wrote, of every type, stored and deflated", () => {
  for (const name of ["arrays.npz", "arrays_deflated.npz"]) {
    assertEquals(shownState(io.loadNpz(fixture(name))), shownExpected(EXPECTED.arrays), name);
  }
});

Deno.test("loadNpy() reads what NumPy wrote", () => {
  const x = io.loadNpy(fixture("array.npy"));
  assertEquals([x.dtype, x.toArray()], ["float64", [[0, 0.25, 0.5], [0.75, 1, 1.25]]]);
  assertEquals(x.strides, [3, 1]);
});

Deno.test("encodeNpy(), encodeNpz() and their counterparts keep every type, layout and name", () => {
  const state = hardState();
  for (const x of Object.values(state)) {
    const bytes = io.encodeNpy(x);
    assertEquals(shownState({ x: io.decodeNpy(bytes) }), shownState({ x }));
    assertEquals(bytes.indexOf(10) % 64, 63);
  }
  assertEquals(shownState(io.decodeNpz(io.encodeNpz(state))), shownState(state));
  assertEquals(io.decodeNpz(io.encodeNpz({})), {});
});

Deno.test("decodeNpy() reads headers as others write them, of each version", () => {
  const spaced = '{ "shape" : ( 2L , 1 ) , "descr":"<i2","fortran_order" :  False}';
  for (const version of [1, 2, 3]) {
    assertEquals(io.decodeNpy(file(spaced, 4, version)).toArray(), [[0], [0]]);
  }
});

Deno.test("decodeNpy() refuses files that cannot be right, and says why", () => {
  const whole = file(header("<f4", "(2,)"), 8);
  const cases: readonly (readonly [bytes: Uint8Array, why: RegExp])[] = [
    [new Uint8Array(), /^the start of the file would take bytes 0 to 8, and there are 0$/],
    [whole.with(0, 0), /^it is not an array file$/],
    [whole.with(7, 1), /^version 1\.1 of the format is not known/],
    [whole.with(6, 4), /^version 4\.0 of the format is not known/],
    [whole.with(9, 255), /^the header would take bytes 10 to \d+, and there are \d+$/],
    [file("", 0, 2).with(10, 1), /^the header would take 65536 bytes, at most 65535 are allowed/],
    [
      whole.subarray(0, -1),
      /^an array of shape \[2\] and type float32 takes 8 bytes, and there ar/,
    ],
    [Uint8Array.of(...whole, 0), /takes 8 bytes, and there are 9$/],
    [file(header("<f4", "(1000000000,)"), 8), /takes 4000000000 bytes, and there are 8$/],
    [file(header("<f4", "(99999, 99999)"), 8), /^the array has shape .* over 2\^31 elements$/],
    [
      file(header("<f4", "(9999999999999999999,)")),
      /^the array has an extent of 10000000000000000000$/,
    ],
    [file(header("<f4", "(1,1,1,1,1,1,1,1,1,)"), 4), /^the array has 9 dimensions/],
    [file(header("<f4", "(-1,)"), 4), /^the header of an array of numbers is needed/],
    [file(header("<f4", "(1,,1)"), 4), /^the header of an array of numbers is needed/],
    [file(header("<f4", "(1 1)"), 4), /^the header of an array of numbers is needed/],
    [file(header("<f4", "(1,)", "None"), 4), /^the header of an array of numbers is needed/],
    [file("{'descr': '<f4', 'shape': (1,)}", 4), /^the header of an array of numbers is needed/],
    [file(`${header("<f4", "(1,)")}x`, 4), /^the header of an array of numbers is needed/],
    [
      file(header("<f4", "(1,)").replace("'shape'", "'descr'"), 4),
      /^the header of an array of num/,
    ],
    [file("{".repeat(60_000)), /^the header of an array of numbers is needed/],
    [file(`{'descr':${" ".repeat(60_000)}`), /^the header of an array of numbers is needed/],
    [file(header("<c8", "(1,)"), 8), /^elements "<c8" are not supported/],
    [file(header("|O", "(1,)"), 8), /^elements "\|O" are not supported/],
    [file(header("<U3", "(1,)"), 12), /^elements "<U3" are not supported/],
    [file(header("<f16", "(1,)"), 16), /^elements "<f16" are not supported/],
    [file(header("<b4", "(1,)"), 4), /^elements "<b4" are not supported/],
    [
      file(header("|b1", "(1,)"), 1).with(-1, 7),
      /^element 0 of the array is 7, which does not fit/,
    ],
    [
      file(header("<i8", "(1,)"), 8).with(-1, 1),
      /^element 0 of the array is 72057594037927936, wh/,
    ],
  ];
  for (const [bytes, why] of cases) assertMatch(refusal(() => io.decodeNpy(bytes)), why, `${why}`);
});

Deno.test("decodeNpz() names the array that is wrong", () => {
  const good = io.encodeNpy(ones([2]));
  const bytes = io.encodeNpz({ first: tensor([1, 2]), second: tensor([3, 4]) });
  const four = [0, 0, 0x80, 0x40];
  const at = bytes.findLastIndex((_, i) => four.every((byte, j) => bytes[i + j] === byte));
  const damaged = bytes.with(at, 1);
  assertMatch(refusal(() => io.decodeNpz(damaged)), /^array "second.npy" is damaged: its checksum/);
  const cases: readonly (readonly [files: Record<string, Uint8Array>, why: RegExp])[] = [
    [{ "x.npy": good, "y.txt": good }, /^array "y.txt" has no name in .npy$/],
    [{ "x.npy": good.subarray(1) }, /^Cannot run decodeNpz, array "x.npy": it is not an array f/],
  ];
  for (const [files, why] of cases) {
    const { message } = assertThrows(() => io.decodeNpz(archive(files)), InvalidData);
    assertMatch(message.replace("Cannot run decodeNpz: ", ""), why);
  }
});

Deno.test("encodeNpz() refuses a name that no archive can hold", () => {
  assertThrows(() => io.encodeNpz({ ["x".repeat(70_000)]: ones([1]) }), RangeError, "is too long");
});

Deno.test("loadNpy() does not read objects of Python", () => {
  assertMatch(
    assertThrows(() => io.loadNpy(fixture("objects.npy")), InvalidData).message,
    /^Cannot run loadNpy on \S+objects\.npy: elements "\|O" are not supported/,
  );
});
