/** Base classes of schedules: the optimizer, the position and the state. */

import {
  ANY,
  arrayOf,
  checkCount,
  FINITE,
  INTEGER,
  isPlainObject,
  kept,
  kind,
  NUMBER,
  optionReader,
  type OptionTable,
  shown,
} from "../../core/options.ts";
import { Optimizer } from "../optimizer.ts";

/** The part of an optimizer that schedules use. */
export interface Scheduled {
  /** The groups whose rates are set. */
  readonly paramGroups: readonly { lr: number }[];
}

/**
 * The state from which a schedule can continue; the rates themselves are in the optimizer's state.
 */
export interface ScheduleState {
  /** Steps so far. */
  readonly lastEpoch: number;
  /** The initial rate of each group. */
  readonly baseLrs: readonly number[];
  /** The rate of each group after the last step. */
  readonly lastLr: readonly number[];
  /** The states of the schedules that it consists of. */
  readonly schedulers?: readonly ScheduleState[];
  /** Other counters, by name. */
  readonly counts?: Readonly<Record<string, number>>;
}

const RATES = arrayOf(FINITE, "finite numbers");

const STATE: OptionTable<ScheduleState> = {
  lastEpoch: INTEGER,
  baseLrs: RATES,
  lastLr: RATES,
  schedulers: ANY,
  counts: ANY,
};
const readState = optionReader<ScheduleState>(STATE);

/** The rate of each group before any schedule. */
const INITIAL_RATES = new WeakMap<object, number>();

/**
 * The rate of a group before its first schedule.
 *
 * @param now Its current rate, if the first schedule is being created.
 */
function initialRate(group: { readonly lr: number }, now = group.lr): number {
  const known = INITIAL_RATES.get(group);
  if (known === undefined) INITIAL_RATES.set(group, now);
  return known ?? now;
}

/** The groups of an optimizer; refuses anything else. */
export function groupsOf(op: string, optimizer: Scheduled): readonly { lr: number }[] {
  if (optimizer instanceof Optimizer) return optimizer.paramGroups;
  throw new TypeError(`Cannot make ${op}: it needs an optimizer, got ${shown(optimizer)}`);
}

/** The parts of a schedule besides its optimizer. */
export interface ScheduleParts {
  /** The schedules that it consists of. Default: none. */
  readonly schedulers?: readonly Schedule[];
  /** Other counters in its state: the object is shared, as the class counts in it. Default: none. */
  readonly counts?: Record<string, number>;
  /** The initial rates of the groups. Default: their current rates. */
  readonly baseLrs?: readonly number[];
}

/** Whether two lists have the same names, in any order. */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

const readParts = optionReader<ScheduleParts>({
  schedulers: arrayOf(kind("a schedule", (value) => value instanceof Schedule), "schedules"),
  counts: kind(
    "an object of numbers",
    (value) => isPlainObject(value) && Object.values(value).every(NUMBER.accepts),
  ),
  baseLrs: RATES,
});

/** Base class of everything that sets the rates of an optimizer. */
export abstract class Schedule {
  /** The optimizer whose rates are set. */
  readonly optimizer: Scheduled;
  readonly #parts: readonly Schedule[];
  readonly #counts: Record<string, number>;
  #baseLrs: readonly number[];
  #lastLr: readonly number[];
  #lastEpoch = 0;

