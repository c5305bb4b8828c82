/** Losses that pull like examples together and push unlike ones apart. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, FLAG, FUNCTION, NUMBER, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { minimum, where } from "../ops/mod.ts";
import { reduced } from "../ops/loss/fused.ts";
import { rowDots } from "../ops/reduce/dots.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDomain } from "./domain.ts";
import {
  checkPair,
  checkVectors,
  FINITE,
  type FunctionLoss,
  leftRange,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  NOT_NEGATIVE,
  POSITIVE,
  type Range,
  scaleOf,
} from "./loss.ts";

/** Options of `cosineEmbedding`. */
export interface CosineEmbeddingOptions extends LossOptions {
  /** Cosine up to which unlike vectors cost nothing, finite. Default: 0. */
  margin?: number;
}

const cosineOptions = lossOptions<CosineEmbeddingOptions>(
  { ...LOSS_OPTIONS, margin: NUMBER },
  { margin: FINITE },
);

/** What PyTorch adds to the square of a length. */
const GUARD = 1e-12;

/** Vectors at length 1, whose squares may leave the range. */
function farUnit(x: Tensor): Tensor {
  const scale = scaleOf(x, -1);
  const near = x.div(scale);
  const guard = scale.reciprocal().square().mul(GUARD);
  return near.div(rowDots(near).unsqueeze(-1).add(guard).sqrt());
}

/** The cosines of pairs of vectors. */
function cosines(a: Tensor, b: Tensor): Tensor {
  const lengths = rowDots(a).add(GUARD).sqrt().mul(rowDots(b).add(GUARD).sqrt());
  return leftRange(lengths) ? rowDots(farUnit(a), farUnit(b)) : rowDots(a, b).div(lengths);
}

/**
 * Loss of the cosine of two vectors: 1 − cos for target 1, max(0, cos − margin) for −1. Follows
 * `torch.nn.functional.cosine_embedding_loss`. Vectors of 0 have cosine 0.
 *
 * @param first Shape [N, D] or [D].
 * @param second The same shape.
 * @param target Shape [N] or []: 1 (alike) or −1 (unlike).
 * @returns A tensor without dimensions, or of the target's shape for reduction "none".
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {RangeError} If a target is neither 1 nor −1, or the margin is not finite.
 *
 * @example At a right angle
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, y] = [tensor([1, 0]), tensor([0, 1])];
 * assertEquals(losses.cosineEmbedding(x, y, tensor(1)).item(), 1);
 * assertEquals(losses.cosineEmbedding(x, y, tensor(-1)).item(), 0);
 * ```
 */
export function cosineEmbedding(
  first: Tensor,
  second: Tensor,
  target: Tensor,
  options?: CosineEmbeddingOptions,
): Tensor {
  const op = "losses.cosineEmbedding";
  checkCount(`compute ${op}`, arguments.length, 4);
  const { margin = 0, reduction = "mean" } = cosineOptions(`compute ${op}`, options);
  second = checkPair(op, first, second, ["first", "second"]);
  checkVectors(op, "first", first);
  checkKind(`compute ${op}`, "target", target, TENSOR);
  if (!sameShape(target.shape, first.shape.slice(0, -1))) {
    throw new ShapeError(
      `Cannot compute ${op}: vectors of shape ${showShape(first.shape)} need a target of shape ` +
        `${showShape(first.shape.slice(0, -1))}, got ${showShape(target.shape)}`,
      [first.shape, target.shape],
    );
  }
  checkDomain(op, target);
  const cosine = cosines(first, second);
  const apart = cosine.sub(margin).relu();
  return reduced(where(target.eq(1), cosine.neg().add(1), apart), reduction);
}

/** {@linkcode cosineEmbedding} as a module. */
export const CosineEmbeddingLoss: LossModule<CosineEmbeddingOptions, [Tensor, Tensor, Tensor]> =
  lossModule("CosineEmbeddingLoss", cosineEmbedding, cosineOptions);
/** A module of {@linkcode cosineEmbedding}. */
export type CosineEmbeddingLoss = FunctionLoss<CosineEmbeddingOptions, [Tensor, Tensor, Tensor]>;

/** Options of both losses of triplets. */
interface SharedOptions extends LossOptions {
  /** How much farther away the negative must be, positive and finite. Default: 1. */
  margin?: number;
  /** Whether the negative's distance from the positive is used if it is smaller. Default: false. */
  swap?: boolean;
}

/** The loss of triplets, given a distance. */
function triplet(
  op: string,
  [anchor, positive, negative]: readonly [Tensor, Tensor, Tensor],
  { margin = 1, swap = false, reduction = "mean" }: SharedOptions,
  distance: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  checkPair(op, anchor, positive, ["anchor", "positive"]);
  checkPair(op, anchor, negative, ["anchor", "negative"]);
  checkVectors(op, "anchor", anchor);
  const far = distance(anchor, negative);
  const farthest = swap ? minimum(far, distance(positive, negative)) : far;
  return reduced(distance(anchor, positive).sub(farthest).add(margin).relu(), reduction);
}

/** ‖a − b + eps‖ₚ along the last dimension, as in `torch.nn.functional.pairwise_distance`. */
function pairwiseDistance(a: Tensor, b: Tensor, p = 2, eps = 1e-6): Tensor {
  return a.sub(b).add(eps).norm({ p, dim: -1 });
}

