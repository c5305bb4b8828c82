/**
 * What objects keep of the lists, options and memory that they were made with, or that their methods
 * were given: nothing that the caller could change later. Everything public is called as the tables say,
 * also with lists in place of single values, all of them frozen; what comes of it is kept, and the
 * collector then tells which of the lists are still held.
 */

import { assertEquals } from "@std/assert";
import { kept } from "../../lib/core/options.ts";
import * as adjoint from "../../mod.ts";
import { of, options } from "../common/calls.ts";
import { type Callee, faultsOfKeeping } from "../common/kept.ts";
import { EVERYTHING, type Loose } from "./areas.ts";
import { CREATE, OTHER_FORMS, RANGES, SAMPLE } from "./creation_rows.ts";

Deno.test("nothing keeps a caller's list, but for data sets and what a class counts in", async () => {
  assertEquals(await faultsOfKeeping(EVERYTHING), [
    "new optim.LRScheduler() keeps argument 1.counts",
    "new data.SequentialSampler() keeps argument 0",
    "new data.RandomSampler() keeps argument 0",
    "new data.DistributedSampler() keeps argument 0",
    "new data.DataLoader() keeps argument 0",
  ]);
});

Deno.test("no tensor keeps a caller's list, but for the array that it is to share", async () => {
  const made = Object.entries({ ...CREATE, ...RANGES, ...SAMPLE }).map(([name, call]) =>
    [name, name, call] as const
  );
  const callees = [...made, ...OTHER_FORMS].map(([title, name, call]): Callee => ({
    title,
    call,
    run: (args) => (Reflect.get(adjoint, name) as Loose)(...args),
  }));
  assertEquals(await faultsOfKeeping(callees), [
    "fromTypedArray keeps argument 0",
    "fromTypedArray keeps the memory of argument 0",
  ]);
});

interface Given {
  readonly size: number | readonly number[];
  readonly names?: readonly string[];
  readonly at?: readonly number[] | Float32Array;
}

/** Functions with a fault, or none, and what is found. */
const PLANTED: readonly [what: string, run: (given: Given) => unknown, faults: string[]][] = [
  ["keeps its options", (given) => ({ given }), [
    "planted keeps argument 0",
    "planted keeps argument 0.at",
    "planted keeps argument 0.names",
    "planted keeps argument 0.size",
    "planted keeps the memory of argument 0.at",
  ]],
  ["keeps a list of options that it copies", (given) => ({ ...given }), [
    "planted keeps argument 0.at",
    "planted keeps argument 0.names",
    "planted keeps argument 0.size",
    "planted keeps the memory of argument 0.at",
  ]],
  ["keeps a list in what it returns", ({ size }) => () => size, [
    "planted keeps argument 0.size",
  ]],
  ["keeps the list of another object", ({ names }) => new WeakMap([[adjoint, names]]), [
    "planted keeps argument 0.names",
  ]],
  ["keeps the memory of a list", ({ at }) => {
    return at instanceof Float32Array ? new Uint8Array(at.buffer) : null;
  }, ["planted keeps the memory of argument 0.at"]],
  ["sorts the caller's list", ({ names }) => (names as string[] | undefined)?.sort().length, [
    "planted needs to write into what it is given: TypeError: Cannot assign to read only property " +
    "'0' of object '[object Array]'",
  ]],
  ["adds to the caller's options", (given) => void Object.assign(given, { seen: true }), [
    "planted needs to write into what it is given: TypeError: Cannot add property seen, object is " +
    "not extensible",
  ]],
  ["keeps copies", (given) => kept(given), []],
];

for (const [what, run, faults] of PLANTED) {
  Deno.test(`a function that ${what} is ${faults.length > 0 ? "found" : "let pass"}`, async () => {
    const keys = { size: of(() => 2), names: of(() => ["b", "a"]), at: of(() => [1, 2]) };
    const call = { args: [options(keys)] };
    const callee: Callee = { title: "planted", call, run: ([given]) => run(given as Given) };
    const found = await faultsOfKeeping([callee]);
    assertEquals(found.toSorted(), faults);
  });
}

Deno.test("what a method is given is not kept by its object", async () => {
  class Log {
    readonly lines: unknown[] = [];
    add(line: unknown): void {
      this.lines.push(line);
    }
  }
  const call = { args: [of(() => 2)], on: () => new Log() };
  const callee = (copy: <T>(line: T) => T): Callee => ({
    title: "planted",
    call,
    run: ([line], on) => (on as Log).add(copy(line)),
  });
  assertEquals(await faultsOfKeeping([callee((line) => line)]), ["planted keeps argument 0"]);
  assertEquals(await faultsOfKeeping([callee(kept)]), []);
});
