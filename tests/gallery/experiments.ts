/** Scripts of no row of the articles: what researchers run, and what every course begins with. */

import { each, median, over, type ShownRow } from "./row.ts";

const research = "What do researchers run?";
const loops = "How are nets trained?";

/** Figures of maml: errors after 0, 1 and 5 steps. */
type Adapted = Record<"maml" | "none", number[]>;

/** Figures of sinkhorn. */
type Flow = Record<"before" | "after" | "radius" | "gap", number>;

/** Whether points have come to the ring, all around it. */
function flows({ before, after, radius, gap }: Flow, off: number): boolean {
  return after < 0.1 * before && Math.abs(radius - 1) < off && gap < 0.15;
}

/** Figures of hypergradient. */
type Learned = { before: number; after: number; exact: boolean };

/** Figures of ssim_denoise. */
type Denoised = Record<"ssim" | "mseSsim" | "psnr" | "msePsnr", number>;

export const EXPERIMENTS: readonly ShownRow[] = [
  {
    id: "regression",
    script: "regression.ts",
    question: loops,
    claim: "A small net learns a curve, and training ends where unseen points are fitted best.",
    tag: "P",
    threshold: "R² on unseen points > 0.95",
    justification:
      "Seeds 1 to 5: 0.978 to 0.983, as noise leaves 2 % unexplained; without targets 0.",
    holds: each((f: { r2: number }) => f.r2 > 0.95),
  },
  {
    id: "classification",
    script: "classification.ts",
    question: loops,
    claim: "A perceptron tells ten classes apart, and its chances can be taken at their word.",
    tag: "P",
    threshold: "accuracy and F1 > 0.97, calibration error < 0.15",
    justification: "Seeds 1 to 5: accuracy 0.986 to 0.993, calibration error 0.004 to 0.005.",
    holds: each((f: { accuracy: number; f1: number; calibration: number }) =>
      f.accuracy > 0.97 && f.f1 > 0.97 && f.calibration < 0.15
    ),
  },
  {
    id: "custom_loss",
    script: "custom_loss.ts",
    question: loops,
    claim: "Where lack costs nine times what waste does, a net learns the quantile of 0.9.",
    tag: "P",
    threshold: "enough on 0.9 ± 0.04 of the days; cost < 1.95, of which 1.755 cannot be saved",
    justification: "Seeds 1 to 5: enough on 0.889 to 0.901 of the days, cost 1.733 to 1.786.",
    holds: each((f: { enough: number; cost: number }) =>
      Math.abs(f.enough - 0.9) < 0.04 && f.cost < 1.95
    ),
  },
  {
    id: "maml",
    script: "maml.ts",
    question: research,
    claim:
      "Initial weights can be learned from which one step fits a new task (Finn et al., 2017).",
    tag: "P",
    threshold:
      "five steps bring MAML's error below 0.3 of what it was, and other weights' not to half",
    justification:
      "Means of seeds 1 to 5: from 3.05 to 0.56, other weights from 3.06 to 2.02; --quick learns less.",
    holds: each((f: Adapted) => f.maml[2]! < 0.3 * f.maml[0]! && f.none[2]! > 0.5 * f.none[0]!),
    quick: each((f: Adapted) => f.maml[2]! < 0.8 * f.maml[0]! && f.none[2]! > 0.9 * f.none[0]!),
  },
  {
    id: "wgan_gp",
    script: "wgan_gp.ts",
    question: research,
    claim: "A penalty on its gradient keeps the critic's slope at 1 (Gulrajani et al., 2017).",
    tag: "P",
    threshold: "slope 1 ± 0.3; without the penalty it is far above",
    justification: "Seeds 1 to 5: 0.931 to 1.066.",
    holds: each((f: { slope: number }) => Math.abs(f.slope - 1) < 0.3),
  },
  {
    id: "pinn",
    script: "pinn.ts",
    question: research,
    claim: "A net solves an equation by its own derivatives (Raissi et al., 2019).",
    tag: "P",
    threshold: "logarithms to base 10: of the error < −0.5, of the residual < −1",
    justification: "Seeds 1 to 5: −2.2 to −3.8 and −3.1 to −4.9; a run with --quick is less far.",
    holds: each((f: { error: number; residual: number }) => f.error < -0.5 && f.residual < -1),
  },
  {
    id: "sinkhorn",
    script: "sinkhorn.ts",
    question: research,
    claim: "Fifty iterations of transport can be differentiated through (Cuturi, 2013).",
    tag: "P",
    threshold:
      "cost < 0.1 of what it was; radius 1 ± 0.1; no point of the ring 0.15 from all others",
    justification:
      "Seeds 1 to 5: 0.045 to 0.056 of the cost, radius 0.999 to 1.003, gap 0.068 to 0.102.",
    holds: each((f: Flow) => flows(f, 0.1)),
    quick: each((f: Flow) => flows(f, 0.2)),
  },
  {
    id: "dpo",
    script: "dpo.ts",
    question: research,
    claim: "A policy learns from preferences alone (Rafailov et al., 2023).",
    tag: "P",
    threshold: "of 12 letters one more is liked; preferences by chance teach nothing",
    justification: "Seeds 1 to 5: 3.8 to 6.0 letters; a run with --quick gains less.",
    holds: each((f: { gain: number; kl: number }) => f.gain > 1 && f.kl > 0),
  },
  {
    id: "hypergradient",
    script: "hypergradient.ts",
    question: research,
    claim: "Decay can be learned through the end of training (Lorraine et al., 2020).",
    tag: "P",
    threshold:
      "the gradient is that of differences to 1e-4; the loss of validation < 0.9 of before",
    justification: "Seeds 1 to 5: 0.43 to 0.70 of the loss.",
    holds: each((f: Learned) => f.exact && f.after < 0.9 * f.before),
    quick: each((f: Learned) => f.exact && f.after < f.before),
  },
  {
    id: "influence",
    script: "influence.ts",
    question: research,
    claim: "What leaving out a sample does can be foretold (Koh & Liang, 2017).",
    tag: "P",
    threshold: "relative error < 0.4; wrong labels are found with AUC > 0.85",
    justification:
      "Seeds 1 to 5: error 0.028 to 0.033, AUC 0.956 to 0.984; with fewer samples 0.25.",
    holds: each((f: { error: number; found: number }) => f.error < 0.4 && f.found > 0.85),
  },
  {
    id: "dp_sgd",
    script: "dp_sgd.ts",
    question: research,
    claim: "Clipping each sample's gradient bounds what a sample does (Abadi et al., 2016).",
    tag: "P",
    threshold:
      "influence of a sample ≤ 1 deviation of the noise with accuracy > 0.7; more than 5 " +
      "where the whole is clipped; much noise drowns all",
    justification:
      "Seeds 1 to 5: accuracy 0.852 to 0.865, influence 1.00, 61 to 115 where the whole is clipped; drowned 0.20 to 0.38.",
    holds: each((f: { accuracy: number; influence: number; whole: number; drowned: number }) =>
      f.accuracy > 0.7 && f.influence < 1.01 && f.whole > 5 && f.drowned < 0.5
    ),
  },
  {
    id: "ssim_denoise",
    script: "ssim_denoise.ts",
    question: research,
    claim: "What an image net is trained by, it is better at (Wang et al., 2004).",
    tag: "P",
    threshold:
      "by 1 − SSIM: SSIM > 0.02 above that by MSE in the median of the seeds, and a lower PSNR",
    justification:
      "Seeds 1 to 5: 0.04 to 0.10 above in four, 0.04 below in the fifth; PSNR 1.6 to 2.0 dB less in all.",
    holds: over<Denoised>((all) =>
      median(all.map((f) => f.ssim - f.mseSsim)) > 0.02 && all.every((f) => f.psnr < f.msePsnr)
    ),
  },
];
