/** Losses that train policies, by the outcome of their actions or by preferences. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { BOOL_TENSOR, checkCount, checkKind, FLAG, NUMBER, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { Module } from "../nn/module.ts";
import { reduced } from "../ops/loss/fused.ts";
import { minimum, where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkPair,
  elementLoss,
  type ElementLossOptions,
  elementLossOptions,
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
  meanOver,
  NOT_NEGATIVE,
  POSITIVE,
  type Range,
} from "./loss.ts";

/**
 * The loss whose gradient is that of the expected return, −ln π(a)·R, of actions that were drawn from the
 * policy. A baseline that does not depend on the action may be subtracted from R; it reduces the noise
 * without changing the expectation. The returns count as constants. Williams, "Simple statistical
 * gradient-following algorithms for connectionist reinforcement learning", 1992.
 *
 * @param prediction ln π(a) of each action, any shape.
 * @param target R, the return or advantage of each, the same shape.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 *
 * @example An action that was worth it
 * ```ts
 * import { grad, losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const logProb = tensor([-1, -2], { requiresGrad: true });
 * const [g] = grad(losses.reinforce(logProb, tensor([3, -1])), [logProb]);
 * assertEquals(g.toArray(), [-1.5, 0.5]);
 * ```
 */
export function reinforce(
  prediction: Tensor,
  target: Tensor,
  options?: ElementLossOptions,
): Tensor {
  checkCount("compute losses.reinforce", arguments.length, 3);
  const read = elementLossOptions("compute losses.reinforce", options);
  const gained = (logProb: Tensor, gain: Tensor) => logProb.mul(gain.detach());
  return elementLoss("losses.reinforce", prediction, target, read, gained).neg();
}

/** {@linkcode reinforce} as a module. */
export const ReinforceLoss: LossModule<ElementLossOptions> = lossModule(
  "ReinforceLoss",
  reinforce,
  elementLossOptions,
);
/** A module of {@linkcode reinforce}. */
export type ReinforceLoss = FunctionLoss<ElementLossOptions>;

/** Options of `dpo`. */
export interface DPOOptions extends LossOptions {
  /** How strongly the policy is kept near the reference, positive. Default: 0.1. */
  beta?: number;
  /** The share of preferences assumed to be wrong, from 0 to less than a half. Default: 0. */
  labelSmoothing?: number;
}

const BELOW_HALF: Range = {
  needed: "lie in 0 to less than 0.5",
  holds: (value) => value >= 0 && value < 0.5,
};

const dpoOptions = lossOptions<DPOOptions>(
  { ...LOSS_OPTIONS, beta: NUMBER, labelSmoothing: NUMBER },
  { beta: POSITIVE, labelSmoothing: BELOW_HALF },
);

/**
 * Direct preference optimization, −ln σ(z) with z = β·((c − r) − (c₀ − r₀)): how much more the policy
 * prefers what was chosen to what was rejected than a reference policy does, all in log-probabilities of
 * whole answers. The reference counts as a constant. Rafailov et al., "Direct preference optimization",
 * 2023; with label smoothing ε it is −(1 − ε)·ln σ(z) − ε·ln σ(−z).
 *
 * @param chosen c, the policy's log-probability of the answer that was preferred, any shape.
 * @param rejected r, that of the other answer, the same shape.
 * @param referenceChosen c₀, the reference's.
 * @param referenceRejected r₀, the reference's.
 * @returns A tensor without dimensions, or of the shape of the inputs for reduction "none".
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A policy that is the reference
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const [chosen, rejected] = [tensor([-3]), tensor([-5])];
 * const loss = losses.dpo(chosen, rejected, chosen, rejected);
 * assertAlmostEquals(loss.item(), Math.LN2, 1e-6);
 * ```
 */
export function dpo(
  chosen: Tensor,
  rejected: Tensor,
  referenceChosen: Tensor,
  referenceRejected: Tensor,
  options?: DPOOptions,
): Tensor {
  const op = "losses.dpo";
  checkCount(`compute ${op}`, arguments.length, 5);
  const { beta = 0.1, labelSmoothing = 0, reduction = "mean" } = dpoOptions(
    `compute ${op}`,
    options,
  );
  checkPair(op, chosen, rejected, ["chosen", "rejected"]);
  checkPair(op, chosen, referenceChosen, ["chosen", "referenceChosen"]);
  checkPair(op, chosen, referenceRejected, ["chosen", "referenceRejected"]);
  const reference = referenceChosen.sub(referenceRejected).detach();
  // In this order only `chosen` needs a gradient of the opposite sign.
  const negative = reference.sub(chosen).add(rejected).mul(beta);
  const each = negative.softplus();
  // ln σ(−z) = ln σ(z) − z
  return reduced(labelSmoothing === 0 ? each : each.sub(negative.mul(labelSmoothing)), reduction);
}

/** {@linkcode dpo} as a module. */
export const DPOLoss: LossModule<DPOOptions, [Tensor, Tensor, Tensor, Tensor]> = lossModule(
  "DPOLoss",
  dpo,
  dpoOptions,
);
/** A module of {@linkcode dpo}. */
export type DPOLoss = FunctionLoss<DPOOptions, [Tensor, Tensor, Tensor, Tensor]>;

/** Options of `PPOSequenceLoss`. */
export interface PPOSequenceOptions {
  /** How far the ratio of probabilities may move from 1, at least 0. Default: 0.2. */
  clipEpsilon?: number;
  /** Factor of the critic's loss, at least 0. Default: 0.5. */
  valueCoef?: number;
  /** Factor of the entropy, at least 0. Default: 0.01. */
  entropyCoef?: number;
  /** Whether advantages are shifted and scaled to mean 0 and deviation 1 first. Default: false. */
  normalizeAdvantage?: boolean;
}

