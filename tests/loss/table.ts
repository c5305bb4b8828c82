/**
 * The losses, as the generated tests know them. A public loss without a row does not compile, nor does
 * a module without its function, nor an option without values to try.
 */

import type { losses, Tensor } from "../../mod.ts";
import {
  BCE,
  BCE_WITH_LOGITS,
  FOCAL,
  MULTI_LABEL_SOFT_MARGIN,
  SOFT_MARGIN,
} from "./binary_rows.ts";
import { CROSS_ENTROPY, NLL, POLY1 } from "./classification_rows.ts";
import {
  COSINE_EMBEDDING,
  TRIPLET_MARGIN,
  TRIPLET_MARGIN_WITH_DISTANCE,
} from "./embedding_rows.ts";
import {
  HINGE,
  HINGE_EMBEDDING,
  MARGIN_RANKING,
  MULTI_LABEL_MARGIN,
  MULTI_MARGIN,
} from "./margin_rows.ts";
import { HUBER, L1, MSE, SMOOTH_L1 } from "./regression_rows.ts";
import { GAUSSIAN_NLL, JS_DIV, KL_DIV, POISSON_NLL } from "./probability_rows.ts";
import {
  CAUCHY,
  CHARBONNIER,
  GENERAL_ROBUST,
  LOG_COSH,
  QUANTILE,
  TUKEY_BIWEIGHT,
} from "./robust_rows.ts";
import { CONTRASTIVE, INFO_NCE, NT_XENT, SUP_CON } from "./contrastive_rows.ts";
import { DICE, JACCARD, MS_SSIM, PSNR, SSIM, TVERSKY } from "./image_rows.ts";
import { LISTWISE_SOFTMAX, PAIRWISE_LOGISTIC, SPARSEMAX, WASSERSTEIN_1D } from "./list_rows.ts";
import { CTC, LINEAR_CROSS_ENTROPY } from "./sequence_rows.ts";
import { DPO, REINFORCE } from "./policy_rows.ts";
import type { LossRow } from "./row.ts";

type Losses = typeof losses;

/** Functions of two tensors neither of which is a prediction. */
type NoLoss = "dwa" | "groupGapPenalty";

/** Names of the public functions of a prediction and more; what has one input is a term of it alone. */
export type LossName = {
  [K in Exclude<keyof Losses, NoLoss>]: Losses[K] extends (...call: infer Call) => Tensor
    ? Call extends [Tensor, Tensor, ...unknown[]] ? K : never
    : never;
}[Exclude<keyof Losses, NoLoss>];

/** Names of the classes that functions are made into. */
export type ModuleName = {
  [K in keyof Losses]: Losses[K] extends losses.LossModule<infer _, infer Inputs>
    ? Inputs extends [Tensor] ? never : K
    : never;
}[keyof Losses];

/** The options of a function: the only parameter that is neither a tensor nor a number. */
type OptionsOf<Name extends LossName> = NonNullable<
  Exclude<Parameters<Losses[Name]>[number], Tensor | number>
>;

/** The rows, by the name of the function; PyTorch's values stand in `fixtures/losses/`. */
export const LOSSES: { readonly [Name in LossName]: LossRow<OptionsOf<Name>> } = {
  mse: MSE,
  huber: HUBER,
  l1: L1,
  smoothL1: SMOOTH_L1,
  crossEntropy: CROSS_ENTROPY,
  nll: NLL,
  poly1: POLY1,
  multiLabelSoftMargin: MULTI_LABEL_SOFT_MARGIN,
  bce: BCE,
  bceWithLogits: BCE_WITH_LOGITS,
  focal: FOCAL,
  softMargin: SOFT_MARGIN,
  hinge: HINGE,
  hingeEmbedding: HINGE_EMBEDDING,
  marginRanking: MARGIN_RANKING,
  multiMargin: MULTI_MARGIN,
  multiLabelMargin: MULTI_LABEL_MARGIN,
  cosineEmbedding: COSINE_EMBEDDING,
  tripletMargin: TRIPLET_MARGIN,
  tripletMarginWithDistance: TRIPLET_MARGIN_WITH_DISTANCE,
  poissonNll: POISSON_NLL,
  gaussianNll: GAUSSIAN_NLL,
  klDiv: KL_DIV,
  jsDiv: JS_DIV,
  logCosh: LOG_COSH,
  quantile: QUANTILE,
  charbonnier: CHARBONNIER,
  cauchy: CAUCHY,
  tukeyBiweight: TUKEY_BIWEIGHT,
  generalRobust: GENERAL_ROBUST,
  sparsemax: SPARSEMAX,
  wasserstein1d: WASSERSTEIN_1D,
  contrastive: CONTRASTIVE,
  infoNce: INFO_NCE,
  ntXent: NT_XENT,
  supCon: SUP_CON,
  dice: DICE,
  jaccard: JACCARD,
  tversky: TVERSKY,
  listwiseSoftmax: LISTWISE_SOFTMAX,
  pairwiseLogistic: PAIRWISE_LOGISTIC,
  psnr: PSNR,
  ssim: SSIM,
  msSsim: MS_SSIM,
  ctc: CTC,
  linearCrossEntropy: LINEAR_CROSS_ENTROPY,
  reinforce: REINFORCE,
  dpo: DPO,
};

/** The function that each module is made from. */
export const MODULES = {
  MSELoss: "mse",
  HuberLoss: "huber",
  L1Loss: "l1",
  SmoothL1Loss: "smoothL1",
  CrossEntropyLoss: "crossEntropy",
  NLLLoss: "nll",
  Poly1Loss: "poly1",
  MultiLabelSoftMarginLoss: "multiLabelSoftMargin",
  BCELoss: "bce",
  BCEWithLogitsLoss: "bceWithLogits",
  FocalLoss: "focal",
  SoftMarginLoss: "softMargin",
  HingeLoss: "hinge",
  HingeEmbeddingLoss: "hingeEmbedding",
  MarginRankingLoss: "marginRanking",
  MultiMarginLoss: "multiMargin",
  MultiLabelMarginLoss: "multiLabelMargin",
  CosineEmbeddingLoss: "cosineEmbedding",
  TripletMarginLoss: "tripletMargin",
  TripletMarginWithDistanceLoss: "tripletMarginWithDistance",
  PoissonNLLLoss: "poissonNll",
  GaussianNLLLoss: "gaussianNll",
  KLDivLoss: "klDiv",
  JSDivLoss: "jsDiv",
  LogCoshLoss: "logCosh",
  QuantileLoss: "quantile",
  CharbonnierLoss: "charbonnier",
  CauchyLoss: "cauchy",
  TukeyBiweightLoss: "tukeyBiweight",
  GeneralRobustLoss: "generalRobust",
  SparsemaxLoss: "sparsemax",
  Wasserstein1dLoss: "wasserstein1d",
  ContrastiveLoss: "contrastive",
  InfoNCELoss: "infoNce",
  NTXentLoss: "ntXent",
  SupConLoss: "supCon",
  DiceLoss: "dice",
  JaccardLoss: "jaccard",
  TverskyLoss: "tversky",
  ListwiseSoftmaxLoss: "listwiseSoftmax",
  PairwiseLogisticLoss: "pairwiseLogistic",
  PSNRLoss: "psnr",
  SSIMLoss: "ssim",
  MSSSIMLoss: "msSsim",
  CTCLoss: "ctc",
  LinearCrossEntropyLoss: "linearCrossEntropy",
  ReinforceLoss: "reinforce",
  DPOLoss: "dpo",
} as const satisfies Record<ModuleName, LossName>;
