/** Normalization by batches, groups, instances and root mean squares, as modules. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  FLAG,
  kept,
  optionReader,
  orNull,
} from "../core/options.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, checkRank, EPSILON } from "./checks.ts";
import { normalizedShapeOf } from "./layer_norm.ts";
import { Buffer, LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";
import { batchNorm, byBatch, groupNorm, instanceNorm, rmsNorm } from "./normalize.ts";
import { shownCall } from "./shown.ts";

/** Options that all normalizations by channels share. */
export interface ChannelNormOptions extends LayerOptions {
  /** What is added to the variance. Default: 1e-5. */
  eps?: number;
  /** Whether a weight and a bias are learned. Default: true, but false for instances. */
  affine?: boolean;
  /** Whether there is a bias besides the weight. Default: true. */
  bias?: boolean;
}

/** Options of `BatchNorm1d`, `BatchNorm2d` and `BatchNorm3d`. */
export interface BatchNormLayerOptions extends ChannelNormOptions {
  /** Whether a weight and a bias are learned. Default: true. */
  affine?: boolean;
  /** How far running statistics move towards those of a batch; null for the mean of all batches. Default: 0.1. */
  momentum?: number | null;
  /** Whether there are running statistics, for evaluation. Default: true. */
  trackRunningStats?: boolean;
}

/** Options of `InstanceNorm1d`, `InstanceNorm2d` and `InstanceNorm3d`. */
export interface InstanceNormLayerOptions extends ChannelNormOptions {
  /** Whether a weight and a bias are learned. Default: false. */
  affine?: boolean;
  /** How far running statistics move towards the mean over instances. Default: 0.1. */
  momentum?: number;
  /** Whether there are running statistics, for evaluation. Default: false. */
  trackRunningStats?: boolean;
}

const CHANNEL_NORM = { ...LAYER_OPTIONS, eps: EPSILON, affine: FLAG, bias: FLAG };

const readBatchNorm = optionReader<BatchNormLayerOptions>({
  ...CHANNEL_NORM,
  momentum: orNull(FINITE),
  trackRunningStats: FLAG,
});

const readInstanceNorm = optionReader<InstanceNormLayerOptions>({
  ...CHANNEL_NORM,
  momentum: FINITE,
  trackRunningStats: FLAG,
});

/** A layer that normalizes channels, with running statistics. */
export interface RunningNorm extends Module {
  /** The weight, of shape [channels]; null without. */
  readonly weight: Parameter | null;
  /** The bias, of shape [channels]; null without. */
  readonly bias: Parameter | null;
  /** Running mean, of shape [channels]; null without. */
  readonly runningMean: Buffer | null;
  /** Running variance, of shape [channels]; null without. */
  readonly runningVar: Buffer | null;
  /** How many batches the running statistics have seen; null without. */
  readonly numBatchesTracked: Buffer | null;
  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, …].
   */
  forward(x: Tensor): Tensor;
}

/** The class of layers that normalize channels, with running statistics. */
export interface RunningNormClass<Options> {
  /** Creates the layer. */
  new (numFeatures: number, options?: Options): RunningNorm;
  /** What all instances have. */
  readonly prototype: RunningNorm;
}

