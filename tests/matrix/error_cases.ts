/** Calls of structural ops that must fail, with the class of the error and parts of its message. */

import {
  argmax,
  argmin,
  at,
  cat,
  clamp,
  clone,
  contiguous,
  DTypeError,
  expand,
  flatten,
  gather,
  indexSelect,
  logSoftmax,
  logsumexp,
  matmul,
  max,
  mean,
  min,
  oneHot,
  pad,
  permute,
  reshape,
  scatterAdd,
  ShapeError,
  slice,
  softmax,
  squeeze,
  stack,
  sum,
  type Tensor,
  tensor,
  transpose,
  unsqueeze,
  where,
  zeros,
} from "../../mod.ts";
import type { Name } from "../op_cases.ts";
import type { ErrorCase } from "./cases.ts";

const scalar = tensor(1);
const vector = tensor([1, 2, 3]);
const matrix = zeros([2, 3]);
const index = tensor([0, 1], { dtype: "int32" });
const bools = tensor([true, false, true]);
const empty = zeros([2, 0]);

function bad(
  name: string,
  error: ErrorCase["error"],
  call: () => unknown,
  ...message: string[]
): ErrorCase {
  return { name, error, call, message };
}

/** What is refused as an input: something else than a tensor. */
function notTensor(call: (x: Tensor) => unknown): ErrorCase {
  const refused = { shape: [2, 3] } as unknown as Tensor;
  return bad("not a tensor", TypeError, () => call(refused), "must be a tensor");
}

/** Dimensions that a tensor of two does not have. */
function badDims(call: (x: Tensor, dim: number) => unknown): ErrorCase[] {
  return [
    ...[2, -3, 0.5, NaN].map((dim) =>
      bad(`dim ${dim}`, RangeError, () => call(matrix, dim), "-2 to 1", `got ${dim}`)
    ),
    bad("dim of a scalar", RangeError, () => call(scalar, 1), "dim"),
    notTensor((x) => call(x, 0)),
  ];
}

function emptyReductions(call: (x: Tensor, dim?: number) => unknown): ErrorCase[] {
  return [
    bad("nothing at all", RangeError, () => call(zeros([0])), "empty", "[0]"),
    bad("an empty dimension", RangeError, () => call(empty, 1), "empty", "[2, 0]"),
    bad("all of an empty one", RangeError, () => call(empty), "empty", "[2, 0]"),
    ...badDims(call),
  ];
}

/** What is refused as positions. */
function badPositions(call: (x: Tensor, positions: Tensor) => unknown): ErrorCase[] {
  const given = (...list: number[]) => tensor(list, { dtype: "int32" });
  return [
    bad("position 3 of 3", RangeError, () => call(vector, given(0, 3)), "index 3", "out of range"),
    bad("position -1", RangeError, () => call(vector, given(-1)), "index -1", "out of range"),
    bad("float32 positions", DTypeError, () => call(vector, tensor([1])), "int32", "float32"),
    bad("bool positions", DTypeError, () => call(vector, bools), "int32", "bool"),
    bad("no positions", TypeError, () => call(vector, [0] as unknown as Tensor), "tensor"),
    notTensor((x) => call(x, index)),
  ];
}

