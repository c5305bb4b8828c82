/** Parts of the steps of adaptive optimizers: running means, and roots of mean squares. */

import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./optimizer.ts";
import { minus, type Scalar, times } from "./scalars.ts";

/** The options of Adam and its relatives that have the same range in all of them. */
interface Adaptive {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

/** Refuses options out of range. */
export function checkAdaptive(op: string, { lr, betas, eps, weightDecay }: Adaptive): void {
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "betas[0]", betas[0], "[0, 1)");
  checkRange(op, "betas[1]", betas[1], "[0, 1)");
  checkRange(op, "eps", eps, "[0, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
}

/**
 * √x with derivative 0 at 0, where it is multiplied by a mean that is 0 too. A variance that
 * rounding has made negative counts as 0.
 */
export function rootOf(x: Tensor): Tensor {
  const zero = x.le(0);
  return where(zero, 0, where(zero, 1, x).sqrt());
}

/** A running mean that starts at 0. */
export function meanOf(before: Tensor | undefined, fresh: Tensor, decay: Scalar): Tensor {
  const part = fresh.mul(minus(1, decay));
  return before?.mul(decay).add(part) ?? part;
}

/** A running mean of squares that starts at 0. */
export function meanSquareOf(before: Tensor | undefined, fresh: Tensor, decay: Scalar): Tensor {
  // In this order, as the square alone may overflow or underflow.
  const part = fresh.mul(minus(1, decay)).mul(fresh);
  return before?.mul(decay).add(part) ?? part;
}

/** The gradient to descend: negated with `maximize`, plus the weight decay that enters it. */
export function descent(
  p: Tensor,
  g: Tensor,
  { maximize, weightDecay }: { readonly maximize: boolean; readonly weightDecay: Scalar },
): Tensor {
  const down = maximize ? g.neg() : g;
  return weightDecay === 0 ? down : down.add(p.mul(weightDecay));
}

/** The parameter and the gradient after weight decay, which enters one of them. */
export function decayed(
  p: Tensor,
  g: Tensor,
  { lr, weightDecay, maximize, decoupledWeightDecay: apart }: {
    readonly lr: Scalar;
    readonly weightDecay: Scalar;
    readonly maximize: boolean;
    readonly decoupledWeightDecay: boolean;
  },
): readonly [p: Tensor, g: Tensor] {
  const down = descent(p, g, { maximize, weightDecay: apart ? 0 : weightDecay });
  return [apart ? p.mul(minus(1, times(lr, weightDecay))) : p, down];
}
