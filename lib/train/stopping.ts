/** Early stopping. */

import {
  checkCount,
  COUNT,
  FLAG,
  isPlainObject,
  kind,
  NUMBER,
  optionReader,
  orNull,
  TENSOR,
  TEXT,
  WHOLE,
} from "../core/options.ts";
import { copied, type StateDict } from "../nn/state_dict.ts";
import type { Callback, Run } from "./callback.ts";
import { type EpochRecord, MODE, monitored, signOf } from "./history.ts";
import { stateReader } from "./state_tree.ts";

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** The number to monitor. Default: "valLoss". */
  monitor?: string;
  /** Whether lower or higher is better. Default: "min". */
  mode?: "min" | "max";
  /** After how many epochs without improvement training ends. Default: 3. */
  patience?: number;
  /** The least improvement that counts, at least 0. Default: 0. */
  minDelta?: number;
  /** Whether the model gets its best weights back at the end. Default: true. */
  restoreBest?: boolean;
}

const readOptions = optionReader<EarlyStoppingOptions>({
  monitor: TEXT,
  mode: MODE,
  patience: COUNT,
  minDelta: NUMBER,
  restoreBest: FLAG,
});

/** The state of `EarlyStopping`. */
export type EarlyStoppingState = {
  /** The best value so far. */
  readonly best: number | null;
  /** The epoch of the best value. */
  readonly bestEpoch: number | null;
  /** The model's values in that epoch. */
  readonly weights: StateDict | null;
  /** Epochs since then. */
  readonly waited: number;
};

const readState = stateReader<EarlyStoppingState>({
  best: orNull(NUMBER),
  bestEpoch: orNull(COUNT),
  weights: orNull(kind(
    "tensors by name",
    (value) => isPlainObject(value) && Object.values(value).every(TENSOR.accepts),
  )),
  waited: WHOLE,
});

const FRESH: EarlyStoppingState = { best: null, bestEpoch: null, weights: null, waited: 0 };

/**
 * Ends training if a number has not improved for some epochs, and gives the model its best weights
 * back. Follows `keras.callbacks.EarlyStopping`.
 *
 * @example
 * ```ts
 * import { train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new train.EarlyStopping({ patience: 5 }).bestEpoch, null);
 * ```
 */
export class EarlyStopping implements Callback {
  readonly #options: Required<EarlyStoppingOptions>;
  #best: number | null = null;
  #bestEpoch: number | null = null;
  #weights: StateDict | null = null;
  #waited = 0;

  /** Creates the callback. */
  constructor(options?: EarlyStoppingOptions) {
    checkCount("make EarlyStopping", arguments.length, 1);
    const { monitor = "valLoss", mode = "min", patience = 3, minDelta = 0, restoreBest = true } =
      readOptions("make EarlyStopping", options);
    if (!(minDelta >= 0)) {
      throw new RangeError(
        `Cannot make EarlyStopping: minDelta must be at least 0, got ${minDelta}`,
      );
    }
    this.#options = { monitor, mode, patience, minDelta, restoreBest };
  }

  /** The epoch with the best value; null before the first. */
  get bestEpoch(): number | null {
    return this.#bestEpoch;
  }

  /** Starts anew, unless a run is resumed; one that was over ends at once. */
  onFitStart(run: Run): void {
    if (run.epoch === 0) this.loadStateDict(FRESH);
    this.#stopIfOver(run);
  }

  /** Compares the epoch's value; NaN never counts as better. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    const { monitor, mode, minDelta, restoreBest } = this.#options;
    const value = monitored("stop early", record, monitor);
    const gain = this.#best === null ? Infinity : (this.#best - value) * signOf(mode);
    if (gain > minDelta && !Number.isNaN(value)) {
      this.#best = value;
      this.#bestEpoch = run.epoch;
      this.#waited = 0;
      if (restoreBest) this.#weights = copied(run.model.stateDict());
      return;
    }
    this.#waited++;
    this.#stopIfOver(run);
  }

  #stopIfOver(run: Run): void {
    const { monitor, patience } = this.#options;
    if (this.#waited < patience) return;
    run.stop(`${monitor} was best in epoch ${this.#bestEpoch ?? "none"}`);
  }

  /** Gives the model its best weights back. */
  onFitEnd(run: Run): void {
    if (this.#weights !== null) run.model.loadStateDict(this.#weights);
  }

  /** The state to continue from. */
  stateDict(): EarlyStoppingState {
    return {
      best: this.#best,
      bestEpoch: this.#bestEpoch,
      weights: this.#weights === null ? null : copied(this.#weights),
      waited: this.#waited,
    };
  }

  /** Restores a state. */
  loadStateDict(state: EarlyStoppingState): void {
    const { best, bestEpoch, weights, waited } = readState(
      "load the state of EarlyStopping",
      state,
    );
    this.#best = best;
    this.#bestEpoch = bestEpoch;
    this.#weights = weights;
    this.#waited = waited;
  }
}
