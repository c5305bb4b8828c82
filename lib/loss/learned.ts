/** Losses with parameters of their own, trained together with the model's. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  ABOVE_ZERO,
  arrayOf,
  checkCount,
  checkKind,
  integerFrom,
  isListOf,
  kept,
  kind,
  MANY,
  NUMBER,
  oneOf,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { ReLU, Softplus } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Linear } from "../nn/linear.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "../nn/module.ts";
import { cat, sub } from "../ops/mod.ts";
import { log1pSquare, reduced } from "../ops/loss/fused.ts";
import { full, ones, tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkedLoss, checkPair, Loss, LOSS_OPTIONS, type Reduction } from "./loss.ts";
import { tasksOf } from "./objectives.ts";

const readLayer = optionReader<LayerOptions>(LAYER_OPTIONS);

/** Whether a task predicts classes or numbers, which decides how its loss is weighted. */
export type TaskKind = "classification" | "regression";

/** Options of `MultiTaskLossWithUncertainty`. */
export interface MultiTaskOptions extends LayerOptions {
  /** The kind of all tasks, or of each. Default: "classification", the form of the article. */
  kind?: TaskKind | readonly TaskKind[];
  /** The least and the largest log-variance. Default: none. */
  clamp?: readonly [least: number, largest: number];
}

const KIND = oneOf("classification", "regression");
const KINDS = arrayOf(KIND, "kinds");

const readMultiTask = optionReader<MultiTaskOptions>({
  ...LAYER_OPTIONS,
  kind: kind(
    '"classification", "regression" or an array of them',
    (value) => KIND.accepts(value) || KINDS.accepts(value),
  ),
  clamp: kind(
    "two increasing numbers",
    (value) =>
      isListOf(value, NUMBER.accepts) && value.length === 2 &&
      Number(value[0]) < Number(value[1]),
  ),
});

/**
 * The losses of several tasks, each weighted by a learned log-variance sᵢ: Σᵢ e^(−sᵢ)·Lᵢ + sᵢ/2 for tasks
 * that predict classes, which settles at sᵢ = ln(2Lᵢ), and Σᵢ e^(−sᵢ)·Lᵢ/2 + sᵢ/2 for numbers, at ln Lᵢ.
 * Kendall et al., "Multi-task learning using uncertainty to weigh losses", 2018.
 *
 * The sum may be negative, and falls without end where a loss goes to 0: watch the losses themselves,
 * or set `clamp`. It stays a weighted sum and finds no point of a concave Pareto front. The parameters
 * move slowly at the model's rate, so give them a group with a larger one and no weight decay.
 *
 * @example Two tasks
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const criterion = new losses.MultiTaskLossWithUncertainty(2);
 * const total = criterion.forward([tensor(2), tensor(3)]);
 * total.backward();
 * assertEquals([total.item(), criterion.logVars.grad?.toArray()], [5, [-1.5, -2.5]]);
 * ```
 */
export class MultiTaskLossWithUncertainty extends Module<[readonly Tensor[]]> {
  /** ln σ² of each task, of its overall noise; 0 at first. */
  readonly logVars: Parameter;
  /** The factor of each e^(−sᵢ)·Lᵢ. */
  protected readonly factors: readonly number[];
  /** What the log-variances are clamped to; null for no bounds. */
  protected readonly clamp: readonly [number, number] | null;

  /**
   * Creates the loss.
   *
   * @param numTasks How many tasks there are.
   */
  constructor(numTasks: number, options?: MultiTaskOptions) {
    super();
    const call = "make losses.MultiTaskLossWithUncertainty";
    checkCount(call, arguments.length, 2);
    checkKind(call, "numTasks", numTasks, MANY);
    const { kind = "classification", clamp, dtype = "float32" } = kept(
      readMultiTask(call, options),
    );
    const kinds = typeof kind === "string" ? new Array<TaskKind>(numTasks).fill(kind) : kind;
    if (kinds.length !== numTasks) {
      throw new RangeError(
        `Cannot ${call}: ${numTasks} tasks need as many kinds, got ${kinds.length}`,
      );
    }
    this.factors = kinds.map((one) => one === "regression" ? 0.5 : 1);
    this.clamp = clamp ?? null;
    this.logVars = new Parameter(zeros([numTasks], { dtype }));
  }

  /**
   * The sum of the weighted losses.
   *
   * @param taskLosses A loss of one element for each task.
   */
  override forward(taskLosses: readonly Tensor[]): Tensor {
    const call = "compute losses.MultiTaskLossWithUncertainty";
    checkCount(call, arguments.length, 1);
    const each = tasksOf(call, taskLosses, this.factors.length);
    const s = this.clamp === null ? this.logVars : this.logVars.clamp(...this.clamp);
    const { dtype, device } = each;
    const factors = tensor([...this.factors], { dtype, device });
    return s.neg().exp().mul(each).mul(factors).sum().add(s.sum().mul(0.5));
  }
}

