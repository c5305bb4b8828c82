/** Lines of JSON. */

import { checkCount, checkKind, TEXT } from "../core/options.ts";
import { textOf } from "./files.ts";

function linesOf(call: string, text: string): unknown[] {
  return text.replace(/^\ufeff/, "").split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line)];
    } catch (cause) {
      throw new SyntaxError(
        `Cannot ${call}: line ${i + 1} is not JSON: ${(cause as Error).message}`,
        { cause },
      );
    }
  });
}

/**
 * The values in a text with one JSON value per line; empty lines are skipped. The values are not
 * checked: `T` is what the caller knows about them.
 *
 * @throws {SyntaxError} If a line is not JSON; the message names it.
 *
 * @example Two records
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = data.parseJsonl<{ x: number }>('{"x":1}\n{"x":2}\n');
 * assertEquals(rows.map(({ x }) => x), [1, 2]);
 * ```
 */
export function parseJsonl<T = unknown>(text: string): T[] {
  const call = "run parseJsonl";
  checkCount(call, arguments.length, 1);
  checkKind(call, "the text", text, TEXT);
  return linesOf(call, text) as T[];
}

/**
 * {@linkcode parseJsonl} of a UTF-8 file, which may be gzipped. Needs permission to read it.
 *
 * @throws {RangeError} If it has more text, or unpacks to more, than a string holds: 512 MiB.
 * @throws {Deno.errors.NotFound} If the file does not exist.
 */
export function readJsonl<T = unknown>(path: string | URL): T[] {
  const call = "run readJsonl";
  checkCount(call, arguments.length, 1);
  const text = textOf(call, path);
  return linesOf(`${call} of ${path}`, text) as T[];
}
