/** Losses of classes that include the layer before them, for large vocabularies. */

import { checkpointInScope } from "../autograd/checkpoint.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  INTEGER,
  NUMBER,
  optionReader,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import { extentAt, sameShape } from "../core/shape.ts";
import { Sequential } from "../nn/container.ts";
import { Linear } from "../nn/linear.ts";
import { LAYER_OPTIONS, type LayerOptions, Module } from "../nn/module.ts";
import { linear } from "../ops/linalg/linear.ts";
import { reduced, rowCrossEntropy } from "../ops/loss/fused.ts";
import { cat } from "../ops/mod.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CrossEntropyOptions, entropyOf } from "./classification.ts";
import { checkDomain } from "./domain.ts";
import {
  checkLabels,
  checkWeight,
  classDim,
  hasIgnored,
  placesOf,
  reducedPlaces,
} from "./labels.ts";
import {
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  lossOptions,
  SHARE,
} from "./loss.ts";

/** Options of `linearCrossEntropy`. */
export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  /** What is added to the logits, shape [C]. Default: nothing. */
  linearBias?: Tensor;
}

const linearOptions = lossOptions<LinearCrossEntropyOptions>(
  {
    ...LOSS_OPTIONS,
    weight: TENSOR,
    ignoreIndex: INTEGER,
    labelSmoothing: NUMBER,
    linearBias: TENSOR,
  },
  { labelSmoothing: SHARE },
);

/** How many logits are computed at once; more are computed in chunks of rows. */
const MOST_LOGITS = 2 ** 22;

/** The losses of rows, with the logits of one chunk in memory at a time. */
function eachInChunks(
  op: string,
  input: Tensor,
  weight: Tensor,
  target: Tensor,
  { linearBias, ...options }: LinearCrossEntropyOptions,
): Tensor {
  const rows = extentAt(input.shape, 0);
  const step = Math.max(1, Math.floor(MOST_LOGITS / extentAt(weight.shape, 0)));
  const chunks: Tensor[] = [];
  for (let start = 0; start < rows; start += step) {
    const chunk = (x: Tensor) => x.slice(0, start, start + step);
    const losses = (x: Tensor, w: Tensor, t: Tensor) =>
      entropyOf(op, linear(x, w, linearBias ?? null), t, { ...options, reduction: "none" });
    chunks.push(checkpointInScope(losses, chunk(input), weight, chunk(target)));
  }
  return cat(chunks, 0);
}

/**
 * Cross-entropy of the logits x·Wᵀ + b, as in `crossEntropy`. More than 2²² logits are
 * computed in chunks of rows, and again in backward, so that they are never all in memory.
 * Follows `torch.nn.functional.linear_cross_entropy`.
 *
 * @param input Shape [N, D] or [D].
 * @param linearWeight W, shape [C, D].
 * @param target int32 classes of shape [N] or [], or probabilities of shape [N, C] or [C].
 * @returns A tensor without dimensions, or of the shape of the labels for reduction "none".
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {RangeError} If a label names no class, or labelSmoothing does not lie in 0 to 1.
 *
 * @example Logits of 0
 * ```ts
 * import { losses, ones, tensor, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const labels = tensor([0, 2], { dtype: "int32" });
 * const loss = losses.linearCrossEntropy(ones([2, 4]), zeros([3, 4]), labels);
 * assertAlmostEquals(loss.item(), Math.log(3), 1e-6);
 * ```
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  options?: LinearCrossEntropyOptions,
): Tensor {
  const op = "losses.linearCrossEntropy";
  checkCount(`compute ${op}`, arguments.length, 4);
  const given = linearOptions(`compute ${op}`, options);
  const { linearBias, ...read } = given;
  checkKind(`compute ${op}`, "input", input, TENSOR);
  checkKind(`compute ${op}`, "linearWeight", linearWeight, TENSOR);
  classDim(op, "inputs", input);
  const fits = input.ndim <= 2 && linearWeight.ndim === 2 &&
    input.shape.at(-1) === linearWeight.shape[1];
  if (!fits) {
    throw new ShapeError(
      `Cannot compute ${op}: input and linearWeight must have shapes [N, D] or [D] and [C, D], ` +
        `got ${showShape(input.shape)} and ${showShape(linearWeight.shape)}`,
      [input.shape, linearWeight.shape],
    );
  }
  const classes = extentAt(linearWeight.shape, 0);
  if (linearBias !== undefined && !sameShape(linearBias.shape, [classes])) {
    throw new ShapeError(
      `Cannot compute ${op}: linearBias must have shape [${classes}], got ${
        showShape(linearBias.shape)
      }`,
      [linearBias.shape],
    );
  }
  const { reduction = "mean", weight, ignoreIndex } = read;
  const many = input.ndim === 2 && extentAt(input.shape, 0) * classes > MOST_LOGITS;
  const places = input.shape.slice(0, 1);
  if (many && target?.dtype === "int32" && sameShape(target.shape, places)) {
    checkWeight(op, weight, classes);
    const ignored = hasIgnored(op, target, classes, ignoreIndex);
    const each = eachInChunks(op, input, linearWeight, target, given);
    return reducedPlaces(each, placesOf(target, ignored, read), reduction);
  }
  if (many && target?.dtype === input.dtype && sameShape(target.shape, [...places, classes])) {
    checkDomain(op, target);
    return reduced(eachInChunks(op, input, linearWeight, target, given), reduction);
  }
  return entropyOf(op, linear(input, linearWeight, linearBias ?? null), target, read);
}

/** {@linkcode linearCrossEntropy} as a module. */
export const LinearCrossEntropyLoss: LossModule<
  LinearCrossEntropyOptions,
  [Tensor, Tensor, Tensor]
