/**
 * The messages of all calls that must fail, compared with the file `fixtures/messages.txt`. After
 * an intended change, `deno task fix` rewrites it.
 */

import "../../mod.ts";
import { assert, assertEquals } from "@std/assert";
import type { ErrorCase } from "./cases.ts";
import { ELEMENTWISE } from "../common/elementwise.ts";
import { elementwiseErrors } from "./elementwise/error_cases.ts";
import { ERROR_CASES } from "./op_cases.ts";

const file = new URL("../fixtures/messages.txt", import.meta.url);

/** What a call throws. */
function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error(`${call} throws no error`);
}

const cases: readonly [op: string, cases: readonly ErrorCase[]][] = [
  ...ELEMENTWISE.map((op): [string, ErrorCase[]] => [op.name, elementwiseErrors(op)]),
  ...Object.entries(ERROR_CASES),
];

const messages = cases.toSorted(([a], [b]) => a < b ? -1 : 1).flatMap(([op, cases]) =>
  cases.map(({ name, call }) => ({ op, name, error: thrownBy(call) }))
);

/** A line for each message; calls that differ in nothing else share one. */
const lines = [
  ...new Set(
    messages.map(({ op, name, error }) => `${op} | ${name} | ${error.name}: ${error.message}`),
  ),
];

/** The changes from one list of lines to another, call by call. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const call = (change: string) => change.slice(2).split(" | ", 2).join(" | ");
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ].toSorted((a, b) => call(a) < call(b) ? -1 : Number(call(a) > call(b)));
}

Deno.test("messages of calls that must fail are those of the file", () => {
  if (Deno.args.includes("--update")) Deno.writeTextFileSync(file, lines.join("\n") + "\n");
  const known = Deno.readTextFileSync(file).trimEnd().split("\n");
  const changes = difference(known, lines);
  assert(
    changes.length === 0,
    `${changes.length} lines differ; if they should, run \`deno task fix\`\n${changes.join("\n")}`,
  );
  assertEquals(known, lines, "the order of the lines");
});

Deno.test("messages of calls that must fail are a sentence each that names the op", () => {
  const odd = messages.filter(({ op, error: { message } }) =>
    !/^Cannot [^\n]*[^.\n]$/.test(message) || !message.includes(op)
  );
  assertEquals(odd.map(({ op, error }) => `${op}: ${error.message}`), []);
});

Deno.test("messages that differ from the file are shown by line", () => {
  const before = ["abs | null | TypeError: z", "abs | bool | DTypeError: b", "add | x | Error: c"];
  const after = ["abs | null | TypeError: a", "abs | bool | DTypeError: b", "acos | x | Error: c"];
  assertEquals(difference(before, after), [
    "- abs | null | TypeError: z",
    "+ abs | null | TypeError: a",
    "+ acos | x | Error: c",
    "- add | x | Error: c",
  ]);
});
