/** Methods that reduce dimensions; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ElementwiseMethods } from "./elementwise.ts";

/** Methods that reduce dimensions. */
export abstract class ReduceMethods extends ElementwiseMethods {
  /** Sum over the given dimensions, or all. */
  sum(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run sum", arguments.length, 2);
    return ops.sum(this, dim, options);
  }
  /** Mean over the given dimensions, or all. */
  mean(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run mean", arguments.length, 2);
    return ops.mean(this, dim, options);
  }
  /** Product over the given dimensions, or all. */
  prod(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run prod", arguments.length, 2);
    return ops.prod(this, dim, options);
  }
  /** Variance over the given dimensions, or all. */
  var(this: Tensor, dim?: ops.Dims, options?: ops.VarianceOptions): Tensor {
    checkCount("run var", arguments.length, 2);
    return ops.variance(this, dim, options);
  }
  /** Standard deviation over the given dimensions, or all. */
  std(this: Tensor, dim?: ops.Dims, options?: ops.VarianceOptions): Tensor {
    checkCount("run std", arguments.length, 2);
    return ops.std(this, dim, options);
  }
  /** Norm of some order over some dimensions; by default Euclidean and over all. */
  norm(this: Tensor, options?: ops.NormOptions): Tensor {
    checkCount("run norm", arguments.length, 1);
    return ops.norm(this, options);
  }
  /** Whether an element is not 0, over the given dimensions, or all. */
  any(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run any", arguments.length, 2);
    return ops.any(this, dim, options);
  }
  /** Whether no element is 0, over the given dimensions, or all. */
  all(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run all", arguments.length, 2);
    return ops.all(this, dim, options);
  }
  /** The largest element. */
  max(this: Tensor): Tensor;
  /** The largest elements along a dimension, and their positions. */
  max(this: Tensor, dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  max(this: Tensor, dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run max", arguments.length, 2);
    return ops.max(this, dim as number, options);
  }
  /** The smallest element. */
  min(this: Tensor): Tensor;
  /** The smallest elements along a dimension, and their positions. */
  min(this: Tensor, dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  min(this: Tensor, dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run min", arguments.length, 2);
    return ops.min(this, dim as number, options);
  }
  /** Position of the largest element, int32. */
  argmax(this: Tensor, dim?: number, options?: ops.ReduceOptions): Tensor {
    checkCount("run argmax", arguments.length, 2);
    return ops.argmax(this, dim, options);
  }
  /** Position of the smallest element, int32. */
  argmin(this: Tensor, dim?: number, options?: ops.ReduceOptions): Tensor {
    checkCount("run argmin", arguments.length, 2);
    return ops.argmin(this, dim, options);
  }
  /** Sum of the elements that are not NaN, over the given dimensions, or all. */
  nansum(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run nansum", arguments.length, 2);
    return ops.nansum(this, dim, options);
  }
  /** Mean of the elements that are not NaN, over the given dimensions, or all. */
  nanmean(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run nanmean", arguments.length, 2);
    return ops.nanmean(this, dim, options);
  }
}
