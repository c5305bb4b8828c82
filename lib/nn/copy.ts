/** Copies of modules, with everything in them. */

import { isPlainObject } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Makes a tensor of the class of another, with the elements given. */
export type TensorMaker = (like: Tensor, elements: Tensor) => Tensor;

/**
 * A value with everything in it copied: tensors, arrays, plain objects, maps, sets, and instances of a
 * class. What stood in several places does so in the copy; what is anything else is shared.
 *
 * @param isModule Which instances are copied, by their own properties.
 * @param make Makes a tensor of the class of another.
 */
export function copied<T>(
  value: T,
  isModule: (value: unknown) => value is object,
  make: TensorMaker,
): T {
  const done = new Map<unknown, unknown>();
  const copyOf = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (done.has(value)) return done.get(value);
    const keep = <V>(copy: V): V => {
      done.set(value, copy);
      return copy;
    };
    if (isTensor(value)) {
      const copy = keep(make(value, value.detach().clone()));
      if (value.collected !== null) copy.grad = value.collected.detach().clone();
      return copy;
    }
    if (Array.isArray(value)) {
      const copy = keep<unknown[]>([]);
      for (const item of value) copy.push(copyOf(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set<unknown>());
      for (const item of value) copy.add(copyOf(item));
      return copy;
    }
    if (value instanceof Map) {
      const copy = keep(new Map<unknown, unknown>());
      for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
      return copy;
    }
    if (!isModule(value) && !isPlainObject(value)) return value;
    const copy = keep(Object.create(Object.getPrototypeOf(value)) as object);
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      // What is computed goes on to be; a `forward` that is, is one with hooks.
      if (own.get === undefined) Reflect.set(copy, key, copyOf(own.value));
      else if (key !== "forward") Object.defineProperty(copy, key, own);
    }
    return copy;
  };
  return copyOf(value) as T;
}
