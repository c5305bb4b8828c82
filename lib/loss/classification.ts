/** Losses for classes. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, INTEGER, NUMBER, TENSOR } from "../core/options.ts";
import { extentAt, sameShape } from "../core/shape.ts";
import { reduced, rowCrossEntropy } from "../ops/loss/fused.ts";
import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  meanOver,
  SHARE,
} from "./loss.ts";

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** Weight of each class, shape [C]. A mean is divided by the weights of the targets. */
  weight?: Tensor;
  /** Label of entries that don't count. Default: -100. */
  ignoreIndex?: number;
  /** Share of the target that is spread over all classes, from 0 to 1. Default: 0. */
  labelSmoothing?: number;
}

const OP = "losses.crossEntropy";

const entropyOptions = lossOptions<CrossEntropyOptions>(
  { ...LOSS_OPTIONS, weight: TENSOR, ignoreIndex: INTEGER, labelSmoothing: NUMBER },
  { labelSmoothing: SHARE },
);

/** The dimension of the classes. */
function classDim(logits: Tensor): number {
  if (!isFloat(logits.dtype)) {
    throw new DTypeError(
      `Cannot compute ${OP}: logits must be float32 or float64, got ${logits.dtype}`,
    );
  }
  if (logits.ndim === 0) throw new ShapeError(`Cannot compute ${OP}: logits have no dimensions`);
  return logits.ndim === 1 ? 0 : 1;
}

/** Refuses weights that are not one for each class. */
function checkWeight(weight: Tensor | undefined, classes: number): void {
  if (weight === undefined || sameShape(weight.shape, [classes])) return;
  throw new ShapeError(
    `Cannot compute ${OP}: weight must have shape [${classes}], got ${showShape(weight.shape)}`,
    [weight.shape],
  );
}

/** Whether the target is classes, not probabilities of them; refuses what is neither. */
function isLabels(
  logits: Tensor,
  target: Tensor,
  dim: number,
  ignoreIndex: number | undefined,
): boolean {
  const expected = logits.shape.toSpliced(dim, 1);
  if (isFloat(target.dtype)) {
    if (sameShape(target.shape, expected)) {
      throw new DTypeError(
        `Cannot compute ${OP}: labels must be int32, got ${target.dtype}; use to({ dtype: ` +
          '"int32" })',
      );
    }
    if (!sameShape(target.shape, logits.shape)) {
      throw new ShapeError(
        `Cannot compute ${OP}: probabilities need the logits' shape ${
          showShape(logits.shape)
        }, got ${showShape(target.shape)}`,
        [logits.shape, target.shape],
      );
    }
    if (ignoreIndex !== undefined) {
      throw new TypeError(
        `Cannot compute ${OP}: ignoreIndex is for labels, and the target is probabilities`,
      );
    }
    return false;
  }
  if (target.dtype !== "int32") {
    throw new DTypeError(
      `Cannot compute ${OP}: labels must be int32 or probabilities, got ${target.dtype}`,
    );
  }
  if (!sameShape(target.shape, expected)) {
    const hint = sameShape(target.shape, logits.shape) ? "; probabilities are floating" : "";
    throw new ShapeError(
      `Cannot compute ${OP}: logits of shape ${showShape(logits.shape)} need labels of ` +
        `shape ${showShape(expected)}, got ${showShape(target.shape)}${hint}`,
      [logits.shape, target.shape],
    );
  }
  return true;
}

/** Refuses labels that name no class; tells whether some are to be ignored. */
function hasIgnored(labels: Tensor, classes: number, ignoreIndex: number): boolean {
  let ignored = false;
  let i = -1;
  for (const label of labels.contiguous().data) {
    i++;
    if (label === ignoreIndex) ignored = true;
    else if (label < 0 || label >= classes) {
      throw new RangeError(
        `Cannot compute ${OP}: label ${label} at index ${i} is out of range for ${classes} classes`,
      );
    }
  }
  return ignored;
}

