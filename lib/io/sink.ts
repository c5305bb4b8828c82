/** Files that are written whole, or stay as they were. */

import { explained, pathOf } from "./source.ts";
import { crc32 } from "./zlib.ts";

/** How the names of files begin that are still being written. */
const PREFIX = ".adjoint-";

/** How long nobody has written to a temporary file whose program is surely gone, in ms. */
const ABANDONED = 3_600_000;

/** Parts of a file in one array. */
export function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  const parts = [...chunks];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The folder of a path. */
function folderOf(path: string): string {
  const separators = Deno.build.os === "windows" ? /[/\\]/g : /\//g;
  const at = [...path.matchAll(separators)].at(-1)?.index;
  return at === undefined ? "." : path.slice(0, at) || path.slice(0, 1);
}

/** Removes what programs that were stopped while they wrote the same file have left. */
function sweep(folder: string, start: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(start)) continue;
    const { mtime } = Deno.statSync(`${folder}/${name}`);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) > ABANDONED) {
      Deno.removeSync(`${folder}/${name}`);
    }
  }
}

/** Writes a new file, down to the disk. */
function write(path: string, chunks: Iterable<Uint8Array>, mode: number | null): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) done += file.writeSync(chunk.subarray(done));
  }
  if (mode !== null) Deno.chmodSync(path, mode);
  file.syncSync();
}

/** Notes the new name of a file on the disk, where folders can be opened. */
function syncFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  using handle = Deno.openSync(folder);
  handle.syncSync();
}

/** The file that a path leads to, through links, and its permissions, if there is one already. */
function targetOf(path: string): { path: string; mode: number | null } {
  let real: string;
  try {
    real = Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { path, mode: null };
    throw error;
  }
  const { isFile, mode } = Deno.statSync(real);
  if (!isFile) throw new TypeError("there is something that is no file");
  // A file that must not be written is not replaced either.
  Deno.openSync(real, { write: true }).close();
  return { path: real, mode: Deno.build.os === "windows" || mode === null ? null : mode & 0o777 };
}

/** Takes away what was begun. */
function discard(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Something done with the file that a path leads to and with a temporary one, of which nothing is left. */
function besides(
  name: string,
  path: string | URL,
  act: (temporary: string, target: ReturnType<typeof targetOf>) => void,
): void {
  const shown = pathOf(path);
  try {
    const target = targetOf(shown);
    const folder = folderOf(target.path);
    const start = `${PREFIX}${crc32(new TextEncoder().encode(target.path)).toString(16)}-`;
    sweep(folder, start);
    const temporary = `${folder}/${start}${crypto.randomUUID()}`;
    try {
      act(temporary, target);
    } catch (error) {
      discard(temporary);
      throw error;
    }
    syncFolder(folder);
  } catch (error) {
    const where = folderOf(shown);
    const flags = `--allow-read=${where} --allow-write=${where}`;
    throw explained(`run ${name} on ${shown}`, flags, error);
  }
}

/**
 * Writes a file under a temporary name, and gives it its own when all is on the disk: whatever
 * happens meanwhile, an old file stays as it is or the new one is complete.
 *
 * @param name The function that writes, for messages.
 */
export function writeFile(name: string, path: string | URL, chunks: Iterable<Uint8Array>): void {
  besides(name, path, (temporary, target) => {
    write(temporary, chunks, target.mode);
    Deno.renameSync(temporary, target.path);
  });
}

/** Refuses a path at which no file can be written, before there is anything that would be lost. */
export function checkTarget(name: string, path: string | URL): void {
  besides(name, path, (temporary) => {
    write(temporary, [], null);
    Deno.removeSync(temporary);
  });
}
