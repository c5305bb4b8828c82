/** Losses that grow slower than the square. */

import { type losses, ShapeError, type Tensor, tensor } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { elementRow } from "./element_row.ts";
import { leaf, positive } from "./plain.ts";
import { residuals } from "./regression_rows.ts";

/** ln cosh, in the form 1 + 2·sinh²(r/2) of cosh, and without what is lost in it for large residuals. */
export const LOG_COSH = elementRow<losses.ElementLossOptions>({
  each: (p, t) => {
    const r = Math.abs(p - t);
    return r > 20 ? r - Math.LN2 : Math.log1p(2 * Math.sinh(r / 2) ** 2);
  },
  options: {},
  points: [
    {
      title: "0, small, and far beyond",
      inputs: residuals(0, 1e-9, 1e4, -1e4),
      options: { reduction: "sum" },
      value: 2 * (1e4 - Math.LN2),
      gradient: [0, 1e-9, 1, -1],
    },
    {
      title: "where the form changes",
      inputs: residuals(1, -1),
      options: { reduction: "sum" },
      value: 2 * Math.log(Math.cosh(1)),
      gradient: [Math.tanh(1), -Math.tanh(1)],
    },
  ],
  extremes: [1e-18, 1e4, 1e30],
});

/** Pinball loss. */
export const QUANTILE = elementRow<losses.QuantileOptions>({
  each: (p, t, { q = 0.5 }) => t >= p ? q * (t - p) : (1 - q) * (p - t),
  options: { q: () => [0.1, 0.75, 1] },
  points: [{
    title: "at the target and on both sides",
    inputs: residuals(0, 2, -2),
    options: { q: 0.75, reduction: "sum" },
    value: 2,
    gradient: [-0.25, 0.25, -0.75],
  }],
  extremes: [1e-20, 1e4, 1e30],
  refuses: [2, -0.1, NaN].map((q) => ({
    options: { q },
    error: RangeError,
    says: `q must lie in 0 to 1, got ${q}`,
  })),
});

/** Charbonnier's loss. */
export const CHARBONNIER = elementRow<losses.CharbonnierOptions>({
  each: (p, t, { eps = 1e-3 }) => Math.sqrt((p - t) ** 2 + eps ** 2),
  options: { eps: () => [0.1, 2] },
  points: [{
    title: "0, and beyond the range of squares",
    inputs: residuals(0, 1e200, -1e200),
    options: { eps: 1e-200, reduction: "sum" },
    value: 2e200,
    gradient: [0, 1, -1],
  }],
  extremes: [1e-20, 1e4, 1e30],
  refuses: positive("eps"),
});

/** Cauchy's loss. */
export const CAUCHY = elementRow<losses.CauchyOptions>({
  each: (p, t, { c = 1 }) => c * c / 2 * Math.log1p(((p - t) / c) ** 2),
  options: { c: () => [0.5, 2.385] },
  points: [{
    title: "0, the steepest slopes, and far beyond",
    inputs: residuals(0, 2, -2, 1e10),
    options: { c: 2, reduction: "sum" },
    value: 4 * Math.log(2) + 4 * Math.log(5e9),
    gradient: [0, 1, -1, 4e-10],
  }],
  extremes: [1e-18, 1e4, 1e15],
  refuses: positive("c"),
});

/** Tukey's biweight. */
export const TUKEY_BIWEIGHT = elementRow<losses.TukeyBiweightOptions>({
  // The form of the paper loses small residuals.
  each: (p, t, { c = 4.685 }) => {
    const r = Math.abs(p - t);
    if (r < 1e-6) return r * r / 2;
    return c * c / 6 * (r < c ? 1 - (1 - (r / c) ** 2) ** 3 : 1);
  },
  options: { c: () => [2, 1] },
  points: [
    {
      title: "0, inside, and where it is flat",
      inputs: residuals(0, 1, -1, 2, -2, 1e200),
      options: { c: 2, reduction: "sum" },
      value: 2 * (1 - 0.75 ** 3) * 4 / 6 + 3 * 4 / 6,
      gradient: [0, 0.5625, -0.5625, 0, 0, 0],
    },
  ],
  extremes: [1e-18, 1e4, 1e30],
  refuses: positive("c"),
});

/** A number, or the only one of a tensor. */
const numberOf = (x: number | Tensor) => typeof x === "number" ? x : valuesOf(x)[0]!;

/** Barron's general loss. */
export const GENERAL_ROBUST = elementRow<losses.GeneralRobustOptions>({
  each: (p, t, { alpha: shape = 1, scale = 1 }) => {
    const [a, u] = [numberOf(shape), ((p - t) / numberOf(scale)) ** 2];
    if (a === -Infinity) return -Math.expm1(-u / 2);
    if (a === 2) return u / 2;
    if (a === 0) return Math.log1p(u / 2);
    const b = Math.abs(a - 2);
    return u < 1e-12 ? u / 2 : b / a * ((u / b + 1) ** (a / 2) - 1);
  },
  options: {
    alpha: () => [-Infinity, -2, 0, 2, leaf(1.3), leaf(-1)],
    scale: () => [0.5, leaf(2)],
  },
  points: [
    {
      title: "0 and far beyond",
      inputs: residuals(0, 1e100, -1e100),
      options: { reduction: "sum" },
      value: 2e100,
      gradient: [0, 1, -1],
    },
    {
      title: "shapes of just 0 and 2 in a tensor",
      inputs: residuals(2, 2),
      options: { reduction: "sum", alpha: tensor([0, 2], { dtype: "float64" }) },
      value: Math.log(3) + 2,
      gradient: [2 / 3, 2],
    },
  ],
  extremes: [1e-18, 1e4, 1e15],
  refuses: [
    ...[Infinity, NaN].map((alpha) => ({
      options: { alpha },
      error: TypeError,
      says: `alpha must be a number below Infinity or a floating tensor, got ${alpha}`,
    })),
    ...[0, -1, Infinity, NaN].map((scale) => ({
      options: { scale },
      error: TypeError,
      says: `scale must be a positive number or a floating tensor, got ${scale}`,
    })),
    ...["alpha", "scale"].map((key) => ({
      inputs: residuals(1, 2, 3),
      options: { [key]: leaf([1, 1]) },
      error: ShapeError,
      says: `${key} of shape [2] does not broadcast to the prediction's shape [3]`,
    })),
  ],
});
