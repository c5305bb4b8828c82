/**
 * Fused: softmax, log-softmax, logsumexp and layer normalisation, with kernels in
 * `rust/src/kernels/normalize` and composites as their reference.
 */

import { checkList } from "../../core/arguments.ts";
import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader, orNull, TENSOR } from "../../core/options.ts";
import { normalizeDim, normalizeDims, sameShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, clone } from "../copy/copy.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { where } from "../elementwise/compare.ts";
import { shiftOf } from "../elementwise/composites.ts";
import {
  type Dims,
  extremeOver,
  findsExtremes,
  mean,
  readReduce,
  type ReduceOptions,
  sum,
} from "../reduce/primitives.ts";
import { centered } from "../reduce/variance.ts";
import { reshape } from "../shape/primitives.ts";

/** The input in a floating type: integers as float32. */
function floating(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : castTo(x, "float32");
}

/** The composite form of `logsumexp`. */
export function logsumexpComposite(
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const shift = shiftOf(x, dims);
  const kept = sum(x.sub(shift).exp(), dims, { keepdim: true }).log().add(shift);
  return keepdim ? kept : reshape(kept, x.shape.filter((_, i) => !dims.includes(i)));
}

/** The one dimension over which a logsumexp runs. */
interface Lane {
  readonly axis: number;
  readonly keepdim: boolean;
}

// y = ln Σ eˣ: x̄ = ȳ·softmax(x), which is e^(x − y) without the digits that a large y has lost
const logsumexpOp: FusedOp<Lane> = fused<Lane>("logsumexp", {
  composite: ([x], { axis, keepdim }) => [logsumexpComposite(x!, [axis], keepdim)],
  kernel: "logsumexp",
  shapes: ([x], { axis, keepdim }) => [
    keepdim ? x!.shape.with(axis, 1) : x!.shape.toSpliced(axis, 1),
  ],
  parameters: ({ axis }) => ({ ints: [axis] }),
  batch: ([x], { axis, keepdim }) => logsumexpOp([x!], { axis: axis + 1, keepdim }),
  saves: "a",
  vjp: ([g], { a, attrs: { axis } }) => [
    softmax(a, axis).mul(reshape(g!, a.shape.with(axis, 1))),
  ],
  jvp: ([t], { a, attrs: { axis, keepdim } }) => sum(softmax(a, axis).mul(t!), axis, { keepdim }),
});

/**
 * ln Σ eˣ over dimensions, without overflow. Follows `torch.logsumexp`.
 *
 * @param dim The dimensions; all by default.
 *
 * @example No overflow
 * ```ts
 * import { logsumexp, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(logsumexp(tensor([1000, 1000])).item(), 1000 + Math.LN2, 1e-4);
 * ```
 */
export function logsumexp(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute logsumexp", arguments.length, 3);
  checkTensor("logsumexp", x);
  const { keepdim = false } = readReduce("compute logsumexp", options);
  const input = floating(x);
  const dims = normalizeDims("logsumexp", dim, x.ndim);
  // Of nothing the sum is 0 and its logarithm −∞, whose gradient has nowhere to go.
  if (x.size === 0) return sum(input, dims, options).add(-Infinity);
  const [axis] = dims;
  return axis === undefined || dims.length > 1
    ? logsumexpComposite(input, dims, keepdim)
    : logsumexpOp([input], { axis, keepdim })[0]!;
}

/** The composite form of `softmax`. */
export function softmaxComposite(x: Tensor, dim: number): Tensor {
  const e = x.sub(shiftOf(x, [dim])).exp();
  return e.div(sum(e, dim, { keepdim: true }));
}

/** The composite form of `logSoftmax`. */
export function logSoftmaxComposite(x: Tensor, dim: number): Tensor {
  // Shifted before the logarithm, so that nothing cancels where the inputs are large.
  const shifted = x.sub(shiftOf(x, [dim]));
  return shifted.sub(sum(shifted.exp(), dim, { keepdim: true }).log());
}

