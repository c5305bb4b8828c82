/**
 * Selects the tests that concern one op: those named after it or calling it, and those that all ops
 * share.
 */

import { nearest } from "../../lib/core/options.ts";
import { filesOf, ROOT } from "./places.ts";

/** The files that contain tests of ops. */
export const OP_FILES: readonly string[] = [
  ...filesOf(ROOT, "tests/matrix", "_test.ts"),
  "tests/project/import_rules_test.ts",
];

/** Beginnings of the names of tests that check all ops and their files at once. */
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

/** A regular expression for the tests of an op, for JavaScript and `deno test --filter`. */
export function filterOf(op: string): string {
  const name = op.replaceAll(".", "\\.");
  return `(^|: |rule of )${name}(\\(\\)|[ ,]|$)|(^|[^\\w.])${name}\\(\\)|^(${SHARED.join("|")})`;
}

/** Why a name is not an op, with a suggestion; null if it is one. */
export function refusalOf(op: string, ops: readonly string[]): string | null {
  if (ops.includes(op)) return null;
  // A namespace may be missing, or superfluous.
  const last = (name: string) => name.split(".").at(-1)!;
  const meant = ops.find((known) => last(known) === last(op)) ?? nearest(op, ops);
  const hint = meant === undefined ? "" : `; did you mean ${meant}`;
  return `Cannot test ${op}: no public op has that name${hint}`;
}
