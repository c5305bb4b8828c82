/** Turning several objectives into one number, balancing their weights, and finding the best points. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { arrayOf, checkCount, checkKind, isListOf, kind, NUMBER, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import type { TensorTree } from "../core/tree.ts";
import { Module } from "../nn/module.ts";
import { indexAdd, stack, where } from "../ops/mod.ts";
import { onesLike, tensor, zeros } from "../tensor/create.ts";
import { everyElement, madeOfElements } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FINITE, lossOptions, NOT_NEGATIVE, POSITIVE, type Range } from "./loss.ts";
import { type Aggregate, combined, gradientLengths } from "./task_gradients.ts";

const SHARES = kind(
  "an array of numbers, at least 0 and not all 0, one for each task",
  (value) =>
    isListOf(value, (x) => NUMBER.accepts(x) && NOT_NEGATIVE.holds(x as number)) &&
    value.some((x) => Number(x) > 0),
);
const TASKS = arrayOf(TENSOR, "tensors");
const NUMBERS = arrayOf(kind("", (x) => NUMBER.accepts(x) && FINITE.holds(x as number)), "numbers");

/** The losses of tasks as a tensor [T]; refuses anything but that many numbers. */
export function tasksOf(call: string, taskLosses: readonly Tensor[], count: number): Tensor {
  checkKind(call, "taskLosses", taskLosses, TASKS);
  if (taskLosses.length !== count) {
    throw new RangeError(`Cannot ${call}: it takes ${count} losses, got ${taskLosses.length}`);
  }
  return stack(taskLosses.map((loss) => {
    if (!isFloat(loss.dtype)) {
      throw new DTypeError(
        `Cannot ${call}: a loss must be float32 or float64, got ${loss.dtype}`,
      );
    }
    if (loss.size === 1) return loss.reshape([]);
    throw new ShapeError(
      `Cannot ${call}: a loss must have one element, got shape ${showShape(loss.shape)}`,
      [loss.shape],
    );
  }));
}

/** Numbers, one for each task, as a tensor that matches the losses. */
function beside({ dtype, device }: Tensor, numbers: readonly number[]): Tensor {
  return tensor([...numbers], { dtype, device });
}

/**
 * The weighted sum of the losses of several tasks, Σᵢ wᵢ·Lᵢ. With positive weights its minima are Pareto
 * optimal, but no weights lead to the parts of the front that bend inwards; {@linkcode Tchebycheff} does.
 *
 * @example Two tasks
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const criterion = new losses.WeightedSum([1, 10]);
 * assertEquals(criterion.forward([tensor(2), tensor(3)]).item(), 32);
 * ```
 */
export class WeightedSum extends Module<[readonly Tensor[]]> {
  /** The weight of each loss. */
  protected readonly weights: readonly number[];

  /**
   * Creates the loss.
   *
   * @param weights A number for each task, at least 0 and not all 0.
   */
  constructor(weights: readonly number[]) {
    super();
    checkCount("make losses.WeightedSum", arguments.length, 1);
    checkKind("make losses.WeightedSum", "weights", weights, SHARES);
    this.weights = [...weights];
  }

  /**
   * The sum, a tensor without dimensions.
   *
   * @param taskLosses A loss of one element for each task.
   */
  override forward(taskLosses: readonly Tensor[]): Tensor {
    const call = "compute losses.WeightedSum";
    checkCount(call, arguments.length, 1);
    const each = tasksOf(call, taskLosses, this.weights.length);
    return each.mul(beside(each, this.weights)).sum();
  }
}

/** Options of `Tchebycheff`. */
export interface TchebycheffOptions {
  /** The smallest value that each loss can take. Default: 0. */
  ideal?: readonly number[];
  /** μ of the smooth form, which comes closer to the maximum the smaller μ is. Default: null, the maximum. */
  smooth?: number | null;
}

const readTchebycheff = lossOptions<TchebycheffOptions>({
  ideal: NUMBERS,
  smooth: kind(
    "a positive number or null",
    (value) => value === null || (NUMBER.accepts(value) && POSITIVE.holds(value as number)),
  ),
});

