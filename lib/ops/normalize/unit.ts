/** Fused: vectors over their length. Along the last dimension there is a kernel. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { clamp } from "../elementwise/clamp.ts";
import { normOver } from "../reduce/norm.ts";

/** The composite form of `unit`. */
function overNorm(op: string, x: Tensor, p: number, dims: readonly number[], eps: number): Tensor {
  return x.div(clamp(normOver(op, x, p, dims, true), eps, null));
}

/** The composite form of the vectors along the last dimension over their length, or over eps. */
export function unitComposite(x: Tensor, eps: number): Tensor {
  return overNorm("unit", x, 2, [x.ndim - 1], eps);
}

const unitOp: FusedOp<number> = fused<number>("unit", {
  composite: ([x], eps) => [unitComposite(x!, eps)],
  kernel: "unit",
  shapes: ([x]) => [x!.shape],
  parameters: (eps, [x]) => ({ ints: [extentAt(x!.shape, -1)], numbers: [eps] }),
  batch: ([x], eps) => unitOp([x!], eps),
  saves: "a",
  gradKernel: "unit_grad",
});

/** The vectors along dimensions over their norm of order p, or over eps where that is more. */
export function unit(
  op: string,
  x: Tensor,
  p: number,
  dims: readonly number[],
  eps: number,
): Tensor {
  const rows = p === 2 && dims.length === 1 && dims[0] === x.ndim - 1;
  return rows ? unitOp([x], eps)[0]! : overNorm(op, x, p, dims, eps);
}
