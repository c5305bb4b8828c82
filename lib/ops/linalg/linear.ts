/** Fused: an affine map, with its bias and an activation in one pass. */

import type { Context } from "../../autograd/tape.ts";
import { isFloat } from "../../core/dtype.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused, type FusedSpec, type Parameters } from "../define/fused.ts";
import { le, where } from "../elementwise/compare.ts";
import { relu, sigmoid, tanh } from "../elementwise/unary.ts";
import { sum } from "../reduce/primitives.ts";
import { expand, reshape, transpose } from "../shape/primitives.ts";
import { matmul } from "./matmul.ts";

/** What the kernel is told where there is no activation. */
const PLAIN: Parameters = { ints: [0] };

/** A function that is applied to the outputs of an affine map in the same pass. */
export type Activation = "relu" | "tanh" | "sigmoid";

/** Each activation: its number in `rust/src/kernels/linalg/linear.rs`, and its derivative from its value. */
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

/** The composite form of `linear`. */
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
  batch: ([x, weight, bias = null], activation, { mapped }) =>
    mapped[1] || mapped[2] ? null : linear(x!, weight!, bias, activation),
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

function linearTangent(
  [x = null, weight = null, bias = null]: readonly (Tensor | null)[],
  { a, b }: Context,
): Tensor {
  const parts = [
    x && matmul(x, transpose(b, 0, 1)),
    weight && matmul(a, transpose(weight, 0, 1)),
    bias && expand(bias, [extentAt(a.shape, 0), bias.size]),
  ].filter((part) => part !== null);
  return parts.reduce((sum, part) => sum.add(part));
}

const affineOp = fused<Activation | null>("linear", {
  ...affine,
  saves: "ab",
  gradOperands: ([g], { a, b }) => [g!, g!, a, b],
  vjp: ([g], context, needs) => linearGradients(g!, context, needs),
  jvp: (tangents, context) => linearTangent(tangents, context),
});

const activatedOp = fused<Activation | null>("activatedLinear", {
  ...affine,
  saves: "aby",
  gradOperands: ([g], { a, b, y }) => [g!, y, a, b],
  vjp: ([g], context, needs) => {
    const { attrs, y } = context;
    return linearGradients(ACTIVATIONS[attrs!].derive(g!, y), context, needs);
  },
  jvp: (tangents, context) => {
    const { attrs, y } = context;
    return ACTIVATIONS[attrs!].derive(linearTangent(tangents, context), y);
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
