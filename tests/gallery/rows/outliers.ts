/** Rows of losses that meet outliers and wrong labels. */

import { each, near, type Row } from "../row.ts";

const question = "What does an outlier do?";

interface Pulls {
  mse: number;
  huber: number;
  prediction: number;
  mseOutlier: number;
  huberOutlier: number;
  mseInliers: number;
  huberMost: number;
  capped: number;
}

interface Drawn {
  points: number[];
  dashed: number[];
  dotted: number[];
  legends: number[];
  titles: number[];
  onGuides: number;
}

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
  {
    id: "S4",
    script: "huber_gradients.ts",
    question,
    claim: "huber_loss and a plot of its gradient beside that of MSE.",
    correction: "Gradients of a mean are 1/N of a sample's, so that guides at ±δ are beside them.",
    tag: "X",
    threshold:
      "Huber's loss of the sample is 3.693313, by the library and as it is printed, with " +
      "the same gradients",
    holds: each((f: { huber: number; literal: number; apart: number }) =>
      near([f.huber, f.literal], [3.693313, 3.693313]) && f.apart <= 1e-9
    ),
  },
  {
    id: "C-06",
    script: "huber_gradients.ts",
    question,
    claim: "huber_loss: half the square up to δ, and δ·|r| − δ²/2 beyond.",
    tag: "X",
    threshold: "at residuals −3 … 3, among them 0 and ±δ, values 4 2 ½ 0 ½ 2 4, slopes " +
      "−2 −2 −1 0 1 2 2; at ±∞ slopes ±2",
    holds: each((f: { values: number[]; slopes: number[] }) =>
      near(f.values.slice(1, -1), [4, 2, 0.5, 0, 0.5, 2, 4]) &&
      near(f.slopes, [-2, -2, -2, -1, 0, 1, 2, 2, 2])
    ),
  },
  {
    id: "C-07",
    script: "huber_gradients.ts",
    question,
    claim: "The gradient of MSE grows with the error, that of Huber's loss is cut off at δ.",
    tag: "X",
    threshold:
      "half MSE 6.240740, Huber 3.693313; at the outlier, 0.050505, −0.199495 and −0.02; " +
      "others at most 0.05 and 0.02; 61 points at or beyond δ",
    holds: each((f: Pulls) =>
      near(
        [f.mse, f.huber, f.mseOutlier, f.huberOutlier, f.mseInliers, f.huberMost, f.capped],
        [6.24074, 3.693313, -0.199495, -0.02, 0.05, 0.02, 61],
      ) && near([f.prediction], [0.050505], 1e-5)
    ),
  },
  {
    id: "C-08",
    script: "huber_gradients.ts",
    question,
    claim: "Two scatter plots of gradient against prediction, with guides at ±δ.",
    correction: "Gradients of single samples, so that 61 points lie on the guides.",
    tag: "X",
    threshold:
      "in the SVG 200 points, a dashed line in each panel, two dotted ones in the right, " +
      "legends of 1 and 3, both titles; 61 points on the dotted lines",
    holds: each((f: Drawn) =>
      near([...f.points, ...f.dashed, ...f.dotted], [100, 100, 1, 1, 0, 2]) &&
      near([...f.legends, ...f.titles, f.onGuides], [1, 3, 1, 1, 61])
    ),
  },
  {
    id: "C-28",
    script: "huber_gradients.ts",
    question,
    claim: "Designing a loss is allocating gradients.",
    tag: "X",
    threshold: "the outlier's share of all gradients: 7.32 % of MSE, 1.23 % of Huber",
    holds: each((f: { mse: number; huber: number }) =>
      near([f.mse, f.huber], [0.0732, 0.0123], 2e-3)
    ),
  },
];
