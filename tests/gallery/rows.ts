/** All rows of the articles that are shown, and those that ask for nothing. */

import { EXPERIMENTS } from "./experiments.ts";
import type { Row, ShownRow } from "./row.ts";

/** The files of `rows/`, each of which exports its rows. */
const files = [...Deno.readDirSync(new URL("rows/", import.meta.url))]
  .map(({ name }) => name).filter((name) => name.endsWith(".ts")).sort();

/** Every row of the articles, in the order of the names. */
export const ROWS: readonly Row[] = (await Promise.all(files.map(async (name) => {
  const { rows } = await import(`./rows/${name}`);
  return rows as readonly Row[];
}))).flat().sort((a, b) => a.id < b.id ? -1 : 1);

/** The rows that a script shows, and experiments of no row. */
export const SHOWN: readonly ShownRow[] = [
  ...ROWS.filter((row) => "script" in row),
  ...EXPERIMENTS,
];

/** The scripts, each with its rows. */
export const SCRIPTS: ReadonlyMap<string, readonly ShownRow[]> = Map.groupBy(
  SHOWN,
  ({ script }) => script,
);
