/** What all schedules share: whose rates they set, where they stand, state to keep. */

import {
  ANY,
  arrayOf,
  checkCount,
  FINITE,
  INTEGER,
  isPlainObject,
  kind,
  NUMBER,
  optionReader,
  type OptionTable,
  shown,
} from "../../core/options.ts";
import { Optimizer } from "../optimizer.ts";

/** What a schedule needs of an optimizer: groups that have a rate. */
export interface Scheduled {
  /** The groups whose rates are set. */
  readonly paramGroups: readonly { lr: number }[];
}

/** Everything that a schedule needs to go on from where it was, beside the optimizer's state. */
export interface ScheduleState {
  /** Steps so far. */
  readonly lastEpoch: number;
  /** The rate with which each group began. */
  readonly baseLrs: readonly number[];
  /** The rate of each group after the last step. */
  readonly lastLr: readonly number[];
  /** The states of the schedules that this one is made of. */
  readonly schedulers?: readonly ScheduleState[];
  /** Other numbers that the schedule counts, by name. */
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

/** The rate that a group had before any schedule. */
const INITIAL_RATES = new WeakMap<object, number>();

/**
 * The rate that a group had before its first schedule.
 *
 * @param now What it is, if the first schedule is being made.
 */
function initialRate(group: { readonly lr: number }, now = group.lr): number {
  const known = INITIAL_RATES.get(group);
  if (known === undefined) INITIAL_RATES.set(group, now);
  return known ?? now;
}

/** The groups of an optimizer, which must be one. */
export function groupsOf(op: string, optimizer: Scheduled): readonly { lr: number }[] {
  if (optimizer instanceof Optimizer) return optimizer.paramGroups;
  throw new TypeError(`Cannot make ${op}: it needs an optimizer, got ${shown(optimizer)}`);
}

/** What a schedule has beside its optimizer. */
export interface ScheduleParts {
  /** The schedules that it is made of. Default: none. */
  readonly schedulers?: readonly Schedule[];
  /** Other numbers that are part of its state. Default: none. */
  readonly counts?: Record<string, number>;
  /** The rates with which the groups begin. Default: those that they have. */
  readonly baseLrs?: readonly number[];
}

/** Whether two lists of names are the same, in any order. */
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

/** Base of all that sets the rates of an optimizer. */
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
   * @param optimizer Whose rates are to be set.
   * @param parts What it has beside.
   */
  constructor(optimizer: Scheduled, parts?: ScheduleParts) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const { schedulers = [], counts = {}, baseLrs } = readParts(call, parts);
    const groups = groupsOf(new.target.name, optimizer);
    this.optimizer = optimizer;
    this.#parts = schedulers;
    this.#counts = counts;
    const initial = groups.map((group, i) => initialRate(group, baseLrs?.[i]));
    this.#baseLrs = baseLrs ?? initial;
    this.#lastLr = groups.map(({ lr }) => lr);
  }

  /** Steps so far: 0 where the schedule starts. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** The rates with which the groups began. */
  protected get baseLrs(): readonly number[] {
    return this.#baseLrs;
  }

  /** The groups; there must be as many as when the schedule was made. */
  protected groups(): readonly { lr: number }[] {
    const { paramGroups } = this.optimizer;
    const made = this.#baseLrs.length;
    if (paramGroups.length === made) return paramGroups;
    throw new RangeError(
      `Cannot run ${this.constructor.name}: it was made for ${made} groups, the optimizer has ` +
        `${paramGroups.length}`,
    );
  }

  /** Has arrived at a step, with the rates set. */
  protected arrive(epoch: number): void {
    this.#lastEpoch = epoch;
    this.#lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The rate of each group after the last step. */
  getLastLr(): number[] {
    checkCount(`read the rates of ${this.constructor.name}`, arguments.length, 0);
    return [...this.#lastLr];
  }

  /** Copies of everything that is needed to go on; the optimizer's state has the rates themselves. */
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
   * Takes over the state of a schedule of the same class and options. It leaves the optimizer as it
   * is, whose own state has the rates: load both. Nothing changes if anything does not fit.
   *
   * @throws {TypeError} If an entry is missing, unknown or of another kind.
   * @throws {RangeError} If the number of groups or of schedules differs.
   */
  loadStateDict(state: ScheduleState): void {
    checkCount(`load the state of ${this.constructor.name}`, arguments.length, 1);
    for (const take of this.#fitted(state)) take();
  }

  /** What takes a state over, once it is known that all of it fits. */
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

/** How a schedule comes to a step: when it is made, in a row of others, or one step further. */
export type Arrival = "made" | "restarted" | "stepped";

/** Base of the schedules whose rates depend on the number of steps alone. */
export abstract class LRScheduler extends Schedule {
  /** Sets the rates of a step. */
  protected abstract set(epoch: number, arrival: Arrival): void;

  /** Sets the rates of the next step; to be called after the optimizer's. */
  step(): void {
    checkCount(`run ${this.constructor.name}.step`, arguments.length, 0);
    this.set(this.lastEpoch + 1, "stepped");
  }

  /** Begins a schedule anew. */
  protected begin(part: LRScheduler, arrival: Arrival): void {
    part.set(0, arrival);
  }

  /** Gives the groups the rates that they had before any schedule. */
  protected reset(): void {
    for (const group of this.groups()) group.lr = initialRate(group);
  }
}
