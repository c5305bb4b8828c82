/** The form of a schedule: its options, and the rate as a function of the step. The class is made of it. */

import {
  checkCount,
  type OptionReader,
  optionReader,
  type OptionTable,
} from "../../core/options.ts";
import { copyOptions } from "../groups.ts";
import { type Arrival, groupsOf, LRScheduler, type Scheduled } from "./schedule.ts";

/** The keys of options that may be left out. */
type OptionalKey<O> = {
  [K in keyof O]-?: Record<never, never> extends Pick<O, K> ? K : never;
}[keyof O];

/** What a rate may depend on. */
export interface Moment {
  /** Steps so far. */
  readonly epoch: number;
  /** The rate of the group. */
  readonly lr: number;
  /** The rate with which it began. */
  readonly base: number;
  /** Which group it is. */
  readonly group: number;
  /** Whether the schedule is being made. */
  readonly made: boolean;
}

/** What a schedule is made of. */
export interface ScheduleRule<O extends object> {
  /** The kinds of all options. */
  readonly kinds: OptionTable<O>;
  /** A value for every option that may be left out. */
  readonly defaults: Required<Pick<O, OptionalKey<O>>>;
  /** Refuses options that are out of range or do not fit so many groups; `op` is its name. */
  readonly check?: (op: string, options: Required<O>, groups: number) => void;
  /** The rate with which a group begins, where that is not its own. */
  readonly base?: (options: Required<O>, group: number) => number;
  /** The rate at a step. */
  readonly lr: (at: Moment, options: Required<O>) => number;
  /** The momentum at a step, null where it is left as it is. */
  readonly momentum?: (at: Moment, options: Required<O>) => number | null;
  /** Whether it goes on from the last rate where it follows another schedule. Default: from the first. */
  readonly goesOn?: true;
}

/** Makes the reader of the options of a schedule, which must have those without a default. */
export function scheduleReader<O extends object>(
  { kinds, defaults }: Pick<ScheduleRule<O>, "kinds" | "defaults">,
): (call: string, given: O | undefined) => Required<O> {
  const read: OptionReader<Partial<O>> = optionReader<Partial<O>>(kinds as OptionTable<Partial<O>>);
  const needed = Object.keys(kinds).filter((key) => !Object.hasOwn(defaults, key));
  return (call, given) => {
    const own = Object.entries(read(call, given)).filter(([, value]) => value !== undefined);
    // Lists of one's own, as the caller may change theirs later.
    const full = copyOptions({ ...defaults, ...Object.fromEntries(own) });
    const missing = needed.filter((key) => !Object.hasOwn(full, key));
    if (missing.length === 0) return full as Required<O>;
    throw new TypeError(
      `Cannot ${call}: it needs ${missing.join(", ")}, as in { ${missing.join(", ")} }`,
    );
  };
}

/** A group with a momentum of its own, or the first of its betas in this place. */
interface Momentous {
  momentum?: number;
  betas?: readonly [number, number];
}

/** A schedule that is made of a rule. */
export class RuleSchedule<O extends object> extends LRScheduler {
  readonly #rule: ScheduleRule<O>;
  readonly #options: Required<O>;

  /**
   * Creates the schedule.
   *
   * @param rule What it is made of.
   * @param options A value for every option.
   */
  constructor(rule: ScheduleRule<O>, optimizer: Scheduled, options: Required<O>) {
    const name = new.target.name;
    const groups = groupsOf(name, optimizer);
    const { check, base, momentum } = rule;
    check?.(name, options, groups.length);
    if (momentum !== undefined) {
      const at = { epoch: 0, lr: 0, base: 0, group: 0, made: true };
      const without = groups.some((group) => !("momentum" in group || "betas" in group));
      if (without && momentum(at, options) !== null) {
        throw new TypeError(
          `Cannot make ${name}: cycleMomentum needs an optimizer with momentum or betas; ` +
            "switch it off with { cycleMomentum: false }",
        );
      }
    }
    super(optimizer, base && { baseLrs: groups.map((_, i) => base(options, i)) });
    this.#rule = rule;
    this.#options = options;
    this.set(0, "made");
  }

  /** Sets the rates of a step. */
  protected override set(epoch: number, arrival: Arrival): void {
    const { lr, momentum, goesOn = false } = this.#rule;
    const groups = this.groups();
    const fromBase = arrival === "restarted" && !goesOn;
    const settings = groups.map((group, i) => {
      const base = this.baseLrs[i] ?? group.lr;
      const own = fromBase ? base : group.lr;
      const at = { epoch, lr: own, base, group: i, made: arrival === "made" };
      return [lr(at, this.#options), momentum?.(at, this.#options) ?? null] as const;
    });
    settings.forEach(([rate, inertia], i) => {
      const group = groups[i] as { lr: number } & Momentous;
      group.lr = rate;
      if (inertia === null) return;
      if (group.betas === undefined) group.momentum = inertia;
      else group.betas = [inertia, group.betas[1]];
    });
    this.arrive(epoch);
  }
}

/** The class of the schedules that a rule is made into. */
export interface ScheduleClass<O extends object> {
  /**
   * Creates the schedule, and sets the rates at which it starts.
   *
   * @param optimizer Whose rates are set.
   */
  new (
    optimizer: Scheduled,
    ...options: Record<never, never> extends O ? [options?: O] : [options: O]
  ): LRScheduler;
}

/**
 * Makes the class of a rule.
 *
 * @param name What it is called.
 */
export function scheduleClass<O extends object>(
  name: string,
  rule: ScheduleRule<O>,
): ScheduleClass<O> {
  const readOptions = scheduleReader(rule);
  return class extends RuleSchedule<O> {
    static override readonly name: string = name;
    constructor(optimizer: Scheduled, options?: O) {
      const call = `make ${new.target.name}`;
      checkCount(call, arguments.length, 2);
      super(rule, optimizer, readOptions(call, options));
    }
  };
}
