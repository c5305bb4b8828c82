/** Training that cannot go on. */

import type { History } from "./history.ts";

/** The error of training that cannot go on; what was noted until then is not lost. */
export class FitError extends Error {
  /** The class's name. */
  override readonly name: string = "FitError";
  /** What was noted of the epochs before. */
  readonly history: History;

  /** Creates the error of a reason. */
  constructor(reason: string, history: History) {
    super(`Cannot go on with fit: ${reason}`);
    this.history = history;
  }
}
