/** Primitives: special functions. */

import { DIAGONAL } from "../../autograd/tape.ts";
import { isFloat } from "../../core/dtype.ts";
import { checkCount, shown } from "../../core/options.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { inBatch } from "../define/batch.ts";
import { checkTensor } from "../define/checks.ts";
import { unary, type UnaryOp } from "../define/elementwise.ts";
import { record1, result, rule, scalar } from "../define/record.ts";

/** Where the series of the references are exact. */
const FAR = 15;

/** ln Γ by Stirling's series, which serves as the reference. */
function lgammaSeries(x: number): number {
  if (x === 1 || x === 2) return 0;
  if (x === Infinity || Number.isNaN(x)) return x;
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  let product = 1;
  for (; x < FAR; x++) product *= x;
  const inner = 1 / 1260 - (1 / 1680 - 1 / 1188 / x ** 2) / x ** 2;
  const tail = (1 / 12 - (1 / 360 - inner / x ** 2) / x ** 2) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + tail - Math.log(product);
}

/** Its derivative. */
function digammaSeries(x: number): number {
  if (x === 0) return -Infinity;
  if (x === Infinity || Number.isNaN(x)) return x;
  if (x < 0 && Number.isInteger(x)) return NaN;
  let below = 0;
  for (; x < FAR; x++) below += 1 / x;
  const inner = 1 / 252 - (1 / 240 - 1 / 132 / x ** 2) / x ** 2;
  return Math.log(x) - 0.5 / x - (1 / 12 - (1 / 120 - inner / x ** 2) / x ** 2) / x ** 2 - below;
}

/** erf by its series, which serves as the reference. */
function erfSeries(x: number): number {
  if (Math.abs(x) > 5.5) return Math.sign(x);
  let [sum, term] = [x, x];
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

/** The inverse by halving an interval. */
function erfinvByHalves(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (Math.abs(x) >= 1) return Math.abs(x) > 1 ? NaN : x * Infinity;
  let [low, high] = [-6, 6];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (erfSeries(middle) < x) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// d/dx erf x = 2/√π · e^(−x²)
/** Error function, 2/√π · ∫₀ˣ e^(−t²) dt. Follows `torch.erf`. */
export const erf: UnaryOp = unary("erf", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))],
  ref: erfSeries,
  special: [0, 10, -10, Infinity, -Infinity, NaN],
});

// d/dx erf⁻¹ x = √π/2 · e^(y²)
/** Inverse of the error function; ±∞ at ±1, NaN beyond. Follows `torch.erfinv`. */
export const erfinv: UnaryOp = unary("erfinv", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y.square().exp()).mul(Math.sqrt(Math.PI) / 2)],
  ref: erfinvByHalves,
  domain: [-0.9, 0.9],
  special: [1, -1, 2, NaN],
});

const polygammaKernel = kernelNumber("polygamma");
const polygammaRule = rule<{ n: number }>("polygamma", {
  saves: "x",
  vjp: [(g, { x, attrs }) => g.mul(polygamma(attrs.n + 1, x))],
  jvp: DIAGONAL,
  batch: ([x], { n }) => polygamma(n, x!),
});

/** Factorials leave float64 long before. */
const MAX_ORDER = 10000;

/**
 * Derivative number n of digamma, elementwise. Follows `torch.polygamma`.
 *
 * @param n Order, an integer from 0 to 10000; 0 for digamma itself.
 *
 * @example The trigamma function
 * ```ts
 * import { polygamma, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(polygamma(1, tensor(1)), Math.PI ** 2 / 6);
 * ```
 */
export function polygamma(n: number, x: Tensor): Tensor {
  checkCount("compute polygamma", arguments.length, 2);
  checkTensor("polygamma", x);
  if (!Number.isInteger(n) || n < 0 || n > MAX_ORDER) {
    throw new RangeError(
      `Cannot compute polygamma: the order must be an integer from 0 to ${MAX_ORDER}, got ${
        shown(n)
      }`,
    );
  }
  const input = isFloat(x.dtype) ? x : castTo(x, "float32");
  if (input.batched !== null) return inBatch(polygammaRule.batch, [input], { n })[0]!;
  const y = result(input, input.dtype, input.shape);
  input.storage.backend.run2(polygammaKernel, y, scalar(n, input.dtype, input), input);
  return record1(polygammaRule, input, y, { n });
}

// d/dx ψ(x) = ψ₁(x)
/** Derivative of the logarithm of the gamma function. Follows `torch.digamma`. */
export const digamma: UnaryOp = unary("digamma", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(polygamma(1, x))],
  ref: digammaSeries,
  domain: [2, 10],
  special: [0, -1, Infinity, NaN],
});

// d/dx ln Γ(x) = ψ(x)
/** Logarithm of the absolute value of the gamma function. Follows `torch.lgamma`. */
export const lgamma: UnaryOp = unary("lgamma", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(digamma(x))],
  ref: lgammaSeries,
  domain: [4, 12],
  special: [0, -1, Infinity, NaN],
});
