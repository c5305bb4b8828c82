/** Losses of numbers. */

import { type losses, tensor } from "../../mod.ts";
import { elementRow } from "./element_row.ts";
import type { Inputs } from "./row.ts";

/** Residuals, as predictions beside a target of 0. */
export const residuals = (...rs: number[]) => (): Inputs => [
  tensor(rs, { dtype: "float64", requiresGrad: true }),
  tensor(rs.map(() => 0), { dtype: "float64" }),
];

/** Mean squared error. */
export const MSE = elementRow<losses.ElementLossOptions>({
  each: (p, t) => (p - t) ** 2,
  options: {},
  points: [
    { title: "0", inputs: residuals(0, 0), value: 0, gradient: [0, 0] },
    {
      title: "NaN behind a mask",
      inputs: () => [tensor([1, 2, NaN], { requiresGrad: true }), tensor([0, 0, 0])],
      options: { mask: tensor([true, true, false]), weight: tensor([1, 3, 1]) },
      value: 6.5,
      gradient: [1, 6, 0],
    },
  ],
  extremes: [1e-20, 1e4, 1e15],
});

/** Huber's loss. */
export const HUBER = elementRow<losses.HuberOptions>({
  each: (p, t, { delta = 1 }) => {
    const r = Math.abs(p - t);
    return r <= delta ? r * r / 2 : delta * (r - delta / 2);
  },
  options: { delta: () => [0.5, 2] },
  points: [
    {
      title: "0 and where it turns linear",
      inputs: residuals(0, 2, -2),
      options: { delta: 2, reduction: "sum" },
      value: 4,
      gradient: [0, 2, -2],
    },
  ],
  extremes: [1e-20, 1e4, 1e30],
  refuses: [0, -1, Infinity, NaN].map((delta) => ({
    options: { delta },
    error: RangeError,
    says: `delta must be positive and finite, got ${delta}`,
  })),
});

/** Mean absolute error. */
export const L1 = elementRow<losses.ElementLossOptions>({
  each: (p, t) => Math.abs(p - t),
  options: {},
  points: [{
    title: "0 and on both sides",
    inputs: residuals(0, 2, -1),
    options: { reduction: "sum" },
    value: 3,
    gradient: [0, 1, -1],
  }],
  extremes: [1e-20, 1e4, 1e30],
});

/** Smooth absolute error. */
export const SMOOTH_L1 = elementRow<losses.SmoothL1Options>({
  each: (p, t, { beta = 1 }) => {
    const r = Math.abs(p - t);
    return r < beta ? r * r / (2 * beta) : r - beta / 2;
  },
  options: { beta: () => [0.5, 2, 0] },
  points: [
    {
      title: "0 and where it turns linear",
      inputs: residuals(0, 2, -2),
      options: { beta: 2, reduction: "sum" },
      value: 2,
      gradient: [0, 1, -1],
    },
    {
      title: "0 without a quadratic part",
      inputs: residuals(0, 3, -1),
      options: { beta: 0, reduction: "sum" },
      value: 4,
      gradient: [0, 1, -1],
    },
    {
      title: "a square that would overflow",
      inputs: residuals(1e200),
      options: { beta: 1e250 },
      value: 5e149,
      gradient: [1e-50],
    },
    {
      title: "a quotient that would overflow",
      inputs: residuals(1e200),
      options: { beta: 1e-200 },
      value: 1e200,
      gradient: [1],
    },
  ],
  extremes: [1e-18, 1e4, 1e30],
  refuses: [-1, Infinity, NaN].map((beta) => ({
    options: { beta },
    error: RangeError,
    says: `beta must be finite and not negative, got ${beta}`,
  })),
});
