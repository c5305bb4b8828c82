/** Rows of how nets are trained: the parts of every training loop. */

import { each, near, type Row } from "../row.ts";

const question = "How are nets trained?";

export const rows: readonly Row[] = [
  {
    id: "B-05",
    script: "first_losses.ts",
    question,
    claim: "The mean squared error is the loss of regression.",
    tag: "X",
    threshold: "value and gradient are those of the formula, the latter by differences, to 1e-8; " +
      "a sum is N times the mean",
    holds: each((f: { value: number; gradient: number; sum: number }) =>
      f.value <= 1e-12 && f.gradient <= 1e-8 && near([f.sum], [6])
    ),
  },
  {
    id: "B-06",
    script: "first_losses.ts",
    question,
    claim: "Cross-entropy is the loss of classification.",
    tag: "X",
    threshold: "at logits of ±1e4 loss 1e4 and gradient ∓1/2; elsewhere (softmax − one-hot)/N",
    holds: each((f: { extreme: number; pull: number[]; gradient: number }) =>
      near([f.extreme], [1e4]) && near(f.pull, [0, 0, 0, -0.5, 0.5, 0]) && f.gradient <= 1e-6
    ),
  },
];
