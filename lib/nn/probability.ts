/** A check that dropout shares between its forms. */

import { checkKind, NUMBER } from "../core/options.ts";

/** Refuses what is not a probability. */
export function checkProbability(call: string, p: number, name = "p"): void {
  checkKind(call, name, p, NUMBER);
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot ${call}: ${name} must be a probability from 0 to 1, got ${p}`);
  }
}
