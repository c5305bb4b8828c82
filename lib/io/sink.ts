/** Writes files completely, or leaves them as they were. */

import { explained, pathOf } from "./source.ts";
import { crc32 } from "./zlib.ts";

/** The prefix of the names of files that are still being written. */
const PREFIX = ".adjoint-";

/** How long, in ms, a temporary file must be untouched for its program to be surely gone. */
const ABANDONED = 3_600_000;

const encoder = new TextEncoder();

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

/** Removes what was left by programs that were stopped while writing the same file. */
function sweep(folder: string, start: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(start)) continue;
    const { mtime } = Deno.statSync(`${folder}/${name}`);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) > ABANDONED) {
      Deno.removeSync(`${folder}/${name}`);
    }
  }
}

/** Writes a new file and flushes it to disk. */
function write(path: string, chunks: Iterable<Uint8Array>, mode: number | null): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) done += file.writeSync(chunk.subarray(done));
  }
  if (mode !== null) Deno.chmodSync(path, mode);
  file.syncSync();
}

/** Flushes the new name of a file to disk, where folders can be opened. */
function syncFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  using handle = Deno.openSync(folder);
  handle.syncSync();
}

/** The file that a path leads to through links, and its permissions if it already exists. */
function targetOf(path: string): { path: string; mode: number | null } {
  let real: string;
  try {
    real = Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { path, mode: null };
    throw error;
  }
  const { isFile, mode } = Deno.statSync(real);
  if (!isFile) throw new TypeError("something other than a file is there");
  // A file that may not be written must not be replaced either.
  Deno.openSync(real, { write: true }).close();
  return { path: real, mode: Deno.build.os === "windows" || mode === null ? null : mode & 0o777 };
}

/** Removes the unfinished file. */
function discard(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Does something with the file that a path leads to and a temporary one, which is then removed. */
function besides(
  name: string,
  path: string | URL,
  act: (temporary: string, target: ReturnType<typeof targetOf>) => void,
): void {
  const shown = pathOf(path);
  try {
    const target = targetOf(shown);
    const folder = folderOf(target.path);
    const start = `${PREFIX}${crc32(encoder.encode(target.path)).toString(16)}-`;
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
 * Writes a file under a temporary name and renames it once all is on disk: whatever
 * happens, either the old file is unchanged or the new one is complete.
 *
 * @param name The function that writes, for messages.
 */
export function writeFile(name: string, path: string | URL, chunks: Iterable<Uint8Array>): void {
  besides(name, path, (temporary, target) => {
    write(temporary, chunks, target.mode);
    Deno.renameSync(temporary, target.path);
  });
}

/** Writes a text as a file, in the same way. */
export function writeText(name: string, path: string | URL, text: string): void {
  writeFile(name, path, [encoder.encode(text)]);
}

/** Refuses a path at which no file can be written, before there is anything to lose. */
export function checkTarget(name: string, path: string | URL): void {
  besides(name, path, (temporary) => {
    write(temporary, [], null);
    Deno.removeSync(temporary);
  });
}
