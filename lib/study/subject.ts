/**
 * What is studied: a function at a point. The point is a module, whose parameters are varied, or
 * tensors; the function is called with it. A module is never changed: while the function runs,
 * other tensors replace its parameters.
 */

import { grad } from "../autograd/backward.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, FUNCTION, isPlainObject, type Kind, kind, shown } from "../core/options.ts";
import { defaultGenerator } from "../core/random.ts";
import { leavesOf, type Mirror, rebuildWith, type TensorTree } from "../core/tree.ts";
import { keptModes } from "../nn/modes.ts";
import { AnyModule } from "../nn/module.ts";
import { zerosLike } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { functionalCall } from "../transforms/functional_call.ts";
import type { ArgumentsOf } from "../transforms/trace.ts";

/** Where a function is studied: a module, or a tensor, or arrays and records of tensors. */
export type Point = AnyModule | TensorTree;

/** The arguments of a function that is studied at a point: the module, or the tensors. */
export type ArgumentsAt<At> = At extends AnyModule ? [At] : ArgumentsOf<At>;

/**
 * Tensors that correspond to those of a point: by the names of a module's parameters, or in the
 * point's form.
 */
export type Beside<At> = [At] extends [AnyModule] ? Record<string, Tensor> : Mirror<At>;

/** A seed of random numbers. */
export const SEED: Kind = kind(
  "a non-negative integer below 2⁵³",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

const POINT = kind(
  "a module with parameters, or a tensor, or an array or record of tensors",
  (value) =>
    value instanceof AnyModule
      ? value.parameters().some(({ requiresGrad }) => requiresGrad)
      : (leavesOf(value)?.length ?? 0) > 0,
);

/** A function at a point. */
export interface Subject<At, Output> {
  /** The name of each varied tensor. */
  readonly names: readonly string[];
  /** The varied tensors. */
  readonly places: readonly Tensor[];
  /** Calls the function with other tensors in their places. */
  readonly run: (own: readonly Tensor[]) => Output;
  /** Puts tensors, one for each place, into the form of the point. */
  readonly beside: (tensors: readonly Tensor[]) => Beside<At>;
  /** The tensors of such a form; null if there is not one for each place. */
  readonly leaves: (tree: Beside<At>) => readonly Tensor[] | null;
}

/** The names of the tensors in a tree, which are their paths. */
function paths(tree: TensorTree, start: string): string[] {
  if (tree instanceof Tensor) return [start === "" ? "input" : start];
  return Object.entries(tree).flatMap(([key, part]: [string, TensorTree]) =>
    paths(part, start === "" ? key : `${start}.${key}`)
  );
}

/** Runs a function that draws the same random numbers each time, and restores the random stream. */
export function repeatable<T>(run: () => T): T {
  const { state } = defaultGenerator;
  try {
    return run();
  } finally {
    defaultGenerator.state = state;
  }
}

/**
 * Runs a module, given copies of its buffers by name, as a forward pass may change them, such as
 * running means; the module's modes are restored.
 */
export function untouched<T>(
  model: AnyModule,
  run: (buffers: Readonly<Record<string, Tensor>>) => T,
): T {
  const restoreModes = keptModes(model.modules());
  try {
    const copies = model.namedBuffers().map(([name, buffer]) => [name, buffer.clone()]);
    return run(Object.fromEntries(copies));
  } finally {
    restoreModes();
  }
}

function ofModule<M extends AnyModule, Output>(
  fn: (model: M) => Output,
  model: M,
): Subject<M, Output> {
  const moving = model.namedParameters().filter(([, { requiresGrad }]) => requiresGrad);
  const names = moving.map(([name]) => name);
  const record = (tensors: readonly Tensor[]) =>
    Object.fromEntries(
      names.flatMap((name, i) => tensors[i] === undefined ? [] : [[name, tensors[i]]]),
    );
  const whole = {
    forward: () => fn(model),
    modules: () => model.modules(),
    namedParameters: (options: { removeDuplicate: boolean }) => model.namedParameters(options),
    namedBuffers: (options: { removeDuplicate: boolean }) => model.namedBuffers(options),
  };
  return {
    names,
    places: moving.map(([, place]) => place.detach()),
    run: (own) =>
      untouched(
        model,
        (buffers) => repeatable(() => functionalCall(whole, { ...record(own), ...buffers })),
      ),
    beside: (tensors) => record(tensors) as Beside<M>,
    leaves: (tree) => {
      const found: unknown[] = names.map((name) => Reflect.get(tree, name));
      const fits = Object.keys(tree).length === names.length && leavesOf(found) !== null;
      return fits ? leavesOf(found) : null;
    },
  };
}

function ofTree<Output>(
  fn: (...inputs: never[]) => Output,
  at: TensorTree,
): Subject<TensorTree, Output> {
  const places = (leavesOf(at) ?? []).map((place) => place.detach());
  return {
    names: paths(at, ""),
    places,
    run: (own) => {
      const inputs = rebuildWith(at, own);
      return repeatable(() => fn(...(Array.isArray(inputs) ? inputs : [inputs]) as never[]));
    },
    beside: (tensors) => rebuildWith(at, tensors) as Mirror<TensorTree>,
    leaves: (tree) => {
      const found = leavesOf(tree);
      return found?.length === places.length ? found : null;
    },
  };
}

/** A function at a point; refuses anything else. */
export function subjectOf<At extends Point, Output>(
  call: string,
  fn: (...inputs: ArgumentsAt<At>) => Output,
  at: At,
): Subject<At, Output> {
  checkKind(call, "the first argument", fn, FUNCTION);
  checkKind(call, "the second argument", at, POINT);
  const subject = at instanceof AnyModule
    ? ofModule(fn as unknown as (model: AnyModule) => Output, at)
    : ofTree(fn as unknown as (...inputs: never[]) => Output, at as TensorTree);
  for (const { dtype } of subject.places) {
    if (isFloat(dtype)) continue;
    throw new DTypeError(`Cannot ${call}: the point must be float32 or float64, got ${dtype}`);
  }
  if (subject.places.every(({ size }) => size === 0)) {
    const shapes = subject.places.map(({ shape }) => shape);
    throw new ShapeError(
      `Cannot ${call}: the point must have elements, got shape ${shapes.map(showShape).join(", ")}`,
      shapes,
    );
  }
  return subject as unknown as Subject<At, Output>;
}

/** The one number that a function returned. */
export function numberFrom(call: string, output: unknown): Tensor {
  if (output instanceof Tensor && output.size === 1 && isFloat(output.dtype)) return output;
  const got = output instanceof Tensor
    ? `${output.dtype} of shape ${showShape(output.shape)}`
    : shown(output);
  throw new TypeError(
    `Cannot ${call}: the function must return one floating number as a tensor, got ${got}`,
  );
}

/** The numbers that a function returned, by name: a record, an array, or a single one. */
export function termsFrom(call: string, output: unknown): [name: string, term: Tensor][] {
  const entries: [string, unknown][] = Array.isArray(output) || isPlainObject(output)
    ? Object.entries(output)
    : [["loss", output]];
  if (entries.length === 0) {
    throw new TypeError(`Cannot ${call}: the function must return at least one term, got none`);
  }
  return entries.map(([name, term]) => [name, numberFrom(call, term)]);
}

/** The varied tensors as leaves, at which a function can be differentiated. */
export function leavesAt(places: readonly Tensor[]): Tensor[] {
  return places.map((place) => place.detach().requiresGrad_());
}

/** The gradients of a number; refuses one that does not depend on the varied tensors. */
export function slopes(
  call: string,
  y: Tensor,
  own: readonly Tensor[],
  createGraph: boolean,
): Tensor[] {
  const found = y.requiresGrad
    ? grad(y, own, { createGraph, retainGraph: true, allowUnused: true })
    : [];
  if (found.every((g) => g === null)) {
    throw new GradError(
      `Cannot ${call}: the function's result does not depend on its argument; pass the module or ` +
        "tensors as the second argument, and compute with the function's own argument",
    );
  }
  return own.map((x, i) => found[i] ?? zerosLike(x));
}
