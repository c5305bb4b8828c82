/** The boundary: how the library is found, what it refuses, and what its launches leave alone. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import type { Operand, Storage } from "../../lib/device/backend.ts";
import { cpu } from "../../lib/device/cpu.ts";
import { kernelNumber, kernelTable } from "../../lib/ffi/library.ts";
import { type ABI_VERSION, SYMBOLS } from "../../lib/ffi/symbols.ts";
import {
  getThreads,
  memoryStats,
  NativeError,
  nn,
  ones,
  setThreads,
  type Tensor,
  tensor,
} from "../../mod.ts";

const root = new URL("../../", import.meta.url);

/** Imports the library in a new process; gives what that printed. */
function load(flags: string[], env: Record<string, string> = {}) {
  const script = `import ${JSON.stringify(new URL("mod.ts", root).href)};`;
  const url = `data:application/typescript;base64,${btoa(script)}`;
  const { code: status, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-import", ...flags, url],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status, out: text(stdout), error: text(stderr) };
}

Deno.test("importing the library prints nothing and needs --allow-ffi alone", () => {
  const { status, out, error } = load(["--allow-ffi"]);
  assertEquals([status, out, error], [0, "", ""]);
});

Deno.test("importing the library without permission names the flag", () => {
  const { status, error } = load([]);
  assertEquals(status, 1);
  assertMatch(
    error,
    /NotCapable: Cannot open the native library without permission: .*--allow-ffi/,
  );
});

Deno.test("a library that is not there gives one error, what was tried and the remedy", () => {
  const env = { ADJOINT_LIBRARY_PATH: "/nonexistent/libadjoint.so" };
  const { status, error } = load(["--allow-ffi", "--allow-env"], env);
  assertEquals(status, 1);
  assertMatch(
    error,
    /NativeError: Cannot open the native library: tried \/nonexistent\/libadjoint/,
  );
  assertMatch(error, /set ADJOINT_LIBRARY_PATH to the library, or unset it/);
});

Deno.test("ADJOINT_LIBRARY_PATH is not read where that would ask the user", () => {
  const env = { ADJOINT_LIBRARY_PATH: "/nonexistent/libadjoint.so" };
  assertEquals(load(["--allow-ffi"], env).status, 0);
});

Deno.test("only buffers and 32-bit numbers cross the boundary", () => {
  const kinds = new Set(Object.values(SYMBOLS).flatMap((symbol) => [...symbol.parameters]));
  assertEquals([...kinds].sort(), ["buffer", "u32"]);
  assertType<IsExact<typeof ABI_VERSION, 3>>(true);
});

Deno.test("every kernel of the library is asked for, and every one asked for is there", () => {
  assertEquals(kernelTable().filter(({ asked }) => !asked), []);
  assertThrows(() => kernelNumber("no such kernel"), NativeError, 'no kernel "no such kernel"');
});

Deno.test("kernels carry a WGSL expression or a program, or none", () => {
  const table = new Map(kernelTable().map(({ name, wgsl }) => [name, wgsl]));
  assertEquals([table.get("neg"), table.get("add"), table.get("cholesky")], [
    "-x",
    "a + b",
    undefined,
  ]);
  assertMatch(table.get("sum") ?? "", /fn run/);
});

/** An operand with a storage that lies about nothing but what the caller changes. */
function operand(storage: Storage, size: number, offset = 0): Operand {
  return { storage, offset, shape: [size], strides: [1], size, dense: true };
}

Deno.test("launch: extents beyond an array are refused, and nothing is written", () => {
  const out = cpu.allocate(0, 200);
  const x = cpu.allocate(0, 200);
  const error = assertThrows(
    () => cpu.run1(kernelNumber("neg"), operand(out, 201), operand(x, 201)),
    NativeError,
  );
  assertEquals(
    error.message,
    "Kernel neg refused a launch: operand 0 reaches elements 0..201 of an array of 200",
  );
  assertThrows(
    () => cpu.run1(kernelNumber("neg"), operand(out, 100), operand(x, 100, 101)),
    NativeError,
    "operand 1 reaches elements 101..201",
  );
});

/** Numbers that an int32 does not hold: they would wrap around in a word of the frame. */
const BEYOND = [2 ** 31, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), 2 ** 53, 0.5, NaN, Infinity];

Deno.test("launch: what a word of the frame does not hold is refused before the call", () => {
  const [out, x] = [cpu.allocate(0, 4), cpu.allocate(0, 4)];
  const sum = (ints: number[], changed: Partial<Operand> = {}) =>
    cpu.run(kernelNumber("sum"), [operand(out, 1), { ...operand(x, 4), ...changed }], ints, [1]);
  sum([0]);
  for (const value of BEYOND) {
    const calls: [string, () => void][] = [
      ["an integer parameter", () => sum([value])],
      ["an offset, extent or stride", () => sum([0], { offset: value })],
      ["an offset, extent or stride", () => sum([0], { shape: [value] })],
      ["an offset, extent or stride", () => sum([0], { strides: [value] })],
      ["an offset, extent or stride", () => {
        cpu.run1(kernelNumber("neg"), operand(out, value), operand(x, value));
      }],
    ];
    for (const [what, call] of calls) {
      assertThrows(call, RangeError, `Cannot run a kernel: ${what} must be an int32, got`);
    }
  }
});

