/** Replacing the elements of a tensor by those of another. */

import { outlive } from "../device/memory.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Gives a leaf the elements of another tensor of its shape, whatever their type and device: holders of
 * the leaf, such as an optimizer, see the new ones. A gradient is converted too.
 */
export function adopt(x: Tensor, other: Tensor): void {
  const { grad } = x;
  x.dropGrad();
  const { storage, strides, offset, dense } = other;
  outlive(storage);
  Object.assign(x, { storage, strides, offset, dense });
  if (grad !== null) x.grad = grad.to({ dtype: x.dtype, device: x.device });
}
