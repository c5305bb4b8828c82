/** What a loss should keep to, beyond having the right gradients. */

import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  kind,
  NUMBER,
  optionReader,
  shown,
  TENSOR,
  TEXT,
} from "../core/options.ts";
import { RandomGenerator } from "../core/random.ts";
import type { Reduction } from "../loss/loss.ts";
import { full, randn, tensor, zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  CALLABLE,
  CheckError,
  nameOf,
  SEED,
  SHAPE,
  showIndex,
  showNumber,
  showPair,
} from "./check_error.ts";
import { elements } from "./probe.ts";

/** A loss as a function. */
export type LossFunction = (pred: Tensor, target: Tensor) => Tensor;

/** A loss as a function or a module. */
export type LossLike = LossFunction | { forward(pred: Tensor, target: Tensor): Tensor };

/** Options of `checkLoss`. */
export interface CheckLossOptions {
  /** Shape of the prediction, the batch first. Default: `[8, 3]`. */
  shape?: readonly number[];
  /** Makes the prediction. Default: normally distributed and seeded. */
  pred?: (shape: readonly number[]) => Tensor;
  /** Makes the target, of labels for example. Default: as the prediction, of its shape. */
  target?: (shape: readonly number[]) => Tensor;
  /** Demands that the loss is 0 where the prediction is the target. Default: false. */
  zeroAtTarget?: boolean;
  /**
   * Demands that no element's own gradient exceeds the bound in absolute value: for a loss that is a
   * mean, the number of elements times its gradient, over residuals from −10⁴ to 10⁴. Default: none.
   */
  gradientBound?: number;
  /** Predictions at which value and gradient must be finite in float32. Default: none. */
  finiteAt?: readonly number[];
  /** Whether the order of the rows of a batch must not matter. Default: true. */
  permutationInvariant?: boolean;
  /** Gives the loss with a reduction; those of "mean" and "sum" are compared with "none". */
  reductions?: (reduction: Reduction) => LossLike;
  /** Seed of the samples. Default: 0. */
  seed?: number | bigint;
  /** What the loss is called in messages. Default: its own name. */
  name?: string;
}

const readOptions = optionReader<CheckLossOptions>({
  shape: SHAPE,
  pred: FUNCTION,
  target: FUNCTION,
  zeroAtTarget: FLAG,
  gradientBound: kind("a number from 0", (value) => NUMBER.accepts(value) && Number(value) >= 0),
  finiteAt: arrayOf(NUMBER, "numbers"),
  permutationInvariant: FLAG,
  reductions: FUNCTION,
  seed: SEED,
  name: TEXT,
});

/** A loss at a point. */
interface Outcome {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How far float64 values of equal formulas may be apart, absolute and relative. */
const EXACT = 1e-9;
/** How far the float32 value may be from the float64 one, absolute and relative. */
const SINGLE = 1e-4;
/** How far a gradient may exceed its bound. */
const BOUND_SLACK = 1e-6;

/** Residuals of the gradient bound: 0, and eight per decade on either side. */
const RESIDUALS: readonly number[] = [
  0,
  ...Array.from({ length: 65 }, (_, i) => 10 ** (i / 8 - 4)).flatMap((r) => [r, -r]),
];

function near(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * (1 + Math.abs(b));
}

/** A floating tensor in the given type, off the tape; labels stay as they are. */
function cast(x: Tensor, dtype: DType): Tensor {
  return isFloat(x.dtype) ? x.detach().to({ dtype }) : x;
}

/** A loss and its samples. */
class LossProbe {
  readonly name: string;
  readonly loss: LossLike;
  readonly options: CheckLossOptions;
  readonly generator: RandomGenerator;
  /** The samples, float64 with values that float32 can hold. */
  readonly pred: Tensor;
  readonly target: Tensor;
  /** Whether prediction less target has a meaning. */
  readonly comparable: boolean;

  constructor(loss: LossLike, options: CheckLossOptions) {
    const { shape = [8, 3], seed = 0 } = options;
    this.name = nameOf(loss, options.name, "the loss");
    this.loss = loss;
    this.options = options;
    this.generator = new RandomGenerator(seed);
    const sample = () => randn(shape, { generator: this.generator });
    const pred = options.pred?.(shape) ?? sample();
    const target = options.target?.(shape) ?? sample();
    checkKind("run checkLoss", "what pred gives", pred, TENSOR);
    checkKind("run checkLoss", "what target gives", target, TENSOR);
    if (!isFloat(pred.dtype)) {
      throw new DTypeError(
        `Cannot run checkLoss: the prediction must be float32 or float64, got ${pred.dtype}`,
      );
    }
    this.pred = cast(cast(pred, "float32"), "float64");
    this.target = cast(cast(target, "float32"), "float64");
    this.comparable = isFloat(target.dtype) && showShape(target.shape) === showShape(pred.shape);
  }

  /** Fails with a sentence that starts with the loss's name. */
  fail(sentence: string): never {
    throw new CheckError(`${this.name} ${sentence}`);
  }

