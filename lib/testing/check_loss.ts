/** The properties that a loss should have beyond the right gradients. */

import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, TENSOR } from "../core/options.ts";
import type { RandomGenerator } from "../core/random.ts";
import type { Reduction } from "../loss/loss.ts";
import { full, tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { CALLABLE, showIndex, showNumber, showPair } from "./check_error.ts";
import {
  cast,
  type CheckLossOptions,
  EXACT,
  type LossLike,
  LossProbe,
  near,
  type Outcome,
  readOptions,
  SINGLE,
} from "./loss_probe.ts";

/** How far a gradient may exceed its bound. */
const BOUND_SLACK = 1e-6;

/** Residuals of the gradient bound: 0, and eight per decade on either side. */
const RESIDUALS: readonly number[] = [
  0,
  ...Array.from({ length: 65 }, (_, i) => 10 ** (i / 8 - 4)).flatMap((r) => [r, -r]),
];

function checkExtremes(probe: LossProbe): void {
  const { finiteAt = [], target } = probe.options;
  const { shape } = probe.pred;
  const goal = target === undefined ? zeros(shape) : cast(probe.target, "float32");
  for (const extreme of finiteAt) {
    const filled = full(shape, extreme);
    probe.finite(probe.run(filled, goal), `where every prediction is ${extreme}`);
    // Equal predictions cancel in a softmax, so they would not show an overflow.
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
  // If predictions need a special form, the target may not be a valid one.
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

/** Refuses a loss whose value changes from call to call. */
function checkRepeated(probe: LossProbe, base: Outcome): void {
  const again = probe.value(probe.loss, probe.pred, probe.target);
  if (Object.is(again, base.value)) return;
  const shown = showPair(base.value, again);
  probe.fail(`is not deterministic: two calls at one point gave ${shown[0]} and ${shown[1]}`);
}

/** Orders of rows: rotated, rotated in reverse, and random. */
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
      `Cannot run checkLoss: prediction and target need the same number of rows to permute, got shapes ${
        showShape(pred.shape)
      } and ${showShape(target.shape)}; or set permutationInvariant: false`,
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
  // Times the number of elements, so that the gradient of a mean is that of an element.
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

function checkOffset(probe: LossProbe): void {
  if (probe.options.offsetInvariant !== true) return;
  const target = cast(probe.target, "float32");
  // Multiples of 1/64 stay exact in float32 when 10⁴ is added.
  const pred = cast(probe.pred.mul(64).round().div(64), "float32");
  const here = probe.run(pred, target);
  const far = probe.run(pred.add(1e4), target);
  const pairs = [
    [far.value, here.value],
    ...Array.from(far.gradient, (g, i) => [
      g * pred.size,
      (here.gradient[i] ?? NaN) * pred.size,
    ]),
  ];
  for (const [i, [own = NaN, needed = NaN]] of pairs.entries()) {
    if (near(own, needed, SINGLE)) continue;
    const shown = showPair(own, needed);
    const what = i === 0
      ? "the value"
      : `${pred.size} elements times the gradient at index ${showIndex(i - 1, pred.shape)}`;
    probe.fail(
      `changes with a common offset: ${what} is ${shown[0]} with 10000 added to all predictions, ` +
        `and ${shown[1]} without`,
    );
  }
}

function checkEmpty(probe: LossProbe): void {
  if (probe.options.emptyBatch !== true) return;
  enableGrad(() => {
    const leaf = probe.pred.narrow(0, 0, 0).clone().detach().requiresGrad_();
    const value = probe.call(probe.loss, leaf, probe.target.narrow(0, 0, 0));
    const [g = null] = value.requiresGrad ? grad(value.sum(), [leaf], { allowUnused: true }) : [];
    if (g === null) probe.fail("has no gradient for a batch without rows");
  });
}

function checkTargets(probe: LossProbe): void {
  const { ignored, missing, exact = [] } = probe.options;
  const make = (name: string, maker: (shape: readonly number[]) => Tensor) => {
    const target: unknown = maker(probe.pred.shape);
    checkKind("run checkLoss", `what ${name} gives`, target, TENSOR);
    return target as Tensor;
  };
  if (ignored !== undefined) {
    const { gradient } = probe.run(probe.pred, make("ignored", ignored));
    const bad = gradient.findIndex((g) => g !== 0);
    if (bad !== -1) {
      probe.fail(
        `has a gradient where the target is ignored: it is ${gradient[bad]} at index ${
          showIndex(bad, probe.pred.shape)
        } of the prediction, needed is 0`,
      );
    }
  }
  if (missing !== undefined) {
    probe.finite(probe.run(probe.pred, make("missing", missing)), "where classes are missing");
  }
  for (const [i, { pred, target, value }] of exact.entries()) {
    const outcome = probe.run(cast(pred, pred.dtype), cast(target, target.dtype));
    if (!near(outcome.value, value, pred.dtype === "float64" ? EXACT : SINGLE)) {
      const shown = showPair(outcome.value, value);
      probe.fail(`is not exact at point ${i}: the value is ${shown[0]}, needed is ${shown[1]}`);
    }
    if (outcome.gradient.some((g) => !Number.isFinite(g))) {
      probe.fail(`has no finite gradient at point ${i}: it is [${outcome.gradient.join(", ")}]`);
    }
  }
}

/**
 * Checks the properties that a loss should have beyond the right gradients (`gradcheck`):
 *
 * - it changes neither prediction nor target, and returns the same value each time;
 * - it returns one finite element, with a finite gradient with respect to the prediction, also where
 *   the prediction equals the target and at the extremes `finiteAt` (there in float32; with all
 *   predictions equal, and alternating with 0; for the `target` option or a target of zeros);
 * - float32 and float64 agree to 1e-4, in value and gradient;
 * - the rows of a batch may be permuted;
 * - on request: it is zero at the target; its reductions agree; its gradient is bounded; a common
 *   offset of 10⁴ changes nothing; an empty batch is accepted; an ignored target gives gradient 0; a
 *   target that lacks classes is accepted; its values at boundary points are exact.
 *
 * Checks that need a residual require a floating target of the prediction's shape.
 *
 * @param loss A function of prediction and target that returns one element, or a module.
 * @throws {CheckError} At the first check that fails, in one sentence with the values.
 * @throws {ShapeError} If the target does not fit an option.
 *
 * @example A loss that passes, and one that overflows
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
  checkRepeated(probe, base);
  checkTarget(probe);
  checkExtremes(probe);
  checkReductions(probe);
  checkPermutation(probe, base);
  checkPrecision(probe, base);
  checkBound(probe);
  checkOffset(probe);
  checkEmpty(probe);
  checkTargets(probe);
}
