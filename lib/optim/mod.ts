/**
 * Optimizers, learning rate schedules, averages of weights, and differentiable steps.
 *
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { Adam } from "@adjoint/ml/optim";
 *
 * const model = new nn.Linear(2, 1);
 * const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
 * model.forward(zeros([4, 2])).square().mean().backward();
 * optimizer.step();
 * ```
 *
 * @module
 */

export {
  type CheckOptions,
  type CheckShape,
  type Closure,
  Optimizer,
  type OptimizerChecks,
  type OptimizerState,
  type ParamGroup,
  type ParamsOrGroups,
  type ParamState,
} from "./optimizer.ts";
export { ParamOptimizer, type ParamUpdate } from "./param_optimizer.ts";
export { SGD, type SGDGroup, type SGDOptions, type SGDParamState } from "./sgd.ts";
export { Adam, type AdamGroup, type AdamOptions, type AdamParamState, AdamW } from "./adam.ts";
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from "./rmsprop.ts";
export { Adagrad, type AdagradGroup, type AdagradOptions } from "./adagrad.ts";
export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from "./adadelta.ts";
export { Adamax, type AdamaxGroup, type AdamaxOptions } from "./adamax.ts";
export { NAdam, type NAdamGroup, type NAdamOptions } from "./nadam.ts";
export { RAdam, type RAdamGroup, type RAdamOptions } from "./radam.ts";
export { ASGD, type ASGDGroup, type ASGDOptions } from "./asgd.ts";
export { Rprop, type RpropGroup, type RpropOptions } from "./rprop.ts";
export { Lion, type LionGroup, type LionOptions } from "./lion.ts";
export { Muon, type MuonGroup, type MuonOptions } from "./muon.ts";
export { LBFGS, type LBFGSGroup, type LBFGSOptions, type LBFGSState } from "./lbfgs.ts";
export { Adafactor, type AdafactorGroup, type AdafactorOptions } from "./adafactor.ts";
export type { Scalar, ScalarOption, Scalars } from "./scalars.ts";
export type {
  Keeping,
  Kept,
  OptimizerClass,
  OptimizerRule,
  RuleOptimizer,
  RuleState,
} from "./rule.ts";
/** Differentiable steps that return new parameters. */
export * as functional from "./functional.ts";
export {
  ConstantLR,
  type ConstantLROptions,
  ExponentialLR,
  type ExponentialLROptions,
  LambdaLR,
  type LambdaLROptions,
  LinearLR,
  type LinearLROptions,
  MultiplicativeLR,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  type StepFunction,
  StepLR,
  type StepLROptions,
} from "./schedules/decay.ts";
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from "./schedules/cosine.ts";
export {
  CyclicLR,
  type CyclicLROptions,
  OneCycleLR,
  type OneCycleLROptions,
} from "./schedules/cyclic.ts";
export { ChainedScheduler, SequentialLR, type SequentialLROptions } from "./schedules/composed.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./schedules/plateau.ts";
export type { OrEach } from "./schedules/kinds.ts";
export type { ScheduleClass } from "./schedules/rule.ts";
export {
  type Arrival,
  LRScheduler,
  type Schedule,
  type Scheduled,
  type ScheduleParts,
  type ScheduleState,
} from "./schedules/schedule.ts";
export {
  type AveragedModel,
  ExponentialMovingAverage,
  type ExponentialMovingAverageOptions,
  SWA,
  type SWAOptions,
} from "./averaging.ts";
export {
  type LRRange,
  lrRangeTest,
  type LRRangeTestOptions,
  type RangedOptimizer,
} from "./lr_range.ts";
