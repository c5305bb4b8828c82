/** Calls that must fail of the ops that only move elements. */

import {
  broadcastTo,
  chunk,
  diagonal,
  flip,
  mT,
  narrow,
  repeat,
  roll,
  ShapeError,
  split,
  tile,
  tril,
  triu,
  unbind,
  unflatten,
  unfold,
  view,
  zeros,
} from "../../../mod.ts";
import { bad, badDims, empty, matrix, notTensor, SCALAR, scalar, vector } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

/** What `repeat` and `tile` refuse. */
function badRepeats(run: typeof repeat): ErrorCase[] {
  return [
    notTensor((x) => run(x, [1, 1])),
    bad("a negative count", ShapeError, () => run(vector, [-1]), "non-negative", "[-1]"),
    bad("a fraction", ShapeError, () => run(vector, [1.5]), "integers", "[1.5]"),
    bad("too many elements", ShapeError, () => run(vector, [65536, 65536]), "2^31"),
    bad("nine dimensions", ShapeError, () => run(scalar, new Array(9).fill(1)), "8"),
  ];
}

/** What `tril` and `triu` refuse. */
function badTriangles(run: typeof tril): ErrorCase[] {
  return [
    notTensor((x) => run(x)),
    bad("a vector", ShapeError, () => run(vector), "two dimensions", "[3]"),
    bad("a fraction", RangeError, () => run(matrix, { diagonal: 0.5 }), "integer", "0.5"),
  ];
}

/** The cases. */
export const SHAPE_ERRORS = {
  view: [
    notTensor((x) => view(x, [6])),
    bad("another number of elements", ShapeError, () => view(matrix, [4]), "[4]", "got 6"),
    bad("what needs a copy", ShapeError, () => view(matrix.mT, [6]), "[3, 2]", "[6]", "reshape"),
    bad("two times -1", ShapeError, () => view(matrix, [-1, -1]), "only one", "[-1, -1]"),
  ],
  unflatten: [
    ...badDims((x, dim) => unflatten(x, dim, [1, -1])),
    bad("another product", ShapeError, () => unflatten(matrix, 1, [2, 2]), "[2, 2]", "got 3"),
    bad("no number that fits -1", ShapeError, () => unflatten(matrix, 1, [2, -1]), "[2, -1]"),
  ],
  mT: [
    notTensor(mT),
    bad("a vector", ShapeError, () => mT(vector), "two dimensions", "[3]"),
  ],
  broadcastTo: [
    notTensor((x) => broadcastTo(x, [2, 3])),
    bad("another extent", ShapeError, () => broadcastTo(matrix, [4, 3]), "[2, 3]", "[4, 3]"),
    bad("fewer dimensions", ShapeError, () => broadcastTo(matrix, [3]), "[2, 3]", "[3]"),
    bad("a fraction", ShapeError, () => broadcastTo(scalar, [1.5]), "integer"),
  ],
  narrow: [
    ...badDims((x, dim) => narrow(x, dim, 0, 1)),
    bad("past the end", RangeError, () => narrow(vector, 0, 2, 2), "start 2", "length 2", "[3]"),
    bad("before the front", RangeError, () => narrow(vector, 0, -4, 1), "start -4"),
    bad("a negative length", RangeError, () => narrow(vector, 0, 1, -1), "length -1"),
    bad("a fraction", RangeError, () => narrow(vector, 0, 0.5, 1), "start 0.5"),
  ],
  split: [
    ...badDims((x, dim) => split(x, 1, dim)),
    bad("size 0", RangeError, () => split(vector, 0), "positive", "got 0"),
    bad("a negative size", RangeError, () => split(vector, -1), "got -1"),
    bad("a fraction", RangeError, () => split(vector, 1.5), "got 1.5"),
    bad("another sum", ShapeError, () => split(vector, [1, 1]), "sum 3", "[1, 1]"),
    bad("a negative extent", ShapeError, () => split(vector, [4, -1]), "[4, -1]"),
  ],
  chunk: [
    ...badDims((x, dim) => chunk(x, 2, dim)),
    bad("no chunks", RangeError, () => chunk(vector, 0), "positive", "got 0"),
    bad("a fraction", RangeError, () => chunk(vector, 1.5), "got 1.5"),
  ],
  unbind: [...badDims((x, dim) => unbind(x, dim))],
  diagonal: [
    ...badDims((x, dim) => diagonal(x, { dim1: dim })).filter((one) => one.name !== SCALAR),
    bad("a vector", ShapeError, () => diagonal(vector), "two dimensions", "[3]"),
    bad("a dim twice", RangeError, () => diagonal(matrix, { dim1: -1, dim2: 1 }), "differ"),
    bad("a fraction", RangeError, () => diagonal(matrix, { offset: 0.5 }), "integer", "0.5"),
  ],
  repeat: [
    ...badRepeats(repeat),
    bad("too few counts", ShapeError, () => repeat(matrix, [2]), "at least 2", "[2]"),
  ],
  tile: badRepeats(tile),
  roll: [
    ...badDims((x, dim) => roll(x, 1, dim)),
    bad("more shifts than dims", RangeError, () => roll(matrix, [1, 2], [0]), "[1, 2]", "[0]"),
    bad("shifts without dims", RangeError, () => roll(matrix, [1, 2]), "2 shifts"),
    bad("no dims", RangeError, () => roll(matrix, [], []), "[]"),
    bad("a fraction", RangeError, () => roll(vector, 0.5), "integers", "[0.5]"),
  ],
  flip: [
    ...badDims((x, dim) => flip(x, dim)),
    bad("a dim twice", RangeError, () => flip(matrix, [1, -1]), "twice"),
  ],
  unfold: [
    ...badDims((x, dim) => unfold(x, dim, 1, 1)),
    bad("size 4 of 3", RangeError, () => unfold(vector, 0, 4, 1), "0 to 3", "got 4"),
    bad("a negative size", RangeError, () => unfold(vector, 0, -1, 1), "got -1"),
    bad("step 0", RangeError, () => unfold(vector, 0, 2, 0), "step", "got 0"),
    bad("size 1 of nothing", RangeError, () => unfold(empty, 1, 1, 1), "0 to 0"),
    bad("nine dimensions", ShapeError, () => unfold(zeros(new Array(8).fill(1)), 0, 1, 1), "8"),
  ],
  tril: badTriangles(tril),
  triu: badTriangles(triu),
} satisfies Record<string, readonly ErrorCase[]>;
