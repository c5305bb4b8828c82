/**
 * Prints the table of layers: the tested options, how many values, gradients and statistics are
 * compared with PyTorch's, and the largest difference. `--json` prints an array in the last line.
 */

import { inColumns } from "../../lib/core/columns.ts";
import { parityTable } from "../nn/subjects.ts";
import { optionsOf } from "./options.ts";

const values = optionsOf({ json: { type: "boolean", default: false } });

const table = parityTable();

if (values.json) {
  console.log(JSON.stringify(table));
} else {
  const lines = [
    ["layer", "cases", "compared", "difference", "options", "not ours"],
    ...table.map((row) => [
      row.layer,
      String(row.cases),
      String(row.compared),
      row.difference.toExponential(0),
      row.options.join(" "),
      row.departures.join(" "),
    ]),
  ];
  console.log(inColumns(lines, Infinity).join("\n"));
}
