/** Terms of the parameters alone, to be added to a loss. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { arrayOf, checkCount, checkKind, kind, TENSOR } from "../core/options.ts";
import { gram } from "../ops/linalg/gram.ts";
import { eye } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";

const SEVERAL = arrayOf(TENSOR, "tensors");

const TENSORS = kind(
  "a tensor or an array of tensors",
  (value) => value instanceof Tensor || (SEVERAL.accepts(value) && (value as []).length > 0),
);

/** The sum of a term over all the parameters. */
function total(
  op: string,
  parameters: Tensor | readonly Tensor[],
  term: (x: Tensor) => Tensor,
): Tensor {
  checkKind(`compute ${op}`, "parameters", parameters, TENSORS);
  const all = parameters instanceof Tensor ? [parameters] : parameters;
  for (const { dtype } of all) {
    if (isFloat(dtype)) continue;
    throw new DTypeError(
      `Cannot compute ${op}: parameters must be float32 or float64, got ${dtype}`,
    );
  }
  return all.map(term).reduce((sum, x) => sum.add(x));
}

/**
 * Σ|w|, which drives parameters to 0. At 0 the gradient is 0.
 *
 * @param parameters A tensor or several.
 * @returns A tensor without dimensions.
 * @throws {DTypeError} If one is not floating.
 *
 * @example Of a layer
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(losses.regularization.l1([tensor([1, -2]), tensor(3)]).item(), 6);
 * ```
 */
export function l1(parameters: Tensor | readonly Tensor[]): Tensor {
  const op = "losses.regularization.l1";
  checkCount(`compute ${op}`, arguments.length, 1);
  return total(op, parameters, (w) => w.abs().sum());
}

/**
 * Σw², which keeps parameters small; its gradient is twice that of a weight decay of 1.
 *
 * @param parameters A tensor or several.
 * @returns A tensor without dimensions.
 * @throws {DTypeError} If one is not floating.
 *
 * @example Of a layer
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(losses.regularization.l2([tensor([1, -2]), tensor(3)]).item(), 14);
 * ```
 */
export function l2(parameters: Tensor | readonly Tensor[]): Tensor {
  const op = "losses.regularization.l2";
  checkCount(`compute ${op}`, arguments.length, 1);
  return total(op, parameters, (w) => w.square().sum());
}

/**
 * ‖W·Wᵀ − I‖² for each W of shape [out, ...], flattened to a matrix with the shorter side first: 0 where
 * its rows or columns are orthonormal. Brock et al., "Neural photo editing with introspective
 * adversarial networks", 2017, with squares.
 *
 * @param parameters A tensor or several.
 * @returns A tensor without dimensions.
 * @throws {ShapeError} If one has fewer than two dimensions.
 * @throws {DTypeError} If one is not floating.
 *
 * @example A matrix that is orthogonal, and twice it
 * ```ts
 * import { eye, losses } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(losses.regularization.orthogonal(eye(2)).item(), 0);
 * assertEquals(losses.regularization.orthogonal(eye(2).mul(2)).item(), 18);
 * ```
 */
export function orthogonal(parameters: Tensor | readonly Tensor[]): Tensor {
  const op = "losses.regularization.orthogonal";
  checkCount(`compute ${op}`, arguments.length, 1);
  return total(op, parameters, (w) => {
    if (w.ndim < 2) {
      throw new ShapeError(
        `Cannot compute ${op}: parameters must have shape [out, ...], got ${showShape(w.shape)}`,
        [w.shape],
      );
    }
    const flat = w.flatten(1);
    const [rows, columns] = flat.shape as [number, number];
    const m = rows <= columns ? flat : flat.transpose(0, 1);
    const { dtype, device } = w;
    const target = eye(Math.min(rows, columns), { dtype, device });
    return gram(m).sub(target).square().sum();
  });
}
