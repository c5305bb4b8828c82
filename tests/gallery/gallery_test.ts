/** Every script of the gallery with `--quick`: its figures hold, and those of its control do not. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EXPERIMENTS } from "./experiments.ts";
import { each, figuresOf, median, near, over, type ShownRow } from "./row.ts";
import { ROWS, SCRIPTS, SHOWN } from "./rows.ts";
import { runScript, type Told } from "./script.ts";
import { CATALOGUE } from "./verdict.ts";

/** Whether the figures of one quick run are what they are to be. */
function judged({ id, holds, quick = holds }: ShownRow, { figures }: Told): boolean {
  const found = figures[id];
  if (found === undefined) throw new Error(`The script told nothing of ${id}`);
  return quick([found]);
}

for (const [script, rows] of SCRIPTS) {
  const ids = rows.map(({ id }) => id);
  Deno.test(`examples/${script} shows ${ids.join(", ")}, and its control does not`, async () => {
    const [told, control] = await Promise.all([
      runScript(script, "--quick", "--seed", "11"),
      runScript(script, "--quick", "--seed", "11", "--control"),
    ]);
    assertEquals(Object.keys(told.figures).sort(), ids.toSorted(), "rows that it tells of");
    for (const row of rows) {
      assert(judged(row, told), `${row.id}: ${JSON.stringify(told.figures[row.id])}`);
      const spoilt = JSON.stringify(control.figures[row.id]);
      assert(!judged(row, control), `${row.id} holds without what it is about: ${spoilt}`);
    }
  });
}

Deno.test("every row has one entry, its script, and what it was calibrated by", () => {
  assertEquals(ROWS.map(({ id }) => id).sort(), CATALOGUE.toSorted());
  for (const { id, script, tag, justification } of SHOWN) {
    assert(Deno.statSync(new URL(`../../examples/${script}`, import.meta.url)).isFile, script);
    assertEquals(tag === "P", justification !== undefined, `${id}: justification`);
  }
});

Deno.test("scripts of the gallery are short and use what is public", () => {
  const experiments = new Set(EXPERIMENTS.map(({ script }) => script));
  for (const script of SCRIPTS.keys()) {
    const text = Deno.readTextFileSync(new URL(`../../examples/${script}`, import.meta.url));
    const most = experiments.has(script) ? 60 : 119;
    assert(text.trimEnd().split("\n").length <= most, `${script} has more than ${most} lines`);
    const specifiers = [...text.matchAll(/(?:from|import\()\s*["`]([^"`]+)/g)].map(([, name]) =>
      name!
    );
    const others = specifiers.filter((name) =>
      !/^(@adjoint\/ml(\/[a-z/]+)?|mnist\/.*|@std\/.*)$/.test(name)
    );
    assertEquals(others, [], script);
  }
});

Deno.test("thresholds are asked of every seed, and never of nothing", () => {
  const small = each((f: { error: number }) => f.error < 1);
  const seeds = (...errors: (number | string)[]) => errors.map((error) => figuresOf({ error }));
  assert(small(seeds(0, 0.5)));
  assert(!small(seeds(0, 2)));
  assert(!small([]));
  // JSON has no such numbers, and null would pass for 0.
  assert(!small(seeds("NaN")));
  assert(!small(seeds("Infinity")));
  assert(small(seeds("-Infinity")));
  assertThrows(() => small([figuresOf({ wrong: 1 })]), Error, 'no figure "error" among wrong');
  const middle = over<{ error: number }>((all) => median(all.map(({ error }) => error)) < 1);
  assert(middle(seeds(0, 0.5, 7)));
  assertEquals(median([3, 1]), 2);
  assert(near([1, 0], [1 + 1e-7, 0]));
  for (const found of [[1, 1e-9], [1], [NaN, 0], [1 + 2e-6, 0]]) assert(!near(found, [1, 0]));
});
