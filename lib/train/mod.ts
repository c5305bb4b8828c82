/**
 * The training loop, what it notes, and what can be done at its turns.
 *
 * @module
 */

export { fit } from "./fit.ts";
export { FitError } from "./fit_error.ts";
export { evaluate } from "./evaluate.ts";
export { type BestOptions, type EpochRecord, History, type HistoryState } from "./history.ts";
export type { BatchReport, Callback, Run } from "./callback.ts";
export type { Criterion, Step, Terms } from "./objective.ts";
export type {
  Averaging,
  Batches,
  BatchMetric,
  EvaluateOptions,
  FitOptimizer,
  FitOptions,
  FitScheduler,
  Metrics,
  SchedulerSettings,
  StreamableMetric,
  StreamingMetric,
} from "./settings.ts";
export { EarlyStopping, type EarlyStoppingOptions, type EarlyStoppingState } from "./stopping.ts";
export { ProgressBar, type ProgressBarOptions } from "./progress.ts";
export {
  CsvLogger,
  JsonlLogger,
  TensorBoardLogger,
  type TensorBoardLoggerOptions,
} from "./loggers.ts";
export {
  Checkpoint,
  type CheckpointOptions,
  type CheckpointState,
  type KeptEpoch,
  load,
  save,
} from "./checkpoint.ts";
export type { Stateful } from "./state_tree.ts";
export {
  type BatchSizeRate,
  type BatchSizes,
  findBatchSize,
  type FindBatchSizeOptions,
  lrFind,
  type TrainedSettings,
} from "./find.ts";
export { type ExampleLoss, topLosses, type TopLossesOptions } from "./top_losses.ts";
export { type Trace, trace, type TraceOptions } from "./trace.ts";
export { type Latency, latency, type LatencyOptions } from "./latency.ts";
export {
  type ModelSelection,
  type RankedModel,
  selectModel,
  type SelectModelOptions,
} from "./select.ts";
export {
  type Experiment,
  experiment,
  type ExperimentOption,
  type ExperimentOptions,
  type Figure,
  type Widened,
} from "./experiment.ts";
