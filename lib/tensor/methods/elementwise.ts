/** Elementwise methods; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";

/** Elementwise methods. */
export abstract class ElementwiseMethods {
  /** −x, elementwise. */
  neg(this: Tensor): Tensor {
    checkCount("run neg", arguments.length, 0);
    return ops.neg(this);
  }
  /** |x|, elementwise. */
  abs(this: Tensor): Tensor {
    checkCount("run abs", arguments.length, 0);
    return ops.abs(this);
  }
  /** Sign of x, elementwise. */
  sign(this: Tensor): Tensor {
    checkCount("run sign", arguments.length, 0);
    return ops.sign(this);
  }
  /** eˣ, elementwise. */
  exp(this: Tensor): Tensor {
    checkCount("run exp", arguments.length, 0);
    return ops.exp(this);
  }
  /** ln x, elementwise. */
  log(this: Tensor): Tensor {
    checkCount("run log", arguments.length, 0);
    return ops.log(this);
  }
  /** log₂ x, elementwise. */
  log2(this: Tensor): Tensor {
    checkCount("run log2", arguments.length, 0);
    return ops.log2(this);
  }
  /** ln(1 + x), elementwise. */
  log1p(this: Tensor): Tensor {
    checkCount("run log1p", arguments.length, 0);
    return ops.log1p(this);
  }
  /** √x, elementwise. */
  sqrt(this: Tensor): Tensor {
    checkCount("run sqrt", arguments.length, 0);
    return ops.sqrt(this);
  }
  /** 1/√x, elementwise. */
  rsqrt(this: Tensor): Tensor {
    checkCount("run rsqrt", arguments.length, 0);
    return ops.rsqrt(this);
  }
  /** x², elementwise. */
  square(this: Tensor): Tensor {
    checkCount("run square", arguments.length, 0);
    return ops.square(this);
  }
  /** 1/x, elementwise. */
  reciprocal(this: Tensor): Tensor {
    checkCount("run reciprocal", arguments.length, 0);
    return ops.reciprocal(this);
  }
  /** tanh x, elementwise. */
  tanh(this: Tensor): Tensor {
    checkCount("run tanh", arguments.length, 0);
    return ops.tanh(this);
  }
  /** 1 / (1 + e⁻ˣ), elementwise. */
  sigmoid(this: Tensor): Tensor {
    checkCount("run sigmoid", arguments.length, 0);
    return ops.sigmoid(this);
  }
  /** max(x, 0), elementwise. */
  relu(this: Tensor): Tensor {
    checkCount("run relu", arguments.length, 0);
    return ops.relu(this);
  }
  /** ln(1 + eˣ), elementwise. */
  softplus(this: Tensor): Tensor {
    checkCount("run softplus", arguments.length, 0);
    return ops.softplus(this);
  }
  /** eˣ − 1, exact for small x, elementwise. */
  expm1(this: Tensor): Tensor {
    checkCount("run expm1", arguments.length, 0);
    return ops.expm1(this);
  }
  /** Sine, elementwise. */
  sin(this: Tensor): Tensor {
    checkCount("run sin", arguments.length, 0);
    return ops.sin(this);
  }
  /** Cosine, elementwise. */
  cos(this: Tensor): Tensor {
    checkCount("run cos", arguments.length, 0);
    return ops.cos(this);
  }
  /** Tangent, elementwise. */
  tan(this: Tensor): Tensor {
    checkCount("run tan", arguments.length, 0);
    return ops.tan(this);
  }
  /** Inverse of the sine, elementwise. */
  asin(this: Tensor): Tensor {
    checkCount("run asin", arguments.length, 0);
    return ops.asin(this);
  }
  /** Inverse of the cosine, elementwise. */
  acos(this: Tensor): Tensor {
    checkCount("run acos", arguments.length, 0);
    return ops.acos(this);
  }
  /** Inverse of the tangent, elementwise. */
  atan(this: Tensor): Tensor {
    checkCount("run atan", arguments.length, 0);
    return ops.atan(this);
  }
  /** Hyperbolic sine, elementwise. */
  sinh(this: Tensor): Tensor {
    checkCount("run sinh", arguments.length, 0);
    return ops.sinh(this);
  }
  /** Hyperbolic cosine, elementwise. */
  cosh(this: Tensor): Tensor {
    checkCount("run cosh", arguments.length, 0);
    return ops.cosh(this);
  }
  /** Error function, elementwise. */
  erf(this: Tensor): Tensor {
    checkCount("run erf", arguments.length, 0);
    return ops.erf(this);
  }
  /** Inverse of the error function, elementwise. */
  erfinv(this: Tensor): Tensor {
    checkCount("run erfinv", arguments.length, 0);
    return ops.erfinv(this);
  }
  /** ln |Γ(x)|, elementwise. */
  lgamma(this: Tensor): Tensor {
    checkCount("run lgamma", arguments.length, 0);
    return ops.lgamma(this);
  }
  /** Derivative of ln Γ(x), elementwise. */
  digamma(this: Tensor): Tensor {
    checkCount("run digamma", arguments.length, 0);
    return ops.digamma(this);
  }
  /** Largest whole number that is not above, elementwise. */
  floor(this: Tensor): Tensor {
    checkCount("run floor", arguments.length, 0);
    return ops.floor(this);
  }
  /** Smallest whole number that is not below, elementwise. */
  ceil(this: Tensor): Tensor {
    checkCount("run ceil", arguments.length, 0);
    return ops.ceil(this);
  }
  /** Nearest whole number, a half to the even one, elementwise. */
  round(this: Tensor): Tensor {
    checkCount("run round", arguments.length, 0);
    return ops.round(this);
  }
  /** Without the fraction, elementwise. */
  trunc(this: Tensor): Tensor {
    checkCount("run trunc", arguments.length, 0);
    return ops.trunc(this);
  }
  /** x + other; shapes broadcast. */
  add(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run add", arguments.length, 1);
    return ops.add(this, other);
  }
  /** x − other; shapes broadcast. */
  sub(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run sub", arguments.length, 1);
    return ops.sub(this, other);
  }
  /** x · other; shapes broadcast. */
  mul(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run mul", arguments.length, 1);
    return ops.mul(this, other);
  }
  /** x / other; shapes broadcast. */
  div(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run div", arguments.length, 1);
    return ops.div(this, other);
  }
  /** x to the power of other; shapes broadcast. */
  pow(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run pow", arguments.length, 1);
    return ops.pow(this, other);
  }
  /** Angle of the point with this ordinate and that abscissa, elementwise. */
  atan2(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run atan2", arguments.length, 1);
    return ops.atan2(this, other);
  }
  /** Remainder with the sign of the divisor, elementwise. */
  remainder(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run remainder", arguments.length, 1);
    return ops.remainder(this, other);
  }
  /** The larger of x and other; shapes broadcast. */
  maximum(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run maximum", arguments.length, 1);
    return ops.maximum(this, other);
  }
  /** The smaller of x and other; shapes broadcast. */
  minimum(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run minimum", arguments.length, 1);
    return ops.minimum(this, other);
  }
  /** x = other, as bool; shapes broadcast. */
  eq(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run eq", arguments.length, 1);
    return ops.eq(this, other);
  }
  /** x ≠ other, as bool; shapes broadcast. */
  ne(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run ne", arguments.length, 1);
    return ops.ne(this, other);
  }
  /** x < other, as bool; shapes broadcast. */
  lt(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run lt", arguments.length, 1);
    return ops.lt(this, other);
  }
  /** x ≤ other, as bool; shapes broadcast. */
  le(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run le", arguments.length, 1);
    return ops.le(this, other);
  }
  /** x > other, as bool; shapes broadcast. */
  gt(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run gt", arguments.length, 1);
    return ops.gt(this, other);
  }
  /** x ≥ other, as bool; shapes broadcast. */
  ge(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run ge", arguments.length, 1);
    return ops.ge(this, other);
  }
  /** Whether both are not 0, elementwise. */
  logicalAnd(this: Tensor, other: Tensor): Tensor {
    checkCount("run logicalAnd", arguments.length, 1);
    return ops.logicalAnd(this, other);
  }
  /** Whether one or both are not 0, elementwise. */
  logicalOr(this: Tensor, other: Tensor): Tensor {
    checkCount("run logicalOr", arguments.length, 1);
    return ops.logicalOr(this, other);
  }
  /** Whether exactly one is not 0, elementwise. */
  logicalXor(this: Tensor, other: Tensor): Tensor {
    checkCount("run logicalXor", arguments.length, 1);
    return ops.logicalXor(this, other);
  }
  /** Whether elements are 0. */
  logicalNot(this: Tensor): Tensor {
    checkCount("run logicalNot", arguments.length, 0);
    return ops.logicalNot(this);
  }
  /** Whether elements are NaN. */
  isnan(this: Tensor): Tensor {
    checkCount("run isnan", arguments.length, 0);
    return ops.isnan(this);
  }
  /** Whether elements are infinite. */
  isinf(this: Tensor): Tensor {
    checkCount("run isinf", arguments.length, 0);
    return ops.isinf(this);
  }
  /** Whether elements are neither infinite nor NaN. */
  isfinite(this: Tensor): Tensor {
    checkCount("run isfinite", arguments.length, 0);
    return ops.isfinite(this);
  }
  /** Numbers in place of NaN and the infinities. */
  nanToNum(this: Tensor, options?: ops.NanToNumOptions): Tensor {
    checkCount("run nanToNum", arguments.length, 1);
    return ops.nanToNum(this, options);
  }
  /** The point between this tensor and another, this + weight · (other − this). */
  lerp(this: Tensor, other: Tensor, weight: Tensor | number): Tensor {
    checkCount("run lerp", arguments.length, 2);
    return ops.lerp(this, other, weight);
  }
  /** ln of the logistic function, elementwise. */
  logSigmoid(this: Tensor): Tensor {
    checkCount("run logSigmoid", arguments.length, 0);
    return ops.logSigmoid(this);
  }
  /** The elements, clamped to the bounds; null for no bound. */
  clamp(this: Tensor, min?: Tensor | number | null, max?: Tensor | number | null): Tensor {
    checkCount("run clamp", arguments.length, 2);
    return ops.clamp(this, min, max);
  }
  /** The elements where a condition holds, those of another tensor or a number elsewhere. */
  where(this: Tensor, condition: Tensor, other: Tensor | number): Tensor {
    checkCount("run where", arguments.length, 2);
    return ops.where(condition, this, other);
  }
  /** sin(πx)/(πx), elementwise. */
  sinc(this: Tensor): Tensor {
    checkCount("run sinc", arguments.length, 0);
    return ops.sinc(this);
  }
  /** √(x² + other²), elementwise; shapes broadcast. */
  hypot(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run hypot", arguments.length, 1);
    return ops.hypot(this, other);
  }
  /** ln(eˣ + e^other), elementwise; shapes broadcast. */
  logaddexp(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run logaddexp", arguments.length, 1);
    return ops.logaddexp(this, other);
  }
  /** x·Φ(x), the Gaussian error linear unit, elementwise. */
  gelu(this: Tensor, options?: ops.GeluOptions): Tensor {
    checkCount("run gelu", arguments.length, 1);
    return ops.gelu(this, options);
  }
  /** x · ln other, 0 where x is 0; shapes broadcast. */
  xlogy(this: Tensor, other: Tensor | number): Tensor {
    checkCount("run xlogy", arguments.length, 1);
    return ops.xlogy(this, other);
  }
  /** 0 below 0, 1 above, and `values` at 0; shapes broadcast. */
  heaviside(this: Tensor, values: Tensor): Tensor {
    checkCount("run heaviside", arguments.length, 1);
    return ops.heaviside(this, values);
  }
  /** Whether elements are close to another tensor's; shapes broadcast. */
  isclose(this: Tensor, other: Tensor, options?: ops.ClosenessOptions): Tensor {
    checkCount("run isclose", arguments.length, 2);
    return ops.isclose(this, other, options);
  }
  /** Whether all elements are close to another tensor's. */
  allclose(this: Tensor, other: Tensor, options?: ops.ClosenessOptions): boolean {
    checkCount("run allclose", arguments.length, 2);
    return ops.allclose(this, other, options);
  }
  /** Whether the shape and all elements are those of another tensor. */
  equal(this: Tensor, other: Tensor): boolean {
    checkCount("run equal", arguments.length, 1);
    return ops.equal(this, other);
  }
  /** 2ˣ, elementwise. */
  exp2(this: Tensor): Tensor {
    checkCount("run exp2", arguments.length, 0);
    return ops.exp2(this);
  }
}
