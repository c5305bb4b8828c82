/** Losses that compare the examples of a batch with each other. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, NUMBER, TENSOR } from "../core/options.ts";
import { extentAt } from "../core/shape.ts";
import { gram } from "../ops/linalg/gram.ts";
import { ofPairs, pairSquares } from "../ops/linalg/pair_squares.ts";
import { reduced } from "../ops/loss/fused.ts";
import { cat, normalize, where } from "../ops/mod.ts";
import { eye } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkLabels } from "./labels.ts";
import {
  checkPair,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  meanOver,
  POSITIVE,
} from "./loss.ts";

/** Stands for the logarithm of 0 in a softmax, which an infinity would make NaN. */
const NEVER = -1e30;

/** Refuses anything but one vector for each example. */
function checkExamples(op: string, role: string, x: Tensor): void {
  checkKind(`compute ${op}`, role, x, TENSOR);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: ${role} must be float32 or float64, got ${x.dtype}`,
    );
  }
  if (x.ndim === 2) return;
  throw new ShapeError(
    `Cannot compute ${op}: ${role} must have shape [N, D], got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** The cosines of all pairs of rows, divided by a temperature; a vector of 0 has cosine 0. */
function similarities(a: Tensor, b: Tensor, temperature: number): Tensor {
  return normalize(a).matmul(normalize(b).transpose(0, 1)).div(temperature);
}

/** Which of all pairs consist of an example and itself. */
function diagonalOf({ shape, device }: Tensor): Tensor {
  return eye(extentAt(shape, 0), { dtype: "bool", device });
}

/** The logarithm of each example's share in the similarities to one example, itself left out. */
function logShares(x: Tensor, temperature: number): Tensor {
  const s = gram(normalize(x)).div(temperature);
  return s.maskedFill(diagonalOf(x), NEVER).logSoftmax(1);
}

/** Options of the losses of cosines. */
export interface TemperatureOptions extends LossOptions {
  /** What cosines are divided by, positive. Default: 0.1, or 0.5 for `ntXent`. */
  temperature?: number;
}

const temperatureOptions = lossOptions<TemperatureOptions>(
  { ...LOSS_OPTIONS, temperature: NUMBER },
  { temperature: POSITIVE },
);

/** Options of `infoNce`. */
export interface InfoNCEOptions extends TemperatureOptions {
  /** Keys that match no query, shape [M, D]. Default: the keys of the other queries. */
  negatives?: Tensor;
}

const infoOptions = lossOptions<InfoNCEOptions>(
  { ...LOSS_OPTIONS, temperature: NUMBER, negatives: TENSOR },
  { temperature: POSITIVE },
);

/**
 * How well each query matches its key, −ln(e^(s_ii) / Σⱼ e^(s_ij)) with s_ij = cos(qᵢ, kⱼ)/temperature;
 * j runs over all keys, or over the query's own and the negatives. Van den Oord et al.,
 * "Representation learning with contrastive predictive coding", 2018. A vector of 0 has cosine 0.
 *
 * @param query Shape [N, D].
 * @param key The key of each query, the same shape.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none".
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {RangeError} If the temperature is not positive and finite.
 *
 * @example Two queries that are their keys
 * ```ts
 * import { eye, losses } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.infoNce(eye(2), eye(2), { temperature: 1 });
 * assertAlmostEquals(loss.item(), Math.log(1 + Math.exp(-1)), 1e-6);
 * ```
 */
export function infoNce(query: Tensor, key: Tensor, options?: InfoNCEOptions): Tensor {
  const op = "losses.infoNce";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { temperature = 0.1, negatives, reduction = "mean" } = infoOptions(
    `compute ${op}`,
    options,
  );
  key = checkPair(op, query, key, ["query", "key"]);
  checkExamples(op, "query", query);
  if (negatives === undefined) {
    const s = similarities(query, key, temperature);
    return reduced(s.logSoftmax(1).diagonal().neg(), reduction);
  }
  checkExamples(op, "negatives", negatives);
  if (negatives.shape[1] !== query.shape[1]) {
    throw new ShapeError(
      `Cannot compute ${op}: negatives must have shape [M, ${query.shape[1]}], got ` +
        showShape(negatives.shape),
      [query.shape, negatives.shape],
    );
  }
  const own = normalize(query).mul(normalize(key)).sum(1, { keepdim: true }).div(temperature);
  const s = cat([own, similarities(query, negatives, temperature)], 1);
  return reduced(s.logSoftmax(1).at(":", 0).neg(), reduction);
}

/** {@linkcode infoNce} as a module. */
export const InfoNCELoss: LossModule<InfoNCEOptions> = lossModule(
  "InfoNCELoss",
  infoNce,
  infoOptions,
);
/** A module of {@linkcode infoNce}. */
export type InfoNCELoss = FunctionLoss<InfoNCEOptions>;

/**
 * InfoNCE of two views of each example, among all 2N views but itself: −ln(e^(s_ij) / Σ_(k≠i) e^(s_ik))
 * where j is the other view of i, and s the cosine divided by the temperature. Chen et al., "A simple
 * framework for contrastive learning of visual representations", 2020.
 *
 * @param first One view of each example, shape [N, D].
 * @param second The other views, the same shape.
 * @returns A tensor without dimensions, or of shape [2N] for reduction "none": first, then second.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {RangeError} If the temperature is not positive and finite.
 *
 * @example Views that are equal, of examples at right angles
 * ```ts
 * import { eye, losses } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.ntXent(eye(2), eye(2), { temperature: 1 });
 * assertAlmostEquals(loss.item(), Math.log(1 + 2 * Math.exp(-1)), 1e-6);
 * ```
 */
export function ntXent(first: Tensor, second: Tensor, options?: TemperatureOptions): Tensor {
  const op = "losses.ntXent";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { temperature = 0.5, reduction = "mean" } = temperatureOptions(`compute ${op}`, options);
  checkPair(op, first, second, ["first", "second"]);
  checkExamples(op, "first", first);
  const n = extentAt(first.shape, 0);
  const s = logShares(cat([first, second], 0), temperature);
  return reduced(cat([s.diagonal(n), s.diagonal(-n)], 0).neg(), reduction);
}

/** {@linkcode ntXent} as a module. */
export const NTXentLoss: LossModule<TemperatureOptions> = lossModule(
  "NTXentLoss",
  ntXent,
  temperatureOptions,
);
/** A module of {@linkcode ntXent}. */
export type NTXentLoss = FunctionLoss<TemperatureOptions>;

/**
 * Supervised contrastive loss: the mean, over the other examples p of i's class, of
 * −ln(e^(s_ip) / Σ_(k≠i) e^(s_ik)), s the cosine divided by the temperature. An example that is alone in its
 * class has loss 0 and does not count in a mean. Khosla et al., "Supervised contrastive learning",
 * 2020, the form with the sum outside.
 *
 * @param examples Shape [N, D].
 * @param labels int32 classes of shape [N]; any numbers.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none".
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If labels are not int32.
 * @throws {RangeError} If the temperature is not positive and finite.
 *
 * @example Three equal examples of one class
 * ```ts
 * import { losses, ones, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = losses.supCon(ones([3, 2]), zeros([3], { dtype: "int32" }));
 * assertAlmostEquals(loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function supCon(examples: Tensor, labels: Tensor, options?: TemperatureOptions): Tensor {
  const op = "losses.supCon";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { temperature = 0.1, reduction = "mean" } = temperatureOptions(`compute ${op}`, options);
  checkExamples(op, "examples", examples);
  checkLabels(op, "examples", examples, labels, 1);
  const alike = labels.unsqueeze(1).eq(labels).logicalAnd(diagonalOf(examples).logicalNot());
  const positives = alike.sum(1);
  const each = where(alike, logShares(examples, temperature), 0).sum(1).div(positives.maximum(1))
    .neg();
  return reduction === "mean"
    ? meanOver(each.sum(), positives.gt(0).sum())
    : reduced(each, reduction);
}

/** {@linkcode supCon} as a module. */
export const SupConLoss: LossModule<TemperatureOptions> = lossModule(
  "SupConLoss",
  supCon,
  temperatureOptions,
);
/** A module of {@linkcode supCon}. */
export type SupConLoss = FunctionLoss<TemperatureOptions>;

/** Options of `contrastive`. */
export interface ContrastiveOptions extends LossOptions {
  /** Distance from which unlike examples cost nothing, positive. Default: 1. */
  margin?: number;
}

const contrastiveOptions = lossOptions<ContrastiveOptions>(
  { ...LOSS_OPTIONS, margin: NUMBER },
  { margin: POSITIVE },
);

/**
 * Loss of all pairs of a batch by their distance d: d² for examples of one class, max(0, margin − d)²
 * for others. Hadsell et al., "Dimensionality reduction by learning an invariant mapping", 2006,
 * without its factor ½. Unlike examples at the same point have gradient 0, as no direction is better.
 *
 * @param examples Shape [N, D].
 * @param labels int32 classes of shape [N]; any numbers.
 * @returns A tensor without dimensions, or of shape [N·(N − 1)/2] for reduction "none": the pairs
 * (0, 1), (0, 2), …, (1, 2), ….
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If labels are not int32.
 * @throws {RangeError} If the margin is not positive and finite.
 *
 * @example A pair that is alike, and two that are not
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const examples = tensor([[0, 0], [0.6, 0.8], [0.3, 0.4]]);
 * const loss = losses.contrastive(examples, tensor([0, 0, 1], { dtype: "int32" }));
 * assertAlmostEquals(loss.item(), (1 + 0.25 + 0.25) / 3, 1e-6);
 * ```
 */
export function contrastive(
  examples: Tensor,
  labels: Tensor,
  options?: ContrastiveOptions,
): Tensor {
  const op = "losses.contrastive";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { margin = 1, reduction = "mean" } = contrastiveOptions(`compute ${op}`, options);
  checkExamples(op, "examples", examples);
  checkLabels(op, "examples", examples, labels, 1);
  // The squared distance is not taken from the distance, which has a kink at 0.
  const near = pairSquares(examples);
  const same = near.eq(0);
  const distance = where(same, 0, where(same, 1, near).sqrt());
  const far = distance.neg().add(margin).relu().square();
  const alike = ofPairs(labels.unsqueeze(1).eq(labels));
  return reduced(where(alike, near, far), reduction);
}

/** {@linkcode contrastive} as a module. */
export const ContrastiveLoss: LossModule<ContrastiveOptions> = lossModule(
  "ContrastiveLoss",
  contrastive,
  contrastiveOptions,
);
/** A module of {@linkcode contrastive}. */
export type ContrastiveLoss = FunctionLoss<ContrastiveOptions>;
