/** Losses that grow slower than the square. */

import type { losses } from "../../mod.ts";
import { elementRow } from "./element_row.ts";
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

/** What a number that must be positive refuses. */
const positive = (key: string) =>
  [0, -1, Infinity, NaN].map((value) => ({
    options: { [key]: value },
    error: RangeError,
    says: `${key} must be positive and finite, got ${value}`,
  }));

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
