/** Fused: losses that have kernels, in `losses.rs` and `cross_entropy.rs` of `rust/src/kernels/loss`. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkDevices } from "../define/checks.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { hypot } from "../elementwise/binary.ts";
import { where } from "../elementwise/compare.ts";
import { checkIndex, gather } from "../index/primitives.ts";
import { logSoftmax } from "../normalize/fused.ts";
import { flatten, squeeze, unsqueeze } from "../shape/composites.ts";
import { reshape } from "../shape/primitives.ts";

/** How the losses of single elements become one: not at all, their sum, or their mean. */
export type Reduction = "none" | "sum" | "mean";

const NUMBER_SHAPES = [[]] as const;

/** What the kernels are told of each, as `rust/src/kernels/loss/losses.rs` has it. */
const REDUCTIONS: Readonly<Record<Reduction, readonly [number]>> = {
  none: [0],
  sum: [1],
  mean: [2],
};

/** The losses of single elements as the reduction wants them. */
export function reduced(each: Tensor, reduction: Reduction): Tensor {
  return reduction === "none" ? each : reduction === "sum" ? each.sum() : each.mean();
}

/** What a loss of pairs was called with. */
interface LossCall {
  readonly reduction: Reduction;
  readonly parameters: readonly number[];
}

/** A loss that is a function of an element of the prediction and one of the target, of one shape. */
export interface PairLoss {
  /** The loss, by its kernels where the types are the same. */
  (prediction: Tensor, target: Tensor, reduction: Reduction, ...parameters: number[]): Tensor;
  /** The loss of each element in other ops, the reference. */
  readonly composite: (prediction: Tensor, target: Tensor, ...parameters: number[]) => Tensor;
}

function pairOp(name: string, kernel: string, composite: PairLoss["composite"]): PairLoss {
  const op = fused<LossCall>(name, {
    composite: ([p, t], { reduction, parameters }) => [
      reduced(composite(p!, t!, ...parameters), reduction),
    ],
    kernel,
    shapes: (inputs, call) => call.reduction === "none" ? [inputs[0]!.shape] : NUMBER_SHAPES,
    parameters: (call) => ({ ints: REDUCTIONS[call.reduction], numbers: call.parameters }),
    saves: "ab",
    gradKernel: `${kernel}_grad`,
  });
  const loss = (p: Tensor, t: Tensor, reduction: Reduction, ...parameters: number[]) => {
    checkDevices(name, p, t);
    if (p.dtype !== t.dtype) return reduced(composite(p, t, ...parameters), reduction);
    return op([p, t], { reduction, parameters })[0]!;
  };
  return Object.assign(loss, { composite });
}

/** Squared error, (p − t)². */
export const squaredError: PairLoss = pairOp("mse", "mse", (p, t) => p.sub(t).square());

/** Huber's loss, quadratic to the parameter and linear beyond. */
export const huberError: PairLoss = pairOp("huber", "huber", (p, t, delta) => {
  // The square is of the residual itself, not of its absolute value, which has a kink at 0; and of
  // nothing beyond, where it may be infinite.
  const r = p.sub(t);
  const size = r.abs();
  const beyond = size.gt(delta);
  const near = where(beyond, 0, r);
  return where(beyond, size.sub(delta / 2).mul(delta), near.square().mul(0.5));
});

/** As above, divided by the parameter; the absolute error where that is 0. */
export const smoothL1Error: PairLoss = pairOp("smoothL1", "smooth_l1", (p, t, beta) => {
  const r = p.sub(t);
  const size = r.abs();
  if (beta === 0) return size;
  const beyond = size.ge(beta);
  const near = where(beyond, 0, r);
  return where(beyond, size.sub(beta / 2), near.div(2 * beta).mul(near));
});

/** ln cosh(p − t), near 0 by ½·ln(1 + sinh²), which keeps its digits there. */
export const logCoshError: PairLoss = pairOp("logCosh", "log_cosh", (p, t) => {
  const r = p.sub(t);
  const beyond = r.abs().ge(1);
  const near = where(beyond, 0, r).sinh().square().log1p().mul(0.5);
  const size = where(beyond, r, 1).abs();
  const far = size.add(size.mul(-2).exp().log1p()).sub(Math.LN2);
  return where(beyond, far, near);
});

/** √((p − t)² + parameter²). */
export const charbonnierError: PairLoss = pairOp(
  "charbonnier",
  "charbonnier",
  (p, t, eps) => hypot(p.sub(t), eps),
);

