/** Cases of ops that repeat, move or zero elements by position. */

import { flip, repeat, roll, tile, tril, triu, unfold } from "../../../mod.ts";
import { type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import * as shapes from "./references.ts";

function repeating(run: typeof repeat, shape: number[], times: number[], all = times): OpCase {
  return {
    name: `[${shape}] by [${times}]`,
    inputs: [random(...shape)],
    call: (x) => run(x, times),
    reference: (x) => shapes.repeat(x, all),
  };
}

function rolling(shape: number[], shifts: number[], dims: number[]): OpCase {
  return {
    name: `[${shape}] by [${shifts}] along [${dims}]`,
    inputs: [random(...shape)],
    call: (x) => dims.length === 1 ? roll(x, shifts[0]!, dims[0]!) : roll(x, shifts, dims),
    reference: (x) =>
      dims.reduce(
        (y, dim, i) => shapes.roll(y, shifts[i]!, (dim + 9 * shape.length) % shape.length),
        x!,
      ),
  };
}

function rollingAll(shape: number[], shift: number): OpCase {
  return {
    name: `[${shape}] by ${shift}`,
    inputs: [random(...shape)],
    call: (x) => roll(x, shift),
    reference: (x) =>
      reference.reshape(shapes.roll({ shape: [x!.data.length], data: x!.data }, shift, 0), shape),
  };
}

function flipping(shape: number[], dims: number | number[], axes: number[]): OpCase {
  return {
    name: `[${shape}] along ${JSON.stringify(dims)}`,
    inputs: [random(...shape)],
    call: (x) => flip(x, dims),
    reference: (x) => shapes.flip(x, axes),
  };
}

function unfolding(shape: number[], dim: number, size: number, step: number): OpCase {
  return {
    name: `[${shape}] along ${dim}, ${size} by ${step}`,
    inputs: [random(...shape)],
    call: (x) => unfold(x, dim, size, step),
    reference: (x) => shapes.unfold(x, dim < 0 ? dim + shape.length : dim, size, step),
  };
}

function triangles(
  run: typeof tril,
  keeps: (row: number, column: number, diagonal: number) => boolean,
): OpCase[] {
  const tried: [number[], number | undefined][] = [
    [[3, 3], undefined],
    [[3, 4], 1],
    [[4, 3], -1],
    [[2, 3, 3], 0],
    [[3, 3], 5],
    [[3, 3], -5],
    [[3, 2], 2 ** 31],
    [[2, 3], -(2 ** 31)],
    [[1, 1], 0],
    [[0, 3], 0],
    [[2, 0], 1],
  ];
  return tried.map(([shape, diagonal]) => ({
    name: `[${shape}] at ${diagonal ?? "the main diagonal"}`,
    inputs: [random(...shape)],
    call: (x) => diagonal === undefined ? run(x) : [run(x, { diagonal }), run(x, diagonal)],
    reference: (x) => {
      const y = shapes.triangle(x, (row, column) => keeps(row, column, diagonal ?? 0));
      return diagonal === undefined ? y : [y, y];
    },
  }));
}

export const REARRANGE_CASES = {
  repeat: [
    repeating(repeat, [3], [2]),
    repeating(repeat, [3], [2, 1]),
    repeating(repeat, [2, 3], [2, 3]),
    repeating(repeat, [2, 3], [1, 1]),
    repeating(repeat, [1, 3], [4, 1]),
    repeating(repeat, [2, 3], [3, 0]),
    repeating(repeat, [], [2, 2]),
    repeating(repeat, [], []),
    repeating(repeat, [0, 2], [3, 2]),
    repeating(repeat, [2, 1, 3], [2, 2, 1, 2]),
  ],
  tile: [
    repeating(tile, [3], [2]),
    repeating(tile, [2, 3], [2], [1, 2]),
    repeating(tile, [2, 3], [], [1, 1]),
    repeating(tile, [2], [3, 2]),
    repeating(tile, [2, 1, 2], [2, 2], [1, 2, 2]),
  ],
  roll: [
    rollingAll([5], 2),
    rollingAll([2, 3], 2),
    rollingAll([2, 3], -7),
    rollingAll([], 1),
    rollingAll([0, 2], 1),
    rolling([5], [-1], [0]),
    rolling([5], [5], [0]),
    rolling([2, 3], [1], [1]),
    rolling([3, 4], [1, -2], [0, -1]),
    rolling([3, 4], [1, 1], [0, 0]),
    rolling([0, 2], [1], [0]),
  ],
  flip: [
    flipping([5], 0, [0]),
    flipping([2, 3], 1, [1]),
    flipping([2, 3], [0, -1], [0, 1]),
    flipping([2, 3, 4], [1], [1]),
    flipping([2, 3], [], []),
    flipping([], [], []),
    flipping([0, 2], [0, 1], [0, 1]),
    flipping([1], 0, [0]),
  ],
  unfold: [
    unfolding([5], 0, 2, 1),
    unfolding([7], 0, 3, 2),
    unfolding([6], 0, 2, 3),
    unfolding([2, 5], 1, 3, 1),
    unfolding([5, 2, 3], 0, 2, 2),
    unfolding([2, 5], -1, 5, 1),
    unfolding([4], 0, 0, 2),
    unfolding([4], 0, 1, 9),
  ],
  tril: triangles(tril, (row, column, diagonal) => column <= row + diagonal),
  triu: triangles(triu, (row, column, diagonal) => column >= row + diagonal),
} as const satisfies Record<string, readonly OpCase[]>;
