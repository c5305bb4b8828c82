/** A fixture is written only where more than the last digits changed; needs Python, not PyTorch. */

import { assertEquals } from "@std/assert";
import { ROOT } from "./places.ts";

const SCRIPT = `
import json, pathlib, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/fixtures")
from makers.written import write
path = pathlib.Path(sys.argv[1])
results = []
for before, after in json.load(sys.stdin):
    path.write_text(json.dumps(before))
    results.append(write(path, after))
path.unlink()
results.append(write(path, [1]))
print(json.dumps([results, path.read_text()]))
`;

/** The old and the new contents. */
const TRIALS: readonly (readonly [before: unknown, after: unknown, written: boolean])[] = [
  [[{ data: [0.1] }], [{ data: [0.1 * (1 + 5e-15)] }], false],
  [[{ data: [0.1] }], [{ data: [0.1 * (1 + 3e-14)] }], true],
  [[{ data: [1e-20] }], [{ data: [2e-20] }], true],
  [[{ data: ["nan", 0.5] }], [{ data: ["nan", 0.5] }], false],
  [[{ data: ["nan"] }], [{ data: ["inf"] }], true],
  [[{ data: [0.5] }], [{ data: [0.5, 0.5] }], true],
  [[{ data: [0.5] }, { data: [0.5] }], [{ data: [0.5] }], true],
  [[{ shape: [1], data: [0.5] }], [{ shape: [], data: [0.5] }], true],
  [[{ data: [0.5] }], [{ dtype: "float64", data: [0.5] }], true],
];

const python = ["python3", "python"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["-c", ""] }).outputSync().success;
  } catch {
    return false;
  }
});

Deno.test({
  name: "the maker of fixtures writes what differs in more than the last digits",
  ignore: python === undefined,
  fn: async () => {
    const path = await Deno.makeTempFile();
    const child = new Deno.Command(python!, {
      args: ["-c", SCRIPT, path],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(TRIALS.map((t) => t.slice(0, 2)))));
    await writer.close();
    const { stdout } = await child.output();
    await Deno.remove(path);
    const wanted = [...TRIALS.map(([, , written]) => written), true];
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [wanted, "[\n1\n]\n"]);
  },
});