const readPPO = lossOptions<PPOSequenceOptions>(
  { clipEpsilon: NUMBER, valueCoef: NUMBER, entropyCoef: NUMBER, normalizeAdvantage: FLAG },
  { clipEpsilon: NOT_NEGATIVE, valueCoef: NOT_NEGATIVE, entropyCoef: NOT_NEGATIVE },
);

/** What `PPOSequenceLoss` gives: tensors without dimensions. */
export interface PPOTerms {
  /** policy + valueCoef·value + entropyCoef·entropy, the one to differentiate. */
  readonly loss: Tensor;
  /** The clipped loss of the policy. */
  readonly policy: Tensor;
  /** The mean squared error of the critic. */
  readonly value: Tensor;
  /** The negative mean entropy. */
  readonly entropy: Tensor;
}

const ROLES = ["logprobsNew", "logprobsOld", "advantages", "returns", "values", "entropy"] as const;

/** The largest logarithm of a ratio; larger ones count as this, so that nothing overflows. */
const MOST = 20;

/**
 * The loss of proximal policy optimization for the tokens of sequences: −mean(min(ρ·A, clip(ρ)·A)) with
 * ρ = e^(new − old) clipped to 1 ± clipEpsilon, beside the critic's squared error and the entropy. Beyond
 * the clip, on the side that the advantage favours, the gradient is 0; a ratio above e²⁰ counts as e²⁰.
 * Old log-probabilities, advantages and returns count as constants. Schulman et al., "Proximal policy
 * optimization algorithms", 2017. It keeps the policy near the last one, not near the first: for that, add a
 * divergence from a reference policy.
 *
 * @example An advantage within the clip, and one beyond it
 * ```ts
 * import { losses, ones, tensor, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const criterion = new losses.PPOSequenceLoss({ entropyCoef: 0, valueCoef: 0 });
 * const none = zeros([2]);
 * const logprobs = tensor([Math.log(1.1), Math.log(3)]);
 * const { loss } = criterion.forward(logprobs, none, ones([2]), none, none, none);
 * assertAlmostEquals(loss.item(), -(1.1 + 1.2) / 2, 1e-6);
 * ```
 */
export class PPOSequenceLoss
  extends Module<[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor?], PPOTerms> {
  /** The factors, and whether and where to clip. */
  protected readonly options: Required<PPOSequenceOptions>;

  /** Creates the loss. */
  constructor(options?: PPOSequenceOptions) {
    super();
    const call = "make losses.PPOSequenceLoss";
    checkCount(call, arguments.length, 1);
    const { clipEpsilon = 0.2, valueCoef = 0.5, entropyCoef = 0.01, normalizeAdvantage = false } =
      readPPO(call, options);
    this.options = { clipEpsilon, valueCoef, entropyCoef, normalizeAdvantage };
  }

  /**
   * The loss and its terms, all inputs of one shape, a number for each token.
   *
   * @param logprobsNew ln π(a) of the policy that learns.
   * @param logprobsOld The same when the tokens were drawn.
   * @param advantages How much better than expected each was.
   * @param returns What the critic should have said.
   * @param values What the critic says.
   * @param entropy The entropy of the policy at each token.
   * @param mask The tokens that count, bool. Default: all.
   * @throws {ShapeError} If the shapes differ.
   */
  override forward(
    logprobsNew: Tensor,
    logprobsOld: Tensor,
    advantages: Tensor,
    returns: Tensor,
    values: Tensor,
    entropy: Tensor,
    mask?: Tensor,
  ): PPOTerms {
    const call = "compute losses.PPOSequenceLoss";
    checkCount(call, arguments.length, 7);
    const { clipEpsilon, valueCoef, entropyCoef, normalizeAdvantage } = this.options;
    const given = [logprobsNew, logprobsOld, advantages, returns, values, entropy];
    given.forEach((x, i) => {
      const name = ROLES[i] ?? "";
      checkKind(call, name, x, TENSOR);
      if (!isFloat(x.dtype)) {
        throw new DTypeError(`Cannot ${call}: ${name} must be float32 or float64, got ${x.dtype}`);
      }
    });
    if (mask !== undefined) checkKind(call, "mask", mask, BOOL_TENSOR);
    const { shape } = logprobsNew;
    for (const [i, other] of [...given, mask ?? logprobsNew].entries()) {
      if (sameShape(other.shape, shape)) continue;
      throw new ShapeError(
        `Cannot ${call}: ${ROLES[i] ?? "mask"} must have the shape of logprobsNew, ${
          showShape(shape)
        }, got ${showShape(other.shape)}`,
        [shape, other.shape],
      );
    }
    // Masked tokens may be NaN, so they must not reach the formula.
    const [now = logprobsNew, old = now, gains = now, goals = now, said = now, spread = now] =
      mask === undefined ? given : given.map((x) => where(mask, x, 0));
    const mean = (x: Tensor) =>
      mask === undefined ? x.mean() : meanOver(where(mask, x, 0).sum(), mask.sum());
    const center = gains.sub(mean(gains));
    const advantage = normalizeAdvantage
      ? center.div(mean(center.square()).add(1e-8).sqrt()).detach()
      : gains.detach();
    const ratio = now.sub(old.detach()).clamp(null, MOST).exp();
    const clipped = ratio.clamp(1 - clipEpsilon, 1 + clipEpsilon);
    const policy = mean(minimum(ratio.mul(advantage), clipped.mul(advantage))).neg();
    const value = mean(said.sub(goals.detach()).square());
    const uncertain = mean(spread).neg();
    const loss = policy.add(value.mul(valueCoef)).add(uncertain.mul(entropyCoef));
    return { loss, policy, value, entropy: uncertain };
  }
}
