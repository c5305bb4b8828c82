/** Errors that say in which part of a module they arose. */

import { DTypeError, ShapeError } from "../core/errors.ts";

/** What has parts. */
export interface Whole {
  /** Names and values, of which some may be parts; a property has the name that `spelled` makes of its own. */
  members(spelled: (name: string) => string): [string, unknown][];
}

/** Where an error arose: the innermost part that can be named, and what was said there. */
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

/** Changes what an error says, and what its stack begins with. */
function say(error: Error, message: string): void {
  const { stack, message: before } = error;
  error.message = message;
  if (stack !== undefined) error.stack = stack.replace(before, () => message);
}

/** An error on its way out of a module: one about shapes or types says in which part it arose. */
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
 * Runs what a module computes. An error about shapes or types that leaves several modules says where it
 * arose in the outermost one: `encoder.layers.2.selfAttn`.
 */
export function inPart<T>(module: Whole, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw placed(error, module);
  }
}

const PLACING = new WeakSet<object>();

/** Lets the `forward` of a class, and of those that it extends, run as {@linkcode inPart} does. */
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
