/** Scopes: memory that is reused immediately, without waiting for the garbage collector. */

import { checkFunction, settled } from "../core/engine.ts";
import { append } from "../core/lists.ts";
import { checkCount } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Storage } from "../device/backend.ts";
import { outlive, scoped } from "../device/memory.ts";
import { Node } from "./tape.ts";

/** Calls `found` with every storage that a value holds: in tensors, their tapes, objects, arrays. */
function reach(value: unknown, found: (storage: Storage) => void): void {
  const seen = new Set<unknown>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isTensor(next)) {
      found(next.storage);
      pending.push(next.node, next.collected);
    } else if (next instanceof Node) {
      // Attributes may hold tensors too, such as the positions of a maximum.
      append(pending, next.savedTensors());
      append(pending, next.parents);
      pending.push(next.attrs, next.leaf);
    } else if (next instanceof Map || next instanceof Set) {
      for (const [key, item] of next.entries()) pending.push(key, item);
    } else if (!ArrayBuffer.isView(next)) {
      append(pending, Object.values(next));
    }
  }
}

/**
 * Runs a function and then reclaims the memory of the tensors made inside, without waiting for the
 * garbage collector: large computations run faster on reused memory. What the function returns stays,
 * with its tape, and so do gradients of leaves, the state of optimizers and what was passed to
 * {@linkcode keep}. Using any other tensor that was made inside throws an error.
 *
 * @param fn A synchronous function.
 * @returns What the function returns: tensors, or arrays and objects of them, or anything else.
 * @throws {TypeError} If the function returns a promise.
 *
 * @example A training step
 * ```ts
 * import { losses, nn, optim, rand, scope } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const model = new nn.Linear(100, 10);
 * const optimizer = new optim.Adam(model.parameters());
 * const [x, y] = [rand([64, 100]), rand([64, 10])];
 * const loss = scope(() => {
 *   optimizer.zeroGrad();
 *   const loss = losses.mse(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss.item();
 * });
 * assert(loss > 0);
 * ```
 */
export function scope<T>(fn: () => T): T {
  checkCount("run scope", arguments.length, 1);
  checkFunction("scope", fn);
  return scoped(
    () => settled("scope", "its tensors would be gone before it ends", fn()),
    (result) => {
      const survivors = new Set<Storage>();
      reach(result, (storage) => survivors.add(storage));
      return survivors;
    },
  );
}

/**
 * Keeps tensors made inside a {@linkcode scope} after its end.
 *
 * @param value A tensor, or arrays and objects of them.
 * @returns The same value.
 *
 * @example A running best
 * ```ts
 * import { keep, rand, scope, type Tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * let best: Tensor | undefined;
 * scope(() => {
 *   best = keep(rand([1000]).square());
 * });
 * assertEquals(best?.sum().shape, []);
 * ```
 */
export function keep<T>(value: T): T {
  checkCount("run keep", arguments.length, 1);
  reach(value, outlive);
  return value;
}
