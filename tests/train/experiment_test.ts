/** A script as a command: what its users may write, and what it tells. */

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { train } from "../../mod.ts";

const root = new URL("../../", import.meta.url);
const script = new URL("experiment_script.ts", import.meta.url);

const command = (...args: string[]) => allowed(["-A"], ...args);

/** Runs the script with some permissions. */
async function allowed(
  permissions: string[],
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", ...permissions, script.pathname, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("a script prints its figures, and with --json all of them in the last line", async () => {
  const { code, out } = await command("--json", "--seed=7", "--epochs", "3", "--quick");
  assertEquals(code, 0);
  const lines = out.trimEnd().split("\n");
  assertMatch(lines[0]!, /^row: draw \S+, epochs 3, far Infinity, list 1 NaN, is true$/);
  const { seconds, figures, ...rest } = JSON.parse(lines.at(-1)!);
  const options = { epochs: 3, missing: "" };
  assertEquals(rest, { seed: "7", quick: true, control: false, options, pictures: [] });
  assertEquals(seconds > 0, true);
  const { draw, ...row } = figures.row;
  assertEquals(row, { epochs: 3, far: "Infinity", list: [1, "NaN"], is: true });
  // The seed is that of the library's own stream.
  const again = await command("--json", "--seed", "7");
  assertEquals(JSON.parse(again.out.trimEnd().split("\n").at(-1)!).figures.row.draw, draw);
  const other = await command("--json", "--seed", "8");
  assertEquals(
    JSON.parse(other.out.trimEnd().split("\n").at(-1)!).figures.row.draw === draw,
    false,
  );
  assertEquals((await command()).out.includes("{"), false);
});

Deno.test("a script refuses what it does not know in one sentence", async () => {
  const cases: [string[], string][] = [
    [
      ["--epoch", "3"],
      "there is no option --epoch among --seed --quick --control --json " +
      "--pictures --epochs --missing; did you mean --epochs",
    ],
    [["3"], "there is no option 3 among"],
    [["--constructor", "3"], "there is no option --constructor among"],
    [["--epochs"], "--epochs needs a value, as in --epochs 5"],
    [["--epochs", "--quick"], "--epochs needs a value"],
    [["--epochs", "many"], "--epochs must be a finite number, got many"],
    [["--seed", "-1"], "--seed must be an integer from 0 to 2^64 - 1, got -1"],
    [["--seed", "18446744073709551616"], "--seed must be an integer"],
    [["--quick=no"], "--quick takes no value"],
    [
      ["--pictures", "/dev/null/folder"],
      "Cannot keep pictures in /dev/null/folder: Not a directory",
    ],
    [["--missing", "no.idx"], "Cannot read the digits: there is no no.idx"],
  ];
  await Promise.all(cases.map(async ([args, sentence]) => {
    const { code, err } = await command(...args);
    assertEquals([code, err.trimEnd().split("\n").length], [2, 1], err);
    assertStringIncludes(err, sentence);
  }));
  const { code, out, err } = await allowed(["--allow-ffi"], "--pictures", "folder");
  assertEquals([code, out], [2, ""]);
  assertEquals(
    err,
    "Cannot keep pictures in folder without permission: run Deno with --allow-read=folder " +
      "--allow-write=folder\n",
  );
});

Deno.test("a script keeps pictures in the folder that is named, and tells its options", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { out } = await command("--pictures", `${folder}/new`, "--json");
    const { pictures } = JSON.parse(out.trimEnd().split("\n").at(-1)!);
    assertEquals(pictures, [`${folder}/new/one.svg`]);
    assertEquals(await Deno.readTextFile(pictures[0]), "<svg/>");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const { code, out } = await command("--help");
  assertEquals([code, out.split("\n")[0]], [0, "A script of the tests."]);
  assertStringIncludes(
    out,
    "[--quick] [--control] [--json] [--pictures …] [--epochs 5] [--missing …]",
  );
});

Deno.test("figures and pictures are refused where they are none", () => {
  const run = train.experiment("A test.");
  const wrong = (fn: () => unknown, message: string) => assertThrows(fn, TypeError, message);
  wrong(
    () => run.figures("row", { a: null as unknown as number }),
    "what was found must be numbers",
  );
  wrong(() => run.figures(1 as unknown as string, {}), "the row must be a string");
  for (const row of ["row", "constructor", "__proto__"]) run.figures(row, { a: 1 });
  for (const odd of [{ on: true }, { seed: 1 }, { list: [1] }]) {
    const options = { options: odd as unknown as { on: string } };
    wrong(() => train.experiment("A test.", options), "must be numbers, strings or false by name");
  }
  wrong(() => run.figures("row", { a: 2 }), "those of row have been noted");
  wrong(() => run.picture("../up", { svg: "" }), "its name must be a name of letters");
  wrong(
    () => run.picture("name", {} as { svg: string }),
    "the picture must be something with an svg",
  );
  wrong(
    () => train.experiment("A test.", { options: { seed: 1 } }),
    "options must be numbers, strings or false by name",
  );
});
