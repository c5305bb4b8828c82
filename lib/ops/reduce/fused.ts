/** Fused: products and norms along the last dimension, or over some. */

import { isFloat } from "../../core/dtype.ts";
import { checkCount } from "../../core/options.ts";
import { extentAt, normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkTensor } from "../define/checks.ts";
import { fused } from "../define/fused.ts";
import { flatten, squeeze, unsqueeze } from "../shape/composites.ts";
import { pad, permute, reshape, slice } from "../shape/primitives.ts";
import { type Dims, readReduce, type ReduceOptions } from "./primitives.ts";

/** The composite form of `product`: halves are multiplied until one factor is left. */
export function productComposite(x: Tensor): Tensor {
  let y = x;
  for (let n = extentAt(y.shape, -1); n !== 1; n = extentAt(y.shape, -1)) {
    if (n % 2 === 1 || n === 0) y = pad(y, [0, 1], { value: 1 });
    if (n > 0) {
      const half = Math.ceil(n / 2);
      y = slice(y, -1, 0, half).mul(slice(y, -1, half));
    }
  }
  return squeeze(y, -1);
}

const productOp = fused<null>("prod", {
  composite: ([x]) => [productComposite(x!)],
  kernel: "prod",
  shapes: ([x]) => [x!.shape.slice(0, -1)],
  parameters: (_, [x]) => ({ ints: [x!.ndim - 1] }),
  batch: ([x]) => product(x!),
  saves: "a",
  gradKernel: "prod_grad",
});

/** Product along the last dimension, of floats or int32. */
export function product(x: Tensor): Tensor {
  return productOp([x], null)[0]!;
}

/**
 * Product of the elements over dimensions, 1 of none; of int32 and bool as int32. Gradients of any
 * order are right at zeros too. Follows `torch.prod`, but takes several dimensions.
 *
 * @param dim The dimensions; all by default.
 * @throws {RangeError} If a product of int32 does not fit int32; on the GPU it wraps.
 *
 * @example The gradient is the product of the others
 * ```ts
 * import { prod, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([2, 0, 3], { requiresGrad: true });
 * prod(x).backward();
 * assertEquals(x.grad?.toArray(), [0, 6, 0]);
 * ```
 */
export function prod(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute prod", arguments.length, 3);
  checkTensor("prod", x);
  const { keepdim = false } = readReduce("compute prod", options);
  const dims = normalizeDims("prod", dim, x.ndim);
  const others = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const input = isFloat(x.dtype) ? x : castTo(x, "int32");
  const sorted = permute(input, [...others, ...dims]);
  const y = product(
    dims.length === 0 ? unsqueeze(sorted, -1) : flatten(sorted, others.length, -1),
  );
  const shape = keepdim
    ? x.shape.map((extent, i) => dims.includes(i) ? 1 : extent)
    : others.map((i) => x.shape[i]!);
  return reshape(y, shape);
}
