/** Which tests concern one op: those that begin with it or call it, and what ops have in common. */

import { nearest } from "../../lib/core/options.ts";
import { filesOf, ROOT } from "./places.ts";

/** The files in which tests of ops stand. */
export const OP_FILES: readonly string[] = [
  ...filesOf(ROOT, "tests/matrix", "_test.ts"),
  "tests/project/import_rules_test.ts",
];

/** Beginnings of the names of tests that look at all ops, and at their files, at once. */
export const SHARED: readonly string[] = [
  "messages of calls that must fail",
  "each public op has a fixture",
  "the cases of an op stand",
  "OP_TABLE has every",
  "the README shows the table",
  "rooms import only rooms below",
  "no files import each other in a circle",
  "areas above the tensor import",
  "only devices, the op tables",
  "no file is over 500 lines",
  "the library types everything",
  "nothing is left to do later",
];

/** The tests of an op, as an expression that JavaScript and `deno test --filter` understand. */
export function filterOf(op: string): string {
  const name = op.replaceAll(".", "\\.");
  return `(^|: |rule of )${name}(\\(\\)|[ ,]|$)|(^|[^\\w.])${name}\\(\\)|^(${SHARED.join("|")})`;
}

/** Why a name is no op, with the one that was probably meant; null if it is one. */
export function refusalOf(op: string, ops: readonly string[]): string | null {
  if (ops.includes(op)) return null;
  // A namespace may have been left out, or put before what has none.
  const last = (name: string) => name.split(".").at(-1)!;
  const meant = ops.find((known) => last(known) === last(op)) ?? nearest(op, ops);
  const hint = meant === undefined ? "" : `; did you mean ${meant}`;
  return `Cannot test ${op}: no public op has that name${hint}`;
}
