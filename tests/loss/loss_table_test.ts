/** The table of losses is complete, and what the README shows. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { losses } from "../../mod.ts";
import { LOSS_TABLE, type LossTableRow, README, withTable } from "./loss_table.ts";

Deno.test("the table of losses has every function and its module, once", () => {
  // A term of one input has a test of its own.
  const functions = Object.entries(losses).filter(([name, value]) =>
    typeof value === "function" && /^[a-z]/.test(name) && name !== "totalVariation"
  );
  assertEquals(
    LOSS_TABLE.map(({ name }) => name),
    functions.map(([name]) => name).toSorted() as typeof LOSS_TABLE[number]["name"][],
  );
  for (const { module, order, checks } of LOSS_TABLE) {
    assert(module in losses);
    assertEquals(order, 2);
    assert(checks.includes("has the values and gradients of its reference"), module);
    assertEquals(new Set(checks).size, checks.length);
  }
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
