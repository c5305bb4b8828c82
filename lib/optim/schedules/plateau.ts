/** A schedule that monitors a metric. */

import { checkCount, checkKind, FINITE, kind, oneOf, WHOLE } from "../../core/options.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkRange } from "../optimizer.ts";
import { checkEach, checkRanges, FINITE_OR_EACH, ofGroup, type OrEach } from "./kinds.ts";
import { scheduleReader, type ScheduleRule } from "./rule.ts";
import { groupsOf, Schedule, type Scheduled } from "./schedule.ts";

/** Options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether lower or higher is better. Default: "min". */
  mode?: "min" | "max";
  /** Factor of each reduction. Default: 0.1. */
  factor?: number;
  /** How many values in a row without improvement are allowed. Default: 10. */
  patience?: number;
  /** The smallest improvement on the best value that counts. Default: 1e-4. */
  threshold?: number;
  /** Whether that is relative to the best value, or a difference. Default: "rel". */
  thresholdMode?: "rel" | "abs";
  /** How many values after a reduction are ignored. Default: 0. */
  cooldown?: number;
  /** The lowest rate; a list has one for each group. Default: 0. */
  minLr?: OrEach<number>;
  /** Smaller reductions of the rate are skipped. Default: 1e-8. */
  eps?: number;
}

/** The options of ReduceLROnPlateau. */
export const REDUCE_LR_ON_PLATEAU: Pick<
  ScheduleRule<ReduceLROnPlateauOptions>,
  "kinds" | "defaults"
> = {
  kinds: {
    mode: oneOf("min", "max"),
    factor: FINITE,
    patience: WHOLE,
    threshold: FINITE,
    thresholdMode: oneOf("rel", "abs"),
    cooldown: WHOLE,
    minLr: FINITE_OR_EACH,
    eps: FINITE,
  },
  defaults: {
    mode: "min",
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    thresholdMode: "rel",
    cooldown: 0,
    minLr: 0,
    eps: 1e-8,
  },
};

const METRIC = kind(
  "a number or a tensor with one element",
  (value) => typeof value === "number" || (isTensor(value) && value.size === 1),
);

const readOptions = scheduleReader(REDUCE_LR_ON_PLATEAU);

/** Whether a value is better than the best so far. */
function isBetter(
  value: number,
  best: number,
  options: Required<ReduceLROnPlateauOptions>,
): boolean {
  const { mode, threshold, thresholdMode } = options;
  const sign = mode === "min" ? -1 : 1;
  const bar = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
  return mode === "min" ? value < bar : value > bar;
}

/**
 * Reduces the rate when a metric, such as the validation loss, stops improving. Follows
 * `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * @example A loss that stops improving
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.ReduceLROnPlateau(optimizer, { patience: 2, factor: 0.5 });
 * for (const loss of [3, 2, 2, 2, 2]) schedule.step(loss);
 * assertEquals(schedule.getLastLr(), [0.5]);
 * ```
 */
export class ReduceLROnPlateau extends Schedule {
  readonly #options: Required<ReduceLROnPlateauOptions>;
  readonly #counts: { best: number; cooldownCounter: number; numBadEpochs: number };

  /**
   * Creates the schedule.
   *
   * @param optimizer The optimizer whose rates it sets.
   */
  constructor(optimizer: Scheduled, options?: ReduceLROnPlateauOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const full = readOptions(call, options);
    const { mode, factor, minLr, threshold, thresholdMode, eps } = full;
    const op = new.target.name;
    checkEach(op, { minLr }, groupsOf(op, optimizer).length);
    checkRange(op, "factor", factor, "[0, 1)");
    checkRanges(op, "minLr", minLr, "[0, ∞)");
    checkRange(op, "threshold", threshold, "[0, ∞)");
    checkRange(op, "eps", eps, "[0, ∞)");
    // No value can improve on the best one by all of it.
    if (mode === "min" && thresholdMode === "rel") checkRange(op, "threshold", threshold, "[0, 1)");
    const best = mode === "min" ? Infinity : -Infinity;
    const counts = { best, cooldownCounter: 0, numBadEpochs: 0 };
    super(optimizer, { counts });
    this.#options = full;
    this.#counts = counts;
  }

  /**
   * Records a value, and reduces the rates if necessary.
   *
   * @param metric A number, or a tensor with one element. NaN never counts as an improvement.
   */
  step(metric: number | Tensor): void {
    const call = `run ${this.constructor.name}.step`;
    checkCount(call, arguments.length, 1);
    checkKind(call, "the metric", metric, METRIC);
    const value = Number(isTensor(metric) ? metric.item() : metric);
    const groups = this.groups();
    const { patience, cooldown } = this.#options;
    const counts = this.#counts;
    if (isBetter(value, counts.best, this.#options)) {
      counts.best = value;
      counts.numBadEpochs = 0;
    } else counts.numBadEpochs++;
    if (counts.cooldownCounter > 0) {
      counts.cooldownCounter--;
      counts.numBadEpochs = 0;
    }
    if (counts.numBadEpochs > patience) {
      this.#reduce(groups);
      counts.cooldownCounter = cooldown;
      counts.numBadEpochs = 0;
    }
    this.arrive(this.lastEpoch + 1);
  }

  #reduce(groups: readonly { lr: number }[]): void {
    const { factor, minLr, eps } = this.#options;
    groups.forEach((group, i) => {
      const rate = Math.max(group.lr * factor, ofGroup(minLr, i));
      if (group.lr - rate > eps) group.lr = rate;
    });
  }
}
