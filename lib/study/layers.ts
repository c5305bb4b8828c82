/** Layers by the names of their parameters, and norms of lists of tensors. */

import { lengthFrom } from "../core/lists.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The layer of a parameter: its name without the last part. */
export function layerOf(name: string): string {
  const end = name.lastIndexOf(".");
  return end === -1 ? name : name.slice(0, end);
}

/** The layers of parameters, each with the indices of its parameters. */
export function layersOf(names: readonly string[]): Map<string, number[]> {
  return Map.groupBy(names.keys(), (i) => layerOf(names[i] ?? ""));
}

/** The norm of all elements together. */
export function lengthOf(tensors: readonly Tensor[]): number {
  return lengthFrom(tensors.map((x) => x.norm().item()));
}
