/**
 * Wrong calls of everything public in the areas: each argument and each option in turn is replaced by
 * what people give by mistake, each key is misspelt, an argument is added. The library must refuse all
 * of it in its own words. The tables do not compile if something public has no row.
 */

import { assertEquals } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { checkCount, checkKind, kind, optionReader, TENSOR } from "../../lib/core/options.ts";
import * as adjoint from "../../mod.ts";
import { type Arg, type Call, of, options, type Rows } from "../common/calls.ts";
import {
  faultsOf,
  faultsOfAny,
  faultsOfElements,
  faultsOfNumbers,
  misspelt,
} from "../common/refusals.ts";
import { EVERYTHING, type Loose } from "./areas.ts";

for (const { name, title, call, run } of EVERYTHING) {
  Deno.test(`${title} refuses wrong arguments in words of its own`, async () => {
    assertEquals(await faultsOfAny(name, call, (...args) => run(args)), []);
  });
  Deno.test(`${title} takes other tensors, or refuses them by its own name`, async () => {
    assertEquals(await faultsOfElements(name, call, (...args) => run(args)), []);
  });
  Deno.test(`${title} takes other numbers, or refuses them by its own name`, async () => {
    assertEquals(await faultsOfNumbers(name, call, (...args) => run(args)), []);
  });
}

const planted: Call = {
  args: [of(() => adjoint.ones([2]), "tensor"), options({ delta: of(() => 2, "number") })],
};

const readPlanted = optionReader<{ delta?: number }>({ delta: kind("finite", Number.isFinite) });

function scaled(x: unknown, given: unknown): adjoint.Tensor {
  return (x as adjoint.Tensor).mul((given as { delta?: number } | undefined)?.delta ?? 1);
}

/** A function with a fault, and the complaint that must be among those on it. */
const CARELESS: readonly [fault: string, run: Loose, complaint: RegExp][] = [
  ["reads no key", scaled, /argument 1: "Delta": was accepted/],
  ["takes anything as options", scaled, /argument 1: text as options: was accepted/],
  ["takes any value", scaled, /argument 1: delta: NaN: was accepted/],
  ["takes any number of arguments", scaled, /an argument too many: was accepted/],
  ["leaves it to JavaScript", scaled, /argument 0: null: ended in "TypeError: Cannot read prop/],
  [
    "leaves it to a kernel",
    () => {
      throw new adjoint.NativeError("Cannot run planted: the kernel refused it");
    },
    /argument 0: null: ended in "NativeError/,
  ],
  [
    "does not name itself",
    () => {
      throw new TypeError("Cannot compute this: it must be a tensor, got that");
    },
    /argument 0: null: does not say planted/,
  ],
  [
    "names no right key",
    () => {
      throw new TypeError("Cannot compute planted: there is no such option");
    },
    /argument 1: "Delta": does not say did you mean "delta"/,
  ],
  [
    "refuses what is right",
    () => {
      throw new TypeError("Cannot compute planted: it cannot");
    },
    /the good call failed/,
  ],
  [
    "speaks in two lines",
    () => {
      throw new TypeError("Cannot compute planted: no\nwhy not");
    },
    /argument 0: null: ended in/,
  ],
];

for (const [fault, run, needed] of CARELESS) {
  Deno.test(`a function that ${fault} is found`, async () => {
    const faults = faultsOf("planted", planted, run);
    assertEquals(faults.filter((line) => needed.test(line)).length, 1, faults.join("\n"));
    assertEquals(await faultsOfAny("planted", planted, (...args) => run(...args)), faults);
  });
}

Deno.test("a function that refuses other elements in another's words is found", async () => {
  const inner: Loose = (x) => adjoint.logSigmoid(x as adjoint.Tensor);
  const faults = await faultsOfElements("planted", planted, inner);
  assertEquals(faults.map((line) => line.replace(/: "Cannot compute logSigmoid: .*/, "")), [
    "planted, argument 0 of truth values: does not say planted",
    "planted, argument 0 of elements disposed of: does not say planted",
    "planted, argument 0 of a scope that ended: does not say planted",
  ]);
});

Deno.test("a function that makes as many as it is told is found, unless it may take its time", async () => {
  const call: Call = { args: [of(() => [2, 3], "array"), options({ bins: of(() => 3) })] };
  const careless: Loose = (_, given) =>
    Array.from({ length: (given as { bins: number }).bins }, () => 0);
  assertEquals(await faultsOfNumbers("planted", call, careless), [
    'planted, bins: Infinity: ended in "RangeError: Invalid array length"',
    'planted, bins: 1099511627776: ended in "RangeError: Invalid array length"',
  ]);
  const patient = await faultsOfNumbers("planted", { ...call, patient: ["bins"] }, careless);
  assertEquals(patient, []);
});

Deno.test("a function without a fault is let pass", () => {
  const run: Loose = (x, given, ...more) => {
    const call = "compute planted";
    checkCount(call, 2 + more.length, 2);
    checkKind(call, "x", x, TENSOR);
    const { delta = 1 } = readPlanted(call, given as { delta?: number });
    return scaled(x, { delta });
  };
  assertEquals(faultsOf("planted", planted, run), []);
});

Deno.test("keys are misspelt as Python spells them, or by their first letter", () => {
  assertEquals(["labelSmoothing", "lr"].map(misspelt), ["label_smoothing", "Lr"]);
});

Deno.test("a table that lacks a name, an argument or an option does not compile", () => {
  type Space = { f: (x: number, options?: { a?: number; b?: number }) => void };
  type Row = { args: readonly [Arg, { readonly keys: { a: Arg; b: Arg } }] };
  type Fits<T> = T extends Rows<Space> ? true : false;
  assertType<IsExact<Fits<{ f: Row }>, true>>(true);
  assertType<IsExact<Fits<Record<never, never>>, false>>(true);
  assertType<IsExact<Fits<{ f: { args: readonly [Arg] } }>, false>>(true);
  type Short = { args: readonly [Arg, { readonly keys: { a: Arg } }] };
  assertType<IsExact<Fits<{ f: Short }>, false>>(true);
});
