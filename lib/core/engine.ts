/** The modes in which ops run: one object, changed for the duration of a function or of a guard. */

import type { Watcher } from "../autograd/tape.ts";
import type { Storage } from "../device/backend.ts";
import { GradError } from "./errors.ts";
import { isFunction, shown } from "./options.ts";
import type { Batch } from "./tensor.ts";

/** The modes. */
export interface Modes {
  /** Whether ops are recorded on the tape. */
  recording: boolean;
  /** The backward pass that is running; 0 outside. */
  pass: number;
  /** Observes every result and every gradient; null nearly always. */
  watcher: Watcher | null;
  /** What was made in the innermost scope; null outside. */
  scope: Storage[] | null;
  /** The innermost batch whose single examples a function works on; null outside. */
  batch: Batch | null;
  /** The innermost guard that is open. */
  guard: Guard | null;
  /** The guard that was open when the innermost function under other modes began. */
  floor: Guard | null;
}

/** The current modes. Only this file changes them. */
export const engine: Modes = {
  recording: true,
  pass: 0,
  watcher: null,
  scope: null,
  batch: null,
  guard: null,
  floor: null,
};

/** The modes that can be changed for the duration of a function. */
type Changes = Partial<Pick<Modes, "recording" | "pass" | "watcher" | "scope" | "batch">>;

/**
 * Runs a function under other modes. They are restored by plain assignments: after a stack overflow, a
 * call might overflow it again.
 */
export function under<T>(changes: Changes, fn: () => T): T {
  const { recording, pass, watcher, scope, batch, guard, floor } = engine;
  try {
    if (changes.recording !== undefined) engine.recording = changes.recording;
    if (changes.pass !== undefined) engine.pass = changes.pass;
    if (changes.watcher !== undefined) engine.watcher = changes.watcher;
    if (changes.scope !== undefined) engine.scope = changes.scope;
    if (changes.batch !== undefined) engine.batch = changes.batch;
    engine.floor = guard;
    return fn();
  } finally {
    engine.recording = recording;
    engine.pass = pass;
    engine.watcher = watcher;
    engine.scope = scope;
    engine.batch = batch;
    engine.guard = guard;
    engine.floor = floor;
  }
}

/**
 * Restores the modes after a function was cut off without its `finally`, as by the interrupt of a
 * notebook. To be called while nothing runs: then only guards can have changed modes.
 */
export function recover(): void {
  const { recording, pass, watcher, scope, batch, guard } = engine;
  const left = pass !== 0 || scope !== null || batch !== null ||
    (guard === null && (!recording || watcher !== null));
  if (!left) return;
  const plain = { recording: true, pass: 0, watcher: null, scope: null, batch: null };
  Object.assign(engine, plain, { guard: null, floor: null });
}

/** Refuses anything but a function; without an argument the caller makes a guard. */
export function checkFunction(op: string, fn: unknown): void {
  if (isFunction(fn)) return;
  throw new TypeError(
    `Cannot run ${op}: it takes a function, as in ${op}(() => …), got ${shown(fn)}`,
  );
}

/** The result of a function that must be synchronous; refuses a promise. */
export function settled<T>(
  op: string,
  consequence: string,
  result: T,
  Refusal: new (message: string) => Error = TypeError,
): T {
  const { then } = Object(result);
  if (typeof then !== "function") return result;
  // Nobody else handles a rejection.
  if (result instanceof Promise) result.catch(() => {});
  throw new Refusal(
    `Cannot run ${op}: the function returned a promise, and ${consequence}; await first and pass a ` +
      "synchronous function",
  );
}

/** A mode that lasts until it is disposed, for `using`. */
export class Guard implements Disposable {
  readonly #op: string;
  readonly #before: Modes;
  readonly #below: Guard | null;

  /**
   * Changes modes.
   *
   * @param op Who opens the guard, for messages.
   */
  constructor(op: string, changes: Pick<Partial<Modes>, "recording" | "watcher">) {
    this.#op = op;
    this.#before = { ...engine };
    this.#below = engine.guard;
    Object.assign(engine, changes);
    engine.guard = this;
  }

  /** Restores the modes; disposing twice, or after the surrounding function has ended, is no error. */
  [Symbol.dispose](): void {
    if (engine.guard !== this) {
      for (let guard = engine.guard; guard !== null; guard = guard.#below) {
        if (guard === this) throw this.#refusal("a guard that was opened later is still open");
      }
      return;
    }
    if (engine.floor === this) {
      throw this.#refusal("it was opened outside of the function that is running");
    }
    engine.guard = this.#below;
    engine.recording = this.#before.recording;
    engine.watcher = this.#before.watcher;
  }

  #refusal(reason: string): GradError {
    return new GradError(`Cannot end ${this.#op}: ${reason}`);
  }
}
