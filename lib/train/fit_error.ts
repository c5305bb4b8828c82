/** The error of `fit`. */

import type { History } from "./history.ts";

/** The error for training that cannot continue; it holds the history up to then. */
export class FitError extends Error {
  /** The class's name. */
  override readonly name: string = "FitError";
  /** The records of the epochs before. */
  readonly history: History;

  /** Creates the error of a reason. */
  constructor(reason: string, history: History) {
    super(`Cannot go on with fit: ${reason}`);
    this.history = history;
  }
}