/**
 * Mean squared error times one learned factor, mean(α·(p − t)²), as published. It is degenerate:
 * ∂/∂α is never negative, so descent lowers α, even below 0, from where the error grows without
 * end; and a single factor cannot tell regions apart. It is here to be studied; `RegionWeightedMSE` and
 * `MinimaxMSE` do what it was meant to.
 *
 * @example Value and gradient
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new losses.AdaptiveMSE();
 * const value = loss.forward(tensor([1, 2, 3]), tensor([0, 0, 5]));
 * value.backward();
 * assertEquals([value.item(), loss.alpha.grad?.item()], [3, 3]);
 * ```
 */
export class AdaptiveMSE extends Loss {
  /** The factor; 1 at first. */
  readonly alpha: Parameter;

  /** Creates the loss. */
  constructor(options?: LayerOptions) {
    super();
    checkCount("make losses.AdaptiveMSE", arguments.length, 1);
    const { dtype = "float32" } = readLayer("make losses.AdaptiveMSE", options);
    this.alpha = new Parameter(ones([], { dtype }));
  }

  /** The loss, a tensor without dimensions. */
  override forward(prediction: Tensor, target: Tensor): Tensor {
    checkCount("compute losses.AdaptiveMSE", arguments.length, 2);
    checkPair("losses.AdaptiveMSE", prediction, target);
    const loss = this.alpha.mul(prediction.sub(target).square()).mean();
    return checkedLoss("losses.AdaptiveMSE", target, "mean", loss);
  }
}

/**
 * A network as the loss: features, prediction and target of an example go in, a positive number comes
 * out, and the mean of these is the loss. It is trained by the loss of the model that it has trained,
 * through a step that is differentiated (`optim.functional`). Bechtle et al., "Meta learning via learned
 * loss", 2021.
 *
 * @example Features of two columns
 * ```ts
 * import { losses, ones } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const network = new losses.MetaLossNetwork(4);
 * assert(network.forward(ones([5, 2]), ones([5]), ones([5])).item() > 0);
 * ```
 */
export class MetaLossNetwork extends Loss<[Tensor, Tensor, Tensor]> {
  /** Three layers, of 64, 32 and 1 units. */
  readonly net: Sequential;

  /**
   * Creates the loss.
   *
   * @param inputDim How many features there are, and 2.
   */
  constructor(readonly inputDim: number, options?: LayerOptions) {
    super();
    const call = "make losses.MetaLossNetwork";
    checkCount(call, arguments.length, 2);
    checkKind(call, "inputDim", inputDim, integerFrom(2));
    const read = readLayer(call, options);
    this.net = new Sequential(
      new Linear(inputDim, 64, read),
      new ReLU(),
      new Linear(64, 32, read),
      new ReLU(),
      new Linear(32, 1, read),
      new Softplus(),
    );
  }

  /**
   * The loss, a tensor without dimensions.
   *
   * @param features Shape [N, ...] with inputDim − 2 numbers for each example.
   * @param predictions Shape [N].
   * @param targets Shape [N]; pass classes as one-hot features or logits, not as labels.
   */
  override forward(features: Tensor, predictions: Tensor, targets: Tensor): Tensor {
    const op = "losses.MetaLossNetwork";
    checkCount(`compute ${op}`, arguments.length, 3);
    checkKind(`compute ${op}`, "features", features, TENSOR);
    checkPair(op, predictions, targets, ["predictions", "targets"]);
    const [n = 0, ...rest] = features.shape;
    if (features.ndim < 2 || sizeOf(rest) !== this.inputDim - 2) {
      throw new ShapeError(
        `Cannot compute ${op}: features must have shape [N, ...] with ${
          this.inputDim - 2
        } numbers for each example, got ${showShape(features.shape)}`,
        [features.shape],
      );
    }
    if (!sameShape(predictions.shape, [n])) {
      throw new ShapeError(
        `Cannot compute ${op}: predictions and targets must have shape [${n}], got ${
          showShape(predictions.shape)
        }`,
        [features.shape, predictions.shape],
      );
    }
    const columns = [features.flatten(1), predictions.unsqueeze(1), targets.unsqueeze(1)];
    return checkedLoss(op, targets, "mean", this.net.forward(cat(columns, 1)).mean(), "targets");
  }
}

/** The bounds of the learned shape: at 0 and 2 its density no longer has this form. */
const [LEAST_ALPHA, MOST_ALPHA] = [0.001, 1.999];

/** Options of `AdaptiveRobustLoss`. */
export interface AdaptiveRobustOptions extends LayerOptions {
  /** The shape at first, between 0.001 and 1.999. Default: 1. */
  alpha?: number;
  /** The scale at first, positive. Default: 1. */
  scale?: number;
  /** How the losses of the elements are reduced. Default: "mean". */
  reduction?: Reduction;
}

