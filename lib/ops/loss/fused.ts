/**
 * Ops with a kernel for what takes several others. The composite beside each is the truth: the tests
 * compare both, and a recorded backward pass differentiates it.
 */

import type { Context } from "../../autograd/tape.ts";
import { isFloat } from "../../core/dtype.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { le, where } from "../elementwise/compare.ts";
import { checkDevices } from "../define/elementwise.ts";
import { fused, type FusedSpec, type Parameters } from "../define/fused.ts";
import { checkIndex, gather } from "../index/indexing.ts";
import { matmul } from "../linalg/matmul.ts";
import { reshape, squeeze, transpose, unsqueeze } from "../shape/movement.ts";
import { logSoftmax } from "../normalize/fused.ts";
import { sum } from "../reduce/primitives.ts";
import { relu, sigmoid, tanh } from "../elementwise/unary.ts";

/** What the kernel is told where there is no activation. */
const PLAIN: Parameters = { ints: [0] };

/** A function that is applied to the outputs of an affine map in the same pass. */
export type Activation = "relu" | "tanh" | "sigmoid";

/** Each activation: its number in `rust/src/kernels/linear.rs`, and its derivative from its value. */
const ACTIVATIONS = {
  relu: {
    parameters: { ints: [1] },
    apply: relu,
    derive: (g: Tensor, y: Tensor) => where(le(y, 0), 0, g),
  },
  tanh: {
    parameters: { ints: [2] },
    apply: tanh,
    derive: (g: Tensor, y: Tensor) => g.mul(y.square().neg().add(1)),
  },
  sigmoid: {
    parameters: { ints: [3] },
    apply: sigmoid,
    derive: (g: Tensor, y: Tensor) => g.mul(y.mul(y.neg().add(1))),
  },
} as const;

/** The truth of `linear`. */
export function linearComposite(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  activation: Activation | null = null,
): Tensor {
  const product = matmul(x, transpose(weight, 0, 1));
  const z = bias === null ? product : product.add(bias);
  return activation === null ? z : ACTIVATIONS[activation].apply(z);
}

/** What both forms of the affine map share; the second also applies a function. */
const affine: Omit<FusedSpec<Activation | null>, "saves" | "vjp"> = {
  composite: ([x, weight, bias = null], activation) => [
    linearComposite(x!, weight!, bias, activation),
  ],
  kernel: "linear",
  shapes: (inputs) => [[inputs[0]!.shape[0]!, inputs[1]!.shape[0]!]],
  parameters: (activation) => activation === null ? PLAIN : ACTIVATIONS[activation].parameters,
  gradKernel: "linear_grad",
};

// y = φ(z), z = x·wᵀ + b: z̄ = ȳ·φ'(z), x̄ = z̄·w, w̄ = z̄ᵀ·x, b̄ = Σ z̄
function linearGradients(
  z: Tensor,
  { a, b }: Context,
  needs: readonly boolean[],
): (Tensor | null)[] {
  return [
    needs[0] ? matmul(z, b) : null,
    needs[1] ? matmul(transpose(z, 0, 1), a) : null,
    needs[2] ? sum(z, 0) : null,
  ];
}

const affineOp = fused<Activation | null>("linear", {
  ...affine,
  saves: "ab",
  gradOperands: ([g], { a, b }) => [g!, g!, a, b],
  vjp: ([g], context, needs) => linearGradients(g!, context, needs),
});

const activatedOp = fused<Activation | null>("activatedLinear", {
  ...affine,
  saves: "aby",
  gradOperands: ([g], { a, b, y }) => [g!, y, a, b],
  vjp: ([g], context, needs) => {
    const { attrs, y } = context;
    return linearGradients(ACTIVATIONS[attrs!].derive(g!, y), context, needs);
  },
});

/** φ(x·wᵀ + b) for x of shape [..., in], w of shape [out, in], b of shape [out] or null. */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  activation: Activation | null = null,
): Tensor {
  const { dtype } = x;
  const simple = x.ndim > 0 && weight.ndim === 2 && isFloat(dtype) && weight.dtype === dtype &&
    x.shape[x.ndim - 1] === weight.shape[1] &&
    (bias === null ||
      (bias.ndim === 1 && bias.dtype === dtype && bias.size === weight.shape[0]));
  // Everything else, and what is wrong, the composite knows how to treat.
  if (!simple || weight.size === 0) return linearComposite(x, weight, bias, activation);
  const rows = x.ndim === 2 ? x : reshape(x, [-1, extentAt(x.shape, -1)]);
  const y = (activation === null ? affineOp : activatedOp)([rows, weight, bias], activation)[0]!;
  return x.ndim === 2 ? y : reshape(y, [...x.shape.slice(0, -1), extentAt(weight.shape, 0)]);
}

/** How the losses of single elements become one: not at all, their sum, or their mean. */
export type Reduction = "none" | "sum" | "mean";

const NUMBER_SHAPES = [[]] as const;

/** What the kernels are told of each, as `rust/src/kernels/losses.rs` has it. */
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

function residualLoss(name: string, composite: ResidualLoss["composite"]): ResidualLoss {
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
export const squaredError: ResidualLoss = residualLoss("mse", (p, t) => p.sub(t).square());

/** Huber's loss, quadratic to the parameter and linear beyond. */
export const huberError: ResidualLoss = residualLoss("huber", (p, t, delta) => {
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
