/** Which of a caller's lists and options an object keeps, told by what the collector leaves. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Arg, Call, Options } from "./calls.ts";
import { isOptions, valueOf } from "./refusals.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** Something that is called with arguments; a method on an object that `call.on` makes. */
export interface Callee {
  readonly title: string;
  readonly call: Call;
  readonly run: (args: readonly unknown[], on?: object) => unknown;
}

/** Lists, options and memory in a value, also inside each other. */
function* mutable(path: string, value: unknown): Generator<[path: string, object: object]> {
  if (ArrayBuffer.isView(value)) {
    yield [path, value];
    yield [`the memory of ${path}`, value.buffer];
  } else if (Array.isArray(value) || isPlainObject(value)) {
    yield [path, value as object];
    for (const [key, own] of Object.entries(value as object)) yield* mutable(`${path}.${key}`, own);
  } else if (value instanceof Map || value instanceof Set) {
    yield [path, value];
    for (const [key, own] of value.entries()) yield* mutable(`${path}.${key}`, own);
  }
}

/** The lists that may stand in the place of a value. */
function listsFor({ make }: Arg): (() => unknown)[] {
  const value = make();
  if (Array.isArray(value)) {
    const numbers = value.every((item) => typeof item === "number");
    return numbers
      ? [Float32Array, Float64Array, Int32Array].map((kind) => () => kind.from(make() as number[]))
      : [];
  }
  if (isPlainObject(value)) return [];
  const one = () => make() ?? 1;
  return [() => [one()], () => [one(), one()], () => [one(), one(), one()]];
}

/** The ways to give arguments: as they are, with each of them as a list, with each option alone. */
function* variants(args: readonly (Arg | Options)[]): Generator<() => unknown[]> {
  yield () => args.map(valueOf);
  for (const [i, arg] of args.entries()) {
    const put = (make: () => unknown) => () =>
      args.map((other, j) => j === i ? make() : valueOf(other));
    if (!isOptions(arg)) {
      for (const list of listsFor(arg)) yield put(list);
      continue;
    }
    for (const [key, own] of Object.entries(arg.keys)) {
      for (const list of listsFor(own)) {
        yield put(() => ({ ...valueOf(arg) as object, [key]: list() }));
        yield put(() => ({ [key]: list() }));
      }
    }
  }
}

/** Makes lists and options what nobody can write into, also inside each other. */
function frozen<T>(value: T): T {
  for (const [, object] of mutable("", value)) {
    // Elements of typed arrays cannot be frozen.
    if (Array.isArray(object) || isPlainObject(object)) Object.freeze(object);
  }
  return value;
}

/** What came of the calls that were accepted, weakly what they were given, and what went wrong. */
interface Outcome {
  readonly results: unknown[];
  readonly given: (readonly [path: string, object: WeakRef<object>])[];
  readonly faults: string[];
}

async function outcomeOf({ title, call: { args, on }, run }: Callee): Promise<Outcome> {
  const outcome: Outcome = { results: [], given: [], faults: [] };
  for (const make of variants(args)) {
    const owner = on?.();
    const own = frozen(make());
    try {
      outcome.results.push(owner, await run(own, owner));
    } catch (error) {
      const free = await Promise.try(() => run(make(), on?.())).then(() => true, () => false);
      if (free) outcome.faults.push(`${title} needs to write into what it is given: ${error}`);
      continue;
    }
    // What is the same in every call is the table's, not a caller's.
    const shared = new Set(make().flatMap((value) => [...mutable("", value)].map(([, x]) => x)));
    for (const [path, object] of own.flatMap((value, i) => [...mutable(`argument ${i}`, value)])) {
      if (!shared.has(object)) outcome.given.push([path, new WeakRef(object)]);
    }
  }
  return outcome;
}

/**
 * What is wrong with how calls treat lists and options, all of which are frozen: a line for each that an
 * outcome, or what a method was called on, still holds, and for each call that ends otherwise than with
 * those that can be written into.
 */
export async function faultsOfKeeping(callees: readonly Callee[]): Promise<string[]> {
  const outcomes: Outcome[] = [];
  for (const callee of callees) outcomes.push(await outcomeOf(callee));
  // What a weak reference has shown lives on to the end of the job.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  const lines = outcomes.flatMap(({ given, faults }, i) => [
    ...faults,
    ...given.filter(([, object]) => object.deref() !== undefined)
      .map(([path]) => `${callees[i]!.title} keeps ${path}`),
  ]);
  return [...new Set(lines)];
}
