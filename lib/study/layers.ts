/** Layers by the names of their parameters, and how long what they hold is. */

import type { Tensor } from "../tensor/tensor.ts";

/** The layer of a parameter: its name without the last part. */
export function layerOf(name: string): string {
  const end = name.lastIndexOf(".");
  return end === -1 ? name : name.slice(0, end);
}

/** √Σ of the squares of all elements. */
export function lengthOf(tensors: readonly Tensor[]): number {
  return Math.hypot(...tensors.map((x) => x.norm().item()));
}
