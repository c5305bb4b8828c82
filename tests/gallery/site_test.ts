/** The gallery's verdicts and its site: what fails is said to fail. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { each, figuresOf, type ShownRow } from "./row.ts";
import { sentenceOf, summaryOf, writeSite } from "./site.ts";
import { CATALOGUE, SEEDS, show, tableOf } from "./verdict.ts";

const row = (id: string, most: number): ShownRow => ({
  id,
  script: "huber_line.ts",
  question: "A question <of> the tests?",
  claim: "A claim.",
  correction: "A correction.",
  tag: "X",
  threshold: `error < ${most}`,
  holds: each((f: { error: number }) => f.error < most),
});

Deno.test("a script that fails, or tells too little, holds no row", async () => {
  const lines: string[] = [];
  const shown = await show("no_such_script.ts", [row("C-09", 9)], [], (line) => lines.push(line));
  assertEquals(shown.verdicts[0]!.holds, false);
  assert(shown.attempts.every((attempt) => "error" in attempt));
  assertEquals(lines[0], "no_such_script.ts seed 11 failed");
});

Deno.test("the table has an entry for every row, and what is not shown does not hold", () => {
  const measured = SEEDS.map(() => figuresOf({ error: 1 }));
  const table = tableOf([
    { row: row("C-09", 2), measured, holds: true },
    { row: row("maml", 2), measured, holds: true },
    { row: { id: "C-29", reason: "nothing" }, measured: [], holds: null },
  ]);
  assertEquals(table.map(({ row }) => row), [...CATALOGUE, "maml"]);
  const entry = (id: string) => table.find((one) => one.row === id)!;
  assertEquals([entry("C-09").holds, entry("C-29").holds, entry("A-01").holds], [
    true,
    null,
    false,
  ]);
});

Deno.test("the site shows figures, thresholds, corrections and errors", async () => {
  const folder = `${await Deno.makeTempDir()}/`;
  try {
    const told = {
      seconds: 1,
      text: "error <b>",
      figures: { "C-09": figuresOf({ error: 1.5 }) },
      pictures: [`${folder}pictures/a_picture.svg`],
    };
    const rows = [row("C-09", 2), row("C-10", 1)];
    await writeSite(folder, [{
      script: "huber_line.ts",
      attempts: [told, told, { error: "It broke" }],
      verdicts: rows.map((row, i) => ({
        row,
        measured: [told.figures["C-09"], told.figures["C-09"], undefined],
        holds: i === 0,
      })),
    }], [{ row: { id: "C-29", reason: "cut off" }, measured: [], holds: null }]);
    const page = await Deno.readTextFile(`${folder}huber_line.html`);
    for (
      const part of [
        "A correction.",
        "error &lt; 2",
        "error 1.5",
        "It broke",
        "error &lt;b&gt;",
        'src="pictures/a_picture.svg"',
        'C-10: <span class="fails">fails</span>',
      ]
    ) assertStringIncludes(page, part);
    const index = await Deno.readTextFile(`${folder}index.html`);
    for (
      const part of [
        "A question &lt;of&gt; the tests?",
        'href="huber_line.html#C-09"',
        "C-29: cut off",
        'What fails: <a href="huber_line.html#C-10">C-10</a>',
      ]
    ) {
      assertStringIncludes(index, part);
    }
    assertStringIncludes(index, "Rows that hold: 1; that fail: 1; that ask for nothing: 1");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a script shows is the first sentence of its comment", () => {
  assertEquals(summaryOf("/**\n * One thing,\n * shown. Another.\n */\n"), "One thing, shown.");
  assertEquals(summaryOf("// One thing: 0.5 of it.\n// Run it.\nimport"), "One thing: 0.5 of it.");
  const source = "const run = train.experiment(\n  \"One thing: 'another'.\",\n);";
  assertEquals(sentenceOf(source), "One thing: 'another'.");
  assertThrows(() => sentenceOf("const run = 1;"), Error, "does not say what it shows");
});
