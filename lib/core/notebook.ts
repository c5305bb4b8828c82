/** The notebook that a program runs in. */

import { recover } from "./engine.ts";

/** What a notebook can be asked to show; later what stands there instead of it. */
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

/** How often the collector is asked when some work is over; it comes the second or third time. */
const ASKED = 5;
/** Bytes that let it come; their pages are never touched. */
const BAIT = 2 ** 27;

/**
 * Has the collector look when work is over, of which `done` tells how much there was. What an interrupt
 * has cut off leaves a promise that nobody can settle: a cell that waits for it ends when it is collected,
 * which would not happen by itself while nothing runs.
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
 * Lets the library be used after a cell was interrupted: an interrupt by signal does not end the kernel,
 * and one by message leaves no mode behind, and no cell that waits for ever.
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
    // A worker hears no signals.
  }
}
