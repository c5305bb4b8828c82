/**
 * Builds, then runs all tests: Rust's, Deno's, and the examples in the documentation. The last line
 * counts them. `--filter TEXT` runs those with the text in their name. `--sanitize` runs them with a
 * library that AddressSanitizer watches.
 */

import { parseArgs } from "node:util";
import { cargo, type Outcome, run, runWith } from "./run.ts";
import { REPORT, sanitized } from "./sanitize.ts";
import { prepareStd } from "./setup.ts";

/** Sums the counts in the closing lines of cargo and Deno. */
function count(output: string, word: "passed" | "failed"): number {
  const closing = [
    new RegExp(`^test result: .*?(\\d+) ${word};`, "gm"),
    new RegExp(`^(?:ok|FAILED) \\| .*?(\\d+) ${word}`, "gm"),
  ];
  const found = closing.flatMap((pattern) => [...output.matchAll(pattern)]);
  return found.reduce((sum, match) => sum + Number(match[1]), 0);
}

const { values: { filter, sanitize } } = parseArgs({
  options: { filter: { type: "string" }, sanitize: { type: "boolean", default: false } },
});
const deno = Deno.execPath();
const only = filter === undefined ? [] : ["--filter", filter];

await cargo("build", "--release");
await prepareStd();
const env = sanitize ? await sanitized() : {};
const outcomes: Outcome[] = [
  await run("cargo", "test", "--release", "--quiet", ...(filter === undefined ? [] : [filter])),
  await runWith(
    env,
    deno,
    "test",
    "-A",
    "--parallel",
    "--reporter=dot",
    ...only,
    "tests",
    "examples",
  ),
  await runWith(
    env,
    deno,
    "test",
    "-A",
    "--doc",
    "--reporter=dot",
    ...only,
    "mod.ts",
    "lib",
    "README.md",
  ),
];
const sum = (word: "passed" | "failed") =>
  outcomes.reduce((total, { output }) => total + count(output, word), 0);
const [passed, failed] = [sum("passed"), sum("failed")];
// A run that broke before its tests, say on a type error, counts as one failure.
const reports = outcomes.filter(({ output }) => output.includes(REPORT)).length;
if (sanitize) {
  console.log(`\nAddressSanitizer has reported ${reports === 0 ? "nothing" : "faults"}`);
}
const broken = failed === 0 && outcomes.some(({ code }) => code !== 0) ? 1 : 0;
if (passed + failed + broken === 0) {
  console.error(`\nNo test has "${filter}" in its name`);
  Deno.exit(1);
}
console.log(`\n${passed} passed, ${failed + broken} failed`);
Deno.exit(failed + broken === 0 ? 0 : 1);
