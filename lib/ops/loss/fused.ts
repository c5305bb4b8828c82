/** Fused: losses that have kernels, in `losses.rs` and `cross_entropy.rs` of `rust/src/kernels/loss`. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkDevices } from "../define/checks.ts";
import { fused } from "../define/fused.ts";
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

/** What a loss of a residual was called with. */
interface LossCall {
  readonly reduction: Reduction;
  readonly parameter: number;
}

/** A loss that is a function of prediction minus target, of the same shape and floating type. */
export interface ResidualLoss {
  /** The loss by its kernels. */
  (prediction: Tensor, target: Tensor, reduction: Reduction, parameter: number): Tensor;
  /** The truth: the loss of each element, in ops. */
  readonly composite: (prediction: Tensor, target: Tensor, parameter: number) => Tensor;
}

function residualOp(name: string, composite: ResidualLoss["composite"]): ResidualLoss {
  const op = fused<LossCall>(name, {
    composite: ([p, t], { reduction, parameter }) => [
      reduced(composite(p!, t!, parameter), reduction),
    ],
    kernel: name,
    shapes: (inputs, call) => call.reduction === "none" ? [inputs[0]!.shape] : NUMBER_SHAPES,
    parameters: (call) => ({ ints: REDUCTIONS[call.reduction], numbers: [call.parameter] }),
    saves: "ab",
    gradKernel: `${name}_grad`,
  });
  const loss = (p: Tensor, t: Tensor, reduction: Reduction, parameter: number) => {
    checkDevices(name, p, t);
    return op([p, t], { reduction, parameter })[0]!;
  };
  return Object.assign(loss, { composite });
}

/** Squared error, (p − t)². */
export const squaredError: ResidualLoss = residualOp("mse", (p, t) => p.sub(t).square());

/** Huber's loss, quadratic to the parameter and linear beyond. */
export const huberError: ResidualLoss = residualOp("huber", (p, t, delta) => {
  // The square is of the residual itself, not of its absolute value, which has a kink at 0; and of
  // nothing beyond, where it may be infinite.
  const r = p.sub(t);
  const size = r.abs();
  const beyond = size.gt(delta);
  const near = where(beyond, 0, r);
  return where(beyond, size.sub(delta / 2).mul(delta), near.square().mul(0.5));
});

/** The truth of `rowCrossEntropy`. */
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
