/**
 * Runs the scripts of the gallery in full with three seeds, judges every row of the articles, and
 * writes a site of all figures and pictures to `target/gallery`. The exit status is 1 if a row fails.
 *
 * `--script NAME` runs one script; `--quick` runs all as the tests do, to look at the site; `--json`
 * prints all rows in the last line.
 */

import { optionsOf } from "../tools/options.ts";
import { ROWS, SCRIPTS } from "./rows.ts";
import { writeSite } from "./site.ts";
import { CATALOGUE, show, type Shown, tableOf, type Verdict } from "./verdict.ts";

const values = optionsOf({
  script: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
});
const scripts = [...SCRIPTS].filter(([script]) =>
  values.script === undefined || script === values.script
);
if (scripts.length === 0) {
  console.error(`Cannot run the gallery: no row names the script ${values.script}`);
  Deno.exit(2);
}

const folder = new URL("../../target/gallery/", import.meta.url).pathname;
await Deno.remove(folder, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
const shown: Shown[] = [];
for (const [script, rows] of scripts) {
  const pictures = `${folder}pictures/${script.replace(/\.ts$/, "")}`;
  await Deno.mkdir(pictures, { recursive: true });
  const options = [...values.quick ? ["--quick"] : [], "--pictures", pictures];
  shown.push(await show(script, rows, options, (line) => console.log(line)));
}
const silent = ROWS.filter((row) => !("script" in row)).map((row): Verdict => ({
  row,
  measured: [],
  holds: null,
}));
await writeSite(folder, shown, silent);

const verdicts = [...shown.flatMap(({ verdicts }) => verdicts), ...silent];
const failed = verdicts.filter(({ holds }) => holds === false).map(({ row }) => row.id);
const absent = CATALOGUE.filter((id) => !verdicts.some(({ row }) => row.id === id));
const held = verdicts.filter(({ holds }) => holds === true).length;
console.log(
  `${held} rows hold, ${failed.length} fail, ${silent.length} ask for nothing, ` +
    `${values.script === undefined ? absent.length : 0} are not shown yet`,
);
if (failed.length > 0) console.log(`Fail: ${failed.join(" ")}`);
console.log(`The site: ${folder}index.html`);
if (values.json) {
  // JSON has no NaN and no infinity.
  const told = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  console.log(JSON.stringify({ rows: tableOf(verdicts) }, told));
}
if (failed.length > 0 || (values.script === undefined && absent.length > 0)) Deno.exit(1);
