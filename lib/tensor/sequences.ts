/** Sequences of different lengths, padded, for the areas. */

import { largest } from "../core/lists.ts";
import { checkElement } from "../ops/define/checks.ts";
import { cat } from "../ops/mod.ts";
import { full } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Sequences that differ in length only, as [batch, length, …].
 *
 * @param length That of the longest, or more.
 * @param value What stands where a sequence has no entry.
 */
export function padTo(
  sequences: readonly Tensor[],
  length: number,
  value: number,
  side: "left" | "right" = "right",
): Tensor {
  const [{ shape: [, ...entry], dtype, device }] = sequences as [Tensor];
  const missing = sequences.map(({ shape }) => length - shape[0]!);
  checkElement("pad", "the value", value, dtype);
  // Joined with pieces of one padding, they are copied once.
  const padding = full([largest(missing), ...entry], value, { dtype, device });
  const pieces = sequences.flatMap((x, i) => {
    if (missing[i] === 0) return [x];
    const beside = padding.narrow(0, 0, missing[i]!);
    return side === "right" ? [x, beside] : [beside, x];
  });
  return cat(pieces).reshape([sequences.length, length, ...entry]);
}
