/** Copies of modules and everything in them. */

import { isPlainObject } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Makes a tensor of another's class with the given elements. */
export type TensorMaker = (like: Tensor, elements: Tensor) => Tensor;

/** The use of a private member. */
const PRIVATE = /\.#[\p{ID_Start}$_]/u;
const COMMENT = /\/\*[^]*?\*\/|\/\/.*/g;

/** An object with the prototype of another. */
function withoutProperties<T extends object>(value: T): T {
  return Object.create(Object.getPrototypeOf(value)) as T;
}

/** The classes of an instance, its own first. */
function classesOf(instance: object): { readonly name: string }[] {
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype !== "object" || prototype === null) return [];
  return [prototype.constructor, ...classesOf(prototype)];
}

/**
 * An instance of the class of another, without any properties; refuses a class with `#private` members,
 * which it would lack. Only the source of a class shows them.
 */
export function instanceLike<T extends object>(instance: T): T {
  const closed = classesOf(instance).find((one) =>
    PRIVATE.test(Function.prototype.toString.call(one).replaceAll(COMMENT, ""))
  );
  if (closed === undefined) return withoutProperties(instance);
  throw new TypeError(
    `Cannot run copy: ${closed.name} has #private members, so it needs a method blank() that ` +
      "returns a new instance with them, got none",
  );
}

/** The instance that a class makes for the copy of another. */
function checkedBlank(instance: object, blank: object): object {
  const alike = Object.getPrototypeOf(blank) === Object.getPrototypeOf(instance);
  if (alike && blank !== instance) return blank;
  const [name, other] = [instance, blank].map((one) => one.constructor.name);
  throw new TypeError(
    `Cannot run copy: blank() of ${name} must return a new ${name}, got ${
      blank === instance ? "itself" : other
    }`,
  );
}

/**
 * A value with everything in it copied: tensors, arrays, plain objects, maps, sets, and instances of
 * some classes. What occurred in several places does so in the copy; anything else is shared.
 *
 * @param blank Makes a new instance for one whose properties are copied; null for one that is shared.
 * @param make Makes a tensor of the class of another.
 */
export function copied<T>(
  value: T,
  blank: (value: object) => object | null,
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
    const plain = isPlainObject(value);
    const fresh = plain ? withoutProperties(value) : blank(value);
    if (fresh === null) return value;
    const copy = keep(plain ? fresh : checkedBlank(value, fresh));
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      // Accessors stay accessors, except `forward`, where they mean hooks.
      if (own.get === undefined) Reflect.set(copy, key, copyOf(own.value));
      else if (key !== "forward") Object.defineProperty(copy, key, own);
    }
    return copy;
  };
  return copyOf(value) as T;
}
