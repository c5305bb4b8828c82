/** Losses for classes. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, INTEGER, NUMBER, TENSOR } from "../core/options.ts";
import { extentAt, sameShape } from "../core/shape.ts";
import { reduced, rowCrossEntropy, rowShareEntropy, sharedLogs } from "../ops/loss/fused.ts";
import { where } from "../ops/mod.ts";
import { type Bounds, firstOutside } from "../tensor/bounds.ts";
import { arange } from "../tensor/ranges.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDomain } from "./domain.ts";
import {
  checkClasses,
  checkLabels,
  checkWeight,
  classDim,
  type Considered,
  considered,
  hasIgnored,
  notLabels,
  ofClass,
  reducedPlaces,
} from "./labels.ts";
import {
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  SHARE,
} from "./loss.ts";

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** Weight of each class, finite and at least 0, shape [C]. A mean is divided by those of the targets. */
  weight?: Tensor;
  /** Label of entries that are ignored. Default: -100. */
  ignoreIndex?: number;
  /** Share of the target spread over all classes, from 0 to 1. Default: 0. */
  labelSmoothing?: number;
}

const entropyOptions = lossOptions<CrossEntropyOptions>(
  { ...LOSS_OPTIONS, weight: TENSOR, ignoreIndex: INTEGER, labelSmoothing: NUMBER },
  { labelSmoothing: SHARE },
);

/** Whether the target holds classes rather than probabilities; refuses anything else. */
function isLabels(
  op: string,
  logits: Tensor,
  target: Tensor,
  dim: number,
  ignoreIndex: number | undefined,
): boolean {
  const expected = logits.shape.toSpliced(dim, 1);
  if (isFloat(target.dtype)) {
    if (sameShape(target.shape, expected)) throw notLabels(op, target);
    if (!sameShape(target.shape, logits.shape)) {
      throw new ShapeError(
        `Cannot compute ${op}: probabilities need the logits' shape ${
          showShape(logits.shape)
        }, got ${showShape(target.shape)}`,
        [logits.shape, target.shape],
      );
    }
    if (ignoreIndex !== undefined) {
      throw new TypeError(
        `Cannot compute ${op}: ignoreIndex needs a target of labels, got probabilities`,
      );
    }
    return false;
  }
  if (target.dtype !== "int32") {
    throw new DTypeError(
      `Cannot compute ${op}: labels must be int32 or probabilities, got ${target.dtype}`,
    );
  }
  if (!sameShape(target.shape, expected)) {
    const hint = sameShape(target.shape, logits.shape) ? "; probabilities are floating" : "";
    throw new ShapeError(
      `Cannot compute ${op}: logits of shape ${showShape(logits.shape)} need labels of ` +
        `shape ${showShape(expected)}, got ${showShape(target.shape)}${hint}`,
      [logits.shape, target.shape],
    );
  }
  return true;
}

/** The loss at each place, for labels. */
function fromLabels(
  { x: logits, labels, factor }: Considered,
  dim: number,
  { weight, labelSmoothing = 0 }: CrossEntropyOptions,
): Tensor {
  const logProbabilities = logits.logSoftmax(dim);
  const own = ofClass(logProbabilities, labels, dim).neg();
  const each = factor === null ? own : own.mul(factor);
  if (labelSmoothing === 0) return each;
  const alongClasses = logits.shape.map((_, i) => i === dim ? -1 : 1);
  const weighted = weight === undefined
    ? logProbabilities
    : logProbabilities.mul(weight.reshape(alongClasses));
  const smooth = weighted.mean(dim).neg();
  return each.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing));
}

const POSSIBLE: Bounds = { low: -Number.MAX_VALUE, high: 0, ends: false, slack: 0 };

/** The loss at each place, for probabilities of classes. */
function fromProbabilities(
  logits: Tensor,
  target: Tensor,
  dim: number,
  { weight, labelSmoothing = 0 }: CrossEntropyOptions,
): Tensor {
  const classes = extentAt(target.shape, dim);
  let shares = labelSmoothing === 0
    ? target
    : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  if (weight !== undefined) {
    shares = shares.mul(weight.reshape(target.shape.map((_, i) => i === dim ? -1 : 1)));
  }
  if (dim === logits.ndim - 1) return rowShareEntropy(logits, shares);
  const logs = logits.logSoftmax(dim);
  // To look for classes without probability takes less time than to mask them.
  const all = logs.device === "cpu" && firstOutside(logs, POSSIBLE) === null;
  return (all ? logs : sharedLogs(logs, shares)).mul(shares).sum(dim).neg();
}

