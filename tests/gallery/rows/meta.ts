/** Losses that are learned: the sample S7 and rows C-24 to C-27 of article 002. */

import { each, type Row } from "../row.ts";

const question = "Can a loss be learned?";
const close = (found: readonly number[], golden: readonly number[], digits: number) =>
  found.length === golden.length &&
  golden.every((value, i) => Math.abs(found[i]! - value) <= 0.6 * 10 ** -digits);

/** Rows of a script without chance. */
interface Exact {
  S7: {
    faithfulReached: number;
    faithfulDeposited: number;
    faithfulLearned: number;
    correctedReached: number;
    correctedLearned: number;
    raises: boolean;
  };
  C24: { parameters: number; loss: number; slope: number[]; adapted: number[]; query: number };
  C25: { norms: number[]; gradient: number; difference: number };
}

interface Noise {
  learned: number;
  mse: number;
}

interface Traits {
  learned: number;
  plain: number;
  angles_learned: number;
  angles_mse: number;
}

export const rows: readonly Row[] = [
  {
    id: "S7",
    script: "meta_loss.ts",
    question,
    claim: "A network that is the loss is trained by an outer loop around the updates of a model.",
    correction:
      "The sample leaves the update out; with an optimizer's no gradient reaches the network, without a " +
      "word. Steps that can be differentiated reach all of it, and `metaTrain` raises where none does.",
    tag: "X",
    threshold:
      "as printed 0 of 6 parameters are reached and none changes; corrected 6, and it learns",
    holds: each<Exact["S7"]>((f) =>
      f.faithfulReached === 0 && f.faithfulLearned === 0 && f.faithfulDeposited === 6 &&
      f.correctedReached === 6 && f.correctedLearned > 0 && f.raises
    ),
  },
  {
    id: "C-24",
    script: "meta_loss.ts",
    question,
    claim: "A network takes features, prediction and target, and gives a loss for the main model.",
    tag: "X",
    threshold: "loss 0.601016671666, ∂w, w′ and the query's 0.571035017116 to all digits given",
    holds: each<Exact["C24"]>((f) =>
      f.parameters === 2433 && close([f.loss, f.query], [0.601016671666, 0.571035017116], 12) &&
      close(f.slope, [-0.013122961448, -0.005083504792], 12) &&
      close(f.adapted, [0.3 + 0.0013122961448, -0.2 + 0.0005083504792], 12)
    ),
  },
  {
    id: "C-25",
    script: "meta_loss.ts",
    question,
    claim: "The loss network is trained through inner updates, by the loss of the updated model.",
    tag: "X",
    threshold: "meta gradient −4.32227e-5, as the finite difference; six norms to the digits given",
    holds: each<Exact["C25"]>((f) =>
      close([f.gradient, f.difference], [-4.32227e-5, -4.32227e-5], 10) &&
      close(f.norms.slice(0, 1), [2.517353e-3], 9) &&
      close(f.norms.slice(1, 2), [1.802398e-4], 10) &&
      close(f.norms.slice(2, 3), [8.505265e-3], 9) &&
      close(f.norms.slice(3, 4), [4.904046e-4], 10) &&
      close(f.norms.slice(4, 5), [1.208020e-2], 8) && close(f.norms.slice(5), [6.212020e-4], 10)
    ),
  },
  {
    id: "C-26",
    script: "meta_loss_tasks.ts",
    question,
    claim: "With a learned loss the main network adapts fast to unseen tasks.",
    correction:
      "Where a fifth of the targets is too high, Huber's loss at its best rate does as well.",
    tag: "M",
    threshold: "error on unseen tasks ≤ 0.5 × that of MSE at its best rate",
    holds: each<Noise>((f) => f.learned <= 0.5 * f.mse),
  },
  {
    id: "C-27",
    script: "meta_loss_tasks.ts",
    question,
    claim: "A learned loss may be robust to noise, class imbalance and traits of a domain.",
    correction:
      "At 9:1 a weighted cross-entropy does as well, and for angles a cosine does better: what is learned " +
      "is what one would write, if one knew what to write.",
    tag: "P",
    justification:
      "balanced accuracy 0.066 to 0.078 above cross-entropy's at its best rate, errors of " +
      "angles 0.70 to 0.80 of MSE's, in seeds 1 to 5; 0.069 to 0.073 and 0.81 to 0.83 in seeds 11 to 13.",
    threshold: "balanced accuracy ≥ cross-entropy's + 0.05; errors of angles ≤ 0.9 × MSE's",
    holds: each<Traits>((f) =>
      f.learned >= f.plain + 0.05 && f.angles_learned <= 0.9 * f.angles_mse
    ),
    quick: each<Traits>((f) =>
      f.learned >= f.plain + 0.03 && f.angles_learned <= 0.95 * f.angles_mse
    ),
  },
];