/** Options of `tripletMargin`. */
export interface TripletMarginOptions extends LossOptions {
  /** How much farther away the negative must be, positive and finite. Default: 1. */
  margin?: number;
  /** Order of the norm, positive; Infinity is the largest difference. Default: 2. */
  p?: number;
  /** What is added to each difference, so that equal examples have a gradient. Default: 1e-6. */
  eps?: number;
  /** Whether the negative's distance from the positive is used if it is smaller. Default: false. */
  swap?: boolean;
}

/** Orders of a norm that is a distance. */
const ORDER: Range = { needed: "be positive", holds: (value) => value > 0 };

const tripletOptions = lossOptions<TripletMarginOptions>(
  { ...LOSS_OPTIONS, margin: NUMBER, p: NUMBER, eps: NUMBER, swap: FLAG },
  { margin: POSITIVE, p: ORDER, eps: NOT_NEGATIVE },
);

/**
 * Loss of triplets, max(0, d(a, p) − d(a, n) + margin), with d(x, y) = ‖x − y + eps‖ₚ. Balntas et
 * al., "Learning local feature descriptors with triplets and shallow convolutional neural networks",
 * 2016; `torch.nn.functional.triplet_margin_loss`.
 *
 * @param anchor Shape [..., D].
 * @param positive An example like it, of the same shape.
 * @param negative An example unlike it, of the same shape.
 * @returns A tensor without dimensions, or of shape [...] for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If the margin is not positive and finite, p not positive, or eps is negative.
 *
 * @example The negative is 3 away, the positive 1
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const [a, p, n] = [tensor([[0, 0]]), tensor([[1, 0]]), tensor([[0, 3]])];
 * assertAlmostEquals(losses.tripletMargin(a, p, n, { margin: 2.5 }).item(), 0.5, 1e-5);
 * ```
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginOptions,
): Tensor {
  const op = "losses.tripletMargin";
  checkCount(`compute ${op}`, arguments.length, 4);
  const { p, eps, ...read } = tripletOptions(`compute ${op}`, options);
  return triplet(op, [anchor, positive, negative], read, (a, b) => pairwiseDistance(a, b, p, eps));
}

/** {@linkcode tripletMargin} as a module. */
export const TripletMarginLoss: LossModule<TripletMarginOptions, [Tensor, Tensor, Tensor]> =
  lossModule("TripletMarginLoss", tripletMargin, tripletOptions);
/** A module of {@linkcode tripletMargin}. */
export type TripletMarginLoss = FunctionLoss<TripletMarginOptions, [Tensor, Tensor, Tensor]>;

/** Options of `tripletMarginWithDistance`. */
export interface TripletMarginWithDistanceOptions extends LossOptions {
  /**
   * The distance between two tensors of examples: a tensor with an entry for each example. Default: the
   * Euclidean distance of `tripletMargin`.
   */
  distanceFunction?: (a: Tensor, b: Tensor) => Tensor;
  /** How much farther away the negative must be, positive and finite. Default: 1. */
  margin?: number;
  /** Whether the negative's distance from the positive is used if it is smaller. Default: false. */
  swap?: boolean;
}

const distanceOptions = lossOptions<TripletMarginWithDistanceOptions>(
  { ...LOSS_OPTIONS, distanceFunction: FUNCTION, margin: NUMBER, swap: FLAG },
  { margin: POSITIVE },
);

/**
 * Loss of triplets with a distance of your own, max(0, d(a, p) − d(a, n) + margin). Follows
 * `torch.nn.functional.triplet_margin_with_distance_loss`.
 *
 * @param anchor Any shape that the distance accepts.
 * @param positive An example like it, of the same shape.
 * @param negative An example unlike it, of the same shape.
 * @returns A tensor without dimensions, or of the shape of the distances for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If the margin is not positive and finite.
 * @throws {TypeError} If the distance returns no tensor.
 *
 * @example The largest difference
 * ```ts
 * import { losses, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().max(-1).values;
 * const [a, p, n] = [tensor([[0, 0]]), tensor([[1, 0]]), tensor([[0, 3]])];
 * const loss = losses.tripletMarginWithDistance(a, p, n, { distanceFunction, margin: 4 });
 * assertEquals(loss.item(), 2);
 * ```
 */
export function tripletMarginWithDistance(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginWithDistanceOptions,
): Tensor {
  const op = "losses.tripletMarginWithDistance";
  checkCount(`compute ${op}`, arguments.length, 4);
  const { distanceFunction = pairwiseDistance, ...read } = distanceOptions(
    `compute ${op}`,
    options,
  );
  return triplet(op, [anchor, positive, negative], read, (a, b) => {
    const distance = distanceFunction(a, b);
    checkKind(`compute ${op}`, "the result of distanceFunction", distance, TENSOR);
    const each = a.shape.slice(0, -1);
    if (sameShape(distance.shape, each)) return distance;
    throw new ShapeError(
      `Cannot compute ${op}: the result of distanceFunction must have shape ${
        showShape(each)
      }, got ${showShape(distance.shape)}`,
      [distance.shape],
    );
  });
}

/** {@linkcode tripletMarginWithDistance} as a module. */
export const TripletMarginWithDistanceLoss: LossModule<
  TripletMarginWithDistanceOptions,
  [Tensor, Tensor, Tensor]
> = lossModule("TripletMarginWithDistanceLoss", tripletMarginWithDistance, distanceOptions);
/** A module of {@linkcode tripletMarginWithDistance}. */
export type TripletMarginWithDistanceLoss = FunctionLoss<
  TripletMarginWithDistanceOptions,
  [Tensor, Tensor, Tensor]
>;