  /**
   * Creates the schedule; the rates are not set yet.
   *
   * @param optimizer The optimizer whose rates it sets.
   * @param parts Its other parts.
   */
  constructor(optimizer: Scheduled, parts?: ScheduleParts) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const { schedulers = [], counts = {}, baseLrs } = kept(readParts(call, parts));
    const groups = groupsOf(new.target.name, optimizer);
    this.optimizer = optimizer;
    this.#parts = schedulers;
    this.#counts = counts;
    const initial = groups.map((group, i) => initialRate(group, baseLrs?.[i]));
    this.#baseLrs = baseLrs ?? initial;
    this.#lastLr = groups.map(({ lr }) => lr);
  }

  /** Steps so far: 0 at the start of the schedule. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The initial rates of the groups. */
  protected get baseLrs(): readonly number[] {
    return this.#baseLrs;
  }

  /** The groups; refuses if their number has changed. */
  protected groups(): readonly { lr: number }[] {
    const { paramGroups } = this.optimizer;
    const made = this.#baseLrs.length;
    if (paramGroups.length === made) return paramGroups;
    throw new RangeError(
      `Cannot run ${this.constructor.name}: it was made for ${made} groups, the optimizer has ` +
        `${paramGroups.length}`,
    );
  }

  /** Records a step and its rates. */
  protected arrive(epoch: number): void {
    this.#lastEpoch = epoch;
    this.#lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The rate of each group after the last step. */
  getLastLr(): number[] {
    checkCount(`read the rates of ${this.constructor.name}`, arguments.length, 0);
    return [...this.#lastLr];
  }

  /** A copy of the state to continue from; the rates themselves are in the optimizer's state. */
  stateDict(): ScheduleState {
    checkCount(`read the state of ${this.constructor.name}`, arguments.length, 0);
    const parts = this.#parts.map((part) => part.stateDict());
    const counts = Object.keys(this.#counts).length > 0;
    return {
      lastEpoch: this.#lastEpoch,
      baseLrs: [...this.#baseLrs],
      lastLr: [...this.#lastLr],
      ...(parts.length > 0 && { schedulers: parts }),
      ...(counts && { counts: { ...this.#counts } }),
    };
  }

  /**
   * Restores the state of a schedule of the same class and options. The optimizer is not changed;
   * its own state has the rates, so load both. If anything does not fit, nothing changes.
   *
   * @throws {TypeError} If an entry is missing, unknown or of another kind.
   * @throws {RangeError} If the number of groups or of schedules differs.
   */
  loadStateDict(state: ScheduleState): void {
    checkCount(`load the state of ${this.constructor.name}`, arguments.length, 1);
    for (const take of this.#fitted(state)) take();
  }

  /** Checks a state, and returns a function that restores it. */
  #fitted(state: ScheduleState): (() => void)[] {
    const call = `load the state of ${this.constructor.name}`;
    const { lastEpoch, baseLrs, lastLr, schedulers = [], counts = {} } = readState(call, state);
    const own = Object.keys(this.#counts);
    const whole = lastEpoch !== undefined && baseLrs !== undefined && lastLr !== undefined &&
      Array.isArray(schedulers) && isPlainObject(counts) && sameNames(Object.keys(counts), own) &&
      Object.values(counts).every(NUMBER.accepts);
    if (!whole) {
      const needed = [
        ...["lastEpoch", "baseLrs", "lastLr"],
        ...(this.#parts.length > 0 ? ["schedulers"] : []),
        ...(own.length > 0 ? [`counts { ${own.join(", ")} }`] : []),
      ];
      throw new TypeError(`Cannot ${call}: it needs ${needed.join(", ")}, got ${shown(state)}`);
    }
    const groups = this.optimizer.paramGroups.length;
    if (baseLrs.length !== groups || lastLr.length !== groups) {
      throw new RangeError(
        `Cannot ${call}: there are ${groups} groups, the state has ${baseLrs.length} baseLrs and ` +
          `${lastLr.length} lastLr`,
      );
    }
    if (schedulers.length !== this.#parts.length) {
      throw new RangeError(
        `Cannot ${call}: it is made of ${this.#parts.length} schedules, the state of ` +
          `${schedulers.length}`,
      );
    }
    if (lastEpoch < 0) {
      throw new RangeError(
        `Cannot ${call}: lastEpoch must be a non-negative integer, got ${lastEpoch}`,
      );
    }
    const parts = this.#parts.flatMap((part, i) => part.#fitted(schedulers[i]));
    return [...parts, () => {
      this.#lastEpoch = lastEpoch;
      this.#baseLrs = [...baseLrs];
      this.#lastLr = [...lastLr];
      Object.assign(this.#counts, counts);
    }];
  }
}

/** How a schedule reaches a step: at creation, in a sequence, or by a single step. */
export type Arrival = "made" | "restarted" | "stepped";

/** Base class of schedules whose rates depend only on the number of steps. */
export abstract class LRScheduler extends Schedule {
  /** Sets the rates of a step. */
  protected abstract set(epoch: number, arrival: Arrival): void;

  /** Sets the rates of the next step; call it after the optimizer's step. */
  step(): void {
    checkCount(`run ${this.constructor.name}.step`, arguments.length, 0);
    this.set(this.lastEpoch + 1, "stepped");
  }

  /** Restarts a schedule. */
  protected begin(part: LRScheduler, arrival: Arrival): void {
    part.set(0, arrival);
  }

  /** Gives the groups the rates that they had before any schedule. */
  protected reset(): void {
    for (const group of this.groups()) group.lr = initialRate(group);
  }
}