/**
 * The largest weighted distance of the losses from their ideals, maxᵢ wᵢ·(Lᵢ − zᵢ). Its minima reach all
 * of the Pareto front, also where it bends inwards: where the distances are equal there. Its gradient is
 * that of the largest distance, shared where several are; the smooth form,
 * μ·ln Σᵢ e^(wᵢ·(Lᵢ − zᵢ)/μ), has all of them in it, and exceeds the maximum by at most μ·ln T. Bowman,
 * 1976; Lin et al., "Smooth Tchebycheff scalarization for multi-objective optimization", 2024.
 *
 * @example Two tasks
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const criterion = new losses.Tchebycheff([1, 10], { ideal: [0, 2.9] });
 * assertEquals(criterion.forward([tensor(2), tensor(3)]).item(), 2);
 * ```
 */
export class Tchebycheff extends Module<[readonly Tensor[]]> {
  /** The weight of each loss. */
  protected readonly weights: readonly number[];
  /** The losses that are aimed for. */
  protected readonly ideal: readonly number[];
  /** How much the maximum is smoothed; null for not at all. */
  protected readonly smooth: number | null;

  /**
   * Creates the loss.
   *
   * @param weights A number for each task, at least 0 and not all 0.
   */
  constructor(weights: readonly number[], options?: TchebycheffOptions) {
    super();
    const call = "make losses.Tchebycheff";
    checkCount(call, arguments.length, 2);
    checkKind(call, "weights", weights, SHARES);
    this.weights = [...weights];
    const { ideal = weights.map(() => 0), smooth = null } = readTchebycheff(call, options);
    if (ideal.length !== weights.length) {
      throw new RangeError(
        `Cannot ${call}: ${weights.length} tasks need as many ideals, got ${ideal.length}`,
      );
    }
    this.ideal = [...ideal];
    this.smooth = smooth;
  }

  /**
   * The distance, a tensor without dimensions.
   *
   * @param taskLosses A loss of one element for each task.
   */
  override forward(taskLosses: readonly Tensor[]): Tensor {
    const call = "compute losses.Tchebycheff";
    checkCount(call, arguments.length, 1);
    const each = tasksOf(call, taskLosses, this.weights.length);
    const distances = each.sub(beside(each, this.ideal)).mul(beside(each, this.weights));
    const mu = this.smooth;
    if (mu === null) return distances.max();
    // What μ divides is how far the others are behind, as the distances themselves may leave the range.
    const most = distances.detach().max().nanToNum();
    return distances.sub(most).div(mu).logsumexp(0).mul(mu).add(most);
  }
}