/** What lies along a dimension becomes something of its own; `vjp` is in ops of the output. */
function alongDim(
  name: string,
  kernel: string,
  composite: (x: Tensor, dim: number) => Tensor,
  vjp: (g: Tensor, y: Tensor, dim: number) => Tensor,
  jvp: (t: Tensor, y: Tensor, dim: number) => Tensor,
): (x: Tensor, dim: number) => Tensor {
  const op: FusedOp<number> = fused<number>(name, {
    composite: ([x], dim) => [composite(x!, dim)],
    kernel,
    shapes: ([x]) => [x!.shape],
    parameters: (dim) => ({ ints: [dim] }),
    batch: ([x], dim) => op([x!], dim + 1),
    saves: "y",
    gradKernel: `${kernel}_grad`,
    gradOperands: ([g], { y }) => [y, g!],
    vjp: ([g], { y, attrs: dim }) => [vjp(g!, y, dim)],
    jvp: ([t], { y, attrs: dim }) => jvp(t!, y, dim),
  });
  return (x, dim) => {
    checkTensor(name, x);
    const input = floating(x);
    const axis = normalizeDim(name, dim, Math.max(1, x.ndim));
    if (input.size === 0) return clone(input);
    // A number is a lane of one, whose dimension the composite knows how to miss.
    if (x.ndim === 0) return composite(input.reshape([1]), 0).reshape([]);
    return op([input], axis)[0]!;
  };
}

// y = softmax x: x̄ = y·(ȳ − Σ ȳ·y), and so goes ẏ: the derivative is symmetric
const alongSoftmax = (g: Tensor, y: Tensor, dim: number) =>
  y.mul(g.sub(sum(g.mul(y), dim, { keepdim: true })));
const softmaxAlong = alongDim(
  "softmax",
  "softmax",
  softmaxComposite,
  alongSoftmax,
  alongSoftmax,
);

// y = ln softmax x: x̄ = ȳ − eʸ·Σ ȳ, ẏ = ẋ − Σ eʸ·ẋ
const logSoftmaxAlong = alongDim(
  "logSoftmax",
  "log_softmax",
  logSoftmaxComposite,
  (g, y, dim) => g.sub(y.exp().mul(sum(g, dim, { keepdim: true }))),
  (t, y, dim) => t.sub(sum(y.exp().mul(t), dim, { keepdim: true })),
);

/**
 * eˣ / Σ eˣ along a dimension: positive, with sum 1. Follows `torch.softmax`.
 *
 * @example Equal logits
 * ```ts
 * import { softmax, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(softmax(tensor([[7, 7], [0, 0]]), 1).toArray(), [[0.5, 0.5], [0.5, 0.5]]);
 * ```
 */
export function softmax(x: Tensor, dim: number): Tensor {
  checkCount("compute softmax", arguments.length, 2);
  return softmaxAlong(x, dim);
}

/**
 * ln of the softmax along a dimension: x − ln Σ eˣ. Follows `torch.log_softmax`.
 *
 * @example Equal logits
 * ```ts
 * import { logSoftmax, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(logSoftmax(tensor([7, 7]), 0).at(0).item(), -Math.LN2, 1e-6);
 * ```
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkCount("compute logSoftmax", arguments.length, 2);
  return logSoftmaxAlong(x, dim);
}

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  /** Factors, of the normalized shape; null or undefined for none. */
  weight?: Tensor | null;
  /** What is added, of the normalized shape; null or undefined for none. */
  bias?: Tensor | null;
  /** What is added to the variance. Default: 1e-5. */
  eps?: number;
}

const readLayerNorm = optionReader<LayerNormOptions>({
  weight: orNull(TENSOR),
  bias: orNull(TENSOR),
  eps: NUMBER,
});

/** What a layer norm was called with, beside its tensors. */
interface NormCall {
  readonly shape: Shape;
  readonly eps: number;
}