/** Tukey's biweight, constant from the parameter on, in the form r²/2·(1 − u + u²/3) that keeps small ones. */
export const biweightError: PairLoss = pairOp("tukeyBiweight", "tukey_biweight", (p, t, c) => {
  const r = p.sub(t);
  const beyond = r.abs().ge(c);
  // What lies beyond does not reach the powers, which may be infinite there.
  const near = where(beyond, 0, r);
  const u = near.div(c).square();
  const each = near.square().mul(0.5).mul(u.div(3).sub(1).mul(u).add(1));
  return where(beyond, c * c / 6, each);
});

/** The number from which ln(1 + x²) is 2·ln(1 + x), and below which x² stays in the range. */
const FAR_OUT = 1e18;

/** The composite form of `log1pSquare`. */
export function log1pSquareComposite(x: Tensor): Tensor {
  const size = x.abs();
  const far = size.gt(FAR_OUT);
  return where(far, size, x.square()).log1p().mul(where(far, 2, 1));
}

const logs: FusedOp<null> = fused<null>("log1pSquare", {
  composite: ([x]) => [log1pSquareComposite(x!)],
  kernel: "log1p_square",
  shapes: ([x]) => [x!.shape],
  batch: ([x]) => logs([x!], null),
  saves: "a",
  gradKernel: "log1p_square_grad",
});

/** ln(1 + x²), for any x. */
export function log1pSquare(x: Tensor): Tensor {
  return logs([x], null)[0]!;
}

/** c²/2·ln(1 + (r/c)²), which is r²/2 near 0 however large c is. */
export const cauchyError: PairLoss = pairOp("cauchy", "cauchy", (p, t, c) => {
  const r = p.sub(t);
  const near = r.abs().le(c * 1e-9);
  const far = log1pSquare(where(near, 0, r).div(c)).mul(c).mul(0.5).mul(c);
  return where(near, where(near, r, 0).square().mul(0.5), far);
});

/** The share below which the slope of the logarithm grows no more, as in PyTorch. */
const LEAST_SHARE = 1e-12;

/**
 * The logarithm of a share, at least −100; `ln` computes it where the share is not near 0. Below,
 * the slope stays at that of the least share, so that a share of 0 is pushed away and none overflows.
 */
function boundedLog(share: Tensor, ln: (near: Tensor) => Tensor): Tensor {
  const near = share.lt(LEAST_SHARE);
  const tangent = share.mul(1 / LEAST_SHARE);
  const empty = share.eq(0);
  const value = where(empty, -100, where(empty, 1, share.detach()).log().clamp(-100, null));
  return where(near, tangent.add(value.sub(tangent.detach())), ln(near));
}

/** −t·ln p − (1 − t)·ln(1 − p). */
export const shareError: PairLoss = pairOp("bce", "bce", (p, t) => {
  const yes = boundedLog(p, (near) => where(near, 1, p).log());
  const no = boundedLog(p.neg().add(1), (near) => where(near, 0, p).neg().log1p());
  return t.mul(yes).add(t.neg().add(1).mul(no)).neg();
});

/** t·ln(1 + e⁻ˣ) + (1 − t)·ln(1 + eˣ), whose terms are all of one sign. */
export const logitError: PairLoss = pairOp("bceWithLogits", "bce_with_logits", (x, t) => {
  const yes = t.mul(x.neg().softplus());
  return t.neg().add(1).mul(x.softplus()).add(yes);
});

/** Barron's general loss b/α·((x²/b + 1)^(α/2) − 1), b = |α − 2|; α is neither 0 nor 2. */
export function generalForm(x: Tensor, alpha: number | Tensor): Tensor {
  if (typeof alpha === "number") {
    const b = Math.abs(alpha - 2);
    return log1pSquare(x.div(Math.sqrt(b))).mul(alpha / 2).expm1().mul(b / alpha);
  }
  const b = alpha.sub(2).abs();
  // Its reciprocal, as what leads back to a divisor takes more passes.
  return log1pSquare(x.mul(b.rsqrt())).mul(alpha.mul(0.5)).expm1().mul(b.div(alpha));
}

/** √(x² + 1) − 1 of residuals by a scale: the general loss where α is 1, by a root and no powers. */
export const pseudoHuberError: PairLoss = pairOp("pseudoHuber", "pseudo_huber", (p, t, scale) => {
  const x = p.sub(t).div(scale);
  return x.div(hypot(x, 1).add(1)).mul(x);
});

