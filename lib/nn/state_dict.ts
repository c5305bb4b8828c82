/** Parameters and buffers by name, and how they are taken over by a module: all of them or none. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkKind,
  FLAG,
  FUNCTION,
  isPlainObject,
  optionReader,
  shown,
  TENSOR,
  TEXT,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Parameters and buffers by name. */
export type StateDict = Record<string, Tensor>;

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether every key must be there on both sides. Default: true. */
  strict?: boolean;
  /** Gives the key under which a key of the module stands in the state. */
  rename?: (key: string) => string;
}

/** What `loadStateDict` did not find, and what it did not use. */
export interface LoadResult {
  /** Keys of the module that the state lacks. */
  readonly missing: readonly string[];
  /** Keys of the state that the module lacks. */
  readonly unexpected: readonly string[];
}

const readOptions = optionReader<LoadOptions>({ strict: FLAG, rename: FUNCTION });

const CALL = "load the state";

/** A tensor of the module and what is written into it. */
interface Pair {
  readonly target: Tensor;
  readonly value: Tensor;
}

/** Refuses a value that cannot be written into a tensor. */
function checkValue(key: string, target: Tensor, value: Tensor): void {
  checkKind(CALL, `"${key}"`, value, TENSOR);
  value.storage.check("loadStateDict");
  target.storage.check("loadStateDict");
  if (sameShape(target.shape, value.shape)) return;
  throw new ShapeError(
    `Cannot ${CALL}: "${key}" has shape ${showShape(target.shape)}, the state ${
      showShape(value.shape)
    }`,
    [target.shape, value.shape],
  );
}

/** The values as they are written: on the device of their targets, and changed by no other write. */
function pairsOf(targets: readonly [target: Tensor, value: Tensor][]): Pair[] {
  const written = new Set(targets.map(([target]) => target.storage));
  return targets.map(([target, given]) => {
    const value = given.detach().to({ device: target.device });
    const shared = value.storage !== target.storage && written.has(value.storage);
    return { target, value: shared ? value.clone() : value };
  });
}

/** Copies a state into tensors of the same names; nothing changes if anything does not fit. */
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
  if (strict && missing.length + unexpected.length > 0) {
    const name = (keys: string[]) => keys.length === 0 ? "none" : keys.join(", ");
    throw new TypeError(
      `Cannot ${CALL}: missing keys ${name(missing)}, unexpected keys ${name(unexpected)}`,
    );
  }
  const found = own.filter(([key]) => Object.hasOwn(state, sourceOf(key)));
  const targets = found.map(([key, target]): [Tensor, Tensor] => {
    const value = state[sourceOf(key)] as Tensor;
    checkValue(key, target, value);
    return [target, value];
  });
  noGrad(() => {
    for (const { target, value } of pairsOf(targets)) target.copy_(value);
  });
  return { missing, unexpected };
}
