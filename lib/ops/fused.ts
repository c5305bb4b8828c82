/**
 * Ops with a kernel for what takes several others. The composite beside each is the truth: the tests
 * compare both, and a recorded backward pass differentiates it.
 */

import { grad } from "../autograd/backward.ts";
import { type Context, isGradEnabled, NONE } from "../autograd/tape.ts";
import { kernelNumber } from "../ffi/library.ts";
import { extentAt, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { le, where } from "./compare.ts";
import { checkDevices } from "./define.ts";
import { checkIndex, gather } from "./indexing.ts";
import { matmul } from "./linalg.ts";
import { reshape, squeeze, transpose, unsqueeze } from "./movement.ts";
import { logSoftmax } from "./normalize.ts";
import { recordAll, result, rule } from "./record.ts";
import { sum } from "./reduce.ts";
import { relu, sigmoid, tanh } from "./unary.ts";

/** A function that is applied to the outputs of an affine map in the same pass. */
export type Activation = "relu" | "tanh" | "sigmoid";

/** Each activation: its number in `rust/src/kernels/linear.rs`, and its derivative from its value. */
const ACTIVATIONS = {
  relu: { number: 1, apply: relu, derive: (g: Tensor, y: Tensor) => where(le(y, 0), 0, g) },
  tanh: {
    number: 2,
    apply: tanh,
    derive: (g: Tensor, y: Tensor) => g.mul(y.square().neg().add(1)),
  },
  sigmoid: {
    number: 3,
    apply: sigmoid,
    derive: (g: Tensor, y: Tensor) => g.mul(y.mul(y.neg().add(1))),
  },
} as const;

const linearKernel = kernelNumber("linear");
const linearGradKernel = kernelNumber("linear_grad");

/** A gradient to be computed, or nothing. */
function wanted(like: Tensor, needed: boolean | undefined, shape: Shape = like.shape): Tensor {
  return result(like, like.dtype, needed ? shape : [0]);
}

// y = φ(z), z = x·wᵀ + b: z̄ = ȳ·φ'(z), x̄ = z̄·w, w̄ = z̄ᵀ·x, b̄ = Σ z̄
function linearGradients(
  g: Tensor,
  { a, b }: Context,
  y: Tensor | null,
  activation: Activation | null,
  needs: readonly boolean[],
): (Tensor | null)[] {
  if (isGradEnabled()) {
    const z = activation === null ? g : ACTIVATIONS[activation].derive(g, y!);
    return [
      needs[0] ? matmul(z, b) : null,
      needs[1] ? matmul(transpose(z, 0, 1), a) : null,
      needs[2] ? sum(z, 0) : null,
    ];
  }
  const gradients = [
    wanted(a, needs[0]),
    wanted(b, needs[1]),
    wanted(b, needs[2], [extentAt(b.shape, 0)]),
  ];
  const number = activation === null ? 0 : ACTIVATIONS[activation].number;
  g.storage.backend.run(linearGradKernel, [...gradients, g, y ?? g, a, b], [number]);
  return gradients.map((gradient, i) => needs[i] ? gradient : null);
}

// In ops where the pass is recorded, so that any order follows; else in one launch.
const linearRule = rule("linear", {
  saves: "ab",
  vjp: [],
  vjpAll: ([g], context, needs) => linearGradients(g!, context, null, null, needs),
}, "fused");

const activatedRule = rule<Activation>("activatedLinear", {
  saves: "aby",
  vjp: [],
  vjpAll: ([g], context, needs) => linearGradients(g!, context, context.y, context.attrs, needs),
}, "fused");

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

/** φ(x·wᵀ + b) for x of shape [..., in], w of shape [out, in], b of shape [out] or null. */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  activation: Activation | null = null,
): Tensor {
  const types = [x, weight, bias ?? x].map((t) => t.dtype);
  const simple = x.ndim > 0 && weight.ndim === 2 && (bias === null || bias.ndim === 1) &&
    types.every((dtype) => dtype === types[0] && dtype.startsWith("float")) &&
    x.shape.at(-1) === weight.shape[1] && (bias === null || bias.size === weight.shape[0]);
  const ready = x.storage.backend.supports(linearKernel);
  // Everything else, and what is wrong, the composite knows how to treat.
  if (!ready || !simple || x.size === 0 || weight.size === 0) {
    return linearComposite(x, weight, bias, activation);
  }
  const rows = x.ndim === 2 ? x : reshape(x, [-1, extentAt(x.shape, -1)]);
  const y = result(x, x.dtype, [extentAt(rows.shape, 0), extentAt(weight.shape, 0)]);
  const inputs = bias === null ? [rows, weight] : [rows, weight, bias];
  const number = activation === null ? 0 : ACTIVATIONS[activation].number;
  x.storage.backend.run(linearKernel, [y, ...inputs], [number]);
  if (activation === null) recordAll(linearRule, inputs, [y]);
  else recordAll(activatedRule, inputs, [y], activation);
  return x.ndim === 2 ? y : reshape(y, [...x.shape.slice(0, -1), extentAt(weight.shape, 0)]);
}