/** The cases; every structural op has one. */
export const ERROR_CASES: Readonly<Record<Name, readonly ErrorCase[]>> = {
  reshape: [
    notTensor((x) => reshape(x, [6])),
    bad("another number of elements", ShapeError, () => reshape(matrix, [4]), "[4]", "got 6"),
    bad("no number that fits -1", ShapeError, () => reshape(matrix, [4, -1]), "[4, -1]", "6"),
    bad("two times -1", ShapeError, () => reshape(matrix, [-1, -1])),
    bad("-1 beside 0", ShapeError, () => reshape(zeros([0]), [0, -1]), "[0, -1]"),
    bad("a negative extent", ShapeError, () => reshape(matrix, [-2, -3]), "non-negative"),
    bad("a fraction", ShapeError, () => reshape(matrix, [1.5, 4]), "integer"),
    bad("NaN", ShapeError, () => reshape(matrix, [NaN]), "integer"),
    bad("nine dimensions", ShapeError, () => reshape(scalar, new Array(9).fill(1)), "8"),
  ],
  permute: [
    notTensor((x) => permute(x, [1, 0])),
    bad("too few dims", ShapeError, () => permute(matrix, [0]), "2", "[0]"),
    bad("too many dims", ShapeError, () => permute(matrix, [0, 1, 0]), "[0, 1, 0]"),
    bad("a dim twice", ShapeError, () => permute(matrix, [0, -2]), "[0, -2]"),
    bad("dim 2", RangeError, () => permute(matrix, [0, 2]), "-2 to 1", "got 2"),
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
    bad("-1 for a new dimension", ShapeError, () => expand(matrix, [-1, 2, 3]), "non-negative"),
    bad("a fraction", ShapeError, () => expand(scalar, [1.5]), "integer"),
    bad("too many elements", ShapeError, () => expand(scalar, [65536, 65536]), "2^31"),
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
    ...badDims((x, dim) => flatten(x, dim)).filter(({ name }) => name !== "dim of a scalar"),
    bad("end before start", RangeError, () => flatten(matrix, 1, 0), "startDim 1", "endDim 0"),
  ],
  slice: [
    ...badDims((x, dim) => slice(x, dim)),
    bad("step 0", RangeError, () => slice(vector, 0, 0, 3, 0), "step"),
    bad("step -1", RangeError, () => slice(vector, 0, 0, 3, -1), "step"),
    bad("a fraction", RangeError, () => slice(vector, 0, 0.5), "integers"),
    bad("NaN", RangeError, () => slice(vector, 0, 0, NaN), "integers"),
  ],
  pad: [
    notTensor((x) => pad(x, [1, 1])),
    bad("half a pair", ShapeError, () => pad(vector, [1]), "pairs", "[1]"),
    bad("too many pairs", ShapeError, () => pad(vector, [1, 1, 1, 1]), "at most 1"),
    bad("a fraction", ShapeError, () => pad(vector, [0.5, 0]), "integers"),
    bad("less than nothing", ShapeError, () => pad(vector, [-2, -2]), "non-negative"),
  ],
  cat: [
    notTensor((x) => cat([vector, x])),
    bad("nothing", RangeError, () => cat([]), "no tensors"),
    bad("other extents", ShapeError, () => cat([matrix, zeros([2, 4])]), "[2, 3]", "[2, 4]"),
    bad("other ranks", ShapeError, () => cat([matrix, vector]), "[2, 3]", "[3]"),
    bad("dim 2", RangeError, () => cat([matrix, matrix], 2), "-2 to 1"),
    bad("scalars", RangeError, () => cat([scalar, scalar]), "dim"),
  ],
  stack: [
    notTensor((x) => stack([vector, x])),
    bad("nothing", RangeError, () => stack([]), "no tensors"),
    bad("other shapes", ShapeError, () => stack([matrix, vector]), "[2, 3]", "[3]"),
    bad("shapes that broadcast", ShapeError, () => stack([vector, zeros([1])]), "[3]", "[1]"),
    bad("dim 3", RangeError, () => stack([matrix, matrix], 3), "got 3"),
  ],
  clone: [notTensor(clone)],
  contiguous: [notTensor(contiguous)],
  sum: [
    ...badDims((x, dim) => sum(x, dim)),
    bad("a dim twice", RangeError, () => sum(matrix, [0, -2]), "twice"),
    bad("one bad dim of two", RangeError, () => sum(matrix, [0, 2]), "got 2"),
  ],
  mean: [
    ...badDims((x, dim) => mean(x, dim)),
    bad("int32", DTypeError, () => mean(index), "int32", "float32"),
    bad("bool", DTypeError, () => mean(bools), "bool"),
    bad("a dim twice", RangeError, () => mean(matrix, [1, 1]), "twice"),
  ],
  max: emptyReductions((x, dim) => dim === undefined ? max(x) : max(x, dim)),
  min: emptyReductions((x, dim) => dim === undefined ? min(x) : min(x, dim)),
  argmax: emptyReductions(argmax),
  argmin: emptyReductions(argmin),
  logsumexp: [
    ...badDims((x, dim) => logsumexp(x, dim)),
    bad("a dim twice", RangeError, () => logsumexp(matrix, [1, 1]), "twice"),
  ],
  softmax: [...badDims(softmax)],
  logSoftmax: [...badDims(logSoftmax)],
  clamp: [
    notTensor((x) => clamp(x, 0, 1)),
    bad("no bounds", TypeError, () => clamp(vector, null, null), "at least one"),
    bad("bool", DTypeError, () => clamp(bools, 0, 1), "bool"),
    bad("a bound of another shape", ShapeError, () => clamp(vector, zeros([2])), "[3]", "[2]"),
  ],
  gather: [
    ...badPositions((x, positions) => gather(x, 0, positions)),
    ...badDims((x, dim) => gather(x, dim, tensor([[0]], { dtype: "int32" }))),
    bad("another rank", ShapeError, () => gather(matrix, 0, index), "[2]", "[2, 3]"),
    bad(
      "more beside dim",
      ShapeError,
      () => gather(matrix, 0, zeros([2, 4], { dtype: "int32" })),
      "[2, 4]",
    ),
  ],
  scatterAdd: [
    ...badPositions((x, positions) => scatterAdd(x, 0, positions, zeros(positions.shape ?? [1]))),
    bad("another source", ShapeError, () => scatterAdd(vector, 0, index, vector), "[2]", "[3]"),
    bad("another rank", ShapeError, () => scatterAdd(matrix, 0, index, zeros([2])), "[2, 3]"),
    bad("another type", DTypeError, () => scatterAdd(vector, 0, index, index), "float32", "int32"),
    bad("bool", DTypeError, () => scatterAdd(bools, 0, index, bools.slice(0, 0, 2)), "bool"),
    bad("dim 1", RangeError, () => scatterAdd(vector, 1, index, zeros([2])), "got 1"),
    notTensor((x) => scatterAdd(vector, 0, index, x)),
  ],
  indexSelect: [
    ...badPositions((x, positions) => indexSelect(x, 0, positions)),
    ...badDims((x, dim) => indexSelect(x, dim, tensor([0], { dtype: "int32" }))),
    bad(
      "a matrix of positions",
      ShapeError,
      () => indexSelect(vector, 0, zeros([1, 1], { dtype: "int32" })),
      "[1, 1]",
    ),
  ],
  oneHot: [
    notTensor((x) => oneHot(x, 2)),
    bad("a label too large", RangeError, () => oneHot(index, 1), "index 1", "extent 1"),
    bad("a negative label", RangeError, () => oneHot(tensor([-1], { dtype: "int32" })), "oneHot"),
    bad("float32 labels", DTypeError, () => oneHot(vector, 4), "int32", "float32"),
    bad("a fraction of classes", RangeError, () => oneHot(index, 2.5), "2.5"),
    bad("a negative number of classes", RangeError, () => oneHot(index, -1), "-1"),
  ],
  at: [
    notTensor((x) => at(x, [0])),
    bad("position 2 of 2", RangeError, () => at(matrix, [2]), "index 2", "[2, 3]"),
    bad("position -3 of 2", RangeError, () => at(matrix, [-3]), "index -3"),
    bad("a fraction", RangeError, () => at(matrix, [0.5]), "index 0.5"),
    bad("too many parts", ShapeError, () => at(matrix, [0, 0, 0]), "[2, 3]"),
    bad("two ...", ShapeError, () => at(matrix, ["...", "..."]), "..."),
    bad("a scalar's element", ShapeError, () => at(scalar, [0]), "[]"),
    bad("step 0", RangeError, () => at(vector, [[0, 2, 0]]), "step"),
    bad("float32 positions", DTypeError, () => at(vector, [tensor([0])]), "int32", "float32"),
    bad("positions too large", RangeError, () => at(vector, [index.add(2)]), "index 3"),
    bad("positions too small", RangeError, () => at(vector, [index.sub(4)]), "out of range"),
    bad("a mask of another length", ShapeError, () => at(matrix, [bools]), "[3]", "[2, 3]"),
    bad(
      "a mask of more dimensions",
      ShapeError,
      () => at(bools, [zeros([3, 1], { dtype: "bool" })]),
    ),
    bad(
      "positions that do not broadcast",
      ShapeError,
      () => at(matrix, [index, zeros([3], { dtype: "int32" })]),
      "[2]",
      "[3]",
    ),
  ],
  where: [
    notTensor((x) => where(x, 1, 0)),
    notTensor((x) => where(bools, x, 0)),
    notTensor((x) => where(bools, 0, x)),
    bad("a float32 condition", DTypeError, () => where(vector, 1, 0), "bool", "float32"),
    bad("other shapes", ShapeError, () => where(bools, zeros([2]), 0), "[3]", "[2]"),
    bad("sides of other shapes", ShapeError, () => where(bools, vector, zeros([2])), "[3]", "[2]"),
  ],
  matmul: [
    notTensor((x) => matmul(x, matrix)),
    notTensor((x) => matmul(matrix, x)),
    bad(
      "other inner extents",
      ShapeError,
      () => matmul(matrix, zeros([4, 5])),
      "a.shape[-1] == b.shape[-2]",
      "[2, 3]",
      "[4, 5]",
    ),
    bad("vectors of other lengths", ShapeError, () => matmul(vector, zeros([2])), "[3]", "[2]"),
    bad("a scalar", ShapeError, () => matmul(scalar, vector), "[]", "[3]"),
    bad(
      "batches that do not broadcast",
      ShapeError,
      () => matmul(zeros([2, 1, 3]), zeros([3, 3, 1])),
      "[2]",
      "[3]",
    ),
    bad("bool", DTypeError, () => matmul(bools, bools), "bool"),
  ],
};
