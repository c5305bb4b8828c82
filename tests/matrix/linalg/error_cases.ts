/** Calls that must fail of products and factors of matrices. */

import {
  bmm,
  dot,
  DTypeError,
  einsum,
  eye,
  matmul,
  outer,
  ShapeError,
  zeros,
} from "../../../mod.ts";
import { bad, bools, matrix, notTensor, scalar, untyped, vector, wide } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

export const LINALG_ERRORS = {
  dot: [
    notTensor((x) => dot(x, vector)),
    notTensor((x) => dot(vector, x)),
    bad("other lengths", ShapeError, () => dot(vector, zeros([2])), "[3]", "[2]"),
    bad("a matrix", ShapeError, () => dot(matrix, vector), "vectors", "[2, 3]"),
    bad("bool", DTypeError, () => dot(bools, bools), "bool"),
  ],
  outer: [
    notTensor((x) => outer(x, vector)),
    notTensor((x) => outer(vector, x)),
    bad("a matrix", ShapeError, () => outer(vector, matrix), "vectors", "[2, 3]"),
    bad("bool", DTypeError, () => outer(bools, bools), "bool"),
    bad("2^32 elements", ShapeError, () => outer(wide(65536), wide(65536)), "2^31"),
  ],
  bmm: [
    notTensor((x) => bmm(x, x)),
    bad("matrices", ShapeError, () => bmm(matrix, matrix.mT), "[b, n, k]", "[2, 3]"),
    bad("other batches", ShapeError, () => bmm(zeros([1, 2, 3]), zeros([2, 3, 2])), "[1, 2, 3]"),
    bad("other inner extents", ShapeError, () => bmm(zeros([1, 2, 3]), zeros([1, 2, 3]))),
    bad(
      "bool",
      DTypeError,
      () => bmm(bools.reshape([3, 1, 1]), bools.reshape([3, 1, 1])),
      "bool",
    ),
  ],
  einsum: [
    notTensor((x) => einsum("i", x)),
    bad("no equation", TypeError, () => einsum(vector as unknown as string, vector), "a string"),
    bad("another character", RangeError, () => einsum("i1", matrix), '"i1"', "letters"),
    bad("two dots", RangeError, () => einsum("..i", matrix), '"..i"'),
    bad("two arrows", RangeError, () => einsum("i->i->i", vector), '"i->i->i"'),
    bad("too few tensors", RangeError, () => einsum("i,i", vector), "2 terms", "got 1"),
    bad("no tensors", RangeError, () => einsum(""), "got 0"),
    bad("too few letters", ShapeError, () => einsum("i", matrix), '"i"', "[2, 3]"),
    bad("too many letters", ShapeError, () => einsum("...ij", vector), '"...ij"', "[3]"),
    bad("a new output", RangeError, () => einsum("i->j", vector), '"j", which no tensor has'),
    bad("an output twice", RangeError, () => einsum("i->ii", vector), '"i" twice'),
    bad(
      "other extents",
      ShapeError,
      () => einsum("ij,jk", matrix, zeros([4, 2])),
      '"j" must have one extent, got 3',
      "[4, 2], 4",
    ),
    bad("no square", ShapeError, () => einsum("ii", matrix), '"i" must', "2 and 3", "[2, 3]"),
    bad("bool", DTypeError, () => einsum("i,i", bools, bools), "bool"),
    bad(
      "a product of ten dimensions",
      ShapeError,
      () => einsum("abcde,fghij", zeros([1, 1, 1, 1, 1]), zeros([1, 1, 1, 1, 1])),
      "over 8",
    ),
    bad("2^32 elements", ShapeError, () => einsum("i,j->ij", wide(65536), wide(65536)), "2^31"),
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
    bad(
      "2^32 elements",
      ShapeError,
      () => matmul(wide(65536, 1), wide(1, 65536)),
      "[65536, 65536]",
    ),
    bad(
      "2^32 sums of nothing",
      ShapeError,
      () => matmul(zeros([65536, 0]), zeros([0, 65536])),
      "2^31",
    ),
  ],
  "linalg.cholesky": [
    bad(
      "upper by position",
      TypeError,
      () => untyped.linalg.cholesky(eye(2), true),
      "{ upper: true }",
    ),
  ],
  "linalg.solve": [
    bad(
      "left by position",
      TypeError,
      () => untyped.linalg.solve(eye(2), eye(2), false),
      "{ left: false }",
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
