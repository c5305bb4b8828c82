/** Rows of losses that meet outliers and wrong labels. */

import { each, near, type Row } from "../row.ts";

const question = "What does an outlier do?";

export const rows: readonly Row[] = [
  {
    id: "C-09",
    script: "huber_line.ts",
    question,
    claim: "One outlier dominates training by the squared error, and Huber's loss caps its pull.",
    tag: "M",
    threshold: "RMSE to the true line: Huber ≤ 0.2, MSE ≥ 1.5",
    holds: each((f: { huber: number; mse: number }) => f.huber <= 0.2 && f.mse >= 1.5),
  },
  {
    id: "A-17",
    script: "label_noise.ts",
    question,
    claim: "Robust loss, clipping and an adaptive rate together overcome the limits of MSE.",
    correction: "Clipping and one cycle do not help against label noise; only another loss does.",
    tag: "M",
    threshold: "clean error of every robust cell ≤ 1/20 of every MSE cell",
    holds: each((f: { mse: number[]; robust: number[] }) =>
      Math.max(...f.robust) <= Math.min(...f.mse) / 20
    ),
    quick: each((f: { mse: number[]; robust: number[] }) =>
      Math.max(...f.robust) <= Math.min(...f.mse) / 5
    ),
  },
  {
    id: "A-11",
    script: "constant_fit.ts",
    question,
    claim: "MSE is sensitive to outliers, which makes the mean a trap.",
    tag: "X",
    threshold: "the constant of MSE is the mean, that of L1 the median, Huber's lies between",
    holds: each((f: { mse: number; l1: number; huber: number; mean: number; median: number }) =>
      near([f.mse, f.l1], [f.mean, f.median]) && f.median < f.huber && f.huber < f.mean
    ),
  },
  {
    id: "C-02",
    script: "constant_fit.ts",
    question,
    claim: "A loss defines the goal: the gap between prediction and truth.",
    tag: "X",
    threshold: "of 3.2 … 6.8, 100: MSE asks for 149.8/11, L1 for 5, the 0.9-quantile for 6.8",
    holds: each((f: { mse: number; l1: number; quantile: number; below: number }) =>
      near([f.mse, f.l1, f.quantile, f.below], [149.8 / 11, 5, 6.8, 10])
    ),
  },
];