/** Refuses anything but a floating tensor with one number for each task. */
function checkTasks(call: string, name: string, x: Tensor, count?: number): void {
  checkKind(call, name, x, TENSOR);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`Cannot ${call}: ${name} must be float32 or float64, got ${x.dtype}`);
  }
  if (x.ndim === 1 && x.size > 0 && x.size === (count ?? x.size)) return;
  throw new ShapeError(
    `Cannot ${call}: ${name} must have shape [${count ?? "T"}], got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** Refuses a tensor with an element out of range. */
function checkEach(call: string, name: string, x: Tensor, { needed, holds }: Range): void {
  const wrong = everyElement(x).find((value) => !holds(value));
  if (wrong === undefined) return;
  throw new RangeError(`Cannot ${call}: ${name} must ${needed}, got ${wrong}`);
}

/** Options of `dwa`. */
export interface DwaOptions {
  /** The larger, the more alike the weights. Default: 2. */
  temperature?: number;
}

const readDwa = lossOptions<DwaOptions>({ temperature: NUMBER }, { temperature: POSITIVE });

/**
 * Weights for tasks by how fast their losses fall (dynamic weight average): T·softmax(r/temperature) with
 * rᵢ the loss of the last epoch as a share of that of the one before. A loss that falls more slowly than
 * the others gets more; those whose rᵢ leaves the range of its type count alike. Liu et al., "End-to-end
 * multi-task learning with attention", 2019.
 *
 * @param last The mean loss of each task in the last epoch, [T].
 * @param before That of the epoch before, positive; [T].
 * @returns Weights whose sum is T.
 * @throws {RangeError} If one of `before` is not positive, or the temperature is not.
 *
 * @example One falls, one does not
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const [falls, stays] = losses.dwa(tensor([1, 3]), tensor([2, 3])).toArray() as [number, number];
 * assert(falls < 1 && stays > 1);
 * ```
 */
export function dwa(last: Tensor, before: Tensor, options?: DwaOptions): Tensor {
  const call = "compute losses.dwa";
  checkCount(call, arguments.length, 3);
  const { temperature = 2 } = readDwa(call, options);
  checkTasks(call, "last", last);
  checkTasks(call, "before", before, last.size);
  checkEach(call, "losses last", last, FINITE);
  checkEach(call, "losses before", before, POSITIVE);
  const rates = last.div(before);
  // What lies between two rates stays in the range of their type, and a divisor does not become 0.
  const most = 2 ** (rates.dtype === "float32" ? 126 : 1022);
  const clamped = rates.clamp(-most, most);
  const divisor = Math.min(Math.max(temperature, 1 / most), most);
  return clamped.sub(clamped.detach().max()).div(divisor).softmax(0).mul(last.size);
}

/** Options of `gradNorm`. */
export interface GradNormOptions {
  /** The loss of each task as a share of what it was at first, [T], not all 0. Default: all alike. */
  ratios?: Tensor;
  /** How much more a task weighs if its loss falls slowly, from 0, which treats all alike. Default: 1.5. */
  alpha?: number;
}

const readGradNorm = lossOptions<GradNormOptions>(
  { ratios: TENSOR, alpha: NUMBER },
  { alpha: NOT_NEGATIVE },
);

/** What `gradNorm` gives. */
export interface Balance<Gradients> extends Aggregate<Gradients> {
  /** How far the lengths are from where they should be; its gradient trains the weights. */
  readonly loss: Tensor;
}

/**
 * The gradients with learned weights, and the loss that trains those: Σᵢ |wᵢ·‖gᵢ‖ − m·rᵢ^alpha|, with m
 * the mean of the wᵢ·‖gᵢ‖ and rᵢ the ratio of a task divided by the mean ratio, neither of which gets a
 * gradient. After a step on the weights they are to be divided by their mean. Chen et al., "GradNorm",
 * 2018, where the gradients are those of the last layer that the tasks share.
 *
 * @param gradients Tensors of shape [T, ...], as in {@linkcode mgda}.
 * @param weights Of shape [T], usually a parameter that starts as ones.
 * @returns `gradient`, in the form of the gradients without T, `weights` as they were given, and `loss`.
 * @throws {ShapeError} If there is not one weight, and one ratio, for each task.
 * @throws {RangeError} If a ratio is negative or not finite, or all are 0, or alpha is negative.
 *
 * @example The longer gradient is to weigh less
 * ```ts
 * import { grad, losses, ones, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const weights = ones([2], { requiresGrad: true });
 * const { loss } = losses.gradNorm(tensor([[3, 4], [0, 1]]), weights);
 * assertEquals([loss.item(), grad(loss, [weights])[0].toArray()], [4, [5, -1]]);
 * ```
 */
export function gradNorm<const Gradients extends TensorTree>(
  gradients: Gradients,
  weights: Tensor,
  options?: GradNormOptions,
): Balance<Gradients> {
  const call = "compute losses.gradNorm";
  checkCount(call, arguments.length, 3);
  const { ratios, alpha = 1.5 } = readGradNorm(call, options);
  const lengths = gradientLengths(call, gradients);
  checkTasks(call, "weights", weights, lengths.size);
  if (ratios !== undefined) {
    checkTasks(call, "ratios", ratios, lengths.size);
    checkEach(call, "ratios", ratios, NOT_NEGATIVE);
    if (!everyElement(ratios).some(Boolean)) {
      throw new RangeError(`Cannot ${call}: ratios must not all be 0`);
    }
  }
  const weighed = weights.mul(lengths);
  const rates = ratios?.div(ratios.mean()).pow(alpha) ?? 1;
  const goals = weighed.mean().mul(rates).detach();
  return { ...combined(gradients, weights), loss: weighed.sub(goals).abs().sum() };
}

/**
 * Which of several points are on the Pareto front: those that no other point beats, by being no larger in
 * any objective and smaller in one. Equal points all stay; one with NaN is not on the front.
 *
 * @param points Shape [N, M]: M objectives of each of N points, all to be small.
 * @returns A bool tensor of shape [N].
 * @throws {ShapeError} If the points do not form a matrix.
 *
 * @example The last one is beaten by the second
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const front = losses.paretoFilter(tensor([[1, 4], [2, 2], [4, 1], [3, 2]]));
 * assertEquals(front.toArray(), [true, true, true, false]);
 * ```
 */
export function paretoFilter(points: Tensor): Tensor {
  const call = "compute losses.paretoFilter";
  checkCount(call, arguments.length, 1);
  checkKind(call, "points", points, TENSOR);
  if (points.ndim !== 2) {
    throw new ShapeError(
      `Cannot ${call}: points must have shape [N, M], got ${showShape(points.shape)}`,
      [points.shape],
    );
  }
  const [own, others] = [points.detach().unsqueeze(1), points.detach().unsqueeze(0)];
  const beaten = others.le(own).all(2).logicalAnd(others.lt(own).any(2)).any(1);
  return beaten.logicalOr(points.isnan().any(1)).logicalNot();
}

/**
 * How unequally a loss treats groups: the mean of (mₐ − m_b)² over all pairs of groups, where m is a
 * group's mean loss; for two groups the square of their difference. Added to a loss with a factor, it
 * makes a model fairer in this sense, usually at the price of a larger loss: much of what it does is to
 * make the better groups worse. Groups that do not occur are left out; fewer than two have penalty 0.
 *
 * @param each The loss of each example, as reduction "none" gives it; shape [N].
 * @param groups The group of each, non-negative int32 of shape [N].
 * @returns A tensor without dimensions.
 * @throws {ShapeError} If the shapes are not the same [N].
 * @throws {RangeError} If a group is negative.
 *
 * @example Two groups with mean losses of 2 and 5
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const groups = tensor([0, 0, 1], { dtype: "int32" });
 * assertEquals(losses.groupGapPenalty(tensor([1, 3, 5]), groups).item(), 9);
 * ```
 */
export function groupGapPenalty(each: Tensor, groups: Tensor): Tensor {
  const call = "compute losses.groupGapPenalty";
  checkCount(call, arguments.length, 2);
  for (const [name, x] of [["each", each], ["groups", groups]] as const) {
    checkKind(call, name, x, TENSOR);
  }
  if (!isFloat(each.dtype) || groups.dtype !== "int32") {
    throw new DTypeError(
      `Cannot ${call}: each must be floating and groups int32, got ${each.dtype} and ${groups.dtype}`,
    );
  }
  if (each.ndim !== 1 || !sameShape(each.shape, groups.shape)) {
    throw new ShapeError(
      `Cannot ${call}: each and groups must both have shape [N], got ${showShape(each.shape)} and ${
        showShape(groups.shape)
      }`,
      [each.shape, groups.shape],
    );
  }
  const names = [...new Set(everyElement(groups))];
  const wrong = names.find((group) => group < 0);
  if (wrong !== undefined) {
    throw new RangeError(`Cannot ${call}: groups are counted from 0, got ${wrong}`);
  }
  if (names.length < 2) return where(groups.lt(0), each, 0).sum();
  // Groups that are all the numbers below so many are their own places.
  const dense = names.every((group) => group < names.length);
  const place = new Map(names.map((group, i) => [group, i]));
  const places = dense ? groups : madeOfElements(
    call,
    groups,
    (elements) => Int32Array.from(elements, (group) => place.get(group) ?? 0),
  );
  const none = zeros([names.length], { dtype: each.dtype, device: each.device });
  const means = indexAdd(none, 0, places, each).div(indexAdd(none, 0, places, onesLike(each)));
  // The sum over pairs is T times that of the squared distances from the mean.
  return means.sub(means.mean()).square().sum().mul(2 / (names.length - 1));
}
