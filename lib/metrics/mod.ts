/**
 * Metrics of predictions. Each is a function of all data at once, and has a streaming form that is updated
 * batch by batch and keeps numbers, never tensors or tapes.
 *
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { accuracy } from "@adjoint/ml/metrics";
 *
 * const labels = tensor([0, 1], { dtype: "int32" });
 * const stream = accuracy.stream();
 * stream.update(tensor([[2, 1], [3, 0]]), labels);
 * console.log(stream.compute());
 * ```
 *
 * @module
 */

export type { Average, Averaged, ClassMetric, Metric, MetricStream, Pair } from "./metric.ts";
export type { ClassOptions, ClassTask } from "./inputs.ts";
export {
  accuracy,
  type AccuracyOptions,
  type AveragedClassOptions,
  confusionMatrix,
  type ConfusionMatrixOptions,
  iou,
  type PrecisionRecallF1,
  precisionRecallF1,
  type PrecisionRecallF1Metric,
} from "./classification.ts";
export { averagePrecision, type CurveOptions, rocAuc } from "./curves.ts";
export {
  mae,
  mse,
  nmse,
  type NmseOptions,
  type NoOptions,
  r2,
  type R2Metric,
  type R2Of,
  type R2Options,
  rmse,
} from "./regression.ts";
export { psnr, type PSNROptions, ssim, type SSIMOptions } from "./image.ts";
export {
  type BootstrapInterval,
  bootstrapInterval,
  type BootstrapOptions,
  type Examples,
} from "./bootstrap.ts";
export {
  type MetricsReport,
  metricsReport,
  type MetricsReportOptions,
  type ReportedMetric,
  type ReportedName,
} from "./report.ts";
export { ndcg, type NdcgOptions, recallAtK, type RecallAtKOptions } from "./ranking.ts";
export { adjustedRandIndex } from "./clustering.ts";
export { type CalibrationOptions, expectedCalibrationError } from "./calibration.ts";
export {
  bleu,
  type BleuOptions,
  type Overlap,
  type References,
  type Rouge,
  rouge,
  type TextPair,
  type Texts,
} from "./text.ts";
export { type PrivacySettings, type PrivacySpent, privacySpent } from "./privacy.ts";
export { boxIou, nms } from "./boxes.ts";
export { Cusum, type CusumOptions, Ewma, type EwmaOptions } from "./detectors.ts";
export {
  type Detections,
  type FoundBoxes,
  type MeanAveragePrecision,
  meanAveragePrecision,
  type MeanAveragePrecisionOptions,
  type TrueBoxes,
} from "./detection.ts";
