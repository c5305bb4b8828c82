/** Optimizers that step each parameter separately. */

import { keep } from "../autograd/scope.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkCount } from "../core/options.ts";
import { checkStep } from "../ops/optim/steps.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Closure, lossOf, Optimizer } from "./optimizer.ts";
import { fittedState, type ParamState } from "./param_state.ts";

/** A parameter to step, its gradient, state and options. */
export type ParamUpdate<O, S> = readonly [p: Tensor, g: Tensor, state: S, options: O];

/**
 * Base class of optimizers that step each parameter separately.
 *
 * @typeParam O Options of a group.
 * @typeParam S State of a parameter.
 */
export abstract class ParamOptimizer<O extends { lr: number }, S extends ParamState>
  extends Optimizer<O, S> {
  /** Optional entries of a parameter's state, which are tensors like the parameter. */
  protected get optional(): readonly string[] {
    return [];
  }

  /** The state of a parameter before its first step. */
  protected abstract initial(p: Tensor, options: O): S;

  /** Updates a parameter in place; gradient and state have been checked. */
  protected abstract update(p: Tensor, g: Tensor, state: S, options: O): void;

  /** Updates parameters in place, by default one after the other. */
  protected updateAll(updates: readonly ParamUpdate<O, S>[]): void {
    for (const update of updates) this.update(...update);
  }

  /** A copy of a loaded state of a parameter, in the parameter's type. */
  protected override fitted(name: string, given: ParamState, p: Tensor, options: O): S {
    const blank = noGrad(() => this.initial(p, options));
    const op = this.constructor.name;
    return keep(fittedState(op, name, given, blank, this.optional, p) as S);
  }

  /** The state of a parameter, in its current type and on its current device. */
  #stateFor(p: Tensor, group: O): S {
    const state = this.stateOf(p);
    if (state === undefined) return keep(this.initial(p, group));
    for (const key in state) {
      const own: Tensor | number | undefined = state[key];
      if (typeof own !== "object" || (own.dtype === p.dtype && own.device === p.device)) continue;
      return this.fitted("a parameter", state, p, group);
    }
    return state;
  }

  /** All updates of a step, after checking that each is possible. */
  #updates(): ParamUpdate<O, S>[] {
    const updates: ParamUpdate<O, S>[] = [];
    for (const group of this.paramGroups) {
      for (const p of this.checkedParams(group)) {
        const g = p.collected;
        if (g === null) continue;
        checkStep(this.constructor.name, p, g);
        const state = this.#stateFor(p, group);
        updates.push([p, g, state, group]);
      }
    }
    return updates;
  }

  /**
   * Updates each parameter that has a gradient; none if one of them cannot be updated.
   *
   * @param closure Computes the loss and its gradients first, if given.
   * @returns The result of the closure.
   */
  override step(closure?: Closure): Tensor | number | void {
    const op = `${this.constructor.name}.step`;
    checkCount(`run ${op}`, arguments.length, 1);
    const loss = closure === undefined ? undefined : lossOf(op, closure);
    noGrad(() => {
      const updates = this.#updates();
      for (const [p, , state] of updates) this.keepState(p, state);
      this.updateAll(updates);
    });
    return loss;
  }
}
