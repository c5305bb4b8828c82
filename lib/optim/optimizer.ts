/** What all optimizers share: parameter groups, gradients and state. */

import { enableGrad } from "../autograd/tape.ts";
import { settled } from "../core/engine.ts";
import {
  ANY,
  arrayOf,
  checkCount,
  checkKind,
  FUNCTION,
  INTEGER,
  isPlainObject,
  kept,
  type Kind,
  kind,
  OBJECT,
  type OptionReader,
  optionReader,
  type OptionTable,
  orNull,
  shown,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  groupsOf,
  kindsOf,
  type ParamGroup,
  paramsOf,
  type ParamsOrGroups,
  withDefaults,
} from "./groups.ts";
import { copyState, type ParamState } from "./param_state.ts";

export type { ParamGroup, ParamsOrGroups, ParamState };

/** The state from which an optimizer can continue. */
export interface OptimizerState<O> {
  /** State of each parameter, in the order of the groups; null before its first step. */
  readonly state: readonly (ParamState | null)[];
  /** Options of each group and how many parameters it has. */
  readonly groups: readonly (O & { readonly count: number })[];
}

const CHECKS: OptionTable<OptimizerChecks<object>> = {
  check: FUNCTION,
  checkShape: FUNCTION,
  form: OBJECT,
};

const readState = optionReader<OptimizerState<object>>({
  state: arrayOf(orNull(OBJECT), "objects or nulls"),
  groups: arrayOf(OBJECT, "objects"),
});

type AnyOptions = Record<string, unknown>;

/**
 * Refuses options out of range; their kinds have been checked. The first argument is the
 * optimizer's name for messages.
 */
export type CheckOptions<O> = (op: string, options: O) => void;

/** Refuses a parameter whose shape the optimizer cannot step; `call` adds it. */
export type CheckShape = (call: string, shape: readonly number[]) => void;

/** What the options and the parameters of an optimizer may be. */
export interface OptimizerChecks<O> {
  /** Refuses options out of range. Default: no check. */
  check?: CheckOptions<O>;
  /** Refuses parameters by their shape. Default: no check. */
  checkShape?: CheckShape | undefined;
  /**
   * Options whose values determine the kinds, where null is one of the values taken. Default: the
   * defaults.
   */
  form?: O;
}

/** Computes the loss and, with `backward`, its gradients. */
export type Closure = () => Tensor | number;

const LOSS = kind(
  "a number or a tensor with one element",
  (value) => typeof value === "number" || (isTensor(value) && value.size === 1),
);

/** The loss that a closure computes, with gradients enabled; `op` names the call. */
export function lossOf(op: string, closure: Closure): Tensor | number {
  checkKind(`run ${op}`, "the closure", closure, FUNCTION);
  const loss = enableGrad(() => settled(op, "the loss is needed at once", closure()));
  checkKind(`run ${op}`, "the result of the closure", loss, LOSS);
  return loss;
}

/**
 * Base class of optimizers. Those that step each parameter separately extend `ParamOptimizer`.
 *
 * @typeParam O Options of a group.
 * @typeParam S State of a parameter.
 */
export abstract class Optimizer<O extends { lr: number }, S extends ParamState> {
  /** The groups; their options may be changed between steps. */
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly #defaults: O;
  readonly #kinds: readonly [key: string, kind: Kind][];
  readonly #readGroup: OptionReader<AnyOptions>;
  readonly #readLoaded: OptionReader<AnyOptions>;
  readonly #checkRanges: CheckOptions<O>;
  readonly #checkShape: CheckShape;
  #state = new Map<Tensor, S>();
  /** The parameters of the groups until the constructor ends; afterwards groups may be edited. */
  #known: Set<Tensor> | undefined = new Set();

