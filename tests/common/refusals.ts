/** What is wrong with how a call treats wrong arguments. */

import { cat, NativeError, scope, type Tensor, Tensor as TensorClass, testing } from "../../mod.ts";
import { type Arg, type Call, type Options, type Sort, WRONG } from "./calls.ts";

/** Starts of JavaScript's own messages that look like ours. */
const FOREIGN =
  /^Cannot (read propert|set propert|destructure|convert|access|assign|mix|add propert|delete|redefine)/;

/** What is wrong with an error as the answer to a wrong call; null if it refuses in our words. */
function faultOf(error: unknown, named: string, needed: string): string | null {
  if (!(error instanceof Error)) return `threw ${Deno.inspect(error)}`;
  const { message } = error;
  const ours = /^Cannot [^\n]*[^.\n]$/.test(message) && !FOREIGN.test(message) &&
    !(error instanceof NativeError);
  if (!ours) return `ended in "${error.name}: ${message}"`;
  const missing = [named, needed].find((text) => !message.includes(text));
  return missing === undefined ? null : `does not say ${missing}: "${message}"`;
}

function acceptance(outcome: unknown): string {
  return `was accepted, and gave ${Deno.inspect(outcome, { depth: 0 }).slice(0, 80)}`;
}

/** Numbers that people give by mistake; no memory holds as many things as the last one says. */
const NUMBERS = [NaN, Infinity, -1, 0, 0.5, 2 ** 40];

/** The ways to call with another number, also in place of each of a list. */
function* numberCalls({ args, patient = [] }: Call): Generator<[what: string, args: unknown[]]> {
  for (const [i, arg] of args.entries()) {
    const good = () => args.map(valueOf);
    for (const [key, own] of isOptions(arg) ? Object.entries(arg.keys) : [[null, arg] as const]) {
      const value = own.make();
      const list = Array.isArray(value) && value.length > 0 ? value : null;
      if (!(list ?? [value]).every((item) => typeof item === "number")) continue;
      for (const number of NUMBERS) {
        if (number > 1e9 && patient.includes(key ?? i)) continue;
        const other = list === null ? number : list.map(() => number);
        const put = key === null ? other : { ...valueOf(arg) as object, [key]: other };
        yield [`${key ?? `argument ${i}`}: ${number}`, good().with(i, put)];
      }
    }
  }
}

/** Refusals of what is too large, which name its shape. */
const TOO_LARGE = /^Cannot (make|run) .* shape \[/;

/** What is wrong with how a function treats other numbers, which it takes or refuses by its name. */
export async function faultsOfNumbers(
  name: string,
  call: Call,
  run: (...args: unknown[]) => unknown,
): Promise<string[]> {
  const lines: string[] = [];
  for (const [what, args] of numberCalls(call)) {
    try {
      await run(...args);
    } catch (error) {
      // What is compared and checked may fail.
      if (error instanceof testing.CheckError) continue;
      const { message } = error as Error;
      const named = TOO_LARGE.test(message) || PARTS.test(message) ? "" : call.named ?? name;
      const wrong = faultOf(error, named, "");
      if (wrong !== null) lines.push(`${name}, ${what}: ${wrong}`);
    }
  }
  return lines;
}

/** A tensor that was made in a scope which has ended. */
function outlived(x: Tensor): Tensor {
  const made: Tensor[] = [];
  scope(() => {
    made.push(x.clone());
  });
  return made[0] ?? x;
}

/**
 * Tensors that people give by mistake: with other elements, of none along the first dimension, of
 * another shape, and such whose elements are gone.
 */
const OTHERS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "truth values": (x) => x.ne(0),
  "integers below 0": (x) => x.to({ dtype: "int32" }).abs().neg().sub(1),
  "integers beyond": (x) => x.to({ dtype: "int32" }).mul(0).add(1000),
  NaN: (x) => x.dtype.startsWith("float") ? x.mul(NaN) : x,
  infinities: (x) => x.dtype.startsWith("float") ? x.mul(0).add(Infinity) : x,
  "another floating type": (x) => x.to({ dtype: x.dtype === "float64" ? "float32" : "float64" }),
  nothing: (x) => x.ndim === 0 ? x : x.slice(0, 0, 0),
  "one row more": (x) => x.ndim === 0 ? x.reshape([1]) : cat([x, x.slice(0, 0, 1)]),
  "one row": (x) => x.ndim === 0 ? x : x.slice(0, 0, 1),
  "a dimension more": (x) => x.unsqueeze(0),
  "a dimension fewer": (x) => x.ndim === 0 || x.shape[0] === 0 ? x : x.at(0),
  "no dimension": (x) => x.size === 0 ? x.sum() : x.flatten().at(0),
  "elements disposed of": (x) => {
    const gone = x.clone();
    gone.dispose();
    return gone;
  },
  "a scope that ended": outlived,
};

/** A value with its tensor changed: itself, or the first of an array. */
function changed(value: unknown, change: (x: Tensor) => Tensor): unknown {
  if (Array.isArray(value)) return value.with(0, changed(value[0], change));
  return change((value as Tensor).detach());
}

/** The ways to call with one tensor, or one among options, that is another. */
function* otherCalls(args: Call["args"]): Generator<[what: string, args: () => unknown[]]> {
  const good = () => args.map(valueOf);
  for (const [i, arg] of args.entries()) {
    const keys = isOptions(arg) ? Object.keys(arg.keys) : [null];
    for (const key of keys) {
      const held = key === null ? valueOf(arg) : Reflect.get(valueOf(arg) as object, key);
      if (!((Array.isArray(held) ? held[0] : held) instanceof TensorClass)) continue;
      for (const [kind, change] of Object.entries(OTHERS)) {
        const given = () => {
          const own = good();
          const x = key === null ? own[i] : Reflect.get(own[i] as object, key);
          const other = changed(x, change);
          return own.with(i, key === null ? other : { ...own[i] as object, [key]: other });
        };
        const what = `${key ?? `argument ${i}`} of ${kind}`;
        yield [what, given];
        // What a message says of one must not be read off another that is not there.
        const next = args[i + 1];
        if (key !== null || next === undefined || isOptions(next)) continue;
        yield [`${what}, and none behind it`, () => given().slice(0, i + 1)];
      }
    }
  }
}

