/** What training is told, and how it is read. */

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
  type Criterion,
  isModule,
  type Objective,
  pairObjective,
  type Step,
} from "./objective.ts";

/** Batches, to go through once for each epoch; with a `length`, progress is known. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>;

/** What training needs of an optimizer; all of `optim` have it. */
export interface FitOptimizer {
  /** The groups, of which each parameter to be learned is in one. */
  readonly paramGroups: readonly { lr: number; readonly params: readonly Tensor[] }[];
  /** Forgets the gradients. */
  zeroGrad(): void;
  /** Changes the parameters. */
  step(): unknown;
  /** Everything to go on from. */
  stateDict(): unknown;
  /** Goes on from there. */
  loadStateDict(state: never): void;
}

/** What training needs of a schedule; all of `optim` have it. */
export interface FitScheduler {
  /** Sets the next rates; those that watch a number are given it. */
  step(...metric: never[]): void;
  /** Everything to go on from. */
  stateDict(): unknown;
  /** Goes on from there. */
  loadStateDict(state: never): void;
}

/** What training needs of an average of weights; those of `optim` have it. */
export interface Averaging {
  /** Takes the weights of a model into the average. */
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
   * The number of the epoch that it is given. Default: "valLoss", or "loss" without validation, for
   * `ReduceLROnPlateau`; none for all others.
   */
  monitor?: string;
}

/** A number of outputs and targets that says how good they are, averaged over the batches. */
export type BatchMetric = (output: Tensor, target: Tensor) => number | Tensor;

/** A number that is computed at the end from what all batches added. */
export interface StreamingMetric {
  /** Adds a batch. */
  update(output: Tensor, target: Tensor): void;
  /** The number. */
  compute(): unknown;
  /** Forgets all batches. */
  reset(): void;
}

/** A metric of `metrics`: its streaming form is used, which is exact over batches of any sizes. */
export interface StreamableMetric {
  /** Makes the streaming form. */
  stream(): StreamingMetric;
}

/** Numbers to note beside the loss, by name. */
export type Metrics = Readonly<Record<string, BatchMetric | StreamingMetric | StreamableMetric>>;

/** What evaluation is told. */
export interface EvaluateOptions<B> {
  /** What is evaluated. */
  model: Module;
  /** The loss of its output and the target, for batches `[input, target]`. */
  loss?: Criterion;
  /** The loss of a batch of any form, in place of `loss`. */
  step?: Step<B>;
  /** The batches. */
  data: Batches<B>;
  /** Numbers to note beside the loss; with `loss` only. */
  metrics?: Metrics;
  /** At most so many batches. Default: all. */
  limitBatches?: number;
}

/** What training is told. */
export interface FitOptions<B> extends Omit<EvaluateOptions<B>, "data"> {
  /** What changes the parameters. */
  optimizer: FitOptimizer;
  /** The batches to learn from. */
  train: Batches<B>;
  /** Batches to evaluate after each epoch. Default: none. */
  validation?: Batches<B>;
  /** How often all batches are gone through. Default: 1. */
  epochs?: number;
  /** A schedule of the learning rate. Default: none. */
  scheduler?: FitScheduler | SchedulerSettings;
  /** What the norm of all gradients may be. Default: anything. */
  clipGradNorm?: number;
  /** So many batches make one step of the optimizer, with the mean of their gradients. Default: 1. */
  accumulate?: number;
  /** An average of the model's weights, which takes in each step. Default: none. */
  average?: Averaging;
  /** What to call at the turns. Default: none. */
  callbacks?: readonly Callback[];
  /** Whether progress is shown: a line that moves on a terminal, a line per epoch elsewhere. Default: true. */
  progress?: boolean;
  /** Ends training, as after the last epoch, when the batch is done. */
  signal?: AbortSignal;
  /**
   * One batch, or so many, through everything, in one epoch and without callbacks: a test of the
   * script. Default: false.
   */
  fastDevRun?: boolean | number;
  /**
   * Learns and evaluates only the first so many batches, the same in each epoch: a test of the model.
   * Default: all.
   */
  overfitBatches?: number;
  /** Ends training after so many seconds. Default: never. */
  maxTime?: number;
  /** Whether a loss that is no finite number is an error. Default: true. */
  terminateOnNaN?: boolean;
  /** A file that `Checkpoint` wrote, to go on from; a file that does not exist begins anew. */
  resume?: string;
}

/** Batches to go through. */
export const BATCHES = kind(
  "batches, such as a DataLoader or an array",
  (value) =>
    typeof value === "object" && value !== null && !isTensor(value) &&
    (Symbol.iterator in value || Symbol.asyncIterator in value),
);
const CRITERION = kind(
  "a function or a module",
  (value) => isFunction(value) || isModule(value),
);
/** A number of outputs and targets. */
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
  metrics: kind("an object", isPlainObject),
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

/** What is computed of each batch, and over all. */
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
      `Cannot ${call}: metrics are of outputs and targets, which step keeps to itself; pass loss`,
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

/** Reads what evaluation is told. */
export function readEvaluation<B>(
  call: string,
  given: EvaluateOptions<B>,
): Evaluation & { readonly data: Batches<unknown> } {
  const options = readEvaluate(call, given as EvaluateOptions<unknown>);
  checkGiven(call, options, "model", "data");
  return { ...evaluationOf(call, options), data: options.data };
}

/** A schedule, when it is stepped and with what. */
interface PlannedScheduler {
  readonly scheduler: FitScheduler;
  readonly interval: "epoch" | "step";
  readonly monitor: string | null;
}

/** What training is told, with every default in its place. */
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
      `Cannot ${call}: a schedule that watches a number of the epoch has the interval "epoch"`,
    );
  }
  return { scheduler, interval, monitor };
}

/** Reads what training is told. */
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
