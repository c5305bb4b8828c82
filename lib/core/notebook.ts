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

/**
 * Lets the library be used after a cell was interrupted: an interrupt by signal does not end the kernel,
 * and one by message leaves no mode behind.
 */
export function surviveInterrupts(): void {
  if (notebook === null) return;
  Deno.unrefTimer(setInterval(recover, 20));
  try {
    Deno.addSignalListener("SIGINT", () => {});
  } catch {
    // A worker hears no signals.
  }
}
