/** Files as bytes and text, and the errors for those that cannot be read. */

import { checkKind, kind } from "../core/options.ts";
import { explained, PATH, pathOf } from "../io/source.ts";
import { gunzip, gunzipBeginning, isGzipped } from "../io/zlib.ts";

/** Bytes. */
export const BYTES = kind("a Uint8Array", (value) => value instanceof Uint8Array);

/** The bytes of a file; `call` names what needs them, for errors. */
export function bytesOf(call: string, path: string | URL): Uint8Array<ArrayBuffer> {
  checkKind(call, "the path", path, PATH);
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    throw explained(`${call} of ${path}`, `--allow-read=${pathOf(path)}`, cause);
  }
}

/** The most characters of a string. */
const LONGEST_TEXT = 2 ** 29 - 24;

/** The text of a UTF-8 file, which may be gzipped. */
export function textOf(call: string, path: string | URL): string {
  const bytes = unzipped(call, bytesOf(call, path), LONGEST_TEXT);
  const tooLong = bytes === null || bytes.length > LONGEST_TEXT;
  try {
    if (bytes !== null) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    if (!tooLong) throw new SyntaxError(`Cannot ${call}: ${path} is not UTF-8 text`, { cause });
  }
  throw new RangeError(
    `Cannot ${call}: ${path} has more than ${LONGEST_TEXT} bytes of text; divide it`,
  );
}

/** What is made of gzipped bytes; others are returned as they are. */
function unpacked<T>(
  call: string,
  bytes: Uint8Array,
  unpack: (packed: Uint8Array) => T,
): T | Uint8Array {
  if (!isGzipped(bytes)) return bytes;
  try {
    return unpack(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot ${call}: the gzipped data are damaged`, { cause });
  }
}

/** Unpacks gzipped bytes, null if there are more than a given number; returns others as they are. */
export function unzipped(call: string, bytes: Uint8Array, most: number): Uint8Array | null {
  return unpacked(call, bytes, (packed) => gunzip(packed, most));
}

/** The first kilobyte of gzipped bytes, or more; returns others as they are. */
export function beginningOf(call: string, bytes: Uint8Array): Uint8Array {
  return unpacked(call, bytes, gunzipBeginning);
}