> = lossModule("LinearCrossEntropyLoss", linearCrossEntropy, linearOptions);
/** A module of {@linkcode linearCrossEntropy}. */
export type LinearCrossEntropyLoss = FunctionLoss<
  LinearCrossEntropyOptions,
  [Tensor, Tensor, Tensor]
>;

/** Options of `AdaptiveLogSoftmaxWithLoss`. */
export interface AdaptiveLogSoftmaxOptions extends LayerOptions {
  /** By which factor each cluster has fewer features than the one before. Default: 4. */
  divValue?: number;
  /** Whether a bias is added to the head. Default: false. */
  headBias?: boolean;
}

const readAdaptive = optionReader<AdaptiveLogSoftmaxOptions>({
  ...LAYER_OPTIONS,
  divValue: NUMBER,
  headBias: FLAG,
});

/** What `AdaptiveLogSoftmaxWithLoss` gives. */
export interface AdaptiveLogSoftmaxOutput {
  /** The log-probability of each target. */
  readonly output: Tensor;
  /** The negative mean of the output. */
  readonly loss: Tensor;
}

const CUTOFFS = arrayOf(INTEGER, "integers");

/**
 * Log-likelihood of many classes, the frequent ones first: a head has those below the first cutoff and
 * one entry for each cluster of the others, ln p(c) = ln p(cluster) + ln p(c | cluster). Grave et al.,
 * "Efficient softmax approximation for GPUs", 2017. Follows `torch.nn.AdaptiveLogSoftmaxWithLoss`.
 *
 * @example A loss, and the most likely classes
 * ```ts
 * import { losses, randn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const softmax = new losses.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], { divValue: 2 });
 * const x = randn([4, 8]);
 * const { output, loss } = softmax.forward(x, tensor([0, 3, 9, 1], { dtype: "int32" }));
 * assertEquals([output.shape, loss.shape], [[4], []]);
 * assertEquals(softmax.predict(x).toArray(), softmax.logProb(x).argmax(1).toArray());
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<[Tensor, Tensor], AdaptiveLogSoftmaxOutput> {
  /** The frequent classes, then an entry for each cluster. */
  readonly head: Linear<boolean>;
  /** A layer to fewer features and one to the classes, for each cluster. */
  readonly tail: readonly Sequential[];
  /** The first class of each cluster. */
  protected readonly cutoffs: readonly number[];
  /** How many frequent classes there are. */
  protected readonly shortlist: number;

  /**
   * Creates the loss.
   *
   * @param inFeatures Extent of the inputs.
   * @param nClasses How many classes there are.
   * @param cutoffs The first class of each cluster, increasing, between 1 and nClasses − 1.
   */
  constructor(
    readonly inFeatures: number,
    readonly nClasses: number,
    cutoffs: readonly number[],
    options?: AdaptiveLogSoftmaxOptions,
  ) {
    super();
    const call = "make losses.AdaptiveLogSoftmaxWithLoss";
    checkCount(call, arguments.length, 4);
    checkKind(call, "inFeatures", inFeatures, WHOLE);
    checkKind(call, "nClasses", nClasses, INTEGER);
    checkKind(call, "cutoffs", cutoffs, CUTOFFS);
    const { divValue = 4, headBias = false, ...rest } = readAdaptive(call, options);
    const [shortlist] = cutoffs;
    const grows = [...cutoffs, nClasses].every((bound, i) => bound > (cutoffs[i - 1] ?? 0));
    if (shortlist === undefined || !grows) {
      throw new RangeError(
        `Cannot ${call}: cutoffs must increase and lie in 1 to ${nClasses - 1}, got [${
          cutoffs.join(", ")
        }]`,
      );
    }
    if (!(divValue > 0 && divValue < Infinity)) {
      throw new RangeError(`Cannot ${call}: divValue must be positive and finite, got ${divValue}`);
    }
    this.cutoffs = [...cutoffs];
    this.shortlist = shortlist;
    this.head = new Linear(inFeatures, shortlist + cutoffs.length, { bias: headBias, ...rest });
    this.tail = cutoffs.map((cutoff, i) => {
      const features = Math.trunc(inFeatures / divValue ** (i + 1));
      const plain = { bias: false, ...rest } as const;
      return new Sequential(
        new Linear(inFeatures, features, plain),
        new Linear(features, (cutoffs[i + 1] ?? nClasses) - cutoff, plain),
      );
    });
  }

  /** Refuses inputs of another shape. */
  protected checkInput(op: string, x: Tensor): void {
    checkKind(`compute ${op}`, "input", x, TENSOR);
    if (x.ndim === 2 && x.shape[1] === this.inFeatures) return;
    throw new ShapeError(
      `Cannot compute ${op}: input must have shape [N, ${this.inFeatures}], got ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }

  /**
   * Computes the log-probabilities of the targets, and the loss.
   *
   * @param input Shape [N, in], or [in].
   * @param target int32 classes of shape [N], or [].
   */
  override forward(input: Tensor, target: Tensor): AdaptiveLogSoftmaxOutput {
    const op = "losses.AdaptiveLogSoftmaxWithLoss";
    checkCount(`compute ${op}`, arguments.length, 2);
    for (const [name, x] of Object.entries({ input, target })) {
      checkKind(`compute ${op}`, name, x, TENSOR);
    }
    if (input.ndim === 1 && target.ndim === 0) {
      const { output, loss } = this.forward(input.unsqueeze(0), target.unsqueeze(0));
      return { output: output.squeeze(0), loss };
    }
    this.checkInput(op, input);
    checkLabels(op, "inputs", input, target, 1);
    hasIgnored(op, target, this.nClasses, null);
    const { device } = input;
    const int32 = (data: Iterable<number>) => tensor(Int32Array.from(data), { device });
    const examples = Array.from(target.contiguous().data, (label, row) => {
      const cluster = this.cutoffs.findLastIndex((cutoff) => label >= cutoff);
      return { row, label, cluster, entry: cluster < 0 ? label : this.shortlist + cluster };
    });
    const entries = int32(examples.map(({ entry }) => entry));
    // The losses within clusters, one cluster after the other, then in the order of the examples.
    const short = examples.filter(({ cluster }) => cluster < 0);
    const order = [short];
    const parts: Tensor[] = [];
    for (const [i, layers] of this.tail.entries()) {
      const own = examples.filter(({ cluster }) => cluster === i);
      if (own.length === 0) continue;
      const x = input.indexSelect(0, int32(own.map(({ row }) => row)));
      const classes = int32(own.map(({ label }) => label - (this.cutoffs[i] ?? 0)));
      order.push(own);
      parts.push(rowCrossEntropy(layers.forward(x), classes));
    }
    // Last, as backward then begins with a gradient of all examples, to which the clusters add theirs.
    const head = rowCrossEntropy(this.head.forward(input), entries);
    const none = zeros([short.length], { dtype: head.dtype, device });
    const places = new Int32Array(examples.length);
    order.flat().forEach(({ row }, at) => places[row] = at);
    const within = cat([none, ...parts], 0).indexSelect(0, int32(places));
    const each = head.add(within);
    return { output: each.neg(), loss: each.mean() };
  }

  /**
   * The log-probabilities of all classes.
   *
   * @param input Shape [N, in].
   * @returns Shape [N, classes].
   */
  logProb(input: Tensor): Tensor {
    const op = "losses.AdaptiveLogSoftmaxWithLoss.logProb";
    checkCount(`compute ${op}`, arguments.length, 1);
    this.checkInput(op, input);
    return this.allLogProbs(input);
  }

  /** The logarithms of the probabilities of all classes. */
  protected allLogProbs(input: Tensor): Tensor {
    const head = this.head.forward(input).logSoftmax(1);
    const clusters = this.tail.map((layers, i) =>
      layers.forward(input).logSoftmax(1).add(head.narrow(1, this.shortlist + i, 1))
    );
    return cat([head.narrow(1, 0, this.shortlist), ...clusters], 1);
  }

  /**
   * The most likely class of each input.
   *
   * @param input Shape [N, in].
   * @returns int32, shape [N].
   */
  predict(input: Tensor): Tensor {
    const op = "losses.AdaptiveLogSoftmaxWithLoss.predict";
    checkCount(`compute ${op}`, arguments.length, 1);
    this.checkInput(op, input);
    return this.allLogProbs(input).argmax(1);
  }
}
