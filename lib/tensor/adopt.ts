/** A tensor that takes the elements of another in place of its own. */

import { outlive } from "../device/memory.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Gives a leaf the elements of another tensor of its shape, whatever their type and device: who holds
 * it, as an optimizer does, holds the new ones. A gradient follows.
 */
export function adopt(x: Tensor, other: Tensor): void {
  const { grad } = x;
  x.dropGrad();
  const { storage, strides, offset, dense } = other;
  outlive(storage);
  Object.assign(x, { storage, strides, offset, dense });
  if (grad !== null) x.grad = grad.to({ dtype: x.dtype, device: x.device });
}
