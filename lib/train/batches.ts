/** Iterates over batches, and lets timers, signals and finalizers run in between. */

import { inPhase } from "../autograd/timeline.ts";
import { turns } from "../core/turns.ts";
import type { Batches } from "./settings.ts";

/** How many batches there are; null if unknown. */
export function lengthOf(batches: Batches<unknown>): number | null {
  try {
    const length: unknown = Reflect.get(batches, "length");
    return typeof length === "number" ? length : null;
  } catch {
    // The length of a loader over an iterable is unknown.
    return null;
  }
}

/** The first batches, at most `limit`, with turns of the event loop in between. */
export async function* taken<B>(batches: Batches<B>, limit: number): AsyncGenerator<B> {
  if (limit <= 0) return;
  const iterator = Symbol.asyncIterator in batches
    ? batches[Symbol.asyncIterator]()
    : inTurns(batches);
  let over = false;
  try {
    for (let count = 0; count < limit; count++) {
      // An iterator that failed is finished and need not be closed.
      over = true;
      const next = await inPhase("data", () => iterator.next());
      if (next.done === true) return;
      over = false;
      yield next.value;
    }
  } finally {
    if (!over) await iterator.return?.();
  }
}

async function* inTurns<B>(batches: Iterable<B>): AsyncGenerator<B> {
  const turn = turns();
  for (const batch of batches) {
    yield batch;
    await turn();
  }
}

/** The batches after the first `count`. */
export async function* skipping<B>(batches: Batches<B>, count: number): AsyncGenerator<B> {
  let index = 0;
  for await (const batch of batches) if (index++ >= count) yield batch;
}

/** The first batches in an array, to be reused. */
export async function firstBatches(data: Batches<unknown>, limit: number): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const batch of taken(data, limit)) batches.push(batch);
  return batches;
}
