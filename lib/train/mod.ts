/**
 * The training loop, its history, callbacks, checkpoints, logs and traces.
 *
 * ```ts
 * import { data, losses, nn, ones, optim } from "@adjoint/ml";
 * import { EarlyStopping, fit } from "@adjoint/ml/train";
 *
 * const model = new nn.Linear(2, 1);
 * const history = await fit({
 *   model,
 *   loss: losses.mse,
 *   optimizer: new optim.Adam(model.parameters(), { lr: 0.1 }),
 *   train: new data.DataLoader(new data.TensorDataset(ones([8, 2]), ones([8, 1]))),
 *   epochs: 20,
 *   callbacks: [new EarlyStopping({ monitor: "loss", patience: 3 })],
 * });
 * console.log(history.column("loss"));
 * ```
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
