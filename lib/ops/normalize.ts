/**
 * Fused normalisations: softmax, its logarithm, what it divides by, and layer normalisation. Their kernels are in
 * `rust/src/kernels/normalize.rs`; the composite beside each is the truth.
 */

import { grad } from "../autograd/backward.ts";
import { isGradEnabled } from "../autograd/tape.ts";
import { checkList } from "../core/arguments.ts";
import { checkCount, NUMBER, optionReader, orNull, TENSOR } from "../core/options.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError, showShape } from "../errors.ts";
import { kernelNumber } from "../ffi/library.ts";
import { normalizeDim, normalizeDims, sameShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { shiftOf } from "./composite.ts";
import { checkDevices, checkFloat, checkTensor } from "./define.ts";
import { castTo } from "./memory.ts";
import { clone, reshape } from "./movement.ts";
import { type OpRule, record1, recordAll, result, rule } from "./record.ts";
import { type Dims, mean, readReduce, type ReduceOptions, sum } from "./reduce.ts";

/** The input in a floating type: integers as float32. */
function floating(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : castTo(x, "float32");
}

/** The truth of `logsumexp`. */
export function logsumexpComposite(
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const shift = shiftOf(x, dims);
  const kept = sum(x.sub(shift).exp(), dims, { keepdim: true }).log().add(shift);
  return keepdim ? kept : reshape(kept, x.shape.filter((_, i) => !dims.includes(i)));
}

const sumKernel = kernelNumber("logsumexp");

// y = ln Σ eˣ: x̄ = ȳ·e^(x − y)
const sumRule = rule<{ kept: Shape }>("logsumexp", {
  saves: "xy",
  vjp: [(g, { x, y, attrs: { kept } }) => x.sub(reshape(y, kept)).exp().mul(reshape(g, kept))],
}, "fused");

/**
 * ln Σ eˣ over dimensions, without overflow. Follows `torch.logsumexp`.
 *
 * @param dim The dimensions; all by default.
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
  if (axis === undefined || dims.length > 1 || !input.storage.backend.supports(sumKernel)) {
    return logsumexpComposite(input, dims, keepdim);
  }
  const kept = x.shape.with(axis, 1);
  const y = result(input, input.dtype, keepdim ? kept : x.shape.toSpliced(axis, 1));
  y.storage.backend.run(sumKernel, [y, input], [axis]);
  return record1(sumRule, input, y, { kept });
}

/** The truth of `softmax`. */
export function softmaxComposite(x: Tensor, dim: number): Tensor {
  const e = x.sub(shiftOf(x, [dim])).exp();
  return e.div(sum(e, dim, { keepdim: true }));
}

/** The truth of `logSoftmax`. */
export function logSoftmaxComposite(x: Tensor, dim: number): Tensor {
  // Shifted before the logarithm, so that nothing cancels where the inputs are large.
  const shifted = x.sub(shiftOf(x, [dim]));
  return shifted.sub(sum(shifted.exp(), dim, { keepdim: true }).log());
}

/** What lies along a dimension becomes something of its own: a fused op and its rule. */
interface Along {
  readonly kernel: number;
  readonly rule: OpRule<number>;
  readonly composite: (x: Tensor, dim: number) => Tensor;
}

function alongDim(
  name: string,
  kernelName: string,
  composite: Along["composite"],
  recorded: (g: Tensor, y: Tensor, dim: number) => Tensor,
): Along {
  const gradKernel = kernelNumber(`${kernelName}_grad`);
  return {
    kernel: kernelNumber(kernelName),
    composite,
    rule: rule<number>(name, {
      saves: "y",
      vjp: [(g, { y, attrs: dim }) => {
        if (isGradEnabled()) return recorded(g, y, dim);
        const x = result(y, y.dtype, y.shape);
        y.storage.backend.run(gradKernel, [x, y, g], [dim]);
        return x;
      }],
    }, "fused"),
  };
}

function runAlong(op: string, along: Along, x: Tensor, dim: number): Tensor {
  checkTensor(op, x);
  const input = floating(x);
  const axis = normalizeDim(op, dim, Math.max(1, x.ndim));
  if (input.size === 0) return clone(input);
  // A number is a lane of one, whose dimension the composite knows how to miss.
  if (x.ndim === 0) return along.composite(input.reshape([1]), 0).reshape([]);
  if (!input.storage.backend.supports(along.kernel)) return along.composite(input, axis);
  const y = result(input, input.dtype, input.shape);
  y.storage.backend.run(along.kernel, [y, input], [axis]);
  return record1(along.rule, input, y, axis);
}

// y = softmax x: x̄ = y·(ȳ − Σ ȳ·y)
const softmaxAlong = alongDim(
  "softmax",
  "softmax",
  softmaxComposite,
  (g, y, dim) => y.mul(g.sub(sum(g.mul(y), dim, { keepdim: true }))),
);

// y = ln softmax x: x̄ = ȳ − eʸ·Σ ȳ
const logSoftmaxAlong = alongDim(
  "logSoftmax",
  "log_softmax",
  logSoftmaxComposite,
  (g, y, dim) => g.sub(y.exp().mul(sum(g, dim, { keepdim: true }))),
);

/** eˣ / Σ eˣ along a dimension: positive, with sum 1. Follows `torch.softmax`. */
export function softmax(x: Tensor, dim: number): Tensor {
  checkCount("compute softmax", arguments.length, 2);
  return runAlong("softmax", softmaxAlong, x, dim);
}

/** ln of the softmax along a dimension: x − ln Σ eˣ. Follows `torch.log_softmax`. */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkCount("compute logSoftmax", arguments.length, 2);
  return runAlong("logSoftmax", logSoftmaxAlong, x, dim);
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

/** The truth of `layerNorm`. */
export function layerNormComposite(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  { shape, eps }: NormCall,
): Tensor {
  const dims = shape.map((_, i) => i - shape.length);
  const centered = x.sub(mean(x, dims, { keepdim: true }));
  const variance = mean(centered.square(), dims, { keepdim: true });
  const y = centered.mul(variance.add(eps).rsqrt());
  const scaled = weight === null ? y : y.mul(weight);
  return bias === null ? scaled : scaled.add(bias);
}

const normKernel = kernelNumber("layer_norm");
const normGradKernel = kernelNumber("layer_norm_grad");

/** All gradients: from the composite where the pass is recorded, else in one launch. */
function normGradients(
  g: Tensor,
  x: Tensor,
  weight: Tensor | null,
  call: NormCall,
  [toX = false, toWeight = false, toBias = false]: readonly boolean[],
): (Tensor | null)[] {
  if (isGradEnabled()) {
    // The bias is added last, so that its gradient is the cotangent, which the engine sums.
    const inputs = [...toX ? [x] : [], ...toWeight && weight !== null ? [weight] : []];
    const gradients: Tensor[] = inputs.length === 0
      ? []
      : grad(layerNormComposite(x, weight, null, call), inputs, {
        gradOutputs: g,
        createGraph: true,
      });
    const take = (wanted: boolean) => wanted ? gradients.shift() ?? null : null;
    return [take(toX), take(toWeight), toBias ? g : null];
  }
  const row = (wanted: boolean) => result(x, x.dtype, wanted ? call.shape : [0]);
  const gradients = [result(x, x.dtype, toX ? x.shape : [0]), row(toWeight), row(toBias)];
  const inputs = weight === null ? [g, x] : [g, x, weight];
  const ints = [Number(weight !== null), 0, sizeOf(call.shape)];
  x.storage.backend.run(normGradKernel, [...gradients, ...inputs], ints, [call.eps]);
  return gradients.map((gradient, i) => [toX, toWeight, toBias][i] ? gradient : null);
}

const weightedRule = rule<NormCall>("layerNorm", {
  saves: "ab",
  vjp: [],
  vjpAll: ([g], { a, b, attrs }, needs) => normGradients(g!, a, b, attrs, needs),
}, "fused");

// Without weights the second input, if there is one, is the bias.
const plainRule = rule<NormCall>("plainLayerNorm", {
  saves: "a",
  vjp: [],
  vjpAll: ([g], { a, attrs }, [toX = false, toBias = false]) => {
    const [x = null, , bias = null] = normGradients(g!, a, null, attrs, [toX, false, toBias]);
    return [x, bias];
  },
}, "fused");

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
    throw new RangeError(`Cannot compute layerNorm: eps must be a number from 0 on, got ${eps}`);
  }
  if (weight !== null) checkRow("the weight", x, weight, shape);
  if (bias !== null) checkRow("the bias", x, bias, shape);
  const call = { shape, eps };
  if (x.size === 0 || !x.storage.backend.supports(normKernel)) {
    return layerNormComposite(x, weight, bias, call);
  }
  const y = result(x, x.dtype, x.shape);
  const inputs = [x, weight, bias].filter((input) => input !== null);
  const ints = [Number(weight !== null), Number(bias !== null), sizeOf(shape)];
  x.storage.backend.run(normKernel, [y, ...inputs], ints, [eps]);
  recordAll(weight === null ? plainRule : weightedRule, inputs, [y], call);
  return y;
}
