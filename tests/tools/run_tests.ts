/**
 * Builds, then runs all tests: Rust's, Deno's, and the examples in the documentation. The last line
 * counts them. If the output is not a terminal, it has a line for each file, followed by the
 * failures.
 *
 * `--filter TEXT` runs the tests with the text in their name. `--op NAME` runs what concerns one
 * op: its tests on the available devices, its fixture, its messages and wrong calls, the table of
 * ops and the rules for files, and the type checks of all these; Rust's tests run only if the build
 * changed the library. `--sanitize` runs all tests with a library that AddressSanitizer watches.
 */

import { existsSync } from "node:fs";
import { LIBRARY_FILE } from "../../lib/core/platform.ts";
import { filterOf, OP_FILES, refusalOf } from "./op_filter.ts";
import { optionsOf } from "./options.ts";
import { ROOT } from "./places.ts";
import { countOf, fileLines, fileRows, withoutDots } from "./report.ts";
import { cargo, type Outcome, run, runWith } from "./run.ts";
import { REPORT, sanitized } from "./sanitize.ts";
import { prepareStd } from "./setup.ts";

const deno = Deno.execPath();

function fail(message: string): never {
  console.error(`\n${message}`);
  Deno.exit(1);
}

/** The output of failures, shown at the end. */
const failures: string[] = [];

/** Runs `deno test`. */
async function denoTest(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<Outcome> {
  const command = ["test", "-A", "--reporter=dot", ...args];
  if (Deno.stdout.isTerminal()) return await runWith({ env }, deno, ...command);
  console.log(`\n> deno ${command.join(" ")}`);
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const quiet = { env: { ...env, NO_COLOR: "1" }, show: false };
    const outcome = await runWith(quiet, deno, ...command, `--junit-path=${report}`);
    const rows = fileRows(await Deno.readTextFile(report), outcome.output);
    for (const line of fileLines(rows)) console.log(line);
    if (outcome.code !== 0) failures.push(withoutDots(outcome.output));
    return outcome;
  } finally {
    await Deno.remove(report);
  }
}

/** When the library was built; 0 if it does not exist. */
function builtAt(): number {
  const file = new URL(`target/release/${LIBRARY_FILE}`, ROOT);
  return existsSync(file) ? Deno.statSync(file).mtime!.getTime() : 0;
}

/** The names of all public ops; none if they cannot be loaded, which the tests then report. */
async function publicOps(): Promise<readonly string[]> {
  try {
    const { OP_TABLE } = await import("../matrix/op_table.ts");
    return OP_TABLE.map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Runs what concerns one op. */
async function testOp(op: string): Promise<Outcome[]> {
  const ops = await publicOps();
  const refusal = ops.length === 0 ? null : refusalOf(op, ops);
  if (refusal !== null) fail(refusal);
  const quiet = { env: { NO_COLOR: "1" }, show: false };
  const filter = `--filter=/${filterOf(op)}/`;
  const [types, tests] = await Promise.all([
    runWith(quiet, deno, "check", "mod.ts", ...OP_FILES),
    runWith(
      quiet,
      deno,
      ...["test", "-A", "--no-check", "--reporter=dot", filter, "tests/tools/op_tests.ts"],
    ),
  ]);
  // After type errors, the failures of the tests say nothing new.
  const shown = types.code === 0 ? tests : types;
  if (shown.code !== 0) failures.push(withoutDots(shown.output));
  return [shown];
}

const { filter, op, sanitize } = optionsOf({
  filter: { type: "string" },
  op: { type: "string" },
  sanitize: { type: "boolean", default: false },
});
if (op !== undefined && (filter !== undefined || sanitize)) {
  fail("Cannot run the tests: --op cannot be combined with other options");
}
const only = filter === undefined ? [] : ["--filter", filter];

/** The pages, whose code all runs. */
const PAGES = ["docs", "docs/losses"].flatMap((folder) =>
  [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) =>
    `${folder}/${name}`
  )
);

const before = builtAt();
await cargo("build", "--release");
await prepareStd();
const outcomes: Outcome[] = [];
if (op === undefined || builtAt() !== before) {
  outcomes.push(
    await run("cargo", "test", "--release", "--quiet", ...(filter === undefined ? [] : [filter])),
  );
}
if (op !== undefined) outcomes.push(...await testOp(op));
else {
  const env = sanitize ? await sanitized() : {};
  outcomes.push(
    await denoTest(env, "--parallel", ...only, "tests", "examples"),
    await denoTest(env, "--doc", ...only, "mod.ts", "lib", "README.md", ...PAGES),
  );
}
for (const text of failures) console.log(`\n${text}`);
const sum = (word: "passed" | "failed") =>
  outcomes.reduce((total, { output }) => total + countOf(output, word), 0);
const [passed, failed] = [sum("passed"), sum("failed")];
if (sanitize) {
  const reports = outcomes.filter(({ output }) => output.includes(REPORT)).length;
  console.log(`\nAddressSanitizer has reported ${reports === 0 ? "nothing" : "faults"}`);
}
// A run that ended before its tests, for example by a type error, counts as one failure.
const broken = failed === 0 && outcomes.some(({ code }) => code !== 0) ? 1 : 0;
if (passed + failed + broken === 0) fail(`No test has "${filter}" in its name`);
console.log(`\n${passed} passed, ${failed + broken} failed`);
Deno.exit(failed + broken === 0 ? 0 : 1);
