/** The table of losses is complete, and what the README shows. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { losses } from "../../mod.ts";
import { AGGREGATORS } from "./aggregators.ts";
import { linesOf, LOSS_TABLE, type LossTableRow, README, withTable } from "./loss_table.ts";
import { TOOLS } from "./others.ts";
import { LOSSES } from "./table.ts";

Deno.test("the table of losses has everything public and its class, once", () => {
  const none = [...Object.keys(AGGREGATORS), ...TOOLS];
  const bases = ["Loss", "FunctionLoss", "regularization", ...none];
  const terms = Object.keys(losses.regularization).map((name) => `regularization.${name}`);
  const found = LOSS_TABLE.flatMap(({ name, module }) => module === null ? [name] : [name, module]);
  const all = [...Object.keys(losses).filter((name) => !bases.includes(name)), ...terms];
  assertEquals([...new Set(found)].toSorted(), all.toSorted());
  for (const { name, order, checks } of LOSS_TABLE) {
    assertEquals([name, order, new Set(checks).size], [name, 2, checks.length]);
  }
});

Deno.test("a loss is read in a few lines", () => {
  const functions = LOSS_TABLE.filter(({ name }) => name in LOSSES);
  const lines = functions.map((row) => row.lines).toSorted((a, b) => a - b);
  assert(lines[lines.length >> 1]! <= 25, `half of the losses have more than 25: ${lines}`);
  const text = "/**\n * A.\n *\n * @example B\n * c\n */\nexport function a(): void {\n}\n";
  assertEquals([linesOf("a", text), linesOf("a", `/** D. */\nlet b;\n${text}`)], [6, 6]);
  assertThrows(() => linesOf("b", text), Error, "There is no loss b");
});

Deno.test("the README shows the table of losses", () => {
  const text = Deno.readTextFileSync(README);
  assert(withTable(text, LOSS_TABLE) === text, "it is another: run `deno task losses --write`");
  for (const change of [{ reference: "a guess" }, { order: 1 }] as const) {
    const rows = LOSS_TABLE.map((row): LossTableRow =>
      row.name === "huber" ? { ...row, ...change } : row
    );
    assertNotEquals(withTable(text, rows), text);
  }
  assertNotEquals(withTable(text, LOSS_TABLE.slice(1)), text);
  assertThrows(() => withTable("# A title", LOSS_TABLE), Error, "no place for the table");
});

Deno.test("deno task losses --json ends in the table", async () => {
  const tool = new URL("../tools/losses.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", tool, "--json"],
    stderr: "null",
  }).output();
  const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
  assertEquals(JSON.parse(last), LOSS_TABLE);
});
