/** The names of the numbers of a history, and which share a chart. */

import type { EpochRecord } from "./history.ts";

/** Numbers that tell when a record was made, not how good it is. */
const TIMES = ["epoch", "step", "seconds", "lr"];

/** The name in a record of a number of the validation, such as "valLoss". */
export function validated(name: string): string {
  return `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** The names of the numbers that are finite in some epoch. */
export function namesIn(records: readonly EpochRecord[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))]
    .filter((name) => records.some((record) => Number.isFinite(record[name])));
}

/**
 * The names that share a panel: each number, except times and rates, with that of the validation.
 */
export function panelNames(records: readonly EpochRecord[]): string[][] {
  const names = namesIn(records).filter((name) => !TIMES.includes(name));
  const seconds = new Set(names.map(validated));
  return names.filter((name) => !seconds.has(name))
    .map((name) => [name, validated(name)].filter((own) => names.includes(own)));
}
