/** The objective of training: a loss of output and target, or a function of a whole batch. */

import { checkKind, isFunction, isPlainObject, kind, shown } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { Loss } from "../loss/loss.ts";
import { type AnyModule, Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOwnName } from "./history.ts";

/** The parts of a loss by name; the loss is their sum. */
export type Terms = Readonly<Record<string, Tensor>>;

/** A loss of outputs and targets, possibly with parameters. */
export type Criterion =
  | ((output: Tensor, target: Tensor) => Tensor | Terms)
  | Module<[Tensor, Tensor]>;

/** The loss of a batch, or a record with one element for each term. */
export type Step<B> = (batch: B) => Tensor | Terms;

/** The result of one batch in training and evaluation. */
export interface Evaluated {
  /** The sum of the terms. */
  readonly loss: Tensor;
  /** The terms by name; none if the loss is one tensor. */
  readonly terms: Terms;
  /** The model's output; null if the loss takes whole batches. */
  readonly output: Tensor | null;
  /** The target; null if the loss takes whole batches. */
  readonly target: Tensor | null;
  /** Number of examples, which is the weight of the batch in means. */
  readonly size: number;
}

/** Computes the loss of a batch; `source` names the option that the batch came from. */
export type Objective = (batch: unknown, source: string) => Evaluated;

const SCALAR = kind(
  "a tensor with one element, or an object of such, one for each term",
  (value) => isTensor(value) && value.size === 1,
);

/** The loss and its terms, from the result of a loss function. */
function summed(call: string, given: Tensor | Terms): Pick<Evaluated, "loss" | "terms"> {
  if (!isPlainObject(given) || Object.keys(given).length === 0) {
    checkKind(call, "the loss", given, SCALAR);
    return { loss: given as Tensor, terms: {} };
  }
  for (const [name, term] of Object.entries(given)) {
    checkOwnName(call, "a term of the loss", name);
    checkKind(call, `the term ${name} of the loss`, term, SCALAR);
  }
  const [first, ...rest] = Object.values(given) as [Tensor, ...Tensor[]];
  return { loss: rest.reduce((sum, term) => sum.add(term), first), terms: given };
}

/** The first extent of the first tensor in a batch; 1 if there is none. */
function sizeOf(batch: unknown): number {
  if (isTensor(batch)) return batch.shape[0] ?? 1;
  if (Array.isArray(batch)) return sizeOf(batch[0]);
  if (isPlainObject(batch)) return sizeOf(Object.values(batch)[0]);
  return 1;
}

/** Whether a loss is a module, which may have parameters. */
export function isModule(value: unknown): value is Module<[Tensor, Tensor]> {
  return value instanceof Module;
}

/** A loss. */
export const CRITERION = kind(
  "a function or a module",
  (value) => isFunction(value) || isModule(value),
);

/** All modules of a model and of its loss, if that is a module. */
export function modulesOf(
  { model, criterion }: { readonly model: AnyModule; readonly criterion: AnyModule | null },
): AnyModule[] {
  return [...model.modules(), ...criterion?.modules() ?? []];
}

/** A loss as a function; a sum of losses returns its terms. */
function criterionOf(criterion: Criterion): (output: Tensor, target: Tensor) => Tensor | Terms {
  if (!isModule(criterion)) return criterion;
  if (!(criterion instanceof Loss)) return (output, target) => criterion.forward(output, target);
  return (output, target) => {
    const terms = criterion.terms(output, target);
    const [only, ...more] = Object.values(terms);
    return only !== undefined && more.length === 0 ? only : terms;
  };
}

/**
 * The objective of batches that are pairs of an input and a target, which are moved to the model's
 * device.
 */
export function pairObjective(call: string, model: Module, criterion: Criterion): Objective {
  const compute = criterionOf(criterion);
  const device = model.parameters()[0]?.device;
  return (batch, source) => {
    const pair: readonly unknown[] = Array.isArray(batch) ? batch : [];
    const [x, target] = pair.map((part) =>
      isTensor(part) && device !== undefined ? part.to({ device }) : part
    );
    if (pair.length !== 2 || !isTensor(x) || !isTensor(target)) {
      throw new TypeError(
        `Cannot ${call}: a batch of ${source} must be a pair of tensors, input and target, got ${
          shown(batch)
        }; pass { step } for batches of another form`,
      );
    }
    const output = model.forward(x);
    return { ...summed(call, compute(output, target)), output, target, size: sizeOf(x) };
  };
}

/** The objective of batches of any form. */
export function batchObjective<B>(call: string, step: Step<B>): Objective {
  return (batch) => ({
    ...summed(call, step(batch as B)),
    output: null,
    target: null,
    size: sizeOf(batch),
  });
}
