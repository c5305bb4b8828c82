/** Ending training where it no longer helps. */

import { noGrad } from "../autograd/tape.ts";
import {
  checkCount,
  COUNT,
  FLAG,
  isPlainObject,
  kind,
  NUMBER,
  oneOf,
  optionReader,
  orNull,
  TENSOR,
  TEXT,
  WHOLE,
} from "../core/options.ts";
import type { StateDict } from "../nn/mod.ts";
import type { Callback, Run } from "./callback.ts";
import { type EpochRecord, monitored } from "./history.ts";
import { stateOf } from "./state_tree.ts";

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** The number that is watched. Default: "valLoss". */
  monitor?: string;
  /** Whether it is to fall or to rise. Default: "min". */
  mode?: "min" | "max";
  /** Epochs without a better value after which training ends. Default: 3. */
  patience?: number;
  /** By how much a value must be better to count. Default: 0. */
  minDelta?: number;
  /** Whether the model has its best weights again in the end. Default: true. */
  restoreBest?: boolean;
}

const readOptions = optionReader<EarlyStoppingOptions>({
  monitor: TEXT,
  mode: oneOf("min", "max"),
  patience: COUNT,
  minDelta: NUMBER,
  restoreBest: FLAG,
});

/** Copies of the values of a state dict, which training does not change. */
function copied(state: StateDict): StateDict {
  return noGrad(() => Object.fromEntries(Object.entries(state).map(([k, v]) => [k, v.clone()])));
}

/**
 * Ends training when a number has not become better for some epochs, and gives the model its best
 * weights back. Follows `keras.callbacks.EarlyStopping`.
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
        `Cannot make EarlyStopping: minDelta must be from 0 on, got ${minDelta}`,
      );
    }
    this.#options = { monitor, mode, patience, minDelta, restoreBest };
  }

  /** The epoch with the best value; null before the first. */
  get bestEpoch(): number | null {
    return this.#bestEpoch;
  }

  /** Begins anew, unless a run is resumed. */
  onFitStart(run: Run): void {
    if (run.epoch === 0) this.loadStateDict(FRESH);
  }

  /** Looks at the epoch's value; one that is not a number is never better. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    const { monitor, mode, patience, minDelta, restoreBest } = this.#options;
    const value = monitored("stop early", record, monitor);
    const gain = this.#best === null ? Infinity : (this.#best - value) * (mode === "min" ? 1 : -1);
    if (gain > minDelta && !Number.isNaN(value)) {
      this.#best = value;
      this.#bestEpoch = run.epoch;
      this.#waited = 0;
      if (restoreBest) this.#weights = copied(run.model.stateDict());
      return;
    }
    if (++this.#waited >= patience) {
      run.stop(`${monitor} was best in epoch ${this.#bestEpoch ?? "none"}`);
    }
  }

  /** Gives the model its best weights back. */
  onFitEnd(run: Run): void {
    if (this.#weights !== null) run.model.loadStateDict(this.#weights);
  }

  /** Everything to go on from. */
  stateDict(): EarlyStoppingState {
    return {
      best: this.#best,
      bestEpoch: this.#bestEpoch,
      weights: this.#weights === null ? null : copied(this.#weights),
      waited: this.#waited,
    };
  }

  /** Goes on from there. */
  loadStateDict(state: EarlyStoppingState): void {
    stateOf("load the state of EarlyStopping", readState, state, ...KEYS);
    this.#best = state.best;
    this.#bestEpoch = state.bestEpoch;
    this.#weights = state.weights;
    this.#waited = state.waited;
  }
}

/** What `EarlyStopping` knows. */
export type EarlyStoppingState = {
  /** The best value so far. */
  readonly best: number | null;
  /** The epoch that had it. */
  readonly bestEpoch: number | null;
  /** The model's values then. */
  readonly weights: StateDict | null;
  /** Epochs since. */
  readonly waited: number;
};

const KEYS = ["best", "bestEpoch", "weights", "waited"] as const;
const readState = optionReader<EarlyStoppingState>({
  best: orNull(NUMBER),
  bestEpoch: orNull(COUNT),
  weights: orNull(kind(
    "tensors by name",
    (value) => isPlainObject(value) && Object.values(value).every(TENSOR.accepts),
  )),
  waited: WHOLE,
});

const FRESH: EarlyStoppingState = { best: null, bestEpoch: null, weights: null, waited: 0 };
