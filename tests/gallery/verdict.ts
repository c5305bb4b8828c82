/** Runs scripts in full and says which rows hold. */

import type { Figures, Row, ShownRow } from "./row.ts";
import { runScript, type Told } from "./script.ts";

/** The seeds that rows are judged by. */
export const SEEDS = [11, 12, 13] as const;

/** What was found about a row. */
export interface Verdict {
  readonly row: Row;
  /** Figures of each seed, in the order of {@linkcode SEEDS}; undefined where the script told none. */
  readonly measured: readonly (Figures | undefined)[];
  /** Whether the threshold holds; null for a row that asks for nothing. */
  readonly holds: boolean | null;
}

/** What a script did with one seed: what it told, or what went wrong. */
export type Attempt = Told | { readonly error: string };

/** A script that was run with all seeds. */
export interface Shown {
  readonly script: string;
  readonly attempts: readonly Attempt[];
  readonly verdicts: readonly Verdict[];
}

/** Every row of the articles and every sample of code. */
export const CATALOGUE: readonly string[] = [
  ...([["A", 27], ["B", 47], ["C", 31]] as const).flatMap(([article, count]) =>
    Array.from({ length: count }, (_, i) => `${article}-${String(i + 1).padStart(2, "0")}`)
  ),
  ...Array.from({ length: 7 }, (_, i) => `S${i + 1}`),
];

/** Whether figures hold a row; figures that are missing or cannot be judged do not. */
function holds(row: ShownRow, measured: readonly (Figures | undefined)[]): boolean {
  const told = measured.filter((figures) => figures !== undefined);
  if (told.length < measured.length) return false;
  try {
    return row.holds(told);
  } catch (error) {
    console.error(`${row.id}: ${(error as Error).message}`);
    return false;
  }
}

/** Runs one script with every seed, one after another, so that it has the machine for itself. */
export async function show(
  script: string,
  rows: readonly ShownRow[],
  options: readonly string[],
  report: (line: string) => void,
): Promise<Shown> {
  const attempts: Attempt[] = [];
  for (const seed of SEEDS) {
    try {
      const told = await runScript(script, "--seed", String(seed), ...options);
      attempts.push(told);
      report(`${script} seed ${seed}: ${told.seconds.toFixed(1)} s`);
    } catch (error) {
      attempts.push({ error: (error as Error).message });
      report(`${script} seed ${seed} failed`);
    }
  }
  const verdicts = rows.map((row): Verdict => {
    const measured = attempts.map((attempt) =>
      "error" in attempt ? undefined : attempt.figures[row.id]
    );
    return { row, measured, holds: holds(row, measured) };
  });
  return { script, attempts, verdicts };
}

/** What programs read: an entry for every row of the catalogue, and for experiments of none. */
export function tableOf(verdicts: readonly Verdict[]): readonly Record<string, unknown>[] {
  const others = verdicts.map(({ row }) => row.id).filter((id) => !CATALOGUE.includes(id));
  return [...CATALOGUE, ...others].map((id) => {
    const found = verdicts.find(({ row }) => row.id === id);
    if (found === undefined) return { row: id, holds: false, reason: "no script shows it yet" };
    const { row, measured, holds } = found;
    return "script" in row
      ? { row: id, script: row.script, threshold: row.threshold, measured, holds }
      : { row: id, reason: row.reason, holds };
  });
}
