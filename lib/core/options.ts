/**
 * The reader of options. `deno run` does not check types, so a misspelt key, a tensor in place of the
 * options or a surplus argument would otherwise be ignored silently.
 */

import type { TensorOptions } from "../tensor/create.ts";
import { DTYPES, isTypedArray } from "./dtype.ts";
import { DeviceError, DTypeError } from "./errors.ts";
import { isForeignTensor, isTensor } from "./tensor.ts";

/** The kind of value that an option takes. */
export interface Kind {
  /** In words, after "must be". */
  readonly needed: string;
  /** Whether a value is of the kind. */
  readonly accepts: (value: unknown) => boolean;
  /** The class of the error of another value. Default: TypeError. */
  readonly error?: new (message: string) => Error;
  /** The value that was probably meant by another one. */
  readonly meant?: (value: unknown) => string | undefined;
}

/** A kind that has no name here. */
export function kind(needed: string, accepts: (value: unknown) => boolean): Kind {
  return { needed, accepts };
}

/** One of several words. */
export function oneOf(...words: readonly string[]): Kind {
  const quoted = words.map((word) => JSON.stringify(word));
  const needed = quoted.length === 1
    ? quoted[0]!
    : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  return kind(needed, (value) => words.includes(value as string));
}

/** The kind, or null. */
export function orNull({ needed, accepts, ...rest }: Kind): Kind {
  return { ...kind(`${needed} or null`, (value) => value === null || accepts(value)), ...rest };
}

/** true or false. */
export const FLAG: Kind = kind("true or false", (value) => typeof value === "boolean");
/** A number; its range is the op's to check. */
export const NUMBER: Kind = kind("a number", (value) => typeof value === "number");
/** A whole number; its range is the op's to check. */
export const INTEGER: Kind = kind("an integer", Number.isSafeInteger);
/** A tensor. */
export const TENSOR: Kind = kind("a tensor", isTensor);
/** A plain object; its entries are the op's to check. */
export const OBJECT: Kind = kind("an object", isPlainObject);
/** A tensor of truth values. */
export const BOOL_TENSOR: Kind = kind(
  "a bool tensor",
  (value) => isTensor(value) && value.dtype === "bool",
);
/** A string that the op looks up itself. */
export const TEXT: Kind = kind("a string", (value) => typeof value === "string");

type Fn = (...args: never[]) => unknown;

/** Whether a function is a class, which only `new` calls. */
function isClass(fn: Fn): boolean {
  // The prototype of a class cannot be replaced, nor can that of what is built in; most have none.
  return fn.prototype !== undefined &&
    Object.getOwnPropertyDescriptor(fn, "prototype")?.writable === false &&
    Function.prototype.toString.call(fn).startsWith("class");
}

/** Whether a value can be called. */
export function isFunction(value: unknown): value is Fn {
  return typeof value === "function" && !isClass(value as Fn);
}

/** A function. */
export const FUNCTION: Kind = kind("a function", isFunction);
/** Anything; the op checks it itself. */
export const ANY: Kind = kind("given", () => true);
/** Whether a value is an array, and each of its items is accepted; a hole in it counts as undefined. */
export function isListOf(
  value: unknown,
  accepts: (item: unknown) => boolean,
): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  // The methods of arrays pass over holes, a loop does not.
  for (const item of value) if (!accepts(item)) return false;
  return true;
}
/** A number, or an array of numbers. */
export const NUMBERS: Kind = kind(
  "a number or an array of numbers",
  (value) => NUMBER.accepts(value) || isListOf(value, NUMBER.accepts),
);

