/**
 * Losses: functions of tensors, and modules that hold their options or parameters.
 *
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { huber } from "@adjoint/ml/loss";
 *
 * console.log(huber(tensor([0.5, 3]), tensor([0, 0]), { delta: 2 }).item());
 * ```
 *
 * @module
 */

export {
  type ElementLossOptions,
  FunctionLoss,
  Loss,
  type LossFunction,
  type LossModule,
  type LossOptions,
  type Reduction,
} from "./loss.ts";
export { nll, NLLLoss, type NLLOptions } from "./classification.ts";
export { crossEntropy, CrossEntropyLoss, type CrossEntropyOptions } from "./classification.ts";
export { bce, BCELoss } from "./binary.ts";
export { bceWithLogits, BCEWithLogitsLoss, type BCEWithLogitsOptions } from "./binary.ts";
export { focal, FocalLoss, type FocalOptions } from "./binary.ts";
export { softMargin, SoftMarginLoss } from "./binary.ts";
export { hinge, HingeLoss } from "./margin.ts";
export { hingeEmbedding, HingeEmbeddingLoss, type HingeEmbeddingOptions } from "./margin.ts";
export { marginRanking, MarginRankingLoss, type MarginRankingOptions } from "./margin.ts";
export { multiLabelMargin, MultiLabelMarginLoss } from "./margin.ts";
export { multiMargin, MultiMarginLoss, type MultiMarginOptions } from "./margin.ts";
export { cosineEmbedding, CosineEmbeddingLoss, type CosineEmbeddingOptions } from "./embedding.ts";
export { tripletMargin, TripletMarginLoss, type TripletMarginOptions } from "./embedding.ts";
export {
  tripletMarginWithDistance,
  TripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceOptions,
} from "./embedding.ts";
export {
  multiLabelSoftMargin,
  MultiLabelSoftMarginLoss,
  type MultiLabelSoftMarginOptions,
} from "./binary.ts";
export { poly1, Poly1Loss, type Poly1Options } from "./classification.ts";
export {
  huber,
  HuberLoss,
  type HuberOptions,
  l1,
  L1Loss,
  mse,
  MSELoss,
  smoothL1,
  SmoothL1Loss,
  type SmoothL1Options,
} from "./regression.ts";
export {
  cauchy,
  CauchyLoss,
  type CauchyOptions,
  charbonnier,
  CharbonnierLoss,
  type CharbonnierOptions,
  logCosh,
  LogCoshLoss,
  quantile,
  QuantileLoss,
  type QuantileOptions,
  tukeyBiweight,
  TukeyBiweightLoss,
  type TukeyBiweightOptions,
} from "./robust.ts";
export { poissonNll, PoissonNLLLoss, type PoissonNLLOptions } from "./probability.ts";
export {
  type DivergenceOptions,
  gaussianNll,
  GaussianNLLLoss,
  type GaussianNLLOptions,
  jsDiv,
  JSDivLoss,
  klDiv,
  KLDivLoss,
} from "./probability.ts";
export { sparsemax, SparsemaxLoss, type SparsemaxOptions } from "./classification.ts";
export { wasserstein1d, Wasserstein1dLoss, type Wasserstein1dOptions } from "./probability.ts";
export {
  contrastive,
  ContrastiveLoss,
  type ContrastiveOptions,
  infoNce,
  InfoNCELoss,
  type InfoNCEOptions,
  ntXent,
  NTXentLoss,
  supCon,
  SupConLoss,
  type TemperatureOptions,
} from "./contrastive.ts";
export {
  dice,
  DiceLoss,
  jaccard,
  JaccardLoss,
  type OverlapOptions,
  tversky,
  TverskyLoss,
  type TverskyOptions,
} from "./segmentation.ts";
export {
  type ListLossOptions,
  listwiseSoftmax,
  ListwiseSoftmaxLoss,
  pairwiseLogistic,
  PairwiseLogisticLoss,
} from "./ranking.ts";
export {
  msSsim,
  MSSSIMLoss,
  type MSSSIMOptions,
  psnr,
  PSNRLoss,
  type PSNROptions,
  ssim,
  SSIMLoss,
  type SSIMOptions,
  totalVariation,
  TotalVariationLoss,
} from "./structural.ts";
export { ctc, CTCLoss, type CTCOptions } from "./sequence.ts";
export {
  type AdaptiveLogSoftmaxOptions,
  type AdaptiveLogSoftmaxOutput,
  AdaptiveLogSoftmaxWithLoss,
  linearCrossEntropy,
  LinearCrossEntropyLoss,
  type LinearCrossEntropyOptions,
} from "./vocabulary.ts";
export { generalRobust, GeneralRobustLoss, type GeneralRobustOptions } from "./robust.ts";
export {
  AdaptiveMSE,
  AdaptiveRobustLoss,
  type AdaptiveRobustOptions,
  MetaLossNetwork,
  MultiTaskLossWithUncertainty,
  type MultiTaskOptions,
  type TaskKind,
} from "./learned.ts";
export { MinimaxMSE, RegionWeightedMSE } from "./regional.ts";
export { type Aggregate, taskGradients, type TaskGradientsOptions } from "./task_gradients.ts";
export {
  caGrad,
  type CAGradOptions,
  mgda,
  nashMtl,
  pcgrad,
  type PCGradOptions,
  upGrad,
} from "./aggregation.ts";
export {
  dpo,
  DPOLoss,
  type DPOOptions,
  PPOSequenceLoss,
  type PPOSequenceOptions,
  type PPOTerms,
  reinforce,
  ReinforceLoss,
} from "./policy.ts";
export {
  type Balance,
  dwa,
  type DwaOptions,
  gradNorm,
  type GradNormOptions,
  groupGapPenalty,
  paretoFilter,
  Tchebycheff,
  type TchebycheffOptions,
  WeightedSum,
} from "./objectives.ts";
/** Terms that depend on the parameters alone. */
export * as regularization from "./regularization.ts";
