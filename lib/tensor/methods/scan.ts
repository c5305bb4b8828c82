/** Methods that run along a dimension; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ReduceMethods } from "./reduce.ts";

/** Methods that run along a dimension. */
export abstract class ScanMethods extends ReduceMethods {
  /** Running sum along a dimension. */
  cumsum(this: Tensor, dim: number): Tensor {
    checkCount("run cumsum", arguments.length, 1);
    return ops.cumsum(this, dim);
  }
  /** Running product along a dimension. */
  cumprod(this: Tensor, dim: number): Tensor {
    checkCount("run cumprod", arguments.length, 1);
    return ops.cumprod(this, dim);
  }
  /** ln of the running sum of eˣ along a dimension. */
  logcumsumexp(this: Tensor, dim: number): Tensor {
    checkCount("run logcumsumexp", arguments.length, 1);
    return ops.logcumsumexp(this, dim);
  }
  /** Differences of neighbours along a dimension. */
  diff(this: Tensor, options?: ops.DiffOptions): Tensor {
    checkCount("run diff", arguments.length, 1);
    return ops.diff(this, options);
  }
}
