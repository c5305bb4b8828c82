/** Optimizer rules as functions that return new parameters. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  INTEGER,
  isPlainObject,
  type Kind,
  type OptionReader,
  optionReader,
  shown,
  TENSOR,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { leavesOf, type Mirror, rebuild, type TensorTree } from "../core/tree.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { filledReader } from "./groups.ts";
import type { OptimizerRule } from "./rule.ts";
import { optionsFor, plainOptions, SCALAR, type Scalars } from "./scalars.ts";

const TENSORS = arrayOf(TENSOR, "tensors");

/** New parameters, and the state for the next step. */
export interface Stepped<S, Params = readonly Tensor[]> {
  /** The parameters after the step, in the form in which they were given. */
  readonly params: Mirror<Params>;
  /** The state to pass to the next step. */
  readonly state: S;
}

/** The state of a step: lists with a tensor for each parameter; empty before the first step. */
export type StepState<List extends string> = {
  readonly [Name in List]?: readonly Tensor[];
};

/** A step that returns new parameters instead of changing them. */
export interface FunctionalStep<Options, S> {
  /**
   * One step.
   *
   * @param params A tensor, or tensors in arrays and records, nested to any depth.
   * @param grads A gradient for each parameter, in the same form.
   * @param options Numbers among them may be tensors with one element, to differentiate with
   * respect to.
   * @param state The state that the last step returned, or {}. Its lists are in the order of the
   * parameters.
   */
  <Params>(
    params: Params & TensorTree,
    grads: TensorTree,
    state?: S,
    options?: Scalars<Options>,
  ): Stepped<S, Params>;
}

/**
 * The state of a step: the number of steps, if it matters, and lists with a tensor per parameter.
 */
type AnyState = Record<string, number | readonly Tensor[]>;

/** The values at the places of a tree, with their paths; a tree that contains itself is a value there. */
function placesOf(
  tree: unknown,
  path = "",
  above: readonly unknown[] = [],
): [path: string, value: unknown][] {
  const branches = Array.isArray(tree) || isPlainObject(tree) ? Object.entries(tree) : null;
  if (branches === null || above.includes(tree)) return [[path, tree]];
  return branches.flatMap(([name, branch]) =>
    placesOf(branch, path === "" ? name : `${path}.${name}`, [...above, tree])
  );
}

/** Each parameter with its gradient. */
function pairsOf(
  op: string,
  params: TensorTree,
  grads: TensorTree,
): readonly [p: Tensor, g: Tensor][] {
  const call = `run optim.functional.${op}`;
  const leaves = leavesOf(params);
  if (leaves === null) {
    throw new TypeError(
      `Cannot ${call}: params must be tensors, in arrays or records, got ${shown(params)}`,
    );
  }
  const given = new Map(placesOf(grads));
  if (given.size !== leaves.length) {
    throw new RangeError(
      `Cannot ${call}: ${leaves.length} parameters need the same number of gradients, got ${given.size}`,
    );
  }
  const names = placesOf(params).map(([path]) => path);
  return leaves.map((p, i) => {
    const path = names[i] ?? "";
    if (!given.has(path)) {
      throw new RangeError(
        `Cannot ${call}: there is no gradient for the parameter ${path} among ${[...given.keys()]}`,
      );
    }
    checkKind(call, path === "" ? "the parameter" : `parameter ${path}`, p, TENSOR);
    const g = given.get(path);
    const name = path === "" ? "the gradient" : `gradient ${path}`;
    checkKind(call, name, g, TENSOR);
    return [p, fitting(call, name, g as Tensor, p)];
  });
}

/** A tensor of the state or a gradient; refuses one that does not match its parameter. */
function fitting(
  call: string,
  name: string,
  x: Tensor,
  p: Tensor,
  shape: readonly number[] = p.shape,
): Tensor {
  if (!sameShape(x.shape, shape)) {
    const needed = sameShape(shape, p.shape) ? "the parameter's shape" : "shape";
    throw new ShapeError(
      `Cannot ${call}: ${name} must have ${needed} ${showShape(shape)}, got ${showShape(x.shape)}`,
      [x.shape, shape],
    );
  }
  if (!isFloat(x.dtype) || !isFloat(p.dtype)) {
    throw new DTypeError(
      `Cannot ${call}: parameters, gradients and state must be float32 or float64, got ` +
        `${p.dtype} and ${x.dtype}`,
    );
  }
  return x;
}

/** What a rule keeps between functional steps: how many there were, if that counts, and its lists. */
class KeptState<O extends { lr: number }, K extends string> {
  /** The kept tensors, each with the name of its list in the state. */
  readonly lists: readonly (readonly [key: K, list: string])[];
  readonly #name: string;
  readonly #rule: OptimizerRule<O, K>;
  readonly #read: OptionReader<Record<string, unknown>>;

