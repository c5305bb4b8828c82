/** Ways to combine the gradients of several tasks; their results can be differentiated in turn. */

import { lengthFrom, smallest } from "../core/lists.ts";
import { checkCount, FLAG, NUMBER, optionReader } from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import type { TensorTree } from "../core/tree.ts";
import { cat } from "../ops/mod.ts";
import { eye, full, ones, tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lossOptions, type Range } from "./loss.ts";
import {
  image,
  inner,
  nonNegative,
  onTape,
  pseudoInverse,
  type Rows,
  rowsOf,
  solved,
} from "./quadratic.ts";
import { type Aggregate, aggregate, type Products } from "./task_gradients.ts";

const float64 = { dtype: "float64" } as const;

/** A row of numbers. */
function row(values: readonly number[]): Tensor {
  return tensor([[...values]], float64);
}

/** For each solution, the inverse of the free part of a matrix, where z > 0, padded with zeros. */
function freeInverse(matrix: Tensor, solutions: Rows, slack: number): Tensor {
  const free = tensor(solutions.map((z) => z.map((value) => Number(value > 0))), float64);
  const both = free.unsqueeze(-1).mul(free.unsqueeze(-2));
  return pseudoInverse(matrix.detach().mul(both), slack).mul(both);
}

/**
 * Solutions z of min ½·zᵀ·a·z − bᵀ·z, z ≥ 0, for each row b of a matrix that may depend on the tape as
 * `a` does; [K, T].
 */
function cone(a: Tensor, b: Tensor, slack: number): Tensor {
  const matrix = rowsOf(a);
  const solutions = rowsOf(b).map((goal) => nonNegative(matrix, goal, slack));
  const inverse = freeInverse(a, solutions, slack);
  const start = inverse.matmul(b.detach().unsqueeze(-1)).squeeze(-1);
  return onTape(start, inverse, (z) => z.matmul(a).sub(b));
}

/** The weights of the shortest convex combination of gradients. */
function shortest({ count, cosines, lengths, slack }: Products): Tensor {
  const still = lengths.filter((length) => length === 0).length;
  if (still > 0) {
    return tensor(lengths.map((length) => length === 0 ? 1 / still : 0), float64);
  }
  // On Σw = 1 a multiple of (Σw)² changes nothing but the scale of the solution.
  const inverse = lengths.map((length) => 1 / length);
  const size = lengthFrom(inverse);
  const unit = row(inverse.map((value) => value / size));
  const z = cone(cosines.add(unit.mul(unit.transpose(0, 1))), unit, slack).mul(unit);
  return z.div(z.sum()).reshape([count]);
}

/** Whether no direction is good for all: some convex combination of the gradients is 0. */
function isStationary(products: Products): boolean {
  const { rows, lengths, slack } = products;
  const even = shortest({ ...products, lengths: lengths.map((length) => Number(length > 0)) });
  const [weights = []] = rowsOf(even.unsqueeze(0));
  return inner(weights, image(rows, weights)) <= slack;
}

/**
 * The shortest convex combination of the gradients of several tasks. Along its opposite all losses
 * fall, and equally steeply where their weights are not 0; where it is 0, no direction is good for all
 * (the point is Pareto stationary). Désidéri, "Multiple-gradient descent algorithm (MGDA) for
 * multiobjective optimization", 2012.
 *
 * A gradient of 0 gets all the weight. Of several solutions, as with equal gradients, it takes the one
 * that spreads the weights the most evenly among gradients of length 1. The problem is solved by
 * active sets, to full precision.
 *
 * @param gradients What `taskGradients`, `jacobian` or `perSampleGrad` gives: tensors of shape
 * [T, ...] for T tasks, alone or in arrays and records.
 * @returns `gradient`, in the same form without T, and `weights` of shape [T].
 * @throws {RangeError} If a gradient is not finite, or a weight leaves the range of its type.
 *
 * @example Gradients that oppose each other
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { gradient, weights } = losses.mgda(tensor([[2, 0], [0, 2]]));
 * assertEquals([gradient.toArray(), weights.toArray()], [[1, 1], [0.5, 0.5]]);
 * ```
 */
export function mgda<const Gradients extends TensorTree>(
  gradients: Gradients,
): Aggregate<Gradients> {
  const call = "compute losses.mgda";
  checkCount(call, arguments.length, 1);
  return aggregate(call, gradients, shortest);
}

