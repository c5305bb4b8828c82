/** A copy of the sources in a temporary folder, in which tools may write. */

import { pathToFileURL } from "node:url";
import { filesOf, type Place, ROOT } from "./places.ts";

// `.std` exists only where the test packages are not available.
const FOLDERS = ["lib", "rust/src", ".std", "tests", "bench"];

/** Copies the files that tools read and write; the copy is removed at the end of its scope. */
export async function checkoutCopy(): Promise<{ readonly root: URL } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  const root = pathToFileURL(`${folder}/`);
  const files = FOLDERS.flatMap((from) => filesOf(ROOT, from, ""))
    .filter((file) => /\.(ts|rs|py|wgsl)$|^\.std\//.test(file));
  for (const file of [...files, "mod.ts", "deno.json"]) {
    const target = new URL(file, root);
    Deno.mkdirSync(new URL(".", target), { recursive: true });
    Deno.copyFileSync(new URL(file, ROOT), target);
  }
  const dispose = () => Deno.remove(folder, { recursive: true });
  return { root, [Symbol.asyncDispose]: dispose };
}

/** The texts of all files. */
export function contents(root: URL): Map<string, string> {
  const files = [...["lib", "rust", "tests"].flatMap((from) => filesOf(root, from, "")), "mod.ts"];
  return new Map(files.map((file) => [file, Deno.readTextFileSync(new URL(file, root))]));
}

/** The compiler's errors in the library, in the tables of the tests and in that of the bench. */
export async function typeErrors(root: URL): Promise<Place[]> {
  const tables = filesOf(root, "tests", ".ts").filter((file) =>
    /\/(?:op_\w+|error_cases|table|\w+_rows)\.ts$/.test(file) && !file.startsWith("tests/tools/")
  );
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "mod.ts", "bench/loss_rows.ts", ...tables],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  return [...text.matchAll(/^ {4}at (file:\S+):(\d+):\d+$/gm)].map(([, file, line]) => ({
    file: file!.slice(root.href.length),
    line: Number(line),
  }));
}
