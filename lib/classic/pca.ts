/** The directions in which data varies most. */

import { keep } from "../autograd/scope.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkKind, COUNT } from "../core/options.ts";
import { eigh } from "../ops/linalg/namespace.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fitted, measuredTable, tableOf } from "./inputs.ts";

interface Directions {
  readonly mean: Tensor;
  readonly components: Tensor;
  readonly variance: Tensor;
  readonly ratio: Tensor;
}

/** Each direction with the sign that makes its largest element positive, as either would do. */
function signed(components: Tensor): Tensor {
  const largest = components.abs().argmax(1, { keepdim: true });
  return components.mul(components.gather(1, largest).sign());
}

/**
 * Principal components: orthogonal directions in the order of the variance along them. Follows
 * scikit-learn's `PCA`.
 *
 * @example Points on a line
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { PCA } from "@adjoint/ml/classic";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const x = tensor([[0, 0], [1, 2], [2, 4], [3, 6]]);
 * const pca = new PCA(1).fit(x);
 * assertClose(pca.explainedVarianceRatio, tensor([1]));
 * assertClose(pca.inverseTransform(pca.transform(x)), x, { atol: 1e-5 });
 * ```
 */
export class PCA {
  readonly #count: number;
  #state: Directions | null = null;

  /**
   * Creates the method.
   *
   * @param components How many directions to keep, at most as many as there are columns.
   */
  constructor(components: number) {
    checkCount("make PCA", arguments.length, 1);
    checkKind("make PCA", "components", components, COUNT);
    this.#count = components;
  }

  /**
   * Finds the directions.
   *
   * @param x Examples [N, D], at least two.
   */
  fit(x: Tensor): this {
    checkCount("fit PCA", arguments.length, 1);
    const { rows, columns } = measuredTable("fit PCA", x);
    if (rows < 2 || columns < this.#count) {
      throw new RangeError(
        `Cannot fit PCA: ${this.#count} components need as many columns and 2 rows, got x of ` +
          `shape [${rows}, ${columns}]`,
      );
    }
    this.#state = noGrad(() => {
      // The type of x may not hold the squares of its numbers.
      const wide = x.to("float64");
      const mean = wide.mean(0);
      const centered = wide.sub(mean);
      const { eigenvalues, eigenvectors } = eigh(centered.mT.matmul(centered).div(rows - 1));
      const largest = (all: Tensor) => all.flip(0).narrow(0, 0, this.#count).clamp(0, null);
      const variance = largest(eigenvalues);
      return keep({
        mean: mean.to(x.dtype),
        components: signed(eigenvectors.mT.flip(0).narrow(0, 0, this.#count)).to(x.dtype),
        variance: variance.to(x.dtype),
        ratio: variance.div(eigenvalues.sum()).to(x.dtype),
      });
    });
    return this;
  }

  /** The directions [K, D], each of length 1, its largest element positive. */
  get components(): Tensor {
    return fitted("read the components of PCA", this.#state).components.clone();
  }

  /** The mean of the examples [D]. */
  get mean(): Tensor {
    return fitted("read the mean of PCA", this.#state).mean.clone();
  }

  /** The variance along each direction [K], with N − 1 in the divisor. */
  get explainedVariance(): Tensor {
    return fitted("read the variance of PCA", this.#state).variance.clone();
  }

  /** Its share of the whole variance [K]; NaN where nothing varies. */
  get explainedVarianceRatio(): Tensor {
    return fitted("read the variance of PCA", this.#state).ratio.clone();
  }

  /** Examples [N, D] along the directions, [N, K]; differentiable. */
  transform(x: Tensor): Tensor {
    checkCount("run PCA.transform", arguments.length, 1);
    const { mean, components } = fitted("run PCA.transform", this.#state);
    tableOf("run PCA.transform", x, mean.size);
    return x.sub(mean).matmul(components.mT);
  }

  /** What lies at places [N, K] along the directions, [N, D]; differentiable. */
  inverseTransform(z: Tensor): Tensor {
    checkCount("run PCA.inverseTransform", arguments.length, 1);
    const { mean, components } = fitted("run PCA.inverseTransform", this.#state);
    tableOf("run PCA.inverseTransform", z, this.#count);
    return z.matmul(components).add(mean);
  }
}