/** How the losses of single elements become one: not at all, their sum, or their mean. */
export type Reduction = "none" | "sum" | "mean";

const REDUCTIONS: Readonly<Record<Reduction, number>> = { none: 0, sum: 1, mean: 2 };

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
  const kernel = kernelNumber(name);
  const gradKernel = kernelNumber(`${name}_grad`);
  function truth(p: Tensor, t: Tensor, reduction: Reduction, parameter: number): Tensor {
    return reduced(composite(p, t, parameter), reduction);
  }
  const lossRule = rule<LossCall>(name, {
    saves: "ab",
    vjp: [],
    vjpAll: ([g], { a, b, attrs: { reduction, parameter } }, needs) => {
      if (!isGradEnabled()) {
        const gradients = [wanted(a, needs[0]), wanted(b, needs[1])];
        const operands = [...gradients, g!, a, b];
        a.storage.backend.run(gradKernel, operands, [REDUCTIONS[reduction]], [parameter]);
        return gradients.map((gradient, i) => needs[i] ? gradient : null);
      }
      const inputs = [a, b].filter((_, i) => needs[i]);
      const gradients = grad(truth(a, b, reduction, parameter), inputs, {
        gradOutputs: g!,
        createGraph: true,
      });
      return [needs[0] ? gradients[0]! : null, needs[1] ? gradients.at(-1)! : null];
    },
  }, "fused");
  const loss = (p: Tensor, t: Tensor, reduction: Reduction, parameter: number) => {
    if (p.size === 0 || !p.storage.backend.supports(kernel)) {
      return truth(p, t, reduction, parameter);
    }
    const y = result(p, p.dtype, reduction === "none" ? p.shape : []);
    checkDevices(name, p, t);
    p.storage.backend.run(kernel, [y, p, t], [REDUCTIONS[reduction]], [parameter]);
    recordAll(lossRule, [p, t], [y], { reduction, parameter });
    return y;
  };
  return Object.assign(loss, { composite });
}

/** Squared error, (p − t)². */
export const squaredError: ResidualLoss = residualLoss("mse", (p, t) => p.sub(t).square());

/** Huber's loss, quadratic to the parameter and linear beyond. */
export const huberError: ResidualLoss = residualLoss("huber", (p, t, delta) => {
  const r = p.sub(t).abs();
  return where(r.le(delta), r.square().mul(0.5), r.sub(delta / 2).mul(delta));
});

const entropyKernel = kernelNumber("cross_entropy");
const entropyGradKernel = kernelNumber("cross_entropy_grad");

const entropyRule = rule("rowCrossEntropy", {
  saves: "ab",
  vjp: [(g, { a, b }) => {
    if (isGradEnabled()) {
      const [gradient] = grad(rowCrossEntropyComposite(a, b), [a], {
        gradOutputs: g,
        createGraph: true,
      });
      return gradient;
    }
    const y = result(a, a.dtype, a.shape);
    a.storage.backend.run(entropyGradKernel, [y, a, b, g]);
    return y;
  }, NONE],
}, "fused");

/** The truth of `rowCrossEntropy`. */
export function rowCrossEntropyComposite(logits: Tensor, labels: Tensor): Tensor {
  return squeeze(gather(logSoftmax(logits, 1), 1, unsqueeze(labels, 1)), 1).neg();
}

/** ln Σ eˣ − x[label] for each row of logits of shape [N, C] and int32 labels of shape [N]. */
export function rowCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  checkIndex("rowCrossEntropy", labels, extentAt(logits.shape, 1));
  if (logits.size === 0 || !logits.storage.backend.supports(entropyKernel)) {
    return rowCrossEntropyComposite(logits, labels);
  }
  const y = result(logits, logits.dtype, labels.shape);
  logits.storage.backend.run(entropyKernel, [y, logits, labels]);
  recordAll(entropyRule, [logits, labels], [y]);
  return y;
}
