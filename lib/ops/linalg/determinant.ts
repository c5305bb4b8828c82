/** Primitives: determinants, and their gradients where a matrix is singular too. */

import { epsilonOf } from "../../core/dtype.ts";
import { largest, smallest } from "../../core/lists.ts";
import { checkCount } from "../../core/options.ts";
import { checkShape, extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { elementsOf } from "../copy/copy.ts";
import { inBatch } from "../define/batch.ts";
import { record1, rule } from "../define/record.ts";
import { indexSelect } from "../index/composites.ts";
import { positionsOn } from "../index/primitives.ts";
import { prod } from "../reduce/fused.ts";
import { cat, reshape } from "../shape/primitives.ts";
import { diagonal } from "../shape/views.ts";
import { checkSquare, eliminate, factorize, type Factors, identity, noted } from "./factor.ts";

/** Determinants of what is left of matrices of shape [k, n, n] without each row and column. */
function minors(a: Tensor): Tensor {
  const n = extentAt(a.shape, -1);
  const m = n - 1;
  const shape = [extentAt(a.shape, 0), n, n, m, m];
  checkShape("linalg.det", shape);
  const places = positionsOn(a, n * n * m * m, (place) => {
    const [column, row] = [place % m, Math.floor(place / m) % m];
    const without = Math.floor(place / (m * m));
    const [withoutColumn, withoutRow] = [without % n, Math.floor(without / n)];
    return (row + Number(row >= withoutRow)) * n + column + Number(column >= withoutColumn);
  });
  return det(reshape(indexSelect(reshape(a, [-1, n * n]), 1, places), shape));
}

/** Rows of matrices whose minors cost so little that they are taken before digits are lost. */
const FEW = 12;

/** The matrices whose determinants are better differentiated by minors. */
function singularOf(a: Tensor, factors: Factors): number[] {
  const n = extentAt(a.shape, -1);
  if (n > FEW) return noted(factors.zeros).map(([position]) => position);
  // Gradients of the third order lose about four times the digits by which the pivots differ.
  const least = epsilonOf(a.dtype) ** 0.25;
  const pivots = elementsOf(diagonal(factors.lu, { dim1: -2, dim2: -1 }), "linalg.det");
  const poor: number[] = [];
  for (let start = 0; start < pivots.length; start += n) {
    const sizes = Array.from(pivots.subarray(start, start + n), Math.abs);
    if (smallest(sizes) <= least * largest(sizes)) poor.push(start / n);
  }
  return poor;
}

/** The gradients of determinants, det·a⁻ᵀ; where there is no good inverse, from the minors. */
function cofactors(a: Tensor, dets: Tensor, factors: Factors): Tensor {
  const n = extentAt(a.shape, -1);
  const singular = singularOf(a, factors);
  if (singular.length === 0) {
    const scaled = identity(a, n).mul(reshape(dets, [...dets.shape, 1, 1]));
    return eliminate(a, scaled, { factors, transposed: true });
  }
  const list = reshape(a, [-1, n, n]);
  const taken = (x: Tensor, which: readonly number[]) =>
    indexSelect(x, 0, positionsOn(a, which.length, (i) => which[i]!));
  const signs = reshape(positionsOn(a, n * n, (i) => (i % n + Math.floor(i / n)) % 2), [n, n]);
  const parts = [minors(taken(list, singular)).mul(signs.mul(-2).add(1))];
  const skip = new Set(singular);
  const regular = Array.from({ length: dets.size }, (_, i) => i).filter((i) => !skip.has(i));
  if (regular.length > 0) {
    const others = taken(list, regular);
    parts.push(cofactors(others, taken(reshape(dets, [-1]), regular), factorize(others)));
  }
  const back: number[] = [];
  [...singular, ...regular].forEach((position, i) => back[position] = i);
  return reshape(taken(cat(parts), back), a.shape);
}

const detRule = rule<Factors | null>("linalg.det", {
  saves: "ay",
  vjp: [(g, { a, y, attrs }) => reshape(g, [...g.shape, 1, 1]).mul(cofactors(a, y, attrs!))],
  jvp: ([t], { a, y, attrs }) => t!.mul(cofactors(a, y, attrs!)).sum([-2, -1]),
  batch: ([a]) => det(a!),
});

/**
 * The determinants of matrices, 1 for those of no rows. As a method `det`. Follows
 * `torch.linalg.det`.
 *
 * Gradients of any order are right at singular matrices too. The value and, elsewhere, the gradient
 * take n³ operations. At a singular matrix the gradient takes the determinants of its n² minors: n⁵
 * operations, and memory for n⁴ numbers. So it does for up to 12 rows where a matrix is almost
 * singular; of more rows, gradients of higher order lose digits there.
 *
 * @param a Shape [..., n, n].
 * @returns A tensor without the last two dimensions.
 * @throws {ShapeError} If the matrices are not square.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example The gradient holds the cofactors
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const a = tensor([[1, 2], [2, 4]], { requiresGrad: true });
 * const y = linalg.det(a);
 * y.backward();
 * assertEquals(y.item(), 0);
 * assertEquals(a.grad?.toArray(), [[4, -2], [-2, 1]]);
 * ```
 */
export function det(a: Tensor): Tensor {
  checkCount("compute linalg.det", arguments.length, 1);
  checkSquare("linalg.det", a);
  if (a.batched !== null) return inBatch(detRule.batch, [a], null)[0]!;
  const factors = factorize(a);
  const pivots = diagonal(factors.lu, { dim1: -2, dim2: -1 });
  return record1(detRule, a, prod(pivots, -1).mul(factors.signs), factors);
}