/** A number that is neither infinite nor NaN. */
export const FINITE: Kind = kind("a finite number", Number.isFinite);
/** A number above 0, possibly infinite. */
export const ABOVE_ZERO: Kind = kind(
  "a positive number",
  (value) => NUMBER.accepts(value) && value as number > 0,
);
/** A number above 0 that is not infinite. */
export const POSITIVE: Kind = kind(
  "a positive finite number",
  (value) => FINITE.accepts(value) && value as number > 0,
);
/** A number that is neither below 0 nor infinite. */
export const NOT_NEGATIVE: Kind = kind(
  "a non-negative finite number",
  (value) => FINITE.accepts(value) && value as number >= 0,
);
/** A fraction of something. */
export const SHARE: Kind = kind(
  "a number from 0 to 1",
  (value) => NOT_NEGATIVE.accepts(value) && value as number <= 1,
);
/** An integer no smaller than another. */
export function integerFrom(least: number, needed = `an integer of at least ${least}`): Kind {
  return kind(needed, (value) => INTEGER.accepts(value) && value as number >= least);
}
/** How many there are of something, possibly none. */
export const WHOLE: Kind = integerFrom(0, "a non-negative integer");
/** How many there are of something, at least one. */
export const COUNT: Kind = integerFrom(1, "a positive integer");

/** A whole number from 1 on of what is made one by one, of which nobody has more than so many. */
export function countTo(most: number): Kind {
  return kind(
    `an integer from 1 to ${most}`,
    (value) => COUNT.accepts(value) && value as number <= most,
  );
}

/** How many there are of what is made one by one in JavaScript, at least one. */
export const MANY: Kind = countTo(2 ** 20);

/** An element type. */
export const DTYPE: Kind = { ...oneOf(...DTYPES), error: DTypeError };
/** A device. PyTorch's names of GPUs are not accepted, but understood. */
export const DEVICE: Kind = {
  ...oneOf("cpu", "gpu"),
  error: DeviceError,
  meant: (value) =>
    typeof value === "string" && /^(cuda|mps|xpu)(:\d+)?$/.test(value) ? "gpu" : undefined,
};

/** An array, possibly empty, of values of one kind; `items` names them. */
export function arrayOf({ accepts }: Kind, items: string): Kind {
  return kind(`an array of ${items}`, (value) => isListOf(value, accepts));
}

/** Refuses tensors, alone or in an array, whose elements are no longer there. */
function checkThere(call: string, name: string, value: unknown): void {
  if (isTensor(value)) value.storage.check(call, undefined, name);
  else if (Array.isArray(value) && isTensor(value[0])) {
    for (const x of value) checkThere(call, name, x);
  }
}

/**
 * Refuses a value of another kind, and a tensor whose elements are gone; `name` is its name for the
 * caller.
 */
export function checkKind(call: string, name: string, value: unknown, kind: Kind): void {
  if (kind.accepts(value)) return checkThere(call, name, value);
  const Wrong = kind.error ?? TypeError;
  throw new Wrong(
    `Cannot ${call}: ${name} must be ${kind.needed}, got ${shown(value)}${
      hint(kind.meant?.(value))
    }`,
  );
}

/** The end of a message: the word that was probably meant, if that is known. */
export function hint(meant: string | undefined): string {
  return meant === undefined ? "" : `; did you mean "${meant}"`;
}

/** The kind of each option: one that is missing does not compile. */
export type OptionTable<O extends object> = { readonly [K in keyof Required<O>]: Kind };

/** The kinds of the options of functions that create tensors. */
export const TENSOR_OPTIONS: OptionTable<TensorOptions> = {
  dtype: DTYPE,
  device: DEVICE,
  requiresGrad: FLAG,
};

/** Reads the options of a call; `call` says what cannot be done, as "compute sum". */
export type OptionReader<O extends object> = (call: string, given: O | undefined) => O;

const NOTHING = Object.freeze({});

