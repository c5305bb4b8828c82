/** Rows of losses made of several. */

import { each, type Row } from "../row.ts";

/** Figures of A-13. */
type Regions = Record<"cleanRatio" | "ascentRatio" | "descentRatio" | "descentWeight", number>;
/** Figures of A-14. */
type Structure = Record<"ssimGain" | "psnrLoss", number>;
/** Figures of A-15. */
type Contrast = Record<"aucGain" | "errorRatio" | "infoGain" | "infoErrorRatio", number>;

export const rows: readonly Row[] = [
  {
    id: "A-13",
    script: "hard_regions.ts",
    question: "Can a loss find the regions that matter?",
    tag: "M",
    claim: "A trainable α lets the model find key regions and give them more weight.",
    correction:
      "Descent takes weight from whatever has errors; log-variances find what is noisy, weights by ascent what is hard.",
    threshold:
      "log-variances: clean error ≤ 1/20 of MSE's; ascent: median error in the hard region ≤ 0.75 of equal weights'; descent: ≥ 20 times",
    holds: each((f: Regions) =>
      f.cleanRatio <= 1 / 20 && f.ascentRatio <= 0.75 && f.descentRatio >= 20
    ),
    quick: each((f: Regions) => f.cleanRatio <= 0.7 && f.descentRatio >= 2 && f.ascentRatio <= 1.2),
  },
  {
    id: "A-14",
    script: "mse_ssim.ts",
    question: "What does structure add to the squared error?",
    tag: "M",
    claim: "MSE + SSIM keeps the structure of reconstructed images.",
    threshold: "λ = 0.1: SSIM ≥ 0.01 above that of MSE, PSNR at most 0.5 dB below",
    holds: each((f: Structure) => f.ssimGain >= 0.01 && f.psnrLoss <= 0.5),
  },
  {
    id: "A-15",
    script: "contrast.ts",
    question: "What does a contrastive term add to the squared error?",
    tag: "M",
    claim: "MSE + contrastive learning sharpens the difference between samples of behaviour.",
    threshold: "AUC of pairs ≥ 0.10 above that of MSE, error of the score ≤ 1.5 times",
    holds: each((f: Contrast) => f.aucGain >= 0.1 && f.errorRatio <= 1.5 && f.infoGain >= 0.1),
  },
];
