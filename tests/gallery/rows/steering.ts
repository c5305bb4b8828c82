/** Rows of how losses steer: by their gradients, their penalties, and what they learn themselves. */

import { each, near, type Row } from "../row.ts";

const question = "How does a loss steer?";

interface Collapse {
  adamCrossed: number;
  adamFactor: number;
  adamError: number;
  sgdCrossed: number;
  sgdSteps: number;
}

export const rows: readonly Row[] = [
  {
    id: "C-01",
    script: "loss_interface.ts",
    question,
    claim: "A loss is an active, differentiable interface that encodes the goal, not a ruler.",
    tag: "X",
    threshold: "a loss has parameters, modes and a state dict, and a sum of losses is their sum",
    holds: each((
      f: { parameters: number; evaluates: boolean; scale: number; restored: boolean; sum: number },
    ) =>
      f.parameters === 1 && f.evaluates && f.restored && f.sum <= 1e-6 &&
      Math.abs(f.scale - 0.3) <= 0.05
    ),
  },
  {
    id: "C-03",
    script: "gradient_regulator.ts",
    question,
    claim: "A loss regulates gradients: kinks make steps oscillate, flat regions make them vanish.",
    tag: "X",
    threshold: "L1 alternates ±0.05; Huber has 0.95·0.9ⁿ; at logit −10 for a 1 the gradient is " +
      "−9.08e-5 of sigmoid and MSE, −0.99995 of BCE",
    holds: each((
      f: { l1: number[]; huber: number[]; huberEnd: number; sigmoid: number; logit: number },
    ) =>
      near(f.l1, [0.05, -0.05, 0.05, -0.05]) &&
      near([...f.huber, f.huberEnd], [0, 1, 2, 3, 60].map((n) => 0.95 * 0.9 ** n)) &&
      near([f.sigmoid], [-9.08e-5], 1e-3) && near([f.logit], [-0.99995], 1e-5)
    ),
  },
  {
    id: "C-04",
    script: "regularisers.ts",
    question,
    claim: "A loss has an inductive bias, by its regularisation terms.",
    tag: "P",
    threshold: "of 17 features that do nothing, L1 leaves ≥ 15 below 0.01 and L2 ≤ 5; those that " +
      "matter stay ≥ 0.5; smoothness makes the error of a noisy curve ≤ 1/4",
    justification: "L1 left 16 to 17, L2 0 to 2; the least that matters was 1.24 to 1.45; the " +
      "error fell from 0.080–0.109 to 0.004–0.013.",
    holds: each((
      f: { l1Zeros: number; l1Kept: number; l2Zeros: number; noise: number; smooth: number },
    ) => f.l1Zeros >= 15 && f.l1Kept >= 0.5 && f.l2Zeros <= 5 && f.smooth <= f.noise / 4),
    quick: each((f: { l1Zeros: number; l2Zeros: number }) => f.l1Zeros >= 15 && f.l2Zeros <= 5),
  },
  {
    id: "C-05",
    script: "contrastive_losses.ts",
    question,
    claim: "Contrastive losses shape the relations between samples.",
    tag: "P",
    threshold:
      "contrastive loss of the three points 0.5; AUC of pairs of each of the three losses " +
      "≥ 0.10 above training for the score alone",
    justification: "The gain was 0.15 to 0.30 for contrastive, 0.25 to 0.38 for the other two.",
    holds: each((
      f: { golden: number; score: number; contrastive: number; triplet: number; infoNce: number },
    ) =>
      near([f.golden], [0.5]) &&
      Math.min(f.contrastive, f.triplet, f.infoNce) >= f.score + 0.1
    ),
  },
  {
    id: "A-24",
    script: "fairness_term.ts",
    question,
    claim: "MSE may cause algorithmic bias, and a fairness term corrects it.",
    correction: "The gap closes, and the overall error rises: much of it is levelling down.",
    tag: "M",
    threshold: "gap between the groups' errors at λ = 1 ≤ 0.7 of that at λ = 0",
    holds: each((f: { gaps: number[] }) => f.gaps[2]! <= 0.7 * f.gaps[0]!),
  },
  {
    id: "S1",
    script: "adaptive_mse.ts",
    question,
    claim: "AdaptiveMSE: mean(α·(prediction − target)²) with a learned α.",
    correction: "α must be positive, must have a reason not to fall, and must be in the optimizer.",
    tag: "X",
    threshold: "at [1 2 3], [0 0 5]: 3, gradient 2/3 4/3 −4/3, of α 3; in no group α stays 1",
    holds: each((f: { value: number; slope: number[]; pull: number; forgotten: number }) =>
      near([f.value, ...f.slope, f.pull, f.forgotten], [3, 2 / 3, 4 / 3, -4 / 3, 3, 1])
    ),
  },
  {
    id: "A-12",
    script: "adaptive_mse.ts",
    question,
    claim: "A trainable α lets the model find regions that matter.",
    correction: "α can only fall under descent; below 0 it trains for errors, without end.",
    tag: "M",
    threshold: "Adam: α < 0 within 1000 steps, at 3000 α ≤ −10 and the error ≥ 1e5; " +
      "SGD: α < 0 within 100 steps, no number within 200",
    holds: each((f: Collapse) =>
      f.adamCrossed <= 1000 && f.adamFactor <= -10 && f.adamError >= 1e5 && f.sgdCrossed <= 100 &&
      f.sgdSteps < 200
    ),
    quick: each((f: Collapse) => f.adamFactor < 0 && f.adamError >= 100 && f.sgdSteps < 200),
  },
  {
    id: "S2",
    script: "clip_onecycle.ts",
    question,
    claim: "Adam, OneCycleLR and clipping to 0.5, each called once.",
    correction: "Both belong into the loop: backward, clip, step, step of the schedule.",
    tag: "X",
    threshold:
      "rates and moments of the catalogue's table to 1e-9; [3 4] is clipped to [0.3 0.4] " +
      "with norm 5, [0.1 0.1] is not; as printed the norm is 0 and the rate stays 4e-4",
    holds: each((
      f: {
        rates: number[];
        moments: number[];
        long: number[];
        short: number[];
        printedNorm: number;
        printedRate: number;
      },
    ) =>
      near(f.rates, [
        4e-4,
        4.010668966738e-4,
        5.062989437870e-4,
        5.250601897368e-3,
        1e-2,
        9.999798581660e-3,
        8.082243053856e-3,
        5.00002e-3,
        1.847621139421e-3,
        2.414183399679e-7,
        4e-8,
      ], 1e-9) &&
      near(f.moments, [
        0.95,
        0.949988886493,
        0.948892719336,
        0.899472896902,
        0.85,
        0.850002014196,
        0.869177646172,
        0.9,
        0.931524114702,
        0.949997985809,
        0.95,
      ], 1e-9) &&
      near(f.long, [5, 0.29999995, 0.39999992]) && near(f.short.slice(1), [0.1, 0.1]) &&
      near([f.printedNorm, f.printedRate], [0, 4e-4])
    ),
  },
  {
    id: "A-16",
    script: "clip_onecycle.ts",
    question,
    claim: "Gradient clipping and an adaptive learning rate steady the training.",
    correction: "They do inside the loop; that one cycle beats a rate of 1e-3 is no comparison " +
      "with a rate that was tuned.",
    tag: "M",
    threshold:
      "linear RNN: no number by step 2 without clipping, with it a loss ≤ 0.05 after 300 " +
      "steps; one cycle reaches ≤ 0.6 of the error of a constant 1e-3",
    holds: each((f: { free: number; held: number; constant: number; oneCycle: number }) =>
      f.free <= 2 && f.held <= 0.05 && f.oneCycle <= 0.6 * f.constant
    ),
  },
  {
    id: "C-30",
    script: "seeds.ts",
    question: "Does a run repeat itself?",
    claim: "The demonstrations have the seed 1766016000072.",
    tag: "X",
    threshold: "the seed, its low 32 bits and the seed again: other numbers, the same numbers",
    holds: each((f: { low: number; again: boolean; asNumber: boolean; different: boolean }) =>
      f.low === 784441416 && f.again && f.asNumber && f.different
    ),
  },
];
