/** Calls that must fail of convolutions and pools. */

import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  DTypeError,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  ones,
  ShapeError,
  type Tensor,
  zeros,
} from "../../../mod.ts";
import { bad, HALF, notTensor, untyped } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

/** An input or a weight with two channels and 5 along each dimension. */
function cube(dims: number, first = 2, second = 2): Tensor {
  return zeros([first, second, ...new Array<number>(dims).fill(5)]);
}

/** What every convolution refuses. */
function badConvolution(
  run: (x: Tensor, w: Tensor, options?: object) => Tensor,
  dims: number,
): ErrorCase[] {
  const [x, w] = [cube(dims), cube(dims)];
  const call = (options: object) => () => run(x, w, options);
  return [
    notTensor((x) => run(x, w)),
    notTensor((w) => run(x, w)),
    bad("no weight", TypeError, () => run(x, null as never), "the weight must be a tensor"),
    bad("an input without channels", ShapeError, () => run(zeros([5]), w), `${dims + 1}`, "[5]"),
    bad("a weight of two dimensions", ShapeError, () => run(x, zeros([2, 2])), "weight", "[2, 2]"),
    bad("other channels", ShapeError, () => run(x, cube(dims, 3, 3)), "channels", "[3, 3, 5"),
    bad("int32", DTypeError, () => run(x.to({ dtype: "int32" }), w), "int32"),
    bad(
      "a weight of another type",
      DTypeError,
      () => run(x, w.to({ dtype: "float64" })),
      "float64",
    ),
    bad("a bias of another length", ShapeError, call({ bias: zeros([5]) }), "bias", "[5]"),
    bad("groups that do not divide", ShapeError, call({ groups: 4 }), "4 groups"),
    bad("0 groups", RangeError, call({ groups: 0 }), "groups", "got 0"),
    bad("stride 0", RangeError, call({ stride: 0 }), "stride", "got 0"),
    bad("too many strides", RangeError, call({ stride: [1, 1, 1, 1] }), "[ 1, 1, 1, 1 ]"),
    bad("a negative padding", RangeError, call({ padding: -1 }), "padding", "got -1"),
    bad("a fraction", RangeError, call({ dilation: 1.5 }), "dilation", "got 1.5"),
  ];
}

function badForward(run: typeof conv1d, dims: number): ErrorCase[] {
  const [x, w] = [cube(dims), cube(dims)];
  return [
    ...badConvolution(run, dims),
    bad("a window too large", ShapeError, () => run(x, w, { dilation: 2 }), "do not fit", "5"),
    bad(
      "padding of a strided window",
      RangeError,
      () => run(x, w, { padding: "same", stride: 2 }),
      "stride",
    ),
    bad(
      "another word",
      TypeError,
      () => run(x, w, { padding: "full" as "same" }),
      '"full"',
      '"same"',
    ),
  ];
}

function badTransposed(run: typeof convTranspose1d, dims: number): ErrorCase[] {
  const [x, w] = [cube(dims), cube(dims)];
  return [
    ...badConvolution(run, dims),
    bad("too much at the end", RangeError, () => run(x, w, { outputPadding: 1 }), "outputPadding"),
    bad("nothing left", ShapeError, () => run(x, w, { padding: 5 }), "-1"),
  ];
}

/** What every pool refuses. */
function badPool(run: typeof maxPool1d | typeof avgPool1d, dims: number): ErrorCase[] {
  const x = cube(dims);
  return [
    notTensor((x) => run(x, 2)),
    bad("int32", DTypeError, () => run(x.to({ dtype: "int32" }), 2), "int32"),
    bad("no channels", ShapeError, () => run(zeros([5]), 2), `${dims + 2}`, "[5]"),
    bad("empty channels", ShapeError, () => run(cube(dims, 2, 0), 2), "the batch", "[2, 0, 5"),
    bad(
      "an empty dimension",
      ShapeError,
      () => run(x.slice(-1, 0, 0), 2, { padding: 1 }),
      "the batch",
      "0]",
    ),
    bad("windows of 0", RangeError, () => run(x, 0), "kernelSize", "got 0"),
    bad("a fraction", RangeError, () => run(x, 1.5), "kernelSize", "got 1.5"),
    bad("windows too large", ShapeError, () => run(x, 6), "do not fit", "6"),
    bad("too much padding", RangeError, () => run(x, 3, { padding: 2 }), "half", "got 2"),
    bad("stride 0", RangeError, () => run(x, 2, { stride: 0 }), "stride"),
  ];
}

