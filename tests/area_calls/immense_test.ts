/**
 * Immense numbers of layers, bins, examples and the like: they are refused in the library's own words
 * before anything is made, and nothing ends in JavaScript's message about a length, or the program in
 * want of memory.
 */

import { assertEquals } from "@std/assert";
import * as classic from "../../lib/classic/mod.ts";
import * as plot from "../../lib/plot/mod.ts";
import { data, metrics, nn } from "../../mod.ts";
import { type Call, of, options } from "../common/calls.ts";
import { faultsOfImmense } from "../common/refusals.ts";
import { CLASSIC } from "./classic_rows.ts";
import { DATA } from "./data_rows.ts";
import { FUNCTIONAL, LAYERS } from "./layer_rows.ts";
import { METRICS } from "./metric_rows.ts";
import { INIT, UTILS } from "./module_rows.ts";
import { PLOT } from "./plot_rows.ts";
import { SYNTHETIC } from "./synthetic_rows.ts";
import { DATA_TRANSFORMS } from "./transform_rows.ts";

type Loose = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => unknown;

/** What an immense number only lets take longer, as it was asked to. */
const PATIENT = ["beamSearch"];

const SPACES: Readonly<Record<string, readonly [module: object, rows: object]>> = {
  "nn.": [nn, LAYERS],
  "nn.functional.": [nn.functional, FUNCTIONAL],
  "nn.init.": [nn.init, INIT],
  "nn.utils.": [nn.utils, UTILS],
  "data.": [data, DATA],
  "data.synthetic.": [data.synthetic, SYNTHETIC],
  "data.transforms.": [data.transforms, DATA_TRANSFORMS],
  "metrics.": [metrics, METRICS],
  "plot.": [plot, PLOT],
  "classic ": [classic, CLASSIC],
};

for (const [space, [module, rows]] of Object.entries(SPACES)) {
  Deno.test(`what stands in ${space.trim()} refuses immense numbers in words of its own`, async () => {
    const faults: string[] = [];
    for (const [name, row] of Object.entries(rows) as [string, Call | { make: Call }][]) {
      if (PATIENT.includes(name)) continue;
      const found: unknown = Reflect.get(module, name);
      const [call, run]: [Call, Loose] = "make" in row
        ? [row.make, (...args) => new (found as Constructor)(...args)]
        : [row, row.run ?? found as Loose];
      faults.push(...await faultsOfImmense(`${space}${name}`, call, run));
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
