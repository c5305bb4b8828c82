/** Adafactor: mean squares stored as rows and columns. */

import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, power, type Scalar, times, valueOf } from "./scalars.ts";

/** Options of `Adafactor`. */
export interface AdafactorOptions {
  /** Learning rate: the largest relative step. Default: 1e-2. */
  lr?: number;
  /**
   * The decay of the mean squares is this power of the number of steps, at most 0. Default: -0.8.
   */
  beta2Decay?: number;
  /**
   * The smallest root of a mean square, null for the machine epsilon, and the smallest size that a
   * parameter counts as. Default: [null, 1e-3].
   */
  eps?: readonly [number | null, number];
  /** The root mean square at which steps are clipped. Default: 1. */
  d?: number;
  /** Weight decay, which shrinks the parameter directly. Default: 0. */
  weightDecay?: number;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type AdafactorGroup = Required<AdafactorOptions>;

/** Refuses options out of range. */
function checkAdafactor(op: string, options: AdafactorGroup): void {
  const { lr, beta2Decay, eps: [least, size], d, weightDecay } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  if (!(beta2Decay <= 0 && beta2Decay > -Infinity)) {
    throw new RangeError(
      `Cannot run ${op}: beta2Decay must be finite and at most 0, got ${beta2Decay}`,
    );
  }
  if (least !== null) checkRange(op, "eps[0]", least, "[0, ∞)");
  checkRange(op, "eps[1]", size, "[0, ∞)");
  checkRange(op, "d", d, "[1, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
}

/** The shape with one dimension reduced to extent 1; null for a vector. */
function reduced(shape: readonly number[], dim: -1 | -2): readonly number[] | null {
  return shape.length < 2 ? null : shape.with(dim, 1);
}

/** The root of the mean square. */
function size(x: Tensor): Tensor {
  return x.norm().div(Math.sqrt(x.size));
}

/** A number that is at least so large; one that is NaN counts for nothing, as in PyTorch. */
function atLeast(x: Tensor, least: Scalar): Tensor {
  return where(x.gt(least), x, least);
}

/** A running mean with the given share of the new value. */
function towards(before: Tensor | undefined, fresh: Tensor, share: Scalar): Tensor {
  return before?.mul(minus(1, share)).add(fresh.mul(share)) ?? fresh.mul(share);
}

/** The machine epsilon: the spacing of numbers at 1. */
const SPACING = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/** The rule of Adafactor. */
export const ADAFACTOR_RULE: OptimizerRule<AdafactorGroup, "rowVar" | "colVar" | "variance"> = {
  defaults: {
    lr: 1e-2,
    beta2Decay: -0.8,
    eps: [null, 1e-3],
    d: 1,
    weightDecay: 0,
    maximize: false,
  },
  check: checkAdafactor,
  keeps: {
    rowVar: { shape: (shape) => reduced(shape, -1) },
    colVar: { shape: (shape) => reduced(shape, -2) },
    variance: { shape: (shape) => shape.length < 2 ? shape : null },
  },
  counts: true,
  mixes: true,
  step: (p, given, kept, { lr, beta2Decay, eps, d, weightDecay, maximize }, count) => {
    const least = valueOf(
      "optim.functional.adafactor",
      eps[0] ?? SPACING[p.dtype === "float64" ? "float64" : "float32"],
    );
    const share = power(count, beta2Decay);
    const most = 1 / Math.sqrt(count);
    const held = typeof lr === "number" ? Math.min(lr, most) : where(lr.lt(most), lr, most);
    const rate = atLeast(size(p), eps[1]).mul(held);
    const shrunk = weightDecay === 0 ? p : p.mul(minus(1, times(lr, weightDecay)));
    const g = maximize ? given.neg() : given;
    const square = g.square();
    const matrix = p.ndim > 1;
    const rowVar = matrix
      ? towards(kept.rowVar, square.mean(-1, { keepdim: true }), share)
      : undefined;
    const colVar = matrix
      ? towards(kept.colVar, square.mean(-2, { keepdim: true }), share)
      : undefined;
    const variance = matrix ? undefined : towards(kept.variance, square, share);
    const estimate = rowVar !== undefined && colVar !== undefined
      ? rowVar.mul(colVar).div(rowVar.mean(-2, { keepdim: true }).clamp(least, null))
      : variance ?? square;
    const update = estimate.clamp(least * least, null).rsqrt().mul(g);
    const excess = size(update).div(d);
    // What is not finite spoils the estimates of a whole matrix, but of nothing else in a vector.
    const change = update.mul(rate).div(matrix ? excess.maximum(1) : atLeast(excess, 1));
    return [shrunk.sub(change), { rowVar, colVar, variance }];
  },
};

/**
 * Adafactor: steps relative to the size of the parameter. Of the mean squares of a matrix, only the
 * means of its rows and columns are stored. Shazeer and Stern, "Adafactor: adaptive learning rates
 * with sublinear memory cost", 2018. Follows `torch.optim.Adafactor`.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.Adafactor([x], { lr: 0.1 });
 * x.square().sum().backward();
 * optimizer.step();
 * assertAlmostEquals(x.item(), 0.9, 1e-6);
 * ```
 */
export const Adafactor: OptimizerClass<AdafactorGroup, RuleState> = optimizerClass(
  "Adafactor",
  ADAFACTOR_RULE,
);
/** An {@linkcode Adafactor} optimizer. */
export type Adafactor = RuleOptimizer<AdafactorGroup, RuleState>;
