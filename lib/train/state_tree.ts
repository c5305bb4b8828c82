/** States of any form as tensors by name and JSON, for files. */

import {
  checkGiven,
  isPlainObject,
  type OptionReader,
  optionReader,
  type OptionTable,
  shown,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { StateDict } from "../nn/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Something whose state can be kept: a module, an optimizer, a schedule, a loader, an average. */
export interface Stateful {
  /** The state to continue from. */
  stateDict(): unknown;
  /** Restores a state. */
  loadStateDict(state: never): unknown;
}

/** Whether a value has a state that can be read and restored. */
export function isStateful(value: unknown): value is Stateful {
  return typeof value === "object" && value !== null &&
    ["stateDict", "loadStateDict"].every((key) => typeof Reflect.get(value, key) === "function");
}

/** Makes a reader of states from the kinds of their entries, none of which may be missing. */
export function stateReader<S extends object>(table: OptionTable<S>): OptionReader<S> {
  const read = optionReader(table);
  return (call, given) => {
    const state = read(call, given);
    checkGiven(call, state, ...Object.keys(table));
    return state;
  };
}

/** The keys that mark values that JSON lacks. */
const [TENSOR, NUMBER, BIGINT] = ["$tensor", "$number", "$bigint"] as const;
const MARKS: readonly string[] = [TENSOR, NUMBER, BIGINT];

/** A state in two parts. */
export interface TakenApart {
  /** The tensors, by their paths. */
  readonly tensors: StateDict;
  /** Everything else, as JSON. */
  readonly rest: string;
}

/** The entries of an array or a plain object; null for anything else. */
function partsOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) return Array.from(value, (item, i) => [String(i), item]);
  if (!isPlainObject(value) || Object.keys(value).some((key) => MARKS.includes(key))) return null;
  return Object.entries(value).filter(([, item]) => item !== undefined);
}

/**
 * Splits a state, which may hold objects, arrays, tensors, numbers, bigints, strings, booleans and
 * nulls.
 */
export function takeApart(call: string, state: unknown): TakenApart {
  const tensors: StateDict = {};
  const open = new Set<unknown>();
  const visit = (value: unknown, path: string): unknown => {
    if (isTensor(value)) {
      let name = path;
      // A key may contain dots, so two paths may be equal.
      while (Object.hasOwn(tensors, name)) name += "'";
      tensors[name] = value;
      return { [TENSOR]: name };
    }
    if (typeof value === "number") {
      return Number.isFinite(value) && !Object.is(value, -0) ? value : {
        [NUMBER]: Object.is(value, -0) ? "-0" : String(value),
      };
    }
    if (typeof value === "bigint") return { [BIGINT]: String(value) };
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    const parts = partsOf(value);
    if (parts !== null) {
      if (open.has(value)) throw new TypeError(`Cannot ${call}: ${path} holds itself`);
      open.add(value);
      const visited = parts.map(([key, item]): [string, unknown] => [
        key,
        visit(item, path === "" ? key : `${path}.${key}`),
      ]);
      open.delete(value);
      return Array.isArray(value) ? visited.map(([, item]) => item) : Object.fromEntries(visited);
    }
    throw new TypeError(
      `Cannot ${call}: ${
        path || "a state"
      } must consist of tensors, numbers, bigints, strings, flags, ` +
        `nulls, and arrays and plain objects of them, got ${shown(value)}`,
    );
  };
  return { rest: JSON.stringify(visit(state, "")), tensors };
}

/** Puts a state together from its parts. */
export function putTogether({ tensors, rest }: TakenApart): unknown {
  return JSON.parse(rest, (_, value: unknown) => {
    if (!isPlainObject(value)) return value;
    if (TENSOR in value) return found(tensors, String(value[TENSOR]));
    if (NUMBER in value) return Number(value[NUMBER]);
    if (BIGINT in value) return BigInt(String(value[BIGINT]));
    return value;
  });
}

function found(tensors: StateDict, path: string): Tensor {
  const x = Object.hasOwn(tensors, path) ? tensors[path] : undefined;
  if (x !== undefined) return x;
  throw new Deno.errors.InvalidData(`Cannot read a state: there is no tensor "${path}"`);
}
