/**
 * Optimizers as rules, which consist of options and a step; a rule makes both the class and the
 * functional step.
 */

import { keep, scope } from "../autograd/scope.ts";
import { checkCount } from "../core/options.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { filledReader } from "./groups.ts";
import type { CheckOptions, CheckShape, ParamsOrGroups, ParamState } from "./optimizer.ts";
import type { Scalars } from "./scalars.ts";
import { isLarge, packsOf, updateAsOne, updateInPieces } from "./packs.ts";
import { ParamOptimizer, type ParamUpdate } from "./param_optimizer.ts";

/** The tensors kept for a parameter from the last step, by name. */
export type Kept<K extends string> = { readonly [Name in K]?: Tensor | undefined };

/**
 * Whether a tensor like the parameter is kept from step to step: always, under some options, or in
 * a shape computed from the parameter's, null for none.
 */
export type Keeping<O> =
  | true
  | ((options: O) => boolean)
  | { readonly shape: (shape: readonly number[]) => readonly number[] | null };

/** The shape of a tensor that is kept for a parameter; null if none is. */
export function keptShape<O>(
  keeping: Keeping<O>,
  shape: readonly number[],
  options: O,
): readonly number[] | null {
  if (typeof keeping === "object") return keeping.shape(shape);
  return keeping === true || keeping(options) ? shape : null;
}

/** An optimizer as a rule. */
export interface OptimizerRule<O extends { lr: number }, K extends string = string> {
  /** A default for every option. */
  readonly defaults: O;
  /** Refuses options out of range. */
  readonly check: CheckOptions<O>;
  /** Refuses parameters whose shape it cannot step. Default: no check. */
  readonly checkShape?: CheckShape;
  /** The tensors kept from step to step. */
  readonly keeps: { readonly [Name in K]: Keeping<O> };
  /** Whether the number of steps matters. Default: false. */
  readonly counts?: boolean;
  /** Whether the step of an element depends on other elements. Default: false. */
  readonly mixes?: boolean;
  /**
   * The reference in differentiable ops: the parameter after its `count`-th step, and the new
   * state. Before the first step the state is empty.
   */
  step(
    p: Tensor,
    g: Tensor,
    kept: Kept<K>,
    options: Scalars<O>,
    count: number,
  ): readonly [p: Tensor, kept: Kept<K>];
  /** Whether the kernel supports these options. Default: always. */
  readonly inKernel?: (options: O) => boolean;
  /**
   * The same step in place, by a kernel. Kept tensors start as zeros; `fresh` says whether one of
   * them was just made.
   */
  kernel?(
    p: Tensor,
    g: Tensor,
    kept: { readonly [Name in K]: Tensor },
    options: O,
    count: number,
    fresh: boolean,
  ): void;
}

/** State of a parameter of an optimizer that a rule makes. */
export interface RuleState extends ParamState {
  /** Steps so far. */
  step: number;
}

/** An optimizer that a rule makes. */
export class RuleOptimizer<O extends { lr: number }, S extends RuleState>
  extends ParamOptimizer<O, S> {
  readonly #rule: OptimizerRule<O>;
  readonly #keeps: readonly [name: string, keeping: Keeping<O>][];

  /**
   * Creates the optimizer.
   *
   * @param rule The rule.
   * @param options A default for every option.
   */
  constructor(rule: OptimizerRule<O>, params: ParamsOrGroups<O>, options: O) {
    const { check, checkShape, defaults: form } = rule;
    super(params, options, { check, checkShape, form });
    this.#rule = rule;
    this.#keeps = Object.entries(rule.keeps);
  }

  /** The names of tensors that are kept only under some options. */
  protected override get optional(): readonly string[] {
    return this.#keeps.flatMap(([name, keeping]) => typeof keeping === "function" ? [name] : []);
  }

  /**
   * Makes the tensors that the options require and that are missing; returns whether there were
   * any.
   */
  #begin(state: ParamState, p: Tensor, options: O): boolean {
    let any = false;
    for (const [name, keeping] of this.#keeps) {
      if (state[name] !== undefined) continue;
      const shape = keptShape(keeping, p.shape, options);
      if (shape === null) continue;
      state[name] = zeros(shape, { dtype: p.dtype, device: p.device });
      any = true;
    }
    return any;
  }

  /** The state before the first step. */
  protected override initial(p: Tensor, options: O): S {
    const state: RuleState = { step: 0 };
    this.#begin(state, p, options);
    return state as S;
  }

  /** Whether the kernel takes the steps under these options. */
  #inKernel(options: O): boolean {
    const { kernel, inKernel } = this.#rule;
    return kernel !== undefined && inKernel?.(options) !== false;
  }

  /**
   * Updates parameters in place; ops process them in convenient sizes if elements are independent.
   */
  protected override updateAll(updates: readonly ParamUpdate<O, S>[]): void {
    const alone = (options: O) => this.#rule.mixes === true || this.#inKernel(options);
    if (this.paramGroups.every(alone)) return super.updateAll(updates);
    const names = this.#keeps.map(([name]) => name);
    for (const alike of packsOf(updates, names, alone)) {
      const [first] = alike as readonly [ParamUpdate<O, S>];
      const [, , , options] = first;
      const run = (p: Tensor, g: Tensor, state: ParamState) =>
        this.update(p, g, state as S, options);
      if (alike.length > 1) scope(() => updateAsOne(alike, names, run));
      else if (isLarge(first) && !alone(options)) updateInPieces(first, run);
      else super.updateAll(alike);
    }
  }

  /** Updates a parameter in place. */
  protected override update(p: Tensor, g: Tensor, state: S, options: O): void {
    const { step, kernel } = this.#rule;
    const kept: ParamState = state;
    const first = state.step++ === 0;
    if (kernel !== undefined && this.#inKernel(options)) {
      // A schedule may change an option between steps, so that further tensors are needed.
      const begun = this.#begin(kept, p, options);
      if (begun) keep(kept);
      kernel(p, g, kept as Record<string, Tensor>, options, state.step, first || begun);
      return;
    }
    const before = first ? {} : kept as Record<string, Tensor>;
    const gradient = g.detach().to({ dtype: p.dtype });
    const [next, after] = step(p.detach(), gradient, before, options as Scalars<O>, state.step);
    p.copy_(next);
    for (const [name, x] of Object.entries(after)) {
      const own = kept[name] as Tensor | undefined;
      if (x !== undefined) kept[name] = own?.copy_(x) ?? keep(x.clone());
    }
  }
}

/** The class of an optimizer that a rule makes. */
export interface OptimizerClass<O extends { lr: number }, S extends RuleState> {
  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with their own options.
   */
  new (params: ParamsOrGroups<O>, options?: Partial<O>): RuleOptimizer<O, S>;
}

/**
 * Makes the class of a rule.
 *
 * @param name The name of the class.
 */
export function optimizerClass<O extends { lr: number }, S extends RuleState>(
  name: string,
  rule: OptimizerRule<O>,
): OptimizerClass<O, S> {
  const readOptions = filledReader(rule.defaults);
  return class extends RuleOptimizer<O, S> {
    static override readonly name: string = name;
    constructor(params: ParamsOrGroups<O>, options?: Partial<O>) {
      const call = `make ${new.target.name}`;
      checkCount(call, arguments.length, 2);
      super(rule, params, readOptions(call, options));
    }
  };
}
