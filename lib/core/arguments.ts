/** Checks of positional arguments, as `deno run` checks no types. */

import { shown } from "./options.ts";

/** The error for an argument of the wrong kind; `call` says what cannot be done. */
export function wrongKind(call: string, name: string, needed: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${call}: ${name} must be ${needed}, got ${shown(value)}`);
}

/** Refuses what is not a number. */
export function checkNumber(call: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongKind(call, name, "a number", value);
}

/** Refuses what is not an array of numbers. */
export function checkList(
  op: string,
  name: string,
  list: unknown,
): asserts list is readonly number[] {
  // An array may have holes, which its methods pass over.
  let whole = Array.isArray(list);
  for (let i = 0; whole && i < (list as unknown[]).length; i++) {
    whole = typeof (list as unknown[])[i] === "number";
  }
  if (whole) return;
  const form = typeof list === "number" ? `; pass an array: ${op}([${list}])` : "";
  throw new TypeError(
    `Cannot compute ${op}: ${name} must be an array of numbers, got ${shown(list)}${form}`,
  );
}

/** A list of numbers; a single number becomes a list of one. */
export function listOf(op: string, name: string, given: unknown): readonly number[] {
  if (typeof given === "number") return [given];
  if (!Array.isArray(given)) {
    throw wrongKind(`compute ${op}`, name, "a number or an array of numbers", given);
  }
  checkList(op, name, given);
  return given;
}

/**
 * The error for a list that is spread out, as PyTorch allows: `reshape(2, 2)`. A function on a hot path
 * passes only the first of several arguments, so that it need not collect them.
 */
export function spreadOut(
  op: string,
  given: ArrayLike<unknown>,
  count: number = given.length,
): TypeError {
  const list = Array.from(given);
  const entries = [...list, ...count > list.length ? ["…"] : []].join(", ");
  const spread = list.every((value) => typeof value === "number");
  const form = spread ? `; pass an array: ${op}([${entries}])` : "";
  return new TypeError(
    `Cannot compute ${op}: it takes one array of numbers, got ${count} arguments${form}`,
  );
}
