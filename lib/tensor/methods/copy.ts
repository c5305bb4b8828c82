/** Methods that copy, or write in place; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import { copy_, fill_, setAt } from "../../ops/copy/inplace.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ShapeMethods } from "./shape.ts";

/** Methods that copy, or write in place. */
export abstract class CopyMethods extends ShapeMethods {
  /** A copy with its own memory. */
  clone(this: Tensor): Tensor {
    checkCount("run clone", arguments.length, 0);
    return ops.clone(this);
  }
  /** The tensor itself if it is contiguous, else a copy that is. */
  contiguous(this: Tensor): Tensor {
    checkCount("run contiguous", arguments.length, 0);
    return ops.contiguous(this);
  }
  /** Writes another tensor or a number into this one; under noGrad if it requires a gradient. */
  copy_<T extends Tensor>(this: T, value: Tensor | number): T {
    checkCount("run copy_", arguments.length, 1);
    copy_(this, value);
    return this;
  }
  /** Sets every element; under noGrad if the tensor requires a gradient. */
  fill_<T extends Tensor>(this: T, value: number): T {
    checkCount("run fill_", arguments.length, 1);
    fill_(this, value);
    return this;
  }
  /** Sets every element to 0; under noGrad if the tensor requires a gradient. */
  zero_<T extends Tensor>(this: T): T {
    checkCount("run zero_", arguments.length, 0);
    fill_(this, 0, "zero_");
    return this;
  }
  /** Writes into part of the tensor, which `at` would give; under noGrad if it requires a gradient. */
  setAt<T extends Tensor>(this: T, index: readonly ops.Index[], value: Tensor | number): T {
    checkCount("run setAt", arguments.length, 2);
    setAt(this, index, value);
    return this;
  }
}
