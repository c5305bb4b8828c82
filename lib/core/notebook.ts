/** The notebook in which a program runs. */

import { recover } from "./engine.ts";

/** Displays content in a notebook, and can replace it later. */
export type Notebook = Pick<typeof Deno.jupyter, "broadcast">;

function found(): Notebook | null {
  try {
    return Deno.jupyter ?? null;
  } catch {
    // Outside of a kernel, asking for it throws.
    return null;
  }
}

/** The notebook; null in any other program. */
export const notebook: Notebook | null = found();

/** How often to prompt the garbage collector when work has ended; it runs the second or third time. */
const ASKED = 5;
/** Bytes of an allocation that prompts it; its pages are never touched. */
const BAIT = 2 ** 27;

/**
 * Prompts the garbage collector when work has ended; `done` says how much there was so far. An
 * interrupted function leaves a promise that nobody can settle: a cell that awaits it ends only when it
 * is collected, which would not happen while nothing runs.
 */
function collectAfterWork(done: () => number): () => void {
  let [before, asks] = [0, 0];
  return () => {
    const now = done();
    if (now !== before) asks = ASKED;
    else if (asks > 0) {
      asks--;
      new ArrayBuffer(BAIT);
    }
    before = now;
  };
}

/**
 * Keeps the library usable after a cell was interrupted: a signal does not end the kernel, and a message
 * leaves neither changed modes nor a cell that waits forever.
 *
 * @param done How much the library has done so far, in any unit.
 */
export function surviveInterrupts(done: () => number): void {
  if (notebook === null) return;
  Deno.unrefTimer(setInterval(recover, 20));
  Deno.unrefTimer(setInterval(collectAfterWork(done), 1000));
  try {
    Deno.addSignalListener("SIGINT", () => {});
  } catch {
    // Workers receive no signals.
  }
}
