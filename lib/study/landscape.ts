/** Losses along lines and planes. */

import { grad } from "../autograd/backward.ts";
import { enableGrad, noGrad } from "../autograd/tape.ts";
import { ShapeError } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  countTo,
  FINITE,
  isPlainObject,
  kind,
  NUMBER,
  oneOf,
  optionReader,
} from "../core/options.ts";
import { RandomGenerator } from "../core/random.ts";
import { sameShape } from "../core/shape.ts";
import { where } from "../ops/mod.ts";
import { tensor } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type PairLoss, pairLoss } from "./gradients.ts";
import { lengthOf } from "./layers.ts";
import {
  type ArgumentsAt,
  type Beside,
  numberFrom,
  type Point,
  repeatable,
  SEED,
  type Subject,
  subjectOf,
} from "./subject.ts";

/** How random directions are scaled. */
export type Scale = "filter" | "layer" | "none";

/** Options of `lossLandscape`. */
export interface LossLandscapeOptions {
  /** How far to go in either direction, in multiples of a direction. Default: 1. */
  range?: number;
  /**
   * Points along each direction, at least 2; an odd number includes the point itself. Default: 21.
   */
  points?: number;
  /**
   * "filter" gives each row of a direction's tensors the norm of that row of the point, "layer"
   * each tensor that of the point's tensor. Default: "filter" for random directions, "none" for
   * given ones.
   */
  scale?: Scale;
  /** Seed of the random directions. Default: 0. */
  seed?: number;
}

/** The most points along a direction; a plane has as many lines of them. */
const MOST_POINTS = 10_000;

const readLandscape = optionReader<LossLandscapeOptions>({
  range: NUMBER,
  points: countTo(MOST_POINTS),
  scale: oneOf("filter", "layer", "none"),
  seed: SEED,
});

const DIRECTIONS = kind(
  "1, 2, or an array of one or two directions",
  (value) => value === 1 || value === 2 || (Array.isArray(value) && [1, 2].includes(value.length)),
);

/** The result of `lossLandscape`. */
export interface LossLandscape<At> {
  /** The points along each direction, in multiples of it. */
  readonly at: readonly number[];
  /** The losses: [P], or [P, P] with the first direction along the rows. */
  readonly values: Tensor;
  /** The loss at the point itself. */
  readonly center: number;
  /** The directions, in the form of the point or by the names of the parameters. */
  readonly directions: readonly Beside<At>[];
  /** How the directions were scaled, and their lengths relative to the point. */
  readonly scale: {
    readonly by: Scale;
    readonly directions: readonly number[];
    readonly point: number;
  };
}

/** The norm of each row, or of all elements, so that it broadcasts over the tensor. */
function lengths(x: Tensor, byRow: boolean): Tensor {
  if (!byRow || x.ndim < 2) return x.norm();
  const rows = x.flatten(1).norm({ dim: 1 });
  return rows.reshape([rows.size, ...x.shape.slice(1).map(() => 1)]);
}

/** A direction whose rows, or tensors, have the norms of those of the point. */
function scaled(direction: Tensor, place: Tensor, by: Scale): Tensor {
  if (by === "none") return direction;
  const [own, other] = [direction, place].map((x) => lengths(x, by === "filter"));
  if (own === undefined || other === undefined) return direction;
  return direction.mul(other).div(where(own.eq(0), 1, own));
}

/** Random numbers for each varied tensor. */
function drawn(places: readonly Tensor[], generator: RandomGenerator): Tensor[] {
  return places.map(({ shape, dtype, device }) => randn(shape, { dtype, device, generator }));
}

/** The given directions, or random ones, with a tensor for each varied tensor. */
function directionsOf<At>(
  call: string,
  { places, leaves }: Subject<At, unknown>,
  given: number | readonly Beside<At>[],
  generator: RandomGenerator,
): (readonly Tensor[])[] {
  if (typeof given === "number") {
    return Array.from({ length: given }, () => drawn(places, generator));
  }
  return given.map((tree, i) => {
    const own = typeof tree === "object" && tree !== null ? leaves(tree) : null;
    if (own !== null && own.every((x, k) => sameShape(x.shape, places[k]?.shape ?? []))) {
      return own.map((x, k) => {
        const { dtype, device } = places[k] ?? x;
        return x.detach().to({ dtype, device });
      });
    }
    throw new ShapeError(
      `Cannot ${call}: direction ${i} must have the form of the point, or a tensor for the name of each ` +
        "parameter, of its shape",
    );
  });
}

/**
 * The loss along one direction from a point, or on the plane of two. Random directions are scaled
 * filter by filter, so that networks with differently scaled weights can be compared: each row of a
 * weight's direction gets the norm of that row, and a tensor of fewer than two dimensions counts as
 * one row. The result says how they were scaled. Li et al., "Visualizing the loss landscape of
 * neural nets", 2018, who keep biases fixed.
 *
 * @param fn A function of the point that returns a tensor with one element.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`; it is not changed.
 * @param directions 1 or 2 random directions, or an array of one or two directions in the form of
 * the point or by the names of the parameters, such as `topEigenvectors` returns. Default: 1.
 * @throws {RangeError} If the range is not positive, there are fewer than 2 points, or a direction
 * is not finite, or 0, such as a random one at a point of zeros unless `scale` is "none".
 * @throws {ShapeError} If a direction does not fit the point.
 *
 * @example A parabola
 * ```ts
 * import { study, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { at, values } = study.lossLandscape((x) => x.square().sum(), tensor([0, 1]), [tensor([2, 0])], {
 *   points: 3,
 * });
 * assertEquals([at, values.toArray()], [[-1, 0, 1], [5, 1, 5]]);
 * ```
 */
