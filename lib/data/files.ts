/** Files as bytes and text, and the errors for those that cannot be read. */

import process from "node:process";
import { checkKind, kind } from "../core/options.ts";

const PATH = kind(
  "a path, or the URL of a file",
  (value) => typeof value === "string" || value instanceof URL,
);
/** Bytes. */
export const BYTES = kind("a Uint8Array", (value) => value instanceof Uint8Array);

/** The bytes of a file; `call` names what needs them, for errors. */
export function bytesOf(call: string, path: string | URL): Uint8Array<ArrayBuffer> {
  checkKind(call, "the path", path, PATH);
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    const { name, message } = cause as Error;
    const said = name === "NotFound" ? `there is no file ${path}` : `${message}, of ${path}`;
    // The error keeps its class, by which callers recognize a missing file.
    const Same = (cause as Error).constructor as new (text: string, options: ErrorOptions) => Error;
    throw new Same(`Cannot ${call}: ${said}`, { cause });
  }
}

/** The text of a UTF-8 file. */
export function textOf(call: string, path: string | URL): string {
  const bytes = bytesOf(call, path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(unzipped(call, bytes));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(`Cannot ${call}: ${path} is not UTF-8 text`, { cause });
  }
}

/** Unpacks gzipped bytes; returns others as they are. */
export function unzipped(call: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return new Uint8Array(process.getBuiltinModule("node:zlib").gunzipSync(bytes));
  } catch (cause) {
    throw new SyntaxError(`Cannot ${call}: the gzipped data are damaged`, { cause });
  }
}
