/** Calls that must fail of the ops that reshape or reorder elements. */

import {
  broadcastTo,
  cat,
  chunk,
  contiguous,
  diagonal,
  DTypeError,
  expand,
  flatten,
  flip,
  mT,
  narrow,
  pad,
  permute,
  repeat,
  reshape,
  roll,
  ShapeError,
  slice,
  split,
  squeeze,
  stack,
  tile,
  transpose,
  tril,
  triu,
  unbind,
  unflatten,
  unfold,
  unsqueeze,
  view,
  zeros,
} from "../../../mod.ts";
import {
  bad,
  badDims,
  empty,
  HALF,
  index,
  matrix,
  MOST,
  notTensor,
  SCALAR,
  scalar,
  untyped,
  untypedMatrix,
  vector,
  wide,
} from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

/** Calls that `repeat` and `tile` refuse. */
function badRepeats(run: typeof repeat): ErrorCase[] {
  return [
    notTensor((x) => run(x, [1, 1])),
    bad("a negative count", ShapeError, () => run(vector, [-1]), "non-negative", "[-1]"),
    bad("a fraction", ShapeError, () => run(vector, [1.5]), "integers", "[1.5]"),
    bad("too many elements", ShapeError, () => run(vector, [65536, 65536]), "2^31"),
    bad("nine dimensions", ShapeError, () => run(scalar, new Array(9).fill(1)), "8"),
  ];
}

/** Calls that `tril` and `triu` refuse. */
function badTriangles(run: typeof tril): ErrorCase[] {
  return [
    notTensor((x) => run(x)),
    bad("a vector", ShapeError, () => run(vector), "two dimensions", "[3]"),
    bad("a fraction", RangeError, () => run(matrix, { diagonal: 0.5 }), "integer", "0.5"),
  ];
}

/** A list spread out, as method and as function. */
function spread(name: string, ...list: readonly number[]): ErrorCase[] {
  const form = (entries: string) => `pass an array: ${name}([${entries}])`;
  return [
    bad(
      "its list spread out, as a method",
      TypeError,
      () => untypedMatrix[name](...list),
      form(list.join(", ")),
    ),
    bad(
      "its list spread out",
      TypeError,
      () => untyped[name](untypedMatrix, ...list),
      form(`${list[0]}, …`),
    ),
  ];
}

