/** The distribution over finitely many outcomes. */

import { DTypeError, ShapeError } from "../core/errors.ts";
import { checkCount, optionReader, TENSOR } from "../core/options.ts";
import { extentAt, type Shape, sizeOf } from "../core/shape.ts";
import { searchsorted, where } from "../ops/mod.ts";
import { rand } from "../tensor/rand.ts";
import { everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkFloat,
  type Distribution,
  readSample,
  readValue,
  type SampleOptions,
} from "./distribution.ts";

/**
 * What a `Categorical` is made of, along the last dimension: weights that are not negative, which are
 * divided by their sum, or logarithms of such, of which −∞ is a weight of 0.
 */
export type CategoricalParameters =
  | { readonly probs: Tensor; readonly logits?: undefined }
  | { readonly logits: Tensor; readonly probs?: undefined };

/** A share that is far from where float32 loses digits. */
const SMALL = 1e-30;

const readParameters = optionReader<CategoricalParameters>({ probs: TENSOR, logits: TENSOR });

/**
 * Distributions over the outcomes 0 to n − 1. An outcome of probability 0 has log-probability −∞, is
 * never drawn, and adds nothing to entropy, divergence and their gradients. Follows
 * `torch.distributions.Categorical`.
 *
 * @example A die that is loaded, and one that is not
 * ```ts
 * import { distributions, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const dice = new distributions.Categorical({ probs: tensor([[0, 1, 1], [1, 1, 1]]) });
 * assertEquals(dice.sample([5]).shape, [5, 2]);
 * assertAlmostEquals(dice.entropy().at(0).item(), Math.log(2), 1e-6);
 * assertAlmostEquals(dice.entropy().at(1).item(), Math.log(3), 1e-6);
 * assertEquals(dice.logProb(tensor([0, 0], { dtype: "int32" })).at(0).item(), -Infinity);
 * ```
 */
export class Categorical implements Distribution {
  /** Probabilities, whose sum along the last dimension is 1. */
  readonly probs: Tensor;
  /** Their logarithms. */
  readonly logits: Tensor;
  /** The shape without its last dimension. */
  readonly batchShape: Shape;

  /**
   * Creates the distribution.
   *
   * @param parameters `{ probs }` or `{ logits }`, floating, of shape [..., n].
   * @throws {RangeError} If a probability is negative, all are 0, or a logit is NaN or +∞.
   * @throws {ShapeError} If there is no dimension, or no outcome.
   */
  constructor(parameters: CategoricalParameters) {
    const call = "make distributions.Categorical";
    checkCount(call, arguments.length, 1);
    const { probs, logits } = readParameters(call, parameters);
    const given: Tensor | undefined = probs ?? logits;
    if (given === undefined || (probs !== undefined && logits !== undefined)) {
      throw new TypeError(
        `Cannot ${call}: it needs one of probs and logits, got ${
          given === undefined ? "none" : "both"
        }`,
      );
    }
    const name = probs === undefined ? "logits" : "probs";
    checkFloat(call, name, given);
    if (given.ndim === 0 || extentAt(given.shape, -1) === 0) {
      throw new ShapeError(
        `Cannot ${call}: ${name} must have outcomes along the last dimension, got shape [${
          given.shape.join(", ")
        }]`,
        [given.shape],
      );
    }
    this.batchShape = given.shape.slice(0, -1);
    checkWeights(call, name, given);
    if (probs === undefined) {
      this.logits = given.logSoftmax(-1);
      this.probs = given.softmax(-1);
    } else {
      // Weights above 1 are scaled, as their sum may leave the range.
      const largest = given.detach().max(-1, { keepdim: true }).values;
      const scale = where(largest.gt(1), largest, 1);
      const weights = given.div(scale);
      const sum = weights.sum(-1, { keepdim: true });
      this.probs = weights.div(sum);
      const impossible = given.eq(0);
      // A share may be too small for the type where its logarithm is not.
      const small = this.probs.lt(SMALL);
      const plain = where(small, 1, this.probs).log();
      const apart = where(small.logicalAnd(impossible.logicalNot()), given, 1).log()
        .sub(sum.log()).sub(scale.log());
      this.logits = where(impossible, -Infinity, where(small, apart, plain));
    }
  }

