/** Calls whose results, strides or steps no tensor can have, or that would take forever. */

import {
  avgPool1d,
  cat,
  chunk,
  conv1d,
  conv3d,
  convTranspose1d,
  einsum,
  expand,
  indexSelect,
  matmul,
  maxPool2d,
  oneHot,
  ones,
  outer,
  pad,
  polygamma,
  repeat,
  reshape,
  ShapeError,
  split,
  stack,
  type Tensor,
  tensor,
  unbind,
  unfold,
  zeros,
} from "../../../mod.ts";
import { bad, scalar, vector } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";
import type { Name } from "../op_cases.ts";

/** A view with many elements that takes no memory. */
function wide(...shape: number[]): Tensor {
  return expand(scalar, shape);
}

const [half, all] = [2 ** 30, 2 ** 31 - 1];
const [x, w] = [ones([1, 1, 4]), ones([1, 1, 2])];

/** The cases. */
export const SIZE_ERRORS: Readonly<Partial<Record<Name, readonly ErrorCase[]>>> = {
  reshape: [
    bad("2^31 beside 0", ShapeError, () => reshape(zeros([0]), [2 ** 31, 0]), "[2147483648, 0]"),
    bad("strides of 2^32", ShapeError, () => reshape(zeros([0]), [0, 65536, 65536]), "strides"),
  ],
  expand: [
    bad("2^31 beside 0", ShapeError, () => expand(zeros([1, 0]), [2 ** 31, 0]), "2^31"),
    bad("strides of 2^32", ShapeError, () => expand(zeros([0, 1, 1]), [0, 65536, 65536]), "2^31"),
  ],
  repeat: [bad("2^31 beside 0", ShapeError, () => repeat(zeros([1, 0]), [2 ** 31, 1]), "2^31")],
  pad: [bad("over 2^31 elements", ShapeError, () => pad(vector, [half, half]), "2^31")],
  cat: [bad("2^31 elements", ShapeError, () => cat([wide(half), wide(half)]), "2^31")],
  stack: [bad("2^31 elements", ShapeError, () => stack([wide(half), wide(half)]), "2^31")],
  indexSelect: [
    bad(
      "2^32 elements",
      ShapeError,
      () => indexSelect(zeros([2 ** 15, 1]), 1, zeros([2 ** 17], { dtype: "int32" })),
      "[32768, 131072]",
    ),
  ],
  unfold: [bad("too many windows", ShapeError, () => unfold(wide(half), 0, half / 2, 1), "2^31")],
  split: [bad("too many parts", RangeError, () => split(wide(all), 1), "2147483647", "2^22")],
  chunk: [
    bad("too many parts", RangeError, () => chunk(wide(all), 2 ** 40), "2147483647", "2^22"),
    bad("too many parts of nothing", RangeError, () => chunk(zeros([0]), 2 ** 31), "2^22"),
  ],
  unbind: [bad("too many parts", RangeError, () => unbind(wide(all)), "2147483647", "2^22")],
  oneHot: [
    bad("2^31 classes", ShapeError, () => oneHot(zeros([1], { dtype: "int32" }), 2 ** 31), "2^31"),
    bad(
      "classes that a label asks for",
      ShapeError,
      () => oneHot(tensor([all], { dtype: "int32" })),
      "[1, 2147483648]",
    ),
  ],
  matmul: [
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
  outer: [bad("2^32 elements", ShapeError, () => outer(wide(65536), wide(65536)), "2^31")],
  einsum: [
    bad("2^32 elements", ShapeError, () => einsum("i,j->ij", wide(65536), wide(65536)), "2^31"),
  ],
  polygamma: [bad("order 10001", RangeError, () => polygamma(10001, vector), "to 10000", "10001")],
  conv1d: [
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
      () => conv1d(x, w, { padding: half / 2, stride: half }),
      "[1, 1, 1073741828]",
      "4 GiB",
    ),
    bad("as many results", ShapeError, () => conv1d(x, w, { padding: half }), "2^31"),
  ],
  conv3d: [
    bad(
      "a padding of 2^30",
      ShapeError,
      () => conv3d(ones([1, 1, 1, 1, 1]), ones([1, 1, 1, 1, 1]), { padding: half, stride: half }),
      "2147483649",
    ),
  ],
  convTranspose1d: [
    bad("stride 2^30", ShapeError, () => convTranspose1d(x, w, { stride: half }), "2^31"),
    bad("stride 2^31", RangeError, () => convTranspose1d(x, w, { stride: 2 ** 31 }), "2^31 - 1"),
  ],
  maxPool2d: [
    bad(
      "windows of 2^31",
      RangeError,
      () => maxPool2d(ones([1, 1, 1]), 2 ** 31, { padding: half }),
      "kernelSize",
      "2^31 - 1",
    ),
  ],
  avgPool1d: [
    bad(
      "stride 2^40",
      RangeError,
      () => avgPool1d(x, 2, { stride: 2 ** 40 }),
      "stride",
      "2^31 - 1",
    ),
  ],
};
