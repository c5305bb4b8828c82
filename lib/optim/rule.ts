/** The form of an optimizer: its options and its step. The class is made of it, the functional step too. */

import { keep, scope } from "../autograd/scope.ts";
import { checkCount } from "../core/options.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { filledReader } from "./groups.ts";
import type { CheckOptions, CheckShape, ParamsOrGroups, ParamState } from "./optimizer.ts";
import type { Scalars } from "./scalars.ts";
import { isLarge, packsOf, updateAsOne, updateInPieces } from "./packs.ts";
import { ParamOptimizer, type ParamUpdate } from "./param_optimizer.ts";

/** What was kept for a parameter from the step before, by name. */
export type Kept<K extends string> = { readonly [Name in K]?: Tensor | undefined };

/**
 * Whether a tensor is kept from step to step, like the parameter: always, under some options, or in a
 * shape that the parameter's decides, null for none.
 */
export type Keeping<O> =
  | true
  | ((options: O) => boolean)
  | { readonly shape: (shape: readonly number[]) => readonly number[] | null };

/** The shape in which a tensor is kept for a parameter; null if it is not. */
export function keptShape<O>(
  keeping: Keeping<O>,
  shape: readonly number[],
  options: O,
): readonly number[] | null {
  if (typeof keeping === "object") return keeping.shape(shape);
  return keeping === true || keeping(options) ? shape : null;
}

/** What an optimizer is made of. */
export interface OptimizerRule<O extends { lr: number }, K extends string = string> {
  /** A value for every option. */
  readonly defaults: O;
  /** Refuses options out of range. */
  readonly check: CheckOptions<O>;
  /** Refuses parameters of a shape that it cannot step. Default: none. */
  readonly checkShape?: CheckShape;
  /** What is kept from step to step. */
  readonly keeps: { readonly [Name in K]: Keeping<O> };
  /** Whether it matters how many steps there were. Default: false. */
  readonly counts?: boolean;
  /** Whether the step of an element depends on other ones. Default: false. */
  readonly mixes?: boolean;
  /**
   * The reference: the parameter after its `count`-th step, and the new state, in differentiable ops.
   * Before the first step there is no state.
   */
  step(
    p: Tensor,
    g: Tensor,
    kept: Kept<K>,
    options: Scalars<O>,
    count: number,
  ): readonly [p: Tensor, kept: Kept<K>];
  /** Whether the kernel knows the step under these options. Default: always. */
  readonly inKernel?: (options: O) => boolean;
  /**
   * The same in place and faster, by a kernel. What is kept starts as zeros; `fresh` tells whether any
   * of it did so just now.
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

/** State of a parameter of an optimizer that is made of a rule. */
export interface RuleState extends ParamState {
  /** Steps so far. */
  step: number;
}

/** An optimizer that is made of a rule. */
export class RuleOptimizer<O extends { lr: number }, S extends RuleState>
  extends ParamOptimizer<O, S> {
  readonly #rule: OptimizerRule<O>;
  readonly #keeps: readonly [name: string, keeping: Keeping<O>][];

  /**
   * Creates the optimizer.
   *
   * @param rule What it is made of.
   * @param options A value for every option.
   */
  constructor(rule: OptimizerRule<O>, params: ParamsOrGroups<O>, options: O) {
    const { check, checkShape, defaults: form } = rule;
    super(params, options, { check, checkShape, form });
    this.#rule = rule;
    this.#keeps = Object.entries(rule.keeps);
  }

  /** What is kept under some options alone. */
  protected override get optional(): readonly string[] {
    return this.#keeps.flatMap(([name, keeping]) => typeof keeping === "function" ? [name] : []);
  }

  /** Begins to keep what is to be kept under the options and is not; tells whether there was any. */
  #begin(state: ParamState, p: Tensor, options: O): boolean {
    let any = false;
    for (const [name, keeping] of this.#keeps) {
      const shape = keptShape(keeping, p.shape, options);
      if (state[name] !== undefined || shape === null) continue;
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

  /** Whether the kernel takes the steps under some options. */
  #inKernel(options: O): boolean {
    const { kernel, inKernel } = this.#rule;
    return kernel !== undefined && inKernel?.(options) !== false;
  }

  /** Changes parameters in place; by ops in sizes that suit them, where no element depends on others. */
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

  /** Changes a parameter in place. */
  protected override update(p: Tensor, g: Tensor, state: S, options: O): void {
    const { step, kernel } = this.#rule;
    const kept: ParamState = state;
    const first = state.step++ === 0;
    if (kernel !== undefined && this.#inKernel(options)) {
      // An option may be changed between steps, by a schedule say, so that more is kept from here on.
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

/** The class of the optimizers that a rule is made into. */
export interface OptimizerClass<O extends { lr: number }, S extends RuleState> {
  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or groups of them with options of their own.
   */
  new (params: ParamsOrGroups<O>, options?: Partial<O>): RuleOptimizer<O, S>;
}

/**
 * Makes the class of a rule.
 *
 * @param name What it is called.
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
