/** Optimizers that step each parameter by itself. */

import { keep } from "../autograd/scope.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkCount } from "../core/options.ts";
import { checkStep } from "../ops/optim/steps.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Closure, lossOf, Optimizer } from "./optimizer.ts";
import { fittedState, type ParamState } from "./param_state.ts";

/** A parameter that a step changes, and what it needs. */
export type ParamUpdate<O, S> = readonly [p: Tensor, g: Tensor, state: S, options: O];

/**
 * Base of the optimizers that step each parameter by itself.
 *
 * @typeParam O Options of a group.
 * @typeParam S State of a parameter.
 */
export abstract class ParamOptimizer<O extends { lr: number }, S extends ParamState>
  extends Optimizer<O, S> {
  /** Entries that the state of a parameter may have or not, tensors like the parameter. */
  protected get optional(): readonly string[] {
    return [];
  }

  /** The state of a parameter before its first step. */
  protected abstract initial(p: Tensor, options: O): S;

  /** Changes a parameter in place; gradient and state are known to fit. */
  protected abstract update(p: Tensor, g: Tensor, state: S, options: O): void;

  /** Changes parameters in place: here one after the other. */
  protected updateAll(updates: readonly ParamUpdate<O, S>[]): void {
    for (const update of updates) this.update(...update);
  }

  /** A copy of a state that was loaded for a parameter, in its type. */
  protected override fitted(name: string, given: ParamState, p: Tensor, options: O): S {
    const blank = noGrad(() => this.initial(p, options));
    const op = this.constructor.name;
    return keep(fittedState(op, name, given, blank, this.optional, p) as S);
  }

  /** What is kept for a parameter, in the type and on the device that it has by now. */
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

  /** All that a step changes, once it is known that each of it can be changed. */
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
   * Changes each parameter that has a gradient; none if one of them cannot be changed.
   *
   * @param closure Computes the loss and its gradients first, if given.
   * @returns What the closure gave.
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
