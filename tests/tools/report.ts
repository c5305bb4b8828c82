/** Summarises a run of `deno test`, with a line for each file. */

/** The results of a file. */
export interface FileRow {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  /** The duration of the tests. */
  readonly ms: number;
}

interface Test {
  readonly name: string;
  readonly ms: number;
  readonly result: "passed" | "failed" | "ignored";
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&quot;": '"',
  "&apos;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

function unescaped(text: string): string {
  return text.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
}

/** The tests in the report of a file. Text in the report contains no `<`. */
function testsOf(suite: string): Test[] {
  const cases = suite.matchAll(
    /<testcase name="([^"]*)"[^>]* time="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs,
  );
  return [...cases].map(([, name, time, inside = ""]): Test => ({
    name: unescaped(name!),
    ms: 1000 * Number(time),
    result: /<(failure|error)\b/.test(inside)
      ? "failed"
      : inside.includes("<skipped")
      ? "ignored"
      : "passed",
  }));
}

/** Whether a test is a step of another test; steps are counted. */
function isStep(name: string, names: ReadonlySet<string>): boolean {
  for (let at = name.indexOf(" > "); at !== -1; at = name.indexOf(" > ", at + 1)) {
    if (names.has(name.slice(0, at))) return true;
  }
  return false;
}

/**
 * The files of a run, by name, from the JUnit report and from the printed output, which alone names
 * files that could not be loaded. Examples in comments count for the file they are in.
 */
export function fileRows(junit: string, printed: string): FileRow[] {
  const tests = new Map<string, Test[]>();
  const into = (name: string) => {
    const file = name.replace(/^\.\//, "").replace(/[#$]\d+-\d+.*$/, "");
    const list = tests.get(file) ?? [];
    tests.set(file, list);
    return list;
  };
  for (
    const [, name, suite] of junit.matchAll(/<testsuite name="([^"]*)"[^>]*>(.*?)<\/testsuite>/gs)
  ) {
    const all = testsOf(suite!);
    const names = new Set(all.map(({ name }) => name));
    into(unescaped(name!)).push(...all.filter(({ name }) => !isStep(name, names)));
  }
  const unloaded = new Set(
    [...printed.matchAll(/^(\S+) \(uncaught error\)$/gm)].map(([, f]) => f!),
  );
  for (const name of unloaded) into(name).push({ name: "load", ms: 0, result: "failed" });
  return [...tests].filter(([, list]) => list.length > 0)
    .map(([file, list]): FileRow => {
      const count = (result: Test["result"]) =>
        list.filter((test) => test.result === result).length;
      return {
        file,
        passed: count("passed"),
        failed: count("failed"),
        ignored: count("ignored"),
        ms: Math.round(list.reduce((sum, test) => sum + test.ms, 0)),
      };
    })
    .sort((a, b) => a.file < b.file ? -1 : 1);
}

/** A line for each file. */
export function fileLines(rows: readonly FileRow[]): string[] {
  const width = Math.max(0, ...rows.map(({ file }) => file.length));
  return rows.map(({ file, passed, failed, ignored, ms }) =>
    `${file.padEnd(width)}  ${passed} passed, ${failed} failed${
      ignored === 0 ? "" : `, ${ignored} ignored`
    }, ${ms} ms`
  );
}

/** The output of the dot reporter, without the dots. */
export function withoutDots(printed: string): string {
  return printed.split("\n").filter((line) => !/^[.,!]$/.test(line)).join("\n").trim();
}

/** Sums the counts in the last lines of cargo and Deno. */
export function countOf(printed: string, word: "passed" | "failed"): number {
  const closing = [
    new RegExp(`^test result: .*?(\\d+) ${word};`, "gm"),
    new RegExp(`^(?:ok|FAILED) \\| .*?(\\d+) ${word}`, "gm"),
  ];
  const found = closing.flatMap((pattern) => [...printed.matchAll(pattern)]);
  return found.reduce((sum, match) => sum + Number(match[1]), 0);
}