  /**
   * Creates the optimizer.
   *
   * @param params Parameters or groups of them.
   * @param defaults A default for every option, which also determines its kind.
   * @param checks What is refused.
   */
  constructor(params: ParamsOrGroups<O>, defaults: O, checks?: OptimizerChecks<O>) {
    const call = `make ${this.constructor.name}`;
    checkCount(call, arguments.length, 3);
    checkKind(call, "defaults", defaults, OBJECT);
    const { check = () => {}, checkShape = () => {}, form = defaults } = optionReader<
      OptimizerChecks<O>
    >(CHECKS)(call, checks);
    this.#checkRanges = check;
    this.#checkShape = checkShape;
    const kinds = kindsOf(form);
    this.#defaults = kept(defaults);
    this.#kinds = Object.entries(kinds);
    this.#readGroup = optionReader<AnyOptions>({ ...kinds, params: ANY });
    this.#readLoaded = optionReader<AnyOptions>({ ...kinds, count: INTEGER });
    for (const group of groupsOf(this.constructor.name, params)) this.addParamGroup(group);
    this.#known = undefined;
  }

  /** Adds a group of parameters, with its own options or the optimizer's. */
  addParamGroup(group: ParamGroup<Partial<O>>): void {
    const call = `add to ${this.constructor.name}`;
    checkCount(call, arguments.length, 1);
    const { params: given, ...own } = this.#readGroup(call, group);
    const params = paramsOf(call, given);
    const known = this.#known ?? new Set(this.paramGroups.flatMap((other) => other.params));
    for (const p of params) {
      if (p.node?.leaf !== p) {
        const why = p.requiresGrad
          ? "that an op made"
          : "that requires none; leave frozen ones out, by .filter((p) => p.requiresGrad)";
        throw new TypeError(
          `Cannot ${call}: each of params must be a leaf that requires a gradient, got ${
            shown(p)
          } ${why}`,
        );
      }
      this.#checkShape(call, p.shape);
      if (known.has(p)) {
        throw new RangeError(
          `Cannot ${call}: a parameter is in two groups, or twice in this one`,
        );
      }
      known.add(p);
    }
    const full = { ...withDefaults(this.#defaults, own as Partial<O>), params };
    this.#checkGroup(call, full);
    this.paramGroups.push(full);
  }

  /** Refuses a group with a missing or unknown option, or a value that does not fit. */
  #checkGroup(call: string, group: ParamGroup<O>): void {
    const options: AnyOptions = isPlainObject(group) ? group : {};
    for (const [key, kind] of this.#kinds) checkKind(call, key, options[key], kind);
    // A group also holds its parameters.
    if (Object.keys(options).length > this.#kinds.length + 1) this.#readGroup(call, options);
    this.#checkRanges(this.constructor.name, group);
  }

  /** The state of a parameter; undefined before its first step. */
  protected stateOf(p: Tensor): S | undefined {
    return this.#state.get(p);
  }

  /** Sets the state of a parameter. */
  protected keepState(p: Tensor, state: S): void {
    this.#state.set(p, state);
  }

  /**
   * A copy of a loaded state of a parameter, in the parameter's type; refuses one that does not
   * fit.
   */
  protected abstract fitted(name: string, given: ParamState, p: Tensor, options: O): S;

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    checkCount("run zeroGrad", arguments.length, 0);
    for (const group of this.paramGroups) {
      for (const p of paramsOf("run zeroGrad", group?.params)) p.dropGrad();
    }
  }

  /**
   * Updates the parameters.
   *
   * @param closure Computes the loss, for optimizers that evaluate it.
   * @returns The result of the closure.
   */
  abstract step(closure?: Closure): Tensor | number | void;

  /** The parameters of a group, after checking its options. */
  protected checkedParams(group: ParamGroup<O>): Tensor[] {
    this.#checkGroup(`run ${this.constructor.name}`, group);
    return paramsOf(`run ${this.constructor.name}`, group.params);
  }

  /** A copy of the state to continue from. */
  stateDict(): OptimizerState<O> {
    checkCount(`read the state of ${this.constructor.name}`, arguments.length, 0);
    const state = this.paramGroups.flatMap(({ params }) =>
      params.map((p) => {
        const own = this.#state.get(p);
        return own === undefined ? null : copyState(own);
      })
    );
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...kept(options as unknown as O),
      count: params.length,
    }));
    return { state, groups };
  }

  /**
   * Restores the state of an optimizer of the same class with groups of the same sizes, cast to the
   * types of this optimizer's parameters. If anything does not fit, nothing changes.
   *
   * @throws {TypeError} If an entry is missing, unknown or of another kind.
   * @throws {RangeError} If the number of parameters or the shape of a tensor differs.
   */
  loadStateDict(state: OptimizerState<O>): void {
    const op = this.constructor.name;
    const call = `load the state of ${op}`;
    checkCount(call, arguments.length, 1);
    const given = readState(call, state);
    if (given.state === undefined || given.groups === undefined) {
      throw new TypeError(
        `Cannot ${call}: it must be a result of stateDict(), got ${shown(state)}`,
      );
    }
    const groups = this.#loadedGroups(call, given.groups);
    const places = groups.flatMap((group) => group.params.map((p) => ({ p, group })));
    if (given.state.length !== places.length) {
      throw new RangeError(
        `Cannot ${call}: there are ${places.length} parameters, the state has ${given.state.length}`,
      );
    }
    const loaded = new Map<Tensor, S>();
    places.forEach(({ p, group }, i) => {
      const own = given.state[i] ?? null;
      if (own === null) return;
      loaded.set(p, this.fitted(`parameter ${i}`, own, p, group));
    });
    this.#state = loaded;
    this.paramGroups.forEach((group, i) => Object.assign(group, groups[i]));
  }

  /** The groups with loaded options. */
  #loadedGroups(call: string, given: readonly object[]): ParamGroup<O>[] {
    const read = given.map((group) => this.#readLoaded(call, group as AnyOptions));
    const needed = [...this.#kinds.map(([key]) => key), "count"];
    for (const [i, group] of read.entries()) {
      const missing = needed.filter((key) => group[key] === undefined);
      if (missing.length === 0) continue;
      throw new TypeError(`Cannot ${call}: group ${i} of the state lacks ${missing.join(", ")}`);
    }
    const counts = read.map(({ count }) => count);
    const sizes = this.paramGroups.map(({ params }) => params.length);
    if (sizes.length !== counts.length || sizes.some((size, i) => size !== counts[i])) {
      throw new RangeError(
        `Cannot ${call}: groups have [${sizes}] parameters, the state [${counts}]`,
      );
    }
    return this.paramGroups.map((group, i) => {
      const { count: _, ...options } = read[i] ?? {};
      const full = withDefaults(group, options as Partial<ParamGroup<O>>);
      this.#checkGroup(call, full);
      return full;
    });
  }
}

/** An interval in messages. */
export type Interval = `${"[" | "("}${number}, ${number | "∞"}${"]" | ")"}`;

/** Parsed intervals, since they are checked at every step. */
const INTERVALS = new Map<Interval, (value: number) => boolean>();

function contains(range: Interval): (value: number) => boolean {
  const [low = NaN, high = NaN] = range.slice(1, -1).replace("∞", "Infinity").split(", ").map(
    Number,
  );
  const [open, ends] = [range.startsWith("("), range.endsWith(")")];
  return (value) => (open ? value > low : value >= low) && (ends ? value < high : value <= high);
}

/** Refuses a number out of range. */
export function checkRange(op: string, name: string, value: number, range: Interval): void {
  let holds = INTERVALS.get(range);
  if (holds === undefined) INTERVALS.set(range, holds = contains(range));
  if (holds(value)) return;
  throw new RangeError(`Cannot run ${op}: ${name} must lie in ${range}, got ${value}`);
}
