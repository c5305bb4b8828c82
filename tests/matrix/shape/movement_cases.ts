/** Cases of views and rearrangements. */

import {
  cat,
  contiguous,
  expand,
  flatten,
  pad,
  permute,
  reshape,
  slice,
  squeeze,
  stack,
  transpose,
  unsqueeze,
} from "../../../mod.ts";
import { type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";

function reshaping(from: number[], to: number[], result = to): OpCase {
  return {
    name: `[${from}] to [${to}]`,
    inputs: [random(...from)],
    call: (x) => reshape(x, to),
    reference: (x) => reference.reshape(x, result),
  };
}

function permuting(shape: number[], dims: number[], plain = dims): OpCase {
  return {
    name: `[${shape}] by [${dims}]`,
    inputs: [random(...shape)],
    call: (x) => permute(x, dims),
    reference: (x) => reference.permute(x, plain),
  };
}

function transposing(shape: number[], i: number, j: number, dims: number[]): OpCase {
  return {
    name: `[${shape}] ${i} and ${j}`,
    inputs: [random(...shape)],
    call: (x) => transpose(x, i, j),
    reference: (x) => reference.permute(x, dims),
  };
}

function expanding(from: number[], to: number[], result = to): OpCase {
  return {
    name: `[${from}] to [${to}]`,
    inputs: [random(...from)],
    call: (x) => expand(x, to),
    reference: (x) => reference.expand(x, result),
  };
}

/** A case whose elements keep their order. */
function reshaped(
  name: string,
  from: number[],
  to: number[],
  call: OpCase["call"],
): OpCase {
  const inputs = [random(...from)];
  return { name, inputs, call, reference: (x) => reference.reshape(x, to) };
}

type Open = number | null;

function slicing(shape: number[], dim: number, ...range: [Open?, Open?, Open?]): OpCase {
  const [start, end, step] = [range[0] ?? 0, range[1] ?? Infinity, range[2] ?? 1];
  return {
    name: `[${shape}] dim ${dim} from ${start} to ${end} by ${step}`,
    inputs: [random(...shape)],
    call: (x) => slice(x, dim, ...range),
    reference: (x) => {
      const extent = x.shape.at(dim)!;
      return reference.take(x, dim, reference.positions(extent, start, end, step));
    },
  };
}

function padding(
  shape: number[],
  amounts: number[],
  sides: [number, number][],
  value?: number,
): OpCase {
  return {
    name: `[${shape}] by [${amounts}]${value === undefined ? "" : ` with ${value}`}`,
    inputs: [random(...shape)],
    call: (x) => value === undefined ? pad(x, amounts) : pad(x, amounts, { value }),
    reference: (x) => reference.pad(x, sides, value ?? 0),
  };
}

function joining(shapes: number[][], dim?: number): OpCase {
  return {
    name: `${shapes.map((shape) => `[${shape}]`).join(" and ")} along ${dim ?? "the first"}`,
    inputs: shapes.map((shape) => random(...shape)),
    call: (...xs) => dim === undefined ? cat(xs) : cat(xs, dim),
    reference: (...xs) => reference.cat(xs, dim ?? 0),
  };
}

function stacking(shape: number[], times: number, dim: number | undefined, at: number): OpCase {
  return {
    name: `${times} of [${shape}] along ${dim ?? "the first"}`,
    inputs: Array.from({ length: times }, () => random(...shape)),
    call: (...xs) => dim === undefined ? stack(xs) : stack(xs, dim),
    reference: (...xs) =>
      reference.cat(xs.map((x) => reference.reshape(x, shape.toSpliced(at, 0, 1))), at),
  };
}

export const MOVEMENT_CASES = {
  reshape: [
    reshaping([2, 3], [3, 2]),
    reshaping([2, 3], [6]),
    reshaping([2, 3, 4], [-1, 4], [6, 4]),
    reshaping([2, 3, 4], [2, -1, 2], [2, 6, 2]),
    reshaping([6], [1, 2, 1, 3]),
    reshaping([], [1]),
    reshaping([], [1, 1]),
    reshaping([1, 1], []),
    reshaping([1], [-1], [1]),
    reshaping([0, 3], [3, 0]),
    reshaping([2, 0], [0]),
    reshaping([0, 3], [-1, 3], [0, 3]),
    reshaping([40, 50], [50, 40]),
    reshaping([2, 1, 1, 1, 2, 1, 1, 1], [1, 1, 2, 1, 1, 2, 1, 1]),
  ],
  permute: [
    permuting([2, 3], [1, 0]),
    permuting([2, 3, 4], [2, 0, 1]),
    permuting([2, 3, 4], [-1, 0, -2], [2, 0, 1]),
    permuting([2, 3, 4], [0, 1, 2]),
    permuting([], []),
    permuting([3], [0]),
    permuting([1, 4, 1], [2, 1, 0]),
    permuting([0, 2], [1, 0]),
    permuting([70, 90], [1, 0]),
    permuting([2, 1, 2, 1, 2, 1, 2, 3], [7, 0, 6, 1, 5, 2, 4, 3]),
  ],
  transpose: [
    transposing([2, 3], 0, 1, [1, 0]),
    transposing([2, 3, 4], 0, 2, [2, 1, 0]),
    transposing([2, 3, 4], -1, -2, [0, 2, 1]),
    transposing([2, 3, 4], 1, 1, [0, 1, 2]),
    transposing([3], 0, -1, [0]),
    transposing([0, 2], 0, 1, [1, 0]),
    transposing([1, 5], 0, 1, [1, 0]),
  ],
  expand: [
    expanding([3, 1], [3, 4]),
    expanding([3], [2, 3]),
    expanding([], [2, 2]),
    expanding([1], [5]),
    expanding([2, 1, 3], [4, 2, 5, 3]),
    expanding([3, 1], [-1, 4], [3, 4]),
    expanding([3, 1], [2, -1, 4], [2, 3, 4]),
    expanding([2, 3], [2, 3]),
    expanding([1, 3], [0, 3]),
    expanding([0], [2, 0]),
    expanding([1, 1], [200, 300]),
  ],
  unsqueeze: [
    reshaped("in front", [2, 3], [1, 2, 3], (x) => unsqueeze(x, 0)),
    reshaped("inside", [2, 3], [2, 1, 3], (x) => unsqueeze(x, 1)),
    reshaped("at the end", [2, 3], [2, 3, 1], (x) => unsqueeze(x, -1)),
    reshaped("from the end", [2, 3], [1, 2, 3], (x) => unsqueeze(x, -3)),
    reshaped("of a scalar", [], [1], (x) => unsqueeze(x, 0)),
    reshaped("of an empty one", [0], [0, 1], (x) => unsqueeze(x, 1)),
  ],
  squeeze: [
    reshaped("all", [1, 2, 1, 3, 1], [2, 3], (x) => squeeze(x)),
    reshaped("one", [1, 2, 1], [2, 1], (x) => squeeze(x, 0)),
    reshaped("from the end", [1, 2, 1], [1, 2], (x) => squeeze(x, -1)),
    reshaped("several", [1, 2, 1, 1], [2, 1], (x) => squeeze(x, [0, 2])),
    reshaped("one of another extent", [2, 3], [2, 3], (x) => squeeze(x, 1)),
    reshaped("to a scalar", [1, 1], [], (x) => squeeze(x)),
    reshaped("of a scalar", [], [], (x) => squeeze(x)),
    reshaped("of an empty one", [1, 0], [0], (x) => squeeze(x)),
  ],
  flatten: [
    reshaped("all", [2, 3, 4], [24], (x) => flatten(x)),
    reshaped("from dim 1", [2, 3, 4], [2, 12], (x) => flatten(x, 1)),
    reshaped("to dim 1", [2, 3, 4], [6, 4], (x) => flatten(x, 0, 1)),
    reshaped("one dim", [2, 3, 4], [2, 3, 4], (x) => flatten(x, 1, 1)),
    reshaped("from the end", [2, 3, 4], [2, 12], (x) => flatten(x, -2, -1)),
    reshaped("of a scalar", [], [1], (x) => flatten(x)),
    reshaped("of an empty one", [2, 0, 3], [0], (x) => flatten(x)),
  ],
  slice: [
    slicing([5], 0, 1, 3),
    slicing([5], 0),
    slicing([5], 0, -2),
    slicing([5], 0, 0, -1),
    slicing([5], 0, 0, Infinity, 2),
    slicing([7], 0, 1, 6, 3),
    slicing([5], 0, 3, 1),
    slicing([5], 0, -100, 100),
    slicing([5], 0, 5),
    slicing([4, 6], 1, 1, 6, 2),
    slicing([4, 6], -2, 2),
    slicing([0, 3], 0, 0, 2),
    slicing([1, 3], 0, 0, 1),
    slicing([40, 50], 1, 3, 47, 4),
    slicing([4, 6], 1, null, -1),
    slicing([4, 6], 1, 2, null, 2),
    slicing([4, 6], 0, null, null, null),
    slicing([4, 6], 0, 1, Infinity, 2 ** 31),
    slicing([4, 0], 0, 1, Infinity, 2 ** 40),
  ],
  pad: [
    padding([3], [1, 2], [[1, 2]]),
    padding([2, 3], [1, 0], [[0, 0], [1, 0]]),
    padding([2, 3], [1, 2, 3, 0], [[3, 0], [1, 2]]),
    padding([2, 3], [1, 1], [[0, 0], [1, 1]], 1),
    padding([4], [-1, 0], [[-1, 0]]),
    padding([5], [-1, -2], [[-1, -2]]),
    padding([5], [-2, 1], [[-2, 1]], 1),
    padding([2], [0, -2], [[0, -2]]),
    padding([2, 3], [], [[0, 0], [0, 0]]),
    padding([0], [2, 1], [[2, 1]], 1),
    padding([], [], []),
    padding([1, 2, 1], [0, 1, 0, 0, 2, 0], [[2, 0], [0, 0], [0, 1]]),
    padding([3], [2, -2], [[2, -2]]),
  ],
  cat: [
    joining([[2], [3]]),
    joining([[2, 3], [1, 3]], 0),
    joining([[2, 1], [2, 3], [2, 2]], 1),
    joining([[2, 1], [2, 3]], -1),
    joining([[2, 3]], 0),
    joining([[0, 2], [3, 2]], 0),
    joining([[2, 0], [2, 0]], 1),
    joining([[1], [1], [1], [1], [1], [1], [1], [1], [1], [1]]),
    joining([[30, 20], [30, 41]], 1),
  ],
  stack: [
    stacking([2, 3], 2, undefined, 0),
    stacking([2, 3], 3, 1, 1),
    stacking([2, 3], 2, -1, 2),
    stacking([], 3, 0, 0),
    stacking([0], 2, 0, 0),
    stacking([4], 1, 1, 1),
  ],
  contiguous: [
    reshaped("of a matrix", [2, 3], [2, 3], contiguous),
    reshaped("of a scalar", [], [], contiguous),
    reshaped("of an empty one", [0, 2], [0, 2], contiguous),
  ],
} as const satisfies Record<string, readonly OpCase[]>;
