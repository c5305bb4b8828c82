/** JSON, which has no NaN and no infinities. */

/** A number as JSON can hold it: `"NaN"`, `"Infinity"` and `"-Infinity"` are written as strings. */
export function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A line of JSON for each value; numbers that JSON lacks are null. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}
