/**
 * Immense numbers of layers, bins, examples and the like: they are refused in the library's own words
 * before anything is made, and nothing ends in JavaScript's message about a length, or the program in
 * want of memory.
 */

import { assertEquals } from "@std/assert";
import { type Call, of, options } from "../common/calls.ts";
import { faultsOfImmense } from "../common/refusals.ts";
import { EVERYTHING, type Loose } from "./areas.ts";

/** What an immense number only lets take longer, as it was asked to. */
const PATIENT = ["beamSearch"];

const SPACES = [
  "nn.",
  "nn.functional.",
  "nn.init.",
  "nn.utils.",
  "data.",
  "data.synthetic.",
  "data.transforms.",
  "metrics.",
  "plot.",
  "classic ",
];

for (const space of SPACES) {
  Deno.test(`what stands in ${space.trim()} refuses immense numbers in words of its own`, async () => {
    const faults: string[] = [];
    for (const { name, call, run, ...own } of EVERYTHING) {
      if (own.space !== space || PATIENT.includes(name)) continue;
      faults.push(...await faultsOfImmense(`${space}${name}`, call, (...args) => run(args)));
    }
    assertEquals(faults, []);
  });
}

Deno.test("a function that makes as many as it is told is found", async () => {
  const planted: Call = { args: [of(() => [2, 3], "array"), options({ bins: of(() => 3) })] };
  const careless: Loose = (_, given) =>
    Array.from({ length: (given as { bins: number }).bins }, () => 0);
  const faults = await faultsOfImmense("planted", planted, careless);
  assertEquals(faults, [`planted, bins: ended in "RangeError: Invalid array length"`]);
});
