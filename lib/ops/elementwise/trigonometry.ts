/** Primitives: trigonometric and hyperbolic functions. */

import type { Tensor } from "../../tensor/tensor.ts";
import { binary, type BinaryOp, unary, type UnaryOp } from "../define/elementwise.ts";
import { eq, gt, lt, where } from "./compare.ts";

// d/dx sin x = cos x
/** Sine; x in radians. */
export const sin: UnaryOp = unary("sin", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(cos(x))],
  ref: Math.sin,
  special: [0, Infinity, NaN],
});

// d/dx cos x = −sin x
/** Cosine; x in radians. */
export const cos: UnaryOp = unary("cos", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(sin(x)).neg()],
  ref: Math.cos,
  special: [0, Infinity, NaN],
});

// d/dx tan x = 1 + y²
/** Tangent; x in radians. */
export const tan: UnaryOp = unary("tan", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y.square().add(1))],
  ref: Math.tan,
  domain: [-1.2, 1.2],
  special: [0, Infinity, NaN],
});

// d/dx asin x = 1 / √(1 − x²)
/** Inverse of the sine, from −π/2 to π/2; NaN beyond ±1. */
export const asin: UnaryOp = unary("asin", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.square().neg().add(1).rsqrt())],
  ref: Math.asin,
  domain: [-0.9, 0.9],
  special: [0, 1, -1, 2, NaN],
});

// d/dx acos x = −1 / √(1 − x²)
/** Inverse of the cosine, from 0 to π; NaN beyond ±1. */
export const acos: UnaryOp = unary("acos", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.square().neg().add(1).rsqrt()).neg()],
  ref: Math.acos,
  domain: [-0.9, 0.9],
  special: [0, 1, -1, 2, NaN],
});

// d/dx atan x = 1 / (1 + x²)
/** Inverse of the tangent, from −π/2 to π/2. */
export const atan: UnaryOp = unary("atan", {
  saves: "x",
  vjp: [(g, { x }) => g.div(x.square().add(1))],
  ref: Math.atan,
  special: [0, Infinity, -Infinity, NaN],
});

/**
 * The gradient of the angle for one coordinate is the other over a² + b². Both are scaled by the larger
 * first, whose square may leave the range, and are taken as 1 at the origin, where there is no angle.
 */
function angleGradient(g: Tensor, to: Tensor, other: Tensor): Tensor {
  const size = to.detach().abs().maximum(other.detach().abs());
  const scale = where(gt(size, 0).mul(lt(size, Infinity)), size, 1);
  const [u, v] = [to.div(scale), other.div(scale)];
  const square = u.square().add(v.square());
  const origin = eq(size, 0);
  const slope = v.div(where(origin, 1, square)).div(scale);
  return g.mul(where(origin, 0, slope));
}

// d/da = b / (a² + b²), d/db = −a / (a² + b²)
/** Angle of the point with ordinate a and abscissa b, from −π to π. The gradient at the origin is 0. */
export const atan2: BinaryOp = binary("atan2", {
  saves: "ab",
  vjp: [
    (g, { a, b }) => angleGradient(g, a, b),
    (g, { a, b }) => angleGradient(g, b, a).neg(),
  ],
  ref: Math.atan2,
  domain: [0.3, 3],
});

// d/dx sinh x = cosh x
/** Hyperbolic sine. */
export const sinh: UnaryOp = unary("sinh", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(cosh(x))],
  ref: Math.sinh,
  special: [0, 1e4, -1e4, Infinity, -Infinity, NaN],
});

// d/dx cosh x = sinh x
/** Hyperbolic cosine. */
export const cosh: UnaryOp = unary("cosh", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(sinh(x))],
  ref: Math.cosh,
  special: [0, 1e4, -1e4, Infinity, -Infinity, NaN],
});

/** Coefficients of d/dx sinc x / x by powers of x²: (−1)ᵏ · 2k · π²ᵏ / (2k + 1)!, the last first. */
const SINC_SLOPE = Array.from({ length: 12 }, (_, i) => 12 - i).map((k) => {
  let term = 2 * k * (-1) ** k;
  for (let j = 1; j <= k; j++) term *= Math.PI ** 2 / (2 * j * (2 * j + 1));
  return term;
});

/** d/dx sinc x = (cos πx − sinc x)/x, near 0 by its series, so that every derivative is right there. */
function sincSlope(x: Tensor): Tensor {
  const near = x.abs().lt(0.5);
  const [close, far] = [where(near, x, 0), where(near, 1, x)];
  const square = close.square();
  const series = SINC_SLOPE.slice(1).reduce(
    (sum, term) => sum.mul(square).add(term),
    square.mul(0).add(SINC_SLOPE[0]!),
  );
  const direct = far.mul(Math.PI).cos().sub(sinc(far)).div(far);
  return where(near, close.mul(series), direct);
}

/** Normalised cardinal sine, sin(πx)/(πx), 1 at 0. Follows `torch.sinc`. */
export const sinc: UnaryOp = unary("sinc", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(sincSlope(x))],
  // What is reduced before it is multiplied is 0 at whole numbers.
  ref: (x) => {
    const whole = Math.round(x);
    const sine = Math.sin(Math.PI * (x - whole)) * (whole % 2 === 0 ? 1 : -1);
    return x === 0 ? 1 : sine / (Math.PI * x);
  },
  special: [0, 1e-20, 0.5, -0.5, Infinity, NaN],
});