/** Cross-entropy, with errors that name the given loss. */
export function entropyOf(
  op: string,
  logits: Tensor,
  target: Tensor,
  options: CrossEntropyOptions,
): Tensor {
  const { reduction = "mean", weight, ignoreIndex, labelSmoothing = 0 } = options;
  checkKind(`compute ${op}`, "logits", logits, TENSOR);
  checkKind(`compute ${op}`, "target", target, TENSOR);
  const dim = classDim(op, "logits", logits);
  const classes = extentAt(logits.shape, dim);
  checkWeight(op, weight, classes);
  if (!isLabels(op, logits, target, dim, ignoreIndex)) {
    checkDomain(op, target);
    return reduced(fromProbabilities(logits, target, dim, options), reduction);
  }
  const ignored = hasIgnored(op, target, classes, ignoreIndex);
  // The usual case, rows with labels and no options, has a kernel.
  const plain = !ignored && weight === undefined && labelSmoothing === 0;
  if (plain && logits.ndim === 2) return reduced(rowCrossEntropy(logits, target), reduction);
  const places = considered(logits, target, dim, ignored, options);
  return reducedPlaces(fromLabels(places, dim, options), places, reduction);
}

/**
 * Cross-entropy of logits, −ln softmax(logits)[class], computed without overflow.
 * Follows `torch.nn.functional.cross_entropy`.
 *
 * @param logits Shape [N, C, ...] or [C].
 * @param target int32 classes of shape [N, ...], or probabilities of the logits' shape, from 0, which
 * need not add up to 1; a class whose probability is 0 may have the logit -Infinity.
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class, or a probability is negative.
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
  const op = "losses.crossEntropy";
  checkCount(`compute ${op}`, arguments.length, 3);
  return entropyOf(op, logits, target, entropyOptions(`compute ${op}`, options));
}

/** {@linkcode crossEntropy} as a module. */
export const CrossEntropyLoss: LossModule<CrossEntropyOptions> = lossModule(
  "CrossEntropyLoss",
  crossEntropy,
  entropyOptions,
);
/** A module of {@linkcode crossEntropy}. */
export type CrossEntropyLoss = FunctionLoss<CrossEntropyOptions>;

/** Options of `nll`. */
export interface NLLOptions extends LossOptions {
  /** Weight of each class, finite and at least 0, shape [C]. A mean is divided by those of the targets. */
  weight?: Tensor;
  /** Label of entries that are ignored. Default: -100. */
  ignoreIndex?: number;
}

const nllOptions = lossOptions<NLLOptions>({
  ...LOSS_OPTIONS,
  weight: TENSOR,
  ignoreIndex: INTEGER,
});

/**
 * Negative log-likelihood of log-probabilities, −x[class]. Follows
 * `torch.nn.functional.nll_loss`. For logits, `crossEntropy` takes both steps at once.
 *
 * @param logProbabilities Shape [N, C, ...] or [C], as `logSoftmax` gives them.
 * @param target int32 classes of shape [N, ...].
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example Two examples, two classes
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const logProbabilities = tensor([[-1, -0.5], [-2, -0.25]]);
 * const labels = tensor([0, 1], { dtype: "int32" });
 * assertEquals(losses.nll(logProbabilities, labels).item(), 0.625);
 * ```
 */
export function nll(logProbabilities: Tensor, target: Tensor, options?: NLLOptions): Tensor {
  const op = "losses.nll";
  checkCount(`compute ${op}`, arguments.length, 3);
  const read = nllOptions(`compute ${op}`, options);
  checkKind(`compute ${op}`, "logProbabilities", logProbabilities, TENSOR);
  const dim = classDim(op, "log-probabilities", logProbabilities);
  const classes = extentAt(logProbabilities.shape, dim);
  checkWeight(op, read.weight, classes);
  checkLabels(op, "log-probabilities", logProbabilities, target, dim);
  const ignored = hasIgnored(op, target, classes, read.ignoreIndex);
  const places = considered(logProbabilities, target, dim, ignored, read);
  const own = ofClass(places.x, places.labels, dim).neg();
  const each = places.factor === null ? own : own.mul(places.factor);
  return reducedPlaces(each, places, read.reduction ?? "mean");
}

/** {@linkcode nll} as a module. */
export const NLLLoss: LossModule<NLLOptions> = lossModule("NLLLoss", nll, nllOptions);
/** A module of {@linkcode nll}. */
export type NLLLoss = FunctionLoss<NLLOptions>;

/** Options of `poly1`. */
export interface Poly1Options extends LossOptions {
  /** Coefficient of 1 − q, at least -1 and finite. Default: 1. */
  epsilon?: number;
  /** Label of entries that are ignored. Default: -100. */
  ignoreIndex?: number;
}

const polyOptions = lossOptions<Poly1Options>(
  { ...LOSS_OPTIONS, epsilon: NUMBER, ignoreIndex: INTEGER },
  {
    epsilon: {
      needed: "be finite and at least -1",
      holds: (value) => value >= -1 && value < Infinity,
    },
  },
);

/**
 * Cross-entropy with its leading term changed, −ln q + ε·(1 − q), where q is the probability of the
 * right class. Leng et al., "PolyLoss: a polynomial expansion perspective of classification loss
 * functions", 2022.
 *
 * @param logits Shape [N, C, ...] or [C].
 * @param target int32 classes of shape [N, ...].
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class, or epsilon is below -1 or not finite.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example Two classes of the same probability
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const labels = tensor([1], { dtype: "int32" });
 * const loss = losses.poly1(tensor([[0, 0]]), labels, { epsilon: 2 });
 * assertAlmostEquals(loss.item(), Math.LN2 + 1, 1e-6);
 * ```
 */