/** Whether a value is a plain object, such as `{}`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as messages show it: short, on one line. */
export function shown(value: unknown): string {
  // Nobody else will look at the rejection of a promise that is refused.
  if (value instanceof Promise) value.catch(() => {});
  if (isTensor(value)) return `a tensor of shape [${value.shape.join(", ")}]`;
  if (typeof value === "function" && isClass(value as Fn)) {
    return `the class ${value.name}, not an object made with new`;
  }
  if (isForeignTensor(value)) {
    return "a tensor of another copy of the library, of which a program must import one only";
  }
  const text = Deno.inspect(value, { depth: 1, breakLength: Infinity, strAbbreviateSize: 60 })
    .replace(/\s*\n\s*/g, " ");
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The edit distance of two words: letters added, removed or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** The known word that was probably meant: in another case, in snake_case, by initials, or misspelt. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = word.replaceAll("_", "").toLowerCase();
  const parts = word.replace(/([A-Z])/g, "_$1").toLowerCase().split("_").filter((part) => part);
  const initials = parts.map((part) => part[0]).join("");
  const same = known.find((key) => [plain, initials].includes(key.toLowerCase()));
  if (same !== undefined) return same;
  const near = known.map((key) => ({ key, away: distance(plain, key.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)[0];
  if (near !== undefined && near.away <= Math.max(1, Math.min(plain.length, near.key.length) / 3)) {
    return near.key;
  }
  return known.find((key) => parts.some((part) => part.length > 2 && key.toLowerCase() === part));
}

/** The error for an unknown option. */
export function unknownKey(call: string, key: string, known: readonly string[]): TypeError {
  const among = known.join(", ") || "none";
  return new TypeError(
    `Cannot ${call}: there is no option "${key}" among ${among}${hint(nearest(key, known))}`,
  );
}

/** Makes a reader from the kinds of all options. Reading undefined is free. */
export function optionReader<O extends object>(table: OptionTable<O>): OptionReader<O> {
  const kinds = new Map<string, Kind>(Object.entries(table));
  const known = [...kinds.keys()];
  return (call, given) => {
    if (given === undefined) return NOTHING as O;
    if (!isPlainObject(given)) {
      const fitting = known.find((key) => {
        const { accepts } = kinds.get(key)!;
        return given !== null && kinds.get(key) !== ANY && accepts(given);
      });
      const place = isTensor(given) ? "tensor" : shown(given);
      const form = fitting === undefined ? `{ ${known.join(", ")} }` : `{ ${fitting}: ${place} }`;
      throw new TypeError(
        `Cannot ${call}: options go in an object, as in ${form}, got ${shown(given)}`,
      );
    }
    // A plain object inherits nothing.
    for (const key in given) {
      const found = kinds.get(key);
      if (found === undefined) throw unknownKey(call, key, known);
      const value: unknown = given[key];
      if (value !== undefined) checkKind(call, key, value, found);
    }
    return given;
  };
}

/** A copy of a list with the lists in it; of anything else that itself. */
function listKept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(listKept);
  return isTypedArray(value) ? value.slice() : value;
}

/**
 * A caller's list or options, as an object keeps them: a copy with the lists in it, which the caller
 * cannot change later. What else stands in them is shared, and anything else is given back.
 */
export function kept<T>(given: T): T {
  if (!isPlainObject(given)) return listKept(given) as T;
  const own = Object.entries(given).map(([key, value]) => [key, listKept(value)]);
  return Object.fromEntries(own) as T;
}

/** Refuses options that are missing. */
export function checkGiven(call: string, options: object, ...names: readonly string[]): void {
  const missing = names.filter((name) => Reflect.get(options, name) === undefined);
  if (missing.length > 0) throw new TypeError(`Cannot ${call}: it needs ${missing.join(", ")}`);
}

/** Refuses surplus arguments; to be called with `arguments.length`. */
export function checkCount(call: string, given: number, most: number): void {
  if (given > most) throw surplus(call, given, most);
}

/** The error for surplus arguments. */
export function surplus(call: string, given: number, most: number): TypeError {
  const counted = most === 0
    ? "no arguments"
    : `at most ${most === 1 ? "1 argument" : `${most} arguments`}`;
  // Few functions of one argument have options, and those of none have none.
  const form = most > 1 ? "; any options go in one object" : "";
  return new TypeError(`Cannot ${call}: it takes ${counted}, got ${given}${form}`);
}