/** The loss of each entry for labels, and what a mean divides their sum by. */
function fromLabels(
  logits: Tensor,
  labels: Tensor,
  dim: number,
  ignored: boolean,
  { weight, ignoreIndex = -100, labelSmoothing = 0 }: CrossEntropyOptions,
): { each: Tensor; total: Tensor | number } {
  const classes = extentAt(logits.shape, dim);
  const counts = ignored ? labels.ne(ignoreIndex) : null;
  // What is ignored does not reach the formula, so that it may be NaN, also in the gradient.
  const considered = counts === null ? logits : where(counts.unsqueeze(dim), logits, 0);
  const safe = counts === null ? labels : where(counts, labels, 0);
  const logProbabilities = considered.logSoftmax(dim);
  let each = logProbabilities.gather(dim, safe.unsqueeze(dim)).squeeze(dim).neg();
  const factor = weight?.indexSelect(0, safe.reshape([-1])).reshape(safe.shape) ?? null;
  if (factor !== null) each = each.mul(factor);
  if (labelSmoothing > 0) {
    const alongClasses = logits.shape.map((_, i) => i === dim ? -1 : 1);
    const weighted = weight === undefined
      ? logProbabilities
      : logProbabilities.mul(weight.reshape(alongClasses));
    const smooth = weighted.sum(dim).neg();
    each = each.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
  }
  if (counts === null) return { each, total: factor?.sum() ?? labels.size };
  const total = factor === null ? counts.sum() : where(counts, factor, 0).sum();
  return { each: where(counts, each, 0), total };
}

/** The same for probabilities of classes. */
function fromProbabilities(
  logits: Tensor,
  target: Tensor,
  dim: number,
  { weight, labelSmoothing = 0 }: CrossEntropyOptions,
): { each: Tensor; total: number } {
  const classes = extentAt(target.shape, dim);
  const smooth = labelSmoothing === 0
    ? target
    : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  let terms = logits.logSoftmax(dim).mul(smooth);
  if (weight !== undefined) {
    terms = terms.mul(weight.reshape(target.shape.map((_, i) => i === dim ? -1 : 1)));
  }
  return { each: terms.sum(dim).neg(), total: target.size / classes };
}

/**
 * Cross-entropy of logits, −ln softmax(logits)[class], computed without overflow.
 * Follows `torch.nn.functional.cross_entropy`.
 *
 * @param logits Shape [N, C, ...] or [C].
 * @param target int32 classes of shape [N, ...], or probabilities of the logits' shape.
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example Two examples, three classes
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const logits = tensor([[0, 0, 0], [0, 0, 0]]);
 * const labels = tensor([0, 2], { dtype: "int32" });
 * assertAlmostEquals(losses.crossEntropy(logits, labels).item(), Math.log(3), 1e-6);
 * ```
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  options?: CrossEntropyOptions,
): Tensor {
  const call = `compute ${OP}`;
  checkCount(call, arguments.length, 3);
  const read = entropyOptions(call, options);
  const { reduction = "mean", weight, ignoreIndex, labelSmoothing = 0 } = read;
  checkKind(call, "logits", logits, TENSOR);
  checkKind(call, "target", target, TENSOR);
  const dim = classDim(logits);
  const classes = extentAt(logits.shape, dim);
  checkWeight(weight, classes);
  const labels = isLabels(logits, target, dim, ignoreIndex);
  const ignored = labels && hasIgnored(target, classes, ignoreIndex ?? -100);
  // The usual case has a kernel: rows, labels, no options.
  const plain = labels && !ignored && weight === undefined && labelSmoothing === 0;
  if (plain && logits.ndim === 2) return reduced(rowCrossEntropy(logits, target), reduction);
  const { each, total } = labels
    ? fromLabels(logits, target, dim, ignored, read)
    : fromProbabilities(logits, target, dim, read);
  if (reduction === "none") return each;
  const sum = each.sum();
  if (reduction === "sum") return sum;
  return typeof total === "number" ? sum.div(total) : meanOver(sum, total);
}

/** {@linkcode crossEntropy} as a module. */
export const CrossEntropyLoss: LossModule<CrossEntropyOptions> = lossModule(
  "CrossEntropyLoss",
  crossEntropy,
  entropyOptions,
);
/** A module of {@linkcode crossEntropy}. */
export type CrossEntropyLoss = FunctionLoss<CrossEntropyOptions>;
