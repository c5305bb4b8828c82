/** Primitives: elementwise functions of one tensor. */

import { ZERO } from "../../autograd/tape.ts";
import { unary, type UnaryOp } from "../define/elementwise.ts";
import { le, where } from "./compare.ts";

// d/dx (−x) = −1
/** Negation, −x. */
export const neg: UnaryOp = unary("neg", {
  integers: true,
  vjp: [(g) => g.neg()],
  ref: (x) => -x,
  special: [0, Infinity, -Infinity, NaN],
});

// d/dx |x| = sign x, 0 at 0
/** Absolute value. The gradient at 0 is 0. */
export const abs: UnaryOp = unary("abs", {
  integers: true,
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.sign())],
  ref: Math.abs,
  kinks: [0],
  special: [0, Infinity, -Infinity, NaN],
});

/** Sign: −1, 0 or 1. */
export const sign: UnaryOp = unary("sign", {
  integers: true,
  vjp: [ZERO],
  ref: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,
  kinks: [0],
  special: [0, Infinity, -Infinity],
});

// d/dx x² = 2x
/** Square, x². */
export const square: UnaryOp = unary("square", {
  integers: true,
  saves: "x",
  vjp: [(g, { x }) => g.mul(x).mul(2)],
  ref: (x) => x * x,
  special: [0, Infinity, -Infinity, NaN],
});

// d/dx eˣ = eˣ
/** Exponential, eˣ. */
export const exp: UnaryOp = unary("exp", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y)],
  ref: Math.exp,
  special: [0, 1e4, -1e4, Infinity, -Infinity, NaN],
});

// d/dx ln x = 1/x
/** Natural logarithm. */
export const log: UnaryOp = unary("log", {
  saves: "x",
  vjp: [(g, { x }) => g.div(x)],
  ref: Math.log,
  domain: [0.2, 4],
  special: [0, -1, Infinity, NaN],
});

// d/dx log₂ x = 1 / (x ln 2)
/** Logarithm to base 2. */
export const log2: UnaryOp = unary("log2", {
  saves: "x",
  vjp: [(g, { x }) => g.div(x.mul(Math.LN2))],
  ref: Math.log2,
  domain: [0.2, 4],
  special: [0, -1, 1, 8, Infinity, NaN],
});

// d/dx ln(1 + x) = 1 / (1 + x)
/** ln(1 + x), exact for small x. */
export const log1p: UnaryOp = unary("log1p", {
  saves: "x",
  vjp: [(g, { x }) => g.div(x.add(1))],
  ref: Math.log1p,
  domain: [-0.7, 3],
  special: [0, -1, -2, Infinity, NaN],
});

// d/dx √x = 1 / (2√x)
/** Square root. */
export const sqrt: UnaryOp = unary("sqrt", {
  saves: "y",
  vjp: [(g, { y }) => g.div(y.mul(2))],
  ref: Math.sqrt,
  domain: [0.2, 4],
  special: [0, -1, Infinity, NaN],
});

// d/dx 1/√x = −y³/2
/** Reciprocal of the square root, 1/√x. */
export const rsqrt: UnaryOp = unary("rsqrt", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y.mul(y.square()).mul(-0.5))],
  ref: (x) => 1 / Math.sqrt(x),
  domain: [0.3, 4],
  special: [0, -1, Infinity, NaN],
});

// d/dx 1/x = −1/x²
/** Reciprocal, 1/x. */
export const reciprocal: UnaryOp = unary("reciprocal", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y.square()).neg()],
  ref: (x) => 1 / x,
  domain: [0.3, 3],
  special: [0, Infinity, -Infinity, NaN],
});

// d/dx tanh x = 1 − y²
/** Hyperbolic tangent. */
export const tanh: UnaryOp = unary("tanh", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y.square().neg().add(1))],
  ref: Math.tanh,
  special: [0, 1e4, -1e4, Infinity, -Infinity, NaN],
});

// d/dx σ(x) = σ(x)·σ(−x), which keeps its digits where 1 − σ(x) has none
/** Logistic function, 1 / (1 + e⁻ˣ). */
export const sigmoid: UnaryOp = unary("sigmoid", {
  saves: "xy",
  vjp: [(g, { x, y }) => g.mul(y.mul(x.neg().sigmoid()))],
  ref: (x) => 1 / (1 + Math.exp(-x)),
  special: [0, 1e4, -1e4, Infinity, -Infinity, NaN],
});

// d/dx relu x = 1 for x > 0, 0 for x ≤ 0
/** Rectifier, max(x, 0). The gradient at 0 is 0. */
export const relu: UnaryOp = unary("relu", {
  integers: true,
  saves: "y",
  vjp: [(g, { y }) => where(le(y, 0), 0, g)],
  ref: (x) => x <= 0 ? 0 : x,
  kinks: [0],
  special: [0, Infinity, -Infinity, NaN],
});

// d/dx ln(1 + eˣ) = σ(x)
/** Softplus, ln(1 + eˣ), which neither overflows nor loses small values. */
export const softplus: UnaryOp = unary("softplus", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.sigmoid())],
  ref: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  special: [0, 100, -100, 1e4, -1e4],
});

// d/dx (eˣ − 1) = eˣ; y + 1 has none of its digits far below 0
/** eˣ − 1, exact for small x. */
export const expm1: UnaryOp = unary("expm1", {
  saves: "x",
  vjp: [(g, { x }) => g.mul(x.exp())],
  ref: Math.expm1,
  special: [0, 1e-20, 1e4, -1e4, Infinity, -Infinity, NaN],
});

// d/dx 2ˣ = 2ˣ · ln 2
/** 2ˣ. Follows `torch.exp2`. */
export const exp2: UnaryOp = unary("exp2", {
  saves: "y",
  vjp: [(g, { y }) => g.mul(y).mul(Math.LN2)],
  ref: (x) => 2 ** x,
  special: [0, 1, -1, 10, 1e4, -1e4, Infinity, -Infinity, NaN],
});
