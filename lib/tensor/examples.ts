/** Element access for the areas; under `vmap`, that of all examples. */

import type { TypedArray } from "../core/dtype.ts";
import { noteRangeOf, rangeOf } from "../device/memory.ts";
import { elementsOf } from "../ops/copy/copy.ts";
import { copyAll } from "../ops/copy/inplace.ts";
import { bare, inBatchOf } from "../ops/define/batch.ts";
import { fromTypedArray } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/** All elements, to be checked and not kept: under `vmap` those of all examples. */
export function everyElement(x: Tensor): TypedArray {
  return elementsOf(bare(x), "everyElement");
}

/** The first element that is below 0 or NaN, and its place; null if there is none. */
export function firstNegative(
  x: Tensor,
): { readonly value: number; readonly place: number } | null {
  const whole = bare(x);
  const { storage } = whole;
  if ((rangeOf(storage)?.low ?? -1) >= 0) return null;
  const elements = everyElement(whole);
  for (let place = 0; place < elements.length; place++) {
    const value = elements[place]!;
    if (!(value >= 0)) return { value, place };
  }
  // On the GPU, the next use need not read the elements back.
  if (storage.backend.device === "gpu") noteRangeOf(whole, 0, Infinity);
  return null;
}

/** A tensor of the same shape, without gradient, made of the elements in row-major order. */
export function madeOfElements(
  op: string,
  x: Tensor,
  make: (elements: TypedArray) => TypedArray,
): Tensor {
  if (x.batched !== null) return inBatchOf(x, (whole) => madeOfElements(op, whole, make));
  return fromTypedArray(make(elementsOf(x, op)), x.shape).to({ device: x.device });
}

/** All elements in row-major order, to be read only. Under `vmap` they are refused, as they differ. */
export { elementsOf };

/** Writes values into tensors: into all, or if one cannot be written into none. */
export { copyAll };
