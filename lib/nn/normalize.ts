/** Normalization by batches, groups, instances and root mean squares, as functions. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  FLAG,
  optionReader,
  type OptionTable,
  orNull,
  TENSOR,
} from "../core/options.ts";
import { checkList } from "../core/arguments.ts";
import { sameShape } from "../core/shape.ts";
import { layerNorm } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, EPSILON } from "./checks.ts";

/** Options that all normalizations share. */
interface Affine {
  /** The weight; null or undefined for none. */
  weight?: Tensor | null;
  /** The bias; null or undefined for none. */
  bias?: Tensor | null;
  /** What is added to the variance. Default: 1e-5. */
  eps?: number;
}

const AFFINE: OptionTable<Affine> = {
  weight: orNull(TENSOR),
  bias: orNull(TENSOR),
  eps: EPSILON,
};

/** Refuses anything but one number for each channel. */
function checkChannels(call: string, name: string, row: Tensor | null, x: Tensor): void {
  if (row === null) return;
  const channels = x.shape[1] ?? 0;
  checkKind(call, name, row, TENSOR);
  if (sameShape(row.shape, [channels])) return;
  throw new ShapeError(
    `Cannot ${call}: ${name} must have shape [${channels}], for an input of shape ${
      showShape(x.shape)
    }, got ${showShape(row.shape)}`,
    [x.shape, row.shape],
  );
}

/** A number for each channel, to be broadcast over an input of shape [batch, channels, …]. */
function perChannel(row: Tensor, x: Tensor): Tensor {
  return row.reshape([row.size, ...x.shape.slice(2).map(() => 1)]);
}

/** y · weight + bias, by channels. */
function affine(y: Tensor, { weight = null, bias = null }: Affine): Tensor {
  const scaled = weight === null ? y : y.mul(perChannel(weight, y));
  return bias === null ? scaled : scaled.add(perChannel(bias, y));
}

