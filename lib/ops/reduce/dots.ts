/** Fused: inner products along the last dimension, without the products in memory, and sums beside them. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { sumOver } from "./primitives.ts";

/** The composite form of `rowDots`. */
export function rowDotsComposite(a: Tensor, b: Tensor | null): Tensor {
  return sumOver(b === null ? a.square() : a.mul(b), [a.ndim - 1], false);
}

const dots: FusedOp<null> = fused<null>("rowDots", {
  composite: ([a, b]) => [rowDotsComposite(a!, b!)],
  kernel: "row_dots",
  shapes: ([a]) => [a!.shape.slice(0, -1)],
  parameters: (_, [a, b]) => ({ ints: [extentAt(a!.shape, -1), Number(b !== null)] }),
  batch: ([, b], _, { front }) => dots([front(0), b ? front(1) : null], null),
  saves: "ab",
  gradKernel: "row_dots_grad",
});

/** Σ a·b along the last dimension of tensors of one shape, or Σ a² where there is no b. */
export function rowDots(a: Tensor, b: Tensor | null = null): Tensor {
  return b === null || a.dtype === b.dtype ? dots([a, b], null)[0]! : rowDotsComposite(a, b);
}

/** The composite form of `overlap`. */
export function overlapComposite(a: Tensor, b: Tensor): readonly Tensor[] {
  const last = [a.ndim - 1];
  return [sumOver(a.mul(b), last, false), sumOver(a, last, false), sumOver(b, last, false)];
}

const overlapOp: FusedOp<null> = fused<null>("overlap", {
  composite: ([a, b]) => overlapComposite(a!, b!),
  kernel: "row_overlap",
  shapes: ([a]) => {
    const rows = a!.shape.slice(0, -1);
    return [rows, rows, rows];
  },
  parameters: (_, [a]) => ({ ints: [extentAt(a!.shape, -1), 1] }),
  batch: (_, __, { front }) => overlapOp([front(0), front(1)], null),
  saves: "ab",
  gradKernel: "row_overlap_grad",
  outputs: 3,
});

/** Σ a·b, Σ a and Σ b along the last dimension of tensors of one shape, read once. */
export function overlap(a: Tensor, b: Tensor): readonly [both: Tensor, a: Tensor, b: Tensor] {
  const sums = a.dtype === b.dtype ? overlapOp([a, b], null) : overlapComposite(a, b);
  return sums as [Tensor, Tensor, Tensor];
}
