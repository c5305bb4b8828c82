/** Calls that must fail of reductions. */

import {
  all,
  any,
  argmax,
  argmin,
  DTypeError,
  max,
  mean,
  min,
  nanmean,
  nansum,
  norm,
  prod,
  std,
  sum,
  type Tensor,
  variance,
  zeros,
} from "../../../mod.ts";
import {
  bad,
  badDims,
  bools,
  empty,
  huge,
  index,
  large,
  matrix,
  untyped,
  untypedMatrix,
  vector,
} from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

function emptyReductions(call: (x: Tensor, dim?: number) => unknown): ErrorCase[] {
  return [
    bad("nothing at all", RangeError, () => call(zeros([0])), "empty", "[0]"),
    bad("an empty dimension", RangeError, () => call(empty, 1), "empty", "[2, 0]"),
    bad("all of an empty one", RangeError, () => call(empty), "empty", "[2, 0]"),
    ...badDims(call),
  ];
}

export const REDUCE_ERRORS = {
  sum: [
    ...badDims((x, dim) => sum(x, dim)),
    bad("a dim twice", RangeError, () => sum(matrix, [0, -2]), "twice"),
    bad("one bad dim of two", RangeError, () => sum(matrix, [0, 2]), "got 2"),
    bad(
      "dim in the options",
      RangeError,
      () => untypedMatrix.sum({ dim: 0 }),
      "before the options",
      "sum(0)",
    ),
    bad("keepdim by position", TypeError, () => untypedMatrix.sum(0, true), "{ keepdim: true }"),
    bad(
      "keep_dim",
      TypeError,
      () => untypedMatrix.sum(0, { keep_dim: true }),
      'did you mean "keepdim"',
    ),
    bad(
      "surplus arguments",
      TypeError,
      () => untyped.sum(untypedMatrix, 0, {}, 1),
      "at most 3",
      "got 4",
    ),
  ],
  mean: [
    ...badDims((x, dim) => mean(x, dim)),
    bad("int32", DTypeError, () => mean(index), "int32", "float32"),
    bad("bool", DTypeError, () => mean(bools), "bool"),
    bad("a dim twice", RangeError, () => mean(matrix, [1, 1]), "twice"),
  ],
  max: [
    ...emptyReductions((x, dim) => dim === undefined ? max(x) : max(x, dim)),
    bad(
      "another tensor",
      RangeError,
      () => untypedMatrix.max(untypedMatrix),
      "dim must be",
      "a tensor of shape",
    ),
  ],
  min: emptyReductions((x, dim) => dim === undefined ? min(x) : min(x, dim)),
  argmax: emptyReductions(argmax),
  argmin: emptyReductions(argmin),
  variance: [
    ...badDims((x, dim) => variance(x, dim)),
    bad("int32", DTypeError, () => variance(index), "int32", "float32"),
    bad("bool", DTypeError, () => variance(bools), "bool"),
    bad("an infinite correction", RangeError, () => variance(vector, 0, { correction: Infinity })),
  ],
  std: [
    ...badDims((x, dim) => std(x, dim)),
    bad("int32", DTypeError, () => std(index), "int32", "float32"),
    bad("no number", RangeError, () => std(vector, 0, { correction: NaN }), "correction", "NaN"),
  ],
  norm: [
    ...badDims((x, dim) => norm(x, { dim })),
    bad("int32", DTypeError, () => norm(index), "int32", "float32"),
    bad("no order", RangeError, () => norm(vector, { p: NaN }), "p must be", "NaN"),
    bad("the largest of nothing", RangeError, () => norm(empty, { p: Infinity, dim: 1 }), "empty"),
    bad("the smallest of nothing", RangeError, () => norm(empty, { p: -Infinity }), "empty"),
    bad("p by position", TypeError, () => untypedMatrix.norm(1), "{ p: 1 }"),
  ],
  prod: [
    ...badDims((x, dim) => prod(x, dim)),
    bad("a product beyond int32", RangeError, () => prod(large), "leaves int32"),
    bad("one beyond float64", RangeError, () => prod(huge), "leaves int32"),
    bad("a dim twice", RangeError, () => prod(matrix, [0, -2]), "twice"),
  ],
  any: badDims((x, dim) => any(x, dim)),
  all: badDims((x, dim) => all(x, dim)),
  nansum: [
    ...badDims((x, dim) => nansum(x, dim)),
    bad(
      "keepdim by position",
      TypeError,
      () => untyped.nansum(vector, 0, true),
      "{ keepdim: true }",
    ),
  ],
  nanmean: [
    ...badDims((x, dim) => nanmean(x, dim)),
    bad("int32", DTypeError, () => nanmean(index), "float", "int32"),
    bad("bool", DTypeError, () => nanmean(bools), "float", "bool"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