  /**
   * Outcomes at random, int32.
   *
   * @param shape How many for each place of the batch. Default: [], one.
   * @returns A tensor of shape [...shape, ...batchShape].
   */
  sample(shape: readonly number[] = [], options?: SampleOptions): Tensor {
    const read = readSample("Categorical.sample", arguments, shape, options, this.batchShape);
    const { device } = this.probs;
    // The first outcome up to which there is more than a uniform share of all, which never rounds to
    // all of it in float64.
    const upTo = this.probs.detach().to({ device: "cpu" }).to({ dtype: "float64" }).cumsum(-1);
    const outcomes = extentAt(upTo.shape, -1);
    const all = upTo.narrow(-1, outcomes - 1, 1).squeeze(-1);
    const share = rand(read.shape, { dtype: "float64", ...read.options }).mul(all);
    if (shape.length === 0) return upTo.le(share.unsqueeze(-1)).sum(-1).to({ device });
    // Many are looked for, as comparing each with all outcomes would take memory for all of that.
    const [many, places] = [sizeOf(shape), sizeOf(this.batchShape)];
    return searchsorted(upTo.reshape([places, outcomes]), share.reshape([many, places]).mT, {
      right: true,
    }).mT.reshape(read.shape).to({ device });
  }

  /**
   * The logarithm of the probability.
   *
   * @param value Outcomes, int32, of a shape that broadcasts with the batch.
   * @throws {RangeError} If a value is no outcome.
   * @throws {ShapeError} If the shapes do not broadcast.
   */
  logProb(value: Tensor): Tensor {
    const call = "compute Categorical.logProb";
    checkCount(call, arguments.length, 1);
    const shape = readValue("Categorical.logProb", value, this.batchShape);
    if (value.dtype !== "int32") {
      throw new DTypeError(`Cannot ${call}: value must be int32, got ${value.dtype}`);
    }
    const outcomes = extentAt(this.logits.shape, -1);
    for (const outcome of everyElement(value)) {
      if (outcome >= 0 && outcome < outcomes) continue;
      throw new RangeError(
        `Cannot ${call}: value must lie in 0 to ${outcomes - 1}, got ${outcome}`,
      );
    }
    const index = value.expand(shape).unsqueeze(-1);
    return this.logits.expand([...shape, outcomes]).gather(-1, index).squeeze(-1);
  }

  /** The entropy, −Σ p·ln p, of the batch's shape. */
  entropy(): Tensor {
    checkCount("compute Categorical.entropy", arguments.length, 0);
    return expectation(this, this.logits).neg();
  }
}

/** Refuses what cannot be weights. */
function checkWeights(call: string, name: "probs" | "logits", given: Tensor): void {
  const outcomes = extentAt(given.shape, -1);
  const elements = everyElement(given);
  for (let start = 0; start < elements.length; start += outcomes) {
    const nothing = name === "probs" ? 0 : -Infinity;
    let possible = false;
    for (const weight of elements.subarray(start, start + outcomes)) {
      if (!(weight >= nothing && weight < Infinity)) {
        const needed = name === "probs" ? "finite and not negative" : "less than infinity";
        throw new RangeError(`Cannot ${call}: ${name} must be ${needed}, got ${weight}`);
      }
      possible ||= weight > nothing;
    }
    if (!possible) {
      throw new RangeError(
        `Cannot ${call}: an outcome must be possible, got ${name} that are all ${nothing}`,
      );
    }
  }
}

/** Σ p·x over the outcomes, to which those of probability 0 add nothing. */
export function expectation(p: Categorical, x: Tensor): Tensor {
  const impossible = p.logits.eq(-Infinity);
  return where(impossible, 0, p.probs.mul(where(impossible, 0, x))).sum(-1);
}
