/** Parameters and buffers by name, and how a module loads them: all or none. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkKind,
  FLAG,
  FUNCTION,
  isPlainObject,
  nearest,
  optionReader,
  shown,
  TENSOR,
  TEXT,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { copyAll } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Parameters and buffers by name. */
export type StateDict = Record<string, Tensor>;

/** Tensors by name; refuses two that are spelled alike, such as `aB` and `a_b`. */
export function distinct<T extends Tensor>(call: string, named: [string, T][]): [string, T][] {
  const names = new Set<string>();
  for (const [name] of named) {
    if (names.has(name)) {
      throw new TypeError(`Cannot ${call}: two tensors are called "${name}"`);
    }
    names.add(name);
  }
  return named;
}

/** Copies of the values of a state dict, which training does not change. */
export function copied(state: StateDict): StateDict {
  return noGrad(() => Object.fromEntries(Object.entries(state).map(([k, v]) => [k, v.clone()])));
}

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether both sides must have the same keys. Default: true. */
  strict?: boolean;
  /** Maps a key of the module to its key in the state. */
  rename?: (key: string) => string;
}

/** The keys that `loadStateDict` did not find, and those it did not use. */
export interface LoadResult {
  /** Keys of the module that the state lacks. */
  readonly missing: readonly string[];
  /** Keys of the state that the module lacks. */
  readonly unexpected: readonly string[];
}

const readOptions = optionReader<LoadOptions>({ strict: FLAG, rename: FUNCTION });

const CALL = "load the state";

/** Refuses a value that could not be written into a tensor of any shape. */
function checkValue(key: string, target: Tensor, value: Tensor): void {
  checkKind(CALL, `"${key}"`, value, TENSOR);
  value.storage.check("loadStateDict");
  target.storage.check("loadStateDict");
  if (value.batched === null || target.batched !== null) return;
  throw new TypeError(
    `Cannot ${CALL} under vmap: "${key}" stands for a tensor in each example, and the module has ` +
      "one for all",
  );
}

/** How many pairs of letters are compared at most, to keep this fast. */
const MOST_COMPARED = 50_000_000;

/** Keys that one side lacks, each with the key of the other side that it was probably meant to be. */
function listed(keys: readonly string[], others: readonly string[] = []): string {
  if (keys.length === 0) return "none";
  const compared = keys.join("").length * others.join("").length <= MOST_COMPARED;
  return keys.map((key) => {
    const near = compared ? nearest(key, others) : undefined;
    return near === undefined ? key : `${key} (near "${near}")`;
  }).join(", ");
}

/** The prefix that the state adds to every missing key, or that its own keys all lack. */
function prefixHint(missing: readonly string[], unexpected: readonly string[]): string {
  const before = (shorter: readonly string[], longer: readonly string[]): string | undefined => {
    const [first] = shorter;
    if (first === undefined) return undefined;
    const all = new Set(longer);
    return longer.filter((key) => key.endsWith(first))
      .map((key) => key.slice(0, -first.length))
      .find((prefix) => shorter.every((key) => all.has(prefix + key)));
  };
  const added = before(missing, unexpected);
  if (added !== undefined) {
    return `; the state has "${added}" before each: { rename: (key) => "${added}" + key }`;
  }
  const lacking = before(unexpected, missing);
  if (lacking === undefined) return "";
  return `; the state lacks "${lacking}" before each: { rename: (key) => key.slice(${lacking.length}) }`;
}

/** The error for all keys and shapes that do not fit; null if there are none. */
function misfit(
  missing: readonly string[],
  unexpected: readonly string[],
  found: readonly (readonly [key: string, target: Tensor, value: Tensor])[],
  renamed: boolean,
): Error | null {
  const reshaped = found.filter(([, target, value]) => !sameShape(target.shape, value.shape));
  const shapes = reshaped.map(([key, target, value]) =>
    `"${key}" has shape ${showShape(target.shape)}, the state ${showShape(value.shape)}`
  );
  if (missing.length + unexpected.length > 0) {
    const hint = renamed ? "" : prefixHint(missing, unexpected);
    // Where one renaming fixes all, similar names would only distract.
    const [near, own] = hint === "" ? [unexpected, [...missing, ...found.map(([key]) => key)]] : [];
    const keys = `missing keys ${listed(missing, near)}, unexpected keys ${
      listed(unexpected, own)
    }`;
    return new TypeError(`Cannot ${CALL}: ${[keys + hint, ...shapes].join("; ")}`);
  }
  if (reshaped.length === 0) return null;
  return new ShapeError(
    `Cannot ${CALL}: ${shapes.join("; ")}`,
    reshaped.flatMap(([, target, value]) => [target.shape, value.shape]),
  );
}

/** The values to write: on the device of their targets, and unaffected by other writes. */
function pairsOf(
  found: readonly (readonly [key: string, target: Tensor, value: Tensor])[],
): (readonly [target: Tensor, value: Tensor])[] {
  const written = new Set(found.map(([, target]) => target.storage));
  return found.map(([, target, given]) => {
    const value = given.detach().to({ device: target.device });
    const shared = value.storage !== target.storage && written.has(value.storage);
    return [target, shared ? value.clone() : value];
  });
}

/** Copies a state into tensors of the same names; nothing changes unless everything fits. */
export function loadState(
  own: readonly [key: string, target: Tensor][],
  state: StateDict,
  options: LoadOptions | undefined,
): LoadResult {
  const { strict = true, rename } = readOptions(CALL, options);
  if (!isPlainObject(state)) {
    throw new TypeError(
      `Cannot ${CALL}: it must be an object of tensors by name, got ${shown(state)}`,
    );
  }
  const sources = new Map(own.map(([key]) => {
    const source: unknown = rename === undefined ? key : rename(key) ?? key;
    checkKind(CALL, `what rename gives for "${key}"`, source, TEXT);
    return [key, source as string];
  }));
  const used = new Set(sources.values());
  const sourceOf = (key: string) => sources.get(key) ?? key;
  const missing = own.map(([key]) => key).filter((key) => !Object.hasOwn(state, sourceOf(key)));
  const unexpected = Object.keys(state).filter((key) => !used.has(key));
  const found = own.filter(([key]) => Object.hasOwn(state, sourceOf(key)))
    .map(([key, target]) => {
      const value = state[sourceOf(key)] as Tensor;
      checkValue(key, target, value);
      return [key, target, value] as const;
    });
  const [lacking, surplus] = strict ? [missing, unexpected] : [[], []];
  const wrong = misfit(lacking, surplus, found, rename !== undefined);
  if (wrong !== null) throw wrong;
  noGrad(() => copyAll("loadStateDict", pairsOf(found)));
  return { missing, unexpected };
}
