/** Special functions. Their kernels are in `rust/src/kernels/unary.rs`. */

import { unary, type UnaryOp } from "./define.ts";

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
