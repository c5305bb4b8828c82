/** What may be done at the turns of a training run. */

import { isPlainObject, nearest, shown } from "../core/options.ts";
import type { AnyModule } from "../nn/module.ts";
import type { EpochRecord, History } from "./history.ts";
import type { FitOptimizer } from "./settings.ts";
import type { Stateful } from "./state_tree.ts";

/** What callbacks see of a run, and how they end it. */
export interface Run {
  /** What is trained. */
  readonly model: AnyModule;
  /** What changes the parameters. */
  readonly optimizer: FitOptimizer;
  /** What was noted of the epochs that are over. */
  readonly history: History;
  /** The epoch that runs, from 1 on; 0 before the first. */
  readonly epoch: number;
  /** How many epochs there are to be. */
  readonly epochs: number;
  /** Batches of this epoch so far. */
  readonly batch: number;
  /** Batches of an epoch; null if the data does not tell. */
  readonly batches: number | null;
  /** Steps of the optimizer so far. */
  readonly step: number;
  /** Seconds since the run began. */
  readonly seconds: number;
  /** Ends training when the batch is done; the reason is kept as `history.stopped`. */
  stop(reason: string): void;
  /** Whether everything that the run needs to go on can be read: between two steps of the optimizer. */
  readonly resumable: boolean;
  /** What that is, for `save`. */
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
  /** The norm of the gradients before they were clipped; null if they were not, or no step was made. */
  readonly gradNorm: number | null;
  /** Number of examples. */
  readonly size: number;
  /** Whether the optimizer made a step. */
  readonly stepped: boolean;
}

/** Functions to call at the turns of a run; those that give a promise are waited for. */
export interface Callback {
  /** Whether it is called after all others, whose states it may read. Default: false. */
  readonly afterOthers?: boolean;
  /** Before the first epoch. */
  onFitStart?(run: Run): void | Promise<void>;
  /** Before each epoch. */
  onEpochStart?(run: Run): void | Promise<void>;
  /** After each batch of training. */
  onBatchEnd?(run: Run, report: BatchReport): void | Promise<void>;
  /** After each epoch and its validation; the record stands in the history already. */
  onEpochEnd?(run: Run, record: EpochRecord): void | Promise<void>;
  /** After the last epoch, in the reverse order of the callbacks; also where training was stopped, interrupted or failed. */
  onFitEnd?(run: Run): void | Promise<void>;
  /** What a resumed run needs to know. */
  stateDict?(): Record<string, unknown>;
  /** Takes it over. */
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

/** Refuses what has no function to call, or, in a plain object, one that nothing calls. */
export function checkCallback(call: string, value: unknown): asserts value is Callback {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot ${call}: each of callbacks must be an object with some of ${HOOKS.join(", ")}, got ${
        shown(value)
      }`,
    );
  }
  const unknown = isPlainObject(value) ? Object.keys(value).find((key) => !KEYS.includes(key)) : "";
  if (unknown) {
    const meant = nearest(unknown, KEYS);
    throw new TypeError(
      `Cannot ${call}: nothing calls "${unknown}" of one of callbacks; there are ${
        KEYS.join(", ")
      }` +
        (meant === undefined ? "" : `; did you mean "${meant}"`),
    );
  }
  if (!HOOKS.some((hook) => typeof Reflect.get(value, hook) === "function")) {
    throw new TypeError(
      `Cannot ${call}: each of callbacks must have some of ${HOOKS.join(", ")}, got ${
        shown(value)
      }`,
    );
  }
}