/** x / √(mean x² + ε) over dimensions. */
function normalized(x: Tensor, dims: readonly number[], eps: number): Tensor {
  // Of nothing there is no largest element; some devices do not look for it.
  if (x.size === 0 || !findsExtremes(x)) {
    return x.mul(mean(x.square(), dims, { keepdim: true }).add(eps).rsqrt());
  }
  // Divided by the largest, or by √ε, no square leaves the range.
  const largest = extremeOver("layerNorm", "max", x.abs(), dims).maximum(Math.sqrt(eps));
  const scale = where(largest.gt(0).mul(largest.lt(Infinity)), largest, 1);
  const ratio = x.div(scale);
  const rest = scale.reciprocal().square().mul(eps);
  return ratio.mul(mean(ratio.square(), dims, { keepdim: true }).add(rest).rsqrt());
}

/** The composite form of `layerNorm`. */
export function layerNormComposite(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  { shape, eps }: NormCall,
): Tensor {
  const dims = shape.map((_, i) => i + x.ndim - shape.length);
  const y = normalized(centered(x, dims), dims, eps);
  const scaled = weight === null ? y : y.mul(weight);
  return bias === null ? scaled : scaled.add(bias);
}

const normOp: FusedOp<NormCall> = fused<NormCall>("layerNorm", {
  composite: ([x, weight = null, bias = null], call) => [
    layerNormComposite(x!, weight, bias, call),
  ],
  kernel: "layer_norm",
  shapes: ([x]) => [x!.shape],
  parameters: ({ shape, eps }, [, weight, bias]) => ({
    ints: [Number(weight !== null), Number(bias !== null), sizeOf(shape)],
    numbers: [eps],
  }),
  batch: ([x, weight = null, bias = null], call, { mapped }) =>
    mapped[1] || mapped[2] ? null : normOp([x!, weight, bias], call),
  saves: "abc",
  gradKernel: "layer_norm_grad",
  gradOperands: ([g], node) => {
    const weight = node.saved(1);
    return weight === null ? [g!, node.a] : [g!, node.a, weight];
  },
});

function checkRow(role: string, x: Tensor, row: Tensor, shape: Shape): void {
  checkTensor("layerNorm", row, role);
  checkDevices("layerNorm", x, row);
  if (row.dtype !== x.dtype) {
    throw new DTypeError(
      `Cannot compute layerNorm: ${role} must be ${x.dtype} like the input, got ${row.dtype}`,
    );
  }
  if (!sameShape(row.shape, shape)) {
    throw new ShapeError(
      `Cannot compute layerNorm: ${role} must have shape ${showShape(shape)}, got ${
        showShape(row.shape)
      }`,
      [shape, row.shape],
    );
  }
}

/**
 * (x − mean) / √(variance + ε) over the last dimensions, scaled and shifted where asked for.
 * Ba, Kiros and Hinton, "Layer normalization", 2016; follows `torch.nn.functional.layer_norm`.
 *
 * @param x Any tensor of floating type.
 * @param normalizedShape The last extents of its shape, over which mean and variance are taken.
 * @returns A tensor of the same shape.
 * @throws {ShapeError} If the input does not end in that shape, or weight or bias do not have it.
 *
 * @example A row
 * ```ts
 * import { layerNorm, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(layerNorm(tensor([1, 3]), [2], { eps: 0 }), [-1, 1]);
 * ```
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  options?: LayerNormOptions,
): Tensor {
  checkCount("compute layerNorm", arguments.length, 3);
  checkFloat("layerNorm", x);
  checkList("layerNorm", "the normalized shape", normalizedShape);
  const { weight = null, bias = null, eps = 1e-5 } = readLayerNorm("compute layerNorm", options);
  const shape = [...normalizedShape];
  if (shape.length === 0 || !sameShape(x.shape.slice(-shape.length), shape)) {
    throw new ShapeError(
      `Cannot compute layerNorm: the input must end in the normalized shape ${
        showShape(shape)
      }, which has at least one dimension, got ${showShape(x.shape)}`,
      [shape, x.shape],
    );
  }
  if (!(eps >= 0)) {
    throw new RangeError(`Cannot compute layerNorm: eps must be a non-negative number, got ${eps}`);
  }
  if (weight !== null) checkRow("the weight", x, weight, shape);
  if (bias !== null) checkRow("the bias", x, bias, shape);
  const call = { shape, eps };
  return normOp([x, weight, bias], call)[0]!;
}
