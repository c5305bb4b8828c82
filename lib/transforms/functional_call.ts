/** A module run with other tensors in place of its own. */

import { settled } from "../core/engine.ts";
import { GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, isPlainObject, kind, shown, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { stack } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { noGrad } from "../autograd/tape.ts";

/** What `functionalCall` needs of a module; every `nn.Module` has it. */
export interface CallableModule<Inputs extends unknown[], Output> {
  /** Computes the output. */
  forward(...inputs: Inputs): Output;
  /** This module and all below it. */
  modules(): object[];
  /** The parameters by name; one in several places under all its names, if so wanted. */
  namedParameters(options: { removeDuplicate: boolean }): [string, Tensor][];
  /** The buffers by name, in the same way. */
  namedBuffers(options: { removeDuplicate: boolean }): [string, Tensor][];
}

const METHODS = ["forward", "modules", "namedParameters", "namedBuffers"] as const;

const MODULE = kind(
  "a module",
  (value) =>
    typeof value === "object" && value !== null &&
    METHODS.every((name) => typeof Reflect.get(value, name) === "function"),
);

/** A place where an object holds a tensor. */
interface Slot {
  readonly owner: object;
  readonly key: string;
  readonly own: Tensor;
  readonly other: Tensor;
}

function replacements<Inputs extends unknown[], Output>(
  module: CallableModule<Inputs, Output>,
  params: Readonly<Record<string, Tensor>>,
): Map<unknown, Tensor> {
  const all = { removeDuplicate: false };
  const names = new Map([...module.namedParameters(all), ...module.namedBuffers(all)]);
  const others = new Map<unknown, Tensor>();
  if (!isPlainObject(params)) {
    throw new TypeError(
      `Cannot run functionalCall: params must be an object of tensors by name, got ${
        shown(params)
      }`,
    );
  }
  for (const [name, other] of Object.entries(params)) {
    const own = names.get(name);
    if (own === undefined) {
      throw new TypeError(
        `Cannot run functionalCall: the module has no parameter or buffer "${name}", it has ${
          [...names.keys()].join(", ") || "none"
        }`,
      );
    }
    checkKind("run functionalCall", `"${name}"`, other, TENSOR);
    if (others.has(own) && others.get(own) !== other) {
      throw new TypeError(
        `Cannot run functionalCall: "${name}" is another name of a tensor that is given already`,
      );
    }
    if (!sameShape(own.shape, other.shape)) {
      throw new ShapeError(
        `Cannot run functionalCall: "${name}" has shape ${showShape(own.shape)}, got ${
          showShape(other.shape)
        }`,
        [own.shape, other.shape],
      );
    }
    others.set(own, other);
  }
  return others;
}

/** The arrays and records among some values, and those inside them. */
function containersIn(values: readonly unknown[]): object[] {
  return values.flatMap((value) =>
    Array.isArray(value) || isPlainObject(value)
      ? [value, ...containersIn(Object.values(value))]
      : []
  );
}

/** A tensor at its place on the tape in the class of another, by which a module knows its parameters. */
function inClassOf(own: unknown, other: Tensor): Tensor {
  return Object.assign(Object.create(Object.getPrototypeOf(own)), other);
}

/** Where the modules hold the tensors that are replaced: in properties, and in arrays and records. */
function slotsOf(modules: readonly object[], given: ReadonlyMap<unknown, Tensor>): Slot[] {
  const others = new Map([...given].map(([own, other]) => [own, inClassOf(own, other)]));
  const owners = modules.flatMap((module) => [module, ...containersIn(Object.values(module))]);
  return [...new Set(owners)].flatMap((owner) =>
    Object.entries(owner).flatMap(([key, own]: [string, unknown]): Slot[] => {
      const other = others.get(own);
      return other === undefined ? [] : [{ owner, key, own: own as Tensor, other }];
    })
  );
}

/**
 * The output of a module with other tensors in place of its parameters and buffers, which it has
 * back afterwards. The output can be differentiated with respect to them. While `forward` runs,
 * `parameters()` and `buffers()` give them too. Where one parameter is used in several places, all of
 * them are replaced. Follows `torch.func.functional_call`.
 *
 * @param module A module.
 * @param params The other tensors, by the names of the state dict; those left out stay.
 * @param inputs What `forward` takes.
 * @returns What `forward` gives.
 * @throws {TypeError} If the module has no tensor of a name, if two names of one tensor are given
 * different ones, or if `forward` returns a promise.
 * @throws {ShapeError} If a tensor has not the shape of the one that it replaces.
 *
 * @example The gradient with respect to a weight that is no parameter
 * ```ts
 * import { functionalCall, gradOf, nn, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(2, 1);
 * const loss = (params: Record<string, Tensor>, x: Tensor) => functionalCall(model, params, x).sum();
 * const gradients = gradOf(loss)({ weight: tensor([[3, 4]]) }, tensor([[1, 2]]));
 * assertEquals(gradients["weight"]?.toArray(), [[1, 2]]);
 * ```
 */
export function functionalCall<Inputs extends unknown[], Output>(
  module: CallableModule<Inputs, Output>,
  params: Readonly<Record<string, Tensor>>,
  ...inputs: Inputs
): Output {
  checkKind("run functionalCall", "the first argument", module, MODULE);
  const others = replacements(module, params);
  const slots = slotsOf(module.modules(), others);
  const held = new Set<unknown>(slots.map(({ own }) => own));
  for (const own of others.keys()) {
    if (held.has(own)) continue;
    throw new GradError(
      "Cannot run functionalCall: the module holds a tensor neither in a property nor in an array " +
        "that is one, so it cannot be replaced",
    );
  }
  try {
    for (const { owner, key, other } of slots) Reflect.set(owner, key, other);
    const consequence = "the module would have its own tensors back before it ends";
    return settled("functionalCall", consequence, module.forward(...inputs));
  } finally {
    for (const { owner, key, own } of slots) Reflect.set(owner, key, own);
  }
}

/** What `stackModuleState` needs of a module; every `nn.Module` has it. */
export type StackableModule = Pick<
  CallableModule<never, unknown>,
  "modules" | "namedParameters" | "namedBuffers"
>;

/** Tensors of several modules by name, each of one with those of the others behind it. */
function stacked(lists: readonly (readonly [string, Tensor][])[]): Record<string, Tensor> {
  const [first = [], ...others] = lists;
  const names = (list: readonly [string, Tensor][]) => list.map(([name]) => name).join();
  for (const list of others) {
    if (names(list) === names(first)) continue;
    throw new TypeError(
      `Cannot run stackModuleState: the modules must have the same parameters and buffers, got ${
        names(first) || "none"
      } and ${names(list) || "none"}`,
    );
  }
  const rows = first.map(([name, x], i) => {
    const own = lists.map((list) => list[i]![1]);
    const other = own.find(({ shape }) => !sameShape(shape, x.shape));
    if (other !== undefined) {
      throw new ShapeError(
        `Cannot run stackModuleState: "${name}" must have one shape in all modules, got ${
          showShape(x.shape)
        } and ${showShape(other.shape)}`,
        [x.shape, other.shape],
      );
    }
    const whole = noGrad(() => stack(own, 0));
    return [name, x.requiresGrad ? whole.requiresGrad_() : whole] as const;
  });
  return Object.fromEntries(rows);
}

/**
 * The parameters and the buffers of several modules of one kind, stacked: an ensemble, which
 * `functionalCall` runs under `vmap`. They are copies. Follows `torch.func.stack_module_state`.
 *
 * @param modules Modules with the same parameters and buffers.
 * @returns The parameters and the buffers by name, each with the modules along a first dimension.
 * @throws {TypeError} If there are no modules, or if their names differ.
 * @throws {ShapeError} If shapes differ.
 *
 * @example Three models at once
 * ```ts
 * import { functionalCall, nn, randn, stackModuleState, type Tensor, vmap } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const models = [1, 2, 3].map(() => new nn.Linear(4, 2));
 * const [params] = stackModuleState(models);
 * const run = (own: Record<string, Tensor>, x: Tensor) => functionalCall(models[0]!, own, x);
 * const y = vmap(run, { inDims: [0, null] })(params, randn([5, 4]));
 * assertEquals(y.shape, [3, 5, 2]);
 * ```
 */
export function stackModuleState(
  modules: readonly StackableModule[],
): [parameters: Record<string, Tensor>, buffers: Record<string, Tensor>] {
  const call = "run stackModuleState";
  checkCount(call, arguments.length, 1);
  if (!Array.isArray(modules) || modules.length === 0) {
    throw new TypeError(`Cannot ${call}: it needs an array of modules, got ${shown(modules)}`);
  }
  for (const [i, module] of modules.entries()) checkKind(call, `module ${i}`, module, MODULE);
  const all = { removeDuplicate: true };
  return [
    stacked(modules.map((module) => module.namedParameters(all))),
    stacked(modules.map((module) => module.namedBuffers(all))),
  ];
}