export const SHAPE_ERRORS = {
  reshape: [
    notTensor((x) => reshape(x, [6])),
    bad("another number of elements", ShapeError, () => reshape(matrix, [4]), "[4]", "got 6"),
    bad("no number that fits -1", ShapeError, () => reshape(matrix, [4, -1]), "[4, -1]", "6"),
    bad("two times -1", ShapeError, () => reshape(matrix, [-1, -1]), "only one", "[-1, -1]"),
    bad("-1 beside 0", ShapeError, () => reshape(zeros([0]), [0, -1]), "[0, -1]"),
    bad("a negative extent", ShapeError, () => reshape(matrix, [-2, -3]), "non-negative"),
    bad("a fraction", ShapeError, () => reshape(matrix, [1.5, 4]), "integer"),
    bad("NaN", ShapeError, () => reshape(matrix, [NaN]), "integer"),
    bad("nine dimensions", ShapeError, () => reshape(scalar, new Array(9).fill(1)), "8"),
    bad("nine with -1", ShapeError, () => reshape(scalar, [-1, ...new Array(8).fill(1)]), "8"),
    bad("2^31 beside 0", ShapeError, () => reshape(zeros([0]), [2 ** 31, 0]), "[2147483648, 0]"),
    bad("strides of 2^32", ShapeError, () => reshape(zeros([0]), [0, 65536, 65536]), "strides"),
    ...spread("reshape", 3, 2),
    bad("a number", TypeError, () => untypedMatrix.reshape(6), "pass an array: reshape([6])"),
  ],
  permute: [
    notTensor((x) => permute(x, [1, 0])),
    bad("too few dims", ShapeError, () => permute(matrix, [0]), "2", "[0]"),
    bad("too many dims", ShapeError, () => permute(matrix, [0, 1, 0]), "[0, 1, 0]"),
    bad("a dim twice", ShapeError, () => permute(matrix, [0, -2]), "[0, -2]"),
    bad("dim 2", RangeError, () => permute(matrix, [0, 2]), "-2 to 1", "got 2"),
    ...spread("permute", 1, 0),
  ],
  transpose: [
    ...badDims((x, dim) => transpose(x, 0, dim)),
    ...badDims((x, dim) => transpose(x, dim, 0)),
  ],
  expand: [
    notTensor((x) => expand(x, [2, 3])),
    bad("another extent", ShapeError, () => expand(matrix, [4, 3]), "[2, 3]", "[4, 3]"),
    bad("fewer dimensions", ShapeError, () => expand(matrix, [3]), "[2, 3]", "[3]"),
    bad("extent 1 for more", ShapeError, () => expand(matrix, [1, 3]), "[2, 3]", "[1, 3]"),
    bad("-1 for a new dimension", ShapeError, () => expand(matrix, [-1, 2, 3]), "[-1, 2, 3]"),
    bad("a fraction", ShapeError, () => expand(scalar, [1.5]), "integer"),
    bad("too many elements", ShapeError, () => expand(scalar, [65536, 65536]), "2^31"),
    bad("2^31 beside 0", ShapeError, () => expand(zeros([1, 0]), [2 ** 31, 0]), "2^31"),
    bad("strides of 2^32", ShapeError, () => expand(zeros([0, 1, 1]), [0, 65536, 65536]), "2^31"),
    ...spread("expand", 2, 3),
  ],
  unsqueeze: [
    notTensor((x) => unsqueeze(x, 0)),
    bad("dim 3", RangeError, () => unsqueeze(matrix, 3), "-3 to 2", "got 3"),
    bad("dim -4", RangeError, () => unsqueeze(matrix, -4), "got -4"),
    bad("a fraction", RangeError, () => unsqueeze(matrix, 0.5), "got 0.5"),
    bad("nine dimensions", ShapeError, () => unsqueeze(zeros(new Array(8).fill(1)), 0), "8"),
  ],
  squeeze: [...badDims(squeeze)],
  flatten: [
    ...badDims((x, dim) => flatten(x, dim)).filter(({ name }) => name !== SCALAR),
    bad("dim 1 of a scalar", RangeError, () => flatten(scalar, 1), "startDim", "-1 to 0"),
    bad("end before start", RangeError, () => flatten(matrix, 1, 0), "startDim 1", "endDim 0"),
  ],
  slice: [
    ...badDims((x, dim) => slice(x, dim)),
    bad("step 0", RangeError, () => slice(vector, 0, 0, 3, 0), "step"),
    bad("step -1", RangeError, () => slice(vector, 0, 0, 3, -1), "step"),
    bad("a fraction", RangeError, () => slice(vector, 0, 0.5), "integers"),
    bad("NaN", RangeError, () => slice(vector, 0, 0, NaN), "integers"),
    bad("an object", RangeError, () => untypedMatrix.slice(0, { start: 1 }), "{ start: 1 }"),
  ],
  pad: [
    notTensor((x) => pad(x, [1, 1])),
    bad("half a pair", ShapeError, () => pad(vector, [1]), "pairs", "[1]"),
    bad("too many pairs", ShapeError, () => pad(vector, [1, 1, 1, 1]), "at most 1"),
    bad("a fraction", ShapeError, () => pad(vector, [0.5, 0]), "integers"),
    bad("less than nothing", ShapeError, () => pad(vector, [-2, -2]), "non-negative", "[-2, -2]"),
    bad("over 2^31 elements", ShapeError, () => pad(vector, [HALF, HALF]), "2^31"),
    bad("the value by position", TypeError, () => untypedMatrix.pad([1, 1], 5), "{ value: 5 }"),
    bad(
      "a mode",
      TypeError,
      () => untypedMatrix.pad([1, 1], { mode: "reflect" }),
      '"mode"',
      "value",
    ),
    bad(
      "a fraction for int32",
      DTypeError,
      () => index.pad([1, 1], { value: 0.5 }),
      "32-bit integer",
      "0.5",
    ),
  ],
  cat: [
    notTensor((x) => cat([vector, x])),
    bad("nothing", RangeError, () => cat([]), "got none"),
    bad("other extents", ShapeError, () => cat([matrix, zeros([2, 4])]), "[2, 3]", "[2, 4]"),
    bad("other ranks", ShapeError, () => cat([matrix, vector]), "[2, 3]", "[3]"),
    bad("dim 2", RangeError, () => cat([matrix, matrix], 2), "-2 to 1"),
    bad("scalars", RangeError, () => cat([scalar, scalar]), "dim"),
    bad("2^31 elements", ShapeError, () => cat([wide(HALF), wide(HALF)]), "2^31"),
    bad(
      "tensors spread out",
      TypeError,
      () => untyped.cat(untypedMatrix, untypedMatrix),
      "cat([a, b])",
      "[2, 3]",
    ),
  ],
  stack: [
    notTensor((x) => stack([vector, x])),
    bad("nothing", RangeError, () => stack([]), "got none"),
    bad("other shapes", ShapeError, () => stack([matrix, vector]), "[2, 3]", "[3]"),
    bad("shapes that broadcast", ShapeError, () => stack([vector, zeros([1])]), "[3]", "[1]"),
    bad("dim 3", RangeError, () => stack([matrix, matrix], 3), "got 3"),
    bad("2^31 elements", ShapeError, () => stack([wide(HALF), wide(HALF)]), "2^31"),
    bad(
      "tensors spread out",
      TypeError,
      () => untyped.stack(untypedMatrix, untypedMatrix),
      "stack([a, b])",
    ),
  ],
  contiguous: [notTensor(contiguous)],
  view: [
    notTensor((x) => view(x, [6])),
    bad("another number of elements", ShapeError, () => view(matrix, [4]), "[4]", "got 6"),
    bad("what needs a copy", ShapeError, () => view(matrix.mT, [6]), "[3, 2]", "[6]", "reshape"),
    bad("two times -1", ShapeError, () => view(matrix, [-1, -1]), "only one", "[-1, -1]"),
    ...spread("view", 3, 2),
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
    ...spread("broadcastTo", 2, 3),
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
    bad("too many parts", RangeError, () => split(wide(MOST), 1), "2147483647", "2^22"),
  ],
  chunk: [
    ...badDims((x, dim) => chunk(x, 2, dim)),
    bad("no chunks", RangeError, () => chunk(vector, 0), "positive", "got 0"),
    bad("a fraction", RangeError, () => chunk(vector, 1.5), "got 1.5"),
    bad("too many parts", RangeError, () => chunk(wide(MOST), 2 ** 40), "2147483647", "2^22"),
    bad("too many parts of nothing", RangeError, () => chunk(zeros([0]), 2 ** 31), "2^22"),
  ],
  unbind: [
    ...badDims((x, dim) => unbind(x, dim)),
    bad("too many parts", RangeError, () => unbind(wide(MOST)), "2147483647", "2^22"),
  ],
  diagonal: [
    ...badDims((x, dim) => diagonal(x, { dim1: dim })).filter((one) => one.name !== SCALAR),
    bad("a vector", ShapeError, () => diagonal(vector), "two dimensions", "[3]"),
    bad("a dim twice", RangeError, () => diagonal(matrix, { dim1: -1, dim2: 1 }), "differ"),
    bad("a fraction", RangeError, () => diagonal(matrix, { offset: 0.5 }), "integer", "0.5"),
    bad(
      "another key",
      TypeError,
      () => untypedMatrix.diagonal({ diagonal: 1 }),
      '"diagonal"',
      "offset",
    ),
  ],
  repeat: [
    ...badRepeats(repeat),
    bad("too few counts", ShapeError, () => repeat(matrix, [2]), "at least 2", "[2]"),
    bad("2^31 beside 0", ShapeError, () => repeat(zeros([1, 0]), [2 ** 31, 1]), "2^31"),
    ...spread("repeat", 2, 2),
  ],
  tile: [
    ...badRepeats(tile),
    ...spread("tile", 2, 2),
  ],
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
    ...spread("flip", 0, 1),
  ],
  unfold: [
    ...badDims((x, dim) => unfold(x, dim, 1, 1)),
    bad("size 4 of 3", RangeError, () => unfold(vector, 0, 4, 1), "0 to 3", "got 4"),
    bad("a negative size", RangeError, () => unfold(vector, 0, -1, 1), "got -1"),
    bad("step 0", RangeError, () => unfold(vector, 0, 2, 0), "step", "got 0"),
    bad("size 1 of nothing", RangeError, () => unfold(empty, 1, 1, 1), "0 to 0"),
    bad("nine dimensions", ShapeError, () => unfold(zeros(new Array(8).fill(1)), 0, 1, 1), "8"),
    bad("too many windows", ShapeError, () => unfold(wide(HALF), 0, HALF / 2, 1), "2^31"),
  ],
  tril: [
    ...badTriangles(tril),
    bad("another key", TypeError, () => untypedMatrix.tril({ offset: 1 }), '"offset"', "diagonal"),
  ],
  triu: [
    ...badTriangles(triu),
    bad("another key", TypeError, () => untypedMatrix.triu({ offset: 1 }), '"offset"', "diagonal"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
