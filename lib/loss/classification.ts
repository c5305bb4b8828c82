/** Losses for classes. */

import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError, showShape } from "../errors.ts";
import { where } from "../ops/mod.ts";
import { reduced, rowCrossEntropy } from "../ops/fused.ts";
import { extentAt, sameShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { checkReduction, FunctionLoss, type LossOptions } from "./loss.ts";

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

/** Refuses labels that name no class; tells whether some are to be ignored. */
function checkLabels(labels: Tensor, classes: number, ignoreIndex: number): boolean {
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

function checkLogits(logits: Tensor, target: Tensor): number {
  for (const [role, x] of [["logits", logits], ["target", target]] as const) {
    if (!(x instanceof Tensor)) {
      throw new TypeError(`Cannot compute ${OP}: ${role} must be a tensor, got ${Deno.inspect(x)}`);
    }
  }
  if (!isFloat(logits.dtype)) {
    throw new DTypeError(
      `Cannot compute ${OP}: logits must be float32 or float64, got ${logits.dtype}`,
    );
  }
  if (logits.ndim === 0) throw new ShapeError(`Cannot compute ${OP}: logits have no dimensions`);
  return logits.ndim === 1 ? 0 : 1;
}

/** The loss of each entry and the weight that a mean divides by, for class labels. */
function fromLabels(
  logProbabilities: Tensor,
  labels: Tensor,
  dim: number,
  { weight, ignoreIndex = -100, labelSmoothing = 0 }: CrossEntropyOptions,
): { each: Tensor; total: Tensor | number } {
  const classes = extentAt(logProbabilities.shape, dim);
  const expected = logProbabilities.shape.toSpliced(dim, 1);
  if (!sameShape(labels.shape, expected)) {
    throw new ShapeError(
      `Cannot compute ${OP}: logits of shape ${showShape(logProbabilities.shape)} need labels of ` +
        `shape ${showShape(expected)}, got ${showShape(labels.shape)}`,
      [logProbabilities.shape, labels.shape],
    );
  }
  const ignored = checkLabels(labels, classes, ignoreIndex);
  const counts = ignored ? labels.ne(ignoreIndex) : null;
  const safe = counts === null ? labels : where(counts, labels, 0);
  const column = safe.unsqueeze(dim);
  let each = logProbabilities.gather(dim, column).squeeze(dim).neg();
  let factor = counts?.to({ dtype: each.dtype }) ?? null;
  if (weight !== undefined) {
    const own = weight.indexSelect(0, safe.reshape([-1])).reshape(safe.shape);
    factor = factor === null ? own : factor.mul(own);
  }
  if (factor !== null) each = each.mul(factor);
  if (labelSmoothing > 0) {
    const spread = logProbabilities.ndim === 1 ? [-1] : [-1, ...labels.shape.slice(1).map(() => 1)];
    const weighted = weight === undefined
      ? logProbabilities
      : logProbabilities.mul(weight.reshape(spread));
    let smooth = weighted.sum(dim).neg();
    if (counts !== null) smooth = where(counts, smooth, 0);
    each = each.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes));
  }
  return { each, total: factor === null ? labels.size : factor.sum() };
}

/** The loss of each entry for probabilities of classes. */
function fromProbabilities(
  logProbabilities: Tensor,
  target: Tensor,
  dim: number,
  { weight, labelSmoothing = 0 }: CrossEntropyOptions,
): { each: Tensor; total: number } {
  if (!sameShape(target.shape, logProbabilities.shape)) {
    throw new ShapeError(
      `Cannot compute ${OP}: probabilities need the logits' shape ${
        showShape(logProbabilities.shape)
      }, got ${showShape(target.shape)}`,
      [logProbabilities.shape, target.shape],
    );
  }
  const classes = extentAt(target.shape, dim);
  const smooth = labelSmoothing === 0
    ? target
    : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  let terms = logProbabilities.mul(smooth);
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
  options: CrossEntropyOptions = {},
): Tensor {
  const { reduction = "mean", labelSmoothing = 0, weight } = options;
  checkReduction(OP, reduction);
  const dim = checkLogits(logits, target);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(
      `Cannot compute ${OP}: labelSmoothing must lie in 0 to 1, got ${labelSmoothing}`,
    );
  }
  const classes = extentAt(logits.shape, dim);
  if (weight !== undefined && !sameShape(weight.shape, [classes])) {
    throw new ShapeError(
      `Cannot compute ${OP}: weight must have shape [${classes}], got ${showShape(weight.shape)}`,
      [weight.shape],
    );
  }
  if (!isFloat(target.dtype) && target.dtype !== "int32") {
    throw new DTypeError(
      `Cannot compute ${OP}: labels must be int32 or probabilities, got ${target.dtype}`,
    );
  }
  if (isPlain(logits, target, options)) {
    return reduced(rowCrossEntropy(logits, target), reduction);
  }
  const logProbabilities = logits.logSoftmax(dim);
  const compute = isFloat(target.dtype) ? fromProbabilities : fromLabels;
  const { each, total } = compute(logProbabilities, target, dim, options);
  if (reduction === "none") return each;
  return reduction === "sum" ? each.sum() : each.sum().div(total);
}

/** Whether the case is the usual one, which has a kernel: rows, labels, no options. */
function isPlain(logits: Tensor, target: Tensor, options: CrossEntropyOptions): boolean {
  const { weight, labelSmoothing = 0, ignoreIndex = -100 } = options;
  return logits.ndim === 2 && target.dtype === "int32" && weight === undefined &&
    labelSmoothing === 0 && sameShape(target.shape, [extentAt(logits.shape, 0)]) &&
    !checkLabels(target, extentAt(logits.shape, 1), ignoreIndex);
}

/** {@linkcode crossEntropy} as a module. */
export class CrossEntropyLoss extends FunctionLoss<CrossEntropyOptions> {
  /**
   * Creates the loss.
   *
   * @param options As of the function.
   */
  constructor(options: CrossEntropyOptions = {}) {
    super(crossEntropy, options);
  }
}
