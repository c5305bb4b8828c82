/** Element access for the areas; under `vmap`, that of all examples. */

import type { TypedArray } from "../core/dtype.ts";
import { elementsOf } from "../ops/copy/copy.ts";
import { copyAll } from "../ops/copy/inplace.ts";
import { bare, inBatchOf } from "../ops/define/batch.ts";
import { fromTypedArray } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/** All elements, to be checked and not kept: under `vmap` those of all examples. */
export function everyElement(x: Tensor): TypedArray {
  return elementsOf(bare(x), "everyElement");
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
