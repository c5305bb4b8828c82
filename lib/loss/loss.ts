/** What all losses share: reductions, weights and masks, shape checks, and the base class. */

import { isFloat } from "../core/dtype.ts";
import { settled } from "../core/engine.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  BOOL_TENSOR,
  checkCount,
  checkKind,
  FINITE as FINITE_NUMBER,
  FUNCTION,
  kept,
  kind,
  oneOf,
  type OptionReader,
  optionReader,
  type OptionTable,
  TENSOR,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { Module } from "../nn/module.ts";
import { type PairLoss, reduced, type Reduction } from "../ops/loss/fused.ts";
import { add, mul, where } from "../ops/mod.ts";
import { type Bounds, firstOutside } from "../tensor/bounds.ts";
import { everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDomain, type Domain, DOMAINS } from "./domain.ts";

export type { Reduction };

/** Options of every loss. */
export interface LossOptions<Words extends string = Reduction> {
  /** Default: "mean". */
  reduction?: Words;
}

/** Options of the losses that are computed element by element. */
export interface ElementLossOptions<Words extends string = Reduction> extends LossOptions<Words> {
  /** Factor for each element, finite and at least 0; broadcasts. */
  weight?: Tensor;
  /** Elements that count, bool; broadcasts. A mean is then over those that do. */
  mask?: Tensor;
}

/** What the options of every loss must be. */
export const LOSS_OPTIONS: OptionTable<LossOptions> = { reduction: oneOf("mean", "sum", "none") };

/** What the options of the losses that are computed element by element must be. */
export const ELEMENT_LOSS_OPTIONS: OptionTable<ElementLossOptions> = {
  ...LOSS_OPTIONS,
  weight: TENSOR,
  mask: BOOL_TENSOR,
};

/** The range that an option must lie in. */
export interface Range {
  /** In words, after "must". */
  readonly needed: string;
  /** Whether a number lies in the range. */
  readonly holds: (value: number) => boolean;
}

/** Finite numbers. */
export const FINITE: Range = { needed: "be finite", holds: Number.isFinite };

/** Numbers above 0. */
export const POSITIVE: Range = {
  needed: "be positive and finite",
  holds: (value) => value > 0 && value < Infinity,
};

/** Non-negative numbers. */
export const NOT_NEGATIVE: Range = {
  needed: "be finite and not negative",
  holds: (value) => value >= 0 && value < Infinity,
};

/** Shares of something. */
export const SHARE: Range = { needed: "lie in 0 to 1", holds: (value) => value >= 0 && value <= 1 };

/** Makes the reader of a loss's options from their kinds, and from ranges where they have one. */
export function lossOptions<Options extends object>(
  kinds: OptionTable<Options>,
  ranges: { readonly [K in keyof Options]?: Range } = {},
): OptionReader<Options> {
  const read = optionReader(kinds);
  const ranged = Object.entries<Range>(ranges as Readonly<Record<string, Range>>);
  return (call, given) => {
    const options = read(call, given);
    for (const [key, { needed, holds }] of ranged) {
      const value: unknown = Reflect.get(options, key);
      if (value === undefined || holds(value as number)) continue;
      throw new RangeError(`Cannot ${call}: ${key} must ${needed}, got ${value}`);
    }
    return options;
  };
}

/** Reads the options of a loss that has only the common ones. */
export const elementLossOptions: OptionReader<ElementLossOptions> = lossOptions(
  ELEMENT_LOSS_OPTIONS,
);

/** Integers and truth values as numbers of a floating type. */
export function floating(x: Tensor, { dtype }: Tensor): Tensor {
  return isFloat(x.dtype) ? x : x.to({ dtype });
}

/**
 * Refuses inputs of different shapes, which would broadcast silently; most often predictions and targets.
 *
 * @returns The second input; integers and truth values as numbers of the first one's type.
 */
