/** Groups of parameters: the forms in which they are given, and the kinds of their options. */

import {
  checkKind,
  FLAG,
  kept,
  type Kind,
  kind,
  NUMBER,
  optionReader,
  orNull,
  shown,
  TENSOR,
} from "../core/options.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Parameters that share their options. */
export type ParamGroup<O> = { params: readonly Tensor[] } & O;

/** Parameters, or groups of them with their own options. */
export type ParamsOrGroups<O> = Iterable<Tensor> | Iterable<ParamGroup<Partial<O>>>;

/**
 * The kind of an option, determined by its default: a number, a flag, or an array of as many
 * numbers (or null where the default has it).
 *
 * @param number The kind of a number.
 */
function kindOf(value: unknown, number: Kind): Kind {
  if (typeof value === "number") return number;
  if (typeof value === "boolean") return FLAG;
  if (!Array.isArray(value)) return kind("given", (given) => given !== undefined);
  const kinds = value.map((item) => item === null ? orNull(number) : number);
  const items = value.includes(null) ? "numbers or nulls" : "numbers";
  return kind(
    `an array of ${kinds.length} ${items}`,
    (given) =>
      Array.isArray(given) && given.length === kinds.length &&
      kinds.every(({ accepts }, i) => accepts(given[i])),
  );
}

/** The kinds of options, determined by their defaults. */
export function kindsOf<O extends object>(
  defaults: O,
  number: Kind = NUMBER,
): { readonly [K in keyof O]: Kind } {
  const entries = Object.entries(defaults).map(([key, value]) => [key, kindOf(value, number)]);
  return Object.fromEntries(entries);
}

/** The defaults, overridden by the given options, sharing no arrays with either. */
export function withDefaults<O extends object>(defaults: O, given: Partial<O>): O {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return kept({ ...defaults, ...Object.fromEntries(entries) });
}

/**
 * Makes a reader of options that fills in defaults.
 *
 * @param number The kind of a number.
 */
export function filledReader<O extends object>(
  defaults: O,
  number: Kind = NUMBER,
): (call: string, given: Partial<O> | undefined) => O {
  const read = optionReader<Partial<Record<string, unknown>>>({ ...kindsOf(defaults, number) });
  return (call, given) => withDefaults(defaults, read(call, given) as Partial<O>);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value &&
    !(value instanceof Tensor);
}

/** A hint for something that is not an array of parameters. */
function adviceFor(value: unknown): string {
  if (value instanceof Tensor) return "; put it in an array";
  if (typeof value === "function") return "; call it";
  if (typeof value !== "object" || value === null) return "";
  if ("parameters" in value) return "; pass its parameters()";
  return "params" in value ? "; put the group in an array" : "";
}

/** The groups of an optimizer. */
export function groupsOf<O>(name: string, given: ParamsOrGroups<O>): ParamGroup<Partial<O>>[] {
  const needed =
    `Cannot make ${name}: parameters must be an array of tensors or of groups { params }`;
  if (!isIterable(given)) {
    throw new TypeError(`${needed}, got ${shown(given)}${adviceFor(given)}`);
  }
  const list = [...given] as (Tensor | ParamGroup<Partial<O>>)[];
  const [first] = list;
  if (list.length === 0) throw new RangeError(`Cannot make ${name}: there are no parameters`);
  if (Array.isArray(first)) {
    throw new TypeError(`${needed}, got an array of arrays; pass the parameters() of a module`);
  }
  if (!(first instanceof Tensor)) return list as ParamGroup<Partial<O>>[];
  return [{ params: list } as unknown as ParamGroup<Partial<O>>];
}

/** The parameters of a group, as a list. */
export function paramsOf(call: string, params: unknown): Tensor[] {
  if (!isIterable(params)) {
    throw new TypeError(`Cannot ${call}: params must be an array of tensors, got ${shown(params)}`);
  }
  const list = [...params];
  for (const p of list) checkKind(call, "each of params", p, TENSOR);
  return list as Tensor[];
}
