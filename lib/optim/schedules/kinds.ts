/** Kinds of options of schedules, and options with an entry for each group. */

import { FINITE, FUNCTION, type Kind, kind } from "../../core/options.ts";
import { checkRange, type Interval } from "../optimizer.ts";

/** A finite number, or one for each group. */
export const FINITE_OR_EACH: Kind = kind(
  "a finite number, or one for each group",
  (value) => [value].flat().every((item) => FINITE.accepts(item)),
);
/** A function, or one for each group. */
export const FUNCTION_OR_EACH: Kind = kind(
  "a function, or one for each group",
  (value) => [value].flat().every((item) => FUNCTION.accepts(item)),
);

/** An option with one value for all groups, or a list with one for each. */
export type OrEach<T> = T | readonly T[];

/** The value for a group. */
export function ofGroup<T>(option: OrEach<T>, group: number): T {
  return (Array.isArray(option) ? option[group] : option) as T;
}

/** Refuses a list whose length is not the number of groups. */
export function checkEach(
  op: string,
  options: Readonly<Record<string, unknown>>,
  groups: number,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Array.isArray(value) || value.length === groups) continue;
    throw new RangeError(
      `Cannot make ${op}: ${name} must be one for all or have an entry for each of ${groups} ` +
        `groups, got ${value.length}`,
    );
  }
}

/** Refuses numbers out of range, whether one or a list. */
export function checkRanges(
  op: string,
  name: string,
  value: OrEach<number>,
  range: Interval,
): void {
  for (const each of [value].flat()) checkRange(op, name, each, range);
}
