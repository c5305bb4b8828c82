/** The cotangents of one backward pass: where they wait, and when their memory is reused. */

import { engine } from "../core/engine.ts";
import { isTensor } from "../core/tensor.ts";
import type { Storage } from "../device/backend.ts";
import { giveBack, hold, letGo, scoped } from "../device/memory.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node } from "./tape.ts";

/** Cotangents of a node's outputs; a lone tensor for the usual single output. */
export type Cotangent = Tensor | (Tensor | null)[];

/** Elements from which it pays to take back what a rule made on the way. */
const LARGE = 4096;

/** The cotangents that wait for their node. What only the pass has seen, it may overwrite. */
export class Cotangents {
  readonly #waiting: (Cotangent | undefined)[];
  readonly #pass: number;
  readonly #reuse: boolean;

  /**
   * Begins empty.
   *
   * @param reuse Whether memory is taken back: not where the pass itself is recorded.
   */
  constructor(nodes: number, pass: number, reuse: boolean) {
    this.#waiting = new Array<Cotangent | undefined>(nodes);
    this.#pass = pass;
    this.#reuse = reuse;
  }

  /** Adds a cotangent to what waits for an output of a node. */
  add(node: Node, outputIndex: number, g: Tensor): void {
    const { slot } = node;
    const held = this.#waiting[slot];
    if (node.rule.outputs === 1) {
      this.#waiting[slot] = this.#sum(held as Tensor | undefined ?? null, g);
      return;
    }
    const perOutput = held as (Tensor | null)[] ??
      new Array<Tensor | null>(node.rule.outputs).fill(null);
    perOutput[outputIndex] = this.#sum(perOutput[outputIndex] ?? null, g);
    this.#waiting[slot] = perOutput;
  }

  /**
   * Adds the cotangent of what was read from a tensor to what waits for that tensor, in place, so that
   * the gradients of many parts cost no more than that of the whole. Tells whether it did: what waits
   * must be there, and nobody else may have it.
   */
  addInto(node: Node, g: Tensor): boolean {
    const { rule: { vjpInto }, parents: [parent], outputIndices } = node;
    if (vjpInto === undefined || !this.#reuse || !parent || g.batched !== null) return false;
    const waiting = this.#waiting[parent.slot];
    const held = Array.isArray(waiting) ? waiting[outputIndices?.[0] ?? 0] : waiting;
    if (held == null || held.batched !== null || held.dtype !== g.dtype) return false;
    const { storage, dense, size } = held;
    const own = storage.pass === this.#pass && !storage.kept && storage.references === 1;
    if (!own || !dense || size !== storage.size) return false;
    this.run(() => {
      vjpInto(held, g, node);
      return held;
    });
    return true;
  }

  #sum(held: Tensor | null, g: Tensor): Tensor {
    if (held === null) {
      hold(g.storage);
      return g;
    }
    const sum = held.add(g);
    engine.watcher?.joined?.("the sum of gradients", sum, [held, g]);
    hold(sum.storage);
    letGo(held.storage);
    this.#offer(held.storage);
    this.#offer(g.storage);
    return sum;
  }

  /** Takes what waits for a node; to be given to `release` after use. */
  take(slot: number): Cotangent | undefined {
    const cotangent = this.#waiting[slot];
    this.#waiting[slot] = undefined;
    return cotangent;
  }

  /** Says that a cotangent has been used. */
  release(cotangent: Cotangent): void {
    for (const g of Array.isArray(cotangent) ? cotangent : [cotangent]) {
      if (g === null) continue;
      letGo(g.storage);
      this.#offer(g.storage);
    }
  }

  /** Takes memory back that was made in this pass and that nothing else waits with. */
  #offer(storage: Storage): void {
    const own = storage.pass === this.#pass && !storage.kept && storage.references === 0;
    if (this.#reuse && own) giveBack(storage);
  }

  /** Whether it pays to take back what a rule makes on the way for cotangents of this size. */
  isLarge(size: number): boolean {
    return this.#reuse && size >= LARGE;
  }

  /** Runs a rule, and takes back what it made beside its results. */
  run<T extends Tensor | readonly (Tensor | null)[]>(rule: () => T): T {
    return scoped(rule, (results) => {
      const survivors = new Set<Storage>();
      const list: readonly (Tensor | null)[] = isTensor(results) ? [results] : results;
      for (const g of list) if (g !== null) survivors.add(g.storage);
      return survivors;
    });
  }
}
