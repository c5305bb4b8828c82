/** Schedules that consist of others: one after the other, or all at once. */

import { arrayOf, checkCount, checkKind, kind, WHOLE } from "../../core/options.ts";
import { scheduleReader } from "./rule.ts";
import { LRScheduler, type Scheduled } from "./schedule.ts";

const SCHEDULES = arrayOf(
  kind("a schedule", (value) => value instanceof LRScheduler),
  "schedules that need no value to step",
);

/** The optimizer of the schedules, which must have the same one. */
function optimizerOf(op: string, schedulers: readonly LRScheduler[]): Scheduled {
  const [first, ...others] = schedulers;
  if (first === undefined) throw new RangeError(`Cannot make ${op}: there are no schedules`);
  const strange = others.findIndex(({ optimizer }) => optimizer !== first.optimizer);
  if (strange < 0) return first.optimizer;
  throw new RangeError(
    `Cannot make ${op}: schedulers[${strange + 1}] belongs to another optimizer than the first`,
  );
}

/** Options of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedules, in order. */
  schedulers: readonly LRScheduler[];
  /**
   * The steps at which the next schedule takes over, in increasing order; one fewer than schedules.
   */
  milestones: readonly number[];
}

const readSequence = scheduleReader<SequentialLROptions>({
  kinds: { schedulers: SCHEDULES, milestones: arrayOf(WHOLE, "non-negative integers") },
  defaults: {},
});

/**
 * Runs schedules one after the other, each from its own start. Follows
 * `torch.optim.lr_scheduler.SequentialLR`.
 *
 * @example Warm-up, then decay
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const schedulers = [
 *   new optim.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 }),
 *   new optim.ExponentialLR(optimizer, { gamma: 0.9 }),
 * ];
 * const schedule = new optim.SequentialLR(optimizer, { schedulers, milestones: [2] });
 * for (const wanted of [0.5, 0.75, 1, 0.9, 0.81]) {
 *   assertAlmostEquals(schedule.getLastLr()[0]!, wanted);
 *   schedule.step();
 * }
 * ```
 */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];
  readonly #milestones: readonly number[];

  /**
   * Creates the schedule, and sets the rates at which the first one starts.
   *
   * @param optimizer The optimizer whose rates it sets.
   */
  constructor(optimizer: Scheduled, options: SequentialLROptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const { schedulers, milestones } = readSequence(call, options);
    if (optimizerOf(new.target.name, schedulers) !== optimizer) {
      throw new RangeError(`Cannot ${call}: the schedulers belong to another optimizer`);
    }
    if (milestones.length !== schedulers.length - 1) {
      throw new RangeError(
        `Cannot ${call}: ${schedulers.length} schedules need ${
          schedulers.length - 1
        } milestones, ` +
          `got ${milestones.length}`,
      );
    }
    if (milestones.some((milestone, i) => milestone < (milestones[i - 1] ?? 0))) {
      throw new RangeError(
        `Cannot ${call}: milestones must not decrease, got ${milestones.join(", ")}`,
      );
    }
    super(optimizer, { schedulers: [...schedulers] });
    this.#schedulers = [...schedulers];
    this.#milestones = [...milestones];
    this.set(0);
  }

  /** Sets the rates of a step. */
  protected override set(epoch: number): void {
    const now = this.#milestones.filter((milestone) => milestone <= epoch).length;
    const part = this.#schedulers[now];
    if (part === undefined) return;
    if (epoch === 0) {
      this.reset();
      this.begin(part, "made");
    } else if (this.#milestones[now - 1] === epoch) this.begin(part, "restarted");
    else part.step();
    this.arrive(epoch);
  }
}

/**
 * Steps all schedules together, so that their factors multiply. Follows
 * `torch.optim.lr_scheduler.ChainedScheduler`.
 *
 * @example Decay with a warm-up
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.ChainedScheduler([
 *   new optim.ConstantLR(optimizer, { factor: 0.1, totalIters: 2 }),
 *   new optim.ExponentialLR(optimizer, { gamma: 0.9 }),
 * ]);
 * for (const wanted of [0.1, 0.09, 0.81]) {
 *   assertAlmostEquals(schedule.getLastLr()[0]!, wanted);
 *   schedule.step();
 * }
 * ```
 */
export class ChainedScheduler extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];

  /**
   * Creates the schedule; the schedules it consists of have set the rates.
   *
   * @param schedulers Schedules of the same optimizer.
   */
  constructor(schedulers: readonly LRScheduler[]) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 1);
    checkKind(call, "schedulers", schedulers, SCHEDULES);
    super(optimizerOf(new.target.name, schedulers), { schedulers: [...schedulers] });
    this.#schedulers = [...schedulers];
  }

  /** Sets the rates of a step. */
  protected override set(epoch: number): void {
    if (epoch === 0) {
      this.reset();
      for (const part of this.#schedulers) this.begin(part, "made");
    } else {
      for (const part of this.#schedulers) part.step();
    }
    this.arrive(epoch);
  }
}