  constructor(name: string, rule: OptimizerRule<O, K>, lists: Readonly<Record<K, string>>) {
    this.lists = Object.entries<string>(lists) as [K, string][];
    this.#name = name;
    this.#rule = rule;
    const kinds: [string, Kind][] = this.lists.map(([, list]) => [list, TENSORS]);
    if (rule.counts) kinds.unshift(["step", INTEGER]);
    this.#read = optionReader<Record<string, unknown>>(Object.fromEntries(kinds));
  }

  /** The parameters for which a tensor is kept, or may be, with its shape. */
  keepers(key: K, params: readonly Tensor[]): [i: number, shape: readonly number[]][] {
    const keeping = this.#rule.keeps[key];
    return params.flatMap(({ shape }, i): [number, readonly number[]][] => {
      const kept = typeof keeping === "object" ? keeping.shape(shape) : shape;
      return kept === null ? [] : [[i, kept]];
    });
  }

  /** Reads a state; its tensors must match the parameters. */
  read(call: string, given: object | undefined, params: readonly Tensor[]): AnyState {
    const { defaults } = this.#rule;
    if (isPlainObject(given) && Object.keys(given).some((key) => Object.hasOwn(defaults, key))) {
      throw new TypeError(
        `Cannot ${call}: options come after the state, as in ${this.#name}(params, grads, {}, { lr })`,
      );
    }
    const state = this.#read(call, given as Record<string, unknown> | undefined) as AnyState;
    for (const [key, list] of this.lists) {
      const value = state[list];
      if (!Array.isArray(value)) continue;
      const own = this.keepers(key, params);
      if (value.length !== own.length) {
        throw new RangeError(
          `Cannot ${call}: the state has ${value.length} ${list} for ${own.length} parameters`,
        );
      }
      own.forEach(([at, shape], i) => {
        fitting(call, `${list}[${i}]`, value[i], params[at] as Tensor, shape);
      });
    }
    this.#checkWhole(call, state, params);
    return state;
  }

  /** Refuses a state with some but not all of the required lists. */
  #checkWhole(call: string, state: AnyState, params: readonly Tensor[]): void {
    const { keeps, counts } = this.#rule;
    const always = this.lists.flatMap(([key, list]) =>
      typeof keeps[key] !== "function" && this.keepers(key, params).length > 0 ? [list] : []
    );
    const needed = counts ? ["step", ...always] : always;
    const there = needed.filter((key) => state[key] !== undefined).length;
    const { step: before = 0 } = state;
    if ((there === 0 || there === needed.length) && Number(before) >= 0) return;
    const parts = counts ? ["a step from 0", ...always] : always;
    const got = [Object.keys(state).join(", "), ...(counts ? [`step ${state["step"]}`] : [])];
    throw new RangeError(
      `Cannot ${call}: the state must be {} or what the last step returned, with ` +
        `${parts.join(", ").replace(/, (?=[^,]*$)/, " and ")}, got ${got.join(" and ")}`,
    );
  }
}

/**
 * The functional step of a rule.
 *
 * @param name Its name in messages, after `optim.functional`.
 * @param lists The names of the lists in the state.
 */
export function functionalStep<O extends { lr: number }, K extends string, S extends object>(
  name: string,
  rule: OptimizerRule<O, K>,
  lists: { readonly [Name in K]: keyof S & string },
): FunctionalStep<Partial<O>, S> {
  const call = `run optim.functional.${name}`;
  const { defaults, check, checkShape, counts = false, step } = rule;
  const kept = new KeptState(name, rule, lists);
  const readOptions = filledReader<Scalars<O>>(defaults as Scalars<O>, SCALAR);

  return function <Params>(
    params: Params & TensorTree,
    grads: TensorTree,
    state?: S,
    options?: Scalars<Partial<O>>,
  ): Stepped<S, Params> {
    checkCount(call, arguments.length, 4);
    const pairs = pairsOf(name, params, grads);
    const leaves = pairs.map(([p]) => p);
    const before = kept.read(call, state, leaves);
    const group = readOptions(call, options as Partial<Scalars<O>> | undefined);
    for (const plain of plainOptions(group)) check(`optim.functional.${name}`, plain);
    const count = Number(before["step"] ?? 0) + 1;
    const places = kept.lists.map(([key, list]) =>
      [key, list, kept.keepers(key, leaves).map(([i]) => i)] as const
    );
    const steps = pairs.map(([p, g], i) => {
      checkShape?.(call, p.shape);
      const held = places.map(([key, list, own]) => [
        key,
        (before[list] as Tensor[] | undefined)?.[own.indexOf(i)],
      ]);
      return step(p, g, Object.fromEntries(held), optionsFor(p, group), count);
    });
    const after: AnyState = counts ? { step: count } : {};
    for (const [key, list, own] of places) {
      const all = steps.flatMap(([, found]) => found[key] ?? []);
      if (own.length > 0 && all.length === own.length) after[list] = all;
    }
    return { params: rebuild<Params>(params, steps.map(([p]) => p)), state: after as S };
  };
}
