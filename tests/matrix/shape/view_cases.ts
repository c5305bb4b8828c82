/** Cases of the views that consist of others. */

import {
  broadcastTo,
  chunk,
  diagonal,
  mT,
  narrow,
  split,
  unbind,
  unflatten,
  view,
} from "../../../mod.ts";
import { type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import * as shapes from "./references.ts";

/** A case whose elements keep their order. */
function reshaped(name: string, from: number[], to: number[], call: OpCase["call"]): OpCase {
  return {
    name,
    inputs: [random(...from)],
    call,
    reference: (x) => reference.reshape(x, to),
  };
}

function viewing(from: number[], to: number[], result = to): OpCase {
  return reshaped(`[${from}] to [${to}]`, from, result, (x) => view(x.contiguous(), to));
}

function splitting(shape: number[], size: number | number[], dim: number, sizes: number[]): OpCase {
  return {
    name: `[${shape}] into [${size}] along ${dim}`,
    inputs: [random(...shape)],
    call: (x) => split(x, size, dim),
    reference: (x) => shapes.split(x, dim, sizes),
  };
}

function chunking(shape: number[], chunks: number, dim: number, sizes: number[]): OpCase {
  return {
    name: `[${shape}] into ${chunks} along ${dim}`,
    inputs: [random(...shape)],
    call: (x) => chunk(x, chunks, dim),
    reference: (x) => shapes.split(x, dim, sizes),
  };
}

function narrowing(shape: number[], dim: number, start: number, length: number): OpCase {
  const first = start < 0 ? start + shape.at(dim)! : start;
  return {
    name: `[${shape}] dim ${dim} from ${start}, ${length}`,
    inputs: [random(...shape)],
    call: (x) => narrow(x, dim, start, length),
    reference: (x) => reference.take(x, dim, reference.positions(first + length, first, Infinity)),
  };
}

function unbinding(shape: number[], dim: number): OpCase {
  const axis = dim < 0 ? dim + shape.length : dim;
  return {
    name: `[${shape}] along ${dim}`,
    inputs: [random(...shape)],
    call: (x) => unbind(x, dim),
    reference: (x) =>
      shapes.split(x, axis, new Array<number>(shape[axis]!).fill(1))
        .map((part) => reference.reshape(part, shape.toSpliced(axis, 1))),
  };
}

function diagonals(
  shape: number[],
  offset: number,
  length: number,
  dims: [number, number] = [0, 1],
): OpCase {
  const axes = dims.map((dim) => dim < 0 ? dim + shape.length : dim) as [number, number];
  return {
    name: `[${shape}] at ${offset} of ${dims}`,
    inputs: [random(...shape)],
    call: (x) => diagonal(x, { offset, dim1: dims[0], dim2: dims[1] }),
    reference: (x) => shapes.diagonal(x, offset, axes, length),
  };
}

function broadcasting(from: number[], to: number[], result = to): OpCase {
  return {
    name: `[${from}] to [${to}]`,
    inputs: [random(...from)],
    call: (x) => broadcastTo(x, to),
    reference: (x) => reference.expand(x, result),
  };
}

export const VIEW_CASES = {
  view: [
    viewing([2, 3], [3, 2]),
    viewing([2, 3, 4], [-1, 4], [6, 4]),
    viewing([6], [1, 2, 1, 3]),
    viewing([], [1, 1]),
    viewing([1, 1], []),
    viewing([0, 3], [3, 0]),
    {
      name: "of a stepped slice",
      inputs: [random(4, 6)],
      call: (x) => view(x.contiguous().slice(1, 0, 6, 2), [2, 2, 3, 1]),
      reference: (x) => reference.reshape(reference.take(x, 1, [0, 2, 4]), [2, 2, 3, 1]),
    },
    {
      name: "of no elements that lie otherwise",
      inputs: [random(2, 3)],
      call: (x) => view(x.mT.slice(0, 0, 0), [0, 5]),
      reference: () => ({ shape: [0, 5], data: [] }),
    },
  ],
  unflatten: [
    reshaped("in front", [6, 2], [2, 3, 2], (x) => unflatten(x, 0, [2, 3])),
    reshaped("at the end", [2, 6], [2, 3, 2], (x) => unflatten(x, -1, [3, -1])),
    reshaped("into one", [2, 6], [2, 6], (x) => unflatten(x, 1, [6])),
    reshaped("into three", [8], [2, 2, 2], (x) => unflatten(x, 0, [2, -1, 2])),
    reshaped("of an empty one", [0, 4], [0, 2, 2], (x) => unflatten(x, 1, [2, 2])),
  ],
  mT: [
    ...[[2, 3], [4, 2, 3], [1, 1], [0, 2]].map((shape): OpCase => ({
      name: `of [${shape}]`,
      inputs: [random(...shape)],
      call: (x) => mT(x),
      reference: (x) => reference.permute(x, shape.length === 2 ? [1, 0] : [0, 2, 1]),
    })),
  ],
  broadcastTo: [
    broadcasting([3, 1], [3, 4]),
    broadcasting([3], [2, 3]),
    broadcasting([], [2, 2]),
    broadcasting([2, 1], [4, -1, 3], [4, 2, 3]),
    broadcasting([1, 3], [0, 3]),
  ],
  narrow: [
    narrowing([5], 0, 1, 3),
    narrowing([5], 0, -2, 2),
    narrowing([5], 0, 5, 0),
    narrowing([4, 6], 1, 2, 3),
    narrowing([4, 6], -2, 0, 4),
    narrowing([0, 2], 0, 0, 0),
  ],
  split: [
    splitting([6], 2, 0, [2, 2, 2]),
    splitting([7], 3, 0, [3, 3, 1]),
    splitting([2, 5], 2, 1, [2, 2, 1]),
    splitting([2, 5], 9, -1, [5]),
    splitting([2, 5], [1, 0, 4], 1, [1, 0, 4]),
    splitting([0, 2], 3, 0, [0]),
    splitting([0, 2], 0, 0, [0]),
    splitting([0], [], 0, []),
  ],
  chunk: [
    chunking([6], 3, 0, [2, 2, 2]),
    chunking([7], 3, 0, [3, 3, 1]),
    chunking([5], 4, 0, [2, 2, 1]),
    chunking([2, 5], 2, -1, [3, 2]),
    chunking([2, 5], 9, 1, [1, 1, 1, 1, 1]),
    chunking([0, 2], 3, 0, [0, 0, 0]),
  ],
  unbind: [
    unbinding([3], 0),
    unbinding([2, 3, 4], 0),
    unbinding([2, 3, 4], 1),
    unbinding([2, 3], -1),
    unbinding([1, 2], 0),
    unbinding([0, 2], 0),
    unbinding([2, 0], 0),
  ],
  diagonal: [
    {
      name: "by position",
      inputs: [random(3, 4)],
      call: (x) => [diagonal(x, 1), diagonal(x, -1)],
      reference: (x) => [shapes.diagonal(x, 1, [0, 1], 3), shapes.diagonal(x, -1, [0, 1], 2)],
    },
    diagonals([3, 3], 0, 3),
    diagonals([3, 4], 0, 3),
    diagonals([4, 3], 0, 3),
    diagonals([3, 4], 1, 3),
    diagonals([3, 4], 2, 2),
    diagonals([3, 4], -1, 2),
    diagonals([5, 2], -2, 2),
    diagonals([3, 4], 4, 0),
    diagonals([3, 4], -3, 0),
    diagonals([3, 4], 9, 0),
    diagonals([1, 1], 0, 1),
    diagonals([0, 3], 0, 0),
    diagonals([2, 3, 4], 0, 2),
    diagonals([2, 3, 4], 1, 3, [-2, -1]),
    diagonals([3, 2, 4], -1, 3, [2, 0]),
  ],
} as const satisfies Record<string, readonly OpCase[]>;