/** What may also say what is wrong: a part of a model, a seed, and a user's loss or function. */
const PARTS = /^Cannot (compute \w+ in [\w.]+|make a Parameter|seed|compute (sum|losses\.mse)): /;

/** What is wrong with how a function treats other elements, which it takes or refuses by its name. */
export async function faultsOfElements(
  name: string,
  call: Call,
  run: (...args: unknown[]) => unknown,
): Promise<string[]> {
  const lines: string[] = [];
  for (const [what, args] of otherCalls(call.args)) {
    try {
      await run(...args());
    } catch (error) {
      const named = PARTS.test((error as Error).message) ? "" : call.named ?? name;
      const wrong = faultOf(error, named, "");
      if (wrong !== null) lines.push(`${name}, ${what}: ${wrong}`);
    }
  }
  return lines;
}

/** What is wrong with the outcome of a wrong call; null if it is refused in our words. */
export function complaint(named: string, call: () => unknown, needed = ""): string | null {
  let outcome: unknown;
  try {
    outcome = call();
  } catch (error) {
    return faultOf(error, named, needed);
  }
  return acceptance(outcome);
}

export function isOptions(arg: Arg | Options): arg is Options {
  return "keys" in arg;
}

/** The right value of an argument: of options, each key's. */
export function valueOf(arg: Arg | Options): unknown {
  if (!isOptions(arg)) return arg.make();
  return Object.fromEntries(Object.entries(arg.keys).map(([key, own]) => [key, own.make()]));
}

/** A key as somebody might write it who knows another library, or types badly. */
export function misspelt(key: string): string {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return snake === key ? `${key[0]!.toUpperCase()}${key.slice(1)}` : snake;
}

/** A way to spoil a call: what it is called, the arguments, and what the message must say too. */
type Spoilt = readonly [what: string, args: unknown[], needed?: string];

function sortsBut(takes: readonly Sort[]): Sort[] {
  return (Object.keys(WRONG) as Sort[]).filter((sort) => !takes.includes(sort));
}

function spoiltOptions({ keys }: Options, good: () => Record<string, unknown>): Spoilt[] {
  const wholes = sortsBut(["undefined"]).map((sort): Spoilt => [`${sort} as options`, [
    WRONG[sort](),
  ]]);
  const single = Object.entries(keys).flatMap(([key, { takes }]): Spoilt[] => {
    const values = sortsBut(["undefined", ...takes]).map((sort): Spoilt => [
      `${key}: ${sort}`,
      [{ ...good(), [key]: WRONG[sort]() }],
      key,
    ]);
    const { [key]: value, ...rest } = good();
    const wrong = misspelt(key);
    return [...values, [`"${wrong}"`, [{ ...rest, [wrong]: value }], `did you mean "${key}"`]];
  });
  return [...wholes, ...single];
}

/** All ways to spoil the call. */
function spoilt({ args, rest }: Call): Spoilt[] {
  const good = () => args.map(valueOf);
  const replaced = args.flatMap((arg, i): Spoilt[] => {
    const put = ([what, values, needed = ""]: Spoilt): Spoilt => [
      `argument ${i}: ${what}`,
      good().toSpliced(i, 1, ...values),
      needed,
    ];
    if (isOptions(arg)) {
      return spoiltOptions(arg, () => valueOf(arg) as Record<string, unknown>).map(put);
    }
    const value = arg.make();
    const spread: Spoilt[] = Array.isArray(value) && value.length > 1 ? [["spread", value]] : [];
    return [
      ...sortsBut(arg.takes).map((sort): Spoilt => [sort, [WRONG[sort]()]]),
      ...spread,
    ].map(put);
  });
  if (rest) return replaced;
  return [...replaced, [`an argument too many`, [...good(), 1], "argument"]];
}

function failed(name: string, error: unknown): string {
  return `${name}: the good call failed: ${error}`;
}

/** What is wrong with how a function treats wrong arguments: a line for each. */
export function faultsOf(name: string, call: Call, run: (...args: unknown[]) => unknown): string[] {
  const lines: string[] = [];
  try {
    run(...call.args.map(valueOf));
  } catch (error) {
    lines.push(failed(name, error));
  }
  for (const [what, args, needed] of spoilt(call)) {
    const wrong = complaint(call.named ?? name, () => run(...args), needed);
    if (wrong !== null) lines.push(`${name}, ${what}: ${wrong}`);
  }
  return lines;
}

/** `faultsOf` for a function that may give a promise, whose rejection is its answer. */
export async function faultsOfAny(
  name: string,
  call: Call,
  run: (...args: unknown[]) => unknown,
): Promise<string[]> {
  const lines: string[] = [];
  try {
    await run(...call.args.map(valueOf));
  } catch (error) {
    lines.push(failed(name, error));
  }
  for (const [what, args, needed] of spoilt(call)) {
    let wrong: string | null;
    try {
      wrong = acceptance(await run(...args));
    } catch (error) {
      wrong = faultOf(error, call.named ?? name, needed ?? "");
    }
    if (wrong !== null) lines.push(`${name}, ${what}: ${wrong}`);
  }
  return lines;
}
