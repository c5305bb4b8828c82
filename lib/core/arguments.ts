/** Checks of positional arguments, as `deno run` checks no types. */

import { shown } from "./options.ts";

/** The error of an argument of another kind than needed; `call` says what cannot be done. */
export function wrongKind(call: string, name: string, needed: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${call}: ${name} must be ${needed}, got ${shown(value)}`);
}

/** Refuses what is not a number. */
export function checkNumber(call: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongKind(call, name, "a number", value);
}
