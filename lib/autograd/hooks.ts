/** Hooks: functions of the user that see a gradient, or replace it, while backward runs. */

import { engine, settled } from "../core/engine.ts";
import { GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, FUNCTION } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { isTensor } from "../core/tensor.ts";
import { escape } from "../device/memory.ts";
import { castTo } from "../ops/copy/copy.ts";
import { bare, bareAs, batchedAs } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Cotangent } from "./cotangents.ts";

/** Is called with a tensor's gradient; what it returns replaces it, unless that is undefined. */
export type GradHook = (gradient: Tensor) => Tensor | void;

/** Removes a hook, by `remove()` or at the end of a block with `using`. */
export interface HookHandle extends Disposable {
  /** Removes the hook; calling it twice is not an error. */
  remove(): void;
}

/** A hook on one output of a node. */
interface PortHook {
  readonly outputIndex: number;
  readonly hook: GradHook;
}

/** The hooks of one node. */
export class NodeHooks {
  #hooks: readonly PortHook[] = [];
  /** The outputs that want to keep their gradient. */
  readonly retained: Tensor[] = [];

  /** Adds a hook; the handle takes it away. */
  add(outputIndex: number, hook: GradHook): HookHandle {
    const entry = { outputIndex, hook };
    this.#hooks = [...this.#hooks, entry];
    const remove = () => {
      this.#hooks = this.#hooks.filter((other) => other !== entry);
    };
    return { remove, [Symbol.dispose]: remove };
  }

  /**
   * The cotangents of a node after its hooks.
   *
   * @param owned Gives a gradient memory that nothing else shares, as a hook may keep what it sees.
   */
  apply(cotangent: Cotangent, owned: (g: Tensor) => Tensor): Cotangent {
    return Array.isArray(cotangent)
      ? cotangent.map((g, outputIndex) => g === null ? null : this.#run(g, outputIndex, owned))
      : this.#run(cotangent, 0, owned);
  }

  #run(g: Tensor, outputIndex: number, owned: (g: Tensor) => Tensor): Tensor {
    for (const entry of this.#hooks) {
      if (entry.outputIndex !== outputIndex) continue;
      g = owned(g);
      const other: unknown = settled(
        "backward",
        "a hook must be done when it returns",
        entry.hook(g),
      );
      if (other === undefined) continue;
      const replaced = replacement(g, other);
      engine.watcher?.joined?.("what a hook gave", replaced, [g]);
      g = replaced;
    }
    return g;
  }
}

function replacement(g: Tensor, other: unknown): Tensor {
  if (!isTensor(other)) {
    throw new GradError(
      `Cannot run backward: a hook must return a tensor or nothing, got ${Deno.inspect(other)}`,
    );
  }
  if (!sameShape(other.shape, g.shape)) {
    throw new ShapeError(
      `Cannot run backward: a hook must return a gradient of the same shape, got ${
        showShape(other.shape)
      } for ${showShape(g.shape)}`,
      [other.shape, g.shape],
    );
  }
  const gradient = castTo(other, g.dtype);
  // The hook's owner may hold it, so the pass must not write into it.
  escape(gradient.storage);
  return gradient;
}

function hooksOf(op: string, tensor: Tensor): NodeHooks {
  const { node } = tensor;
  if (node === null) {
    throw new GradError(
      `Cannot run ${op}: this tensor (shape ${showShape(tensor.shape)}) requires no gradient`,
    );
  }
  return node.hooks ??= new NodeHooks();
}

/** Calls a function with a tensor's gradient whenever backward computes it. */
export function registerHook(tensor: Tensor, hook: GradHook): HookHandle {
  checkKind("run registerHook", "the hook", hook, FUNCTION);
  // On the tape lies the whole of a batch; the hook sees single examples.
  const seen: GradHook = tensor.batched === null ? hook : (g) => {
    const other: unknown = hook(batchedAs(g, tensor));
    return isTensor(other) ? bareAs(other, tensor) : other as void;
  };
  return hooksOf("registerHook", tensor).add(tensor.outputIndex, seen);
}

/** Lets a tensor that is no leaf collect its gradient too. */
export function retainGrad(tensor: Tensor): void {
  const { retained } = hooksOf("retainGrad", tensor);
  const own = bare(tensor);
  if (!tensor.isLeaf && !retained.includes(own)) retained.push(own);
}
