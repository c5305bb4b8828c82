/**
 * What others find in our files, and we in theirs. Where a Python with PyTorch and safetensors is found,
 * it reads and writes now; what it found once is kept among the fixtures, and compared always.
 * `deno test -A tests/io/others_test.ts -- --update` writes the files of ours anew; then
 * `python tests/fixtures/io.py` keeps what is found in them.
 */

import { assertEquals } from "@std/assert";
import { io } from "../../mod.ts";
import { pythonWithTorch } from "../tools/renewal.ts";
import { EXPECTED, type Expected, fixture, hardState, type Read } from "./common.ts";
import { shownExpected, shownState } from "./common.ts";

/** Our files by name. */
const OURS = {
  "ours.safetensors": io.encodeSafetensors(hardState()),
  "ours.npz": io.encodeNpz(hardState()),
  "ours.npy": io.encodeNpy(hardState()["layer.weight"]!),
} as const;

if (Deno.args.includes("--update")) {
  for (const [name, bytes] of Object.entries(OURS)) Deno.writeFileSync(fixture(name), bytes);
}

/** Whether others found what we wrote. */
function assertRead(found: Read): void {
  const state = shownState(hardState());
  assertEquals(found.format, "pt");
  assertEquals(shownExpected(found.safetensors), state);
  assertEquals(shownExpected(found.npz), state);
  assertEquals(
    shownExpected({ x: found.npy }),
    shownState({ x: hardState()["layer.weight"]! }),
  );
}

Deno.test("our files are those in which PyTorch, safetensors and NumPy found what we wrote", () => {
  for (const [name, bytes] of Object.entries(OURS)) {
    assertEquals(Deno.readFileSync(fixture(name)), bytes, name);
  }
  assertRead(EXPECTED.ours);
});

/** A Python that has all that is needed; null if there is none. */
async function pythonWithAll(): Promise<string | null> {
  const python = await pythonWithTorch(undefined);
  if (python === null) return null;
  const args = ["-c", "import numpy, safetensors.torch"];
  const { success } = await new Deno.Command(python, { args, stderr: "null" }).output();
  return success ? python : null;
}

const python = await pythonWithAll();

/** Runs the maker of the fixtures on a folder. */
async function run(way: "read" | "write", folder: string): Promise<string> {
  const script = new URL("../fixtures/io.py", import.meta.url).pathname;
  const args = ["-B", "-W", "ignore", script, way, folder];
  const { stdout, stderr, success } = await new Deno.Command(python!, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "PyTorch, safetensors and NumPy read what we write now",
  ignore: python === null,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    io.saveSafetensors(`${folder}/ours.safetensors`, hardState());
    io.saveNpz(`${folder}/ours.npz`, hardState());
    io.saveNpy(`${folder}/ours.npy`, hardState()["layer.weight"]!);
    assertRead(JSON.parse(await run("read", folder)));
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "we read what PyTorch, safetensors and NumPy write now",
  ignore: python === null,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    await run("write", folder);
    type Checkpoint = { readonly tensors: io.TorchValue & Record<string, never> };
    const checkpoint = io.loadTorch<Checkpoint>(`${folder}/checkpoint.pt`);
    const same = (state: Parameters<typeof shownState>[0], expected: Expected) =>
      assertEquals(shownState(state), shownExpected(expected));
    same(checkpoint.tensors, EXPECTED.tensors);
    same(io.loadSafetensors(`${folder}/tensors.safetensors`), EXPECTED.tensors);
    same(io.loadNpz(`${folder}/arrays.npz`), EXPECTED.arrays);
    same(io.loadNpz(`${folder}/arrays_deflated.npz`), EXPECTED.arrays);
    same({ fortran: io.loadNpy(`${folder}/array.npy`) }, { fortran: EXPECTED.arrays.fortran! });
    await Deno.remove(folder, { recursive: true });
  },
});
