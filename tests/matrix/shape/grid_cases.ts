/** Cases of moved dimensions and of grids, and calls of them that must fail. */

import { DTypeError, meshgrid, movedim, ShapeError, tensor } from "../../../mod.ts";
import {
  bad,
  badDims,
  index,
  matrix,
  notTensor,
  scalar,
  untyped,
  vector,
  wide,
} from "../bad_input.ts";
import { type ErrorCase, type OpCase, positions, random } from "../cases.ts";
import * as reference from "../../common/references.ts";

function moving(
  shape: number[],
  source: number | number[],
  destination: number | number[],
  order: number[],
): OpCase {
  return {
    name: `[${shape}] from ${JSON.stringify(source)} to ${JSON.stringify(destination)}`,
    inputs: [random(...shape)],
    call: (x) => movedim(x, source, destination),
    reference: (x) => reference.permute(x, order),
  };
}

/** A grid of some extents; undefined for a number. */
function grid(extents: (number | undefined)[], indexing?: "ij" | "xy"): OpCase {
  const axes = extents.map((_, i) => i);
  if (indexing === "xy" && axes.length > 1) [axes[0], axes[1]] = [1, 0];
  const shape = axes.map((axis) => extents[axis] ?? 1);
  return {
    name: `of ${JSON.stringify(extents)}${indexing === undefined ? "" : `, ${indexing}`}`,
    inputs: extents.map((extent) => extent === undefined ? random() : random(extent)),
    call: (...xs) => indexing === undefined ? meshgrid(xs) : meshgrid(xs, { indexing }),
    reference: (...xs) =>
      xs.map(({ data }, i) => reference.build(shape, (at) => data[at[axes.indexOf(i)]!]!)),
  };
}

export const GRID_CASES = {
  movedim: [
    moving([2, 3, 4], 0, 2, [1, 2, 0]),
    moving([2, 3, 4], -1, 0, [2, 0, 1]),
    moving([2, 3, 4], 1, 1, [0, 1, 2]),
    moving([2, 3, 4, 5], [0, 1], [-1, -2], [2, 3, 1, 0]),
    moving([2, 3, 4, 5], [3, 0], [1, 2], [1, 3, 0, 2]),
    moving([2, 3], [], [], [0, 1]),
    moving([0, 3], 0, 1, [1, 0]),
  ],
  meshgrid: [
    grid([3]),
    grid([2, 3]),
    grid([2, 3], "ij"),
    grid([2, 3], "xy"),
    grid([3], "xy"),
    grid([2, 3, 4], "xy"),
    grid([2, undefined, 4]),
    grid([2, 0]),
    {
      name: "of int32 beside int32",
      inputs: [positions([2], [1, 2]), positions([1], [5])],
      call: (a, b) => meshgrid([a!, b!]),
      reference: (a, b) => [
        reference.reshape(a!, [2, 1]),
        reference.expand(b!, [2, 1]),
      ],
      dtypes: ["int32"],
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const GRID_ERRORS = {
  movedim: [
    ...badDims((x, dim) => movedim(x, dim, 0)),
    ...badDims((x, dim) => movedim(x, 0, dim)),
    bad("a source twice", RangeError, () => movedim(matrix, [0, -2], [0, 1]), "source", "[0,-2]"),
    bad("a destination twice", RangeError, () => movedim(matrix, [0, 1], [1, 1]), "destination"),
    bad("other counts", RangeError, () => movedim(matrix, [0, 1], 1), "2 sources", "1 dest"),
  ],
  meshgrid: [
    notTensor((x) => meshgrid([vector, x])),
    bad("nothing", RangeError, () => meshgrid([]), "got none"),
    bad("a matrix", ShapeError, () => meshgrid([vector, matrix]), "one dimension", "[2, 3]"),
    bad("two types", DTypeError, () => meshgrid([vector, index]), "float32 and int32"),
    bad("2^32 elements", ShapeError, () => meshgrid([wide(65536), wide(65536)]), "2^31"),
    bad(
      "nine dimensions",
      ShapeError,
      () => meshgrid(new Array(9).fill(tensor([1]))),
      "at most 8",
    ),
    bad(
      "tensors spread out",
      TypeError,
      () => untyped.meshgrid(vector, scalar),
      "meshgrid([a, b])",
    ),
    bad(
      "the order by position",
      TypeError,
      () => untyped.meshgrid([vector], "xy"),
      '{ indexing: "xy" }',
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
