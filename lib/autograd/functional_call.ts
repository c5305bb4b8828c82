/** A module run with other tensors in place of its own. */

import { settled } from "../core/engine.ts";
import { GradError, ShapeError, showShape } from "../errors.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** What `functionalCall` needs of a module; every `nn.Module` has it. */
export interface CallableModule<Inputs extends unknown[], Output> {
  /** Computes the output. */
  forward(...inputs: Inputs): Output;
  /** This module and all below it. */
  modules(): object[];
  /** The parameters by name. */
  namedParameters(): [string, Tensor][];
  /** The buffers by name. */
  namedBuffers(): [string, Tensor][];
}

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
  const names = new Map([...module.namedParameters(), ...module.namedBuffers()]);
  const others = new Map<unknown, Tensor>();
  for (const [name, other] of Object.entries(params)) {
    const own = names.get(name);
    if (own === undefined) {
      throw new TypeError(
        `Cannot run functionalCall: the module has no parameter or buffer "${name}", it has ${
          [...names.keys()].join(", ") || "none"
        }`,
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

/** Where the modules hold the tensors that are replaced: in properties and in arrays there. */
function slotsOf(modules: readonly object[], others: ReadonlyMap<unknown, Tensor>): Slot[] {
  const owners = modules.flatMap((module): object[] => [
    module,
    ...Object.values(module).filter((value): value is object => Array.isArray(value)),
  ]);
  return [...new Set(owners)].flatMap((owner) =>
    Object.entries(owner).flatMap(([key, own]: [string, unknown]): Slot[] => {
      const other = others.get(own);
      return other === undefined ? [] : [{ owner, key, own: own as Tensor, other }];
    })
  );
}

/**
 * The output of a module with other tensors in place of its parameters and buffers, which it has
 * back afterwards. The output can be differentiated with respect to them. Where one parameter is
 * used in several places, all of them are replaced. Follows `torch.func.functional_call`.
 *
 * @param module A module.
 * @param params The other tensors, by the names of the state dict; those left out stay.
 * @param inputs What `forward` takes.
 * @returns What `forward` gives.
 * @throws {TypeError} If the module has no tensor of a name, or if `forward` returns a promise.
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
  const others = replacements(module, params);
  const slots = slotsOf(module.modules(), others);
  for (const own of others.keys()) {
    if (slots.some((slot) => slot.own === own)) continue;
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
