/**
 * Updates everything that is generated: the format of all files, the README's tables, the messages
 * of calls that must fail and, with a Python that has PyTorch, the fixtures of the ops. Prints the
 * files that changed. `--python PATH` names the Python; otherwise `bench/.venv`, `python3` and
 * `python` are tried.
 */

import { optionsOf } from "./options.ts";
import { changed, fingerprints, pythonWithTorch } from "./renewal.ts";
import { cargo, quietly } from "./run.ts";
import { ROOT } from "./places.ts";
import { prepareStd } from "./setup.ts";

const deno = Deno.execPath();

const must = (command: string, ...args: string[]) => quietly({ NO_COLOR: "1" }, command, ...args);

const { python } = optionsOf({ python: { type: "string" } });

const before = await fingerprints(ROOT);
await must(deno, "fmt");
await must("cargo", "fmt");
await cargo("build", "--release");
await prepareStd();
await must(deno, "run", "-A", "tests/tools/ops.ts", "--write");
await must(deno, "run", "-A", "tests/tools/losses.ts", "--write");
await must(deno, "test", "-A", "tests/matrix/messages_test.ts", "--", "--update");
const found = await pythonWithTorch(python);
if (found !== null) await must(found, "-B", "-W", "ignore", "tests/fixtures/ops.py");
else if (python !== undefined) {
  console.error(`Cannot make the fixtures: ${python} is not a Python that has PyTorch`);
  Deno.exit(1);
} else {
  console.log(
    "\nThe fixtures were not updated, as no Python with PyTorch was found; --python PATH names one",
  );
}
const files = changed(before, await fingerprints(ROOT));
console.log(files.length === 0 ? "\nNothing had to change" : "\nChanged:");
for (const file of files) console.log(`  ${file}`);
