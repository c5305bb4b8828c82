/**
 * Schedules as rules, which consist of options and the rate as a function of the step; a rule makes
 * the class.
 */

import {
  checkCount,
  kept,
  type OptionReader,
  optionReader,
  type OptionTable,
} from "../../core/options.ts";
import { type Arrival, groupsOf, LRScheduler, type Scheduled } from "./schedule.ts";

/** The keys of optional options. */
type OptionalKey<O> = {
  [K in keyof O]-?: Record<never, never> extends Pick<O, K> ? K : never;
}[keyof O];

/** The arguments of a rate. */
export interface Moment {
  /** Steps so far. */
  readonly epoch: number;
  /** The current rate of the group. */
  readonly lr: number;
  /** The initial rate of the group. */
  readonly base: number;
  /** The index of the group. */
  readonly group: number;
  /** Whether the schedule is just being created. */
  readonly made: boolean;
}

/** A schedule as a rule. */
export interface ScheduleRule<O extends object> {
  /** The kinds of all options. */
  readonly kinds: OptionTable<O>;
  /** A default for every optional option. */
  readonly defaults: Required<Pick<O, OptionalKey<O>>>;
  /**
   * Refuses options that are out of range or do not match the number of groups; `op` is the name.
   */
  readonly check?: (op: string, options: Required<O>, groups: number) => void;
  /** The initial rate of a group, if not its own. */
  readonly base?: (options: Required<O>, group: number) => number;
  /** The rate at a step. */
  readonly lr: (at: Moment, options: Required<O>) => number;
  /** The momentum at a step, or null to leave it. */
  readonly momentum?: (at: Moment, options: Required<O>) => number | null;
  /**
   * Whether it continues from the last rate after another schedule. Default: from the initial rate.
   */
  readonly goesOn?: true;
}

/** Makes the reader of a schedule's options, which requires those without a default. */
export function scheduleReader<O extends object>(
  { kinds, defaults }: Pick<ScheduleRule<O>, "kinds" | "defaults">,
): (call: string, given: O | undefined) => Required<O> {
  const read: OptionReader<Partial<O>> = optionReader<Partial<O>>(kinds as OptionTable<Partial<O>>);
  const needed = Object.keys(kinds).filter((key) => !Object.hasOwn(defaults, key));
  return (call, given) => {
    const own = Object.entries(read(call, given)).filter(([, value]) => value !== undefined);
    const full = kept({ ...defaults, ...Object.fromEntries(own) });
    const missing = needed.filter((key) => !Object.hasOwn(full, key));
    if (missing.length === 0) return full as Required<O>;
    throw new TypeError(
      `Cannot ${call}: it needs ${missing.join(", ")}, as in { ${missing.join(", ")} }`,
    );
  };
}

/** A group with a momentum, or with betas, whose first one is set. */
interface Momentous {
  momentum?: number;
  betas?: readonly [number, number];
}

/** A schedule that a rule makes. */
export class RuleSchedule<O extends object> extends LRScheduler {
  readonly #rule: ScheduleRule<O>;
  readonly #options: Required<O>;

  /**
   * Creates the schedule.
   *
   * @param rule The rule.
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

/** The class of a schedule that a rule makes. */
export interface ScheduleClass<O extends object> {
  /**
   * Creates the schedule, and sets the rates at which it starts.
   *
   * @param optimizer The optimizer whose rates it sets.
   */
  new (
    optimizer: Scheduled,
    ...options: Record<never, never> extends O ? [options?: O] : [options: O]
  ): LRScheduler;
}

/**
 * Makes the class of a rule.
 *
 * @param name The name of the class.
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
