/** Fused: inner products of all pairs of rows, whose gradient takes one product where two sides take two. */

import type { Tensor } from "../../tensor/tensor.ts";
import { viewOf } from "../define/record.ts";
import { fused } from "../define/fused.ts";
import { transpose } from "../shape/primitives.ts";
import { matmul } from "./matmul.ts";

/** The composite form of `gram`. */
export function gramComposite(x: Tensor): Tensor {
  return matmul(x, transpose(x, 0, 1));
}

/** The transposed matrix, not recorded. */
function flipped(x: Tensor): Tensor {
  return viewOf(x, x.shape.toReversed(), x.strides.toReversed(), x.offset, x.size);
}

// y = x·xᵀ: x̄ = (ȳ + ȳᵀ)·x
const gramOp = fused<null>("gram", {
  composite: ([x]) => [gramComposite(x!)],
  kernel: "matmul",
  operands: ([x]) => [x!, flipped(x!)],
  shapes: ([x]) => [[x!.shape[0]!, x!.shape[0]!]],
  saves: "a",
  vjp: ([g], { a }) => [matmul(g!.add(transpose(g!, 0, 1)), a)],
  jvp: ([t], { a }) => {
    const half = matmul(t!, transpose(a, 0, 1));
    return half.add(transpose(half, 0, 1));
  },
});

/** x·xᵀ of a matrix x. */
export function gram(x: Tensor): Tensor {
  return gramOp([x], null)[0]!;
}
