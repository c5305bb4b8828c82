/**
 * Prints the table of losses. `--json` prints it as an array in the last line, `--write` writes it
 * into the README, and tables of values and derivatives into the pages of `docs/losses`.
 */

import { inColumns } from "../../lib/core/columns.ts";
import { LOSS_TABLE, README, withTable } from "../loss/loss_table.ts";
import { FAMILIES, pageOf, withCurves } from "../loss/pages.ts";
import { optionsOf } from "./options.ts";

const flag = { type: "boolean", default: false } as const;
const values = optionsOf({ json: flag, write: flag });

if (values.write) {
  Deno.writeTextFileSync(README, withTable(Deno.readTextFileSync(README), LOSS_TABLE));
  for (const [name, family] of FAMILIES) {
    const file = pageOf(name);
    Deno.writeTextFileSync(file, withCurves(Deno.readTextFileSync(file), family));
  }
}
if (values.json) {
  console.log(JSON.stringify(LOSS_TABLE));
} else {
  const lines = [
    ["loss", "module", "reference", "order", "checks", "lines"],
    ...LOSS_TABLE.map((row) => [
      row.name,
      row.module ?? "",
      row.reference,
      String(row.order),
      String(row.checks.length),
      String(row.lines),
    ]),
  ];
  console.log(inColumns(lines, Infinity).join("\n"));
}