  /** The loss itself, whatever its form. */
  call(loss: LossLike, pred: Tensor, target: Tensor): Tensor {
    const value: unknown = typeof loss === "function"
      ? loss(pred, target)
      : loss.forward(pred, target);
    if (value instanceof Tensor) return value;
    this.fail(`must give a tensor, got ${shown(value)}`);
  }

  /** Value of the loss, off the tape. */
  value(loss: LossLike, pred: Tensor, target: Tensor): number {
    const value = this.call(loss, pred, target);
    if (value.size !== 1) {
      this.fail(`must give a tensor of one element, got shape ${showShape(value.shape)}`);
    }
    return value.item();
  }

  /** Value and gradient with respect to the prediction. */
  run(pred: Tensor, target: Tensor): Outcome {
    return enableGrad(() => {
      const leaf = pred.clone().detach().requiresGrad_();
      const value = this.call(this.loss, leaf, target);
      if (value.size !== 1) {
        this.fail(`must give a tensor of one element, got shape ${showShape(value.shape)}`);
      }
      if (!value.requiresGrad) this.fail("has no gradient: its value is on no tape");
      const [g] = grad(value, [leaf], { allowUnused: true });
      if (g === null) this.fail("has no gradient: its value does not depend on the prediction");
      return { value: value.item(), gradient: elements(g) };
    });
  }