/** What layers with running statistics hold. */
abstract class Running<Options extends InstanceNormLayerOptions | BatchNormLayerOptions>
  extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;
  readonly numFeatures: number;
  readonly options: Options;

  constructor(
    call: string,
    numFeatures: number,
    options: Options,
    defaults: { affine: boolean; trackRunningStats: boolean },
  ) {
    super();
    checkKind(call, "numFeatures", numFeatures, COUNT);
    const { affine, trackRunningStats, bias = true, dtype = "float32" } = {
      ...defaults,
      ...options,
    };
    const shape = [numFeatures];
    this.numFeatures = numFeatures;
    this.options = options;
    this.weight = affine ? new Parameter(ones(shape, { dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros(shape, { dtype })) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros(shape, { dtype })) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones(shape, { dtype })) : null;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], { dtype: "int32" })) : null;
  }

  /** Refuses an input of another rank or with other channels. */
  protected checkInput(call: string, x: Tensor, ranks: readonly number[], dim: number): void {
    checkFloating(call, x);
    checkRank(call, x, ranks);
    if (x.shape.at(dim) === this.numFeatures) return;
    throw new ShapeError(
      `Cannot ${call}: the input must have ${this.numFeatures} channels, got shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }

  protected override describe(): string {
    return shownCall([this.numFeatures], { ...this.options, dtype: undefined });
  }
}

function batchNormLayer(
  name: string,
  ranks: readonly number[],
): RunningNormClass<BatchNormLayerOptions> {
  const call = `compute ${name}`;
  return class extends Running<BatchNormLayerOptions> {
    static override readonly name: string = name;
    constructor(numFeatures: number, options?: BatchNormLayerOptions) {
      checkCount(`make ${name}`, arguments.length, 2);
      const read = kept(readBatchNorm(`make ${name}`, options));
      super(`make ${name}`, numFeatures, read, { affine: true, trackRunningStats: true });
    }
    override forward(x: Tensor): Tensor {
      this.checkInput(call, x, ranks, 1);
      const { weight, bias, runningMean: mean, runningVar: variance } = this;
      const { eps = 1e-5, momentum = 0.1 } = this.options;
      const affine = { weight, bias, eps };
      if (mean !== null && variance !== null && !this.training) {
        return batchNorm(x, mean, variance, affine);
      }
      if (!this.training) return byBatch(call, x, { mean: null, variance: null }, 0, affine);
      const batches = this.numBatchesTracked;
      if (batches !== null) noGrad(() => batches.copy_(batches.add(1)));
      const factor = momentum ?? batches?.to({ dtype: x.dtype }).reciprocal() ?? 0;
      return byBatch(call, x, { mean, variance }, factor, affine);
    }
  };
}

function instanceNormLayer(
  name: string,
  dims: number,
): RunningNormClass<InstanceNormLayerOptions> {
  const call = `compute ${name}`;
  return class extends Running<InstanceNormLayerOptions> {
    static override readonly name: string = name;
    constructor(numFeatures: number, options?: InstanceNormLayerOptions) {
      checkCount(`make ${name}`, arguments.length, 2);
      const read = kept(readInstanceNorm(`make ${name}`, options));
      super(`make ${name}`, numFeatures, read, { affine: false, trackRunningStats: false });
    }
    override forward(x: Tensor): Tensor {
      this.checkInput(call, x, [dims + 1, dims + 2], -dims - 1);
      if (x.ndim === dims + 1) return this.normalized(x.unsqueeze(0)).squeeze(0);
      return this.normalized(x);
    }
    private normalized(x: Tensor): Tensor {
      const { weight, bias, runningMean, runningVar } = this;
      const { eps = 1e-5, momentum = 0.1 } = this.options;
      const useInputStats = this.training || runningMean === null;
      return instanceNorm(x, {
        ...{ weight, bias, eps, momentum, useInputStats },
        ...(this.training || !useInputStats) && { runningMean, runningVar },
      });
    }
  };
}

/**
 * (x − mean) / √(variance + ε) for each channel, by the statistics of the batch in training, and by running averages of them in evaluation, times a weight
 * plus a bias, of inputs of shape [batch, channels] or [batch, channels, length]. Ioffe and Szegedy, 2015; follows `torch.nn.BatchNorm1d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.BatchNorm1d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[1, 3]]])), [[[-1, 1]]]);
 * ```
 */
export const BatchNorm1d: RunningNormClass<BatchNormLayerOptions> = batchNormLayer("BatchNorm1d", [
  2,
  3,
]);
/** A {@linkcode BatchNorm1d} layer. */
export type BatchNorm1d = RunningNorm;

/**
 * (x − mean) / √(variance + ε) for each channel, by the statistics of the batch in training, and by running averages of them in evaluation, times a weight
 * plus a bias, of inputs of shape [batch, channels, height, width]. Ioffe and Szegedy, 2015; follows `torch.nn.BatchNorm2d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.BatchNorm2d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[[1, 3]]]])), [[[[-1, 1]]]]);
 * ```
 */
export const BatchNorm2d: RunningNormClass<BatchNormLayerOptions> = batchNormLayer("BatchNorm2d", [
  4,
]);
/** A {@linkcode BatchNorm2d} layer. */
export type BatchNorm2d = RunningNorm;

/**
 * (x − mean) / √(variance + ε) for each channel, by the statistics of the batch in training, and by running averages of them in evaluation, times a weight
 * plus a bias, of inputs of shape [batch, channels, depth, height, width]. Ioffe and Szegedy, 2015; follows `torch.nn.BatchNorm3d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.BatchNorm3d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[[[1, 3]]]]])), [[[[[-1, 1]]]]]);
 * ```
 */
export const BatchNorm3d: RunningNormClass<BatchNormLayerOptions> = batchNormLayer("BatchNorm3d", [
  5,
]);
/** A {@linkcode BatchNorm3d} layer. */
export type BatchNorm3d = RunningNorm;

/**
 * (x − mean) / √(variance + ε) for each channel of each instance, times a weight
 * plus a bias, of inputs of shape [batch, channels, length]. Ulyanov and others, 2016; follows `torch.nn.InstanceNorm1d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.InstanceNorm1d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[1, 3]]])), [[[-1, 1]]]);
 * ```
 */
export const InstanceNorm1d: RunningNormClass<InstanceNormLayerOptions> = instanceNormLayer(
  "InstanceNorm1d",
  1,
);
/** An {@linkcode InstanceNorm1d} layer. */
export type InstanceNorm1d = RunningNorm;

/**
 * (x − mean) / √(variance + ε) for each channel of each instance, times a weight
 * plus a bias, of inputs of shape [batch, channels, height, width]. Ulyanov and others, 2016; follows `torch.nn.InstanceNorm2d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.InstanceNorm2d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[[1, 3]]]])), [[[[-1, 1]]]]);
 * ```
 */
export const InstanceNorm2d: RunningNormClass<InstanceNormLayerOptions> = instanceNormLayer(
  "InstanceNorm2d",
  2,
);
/** An {@linkcode InstanceNorm2d} layer. */
export type InstanceNorm2d = RunningNorm;

/**
 * (x − mean) / √(variance + ε) for each channel of each instance, times a weight
 * plus a bias, of inputs of shape [batch, channels, depth, height, width]. Ulyanov and others, 2016; follows `torch.nn.InstanceNorm3d`.
 *
 * @example Two values
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.InstanceNorm3d(1, { eps: 0 });
 * assertClose(layer.forward(tensor([[[[[1, 3]]]]])), [[[[[-1, 1]]]]]);
 * ```
 */
