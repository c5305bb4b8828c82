/** What all optimizers share: parameter groups, gradients to forget, state to keep. */

import { noGrad } from "../autograd/tape.ts";
import { keep } from "../scope.ts";
import { Tensor } from "../tensor.ts";

/** Parameters that share their options. */
export type ParamGroup<O> = { params: readonly Tensor[] } & O;

/** Parameters, or groups of them with options of their own. */
export type ParamsOrGroups<O> = Iterable<Tensor> | Iterable<ParamGroup<Partial<O>>>;

/** What an optimizer keeps for a parameter: tensors and numbers. */
export type ParamState = Record<string, Tensor | number>;

/** Everything that an optimizer needs to go on from where it was. */
export interface OptimizerState<O> {
  /** State of each parameter, in the order of the groups; null before its first step. */
  readonly state: readonly (ParamState | null)[];
  /** Options of each group and how many parameters it has. */
  readonly groups: readonly (O & { readonly count: number })[];
}

/**
 * Base of the optimizers.
 *
 * @typeParam O Options of a group.
 * @typeParam S State of a parameter.
 */
export abstract class Optimizer<O extends { lr: number }, S extends ParamState> {
  /** The groups; their options may be changed between steps. */
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly #defaults: O;
  readonly #state = new Map<Tensor, S>();

  /**
   * Creates the optimizer.
   *
   * @param params Parameters or groups of them.
   */
  constructor(params: ParamsOrGroups<O>, defaults: O) {
    this.#defaults = defaults;
    const list = [...params] as (Tensor | ParamGroup<Partial<O>>)[];
    if (list.length === 0) {
      throw new RangeError(`Cannot make ${this.constructor.name}: there are no parameters`);
    }
    if (list[0] instanceof Tensor) this.addParamGroup({ params: list as Tensor[] } as never);
    else for (const group of list) this.addParamGroup(group as ParamGroup<Partial<O>>);
  }

  /** Adds parameters, with options of their own or the optimizer's. */
  addParamGroup(group: ParamGroup<Partial<O>>): void {
    const name = this.constructor.name;
    const params = [...group.params];
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const p of params) {
      if (!(p instanceof Tensor) || p.node?.leaf !== p) {
        throw new TypeError(
          `Cannot add to ${name}: a parameter must be a leaf that requires a gradient, got ${
            Deno.inspect(p)
          }`,
        );
      }
      if (known.has(p)) {
        throw new RangeError(`Cannot add to ${name}: a parameter stands in two groups`);
      }
      known.add(p);
    }
    const full = { ...this.#defaults, ...group, params };
    this.check(full);
    this.paramGroups.push(full);
  }

  /** Refuses options out of range. */
  protected abstract check(options: O): void;

  /** The state of a parameter before its first step. */
  protected abstract initial(p: Tensor, options: O): S;

  /** Changes a parameter in place. */
  protected abstract update(p: Tensor, g: Tensor, state: S, options: O): void;

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) for (const p of params) p.dropGrad();
  }

  /** Changes each parameter that has a gradient. */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const p of group.params) {
          const g = p.collected;
          if (g === null) continue;
          let state = this.#state.get(p);
          if (state === undefined) {
            this.#state.set(p, state = keep(this.initial(p, group)));
          }
          this.update(p, g, state, group);
        }
      }
    });
  }

  /** Copies of everything that is needed to go on. */
  stateDict(): OptimizerState<O> {
    const state = this.paramGroups.flatMap(({ params }) =>
      params.map((p) => {
        const own = this.#state.get(p);
        return own === undefined ? null : copyState(own);
      })
    );
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...options as unknown as O,
      count: params.length,
    }));
    return { state, groups };
  }

  /** Takes over the state of an optimizer with groups of the same sizes. */
  loadStateDict({ state, groups }: OptimizerState<O>): void {
    const sizes = this.paramGroups.map(({ params }) => params.length);
    const given = groups.map(({ count }) => count);
    if (sizes.length !== given.length || sizes.some((size, i) => size !== given[i])) {
      throw new RangeError(
        `Cannot load the state of ${this.constructor.name}: groups have [${sizes}] parameters, the ` +
          `state [${given}]`,
      );
    }
    const params = this.paramGroups.flatMap((group) => group.params);
    this.#state.clear();
    params.forEach((p, i) => {
      const own = state[i];
      if (own) this.#state.set(p, keep(copyState(own) as S));
    });
    this.paramGroups.forEach((group, i) => {
      const { count: _, ...options } = groups[i] ?? { count: 0 };
      Object.assign(group, options);
    });
  }
}

function copyState(state: ParamState): ParamState {
  const entries = Object.entries(state).map(([key, value]): [string, Tensor | number] => [
    key,
    value instanceof Tensor ? value.detach().clone() : value,
  ]);
  return Object.fromEntries(entries);
}

/** Refuses a number out of range. */
export function checkRange(op: string, name: string, value: number, range: string): void {
  if (!(value >= 0 && value < (range === "[0, 1)" ? 1 : Infinity))) {
    throw new RangeError(`Cannot make ${op}: ${name} must lie in ${range}, got ${value}`);
  }
}
