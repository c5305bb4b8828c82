/** Primitives: elementwise functions of two tensors. */

import { checkCount } from "../../core/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define/checks.ts";
import { binary, type BinaryOp } from "../define/elementwise.ts";
import { eq, ge, gt, lt, where } from "./compare.ts";

/** Sum, a + b. */
export const add: BinaryOp = binary("add", {
  integers: true,
  bools: true,
  vjp: [(g) => g, (g) => g],
  ref: (a, b) => a + b,
});

/** Difference, a − b. */
export const sub: BinaryOp = binary("sub", {
  integers: true,
  vjp: [(g) => g, (g) => g.neg()],
  ref: (a, b) => a - b,
});

/** Product, a · b. */
export const mul: BinaryOp = binary("mul", {
  integers: true,
  bools: true,
  saves: "ab",
  vjp: [(g, { b }) => g.mul(b), (g, { a }) => g.mul(a)],
  ref: (a, b) => a * b,
});

// d/db a/b = −a/b² = −y/b
/** Quotient, a / b; of integers in float32. */
export const div: BinaryOp = binary("div", {
  saves: "by",
  vjp: [(g, { b }) => g.div(b), (g, { b, y }) => g.mul(y).div(b).neg()],
  ref: (a, b) => a / b,
  domain: [0.3, 3],
});

// d/da aᵇ = b·aᵇ⁻¹, 0 for b = 0; d/db aᵇ = aᵇ·ln a, 0 where a = 0 and b ≥ 0
const power: BinaryOp = binary("pow", {
  integers: true,
  saves: "aby",
  vjp: [
    (g, { a, b }) => {
      // The exponent stays away from −1, so that no derivative meets 0 · ∞.
      const lower = power(a, where(eq(b, 0), 1, b.sub(1)));
      return where(eq(b, 0), 0, g.mul(b.mul(lower)));
    },
    (g, { a, b, y }) => {
      const flat = eq(a, 0).mul(ge(b, 0));
      return g.mul(where(flat, 0, y.mul(where(flat, 1, a).log())));
    },
  ],
  ref: Math.pow,
  domain: [0.3, 3],
});

/**
 * Power, aᵇ; of integers an integer. A number exponent of 2 is a `square`.
 *
 * @param a Base.
 * @param b Exponent.
 *
 * @example A number on either side
 * ```ts
 * import { pow, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pow(tensor([2, 3]), 2).toArray(), [4, 9]);
 * assertEquals(pow(2, tensor([2, 3])).toArray(), [4, 8]);
 * ```
 */
export function pow(a: Tensor | number, b: Tensor | number): Tensor {
  checkCount("compute pow", arguments.length, 2);
  if (b !== 2 || typeof a === "number") return power(a, b);
  checkTensor("pow", a, "one side");
  return a.dtype === "bool" ? power(a, b) : a.square();
}

// Where a and b are equal each gets half of the gradient, beside a NaN all of it, as in PyTorch.
const half = (g: Tensor, loses: Tensor, ties: Tensor) =>
  g.mul(where(loses, 0, where(ties, 0.5, 1)).to({ dtype: g.dtype }));

/** The larger of two; NaN if one is. Where they are equal each side gets half the gradient. */
export const maximum: BinaryOp = binary("maximum", {
  integers: true,
  bools: true,
  saves: "ab",
  vjp: [
    (g, { a, b }) => half(g, lt(a, b), eq(a, b)),
    (g, { a, b }) => half(g, gt(a, b), eq(a, b)),
  ],
  ref: Math.max,
  kinks: [0],
});

/** The smaller of two; NaN if one is. Where they are equal each side gets half the gradient. */
export const minimum: BinaryOp = binary("minimum", {
  integers: true,
  bools: true,
  saves: "ab",
  vjp: [
    (g, { a, b }) => half(g, gt(a, b), eq(a, b)),
    (g, { a, b }) => half(g, lt(a, b), eq(a, b)),
  ],
  ref: Math.min,
  kinks: [0],
});

// d/da √(a² + b²) = a/y, 0 at the origin
/** Length of the point (a, b), √(a² + b²), without overflow. Follows `torch.hypot`. */
export const hypot: BinaryOp = binary("hypot", {
  saves: "aby",
  vjp: [
    (g, { a, y }) => g.mul(a.div(where(eq(y, 0), 1, y))),
    (g, { b, y }) => g.mul(b.div(where(eq(y, 0), 1, y))),
  ],
  ref: Math.hypot,
  domain: [0.3, 3],
});

// d/da ln(eᵃ + eᵇ) = σ(a − b); of equal infinities, whose difference is none, half
const share = (a: Tensor, b: Tensor) =>
  where(eq(a, b).mul(eq(a.abs(), Infinity)), 0, a.sub(b)).sigmoid();

/** ln(eᵃ + eᵇ), which neither overflows nor loses small values. Follows `torch.logaddexp`. */
export const logaddexp: BinaryOp = binary("logaddexp", {
  saves: "ab",
  vjp: [(g, { a, b }) => g.mul(share(a, b)), (g, { a, b }) => g.mul(share(b, a))],
  ref: (a, b) => a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))),
  domain: [0.3, 3],
});