export const InstanceNorm3d: RunningNormClass<InstanceNormLayerOptions> = instanceNormLayer(
  "InstanceNorm3d",
  3,
);
/** An {@linkcode InstanceNorm3d} layer. */
export type InstanceNorm3d = RunningNorm;

/** Options of `GroupNorm`. */
export interface GroupNormLayerOptions extends ChannelNormOptions {
  /** Whether a weight and a bias are learned. Default: true. */
  affine?: boolean;
}

const readGroupNorm = optionReader<GroupNormLayerOptions>(CHANNEL_NORM);

/**
 * (x − mean) / √(variance + ε) over groups of channels, times a weight plus a bias for each channel.
 * Wu and He, 2018; follows `torch.nn.GroupNorm`.
 *
 * @example Two groups of one channel
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.GroupNorm(2, 2, { eps: 0 });
 * assertClose(layer.forward(tensor([[[1, 3], [4, 0]]])), [[[-1, 1], [1, -1]]]);
 * ```
 */
export class GroupNorm extends Module {
  /** The weight, of shape [channels]; null without. */
  readonly weight: Parameter | null;
  /** The bias, of shape [channels]; null without. */
  readonly bias: Parameter | null;
  private readonly options: GroupNormLayerOptions;

  /**
   * Creates the layer.
   *
   * @param numGroups The number of groups of channels.
   * @param numChannels How many channels there are.
   */
  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    options?: GroupNormLayerOptions,
  ) {
    super();
    const call = "make GroupNorm";
    checkCount(call, arguments.length, 3);
    checkKind(call, "numGroups", numGroups, COUNT);
    checkKind(call, "numChannels", numChannels, COUNT);
    this.options = kept(readGroupNorm(call, options));
    if (numChannels % numGroups !== 0) {
      throw new RangeError(
        `Cannot ${call}: numGroups must divide numChannels, got ${numGroups} and ${numChannels}`,
      );
    }
    const { affine = true, bias = true, dtype = "float32" } = this.options;
    this.weight = affine ? new Parameter(ones([numChannels], { dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros([numChannels], { dtype })) : null;
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, …].
   */
  override forward(x: Tensor): Tensor {
    const { weight, bias } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps: this.options.eps ?? 1e-5 });
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.numGroups, this.numChannels], { ...this.options, dtype: undefined });
  }
}

/** Options of `RMSNorm`. */
export interface RMSNormLayerOptions extends LayerOptions {
  /** What is added to the mean square; null for the machine epsilon of the type.
   * Default: null. */
  eps?: number | null;
  /** Whether a weight is learned. Default: true. */
  elementwiseAffine?: boolean;
}

const readRMSNorm = optionReader<RMSNormLayerOptions>({
  ...LAYER_OPTIONS,
  eps: orNull(EPSILON),
  elementwiseAffine: FLAG,
});

/**
 * x / √(mean x² + ε) over the last dimensions, times a weight. Zhang and Sennrich, 2019; follows
 * `torch.nn.RMSNorm`.
 *
 * @example A row
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.RMSNorm(2).forward(tensor([1, 7])), [0.2, 1.4]);
 * ```
 */
export class RMSNorm extends Module {
  /** Extents of the last dimensions, which are normalized over. */
  readonly normalizedShape: readonly number[];
  /** The weight, of the normalized shape; null without. */
  readonly weight: Parameter | null;
  private readonly options: RMSNormLayerOptions;

  /**
   * Creates the layer.
   *
   * @param normalizedShape Extents of the last dimensions, or the extent of the last one.
   */
  constructor(normalizedShape: number | readonly number[], options?: RMSNormLayerOptions) {
    super();
    checkCount("make RMSNorm", arguments.length, 2);
    this.normalizedShape = normalizedShapeOf("RMSNorm", normalizedShape);
    this.options = kept(readRMSNorm("make RMSNorm", options));
    const { elementwiseAffine = true, dtype = "float32" } = this.options;
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape, { dtype })) : null;
  }

  /**
   * Computes the output.
   *
   * @param x Any shape that ends in the normalized one.
   */
  override forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, {
      weight: this.weight,
      eps: this.options.eps ?? null,
    });
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.normalizedShape], { ...this.options, dtype: undefined });
  }
}
