/**
 * Prints the table of public ops. `--json` prints it as an array in the last line, `--write` writes
 * it into the README.
 */

import { inColumns } from "../../lib/core/columns.ts";
import { gradientsOf, OP_TABLE, README, withTable } from "../matrix/op_table.ts";
import { optionsOf } from "./options.ts";

const flag = { type: "boolean", default: false } as const;
const values = optionsOf({ json: flag, write: flag });

if (values.write) {
  Deno.writeTextFileSync(README, withTable(Deno.readTextFileSync(README), OP_TABLE));
}
if (values.json) {
  console.log(JSON.stringify(OP_TABLE));
} else {
  const lines = [
    ["op", "kind", "types", "gradients", "vmap", "forward mode", "GPU"],
    ...OP_TABLE.map((row) => [
      row.name,
      row.kind,
      row.dtypes.join(" "),
      gradientsOf(row),
      String(row.vmap),
      String(row.jvp),
      String(row.gpu),
    ]),
  ];
  console.log(inColumns(lines, Infinity).join("\n"));
}