export function poly1(logits: Tensor, target: Tensor, options?: Poly1Options): Tensor {
  const op = "losses.poly1";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { epsilon = 1, reduction = "mean", ...read } = polyOptions(`compute ${op}`, options);
  checkKind(`compute ${op}`, "logits", logits, TENSOR);
  const dim = classDim(op, "logits", logits);
  checkLabels(op, "logits", logits, target, dim);
  const ignored = hasIgnored(op, target, extentAt(logits.shape, dim), read.ignoreIndex);
  const places = considered(logits, target, dim, ignored, read);
  const logProbability = ofClass(places.x.logSoftmax(dim), places.labels, dim);
  // 1 − q, without losing digits where q is near 1.
  const wrong = logProbability.expm1().neg();
  return reducedPlaces(wrong.mul(epsilon).sub(logProbability), places, reduction);
}

/** {@linkcode poly1} as a module. */
export const Poly1Loss: LossModule<Poly1Options> = lossModule("Poly1Loss", poly1, polyOptions);
/** A module of {@linkcode poly1}. */
export type Poly1Loss = FunctionLoss<Poly1Options>;

/** Options of `sparsemax`. */
export interface SparsemaxOptions extends LossOptions {
  /** Label of entries that are ignored. Default: -100. */
  ignoreIndex?: number;
}

const sparsemaxOptions = lossOptions<SparsemaxOptions>({ ...LOSS_OPTIONS, ignoreIndex: INTEGER });

/** Scores less their largest, which loses no digits there, and how many are in the support. */
function supportOf(scores: Tensor, dim: number): [z: Tensor, inside: Tensor, count: Tensor] {
  const { values } = scores.detach().sort(dim, { descending: true });
  const top = values.narrow(dim, 0, 1);
  const [z, sorted] = [scores.sub(top), values.sub(top)];
  const before = sorted.cumsum(dim).sub(1);
  const { dtype, device } = scores;
  const classes = extentAt(scores.shape, dim);
  const ranks = arange(1, classes + 1, { dtype, device })
    .reshape(scores.shape.map((_, i) => i === dim ? classes : 1));
  // At least one, also where the largest is NaN or infinite: then all are inside, and the loss is NaN.
  const count = sorted.mul(ranks).gt(before).sum(dim, { keepdim: true }).clamp(1, null);
  const inside = z.detach().le(before.gather(dim, count.sub(1)).div(count)).logicalNot();
  return [z, inside, count.squeeze(dim)];
}

/**
 * Loss of sparsemax p, the point of the simplex that is nearest to the logits z:
 * z·p − z[class] − ½·‖p‖² + ½, which is 0 where the class leads by 1. Its gradient is p − one-hot.
 * Martins and Astudillo, "From softmax to sparsemax", 2016. The second derivative jumps where a
 * class enters or leaves the support.
 *
 * @param logits Shape [N, C, ...] or [C].
 * @param target int32 classes of shape [N, ...].
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {RangeError} If a label names no class.
 * @throws {DTypeError} If labels are not int32.
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example Two classes alike, and one that leads by 1
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = tensor([1, 1], { dtype: "int32" });
 * const each = losses.sparsemax(tensor([[0, 0], [2, 3]]), labels, { reduction: "none" });
 * assertEquals(each.toArray(), [0.25, 0]);
 * ```
 */
export function sparsemax(logits: Tensor, target: Tensor, options?: SparsemaxOptions): Tensor {
  const op = "losses.sparsemax";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { reduction = "mean", ...read } = sparsemaxOptions(`compute ${op}`, options);
  checkKind(`compute ${op}`, "logits", logits, TENSOR);
  const dim = classDim(op, "logits", logits);
  checkClasses(op, "logits", logits, dim);
  checkLabels(op, "logits", logits, target, dim);
  const ignored = hasIgnored(op, target, extentAt(logits.shape, dim), read.ignoreIndex);
  const places = considered(logits, target, dim, ignored, read);
  const [z, inside, count] = supportOf(places.x, dim);
  // In the support p = z − τ with τ = (Σ z − 1)/count, so the loss is ½·(Σ z² − count·τ² + 1) − z[class].
  const support = where(inside, z, 0);
  const rest = support.sum(dim).sub(1);
  const squares = support.square().sum(dim).sub(rest.square().div(count));
  const each = squares.add(1).mul(0.5).sub(ofClass(z, places.labels, dim));
  return reducedPlaces(each, places, reduction);
}

/** {@linkcode sparsemax} as a module. */
export const SparsemaxLoss: LossModule<SparsemaxOptions> = lossModule(
  "SparsemaxLoss",
  sparsemax,
  sparsemaxOptions,
);
/** A module of {@linkcode sparsemax}. */
export type SparsemaxLoss = FunctionLoss<SparsemaxOptions>;