/** Windows, strides and paddings that are far larger than their inputs. */
const FAR = [
  2 ** 15,
  2 ** 20,
  2 ** 28,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 2,
  2 ** 53,
];

Deno.test("windows far beyond their input are right or refused, and take no time", () => {
  const { conv1d, convTranspose1d, maxPool1d, avgPool1d, maxPool2d } = nn.functional;
  const [x, plane, w] = [ones([1, 1, 8]), ones([1, 1, 8, 8]), ones([1, 1, 3])];
  const calls: Record<string, (far: number, half: number) => Tensor> = {
    padding: (far) => conv1d(x, w, { padding: far, stride: far }),
    stride: (far) => conv1d(x, w, { stride: far }),
    dilation: (far) => conv1d(x, w, { dilation: far, padding: far }),
    transposed: (far) => convTranspose1d(x, w, { stride: far, padding: far }),
    maximum: (far, half) => maxPool1d(x, far, { padding: half }),
    maxima: (far, half) => maxPool2d(plane, far, { padding: half, stride: half }),
    gaps: (far, half) => maxPool1d(x, 3, { padding: 1, dilation: half, stride: far }),
    mean: (far, half) => avgPool1d(x, far, { padding: half }),
  };
  const isSlow = (name: string, far: number) => {
    const start = performance.now();
    try {
      const y = calls[name]!(far, Math.floor(far / 2));
      assert(y.isfinite().all().item(), `${name} of ${far}`);
    } catch (error) {
      assert(error instanceof RangeError && error.message.startsWith("Cannot "), `${error}`);
    }
    return performance.now() - start > 2000;
  };
  for (const name of Object.keys(calls)) {
    for (const far of FAR) {
      // A busy machine may delay one call, but not three; a loop over the window always takes long.
      const slow = [1, 2, 3].every(() => isSlow(name, far));
      assert(!slow, `${name} of ${far} takes over 2 s`);
    }
  }
});

Deno.test("launch: a detached array counts as empty, and its tensor says what happened", () => {
  const x = ones([1000]);
  const { buffer } = x.data;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  for (const use of [() => x.neg(), () => x.data, () => x.toArray(), () => x.clone()]) {
    assertThrows(use, ReferenceError, "the memory of a tensor was transferred");
  }
});

Deno.test("launch: an output that overlaps an input is refused", () => {
  const both = cpu.allocate(0, 300);
  assertThrows(
    () => cpu.run1(kernelNumber("neg"), operand(both, 200), operand(both, 200, 100)),
    NativeError,
    "operands 0 and 1 overlap",
  );
});

Deno.test("launch: mixed element types are refused by the kernel", () => {
  assertThrows(
    () =>
      cpu.run2(
        kernelNumber("add"),
        operand(cpu.allocate(0, 4), 4),
        operand(cpu.allocate(0, 4), 4),
        operand(cpu.allocate(1, 4), 4),
      ),
    NativeError,
    "an input must be float32",
  );
});

Deno.test("launch: guard words around an output in a slab stay as they are", () => {
  const before = cpu.allocate(0, 3);
  const x = tensor([1, 2, 3, 4, 5]);
  const after = cpu.allocate(0, 3);
  for (const { array, base } of [before, after]) array.fill(77, base, base + 3);
  x.exp();
  x.sum();
  for (const { array, base } of [before, after]) {
    assertEquals([...array.subarray(base, base + 3)], [77, 77, 77]);
  }
});

Deno.test("copy_() between overlapping views of one tensor copies first", () => {
  const x = tensor([1, 2, 3, 4, 5]);
  x.at([1, 5]).copy_(x.at([0, 4]));
  assertEquals(x.toArray(), [1, 1, 2, 3, 4]);
});

Deno.test("setThreads() refuses 0, fractions and NaN, and takes effect", () => {
  for (const n of [0, -1, 1.5, NaN, 1e9]) {
    assertThrows(() => setThreads(n), RangeError, "must be an integer from 1");
  }
  const before = getThreads();
  setThreads(3);
  assertEquals(getThreads(), 3);
  setThreads(before);
});

Deno.test("sums have the same bits on any number of threads", () => {
  const x = tensor(Float32Array.from({ length: 300_001 }, (_, i) => Math.sin(i)));
  const rows = tensor(Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i)))
    .reshape([1000, 300]);
  const before = getThreads();
  const results = [1, 2, 4].map((n) => {
    setThreads(n);
    return [x.sum(), rows.sum(0), rows.sum(1), rows.matmul(rows.transpose(0, 1)).sum()]
      .map((y) => y.toArray());
  });
  setThreads(before);
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});

Deno.test("memoryStats() counts what is made", () => {
  const before = memoryStats();
  ones([1000]);
  const after = memoryStats();
  assertEquals(after.storages - before.storages, 1);
  assertEquals(after.storageBytes - before.storageBytes, 4000);
  assert(after.residentBytes > 0 && after.externalBytes > 0);
});
