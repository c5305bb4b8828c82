/** The options of training and evaluation, and how they are read. */

import {
  ABOVE_ZERO,
  ANY,
  arrayOf,
  checkGiven,
  checkKind,
  COUNT,
  FLAG,
  FUNCTION,
  isFunction,
  isPlainObject,
  kind,
  OBJECT,
  oneOf,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { PATH_TEXT } from "../io/source.ts";
import { MODULE } from "../nn/checks.ts";
import { type AnyModule, Module } from "../nn/module.ts";
import { CyclicLR, LRScheduler, OneCycleLR, Optimizer, ReduceLROnPlateau } from "../optim/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Callback, checkCallback } from "./callback.ts";
import { checkOwnName } from "./history.ts";
import {
  batchObjective,
  CRITERION,
  type Criterion,
  isModule,
  type Objective,
  pairObjective,
  type Step,
} from "./objective.ts";

/** Batches, iterated over once per epoch; with a `length`, the progress is known. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>;

/** The part of an optimizer that training uses; all of `optim` have it. */
export interface FitOptimizer {
  /** The groups of parameters. */
  readonly paramGroups: readonly { lr: number; readonly params: readonly Tensor[] }[];
  /** Drops the gradients. */
  zeroGrad(): void;
  /** Updates the parameters. */
  step(): unknown;
  /** The state to continue from. */
  stateDict(): unknown;
  /** Restores a state. */
  loadStateDict(state: never): void;
}

/** The part of a schedule that training uses; all of `optim` have it. */
export interface FitScheduler {
  /** Sets the next rates; a schedule that monitors a number is passed it. */
  step(...metric: never[]): void;
  /** The state to continue from. */
  stateDict(): unknown;
  /** Restores a state. */
  loadStateDict(state: never): void;
}

/** The part of an average of weights that training uses; those of `optim` have it. */
export interface Averaging {
  /** Adds the weights of a model to the average. */
  update(model: AnyModule): void;
}

/** A schedule, and when it is stepped. */
export interface SchedulerSettings {
  /** The schedule. */
  scheduler: FitScheduler;
  /**
   * Whether it is stepped after each epoch or after each step of the optimizer. Default: "step" for
   * `OneCycleLR` and `CyclicLR`, "epoch" for all others.
   */
  interval?: "epoch" | "step";
  /**
   * The number of the epoch that it monitors. Default: "valLoss", or "loss" without validation, for
   * `ReduceLROnPlateau`; none for all others.
   */
  monitor?: string;
}

/** A number of outputs and targets, averaged over the batches. */
export type BatchMetric = (output: Tensor, target: Tensor) => number | Tensor;

/**
 * A metric that accumulates over batches. With `stateDict` and `loadStateDict` it goes on where a run
 * that is resumed within an epoch was; without them it counts the rest of that epoch.
 */
export interface StreamingMetric {
  /** Adds a batch. */
  update(output: Tensor, target: Tensor): void;
  /** The result. */
  compute(): unknown;
  /** Drops all batches. */
  reset(): void;
}

/** A metric of `metrics`: its streaming form is used, which is exact over batches of any sizes. */
export interface StreamableMetric {
  /** Makes a streaming form. */
  stream(): StreamingMetric;
}

/** Metrics by name. */
export type Metrics = Readonly<Record<string, BatchMetric | StreamingMetric | StreamableMetric>>;

/** Options of `evaluate`. */
export interface EvaluateOptions<B> {
  /** The model. */
  model: Module;
  /** The loss of output and target, for batches `[input, target]`. */
  loss?: Criterion;
  /** The loss of a batch of any form, instead of `loss`. */
  step?: Step<B>;
  /** The batches. */
  data: Batches<B>;
  /** Numbers to compute beside the loss; only with `loss`. */
  metrics?: Metrics;
  /** Evaluate only so many batches. Default: all. */
  limitBatches?: number;
}

/** Options of `fit`. */
export interface FitOptions<B> extends Omit<EvaluateOptions<B>, "data"> {
  /** The optimizer. */
  optimizer: FitOptimizer;
  /** The training batches. */
  train: Batches<B>;
  /** Batches to evaluate on after each epoch. Default: none. */
  validation?: Batches<B>;
  /** The number of epochs. Default: 1. */
  epochs?: number;
  /** A schedule of the learning rate. Default: none. */
  scheduler?: FitScheduler | SchedulerSettings;
  /**
   * The largest norm of all gradients together, above which they are scaled down. Default: no
   * limit.
   */
  clipGradNorm?: number;
  /** Number of batches whose mean gradient makes one step of the optimizer. Default: 1. */
  accumulate?: number;
  /** An average of the model's weights, updated after each step. Default: none. */
  average?: Averaging;
  /** Callbacks. Default: none. */
  callbacks?: readonly Callback[];
  /**
   * Whether to show progress: in a terminal, a line that is updated; elsewhere, a line per epoch.
   * Default: true.
   */
  progress?: boolean;
  /** Ends training after the current batch, as after the last epoch. */
  signal?: AbortSignal;
  /**
   * Runs one batch (or so many) through everything, in one epoch and without callbacks, to test the
   * script. Default: false.
   */
  fastDevRun?: boolean | number;
  /**
   * Trains and evaluates on only the first so many batches, the same in each epoch, to test the
   * model. Default: all.
   */
  overfitBatches?: number;
  /** Ends training after so many seconds. Default: no limit. */
  maxTime?: number;
  /** Whether a loss of NaN or infinity is an error. Default: true. */
  terminateOnNaN?: boolean;
  /**
   * A file that `Checkpoint` wrote, to continue from; if it does not exist, training starts anew.
   */
  resume?: string;
}

/** Batches to iterate over. */
export const BATCHES = kind(
  "batches, such as a DataLoader or an array",
  (value) =>
    typeof value === "object" && value !== null && !isTensor(value) &&
    (Symbol.iterator in value || Symbol.asyncIterator in value),
);
/** A metric. */
export const METRIC = kind(
  "a metric: a function, or an object with update, compute and reset",
  (value) =>
    isFunction(value) ||
    (typeof value === "object" && value !== null &&
      ["update", "compute", "reset"].every((key) => typeof Reflect.get(value, key) === "function")),
);
const SCHEDULER = kind(
  "a schedule of optim, or { scheduler, interval, monitor }",
  (value) =>
    typeof value === "object" && value !== null &&
    (isPlainObject(value) || ("step" in value && "loadStateDict" in value)),
);

const EVALUATE = {
  model: MODULE,
  loss: CRITERION,
  step: FUNCTION,
  metrics: OBJECT,
  limitBatches: COUNT,
};
const readEvaluate = optionReader<EvaluateOptions<unknown>>({ ...EVALUATE, data: BATCHES });
const readFit = optionReader<FitOptions<unknown>>({
  ...EVALUATE,
  optimizer: kind("an optimizer", (value) => value instanceof Optimizer),
  train: BATCHES,
  validation: BATCHES,
  epochs: COUNT,
  scheduler: SCHEDULER,
  clipGradNorm: ABOVE_ZERO,
  accumulate: COUNT,
  average: kind(
    "an average of optim",
    (value) => value instanceof Module && "update" in value,
  ),
  callbacks: arrayOf(ANY, "callbacks"),
  progress: FLAG,
  signal: kind("an AbortSignal", (value) => value instanceof AbortSignal),
  fastDevRun: kind(
    "true, false or a positive integer",
    (value) => FLAG.accepts(value) || COUNT.accepts(value),
  ),
  overfitBatches: COUNT,
  maxTime: ABOVE_ZERO,
  terminateOnNaN: FLAG,
  resume: PATH_TEXT,
});
const readScheduler = optionReader<SchedulerSettings>({
  scheduler: kind("a schedule of optim", (value) => typeof value === "object" && value !== null),
  interval: oneOf("epoch", "step"),
  monitor: TEXT,
});

/** What to compute of each batch, and over all batches. */
export interface Evaluation {
  readonly model: Module;
  readonly criterion: AnyModule | null;
  readonly objective: Objective;
  readonly metrics: Metrics;
  readonly limit: number;
}

function evaluationOf(call: string, options: Omit<EvaluateOptions<unknown>, "data">): Evaluation {
  const { model, loss, step, metrics = {}, limitBatches = Infinity } = options;
  for (const [name, metric] of Object.entries(metrics)) {
    checkOwnName(call, "a metric", name);
    checkKind(call, `metrics.${name}`, metric, METRIC);
  }
  if ((loss === undefined) === (step === undefined)) {
    throw new TypeError(`Cannot ${call}: it needs either loss or step`);
  }
  if (step !== undefined && Object.keys(metrics).length > 0) {
    throw new TypeError(
      `Cannot ${call}: metrics need outputs and targets, which step does not return; pass loss`,
    );
  }
  return {
    model,
    criterion: isModule(loss) ? loss : null,
    objective: loss === undefined
      ? batchObjective(call, step as Step<unknown>)
      : pairObjective(call, model, loss),
    metrics,
    limit: limitBatches,
  };
}

/** Reads the options of evaluation. */
export function readEvaluation<B>(
  call: string,
  given: EvaluateOptions<B>,
): Evaluation & { readonly data: Batches<unknown> } {
  const options = readEvaluate(call, given as EvaluateOptions<unknown>);
  checkGiven(call, options, "model", "data");
  return { ...evaluationOf(call, options), data: options.data };
}

/** A schedule, with its interval and what it monitors. */
interface PlannedScheduler {
  readonly scheduler: FitScheduler;
  readonly interval: "epoch" | "step";
  readonly monitor: string | null;
}

/** The options of training, with defaults filled in. */
export interface Plan extends Evaluation {
  readonly optimizer: FitOptimizer;
  readonly train: Batches<unknown>;
  readonly validation: Batches<unknown> | null;
  readonly epochs: number;
  readonly scheduler: PlannedScheduler | null;
  readonly clipGradNorm: number | null;
  readonly accumulate: number;
  readonly average: Averaging | null;
  readonly callbacks: readonly Callback[];
  readonly progress: boolean;
  readonly signal: AbortSignal | null;
  readonly overfit: boolean;
  readonly maxTime: number;
  readonly terminateOnNaN: boolean;
  readonly resume: string | null;
}

function schedulerOf(
  call: string,
  given: FitScheduler | SchedulerSettings,
  validated: boolean,
  optimizer: FitOptimizer,
): PlannedScheduler {
  const settings = isPlainObject(given)
    ? readScheduler(call, given as unknown as SchedulerSettings)
    : { scheduler: given as FitScheduler };
  checkGiven(call, settings, "scheduler");
  const { scheduler } = settings;
  const watching = scheduler instanceof ReduceLROnPlateau;
  if ((watching || scheduler instanceof LRScheduler) && scheduler.optimizer !== optimizer) {
    throw new TypeError(`Cannot ${call}: scheduler sets the rates of another optimizer`);
  }
  const eachStep = scheduler instanceof OneCycleLR || scheduler instanceof CyclicLR;
  const {
    interval = eachStep ? "step" : "epoch",
    monitor = watching ? (validated ? "valLoss" : "loss") : null,
  } = settings;
  if (interval === "step" && monitor !== null) {
    throw new TypeError(
      `Cannot ${call}: a schedule that monitors a number of the epoch has the interval "epoch"`,
    );
  }
  return { scheduler, interval, monitor };
}

/** Reads the options of training. */
export function readPlan<B>(call: string, given: FitOptions<B>): Plan {
  const options = readFit(call, given as FitOptions<unknown>);
  checkGiven(call, options, "model", "optimizer", "train");
  const { validation = null, scheduler, callbacks = [], fastDevRun = false, overfitBatches } =
    options;
  for (const callback of callbacks) checkCallback(call, callback);
  const few = fastDevRun === true ? 1 : fastDevRun === false ? null : fastDevRun;
  const evaluation = evaluationOf(call, options);
  return {
    ...evaluation,
    limit: Math.min(evaluation.limit, few ?? Infinity, overfitBatches ?? Infinity),
    optimizer: options.optimizer,
    train: options.train,
    validation,
    epochs: few === null ? options.epochs ?? 1 : 1,
    scheduler: scheduler === undefined
      ? null
      : schedulerOf(call, scheduler, validation !== null, options.optimizer),
    clipGradNorm: options.clipGradNorm ?? null,
    accumulate: options.accumulate ?? 1,
    average: options.average ?? null,
    callbacks: few === null ? callbacks : [],
    progress: options.progress ?? true,
    signal: options.signal ?? null,
    overfit: overfitBatches !== undefined,
    maxTime: options.maxTime ?? Infinity,
    terminateOnNaN: options.terminateOnNaN ?? true,
    resume: options.resume ?? null,
  };
}
