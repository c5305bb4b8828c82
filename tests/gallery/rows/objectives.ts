/** Rows of several objectives in one loss. */

import { each, type Row } from "../row.ts";

/** Figures of S5. */
type Sample =
  & Record<"total" | "libraryTotal" | "below", number>
  & Record<"slopes" | "librarySlopes", number[]>;
/** Figures of C-15. */
type Noisy = Record<"weightRatio" | "errorRatio", number>;
/** Figures of C-11. */
type Units = Record<"sumSmall" | "sumLarge" | "fastSmall" | "fastLarge", number>;
/** Figures of C-16. */
type Runaway = Record<"slowSmall" | "fastSmall", number> & Record<"logVars" | "lastFall", number[]>;

/** Figures of C-12. */
type Pareto = Record<
  "sumsWithin" | "learnedWithin" | "largestWithin" | "mgdaWithin" | "mgdaLength",
  number
>;

/** Whether two lists of numbers are within a distance of each other. */
function near(found: readonly number[], wanted: readonly number[], distance: number): boolean {
  return found.length === wanted.length &&
    found.every((x, i) => Math.abs(x - wanted[i]!) <= distance);
}

export const rows: readonly Row[] = [
  {
    id: "S5",
    script: "uncertainty_form.ts",
    question: "Can a loss learn the weights of its terms?",
    tag: "X",
    claim: "MultiTaskLossWithUncertainty: the log of the variance of the noise that is observed.",
    correction:
      "It is the form for classification, whose log_vars end at ln(2L); the total falls below 0 without end.",
    threshold:
      "losses 2 and 3: total 5 and slopes −1.5 and −2.5, as printed and by the library; total below 0",
    holds: each((f: Sample) =>
      near([f.total, f.libraryTotal], [5, 5], 1e-6) && near(f.slopes, [-1.5, -2.5], 1e-6) &&
      near(f.librarySlopes, [-1.5, -2.5], 1e-6) && f.below < 0
    ),
  },
  {
    id: "C-13",
    script: "uncertainty_form.ts",
    question: "Can a loss learn the weights of its terms?",
    tag: "X",
    claim: "The loss learns log σ² of each task (S5).",
    threshold: "log-variances of constant losses 0.04 and 9 within 0.01 of −2.5257 and 2.8904",
    holds: each((f: { logVars: number[] }) => near(f.logVars, [-2.5257, 2.8904], 0.01)),
  },
  {
    id: "C-14",
    script: "uncertainty.ts",
    question: "Can a loss learn the weights of its terms?",
    tag: "X",
    claim: "Model and criterion are two groups of one Adam.",
    threshold: "first steps 0.001 and 0.02, rates after a schedule that halves 0.0005 and 0.01",
    holds: each((f: { modelStep: number; criterionStep: number; rates: number[] }) =>
      near([f.modelStep, f.criterionStep], [1e-3, 2e-2], 1e-5) && near(f.rates, [5e-4, 1e-2], 1e-12)
    ),
  },
  {
    id: "C-15",
    script: "uncertainty.ts",
    question: "Can a loss learn the weights of its terms?",
    tag: "M",
    claim: "The weight of a noisy task falls by itself.",
    threshold:
      "weight of the noisy task ≤ 1/100 of the other's, clean test error ≤ 1/20 of equal weights'",
    holds: each((f: Noisy) => f.weightRatio <= 1 / 100 && f.errorRatio <= 1 / 20),
    quick: each((f: Noisy) => f.weightRatio <= 0.3 && f.errorRatio <= 0.7),
  },
  {
    id: "C-11",
    script: "unit_mismatch.ts",
    question: "Why can losses not just be added?",
    tag: "M",
    claim: "A weighted sum is sensitive to the scales of its terms.",
    threshold:
      "sum: error of the small task ≥ 0.8; S5 with rate 0.02: ≤ 0.01, and that of the large task grows",
    holds: each((f: Units) => f.sumSmall >= 0.8 && f.fastSmall <= 0.01 && f.fastLarge > f.sumLarge),
    quick: each((f: Units) => f.fastSmall < 0.5 * f.sumSmall),
  },
  {
    id: "C-16",
    script: "unit_mismatch.ts",
    question: "Why can losses not just be added?",
    tag: "M",
    claim: "The weights are learned, and no longer hyper-parameters.",
    threshold:
      "S5 with rate 0.001 leaves ≥ 10 times the error; log-variances on data learned by heart ≤ −8 and falling",
    holds: each((f: Runaway) =>
      f.slowSmall >= 10 * f.fastSmall && f.logVars.every((s) => s <= -8) &&
      f.lastFall.every((fall) => fall < 0)
    ),
  },
  {
    id: "C-12",
    script: "pareto.ts",
    question: "Can a weighted sum find every trade-off?",
    tag: "M",
    claim: "A weighted sum cannot find Pareto-optimal solutions; weights that are learned can.",
    correction:
      "Minima of a sum with positive weights are Pareto optimal; what it misses is where the front bends inwards, with learned weights too.",
    threshold:
      "sums and learned weights end at the ends only; Tchebycheff at ≥ 5 points within, MGDA within with a shortest combination ≤ 0.001",
    holds: each((f: Pareto) =>
      f.sumsWithin === 0 && f.learnedWithin === 0 && f.largestWithin >= 5 && f.mgdaWithin >= 5 &&
      f.mgdaLength <= 1e-3
    ),
  },
];