export function checkPair(
  op: string,
  prediction: Tensor,
  target: Tensor,
  [first, second]: readonly [string, string] = ["prediction", "target"],
): Tensor {
  checkKind(`compute ${op}`, first, prediction, TENSOR);
  checkKind(`compute ${op}`, second, target, TENSOR);
  if (!isFloat(prediction.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: ${first} must be float32 or float64, got ${prediction.dtype}`,
    );
  }
  if (sameShape(prediction.shape, target.shape)) return floating(target, prediction);
  const rank = Math.max(prediction.ndim, target.ndim);
  const extents = Array.from({ length: rank }, (_, i) => {
    const x = prediction.shape[prediction.ndim - rank + i] ?? 1;
    const y = target.shape[target.ndim - rank + i] ?? 1;
    return x === y || y === 1 ? x : x === 1 ? y : -1;
  });
  const outcome = extents.includes(-1)
    ? "they must be equal"
    : `which would broadcast to ${showShape(extents)}`;
  throw new ShapeError(
    `Cannot compute ${op}: ${first} has shape ${showShape(prediction.shape)} but ${second} has ` +
      `shape ${showShape(target.shape)}, ${outcome}`,
    [prediction.shape, target.shape],
  );
}

/** Refuses tensors without dimensions where vectors are needed, which lie along the last one. */
export function checkVectors(op: string, role: string, x: Tensor): void {
  if (x.ndim > 0) return;
  throw new ShapeError(`Cannot compute ${op}: ${role} must have shape [..., D], got []`, [x.shape]);
}

/** Refuses weights and masks that would broadcast the loss to another shape. */
export function checkFactor(
  op: string,
  role: string,
  x: Tensor | undefined,
  { shape }: Tensor,
): void {
  if (x === undefined) return;
  const skipped = shape.length - x.ndim;
  const fits = x.shape.every((extent, i) => extent === 1 || extent === shape[skipped + i]);
  if (skipped >= 0 && fits) return;
  throw new ShapeError(
    `Cannot compute ${op}: ${role} of shape ${showShape(x.shape)} does not broadcast to the ` +
      `prediction's shape ${showShape(shape)}`,
    [x.shape, shape],
  );
}

const FACTORS: Bounds = { low: 0, high: Number.MAX_VALUE, ends: false, slack: 0 };

/** Refuses NaN, weights below 0, which would reverse the loss, and infinite ones, which are NaN beside 0. */
export function checkNotNegative(op: string, role: string, x: Tensor): void {
  const wrong = firstOutside(x, FACTORS);
  if (wrong === null) return;
  throw new RangeError(
    `Cannot compute ${op}: ${role} must be finite and at least 0, got ${wrong.value} at index ` +
      wrong.place,
  );
}

/** Refuses weights that do not fit the prediction, are negative, or not finite. */
export function checkWeights(
  op: string,
  role: string,
  x: Tensor | undefined,
  prediction: Tensor,
): void {
  if (x === undefined) return;
  checkFactor(op, role, x, prediction);
  checkNotNegative(op, role, x);
}

/** Whether a loss is NaN; one on a GPU is not read, as it would have to be waited for. */
function isNaNLoss(loss: Tensor, reduction: Reduction): boolean {
  if (loss.device !== "cpu") return false;
  // A sum is NaN if an element is, and is faster than reading them all.
  const witness = reduction === "none" ? loss.detach().sum() : loss;
  return everyElement(witness).includes(NaN);
}

/**
 * The loss, unless a NaN in the target made it NaN; one in the prediction passes. The target is read
 * only if the loss is NaN.
 */
export function checkedLoss(
  op: string,
  target: Tensor,
  reduction: Reduction,
  loss: Tensor,
  role = "target",
): Tensor {
  if (!isNaNLoss(loss, reduction)) return loss;
  const place = everyElement(target).findIndex(Number.isNaN);
  if (place === -1) return loss;
  throw new RangeError(`Cannot compute ${op}: ${role} must be numbers, got NaN at index ${place}`);
}

/**
 * The loss, unless a prediction outside its domain made it NaN; a NaN in the prediction passes. The
 * prediction is read only if the loss is NaN.
 */
export function lossWithin(
  op: string,
  prediction: Tensor,
  { mask, reduction = "mean" }: ElementLossOptions,
  domain: Domain,
  loss: Tensor,
): Tensor {
  if (!isNaNLoss(loss, reduction)) return loss;
  const counted = mask === undefined ? prediction : where(mask, prediction, domain.masked);
  const numbers = where(counted.isnan(), domain.masked, counted.detach());
  checkDomain(op, numbers, domain, "prediction");
  return loss;
}

/** A loss whose target lies in its domain; where it has none, only NaN is refused. */
export function lossOfTarget(
  op: string,
  target: Tensor,
  domain: Domain | undefined,
  reduction: Reduction,
  compute: () => Tensor,
  role = "target",
): Tensor {
  checkDomain(op, target, domain, role);
  const loss = compute();
  return domain === undefined ? checkedLoss(op, target, reduction, loss, role) : loss;
}

/**
 * Whether what is computed from squares left the range of its type, so that it needs scaled numbers;
 * on a GPU it is not read, as it would have to be waited for.
 */
export function leftRange(x: Tensor): boolean {
  return x.device === "cpu" && everyElement(x).includes(Infinity);
}

/**
 * Lengths, from 1, that vectors are divided by where their squares leave the range. A result that does
 * not depend on them needs no gradient of them.
 */
export function scaleOf(x: Tensor, dim: number | readonly number[]): Tensor {
  const length = x.detach().norm({ dim, keepdim: true }).maximum(1);
  return where(length.eq(Infinity), 1, length);
}

/** Divides a sum by how much counts. Where nothing does, the mean is NaN and its gradient 0. */
export function meanOver(sum: Tensor, total: Tensor): Tensor {
  const nothing = total.eq(0);
  return where(nothing, NaN, sum.div(where(nothing, 1, total)));
}

/**
 * A loss that is computed element by element: checks, masks, applies the formula, weights, reduces.
 * What is masked does not reach the formula, so it may be NaN without harm, to the gradient too.
 */
export function elementLoss(
  op: string,
  prediction: Tensor,
  target: Tensor,
  options: ElementLossOptions,
  formula: (prediction: Tensor, target: Tensor) => Tensor,
  domain: Domain | undefined = DOMAINS[op],
): Tensor {
  const { reduction = "mean", weight, mask } = options;
  target = checkPair(op, prediction, target);
  checkWeights(op, "weight", weight, prediction);
  checkFactor(op, "mask", mask, prediction);
  const goal = mask === undefined ? target : where(mask, target, domain?.masked ?? 0);
  return lossOfTarget(op, goal, domain, reduction, () => {
    const each = mask === undefined
      ? formula(prediction, goal)
      : where(mask, formula(where(mask, prediction, 0), goal), 0);
    const weighed = weight === undefined ? each : each.mul(weight);
    return mask === undefined || reduction !== "mean"
      ? reduced(weighed, reduction)
      : meanOver(weighed.sum(), mask.expand(weighed.shape).sum());
  });
}

/** `elementLoss` for a loss with kernels, which are used where nothing is masked or weighted. */
export function pairLoss(
  op: string,
  prediction: Tensor,
  target: Tensor,
  options: ElementLossOptions,
  loss: PairLoss,
  parameters: readonly number[] = [],
  domain: Domain | undefined = DOMAINS[op],
): Tensor {
  const { reduction = "mean", weight, mask } = options;
  if (weight !== undefined || mask !== undefined) {
    const formula = (p: Tensor, t: Tensor) => loss.composite(p, t, ...parameters);
    return elementLoss(op, prediction, target, options, formula, domain);
  }
  target = checkPair(op, prediction, target);
  return lossOfTarget(
    op,
    target,
    domain,
    reduction,
    () => loss(prediction, target, reduction, ...parameters),
  );
}

/**
 * Base of losses as modules: they may hold parameters, and they compose.
 *
 * @example A weighted sum of two losses
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new losses.MSELoss().plus(new losses.HuberLoss()).times(0.5);
 * assertEquals(loss.forward(tensor([1]), tensor([0])).item(), 0.75);
 * ```
 */
export abstract class Loss<Inputs extends Tensor[] = [Tensor, Tensor]> extends Module<Inputs> {
  /**
   * The parts that the loss is the sum of, by the names of their classes, "Loss" where one has none;
   * a loss that is no sum has one.
   *
   * @example The parts of a weighted sum
   * ```ts
   * import { losses, tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const loss = new losses.MSELoss().plus(new losses.L1Loss().times(0.5));
   * const terms = loss.terms(tensor([2]), tensor([0]));
   * assertEquals(Object.entries(terms).map(([name, x]) => [name, x.item()]), [
   *   ["MSELoss", 4],
   *   ["L1Loss", 1],
   * ]);
   * ```
   */
  terms(...inputs: Inputs): Record<string, Tensor> {
    return { [nameOf(this)]: tensorFrom(this, this.forward(...inputs)) };
  }

  /** The sum of this loss and another of the same inputs. */
  plus(other: Loss<Inputs>): Loss<Inputs> {
    checkCount("add losses", arguments.length, 1);
    checkKind("add losses", "the other one", other, LOSS);
    return new Combined(this, other);
  }

  /** This loss, multiplied by a finite number. */
  times(factor: number): Loss<Inputs> {
    checkCount("scale a loss", arguments.length, 1);
    checkKind("scale a loss", "the factor", factor, FINITE_NUMBER);
    return new Scaled(this, factor);
  }
}

/** The name of a loss's class; a class expression may have none. */
function nameOf({ constructor: { name } }: object): string {
  return name || "Loss";
}

/** What a loss gave; refuses anything but a tensor, such as the promise of an asynchronous one. */
function tensorFrom(module: object, loss: Tensor): Tensor {
  const name = nameOf(module);
  const given = settled(name, "the loss is needed at once", loss);
  checkKind(`run ${name}`, "the loss", given, TENSOR);
  return given;
}

const LOSS = kind("a loss module", (value) => value instanceof Loss);

/** A loss as a function of its inputs, usually prediction and target, and of options. */
export type LossFunction<Options extends LossOptions<string>, Inputs extends Tensor[]> = (
  ...call: [...inputs: Inputs, options: Options]
) => Tensor;

/** A loss function and its options, as a module. */
export abstract class FunctionLoss<
  Options extends LossOptions<string>,
  Inputs extends Tensor[] = [Tensor, Tensor],
> extends Loss<Inputs> {
  /** The function. */
  protected readonly compute: LossFunction<Options, Inputs>;
  /** What it is called with. */
  protected readonly options: Options;

  /**
   * Creates the loss.
   *
   * @param compute The function.
   * @param options What it is called with.
   */
  constructor(compute: LossFunction<Options, Inputs>, options: Options) {
    super();
    checkCount("make FunctionLoss", arguments.length, 2);
    checkKind("make FunctionLoss", "the loss", compute, FUNCTION);
    this.compute = compute;
    this.options = kept(options);
  }

  /** The loss. */
  override forward(...inputs: Inputs): Tensor {
    return tensorFrom(this, this.compute(...inputs, this.options));
  }
}

/** The class of the modules that a loss function is made into. */
export interface LossModule<
  Options extends LossOptions<string>,
  Inputs extends Tensor[] = [Tensor, Tensor],
> {
  /** Creates the loss; the options are those of the function. */
  new (options?: Options): FunctionLoss<Options, Inputs>;
}

/**
 * Makes the class of a loss function as a module.
 *
 * @param name What the class is called.
 * @param read Reads the function's options, so that wrong ones are refused when a module is made.
 */
export function lossModule<
  Options extends LossOptions<string>,
  Inputs extends Tensor[] = [Tensor, Tensor],
>(
  name: string,
  compute: LossFunction<Options, Inputs>,
  read: OptionReader<Options>,
): LossModule<Options, Inputs> {
  const call = `make losses.${name}`;
  return class extends FunctionLoss<Options, Inputs> {
    static override readonly name: string = name;
    constructor(options?: Options) {
      checkCount(call, arguments.length, 1);
      super(compute, read(call, options));
    }
  };
}

class Combined<Inputs extends Tensor[]> extends Loss<Inputs> {
  constructor(readonly first: Loss<Inputs>, readonly second: Loss<Inputs>) {
    super();
  }
  override terms(...inputs: Inputs): Record<string, Tensor> {
    const terms = this.first.terms(...inputs);
    for (const [name, term] of Object.entries(this.second.terms(...inputs))) {
      let own = name;
      for (let count = 2; Object.hasOwn(terms, own); count++) own = `${name} ${count}`;
      terms[own] = term;
    }
    return terms;
  }
  override forward(...inputs: Inputs): Tensor {
    const first = tensorFrom(this.first, this.first.forward(...inputs));
    const second = tensorFrom(this.second, this.second.forward(...inputs));
    return add(first, second);
  }
}

class Scaled<Inputs extends Tensor[]> extends Loss<Inputs> {
  constructor(readonly loss: Loss<Inputs>, readonly factor: number) {
    super();
  }
  override terms(...inputs: Inputs): Record<string, Tensor> {
    const terms = Object.entries(this.loss.terms(...inputs));
    return Object.fromEntries(terms.map(([name, term]) => [name, mul(term, this.factor)]));
  }
  override forward(...inputs: Inputs): Tensor {
    return mul(tensorFrom(this.loss, this.loss.forward(...inputs)), this.factor);
  }
}
