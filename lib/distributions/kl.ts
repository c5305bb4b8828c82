/** Divergences between distributions. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, kind } from "../core/options.ts";
import { broadcastShapes, extentAt } from "../core/shape.ts";
import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Categorical, expectation } from "./categorical.ts";
import { Normal } from "./normal.ts";

const DISTRIBUTION = kind(
  "a distribution, as new distributions.Normal(0, 1)",
  (value) => value instanceof Normal || value instanceof Categorical,
);

/**
 * The divergence of Kullback and Leibler from q to p, E_p[ln p − ln q], in nats; the batches
 * broadcast. It is infinite where p can be what q cannot. Follows
 * `torch.distributions.kl_divergence`.
 *
 * @param p The distribution over which the mean is taken.
 * @param q Another one of the same class.
 * @returns A tensor of the shape to which the batches broadcast.
 * @throws {TypeError} If they are not of one class.
 * @throws {ShapeError} If the batches do not broadcast, or the numbers of outcomes differ.
 *
 * @example Two normal distributions of one width
 * ```ts
 * import { distributions } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { kl, Normal } = distributions;
 * assertAlmostEquals(kl(new Normal(0, 2), new Normal(6, 2)).item(), 4.5, 1e-6);
 * ```
 */
export function kl(p: Normal, q: Normal): Tensor;
/** The divergence of Kullback and Leibler of distributions over as many outcomes. */
export function kl(p: Categorical, q: Categorical): Tensor;
export function kl(p: Normal | Categorical, q: Normal | Categorical): Tensor {
  const call = "compute distributions.kl";
  checkCount(call, arguments.length, 2);
  checkKind(call, "p", p, DISTRIBUTION);
  checkKind(call, "q", q, DISTRIBUTION);
  broadcastShapes("distributions.kl", p.batchShape, q.batchShape);
  if (p instanceof Normal && q instanceof Normal) return ofNormals(p, q);
  if (p instanceof Categorical && q instanceof Categorical) return ofCategoricals(call, p, q);
  throw new TypeError(
    `Cannot ${call}: p and q must be of one class, got ${p.constructor.name} and ${q.constructor.name}`,
  );
}

function ofNormals(p: Normal, q: Normal): Tensor {
  const ratio = p.scale.div(q.scale);
  const apart = p.loc.sub(q.loc).div(q.scale);
  // The ratio itself may leave the range where its logarithm does not.
  const logarithm = p.scale.log().sub(q.scale.log());
  return ratio.square().add(apart.square()).sub(1).mul(0.5).sub(logarithm);
}

function ofCategoricals(call: string, p: Categorical, q: Categorical): Tensor {
  const [own, other] = [extentAt(p.logits.shape, -1), extentAt(q.logits.shape, -1)];
  if (own !== other) {
    throw new ShapeError(
      `Cannot ${call}: p and q must have as many outcomes, got ${own} and ${other} (shapes ${
        showShape(p.logits.shape)
      } and ${showShape(q.logits.shape)})`,
      [p.logits.shape, q.logits.shape],
    );
  }
  const beyond = q.logits.eq(-Infinity);
  const apart = where(beyond, 0, p.logits).sub(where(beyond, 0, q.logits));
  // Infinite also where the share of p itself is too small for the type.
  const infinite = beyond.logicalAnd(p.logits.ne(-Infinity));
  return expectation(p, apart).add(where(infinite, Infinity, 0).sum(-1));
}
