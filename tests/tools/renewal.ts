/** Helpers of `deno task fix`: which files changed, and a Python that has PyTorch. */

import { filesOf } from "./places.ts";

/** The folders of files that are formatted or generated. */
const FOLDERS = ["lib", "tests", "bench", "examples", "rust"];

/** A hash of each source file, by its path. */
export async function fingerprints(root: URL): Promise<Map<string, string>> {
  const top = [...Deno.readDirSync(root)].filter(({ isFile }) => isFile).map(({ name }) => name);
  const files = [...top, ...FOLDERS.flatMap((folder) => filesOf(root, folder, ""))]
    .filter((file) =>
      /\.(ts|json|md|rs|toml|py|txt)$/.test(file) && !file.startsWith("bench/.venv/")
    );
  const entries = files.map(async (file): Promise<[string, string]> => {
    const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(new URL(file, root)));
    return [file, new Uint8Array(hash).toHex()];
  });
  return new Map(await Promise.all(entries));
}

/** The files that differ, marking those that were added or removed. */
export function changed(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].toSorted().filter((file) => before.get(file) !== after.get(file)).map((file) =>
    before.has(file) ? after.has(file) ? file : `${file} (removed)` : `${file} (new)`
  );
}

/** The given Python or, if none is given, the first one found that can load PyTorch. */
export async function pythonWithTorch(given: string | undefined): Promise<string | null> {
  const candidates = given === undefined
    ? ["bench/.venv/bin/python", "bench/.venv/Scripts/python.exe", "python3", "python"]
    : [given];
  for (const python of candidates) {
    try {
      const { success } = await new Deno.Command(python, {
        args: ["-c", "import torch"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}