const readRobust = optionReader<AdaptiveRobustOptions>({
  ...LAYER_OPTIONS,
  ...LOSS_OPTIONS,
  alpha: kind(
    "a number between 0.001 and 1.999",
    (value) => NUMBER.accepts(value) && Number(value) > LEAST_ALPHA && Number(value) < MOST_ALPHA,
  ),
  scale: ABOVE_ZERO,
});

/** Steps of the integral of the density. */
const STEP = 1 / 8;
/** ln(1 + sinh² v) from v = 0 on. */
const RISES = Float64Array.from({ length: 321 }, (_, i) => 2 * Math.log(Math.cosh(i * STEP)));
/** ln of the width of each step on both sides of 0, measured in sinh v. */
const LOG_WIDTHS = RISES.map((rise, i) => rise / 2 + Math.log(i === 0 ? STEP : 2 * STEP));

/**
 * The loss of residuals with a shape and a scale, and what is to be added so that it is the negative
 * logarithm of a density: ln of the integral of e^(−loss) over all residuals. With r = √b·c·u and b = 2 − α
 * the loss is (b/α)·((1 + u²)^(α/2) − 1); with u = sinh v it is so smooth that a sum of steps in v has
 * nearly all digits.
 */
function robustDensity(
  residuals: Tensor,
  alpha: Tensor,
  scale: Tensor,
): [loss: Tensor, log: Tensor] {
  const place = { dtype: alpha.dtype, device: alpha.device };
  const b = sub(2, alpha);
  const [half, factor, width] = [alpha.mul(0.5), b.div(alpha), b.sqrt().mul(scale)];
  const ofRises = (rises: Tensor) => rises.mul(half).expm1().mul(factor);
  const steps = tensor(LOG_WIDTHS, place).sub(ofRises(tensor(RISES, place)));
  const loss = ofRises(log1pSquare(residuals.mul(width.reciprocal())));
  return [loss, steps.logsumexp(-1).add(width.log())];
}

/**
 * The negative log-likelihood of residuals whose density is that of `generalRobust`, with shape and scale
 * learned: loss(r, α, c) + ln c + ln Z(α), where Z is the integral of e^(−loss(r, α, 1)). Without the last
 * two terms a small α or a large c would be best for any residuals. α lies strictly between 0, Cauchy's
 * density, and 2, the normal one. Barron, "A general and adaptive robust loss function", 2019.
 *
 * @example The terms of a normal density, nearly
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new losses.AdaptiveRobustLoss({ alpha: 1.9989, dtype: "float64" });
 * const value = loss.forward(tensor([1], { dtype: "float64" }), tensor([0], { dtype: "float64" }));
 * assertAlmostEquals(value.item(), 0.5 + 0.5 * Math.log(2 * Math.PI), 1e-3);
 * ```
 */
export class AdaptiveRobustLoss extends Loss {
  /** The shape, as the logit of where it lies between 0.001 and 1.999. */
  readonly latentAlpha: Parameter;
  /** The scale before softplus. */
  readonly latentScale: Parameter;
  /** How the losses of the elements are reduced. */
  protected readonly reduction: Reduction;

  /** Creates the loss. */
  constructor(options?: AdaptiveRobustOptions) {
    super();
    const call = "make losses.AdaptiveRobustLoss";
    checkCount(call, arguments.length, 1);
    const { alpha = 1, scale = 1, reduction = "mean", dtype = "float32" } = readRobust(
      call,
      options,
    );
    const logit = Math.log((alpha - LEAST_ALPHA) / (MOST_ALPHA - alpha));
    this.latentAlpha = new Parameter(full([], logit, { dtype }));
    this.latentScale = new Parameter(full([], scale + Math.log(-Math.expm1(-scale)), { dtype }));
    this.reduction = reduction;
  }

  /** The shape. */
  get alpha(): Tensor {
    return this.latentAlpha.sigmoid().mul(MOST_ALPHA - LEAST_ALPHA).add(LEAST_ALPHA);
  }

  /** The scale. */
  get scale(): Tensor {
    return this.latentScale.softplus();
  }

  /** The loss, a tensor without dimensions, or of the shape of the inputs for reduction "none". */
  override forward(prediction: Tensor, target: Tensor): Tensor {
    checkCount("compute losses.AdaptiveRobustLoss", arguments.length, 2);
    checkPair("losses.AdaptiveRobustLoss", prediction, target);
    const [each, log] = robustDensity(prediction.sub(target), this.alpha, this.scale);
    const { reduction } = this;
    const loss = reduction === "mean" ? each.mean().add(log) : reduced(each.add(log), reduction);
    return checkedLoss("losses.AdaptiveRobustLoss", target, reduction, loss);
  }
}
