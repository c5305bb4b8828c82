/** Tensors of one or two dimensions as tables for notebooks, abbreviated like their text. */

import type { DType, TypedArray } from "../core/dtype.ts";
import { table } from "../core/html.ts";
import type { Shape } from "../core/shape.ts";
import { formatNumbers, LONG, visible } from "./print.ts";

/** The table of some elements, with the notes above; null for other dimensions, or no elements. */
export function tensorTable(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
  notes: readonly string[],
): string | null {
  if (shape.length < 1 || shape.length > 2 || data.length === 0) return null;
  const [height, width] = shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
  const [rows, columns] = [height, width].map((extent) => visible(extent, data.length > LONG));
  const places = rows!.flatMap((y) =>
    columns!.map((x) => y === null || x === null ? null : y * width + x)
  );
  const known = places.filter((place) => place !== null);
  const { texts } = formatNumbers(known.map((place) => data[place]!), dtype);
  let next = 0;
  const cells = places.map((place) => place === null ? "…" : texts[next++]!);
  const name = (index: number | null) => index === null ? "…" : String(index);
  const lines = rows!.map((y, i) => [
    shape.length === 1 ? "value" : name(y),
    ...cells.slice(i * columns!.length, (i + 1) * columns!.length),
  ]);
  const first = shape.length === 1 ? "index" : "row";
  return table(notes.join(", "), [first, ...columns!.map(name)], lines).text;
}
