/** A training run: its position, the step on a batch, and the state to continue from. */

import { noGrad } from "../autograd/tape.ts";
import { inPhase } from "../autograd/timeline.ts";
import { ANY, arrayOf, FLAG, isPlainObject, kind, orNull, WHOLE } from "../core/options.ts";
import { DataLoader, type DataLoaderState } from "../data/loader.ts";
import type { AnyModule } from "../nn/module.ts";
import { clipGradNorm_ } from "../nn/utils.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lengthOf, skipping } from "./batches.ts";
import type { BatchReport, Callback, Run } from "./callback.ts";
import { batchScope, Measured, type MeasuredState, numbersOf } from "./evaluate.ts";
import { FitError } from "./fit_error.ts";
import { type EpochRecord, History, monitored } from "./history.ts";
import { Means, SUMS } from "./means.ts";
import { modulesOf } from "./objective.ts";
import { validated } from "./panels.ts";
import type { Batches, FitOptimizer, Plan } from "./settings.ts";
import { isStateful, type Stateful, stateReader } from "./state_tree.ts";

/** The position of a run. */
interface Position {
  /** The current epoch, or the last one. */
  epoch: number;
  /** Batches of it that are done. */
  batch: number;
  /** Optimizer steps so far. */
  step: number;
  /** Whether the epoch is unfinished. */
  within: boolean;
}

/** The state to continue a run from, except the states of its parts. */
interface RunState {
  readonly at: Position;
  readonly means: ReturnType<Means["stateDict"]>;
  /** The metrics of an unfinished epoch. */
  readonly measured: MeasuredState | null;
}

/** The states of the callbacks, in their order. */
interface CallbackStates {
  readonly states: readonly unknown[];
}

const AT = kind(
  "{ epoch, batch, step, within }",
  (value) =>
    isPlainObject(value) && [value.epoch, value.batch, value.step].every(WHOLE.accepts) &&
    FLAG.accepts(value.within),
);
const MEASURED = kind("states of metrics", isPlainObject);
const readPosition = stateReader<RunState>({ at: AT, means: SUMS, measured: orNull(MEASURED) });
const readCallbacks = stateReader<CallbackStates>({ states: arrayOf(ANY, "states") });

/** How to find the op that made a NaN or infinity. */
const ANOMALY = "put `using _ = detectAnomaly()` before fit to see which op made it";

/** A run of `fit`. */
export class TrainingRun implements Run {
  readonly history: History = new History();
  readonly #plan: Plan;
  readonly #modules: readonly AnyModule[];
  readonly #callbacks: readonly Callback[];
  readonly parts: Readonly<Record<string, Stateful>>;
  #at: Position = { epoch: 0, batch: 0, step: 0, within: false };
  #batches: number | null = null;
  #means = new Means();
  #measured: Measured;
  /** Batches whose gradients have accumulated for the next step. */
  #gathered = 0;
  #busy = false;
  /** Whether a parameter of the optimizer has received a gradient. */
  #reached = false;
  #interrupted = false;
  readonly #began = performance.now();

  /** Starts a run, watched by further callbacks than those of the plan. */
  constructor(plan: Plan, watchers: readonly Callback[]) {
    const { model, criterion, optimizer, scheduler, average, train, validation } = plan;
    this.#plan = plan;
    this.#modules = modulesOf(plan);
    const late = plan.callbacks.filter(({ afterOthers }) => afterOthers === true);
    this.#callbacks = [
      ...plan.callbacks.filter((callback) => !late.includes(callback)),
      ...watchers,
      ...late,
    ];
    const parts: Record<string, unknown> = {
      model,
      loss: criterion,
      optimizer,
      scheduler: scheduler?.scheduler,
      average,
      train: partOf(train, () => this.#passes),
      validation: validation === train ? null : partOf(validation, () => "over"),
      history: this.history,
      callbacks: this.#calledBack(),
      position: this.#position(),
    };
    this.parts = Object.fromEntries(
      Object.entries(parts).filter((part): part is [string, Stateful] => isStateful(part[1])),
    );
    this.#measured = new Measured(plan.metrics);
    // Frozen parts of the model keep their mode.
    for (const module of [model, criterion]) if (module?.training === false) module.train();
    this.#reportLeftOut();
  }

