/** The pages of losses have every loss, its formula, and the numbers of today. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type Family, ZOO } from "../../examples/loss_zoo.ts";
import { curveTable, FAMILIES, pageOf, withCurves } from "./pages.ts";
import { MODULES } from "./table.ts";

/** What has no curve, as it is no function of one number. */
const WITHOUT = ["MetaLossNetwork", "AdaptiveLogSoftmaxWithLoss"];

for (const [name, family] of FAMILIES) {
  Deno.test(`docs/losses/${name}.md shows what the library computes, and says what it is`, () => {
    const text = Deno.readTextFileSync(pageOf(name));
    assert(withCurves(text, family) === text, "it is another: run `deno task losses --write`");
    const formulas = [...text.matchAll(/^- `(\w+)`: /gm)].map(([, loss]) => loss!);
    const without = formulas.filter((loss) => WITHOUT.includes(loss));
    assertEquals(formulas.toSorted(), [...Object.keys(family.curves), ...without].toSorted());
    for (const title of ["Value and derivative", "When to use which", "What outliers do"]) {
      assert(text.includes(`\n## ${title}\n`), title);
    }
  });
}

Deno.test("every loss has its place on one page, which the README links", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const formulas = FAMILIES.flatMap(([name]) => {
    assert(readme.includes(`(docs/losses/${name}.md)`), name);
    return [...Deno.readTextFileSync(pageOf(name)).matchAll(/^- `(\w+)`: /gm)].map(([, x]) => x!);
  });
  const others = [
    "totalVariation",
    "AdaptiveMSE",
    "AdaptiveRobustLoss",
    "MultiTaskLossWithUncertainty",
    "RegionWeightedMSE",
    "MinimaxMSE",
    "PPOSequenceLoss",
    ...WITHOUT,
  ];
  assertEquals(formulas.toSorted(), [...Object.values(MODULES), ...others].toSorted());
});

Deno.test("a page whose loss is another is found", () => {
  const { regression } = ZOO;
  const { mse } = regression.curves;
  for (const factor of [1.001, -1]) {
    const other: Family = {
      ...regression,
      curves: { ...regression.curves, mse: (r) => mse(r).mul(factor) },
    };
    assertNotEquals(curveTable(other), curveTable(regression));
  }
  assertThrows(() => withCurves("# A title", regression), Error, "no place for its table");
});
