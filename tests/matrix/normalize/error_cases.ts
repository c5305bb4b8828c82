/** Calls that must fail of normalisations. */

import {
  DTypeError,
  layerNorm,
  logSoftmax,
  logsumexp,
  ShapeError,
  softmax,
  zeros,
} from "../../../mod.ts";
import {
  bad,
  badDims,
  index,
  matrix,
  notTensor,
  untyped,
  untypedMatrix,
  vector,
} from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

export const NORMALIZE_ERRORS = {
  logsumexp: [
    ...badDims((x, dim) => logsumexp(x, dim)),
    bad("a dim twice", RangeError, () => logsumexp(matrix, [1, 1]), "twice"),
  ],
  softmax: [
    ...badDims(softmax),
    bad("no dim", RangeError, () => untypedMatrix.softmax(), "dim must be", "got undefined"),
    bad("two dims", RangeError, () => untypedMatrix.softmax([0, 1]), "dim must be", "[ 0, 1 ]"),
  ],
  layerNorm: [
    notTensor((x) => layerNorm(x, [3])),
    notTensor((x) => layerNorm(matrix, [3], { weight: x })),
    bad("int32", DTypeError, () => layerNorm(index, [2]), "int32"),
    bad("no dimensions", ShapeError, () => layerNorm(matrix, []), "at least one", "[2, 3]"),
    bad("other extents", ShapeError, () => layerNorm(matrix, [2]), "[2]", "[2, 3]"),
    bad("too many", ShapeError, () => layerNorm(vector, [2, 3]), "[2, 3]", "[3]"),
    bad("a longer weight", ShapeError, () => layerNorm(matrix, [3], { weight: zeros([4]) }), "[4]"),
    bad("a bias of all", ShapeError, () => layerNorm(matrix, [3], { bias: matrix }), "bias", "[3]"),
    bad(
      "a weight of another type",
      DTypeError,
      () => layerNorm(matrix, [3], { weight: zeros([3], { dtype: "float64" }) }),
      "float32",
      "float64",
    ),
    bad("a negative eps", RangeError, () => layerNorm(matrix, [3], { eps: -1 }), "eps", "-1"),
    bad(
      "a number",
      TypeError,
      () => untyped.layerNorm(untypedMatrix, 3),
      "pass an array: layerNorm([3])",
    ),
    bad(
      "the weight by position",
      TypeError,
      () => untyped.layerNorm(untypedMatrix, [3], vector),
      "{ weight: tensor }",
    ),
  ],
  logSoftmax: [...badDims(logSoftmax)],
} satisfies Record<string, readonly ErrorCase[]>;
