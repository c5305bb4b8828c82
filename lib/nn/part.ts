/** Errors that name the part of a module where they arose. */

import { DTypeError, ShapeError } from "../core/errors.ts";

/** Anything with parts. */
export interface Whole {
  /** Names and values, some of which may be parts; `spelled` gives the name of a property. */
  members(spelled: (name: string) => string): [string, unknown][];
}

/** Where an error arose: the innermost part that can be named, and the message there. */
interface Origin {
  readonly part: Whole;
  readonly message: string;
}

const ORIGINS = new WeakMap<Error, Origin>();

function isWhole(value: unknown): value is Whole {
  return typeof value === "object" && value !== null && "members" in value;
}

/** The properties that lead from a module to a part of it; null if none do. */
function pathTo(part: Whole, from: Whole, passed: Set<Whole>): string[] | null {
  if (from === part) return [];
  passed.add(from);
  for (const [name, value] of from.members((name) => name)) {
    if (!isWhole(value) || passed.has(value)) continue;
    const rest = pathTo(part, value, passed);
    if (rest !== null) return [name, ...rest];
  }
  return null;
}

/** Changes the message of an error, and the start of its stack. */
function say(error: Error, message: string): void {
  const { stack, message: before } = error;
  error.message = message;
  if (stack !== undefined) error.stack = stack.replace(before, () => message);
}

/** An error on its way out of a module: one about shapes or types names the part where it arose. */
function placed(error: unknown, module: Whole): unknown {
  if (!(error instanceof ShapeError || error instanceof DTypeError)) return error;
  const origin = ORIGINS.get(error);
  const path = origin === undefined ? null : pathTo(origin.part, module, new Set());
  if (origin === undefined || path === null) {
    ORIGINS.set(error, { part: module, message: error.message });
  } else if (path.length > 0) {
    say(error, origin.message.replace(": ", () => ` in ${path.join(".")}: `));
  }
  return error;
}

/**
 * Runs the computation of a module. An error about shapes or types that leaves several modules names its
 * place in the outermost one: `encoder.layers.2.selfAttn`.
 */
export function inPart<T>(module: Whole, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw placed(error, module);
  }
}

const PLACING = new WeakSet<object>();

/** Has the `forward` of a class, and of those that it extends, run by {@linkcode inPart}. */
export function placeErrors(prototype: object): void {
  if (PLACING.has(prototype)) return;
  PLACING.add(prototype);
  const above: unknown = Object.getPrototypeOf(prototype);
  if (typeof above === "object" && above !== null) placeErrors(above);
  const own = Object.getOwnPropertyDescriptor(prototype, "forward");
  if (typeof own?.value !== "function" || !own.configurable) return;
  const compute = own.value as (...inputs: unknown[]) => unknown;
  function forward(this: Whole, ...inputs: unknown[]): unknown {
    return inPart(this, () => compute.apply(this, inputs));
  }
  Object.defineProperty(prototype, "forward", { ...own, value: forward });
}
