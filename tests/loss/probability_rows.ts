/** Losses that are negative log-likelihoods or divergences of probabilities. */

import { full, type losses, ShapeError, tensor, zeros } from "../../mod.ts";
import { elementRow } from "./element_row.ts";
import type { Inputs } from "./row.ts";

/** ln t! as Stirling's formula has it. */
const stirling = (t: number) => t > 1 ? t * Math.log(t) - t + Math.log(2 * Math.PI * t) / 2 : 0;

/** Poisson's negative log-likelihood. */
export const POISSON_NLL = elementRow<losses.PoissonNLLOptions>({
  each: (x, t, { logInput = true, full = false, eps = 1e-8 }) =>
    (logInput ? Math.exp(x) - t * x : x - t * Math.log(x + eps)) + (full ? stirling(t) : 0),
  predictions: [0.1, 3],
  targets: [0.1, 4],
  options: { logInput: () => [false], full: () => [true], eps: () => [0.5, 0] },
  beside: { eps: { logInput: false } },
  points: [
    {
      title: "counts in int32, in the precision of the predictions",
      inputs: (): Inputs => [
        tensor([0], { dtype: "float64", requiresGrad: true }),
        tensor([7], { dtype: "int32" }),
      ],
      options: { full: true },
      value: 1 + stirling(7),
      gradient: [-6],
    },
    {
      title: "logarithms of vanishing rates",
      inputs: (): Inputs => [
        tensor([-1e4, 0], { dtype: "float64", requiresGrad: true }),
        tensor([3, 1], { dtype: "int32" }),
      ],
      options: { reduction: "sum", full: true },
      value: 3e4 + 1 + stirling(3),
      gradient: [-3, 0],
    },
    {
      title: "a rate and a count of 0",
      inputs: (): Inputs => [
        tensor([0, 7], { dtype: "float64", requiresGrad: true }),
        tensor([0, 7], { dtype: "float64", requiresGrad: true }),
      ],
      options: { reduction: "sum", logInput: false, full: true },
      value: 7 - 7 * Math.log(7 + 1e-8) + stirling(7),
      gradient: [1, 1 - 7 / (7 + 1e-8)],
    },
    {
      title: "a rate of 1e4",
      inputs: (): Inputs => [tensor([1e4], { requiresGrad: true }), tensor([1e4])],
      options: { logInput: false },
      value: 1e4 - 1e4 * Math.log(1e4),
      gradient: [0],
    },
  ],
  extremes: [1e-20, 80],
  refuses: [-1, Infinity, NaN].map((eps) => ({
    options: { eps },
    error: RangeError,
    says: `eps must be finite and not negative, got ${eps}`,
  })),
});

const float32 = (data: number[], requiresGrad = false) => tensor(data, { requiresGrad });

/** Divergence of Kullback and Leibler. */
export const KL_DIV = elementRow<losses.DivergenceOptions>({
  each: (x, t, { logTarget = false }) =>
    logTarget ? Math.exp(t) * (t - x) : t === 0 ? 0 : t * (Math.log(t) - x),
  predictions: [-3, 0],
  targets: [0.05, 1],
  reductions: ["mean", "sum", "batchmean", "none"],
  options: { logTarget: () => [true] },
  points: [
    {
      title: "probabilities of 0, also where the prediction is one too",
      inputs: (): Inputs => [float32([-1e4, -Infinity, -1e4], true), float32([0, 0, 1], true)],
      options: { reduction: "batchmean" },
      value: 1e4 / 3,
      gradient: [0, 0, -1 / 3],
    },
    {
      title: "logarithms of vanishing probabilities",
      inputs: (): Inputs => [
        float32([-1e4, -1, -Infinity, -1e4], true),
        float32([-1e4, -1e4, -Infinity, 0]),
      ],
      options: { reduction: "sum", logTarget: true },
      value: 1e4,
      gradient: [0, 0, 0, -1],
    },
  ],
  extremes: [1e-20, 1e4],
});

