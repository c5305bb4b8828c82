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
        `Cannot ${call}: line ${i + 1} is no JSON: ${(cause as Error).message}`,
        { cause },
      );
    }
  });
}

/**
 * The values in a text that has one in each line, as JSON; empty lines are passed over. What the
 * values are is not checked: `T` is what the caller knows of them.
 *
 * @throws {SyntaxError} If a line is no JSON; the message has its number.
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
 * {@linkcode parseJsonl} of a file in UTF-8, also packed by gzip. Needs the permission to read it.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export function readJsonl<T = unknown>(path: string | URL): T[] {
  const call = "run readJsonl";
  checkCount(call, arguments.length, 1);
  const text = textOf(call, path);
  return linesOf(`${call} of ${path}`, text) as T[];
}
