/** Shared by the cases of ops along one dimension. */

import { build, read } from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

/** Shapes, and a dimension of each. */
export const SHAPES: readonly (readonly [shape: number[], dim: number])[] = [
  [[5], 0],
  [[2, 3], 0],
  [[2, 3], -1],
  [[2, 3, 4], 1],
  [[1, 4], 0],
  [[0, 3], 1],
  [[3, 0], 1],
  [[], 0],
  [[], -1],
  [[40, 300], 1],
];

/** A function of whole lanes. */
export function lanes(
  x: Plain,
  dim: number,
  fn: (lane: readonly number[]) => readonly number[],
): Plain {
  if (x.shape.length === 0) return { shape: [], data: [...fn(x.data)] };
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const lane = (index: readonly number[]) =>
    fn(Array.from({ length: x.shape[axis]! }, (_, i) => read(x, index.with(axis, i))));
  const empty = x.shape[axis] === 0;
  const extent = empty ? 0 : lane(x.shape.map(() => 0)).length;
  return build(
    x.shape.includes(0) ? x.shape : x.shape.with(axis, extent),
    (index) => lane(index)[index[axis]!]!,
  );
}