function badAverage(run: typeof avgPool1d, dims: number): ErrorCase[] {
  return [
    ...badPool(run, dims),
    bad(
      "divisor 0",
      RangeError,
      () => run(cube(dims), 2, { divisorOverride: 0 }),
      "divisorOverride",
    ),
  ];
}

const [x, w] = [ones([1, 1, 4]), ones([1, 1, 2])];

export const WINDOW_ERRORS = {
  conv1d: [
    ...badForward(conv1d, 1),
    bad("stride 2^32", RangeError, () => conv1d(x, w, { stride: 2 ** 32 }), "stride", "2^31 - 1"),
    bad(
      "padding 2^32",
      RangeError,
      () => conv1d(x, w, { padding: 2 ** 32 }),
      "padding",
      "2^31 - 1",
    ),
    bad("dilation 2^31", RangeError, () => conv1d(x, w, { dilation: 2 ** 31 }), "2^31 - 1"),
    bad(
      "a padding that is too large to be written out",
      ShapeError,
      () => conv1d(x, w, { padding: HALF / 2, stride: HALF }),
      "[1, 1, 1073741828]",
      "4 GiB",
    ),
    bad("as many results", ShapeError, () => conv1d(x, w, { padding: HALF }), "2^31"),
    bad(
      "the bias by position",
      TypeError,
      () => untyped.conv1d(ones([1, 1, 4]), ones([1, 1, 2]), ones([1])),
      "{ bias: tensor }",
    ),
  ],
  conv2d: badForward(conv2d, 2),
  conv3d: [
    ...badForward(conv3d, 3),
    bad(
      "a padding of 2^30",
      ShapeError,
      () => conv3d(ones([1, 1, 1, 1, 1]), ones([1, 1, 1, 1, 1]), { padding: HALF, stride: HALF }),
      "2147483649",
    ),
  ],
  convTranspose1d: [
    ...badTransposed(convTranspose1d, 1),
    bad("stride 2^30", ShapeError, () => convTranspose1d(x, w, { stride: HALF }), "2^31"),
    bad("stride 2^31", RangeError, () => convTranspose1d(x, w, { stride: 2 ** 31 }), "2^31 - 1"),
  ],
  convTranspose2d: badTransposed(convTranspose2d, 2),
  convTranspose3d: badTransposed(convTranspose3d, 3),
  maxPool1d: [
    ...badPool(maxPool1d, 1),
    bad(
      "the stride by position",
      TypeError,
      () => untyped.maxPool1d(ones([1, 1, 4]), 2, 1),
      "{ stride: 1 }",
    ),
  ],
  maxPool2d: [
    ...badPool(maxPool2d, 2),
    bad(
      "windows of 2^31",
      RangeError,
      () => maxPool2d(ones([1, 1, 1]), 2 ** 31, { padding: HALF }),
      "kernelSize",
      "2^31 - 1",
    ),
  ],
  maxPool3d: badPool(maxPool3d, 3),
  avgPool1d: [
    ...badAverage(avgPool1d, 1),
    bad(
      "stride 2^40",
      RangeError,
      () => avgPool1d(x, 2, { stride: 2 ** 40 }),
      "stride",
      "2^31 - 1",
    ),
  ],
  avgPool2d: badAverage(avgPool2d, 2),
  avgPool3d: badAverage(avgPool3d, 3),
} satisfies Record<string, readonly ErrorCase[]>;
