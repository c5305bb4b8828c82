/** The error of `fit`. */

import type { History } from "./history.ts";

/** The error of training that cannot continue; it holds the history so far. */
export class FitError extends Error {
  /** The class's name. */
  override readonly name: string = "FitError";
  /** The records of the finished epochs. */
  readonly history: History;

  /** Creates the error for a reason. */
  constructor(reason: string, history: History) {
    super(`Cannot continue fit: ${reason}`);
    this.history = history;
  }
}