export function lossLandscape<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
  directions: 1 | 2 | readonly Beside<At>[] = 1,
  options?: LossLandscapeOptions,
): LossLandscape<At> {
  const call = "compute study.lossLandscape";
  checkCount(call, arguments.length, 4);
  checkKind(call, "directions", directions, DIRECTIONS);
  const { range = 1, points = 21, seed = 0, ...read } = readLandscape(call, options);
  const by = read.scale ?? (typeof directions === "number" ? "filter" : "none");
  if (!(range > 0 && range < Infinity)) {
    throw new RangeError(`Cannot ${call}: range must be positive and finite, got ${range}`);
  }
  if (points < 2) throw new RangeError(`Cannot ${call}: points must be at least 2, got ${points}`);
  return noGrad(() => {
    const subject = subjectOf(call, fn, at);
    const { places, run, beside } = subject;
    const ways = directionsOf(call, subject, directions, new RandomGenerator(seed))
      .map((way) => way.map((x, k) => scaled(x, places[k] ?? x, by)));
    for (const [i, length] of ways.map(lengthOf).entries()) {
      if (length > 0 && length < Infinity) continue;
      const why = by === "none" ? "" : `, scaled by "${by}" to the length of the point`;
      throw new RangeError(`Cannot ${call}: direction ${i} has length ${length}${why}`);
    }
    const along = Array.from({ length: points }, (_, i) => range * (2 * i / (points - 1) - 1));
    const lossAt = (...steps: number[]) => {
      const own = places.map((place, k) =>
        ways.reduce((x, way, d) => x.add((way[k] ?? x).mul(steps[d] ?? 0)), place)
      );
      return numberFrom(call, run(own)).item();
    };
    const values = ways.length === 1
      ? along.map((a) => lossAt(a))
      : along.map((a) => along.map((b) => lossAt(a, b)));
    return {
      at: along,
      values: tensor(values, { dtype: "float64" }),
      center: lossAt(0, 0),
      directions: ways.map(beside),
      scale: { by, directions: ways.map(lengthOf), point: lengthOf(places) },
    };
  });
}

/** Options of `compareLosses`. */
export interface CompareLossesOptions {
  /** The residuals, prediction less target. Default: 21 numbers from −5 to 5. */
  residuals?: readonly number[];
  /** The target. Default: 0. */
  target?: number;
}

const readCompare = optionReader<CompareLossesOptions>({
  residuals: arrayOf(FINITE, "finite numbers"),
  target: FINITE,
});

/** A loss as a function of the residual. */
export interface Curve {
  /** The loss at each residual. */
  readonly value: readonly number[];
  /** Its derivative. */
  readonly first: readonly number[];
  /** Its second derivative. */
  readonly second: readonly number[];
}

/** The result of `compareLosses`. */
export interface Comparison<Names extends string> {
  /** The residuals, prediction less target. */
  readonly residuals: readonly number[];
  /** The values and derivatives of each loss there. */
  readonly curves: Readonly<Record<Names, Curve>>;
}

const RESIDUALS = Array.from({ length: 21 }, (_, i) => i / 2 - 5);
const TABLE = kind("a record of losses", isPlainObject);

/** Value and two derivatives of a loss with one element, in float64. */
function derivatives(
  call: string,
  loss: (prediction: Tensor, target: Tensor) => Tensor,
  residual: number,
  goal: number,
): [number, number, number] {
  const float64 = { dtype: "float64" } as const;
  const target = tensor([goal], float64);
  const x = tensor([goal + residual], { ...float64, requiresGrad: true });
  const y = enableGrad(() => numberFrom(call, loss(x, target)));
  if (!y.requiresGrad) return [y.item(), 0, 0];
  const [first] = enableGrad(() => grad(y, [x], { createGraph: true, allowUnused: true }));
  if (first === null || !first.requiresGrad) return [y.item(), first?.item() ?? 0, 0];
  const [second] = grad(first, [x], { allowUnused: true });
  return [y.item(), first.item(), second?.item() ?? 0];
}

/**
 * Losses as functions of the residual: values, first derivatives, which are the gradients, and
 * second derivatives, which Newton's method divides by. Each loss is called with a prediction and a
 * target of one element, in float64.
 *
 * @param losses Functions of prediction and target, or loss modules, by name.
 *
 * @example A loss that bounds the effect of outliers
 * ```ts
 * import { losses, study } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { mse, huber } = losses;
 * const { curves } = study.compareLosses({ mse, huber }, { residuals: [0.5, 10] });
 * assertEquals([curves.mse.first, curves.huber.first], [[1, 20], [0.5, 1]]);
 * assertEquals(curves.huber.second, [1, 0]);
 * ```
 */
export function compareLosses<Names extends string>(
  losses: Readonly<Record<Names, PairLoss>>,
  options?: CompareLossesOptions,
): Comparison<Names> {
  const call = "compute study.compareLosses";
  checkCount(call, arguments.length, 2);
  checkKind(call, "losses", losses, TABLE);
  const { residuals = RESIDUALS, target = 0 } = readCompare(call, options);
  return noGrad(() => {
    const curves = Object.entries<PairLoss>(losses).map(([name, given]) => {
      const loss = pairLoss(call, name, given);
      const found = residuals.map((r) => repeatable(() => derivatives(call, loss, r, target)));
      const column = (k: 0 | 1 | 2) => found.map((row) => row[k]);
      return [name, { value: column(0), first: column(1), second: column(2) }];
    });
    return { residuals: [...residuals], curves: Object.fromEntries(curves) };
  });
}