/** The general loss of residuals by a scale, for a finite α. */
export const generalRobustError: PairLoss = pairOp(
  "generalRobust",
  "general_robust",
  (p, t, alpha, scale) => generalForm(p.sub(t).div(scale), alpha),
);

/** t·(ln t − x), of ln p = x and t, or ln t where the parameter is 1; nothing where t is 0. */
export const relativeEntropy: PairLoss = pairOp("klDiv", "kl_div", (x, t, logTarget) => {
  const impossible = t.eq(logTarget === 1 ? -Infinity : 0);
  const [safe, goal] = [where(impossible, 0, x), where(impossible, 1, t)];
  const each = logTarget === 1 ? goal.exp().mul(goal.sub(safe)) : goal.mul(goal.log().sub(safe));
  return where(impossible, 0, each);
});

/** eˣ·ln(p/m) for p = eˣ and m the mean of p and the other; nothing where p is 0. */
function towardsMean(x: Tensor, other: Tensor): Tensor {
  const impossible = x.eq(-Infinity);
  const safe = where(impossible, 0, x);
  const each = safe.exp().mul(other.sub(safe).softplus().neg().add(Math.LN2));
  return where(impossible, 0, each);
}

/** ½·(p·ln(p/m) + t·ln(t/m)), m their mean, of ln p and t, or ln t where the parameter is 1. */
export const meanDivergence: PairLoss = pairOp("jsDiv", "js_div", (x, t, logTarget) => {
  const impossible = t.eq(0);
  const goal = logTarget === 1 ? t : where(impossible, -Infinity, where(impossible, 1, t).log());
  return towardsMean(x, goal).add(towardsMean(goal, x)).mul(0.5);
});

/** The composite form of `rowCrossEntropy`. */
export function rowCrossEntropyComposite(logits: Tensor, labels: Tensor): Tensor {
  return squeeze(gather(logSoftmax(logits, 1), 1, unsqueeze(labels, 1)), 1).neg();
}

const entropyOp = fused<null>("rowCrossEntropy", {
  composite: ([logits, labels]) => [rowCrossEntropyComposite(logits!, labels!)],
  kernel: "cross_entropy",
  shapes: ([, labels]) => [labels!.shape],
  // Rows of examples are rows.
  batch: (_, __, { size, front }) => {
    const [logits, labels] = [flatten(front(0), 0, 1), flatten(front(1), 0, 1)];
    return reshape(rowCrossEntropy(logits, labels), [size, -1]);
  },
  saves: "ab",
  gradKernel: "cross_entropy_grad",
  gradients: 1,
  gradOperands: ([g], { a, b }) => [a, b, g!],
});

/** ln Σ eˣ − x[label] for each row of logits of shape [N, C] and int32 labels of shape [N]. */
export function rowCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  checkIndex("rowCrossEntropy", labels, extentAt(logits.shape, 1));
  return entropyOp([logits, labels], null)[0]!;
}

/** Logarithms of probabilities, but 0 where a probability and its share are both 0, as 0 · ∞ is NaN. */
export function sharedLogs(logs: Tensor, shares: Tensor): Tensor {
  return where(logs.eq(-Infinity).logicalAnd(shares.eq(0)), 0, logs);
}

/** The composite form of `rowShareEntropy`. */
export function rowShareEntropyComposite(logits: Tensor, shares: Tensor): Tensor {
  return sharedLogs(logSoftmax(logits, -1), shares).mul(shares).sum(-1).neg();
}

const shareEntropyOp: FusedOp<null> = fused<null>("rowShareEntropy", {
  composite: ([logits, shares]) => [rowShareEntropyComposite(logits!, shares!)],
  kernel: "share_entropy",
  shapes: ([logits]) => [logits!.shape.slice(0, -1)],
  parameters: (_, [logits]) => ({ ints: [extentAt(logits!.shape, -1)] }),
  batch: (_, __, { front }) => shareEntropyOp([front(0), front(1)], null),
  saves: "ab",
  gradKernel: "share_entropy_grad",
});

/**
 * −Σ t·ln softmax(x) along the last dimension, of logits x and shares t of the classes, of one shape. A
 * class whose probability and share are both 0 adds nothing, neither to the sum nor to its gradients.
 */
export function rowShareEntropy(logits: Tensor, shares: Tensor): Tensor {
  checkDevices("rowShareEntropy", logits, shares);
  if (logits.dtype !== shares.dtype) return rowShareEntropyComposite(logits, shares);
  return shareEntropyOp([logits, shares], null)[0]!;
}
