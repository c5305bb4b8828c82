/** The lines for files, from reports as Deno writes them. */

import { assertEquals } from "@std/assert";
import { countOf, fileLines, fileRows, withoutDots } from "./report.ts";

const JUNIT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="10" failures="1" errors="0" time="0.190">
    <testsuite name="./b_test.ts" tests="4" disabled="0" errors="0" failures="0">
        <testcase name="b 0" classname="./b_test.ts" time="0.074" line="1" col="28">
        </testcase>
        <testcase name="a &lt; b &gt; c" classname="./b_test.ts" time="0.052" line="1" col="28">
        </testcase>
        <testcase name="b (ms) ... ok (3ms)" classname="./b_test.ts" time="0.0004" line="2" col="6"/>
    </testsuite>
    <testsuite name="./a/a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="first" classname="./a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="second" classname="./a_test.ts" time="0.002" line="2" col="6">
            <failure message="Uncaught Error: broken
here">Error: broken
here
    at file:///a_test.ts:2:96 &lt;testcase name=&quot;x&quot;&gt;</failure>
        </testcase>
        <testcase name="skipped" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="second &gt; in" classname="./a_test.ts" time="0.700" line="2" col="44">
        </testcase>
    </testsuite>
    <testsuite name="./none_test.ts" tests="0" disabled="0" errors="0" failures="0">
    </testsuite>
    <testsuite name="./lib/doc.ts#3-6.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="file:///doc.ts#3-6.ts" classname="./doc.ts#3-6.ts" time="0.001" line="2" col="6">
        </testcase>
    </testsuite>
    <testsuite name="./lib/doc.ts#6-9.ts" tests="1" disabled="0" errors="0" failures="1">
        <testcase name="file:///doc.ts#6-9.ts" classname="./doc.ts#6-9.ts" time="0.002" line="2" col="6">
            <failure message="Uncaught Error: doc">Error: doc</failure>
        </testcase>
    </testsuite>
</testsuites>
`;

const PRINTED = `.
,
!
Uncaught error from ./c_test.ts FAILED
.

 ERRORS 

second => ./a/a_test.ts:2:6
error: Error: broken
here

./c_test.ts (uncaught error)
error: (in promise) TypeError: at load

 FAILURES 

second => ./a/a_test.ts:2:6
./c_test.ts (uncaught error)

FAILED | 5 passed (1 step) | 3 failed | 1 ignored (434ms)
`;

Deno.test("fileLines() has a line for each file that has tests, or could not be loaded", () => {
  assertEquals(fileLines(fileRows(JUNIT, PRINTED)), [
    "a/a_test.ts  1 passed, 1 failed, 1 ignored, 3 ms",
    "b_test.ts    3 passed, 0 failed, 126 ms",
    "c_test.ts    0 passed, 1 failed, 0 ms",
    "lib/doc.ts   1 passed, 1 failed, 3 ms",
  ]);
});

Deno.test("fileRows() adds up to what Deno counts", () => {
  const rows = fileRows(JUNIT, PRINTED);
  for (const word of ["passed", "failed"] as const) {
    assertEquals(rows.reduce((sum, row) => sum + row[word], 0), countOf(PRINTED, word), word);
  }
  // A test that is missing from the report shows.
  const fewer = fileRows(JUNIT.replace(/<testcase name="first"[^]*?<\/testcase>/, ""), PRINTED);
  assertEquals(fewer.reduce((sum, row) => sum + row.passed, 0), countOf(PRINTED, "passed") - 1);
});

Deno.test("fileRows() of a run that broke before its tests is empty", () => {
  assertEquals(fileRows("", "error: Type checking failed.\n"), []);
  assertEquals(fileLines([]), []);
});

Deno.test("withoutDots() keeps failures in full", () => {
  const shown = withoutDots(PRINTED);
  assertEquals(shown.split("\n")[0], "Uncaught error from ./c_test.ts FAILED");
  assertEquals(shown.includes("error: Error: broken\nhere\n"), true);
  assertEquals(/^[.,!]$/m.test(shown), false);
});

Deno.test("countOf() adds cargo's closing lines to Deno's", () => {
  const cargo = "test result: ok. 12 passed; 1 failed; 0 ignored; 0 measured\n";
  assertEquals(countOf(cargo + PRINTED, "passed"), 17);
  assertEquals(countOf(cargo + cargo + "ok | 3 passed | 0 failed (1s)\n", "failed"), 2);
});

Deno.test("fileRows() reads what deno test writes", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/one_test.ts`;
  await Deno.writeTextFile(
    file,
    `Deno.test("a < b & c", () => {});
     Deno.test("steps", async (t) => { await t.step("in", () => {}); throw new Error("<x>"); });
     Deno.test({ name: "left out", ignore: true, fn: () => {} });`,
  );
  const report = `${folder}/report.xml`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--no-config", "--reporter=dot", `--junit-path=${report}`, file],
    env: { NO_COLOR: "1" },
    cwd: folder,
  }).output();
  const rows = fileRows(await Deno.readTextFile(report), new TextDecoder().decode(stdout));
  await Deno.remove(folder, { recursive: true });
  const [{ ms, ...row } = { ms: NaN }] = rows;
  assertEquals(row, { file: "one_test.ts", passed: 1, failed: 1, ignored: 1 });
  assertEquals(ms >= 0 && ms < 60_000, true);
});
