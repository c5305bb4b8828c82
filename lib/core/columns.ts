/** Tables of text. */

import { largest } from "./lists.ts";

/**
 * Rows as lines of text, whose columns are as wide as their widest cells. The first `left` columns are
 * aligned at the left, the others at the right.
 */
export function inColumns(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = (rows[0] ?? []).map((_, i) => largest(rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, i) => i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
      .join("  ").trimEnd()
  );
}
