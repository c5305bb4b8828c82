/** Composites: whether elements are 0. */

import { checkCount } from "../../core/options.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define/checks.ts";
import { eq, gt, ne } from "../elementwise/compare.ts";
import { composites } from "../registry.ts";
import { type Dims, readReduce, type ReduceOptions, sumOver } from "./primitives.ts";

/** Whether an element is not 0, over dimensions, as bool; false of none. Follows `torch.any`. */
export function any(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute any", arguments.length, 3);
  checkTensor("any", x);
  const { keepdim = false } = readReduce("compute any", options);
  const dims = normalizeDims("any", dim, x.ndim);
  return gt(sumOver(ne(x, 0), dims, keepdim), 0);
}

/** Whether no element is 0, over dimensions, as bool; true of none. Follows `torch.all`. */
export function all(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute all", arguments.length, 3);
  checkTensor("all", x);
  const { keepdim = false } = readReduce("compute all", options);
  const dims = normalizeDims("all", dim, x.ndim);
  return eq(sumOver(eq(x, 0), dims, keepdim), 0);
}

composites({ any, all });
