/** Methods that normalise along dimensions; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ScanMethods } from "./scan.ts";

/** Methods that normalise along dimensions. */
export abstract class NormalizeMethods extends ScanMethods {
  /** ln Σ eˣ over the given dimensions, or all. */
  logsumexp(this: Tensor, dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run logsumexp", arguments.length, 2);
    return ops.logsumexp(this, dim, options);
  }
  /** eˣ / Σ eˣ along a dimension. */
  softmax(this: Tensor, dim: number): Tensor {
    checkCount("run softmax", arguments.length, 1);
    return ops.softmax(this, dim);
  }
  /** ln of the softmax along a dimension. */
  logSoftmax(this: Tensor, dim: number): Tensor {
    checkCount("run logSoftmax", arguments.length, 1);
    return ops.logSoftmax(this, dim);
  }
}