  get model(): AnyModule {
    return this.#plan.model;
  }
  get optimizer(): FitOptimizer {
    return this.#plan.optimizer;
  }
  get epoch(): number {
    return this.#at.epoch;
  }
  get epochs(): number {
    return this.#plan.epochs;
  }
  get batch(): number {
    return this.#at.batch;
  }
  get batches(): number | null {
    return this.#batches;
  }
  get step(): number {
    return this.#at.step;
  }
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }
  get resumable(): boolean {
    return !this.#busy && this.#gathered === 0;
  }
  /** Whether a batch is being computed, or was when an error or interrupt ended it. */
  get busy(): boolean {
    return this.#busy;
  }
  /** Whether someone has stopped training. */
  get stopped(): boolean {
    if (this.#plan.signal?.aborted) this.stop("aborted");
    return this.history.stopped !== null;
  }
  /** Whether it was stopped by Ctrl-C. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  stop(reason: string): void {
    this.history.stopped ??= reason;
  }

  /** Handles Ctrl-C. */
  interrupt(): void {
    this.#interrupted = true;
    this.stop("interrupted");
  }

  /** Whether the pass through the training batches goes on, is over, or is repeated in each epoch. */
  get #passes(): Pass {
    const { overfit, limit } = this.#plan;
    return overfit ? "repeated" : this.#at.within && this.batch < limit ? "goes on" : "over";
  }

  /** The learning rate of the first group. */
  get #lr(): number {
    return this.optimizer.paramGroups[0]?.lr ?? NaN;
  }

  /** All parameters in the groups of the optimizer. */
  #params(): Tensor[] {
    return this.optimizer.paramGroups.flatMap(({ params }) => params);
  }

  /**
   * Warns of parameters that require a gradient but are in no group of the optimizer, as they never
   * change.
   */
  #reportLeftOut(): void {
    const grouped = new Set(this.#params());
    const { model, criterion } = this.#plan;
    for (const [what, module] of [["model", model], ["loss", criterion]] as const) {
      const left = module?.namedParameters().filter(([, p]) => p.requiresGrad && !grouped.has(p));
      if (left === undefined || left.length === 0) continue;
      const names = left.map(([name]) => name).join(", ");
      console.warn(
        `fit: the ${what} has parameters that are in no group of the optimizer and will not be learned: ${names}`,
      );
    }
  }

  /** Refuses a loss that reaches no parameter of the optimizer. */
  #checkReached(): void {
    if (this.#reached || this.#params().some(({ grad }) => grad !== null)) {
      this.#reached = true;
      return;
    }
    throw new FitError(
      "the loss gives none of the optimizer's parameters a gradient; they must be those of the model, " +
        "and the loss must depend on its output",
      this.history,
    );
  }

  /** Calls one method of all callbacks, one after the other. */
  async call(hook: "onFitStart" | "onEpochStart"): Promise<void>;
  async call(hook: "onBatchEnd", given: BatchReport): Promise<void>;
  async call(hook: "onEpochEnd", given: EpochRecord): Promise<void>;
  async call(hook: string, given?: unknown): Promise<void> {
    await inPhase("callbacks", async () => {
      for (const callback of this.#callbacks) {
        const fn = Reflect.get(callback, hook) as
          | ((run: Run, given: unknown) => void | Promise<void>)
          | undefined;
        await fn?.call(callback, this, given);
      }
    });
  }

  /**
   * Calls `onFitEnd` of all callbacks, in reverse order.
   *
   * @returns The errors; one callback's failure, such as a full disk, does not keep others from
   * being called.
   */
  async end(): Promise<unknown[]> {
    const failures: unknown[] = [];
    await inPhase("callbacks", async () => {
      for (const callback of this.#callbacks.toReversed()) {
        try {
          await callback.onFitEnd?.(this);
        } catch (error) {
          failures.push(error);
        }
      }
    });
    return failures;
  }

  /** Goes to the next epoch, unless the current one is unfinished; returns whether there is one. */
  next(data: Batches<unknown>): boolean {
    const { limit, epochs } = this.#plan;
    const length = lengthOf(data);
    this.#batches = length === null && limit === Infinity ? null : Math.min(limit, length ?? limit);
    if (this.stopped || (!this.#at.within && this.epoch >= epochs)) return false;
    if (this.#at.within) return true;
    this.#at = { ...this.#at, epoch: this.epoch + 1, batch: 0, within: true };
    this.#means = new Means();
    this.#measured = new Measured(this.#plan.metrics);
    return true;
  }

  /** The remaining batches of this epoch. */
  remaining(data: Batches<unknown>): Batches<unknown> {
    // Data with its own state continues from there.
    return this.batch === 0 || isStateful(data) ? data : skipping(data, this.batch);
  }

  /** Trains on a batch. */
  learn(batch: unknown): BatchReport {
    const { objective, optimizer, accumulate, maxTime } = this.#plan;
    this.#busy = true;
    const report = batchScope(this.#modules, () => {
      if (this.#gathered === 0) optimizer.zeroGrad();
      const found = inPhase("forward", () => objective(batch, "train"));
      const { loss = NaN, ...terms } = numbersOf(found);
      this.#checkFinite({ ...terms, loss });
      found.loss.backward();
      this.#measured.add(found);
      this.#means.add({ loss, ...terms }, found.size);
      this.#gathered++;
      this.#at.batch++;
      const stepped = this.#gathered === accumulate;
      const gradNorm = stepped ? this.finishStep() : null;
      return { loss, terms, lr: this.#lr, gradNorm, size: found.size, stepped };
    });
    this.#busy = false;
    if (this.seconds > maxTime) this.stop(`maxTime of ${maxTime} s`);
    return report;
  }

  #checkFinite(values: Readonly<Record<string, number>>): void {
    if (!this.#plan.terminateOnNaN) return;
    const wrong = Object.entries(values).find(([, value]) => !Number.isFinite(value));
    if (wrong === undefined) return;
    const [name, value] = wrong;
    throw new FitError(
      `${name === "loss" ? "the loss" : `the term ${name} of the loss`} is ${value} in batch ` +
        `${this.batch + 1} of epoch ${this.epoch}, after ${this.step} steps; ${ANOMALY}, or pass ` +
        "{ terminateOnNaN: false }",
      this.history,
    );
  }

  /**
   * Makes a step with the accumulated gradients, if there are any.
   *
   * @returns The norm of the gradients before clipping; null if they were not clipped.
   */
  finishStep(): number | null {
    const { optimizer, clipGradNorm, average, scheduler, model } = this.#plan;
    if (this.#gathered === 0) return null;
    this.#checkReached();
    if (this.#gathered > 1) averageGradients(this.#params(), this.#gathered);
    return inPhase("step", () => {
      const norm = clipGradNorm === null
        ? null
        : clipGradNorm_(this.#params(), clipGradNorm).item();
      optimizer.step();
      average?.update(model);
      if (scheduler?.interval === "step") scheduler.scheduler.step();
      this.#gathered = 0;
      this.#at.step++;
      return norm;
    });
  }

  /** Refuses an epoch without batches. */
  checkBatches(): void {
    if (this.batch > 0) return;
    throw new FitError(
      `train gave no batches in epoch ${this.epoch}; an iterator gives them only once, an array or a ` +
        "DataLoader in each epoch",
      this.history,
    );
  }

  /** Warns of numbers of an epoch that have become NaN. */
  #reportNaN(record: EpochRecord): void {
    const before = this.history.records.at(-1) ?? {};
    const names = Object.keys(record).filter((name) =>
      Number.isNaN(record[name]) && !Number.isNaN(before[name])
    );
    if (names.length === 0) return;
    console.warn(
      `fit: ${names.join(", ")} turned NaN in epoch ${this.epoch}, after ${this.step} steps; ` +
        ANOMALY,
    );
  }

  /** Records a finished epoch, and steps the schedule. */
  endEpoch(validation: Readonly<Record<string, number>>): EpochRecord {
    const { scheduler } = this.#plan;
    const record = this.#record(validation);
    this.#reportNaN(record);
    this.history.records.push(record);
    this.#at.within = false;
    if (scheduler?.interval === "epoch") {
      const { scheduler: schedule, monitor } = scheduler;
      if (monitor === null) schedule.step();
      else schedule.step(monitored("step the schedule", record, monitor) as never);
    }
    return record;
  }

  /** Records an epoch that was broken off. */
  endEarly(): void {
    if (this.#at.within && this.batch > 0) this.history.records.push(this.#record({}));
  }

  #record(validation: Readonly<Record<string, number>>): EpochRecord {
    const learned = { ...this.#means.get(), ...this.#measured.get() };
    const named = Object.fromEntries(
      Object.entries(validation).map(([name, value]) => [validated(name), value]),
    );
    const twice = Object.keys(learned).find((name) => Object.hasOwn(named, name));
    if (twice !== undefined) {
      throw new FitError(
        `"${twice}" is the name of a number of training and of one of the validation`,
        this.history,
      );
    }
    return {
      epoch: this.epoch,
      step: this.step,
      lr: this.#lr,
      seconds: this.seconds,
      ...learned,
      ...named,
    };
  }

  /** The position and the states of the parts, to continue from. */
  #position(): Stateful {
    return {
      stateDict: () => {
        if (this.resumable) {
          const measured = this.#at.within ? this.#measured.stateDict() : null;
          return { at: { ...this.#at }, means: this.#means.stateDict(), measured };
        }
        throw new TypeError(
          "Cannot read the state of a run: a batch is unfinished, or its gradients wait for a step",
        );
      },
      loadStateDict: (state: RunState) => {
        const { at, means, measured } = readPosition("resume", state);
        this.#at = { ...at };
        this.#means.loadStateDict(means);
        if (measured !== null) this.#measured.loadStateDict(measured);
      },
    };
  }

  /** The states of the callbacks, in their order. */
  #calledBack(): Stateful {
    const { callbacks } = this.#plan;
    return {
      stateDict: () => ({ states: callbacks.map((callback) => callback.stateDict?.() ?? null) }),
      loadStateDict: (state: CallbackStates) => {
        const { states } = readCallbacks("resume", state);
        if (states.length !== callbacks.length) {
          throw new RangeError(
            `Cannot resume: the run had ${states.length} callbacks, got ${callbacks.length}`,
          );
        }
        callbacks.forEach((callback, i) => {
          if (states[i] !== null) callback.loadStateDict?.(states[i] as never);
        });
      },
    };
  }
}

/** Whether a pass through batches goes on, is over though batches may be left, or is repeated. */
type Pass = "goes on" | "over" | "repeated";

/** Batches as a part of the state of a run; a loader is left where the next epoch needs it. */
function partOf(batches: Batches<unknown> | null, passes: () => Pass): unknown {
  if (!(batches instanceof DataLoader)) return batches;
  return {
    stateDict: () => {
      const [state, pass] = [batches.stateDict(), passes()];
      if (pass === "goes on") return state;
      return { ...state, position: 0, pass: pass === "over" ? null : state.pass };
    },
    loadStateDict: (state: DataLoaderState) => batches.loadStateDict(state),
  };
}

/** Turns the accumulated gradients of some batches into their mean. */
function averageGradients(params: readonly Tensor[], count: number): void {
  noGrad(() => {
    for (const { grad } of params) grad?.copy_(grad.mul(1 / count));
  });
}
