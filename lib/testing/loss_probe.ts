/** A loss under test, and its samples. */

import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { settled } from "../core/engine.ts";
import { DTypeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
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
import type { Shape } from "../core/shape.ts";
import type { Reduction } from "../loss/loss.ts";
import { randn } from "../tensor/rand.ts";
import { Tensor } from "../tensor/tensor.ts";
import { CheckError, nameOf, SEED, SHAPE, showIndex } from "./check_error.ts";
import { elements } from "./probe.ts";

/** A loss as a function. */
export type LossFunction = (pred: Tensor, target: Tensor) => Tensor;

/** A loss as a function or a module. */
export type LossLike = LossFunction | { forward(pred: Tensor, target: Tensor): Tensor };

/** A point whose loss is known. */
export interface LossPoint {
  /** The prediction. */
  readonly pred: Tensor;
  /** The target. */
  readonly target: Tensor;
  /** The loss. */
  readonly value: number;
}

/** Options of `checkLoss`. */
export interface CheckLossOptions {
  /** Shape of the prediction, the batch first. Default: `[8, 3]`. */
  shape?: readonly number[];
  /** Makes the prediction from its shape. Default: seeded normal samples. */
  pred?: (shape: readonly number[]) => Tensor;
  /** Makes the target, such as labels, from that shape. Default: seeded normal samples of the same shape. */
  target?: (shape: readonly number[]) => Tensor;
  /** Whether the loss must be 0 where the prediction equals the target. Default: false. */
  zeroAtTarget?: boolean;
  /**
   * The largest absolute gradient that an element may have, at least 0, for residuals from −10⁴ to 10⁴.
   * As for a mean, gradients are multiplied by the number of elements. Default: no bound.
   */
  gradientBound?: number;
  /** Predictions at which value and gradient must be finite in float32. Default: none. */
  finiteAt?: readonly number[];
  /** Whether the order of the rows of a batch must not matter. Default: true. */
  permutationInvariant?: boolean;
  /** Whether adding 10⁴ to all predictions must change nothing, as for a softmax. Default: false. */
  offsetInvariant?: boolean;
  /** Whether an empty batch must be accepted, with an empty gradient. Default: false. */
  emptyBatch?: boolean;
  /** Makes a target that is ignored entirely; the gradient must be 0. Default: none. */
  ignored?: (shape: readonly number[]) => Tensor;
  /** Makes a target that lacks classes; value and gradient must be finite. Default: none. */
  missing?: (shape: readonly number[]) => Tensor;
  /** Exact values at boundary points, such as probabilities of 0 and 1; gradients must be finite. */
  exact?: readonly LossPoint[];
  /** Returns the loss with a reduction; "mean" and "sum" are compared with "none". */
  reductions?: (reduction: Reduction) => LossLike;
  /** Seed of the samples. Default: 0. */
  seed?: number | bigint;
  /** The name of the loss in messages. Default: its own name. */
  name?: string;
}

export const readOptions = optionReader<CheckLossOptions>({
  shape: SHAPE,
  pred: FUNCTION,
  target: FUNCTION,
  zeroAtTarget: FLAG,
  gradientBound: kind(
    "a non-negative number",
    (value) => NUMBER.accepts(value) && Number(value) >= 0,
  ),
  finiteAt: arrayOf(
    kind("a number", (value) => NUMBER.accepts(value) && !Number.isNaN(value)),
    "numbers that are not NaN",
  ),
  permutationInvariant: FLAG,
  offsetInvariant: FLAG,
  emptyBatch: FLAG,
  ignored: FUNCTION,
  missing: FUNCTION,
  exact: arrayOf(
    kind("a point", (value) => {
      const { pred, target, value: known }: Partial<LossPoint> = Object(value);
      return TENSOR.accepts(pred) && TENSOR.accepts(target) && NUMBER.accepts(known);
    }),
    "objects { pred, target, value }",
  ),
  reductions: FUNCTION,
  seed: SEED,
  name: TEXT,
});

/** A loss at a point. */
export interface Outcome {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How much float64 values of the same formula may differ, absolute and relative. */
export const EXACT = 1e-9;
/** How much float32 values may differ from float64 ones, absolute and relative. */
export const SINGLE = 1e-4;
export function near(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * (1 + Math.abs(b));
}

/** A floating tensor in the given type, off the tape; labels are returned unchanged. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return isFloat(x.dtype) ? x.detach().to({ dtype }) : x;
}

/** A loss and its samples. */
export class LossProbe {
  readonly name: string;
  readonly loss: LossLike;
  readonly options: CheckLossOptions;
  readonly generator: RandomGenerator;
  /** The samples, in float64 with values that float32 can represent. */
  readonly pred: Tensor;
  readonly target: Tensor;
  /** Whether prediction and target can be subtracted. */
  readonly comparable: boolean;

  constructor(loss: LossLike, options: CheckLossOptions) {
    const { shape = [8, 3], seed = 0 } = options;
    this.name = nameOf(loss, options.name, "the loss");
    this.loss = loss;
    this.options = options;
    this.generator = new RandomGenerator(seed);
    const sample = (shape: Shape) => randn(shape, { generator: this.generator });
    const pred = options.pred === undefined ? sample(shape) : options.pred(shape);
    checkKind("run checkLoss", "what pred gives", pred, TENSOR);
    const target = options.target === undefined ? sample(pred.shape) : options.target(shape);
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

  /** Throws an error whose sentence starts with the name of the loss. */
  fail(sentence: string): never {
    throw new CheckError(`${this.name} ${sentence}`);
  }

  /** Calls the loss, a function or a module; refuses one that changes its inputs. */
  call(loss: LossLike, pred: Tensor, target: Tensor): Tensor {
    const versions = [pred, target].map(({ storage }) => storage.version);
    const given: unknown = typeof loss === "function"
      ? loss(pred, target)
      : loss.forward(pred, target);
    [pred, target].forEach(({ storage }, i) => {
      if (storage.version === versions[i]) return;
      const name = i === 0 ? "prediction" : "target";
      this.fail(`changes the ${name} in place; let it change a copy (x.clone()) instead`);
    });
    const value = settled("checkLoss", "its value is needed at once", given);
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

  /** Refuses values and gradients that are not finite; `where` describes the point. */
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