/** Options of `pcgrad`. */
export interface PCGradOptions {
  /** Whether the others come in a random order, as in the paper, or in their own. Default: true. */
  shuffle?: boolean;
  /** Where the order comes from. Default: the stream of `manualSeed`. */
  generator?: RandomGenerator;
}

const readPCGrad = optionReader<PCGradOptions>({ shuffle: FLAG, generator: GENERATOR });

/**
 * The sum of the gradients, after removing from each what conflicts with another: for each in turn,
 * g ← g − (g·gⱼ / gⱼ·gⱼ)·gⱼ where g·gⱼ < 0. Yu et al., "Gradient surgery for multi-task
 * learning", 2020.
 *
 * @param gradients Tensors of shape [T, ...], as in {@linkcode mgda}.
 * @returns `gradient`, in the same form without T, and `weights` of shape [T].
 * @throws {RangeError} If a gradient is not finite, or a weight leaves the range of its type.
 *
 * @example Two that conflict
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { gradient } = losses.pcgrad(tensor([[1, 0], [-1, 1]]));
 * assertEquals(gradient.toArray(), [0.5, 1.5]);
 * ```
 */
export function pcgrad<const Gradients extends TensorTree>(
  gradients: Gradients,
  options?: PCGradOptions,
): Aggregate<Gradients> {
  const call = "compute losses.pcgrad";
  checkCount(call, arguments.length, 2);
  const { shuffle = true, generator = defaultGenerator } = readPCGrad(call, options);
  return aggregate(call, gradients, ({ count, cosines, scales }) => {
    const units = [...eye(count, float64)];
    const length = tensor(scales, float64);
    const each = units.map((unit, i) => {
      const others = shuffle ? [...generator.permutation(count)] : units.map((_, j) => j);
      return others.filter((j) => j !== i).reduce((own, j) => {
        const slope = own.mul(cosines.at(j)).sum();
        if (slope.item() >= 0) return own;
        return own.sub((units[j] ?? unit).mul(slope.div(cosines.at(j).at(j))));
      }, unit).mul(length.at(i)).div(length);
    });
    return each.reduce((sum, own) => sum.add(own));
  });
}

/** Options of `caGrad`. */
export interface CAGradOptions {
  /** How far from the mean gradient, as a share of its length; from 0 to less than 1. Default: 0.5. */
  c?: number;
}

const BELOW_ONE: Range = { needed: "lie in 0 to less than 1", holds: (c) => c >= 0 && c < 1 };
const readCAGrad = lossOptions<CAGradOptions>({ c: NUMBER }, { c: BELOW_ONE });

/** How often the interval is narrowed at most; a dozen times usually suffices. */
const NARROWINGS = 200;

/**
 * What is added to a mean of length about 1: the z ≥ 0 of a given length √(zᵀ·a·z) that solves
 * min ½·zᵀ·a·z + meanᵀ·z − level·risesᵀ·z for some level up to `most`. The length grows with the level, from 0 and
 * nearly linearly, so the level is found by false position.
 */
function ofLength(
  a: Rows,
  mean: readonly number[],
  rises: readonly number[],
  length: number,
  most: number,
  slack: number,
): { z: number[]; level: number } {
  const at = (level: number) => {
    const z = nonNegative(a, mean.map((value, i) => level * (rises[i] ?? 0) - value), slack);
    return { z, level, beyond: Math.sqrt(Math.max(inner(z, image(a, z)), 0)) - length };
  };
  const first = smallest(mean.map((value, i) => value / (rises[i] ?? 1)));
  let below = { level: first, beyond: -length };
  let above = at(Math.min(first < 0 ? 0 : 2 * first, most));
  for (let step = 1e-3; above.beyond < 0 && above.level < most; step *= 2) {
    below = above;
    above = at(Math.min(above.level + step, most));
  }
  let found = above;
  for (let i = 0; i < NARROWINGS && Math.abs(found.beyond) > 1e-14 * length; i++) {
    // Where the length is far from linear, bisection is faster.
    const share = i % 3 === 2 ? 0.5 : below.beyond / (below.beyond - above.beyond);
    const level = below.level + share * (above.level - below.level);
    if (level === below.level || level === above.level) break;
    const last = found.beyond;
    found = at(level);
    // The value at an end that stays is halved, so that this end moves too.
    const half = Math.sign(last) === Math.sign(found.beyond) ? 0.5 : 1;
    if (found.beyond < 0) [below, above] = [found, { ...above, beyond: above.beyond * half }];
    else [below, above] = [{ ...below, beyond: below.beyond * half }, found];
  }
  return found;
}

