/** Frames that no caller would write: the kernels refuse them, and touch nothing that is not theirs. */

import { assert, assertEquals } from "@std/assert";
import { fuzz } from "../tools/fuzz_frames.ts";

Deno.test("hostile frames crash no kernel, hang none and leave the guards alone", async () => {
  const { kernels, faults, ended } = await fuzz(20_000);
  assertEquals({ faults, ended }, { faults: [], ended: [] });
  // `fuzz_frames.ts --frames=500000` gets 25 times as many past the checks.
  for (const [name, [, past]] of Object.entries(kernels)) assert(past >= 40, `${name}: ${past}`);
});

for (
  const [planted, found] of [
    ["write", /^frame 11 of neg: the guard/],
    ["input", /^frame 11 of neg: input 1 was written$/],
    ["hang", /^frame 11 took over 2000 ms$/],
    ["crash", /^frame 11 ended the process with status/],
  ] as const
) {
  Deno.test(`a hostile frame that does this is named: ${planted}`, async () => {
    const { faults, ended } = await fuzz(50, 1, planted);
    const all = [...faults, ...ended];
    assertEquals(all.length, 1, `${all}`);
    assert(found.test(all[0]!), all[0]);
  });
}