/** Divergence of Jensen and Shannon. */
export const JS_DIV = elementRow<losses.DivergenceOptions>({
  each: (x, t, { logTarget = false }) => {
    const [p, q] = [Math.exp(x), logTarget ? Math.exp(t) : t];
    const part = (own: number) => own === 0 ? 0 : own * Math.log(2 * own / (p + q)) / 2;
    return part(p) + part(q);
  },
  predictions: [-3, 0],
  targets: [0.05, 1],
  reductions: ["mean", "sum", "batchmean", "none"],
  options: { logTarget: () => [true] },
  points: [
    {
      title: "equal distributions",
      inputs: (): Inputs => [
        tensor([-1, -2], { dtype: "float64", requiresGrad: true }),
        tensor([-1, -2], { dtype: "float64" }),
      ],
      options: { logTarget: true },
      value: 0,
      gradient: [0, 0],
    },
    {
      title: "probabilities of 0, of one and of both",
      inputs:
        (): Inputs => [float32([-1e4, -Infinity, 0, -Infinity], true), float32([1, 1, 0, 0], true)],
      options: { reduction: "sum" },
      value: 1.5 * Math.LN2,
      gradient: [0, 0, Math.LN2 / 2, 0],
    },
    {
      title: "logarithms of vanishing probabilities",
      inputs: (): Inputs => [
        float32([-1e4, 0, -Infinity, 0], true),
        float32([-1e4, -1e4, -Infinity, -Infinity]),
      ],
      options: { reduction: "sum", logTarget: true },
      value: Math.LN2,
      gradient: [0, Math.LN2 / 2, 0, Math.LN2 / 2],
    },
  ],
  extremes: [1e-20, 80],
});

const unfit = (prediction: number[], variance: number[]) => ({
  inputs: () => [zeros(prediction), zeros(prediction), full(variance, 1)],
  error: ShapeError,
  says: `or 1 in place of extents, got [${variance.join(", ")}]`,
});

/** Negative log-likelihood of normally distributed targets. */
export const GAUSSIAN_NLL = elementRow<losses.GaussianNLLOptions>({
  each: (p, t, { full = false, eps = 1e-6 }, variance = NaN) => {
    const v = Math.max(variance, eps);
    return (Math.log(v) + (p - t) ** 2 / v + (full ? Math.log(2 * Math.PI) : 0)) / 2;
  },
  more: [[0.6, 2]],
  options: { full: () => [true], eps: () => [0.5] },
  samples: [{
    title: "variances below eps",
    slopes: false,
    inputs: (): Inputs => [
      tensor([1, 2], { dtype: "float64", requiresGrad: true }),
      tensor([0, 4], { dtype: "float64" }),
      tensor([0.1, 0], { dtype: "float64", requiresGrad: true }),
    ],
  }],
  points: [{
    title: "a variance of 0, and errors of 1e4",
    inputs:
      (): Inputs => [float32([0, 1e4, -1e4], true), float32([0, 0, 0]), float32([0, 1, 100], true)],
    options: { reduction: "sum" },
    value: Math.log(1e-6) / 2 + 5e7 + Math.log(100) / 2 + 5e5,
    gradient: [0, 1e4, -100],
  }],
  extremes: [1e-20, 1e4],
  refuses: [
    unfit([3], [2]),
    unfit([2, 3], [3]),
    unfit([2, 3], [1]),
    unfit([], [1]),
    {
      inputs: () => [zeros([2]), zeros([2]), float32([1, -1])],
      error: RangeError,
      says: "variance must be at least 0",
    },
    {
      inputs: () => [zeros([2]), zeros([2]), [1, 1]],
      error: TypeError,
      says: "variance must be a tensor",
    },
    ...[-1, NaN, Infinity].map((variance) => ({
      inputs: () => [zeros([2]), zeros([2]), variance],
      error: TypeError,
      says: `variance must be a tensor or a number from 0, got ${variance}`,
    })),
    ...[0, -1, Infinity, NaN].map((eps) => ({
      options: { eps },
      error: RangeError,
      says: `eps must be positive and finite, got ${eps}`,
    })),
  ],
});