/** The weights of CAGrad, where neither a gradient nor their mean is 0. */
function conflictAverse(products: Products, c: number): Tensor {
  const { count, cosines, rows, lengths, slack } = products;
  const size = lengthFrom(lengths);
  // For gradients scaled to length 1: the mean's coefficients, and how steeply each loss is to fall.
  const mean = row(lengths.map((length) => length / size));
  const least = smallest(lengths);
  const rises = lengths.map((length) => least / length);
  const start = mean.matmul(cosines);
  const square = (x: Tensor) => x.matmul(cosines).mul(x).sum(1, { keepdim: true });
  const length = c * Math.sqrt(square(mean).item());
  const weights = (added: Tensor) => added.div(mean).squeeze(0).add(1).div(count);
  const still = isStationary(products);
  if (still) {
    // Nothing helps the worst-off; this little is enough to do it no harm.
    const added = cone(cosines, start.neg(), slack);
    if (square(added).item() <= length ** 2) return weights(added);
  }
  const [pull = []] = rowsOf(start);
  const { z, level } = ofLength(rows, pull, rises, length, still ? 0 : Infinity, slack);
  // The equations' derivative is [a, −r; 2·(a·z)ᵀ, 0] with r for `rises`, whose inverse follows from a's.
  const inverse = freeInverse(cosines, [z], slack).squeeze(0);
  const r = row(rises);
  // Of several solutions the shortest.
  const own = r.mul(level).sub(row(pull)).matmul(inverse);
  const bent = own.matmul(cosines).mul(2).detach().matmul(inverse);
  const spread = r.matmul(inverse);
  const slope = bent.mul(r).sum().item();
  const upper = cat([inverse.sub(spread.mT.matmul(bent).div(slope)), spread.mT.div(slope)], 1);
  const lower = cat([bent.neg(), ones([1, 1], float64)], 1).div(slope);
  const joint = cat([upper, lower], 0).unsqueeze(0);
  const found = onTape(cat([own, row([level])], 1), joint, (x) => {
    const [added, height] = [x.narrow(1, 0, count), x.narrow(1, count, 1)];
    const equal = added.add(mean).matmul(cosines).sub(height.mul(r));
    return cat([equal, square(added).sub(square(mean).mul(c * c))], 1);
  });
  return weights(found.narrow(1, 0, count));
}

/**
 * The direction that does the most for the task it helps least, among those that differ from
 * the mean gradient g by at most c times its length: max over d of minᵢ gᵢ·d, ‖d − g‖ ≤ c·‖g‖. With
 * c = 0 it is the mean. Liu et al., "Conflict-averse gradient descent for multi-task learning", 2021,
 * without the rescaling of its code.
 *
 * Tasks whose gradient is 0 have the weight 1/T and no say. Where the mean gradient is 0, so is the
 * direction. Where no direction is good for all tasks, it is the one nearest to the mean of those that
 * harm none, if there is one within the ball. The problem is solved to full precision.
 *
 * @param gradients Tensors of shape [T, ...], as in {@linkcode mgda}.
 * @returns `gradient`, in the same form without T, and `weights` of shape [T].
 * @throws {RangeError} If a gradient is not finite, a weight leaves the range of its type, or c is not in
 * range.
 *
 * @example Two that conflict
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const gradients = tensor([[4, 0], [-1, 1]]);
 * const { gradient } = losses.caGrad(gradients, { c: 0.9 });
 * assert(gradients.matmul(gradient).min().item() > gradients.matmul(gradients.mean(0)).min().item());
 * ```
 */
export function caGrad<const Gradients extends TensorTree>(
  gradients: Gradients,
  options?: CAGradOptions,
): Aggregate<Gradients> {
  const call = "compute losses.caGrad";
  checkCount(call, arguments.length, 2);
  const { c = 0.5 } = readCAGrad(call, options);
  return aggregate(call, gradients, (products) => {
    const { count, cosines, lengths, slack } = products;
    const moving = lengths.flatMap((length, i) => length === 0 ? [] : [i]);
    const mean = inner(lengths, image(products.rows, lengths));
    const even = full([count], 1 / count, float64);
    if (c === 0 || mean <= slack * inner(lengths, lengths)) return even;
    if (moving.length === count) return conflictAverse(products, c);
    const chosen = tensor(moving, { dtype: "int32" });
    const weights = conflictAverse({
      ...products,
      count: moving.length,
      cosines: cosines.indexSelect(0, chosen).indexSelect(1, chosen),
      rows: moving.map((i) => moving.map((j) => products.rows[i]?.[j] ?? 0)),
      lengths: moving.map((i) => lengths[i] ?? 0),
    }, c).mul(moving.length / count);
    return even.scatter(0, chosen, weights);
  });
}

