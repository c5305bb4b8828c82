/** Callbacks of a training run. */

import { checkKind, hint, isPlainObject, kind, nearest } from "../core/options.ts";
import type { AnyModule } from "../nn/module.ts";
import type { EpochRecord, History } from "./history.ts";
import type { FitOptimizer } from "./settings.ts";
import type { Stateful } from "./state_tree.ts";

/** A training run as callbacks see it. */
export interface Run {
  /** The model. */
  readonly model: AnyModule;
  /** The optimizer. */
  readonly optimizer: FitOptimizer;
  /** The records of finished epochs. */
  readonly history: History;
  /** The current epoch, counted from 1; 0 before the first. */
  readonly epoch: number;
  /** The planned number of epochs. */
  readonly epochs: number;
  /** Batches of this epoch that are done. */
  readonly batch: number;
  /** Batches of an epoch; null if unknown. */
  readonly batches: number | null;
  /** Optimizer steps so far. */
  readonly step: number;
  /** Seconds since the run began. */
  readonly seconds: number;
  /** Ends training after the current batch; the reason is stored in `history.stopped`. */
  stop(reason: string): void;
  /** Whether the state of the run is complete: between two steps of the optimizer. */
  readonly resumable: boolean;
  /** That state, for `save`. */
  readonly parts: Readonly<Record<string, Stateful>>;
}

/** The numbers of a batch. */
export interface BatchReport {
  /** The loss. */
  readonly loss: number;
  /** The terms of the loss by name; none if it is one tensor. */
  readonly terms: Readonly<Record<string, number>>;
  /** The learning rate of the first group. */
  readonly lr: number;
  /**
   * The norm of the gradients before clipping; null if they were not clipped, or no step was made.
   */
  readonly gradNorm: number | null;
  /** Number of examples. */
  readonly size: number;
  /** Whether the optimizer made a step. */
  readonly stepped: boolean;
}

/** Functions that a run calls; their promises are awaited. */
export interface Callback {
  /** Whether to call it after all others, so that it sees their states. Default: false. */
  readonly afterOthers?: boolean;
  /** Before the first epoch. */
  onFitStart?(run: Run): void | Promise<void>;
  /** Before each epoch. */
  onEpochStart?(run: Run): void | Promise<void>;
  /** After each batch of training. */
  onBatchEnd?(run: Run, report: BatchReport): void | Promise<void>;
  /** After each epoch and its validation; the history already has the record. */
  onEpochEnd?(run: Run, record: EpochRecord): void | Promise<void>;
  /**
   * After the last epoch, in the reverse order of the callbacks; also if training was stopped or
   * interrupted, or failed.
   */
  onFitEnd?(run: Run): void | Promise<void>;
  /** The state to store for a resumed run. */
  stateDict?(): Record<string, unknown>;
  /** Restores that state. */
  loadStateDict?(state: never): void;
}

const HOOKS = [
  "onFitStart",
  "onEpochStart",
  "onBatchEnd",
  "onEpochEnd",
  "onFitEnd",
] as const satisfies readonly (keyof Callback)[];
const KEYS: readonly string[] = [...HOOKS, "stateDict", "loadStateDict", "afterOthers"];

const CALLBACK = kind(
  `an object with some of ${HOOKS.join(", ")}`,
  (value) =>
    typeof value === "object" && value !== null &&
    HOOKS.some((hook) => typeof Reflect.get(value, hook) === "function"),
);

/** Refuses what has no function to call, and a plain object with anything unknown. */
export function checkCallback(call: string, value: unknown): asserts value is Callback {
  const keys = isPlainObject(value) ? Object.keys(value) : [];
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot ${call}: one of callbacks has "${unknown}", which is none of ${KEYS.join(", ")}` +
        hint(nearest(unknown, KEYS)),
    );
  }
  checkKind(call, "each of callbacks", value, CALLBACK);
}
