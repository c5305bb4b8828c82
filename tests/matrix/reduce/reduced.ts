/** Inputs of the tests of reductions. */

import type { ReduceOptions, Tensor } from "../../../mod.ts";
import { type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";

/** Dimensions to reduce. */
export type Dims = number | readonly number[] | undefined;

/** Shapes and dimensions for every reduction, with the number of elements that it reduces. */
export const REDUCED: readonly (readonly [shape: number[], dims: Dims, terms: number])[] = [
  [[5], undefined, 5],
  [[2, 3], undefined, 6],
  [[2, 3], 0, 2],
  [[2, 3], 1, 3],
  [[2, 3, 4], 1, 3],
  [[2, 3, 4], -1, 4],
  [[2, 3, 4], -3, 2],
  [[], undefined, 1],
  [[], 0, 1],
  [[], -1, 1],
  [[1], 0, 1],
  [[3, 1, 2], 1, 1],
  [[0, 3], 1, 3],
  [[600], 0, 600],
  [[100, 37], 0, 100],
  [[37, 300], 1, 300],
];

/** Further ones for reductions of several dimensions. */
export const SEVERAL: typeof REDUCED = [
  [[2, 3, 4], [0, 2], 8],
  [[2, 3, 4], [2, 0], 8],
  [[2, 3, 4], [-1, 1], 12],
  [[2, 3, 4], [0, 1, 2], 24],
  [[2, 3], [], 6],
  [[3, 4, 5, 2], [1, 3], 8],
];

/** Further ones for reductions that are defined for no elements. */
export const EMPTY: typeof REDUCED = [
  [[0], undefined, 0],
  [[2, 0], 1, 0],
  [[0, 3], 0, 0],
  [[2, 0, 3], [0, 1], 0],
];

/** Name of a case. */
export function named(shape: readonly number[], dims: Dims, keepdim = false): string {
  const over = dims === undefined ? "" : ` over ${typeof dims === "number" ? dims : `[${dims}]`}`;
  return `[${shape}]${over}${keepdim ? " kept" : ""}`;
}

/** Cases over every set of dimensions, or the given ones. */
export function totals(
  run: (x: Tensor, dim?: Dims, options?: ReduceOptions) => Tensor,
  value: (values: readonly number[]) => number,
  spec: Partial<OpCase>,
  tried: typeof REDUCED = [...REDUCED, ...SEVERAL, ...EMPTY],
): OpCase[] {
  return tried.flatMap(([shape, dims, terms]) =>
    [false, true].map((keepdim) => ({
      name: named(shape, dims, keepdim),
      inputs: [random(...shape)],
      call: (x) => run(x, dims, { keepdim }),
      reference: (x) => reference.reduce(x, dims, keepdim, value),
      terms: terms + 1,
      ...spec,
    } satisfies OpCase))
  );
}
