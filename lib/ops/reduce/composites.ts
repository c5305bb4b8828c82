/** Composites: whether elements are 0, and sums and means without those that are NaN. */

import { isFloat } from "../../core/dtype.ts";
import { checkCount } from "../../core/options.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkFloat, checkTensor } from "../define/checks.ts";
import { eq, gt, ne, where } from "../elementwise/compare.ts";
import { logicalNot } from "../elementwise/logic.ts";
import { composites } from "../registry.ts";
import { type Dims, meanOver, readReduce, type ReduceOptions, sumOver } from "./primitives.ts";

/**
 * Whether an element is not 0, over dimensions, as bool; false of none. Follows `torch.any`.
 *
 * @example By rows
 * ```ts
 * import { any, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(any(tensor([[0, 2], [0, 0]]), 1).toArray(), [true, false]);
 * ```
 */
export function any(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute any", arguments.length, 3);
  checkTensor("any", x);
  const { keepdim = false } = readReduce("compute any", options);
  const dims = normalizeDims("any", dim, x.ndim);
  return gt(sumOver(ne(x, 0), dims, keepdim), 0);
}

/**
 * Whether no element is 0, over dimensions, as bool; true of none. Follows `torch.all`.
 *
 * @example By rows
 * ```ts
 * import { all, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(all(tensor([[1, 2], [0, 2]]), 1).toArray(), [true, false]);
 * ```
 */
export function all(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute all", arguments.length, 3);
  checkTensor("all", x);
  const { keepdim = false } = readReduce("compute all", options);
  const dims = normalizeDims("all", dim, x.ndim);
  return eq(sumOver(eq(x, 0), dims, keepdim), 0);
}

/**
 * Sum of the elements that are not NaN, which get a gradient of 0; of int32 and bool as int32. Follows
 * `torch.nansum`.
 *
 * @example A missing value
 * ```ts
 * import { nansum, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nansum(tensor([1, NaN, 2])).item(), 3);
 * ```
 */
export function nansum(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute nansum", arguments.length, 3);
  checkTensor("nansum", x);
  const { keepdim = false } = readReduce("compute nansum", options);
  const present = isFloat(x.dtype) ? where(ne(x, x), 0, x) : x;
  return sumOver(present, normalizeDims("nansum", dim, x.ndim), keepdim);
}

/**
 * Mean of the elements that are not NaN, which get a gradient of 0; NaN where all are. Follows
 * `torch.nanmean`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example A missing measurement
 * ```ts
 * import { nanmean, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nanmean(tensor([[1, NaN, 3], [4, 5, 6]]), 1).toArray(), [2, 5]);
 * ```
 */
export function nanmean(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute nanmean", arguments.length, 3);
  checkFloat("nanmean", x);
  const { keepdim = false } = readReduce("compute nanmean", options);
  const dims = normalizeDims("nanmean", dim, x.ndim);
  // Divided by the share of those present, so that no sum leaves the range.
  const share = meanOver(castTo(eq(x, x), x.dtype), dims, keepdim);
  const mean = meanOver(where(ne(x, x), 0, x), dims, keepdim);
  const none = logicalNot(gt(share, 0));
  return where(none, NaN, mean.div(where(none, 1, share)));
}

composites({ any, all, nansum, nanmean });
