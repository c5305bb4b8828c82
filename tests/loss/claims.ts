/**
 * What each loss claims beside its values, and where those come from; a loss without claims does not
 * compile. The tests that follow from a claim are in `claim_checks.ts`.
 */

import { tensor } from "../../mod.ts";
import type { Inputs } from "./row.ts";
import type { LossName } from "./table.ts";

/** The claims of a loss. */
export interface Claims {
  /** Who gave the values in `fixtures/losses/`. */
  readonly reference: string;
  /** Turns inputs into ones of which the loss is 0. */
  readonly zero?: (inputs: Inputs) => Inputs;
  /** The least upper bound of the slope of one entry's loss in the first input. */
  readonly bound?: number;
  /** Which inputs a common offset may be added to without a change. */
  readonly offset?: readonly number[];
  /** A target of every place, so that the other classes are missing. */
  readonly onlyClass?: number;
  /** What the first input must be where it may not be any number. */
  readonly domain?: string;
  /** Which input is a target of numbers, or of classes where it is no labels, whose NaN is refused. */
  readonly target?: number;
  /** The dimension of the batch of each input, null where it has none. Default: the first of all. */
  readonly batch?: readonly (number | null)[];
  /** Whether it reads its labels, so that `vmap` refuses them. */
  readonly readsLabels?: true;
}

const atTarget = ([, target, ...more]: Inputs): Inputs => [
  target.detach().clone().requiresGrad_(),
  target,
  ...more,
];

const alike = ([first]: Inputs): Inputs => {
  const [row] = first.ndim === 1 ? [first] : [...first];
  return [row!.detach().clone().requiresGrad_(), row!, tensor(1)];
};

const logarithm = ([, target]: Inputs): Inputs => [target.detach().log().requiresGrad_(), target];

const PYTORCH = "PyTorch";
const FORMULA = "formula of the paper";
const RESIDUAL = { zero: atTarget, offset: [0, 1], target: 1 } as const;

const DIVERGENCE = {
  zero: logarithm,
  target: 1,
  domain: "logarithms of probabilities",
} as const;
const OVERLAP = { zero: atTarget, onlyClass: 0, target: 1, domain: "probabilities" } as const;

/** The claims, by the name of the function. */
export const CLAIMS: { readonly [Name in LossName]: Claims } = {
  mse: { reference: PYTORCH, ...RESIDUAL },
  huber: { reference: PYTORCH, ...RESIDUAL, bound: 1 },
  l1: { reference: PYTORCH, ...RESIDUAL, bound: 1 },
  smoothL1: { reference: PYTORCH, ...RESIDUAL, bound: 1 },
  logCosh: { reference: FORMULA, ...RESIDUAL, bound: 1 },
  quantile: { reference: FORMULA, ...RESIDUAL, bound: 0.5 },
  charbonnier: { reference: FORMULA, offset: [0, 1], bound: 1, target: 1 },
  cauchy: { reference: FORMULA, ...RESIDUAL, bound: 0.5 },
  tukeyBiweight: { reference: FORMULA, ...RESIDUAL, bound: 4.685 / Math.sqrt(5) * 16 / 25 },
  generalRobust: { reference: FORMULA, ...RESIDUAL, bound: 1 },
  crossEntropy: { reference: PYTORCH, offset: [0], bound: 1, onlyClass: 0, target: 1 },
  nll: { reference: PYTORCH, bound: 1, onlyClass: 0 },
  poly1: { reference: FORMULA, offset: [0], bound: 1, onlyClass: 0 },
  bce: { reference: PYTORCH, onlyClass: 0, target: 1, domain: "probabilities" },
  bceWithLogits: { reference: PYTORCH, bound: 1, onlyClass: 0, target: 1 },
  multiLabelSoftMargin: { reference: PYTORCH, bound: 1 / 3, onlyClass: 0, target: 1 },
  focal: { reference: FORMULA, onlyClass: 0, target: 1 },
  softMargin: { reference: PYTORCH, bound: 1, onlyClass: -1, target: 1 },
  hinge: { reference: FORMULA, bound: 1, onlyClass: -1, target: 1 },
  hingeEmbedding: { reference: PYTORCH, bound: 1, onlyClass: -1, target: 1 },
  marginRanking: { reference: PYTORCH, offset: [0, 1], bound: 1, target: 2 },
  multiMargin: { reference: PYTORCH, offset: [0], bound: 2 / 3, onlyClass: 0 },
  multiLabelMargin: { reference: PYTORCH, offset: [0] },
  cosineEmbedding: { reference: PYTORCH, zero: alike },
  tripletMargin: { reference: PYTORCH, offset: [0, 1, 2] },
  tripletMarginWithDistance: { reference: PYTORCH, offset: [0, 1, 2] },
  poissonNll: { reference: PYTORCH, target: 1, domain: "logarithms of rates" },
  gaussianNll: { reference: PYTORCH, offset: [0, 1], target: 1 },
  klDiv: { reference: PYTORCH, ...DIVERGENCE },
  jsDiv: { reference: FORMULA, ...DIVERGENCE },
  sparsemax: { reference: "entmax", offset: [0], bound: 1, onlyClass: 0 },
  wasserstein1d: { reference: "SciPy", ...RESIDUAL },
  contrastive: { reference: FORMULA, offset: [0], onlyClass: 0 },
  infoNce: { reference: "info-nce-pytorch" },
  ntXent: { reference: "PyTorch Metric Learning" },
  supCon: { reference: "PyTorch Metric Learning", onlyClass: 0 },
  dice: { reference: "MONAI", ...OVERLAP },
  jaccard: { reference: "MONAI", ...OVERLAP },
  tversky: { reference: "MONAI", ...OVERLAP },
  listwiseSoftmax: { reference: FORMULA, offset: [0], onlyClass: 0, target: 1 },
  pairwiseLogistic: { reference: FORMULA, offset: [0, 1] },
  psnr: { reference: "PIQ", offset: [0, 1], target: 1 },
  ssim: { reference: "pytorch-msssim", zero: atTarget, target: 1 },
  msSsim: { reference: "pytorch-msssim", zero: atTarget, target: 1 },
  ctc: {
    reference: PYTORCH,
    domain: "logarithms of probabilities",
    batch: [1, 0, 0, 0],
    readsLabels: true,
  },
  reinforce: { reference: FORMULA, target: 1 },
  dpo: { reference: FORMULA, offset: [0, 1], bound: 0.1 },
  linearCrossEntropy: { reference: PYTORCH, batch: [0, null, 0], target: 2 },
};