function checkInput(call: string, x: Tensor, { weight = null, bias = null }: Affine): void {
  checkFloating(call, x);
  if (x.ndim < 2) {
    throw new ShapeError(
      `Cannot ${call}: the input must have shape [batch, channels, …], got ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  checkChannels(call, "the weight", weight, x);
  checkChannels(call, "the bias", bias, x);
}

/** (x − mean) / √(variance + ε) of each row of a matrix. */
function normalizedRows(rows: Tensor, eps: number): Tensor {
  return layerNorm(rows, rows.shape.slice(-1), { eps });
}

/** Normalizes by given statistics of each channel. */
function byStatistics(x: Tensor, mean: Tensor, variance: Tensor, options: Affine): Tensor {
  const { weight = null, bias = null, eps = 1e-5 } = options;
  const factor = variance.add(eps).rsqrt();
  const scale = weight === null ? factor : factor.mul(weight);
  return affine(x.sub(perChannel(mean, x)), { weight: scale, bias });
}

/** How far running statistics move towards new ones: a number, or a tensor with one. */
export type Momentum = number | Tensor;

/** Moves a running statistic in place. */
function move(running: Tensor | null, statistic: () => Tensor, momentum: Momentum): void {
  if (running === null) return;
  noGrad(() => running.copy_(running.add(statistic().sub(running).mul(momentum))));
}

/** Running statistics. */
interface Running {
  readonly mean: Tensor | null;
  readonly variance: Tensor | null;
}

/** Refuses statistics of a single value, whose variance is 0. */
function checkValues(call: string, count: number, x: Tensor): void {
  if (count > 1) return;
  throw new ShapeError(
    `Cannot ${call}: training needs more than one value for each channel, got shape ${
      showShape(x.shape)
    }`,
    [x.shape],
  );
}

/** Batch normalization by the batch itself, which updates the running statistics. */
export function byBatch(
  call: string,
  x: Tensor,
  running: Running,
  momentum: Momentum,
  options: Affine,
): Tensor {
  const [batch = 0, channels = 1, ...space] = x.shape;
  const count = space.reduce((a, b) => a * b, batch);
  checkValues(call, count, x);
  const front = x.transpose(0, 1);
  const rows = front.reshape([channels, count]);
  const still = rows.detach();
  move(running.mean, () => still.mean(1), momentum);
  move(running.variance, () => still.var(1), momentum);
  const y = normalizedRows(rows, options.eps ?? 1e-5).reshape(front.shape).transpose(0, 1);
  return affine(y, options);
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends Affine {
  /** Whether the batch's own statistics are used, and the running ones updated. Default: false. */
  training?: boolean;
  /** How far the running statistics move towards those of the batch. Default: 0.1. */
  momentum?: number;
}

const readBatchNorm = optionReader<BatchNormOptions>({
  ...AFFINE,
  training: FLAG,
  momentum: FINITE,
});

/**
 * (x − mean) / √(variance + ε) for each channel, times a weight plus a bias; in training by the batch's statistics,
 * which also update the running ones, else by the running ones. Ioffe and Szegedy,
 * "Batch normalization", 2015; follows `torch.nn.functional.batch_norm`.
 *
 * @param x Shape [batch, channels, …].
 * @param runningMean Shape [channels], written in place in training; null for none.
 * @param runningVar The same for variances.
 * @throws {ShapeError} If there is only one value for a channel in training, or if shapes do not fit.
 * @throws {TypeError} If there are no running statistics outside of training.
 *
 * @example By the batch
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const y = nn.functional.batchNorm(tensor([[1], [3]]), null, null, { training: true, eps: 0 });
 * assertClose(y, [[-1], [1]]);
 * ```
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormOptions,
): Tensor {
  const call = "compute batchNorm";
  checkCount(call, arguments.length, 4);
  const { training = false, momentum = 0.1, ...rest } = readBatchNorm(call, options);
  checkInput(call, x, rest);
  checkKind(call, "runningMean", runningMean, orNull(TENSOR));
  checkKind(call, "runningVar", runningVar, orNull(TENSOR));
  checkChannels(call, "runningMean", runningMean, x);
  checkChannels(call, "runningVar", runningVar, x);
  const running = { mean: runningMean, variance: runningVar };
  if (training) return byBatch(call, x, running, momentum, rest);
  if (runningMean !== null && runningVar !== null) {
    return byStatistics(x, runningMean, runningVar, rest);
  }
  throw new TypeError(`Cannot ${call}: outside training, running statistics are needed, got null`);
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends Affine {
  /** Shape [channels], written in place; null or undefined for none. */
  runningMean?: Tensor | null;
  /** The same for variances. */
  runningVar?: Tensor | null;
  /** Whether each instance's own statistics are used. Default: true. */
  useInputStats?: boolean;
  /** How far the running statistics move towards the mean over instances. Default: 0.1. */
  momentum?: number;
}

const readInstanceNorm = optionReader<InstanceNormOptions>({
  ...AFFINE,
  runningMean: orNull(TENSOR),
  runningVar: orNull(TENSOR),
  useInputStats: FLAG,
  momentum: FINITE,
});

/**
 * (x − mean) / √(variance + ε) for each channel of each instance, times a weight plus a bias. Ulyanov
 * and others, "Instance normalization", 2016; follows `torch.nn.functional.instance_norm`.
 *
 * @param x Shape [batch, channels, …].
 * @throws {ShapeError} If a channel of an instance has only one value, or if shapes do not fit.
 * @throws {TypeError} If running statistics are to be used and there are none.
 *
 * @example A channel
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.instanceNorm(tensor([[[1, 3]]]), { eps: 0 }), [[[-1, 1]]]);
 * ```
 */
export function instanceNorm(x: Tensor, options?: InstanceNormOptions): Tensor {
  const call = "compute instanceNorm";
  checkCount(call, arguments.length, 2);
  const read = readInstanceNorm(call, options);
  const { runningMean = null, runningVar = null, useInputStats = true, momentum = 0.1, ...rest } =
    read;
  checkInput(call, x, rest);
  checkChannels(call, "runningMean", runningMean, x);
  checkChannels(call, "runningVar", runningVar, x);
  if (!useInputStats) {
    if (runningMean === null || runningVar === null) {
      throw new TypeError(
        `Cannot ${call}: without useInputStats, running statistics are needed, got none`,
      );
    }
    return byStatistics(x, runningMean, runningVar, rest);
  }
  const [batch = 0, channels = 0, ...space] = x.shape;
  const count = space.reduce((a, b) => a * b, 1);
  checkValues(call, count, x);
  const rows = x.reshape([batch, channels, count]);
  const still = rows.detach();
  move(runningMean, () => still.mean(2).mean(0), momentum);
  move(runningVar, () => still.var(2).mean(0), momentum);
  return affine(normalizedRows(rows, rest.eps ?? 1e-5).reshape(x.shape), rest);
}

/** Options of `groupNorm`. */
export interface GroupNormOptions extends Affine {}

const readGroupNorm = optionReader<GroupNormOptions>(AFFINE);

/**
 * (x − mean) / √(variance + ε) over groups of channels, times a weight plus a bias for each channel.
 * Wu and He, "Group normalization", 2018; follows `torch.nn.functional.group_norm`.
 *
 * @param x Shape [batch, channels, …].
 * @param numGroups Into how many groups the channels fall.
 * @throws {ShapeError} If the groups do not divide the channels, or if shapes do not fit.
 *
 * @example Two groups of one channel
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const y = nn.functional.groupNorm(tensor([[[1, 3], [4, 0]]]), 2, { eps: 0 });
 * assertClose(y, [[[-1, 1], [1, -1]]]);
 * ```
 */
export function groupNorm(x: Tensor, numGroups: number, options?: GroupNormOptions): Tensor {
  const call = "compute groupNorm";
  checkCount(call, arguments.length, 3);
  const read = readGroupNorm(call, options);
  checkKind(call, "numGroups", numGroups, COUNT);
  checkInput(call, x, read);
  const [batch = 0, channels = 0, ...space] = x.shape;
  if (channels % numGroups !== 0) {
    throw new ShapeError(
      `Cannot ${call}: numGroups must divide the channels, got ${numGroups} groups and shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  const count = space.reduce((a, b) => a * b, channels / numGroups);
  const rows = x.reshape([batch, numGroups, count]);
  return affine(normalizedRows(rows, read.eps ?? 1e-5).reshape(x.shape), read);
}

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  /** The weight, of the normalized shape; null or undefined for none. */
  weight?: Tensor | null;
  /** What is added to the mean square; null for the machine epsilon of the type.
   * Default: null. */
  eps?: number | null;
}

const readRmsNorm = optionReader<RmsNormOptions>({ weight: orNull(TENSOR), eps: orNull(EPSILON) });

/**
 * x / √(mean x² + ε) over the last dimensions, times a weight. Zhang and Sennrich, "Root mean square
 * layer normalization", 2019; follows `torch.nn.functional.rms_norm`.
 *
 * @param x Any tensor of floating type.
 * @param normalizedShape The last extents of its shape, over which the mean is taken.
 * @throws {ShapeError} If the input does not end in that shape, or the weight does not have it.
 *
 * @example A row
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.rmsNorm(tensor([1, 7]), [2]), [0.2, 1.4]);
 * ```
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  options?: RmsNormOptions,
): Tensor {
  const call = "compute rmsNorm";
  checkCount(call, arguments.length, 3);
  const { weight = null, eps = null } = readRmsNorm(call, options);
  checkFloating(call, x);
  checkList("rmsNorm", "the normalized shape", normalizedShape);
  const count = normalizedShape.length;
  const fits = count > 0 && sameShape(x.shape.slice(-count), normalizedShape) &&
    (weight === null || sameShape(weight.shape, normalizedShape));
  if (!fits) {
    throw new ShapeError(
      `Cannot ${call}: the input must end in the normalized shape ${
        showShape(normalizedShape)
      }, and the weight have it, got ${showShape(x.shape)} and ${
        weight === null ? "none" : showShape(weight.shape)
      }`,
      [x.shape],
    );
  }
  const dims = normalizedShape.map((_, i) => x.ndim - count + i);
  const spacing = eps ?? (x.dtype === "float64" ? Number.EPSILON : 2 ** -23);
  const y = x.mul(x.square().mean(dims, { keepdim: true }).add(spacing).rsqrt());
  return weight === null ? y : y.mul(weight);
}
