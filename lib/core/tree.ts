/** Tensors in arrays and records, which transforms take and return like single tensors. */

import type { Tensor } from "../tensor/tensor.ts";
import { isPlainObject, type Kind, kind } from "./options.ts";
import { isTensor } from "./tensor.ts";

/** A tensor, or tensors in arrays and plain records, nested to any depth. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree };

/** The same arrays and records, with a tensor in each place. */
export type Mirror<T> = TensorTree extends T ? T
  : T extends Tensor ? Tensor
  : { -readonly [K in keyof T]: Mirror<T[K]> };

/** The tensors of a tree in order; null if there is anything else in it, or if it contains itself. */
export function leavesOf(tree: unknown): Tensor[] | null {
  if (isTensor(tree)) return [tree];
  const leaves: Tensor[] = [];
  return gather(tree, new Set(), leaves) ? leaves : null;
}

/** Lists the tensors of a branch; tells whether there is nothing else, nor what it stands in. */
function gather(branch: unknown, above: Set<unknown>, leaves: Tensor[]): boolean {
  if (isTensor(branch)) return leaves.push(branch) > 0;
  const parts = Array.isArray(branch)
    ? branch
    : isPlainObject(branch)
    ? Object.values(branch)
    : null;
  if (parts === null || above.has(branch)) return false;
  above.add(branch);
  for (const part of parts) if (!gather(part, above, leaves)) return false;
  return above.delete(branch);
}

/** A tree with at least one tensor. */
export const TREE: Kind = kind(
  "a tensor, or an array or record of tensors",
  (value) => (leavesOf(value)?.length ?? 0) > 0,
);

/** A tree of the same form with other tensors, which are taken in order. */
export function rebuild<T>(tree: T, leaves: readonly Tensor[]): Mirror<T> {
  return rebuildWith(tree, leaves) as Mirror<T>;
}

/** A tree of the same form with anything in place of its tensors, taken in order. */
export function rebuildWith(tree: unknown, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (part: unknown): unknown => {
    if (isTensor(part)) return leaves[next++];
    if (Array.isArray(part)) return part.map(build);
    return Object.fromEntries(Object.entries(part as object).map(([k, v]) => [k, build(v)]));
  };
  return build(tree);
}