  /** Demands finite numbers, at a point that is described. */
  finite({ value, gradient }: Outcome, where: string): void {
    if (!Number.isFinite(value)) this.fail(`is not finite ${where}: the value is ${value}`);
    const bad = gradient.findIndex((g) => !Number.isFinite(g));
    if (bad === -1) return;
    this.fail(
      `has no finite gradient ${where}: it is ${gradient[bad]} at index ${
        showIndex(bad, this.pred.shape)
      } of the prediction`,
    );
  }
}

function checkExtremes(probe: LossProbe): void {
  const { finiteAt = [], target } = probe.options;
  const { shape } = probe.pred;
  const goal = target === undefined ? zeros(shape) : cast(probe.target, "float32");
  for (const extreme of finiteAt) {
    const filled = full(shape, extreme);
    probe.finite(probe.run(filled, goal), `where every prediction is ${extreme}`);
    // Equal predictions cancel in a softmax, so that they alone would not show an overflow.
    const mixed = Float32Array.from({ length: filled.size }, (_, i) => i % 2 === 0 ? extreme : 0);
    const outcome = probe.run(tensor(mixed).reshape(shape), goal);
    probe.finite(outcome, `where the predictions are ${extreme} and 0 in turn`);
  }
}

function checkTarget(probe: LossProbe): void {
  const { target, comparable, options } = probe;
  if (options.zeroAtTarget && !comparable) {
    throw new ShapeError(
      `Cannot run checkLoss: zeroAtTarget needs a floating target of shape ${
        showShape(probe.pred.shape)
      }, got ${target.dtype} of shape ${showShape(target.shape)}`,
      [probe.pred.shape, target.shape],
    );
  }
  // Where the prediction is made in a special way, the target may be no valid prediction.
  if (!comparable || (options.pred !== undefined && !options.zeroAtTarget)) return;
  const outcome = probe.run(target, target);
  probe.finite(outcome, "where the prediction is the target");
  if (options.zeroAtTarget && !(Math.abs(outcome.value) <= EXACT)) {
    probe.fail(
      `is not zero where the prediction is the target: the value is ${
        showNumber(outcome.value)
      }, needed is 0 within ${EXACT}`,
    );
  }
}

function checkReductions(probe: LossProbe): void {
  const { reductions } = probe.options;
  if (reductions === undefined) return;
  const { pred, target } = probe;
  const withReduction = (reduction: Reduction): LossLike => {
    const loss = reductions(reduction);
    checkKind("run checkLoss", `what reductions gives for "${reduction}"`, loss, CALLABLE);
    return loss;
  };
  const each = probe.call(withReduction("none"), pred, target);
  for (const reduction of ["mean", "sum"] as const) {
    const value = probe.value(withReduction(reduction), pred, target);
    const needed = each[reduction]().item();
    if (near(value, needed, EXACT)) continue;
    const shown = showPair(value, needed);
    probe.fail(
      `has reductions that disagree: "${reduction}" gives ${
        shown[0]
      }, the ${reduction} of "none" ` +
        `(shape ${showShape(each.shape)}) is ${shown[1]}`,
    );
  }
}

/** Every row elsewhere, and a random order. */
function orders(rows: number, generator: RandomGenerator): Int32Array[] {
  const rolled = Int32Array.from({ length: rows }, (_, i) => (i + 1) % rows);
  return [rolled, rolled.toReversed(), generator.permutation(rows)];
}

function checkPermutation(probe: LossProbe, base: Outcome): void {
  const { pred, target, options } = probe;
  const [rows = 1] = pred.shape;
  if (options.permutationInvariant === false || rows < 2) return;
  if (target.shape[0] !== rows) {
    throw new ShapeError(
      `Cannot run checkLoss: prediction and target need as many rows to permute, got shapes ${
        showShape(pred.shape)
      } and ${showShape(target.shape)}; or give permutationInvariant: false`,
      [pred.shape, target.shape],
    );
  }
  for (const order of orders(rows, probe.generator)) {
    const index = tensor(order);
    const value = probe.value(
      probe.loss,
      pred.indexSelect(0, index),
      target.indexSelect(0, index),
    );
    if (near(value, base.value, EXACT)) continue;
    const shown = showPair(base.value, value);
    probe.fail(
      `depends on the order of the batch: the value is ${shown[0]}, and ${
        shown[1]
      } with the rows ` +
        `in the order [${order.join(", ")}]`,
    );
  }
}

function checkPrecision(probe: LossProbe, double: Outcome): void {
  const { pred, target } = probe;
  const single = probe.run(cast(pred, "float32"), cast(target, "float32"));
  if (!near(single.value, double.value, SINGLE)) {
    const shown = showPair(single.value, double.value);
    probe.fail(
      `differs between types: the value is ${shown[0]} in float32 and ${shown[1]} in float64, ` +
        `more than ${SINGLE} · (1 + |float64|) apart`,
    );
  }
  // Times the number of elements, so that the gradient of a mean has the size of an element's own.
  for (const [i, g] of double.gradient.entries()) {
    const [own, needed] = [(single.gradient[i] ?? NaN) * pred.size, g * pred.size];
    if (near(own, needed, SINGLE)) continue;
    const shown = showPair(own, needed);
    probe.fail(
      `differs between types: ${pred.size} elements times the gradient at index ${
        showIndex(i, pred.shape)
      } is ${shown[0]} in float32 and ${shown[1]} in float64, more than ${SINGLE} · (1 + ` +
        "|float64|) apart",
    );
  }
}

function checkBound(probe: LossProbe): void {
  const { target, comparable, options: { gradientBound: bound } } = probe;
  if (bound === undefined) return;
  if (!comparable) {
    throw new ShapeError(
      `Cannot run checkLoss: gradientBound needs a floating target of shape ${
        showShape(probe.pred.shape)
      }, got ${target.dtype} of shape ${showShape(target.shape)}`,
      [probe.pred.shape, target.shape],
    );
  }
  let [worst, residual, index] = [0, 0, 0];
  for (const r of RESIDUALS) {
    const outcome = probe.run(target.add(r), target);
    probe.finite(outcome, `where every residual is ${showNumber(r)}`);
    for (const [i, g] of outcome.gradient.entries()) {
      const own = g * target.size;
      if (Math.abs(own) > Math.abs(worst)) [worst, residual, index] = [own, r, i];
    }
  }
  if (Math.abs(worst) <= bound + BOUND_SLACK) return;
  probe.fail(
    `exceeds its gradient bound of ${bound}: ${target.size} elements times the gradient is ${
      showNumber(worst)
    } where every residual is ${showNumber(residual)}, at index ${
      showIndex(index, target.shape)
    } of the prediction`,
  );
}

/**
 * Checks what a loss should keep to, beyond having the right gradients (`gradcheck`):
 *
 * - it gives one finite element, with a finite gradient with respect to the prediction, also where
 *   the prediction is the target and at the extremes `finiteAt` (there in float32; every prediction
 *   the same, and in turn with 0; against the target option, else a target of zeros);
 * - float32 and float64 agree to 1e-4, in value and gradient;
 * - the rows of a batch may be permuted;
 * - and, if asked: it is zero at the target; its reductions agree; its gradient is bounded.
 *
 * Checks that need a residual are for targets of the prediction's shape and of floating type.
 *
 * @param loss A function of prediction and target that gives one element, or a module.
 * @throws {CheckError} At the first check that fails, in one sentence with the values.
 * @throws {ShapeError} If an option needs another target.
 *
 * @example A loss that keeps to all, and one that overflows
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { checkLoss, CheckError } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * const softHuber = (pred: Tensor, target: Tensor) =>
 *   pred.sub(target).square().add(1).sqrt().sub(1).mean();
 * checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
 *
 * const poisson = (pred: Tensor, target: Tensor) => pred.exp().sub(target.mul(pred)).mean();
 * assertThrows(
 *   () => checkLoss(poisson, { finiteAt: [1e4] }),
 *   CheckError,
 *   "poisson is not finite where every prediction is 10000",
 * );
 * ```
 */
export function checkLoss(loss: LossLike, options?: CheckLossOptions): void {
  checkCount("run checkLoss", arguments.length, 2);
  checkKind("run checkLoss", "the loss", loss, CALLABLE);
  const probe = new LossProbe(loss, readOptions("run checkLoss", options));
  const base = probe.run(probe.pred, probe.target);
  probe.finite(base, "at a random prediction");
  checkTarget(probe);
  checkExtremes(probe);
  checkReductions(probe);
  checkPermutation(probe, base);
  checkPrecision(probe, base);
  checkBound(probe);
}
