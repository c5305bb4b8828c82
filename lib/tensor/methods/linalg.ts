/** Methods of linear algebra; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import { inv } from "../../ops/linalg/composites.ts";
import { det } from "../../ops/linalg/determinant.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { IndexMethods } from "./index.ts";

/** Methods of linear algebra. */
export abstract class LinalgMethods extends IndexMethods {
  /** Matrix product. */
  matmul(this: Tensor, other: Tensor): Tensor {
    checkCount("run matmul", arguments.length, 1);
    return ops.matmul(this, other);
  }
  /** Sum of the products of two vectors. */
  dot(this: Tensor, other: Tensor): Tensor {
    checkCount("run dot", arguments.length, 1);
    return ops.dot(this, other);
  }
  /** Products of all pairs of elements of two vectors. */
  outer(this: Tensor, other: Tensor): Tensor {
    checkCount("run outer", arguments.length, 1);
    return ops.outer(this, other);
  }
  /** Matrix products of two batches. */
  bmm(this: Tensor, other: Tensor): Tensor {
    checkCount("run bmm", arguments.length, 1);
    return ops.bmm(this, other);
  }
  /** Determinants of square matrices. */
  det(this: Tensor): Tensor {
    checkCount("run det", arguments.length, 0);
    return det(this);
  }
  /** Inverses of square matrices: `linalg.inv`. */
  inverse(this: Tensor): Tensor {
    checkCount("run inverse", arguments.length, 0);
    return inv(this);
  }
  /** Cross products with vectors in space. */
  cross(this: Tensor, other: Tensor, options?: ops.CrossOptions): Tensor {
    checkCount("run cross", arguments.length, 2);
    return ops.cross(this, other, options);
  }
  /** Kronecker's product. */
  kron(this: Tensor, other: Tensor): Tensor {
    checkCount("run kron", arguments.length, 1);
    return ops.kron(this, other);
  }
}