/** Newton steps; a few dozen are needed at most. */
const STEPS = 200;

/** The x > 0 with a·x = 1/x, by damped steps down the convex ½·xᵀ·a·x − Σ ln x. */
function bargained(a: Rows): number[] {
  let x = a.map(() => 1);
  for (let step = 0; step < STEPS; step++) {
    const slope = image(a, x).map((value, i) => value - 1 / (x[i] ?? 1));
    const bend = a.map((line, i) =>
      line.map((value, j) => i === j ? value + 1 / (x[i] ?? 1) ** 2 : value)
    );
    const change = solved(bend, slope);
    const decrement = Math.sqrt(Math.max(inner(change, slope), 0));
    // The function is self-concordant, so a step this short stays where x > 0 and descends.
    const share = decrement < 0.25 ? 1 : 1 / (1 + decrement);
    x = x.map((value, i) => value - share * (change[i] ?? 0));
    if (decrement < 1e-12) break;
  }
  return x;
}

/**
 * The direction on which tasks agree when they bargain: the one with the largest product
 * of the gᵢ·d among those of equal length, with weights such that wᵢ·(gᵢ·d) = 1 for each. It does not depend
 * on the scales of the losses. Navon et al., "Multi-task learning as a bargaining game", 2022, without
 * the bound on the length of its code: it is √T.
 *
 * Where no direction is good for all tasks there is no bargain, and the weights are those of
 * {@linkcode mgda}, with direction 0. The equations are solved to full precision by Newton's method.
 *
 * @param gradients Tensors of shape [T, ...], as in {@linkcode mgda}.
 * @returns `gradient`, in the same form without T, and `weights` of shape [T].
 * @throws {RangeError} If a gradient is not finite, or a weight leaves the range of its type.
 *
 * @example Gradients of any length
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { gradient } = losses.nashMtl(tensor([[4, 0], [0, 0.25]]));
 * assertEquals(gradient.toArray(), [1, 1]);
 * ```
 */
export function nashMtl<const Gradients extends TensorTree>(
  gradients: Gradients,
): Aggregate<Gradients> {
  const call = "compute losses.nashMtl";
  checkCount(call, arguments.length, 1);
  return aggregate(call, gradients, (products) => {
    const { count, cosines, rows, lengths } = products;
    if (isStationary(products)) return shortest(products);
    const x = bargained(rows);
    const bend = rows.map((line, i) =>
      line.map((value, j) => i === j ? value + (x[i] ?? 1) ** -2 : value)
    );
    const inverse = pseudoInverse(tensor(bend, float64), 0).unsqueeze(0);
    const found = onTape(row(x), inverse, (x) => x.matmul(cosines).sub(x.reciprocal()));
    return found.div(row(lengths)).reshape([count]);
  });
}

/**
 * The mean of the gradients, each of which is first projected onto the directions along which no loss
 * rises: for each, the nearest d with gⱼ·d ≥ 0 for all j. Quinton and Rey, "Jacobian descent for
 * multi-objective optimization", 2024.
 *
 * Gradients of 0 stay what they are. The problems are solved by active sets, to full precision.
 *
 * @param gradients Tensors of shape [T, ...], as in {@linkcode mgda}.
 * @returns `gradient`, in the same form without T, and `weights` of shape [T].
 * @throws {RangeError} If a gradient is not finite, or a weight leaves the range of its type.
 *
 * @example Two that conflict
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { gradient } = losses.upGrad(tensor([[1, 0], [-1, 1]]));
 * assertEquals(gradient.toArray(), [0.25, 0.75]);
 * ```
 */
export function upGrad<const Gradients extends TensorTree>(
  gradients: Gradients,
): Aggregate<Gradients> {
  const call = "compute losses.upGrad";
  checkCount(call, arguments.length, 1);
  return aggregate(call, gradients, ({ count, cosines, scales, slack }) => {
    const added = cone(cosines, cosines.neg(), slack);
    const length = tensor(scales, float64);
    return added.mul(length.unsqueeze(1)).sum(0).div(length).add(1).div(count);
  });
}
