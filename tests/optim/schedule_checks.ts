/** What is checked of every schedule, by its row of the table and the rates of PyTorch. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { optim, zeros } from "../../mod.ts";
import { casesOf, NUMBERS } from "../fixtures/stored.ts";
import type { ScheduleRow } from "./schedule_table.ts";

type Some = Readonly<Record<string, unknown>>;

/** A schedule of any class, which takes a value if it wants one. */
export interface AnySchedule {
  step(metric?: number): void;
  getLastLr(): number[];
  stateDict(): optim.ScheduleState;
  loadStateDict(state: optim.ScheduleState): void;
}

type AnyOptimizer = optim.SGD | optim.Adam | optim.Adagrad;

/** A schedule with all that is known of it. */
export interface ScheduleSubject {
  readonly name: string;
  readonly make: (optimizer: AnyOptimizer, options: Some) => AnySchedule;
  readonly row: ScheduleRow<Some>;
}

/** What PyTorch's schedule did. */
interface Course {
  readonly optimizer: "SGD" | "Adam" | "Adagrad";
  readonly options: Some;
  /** The rates of the groups before each step. */
  readonly rates: readonly (readonly number[])[];
  readonly momenta: readonly (readonly number[])[];
}

/** The functions that stand in the files by their names. */
const FUNCTIONS: Readonly<Record<string, (n: number) => number>> = {
  halves: (n) => 0.5 ** n,
  shrinks: () => 0.95,
  slows: (n) => 1 / (1 + n),
};

const [METRICS] = casesOf<readonly (number | "nan")[]>("schedules/metrics");

/** What ReduceLROnPlateau is told at each step. */
function metric(step: number): number {
  const value = METRICS![step]!;
  return typeof value === "number" ? value : NUMBERS[value];
}

/** One step further, with the value where one is wanted. */
function advance(schedule: AnySchedule, value: number): void {
  if (schedule instanceof optim.ReduceLROnPlateau) schedule.step(value);
  else schedule.step();
}

/** Makes a schedule by its name. */
export function makeSchedule(name: string, optimizer: AnyOptimizer, options: Some): AnySchedule {
  type Constructor = new (...args: unknown[]) => AnySchedule;
  const Made = Reflect.get(optim, name) as Constructor;
  return name === "ChainedScheduler"
    ? new Made(options["schedulers"])
    : new Made(optimizer, options);
}

/** Options from the file: functions by their names, schedules by what they are made of. */
function optionsOf(optimizer: AnyOptimizer, given: Some): Some {
  const revived = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revived);
    if (typeof value !== "object" || value === null) return value;
    if ("function" in value) return FUNCTIONS[String(value.function)];
    const { name, options } = value as { name: string; options: Some };
    return makeSchedule(name, optimizer, optionsOf(optimizer, options));
  };
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, revived(value)]));
}

const leaf = () => zeros([1], { requiresGrad: true });

function optimizerOf(name: Course["optimizer"] = "SGD"): AnyOptimizer {
  return new optim[name]([{ params: [leaf()], lr: 0.1 }, { params: [leaf()], lr: 0.02 }]);
}

type Group = { lr: number; momentum?: number; betas?: readonly [number, number] };

function groupsOf(optimizer: AnyOptimizer): readonly Group[] {
  return optimizer.paramGroups as readonly Group[];
}

function compare(optimizer: AnyOptimizer, { rates, momenta }: Course, step: number, says: string) {
  const groups = groupsOf(optimizer);
  const tolerances = { rtol: 1e-9, atol: 1e-15, message: `at step ${step} ${says}` };
  groups.forEach(({ lr, betas, momentum = 0 }, i) => {
    assertClose(lr, rates[step]![i]!, tolerances);
    assertClose(betas?.[0] ?? momentum, momenta[step]![i]!, tolerances);
  });
}

/** A check for each course; its options are named where it fails. */
function forEach(check: (subject: ScheduleSubject, course: Course, says: string) => void) {
  return (subject: ScheduleSubject) => {
    for (const course of casesOf<Course>(`schedules/${subject.name}`)) {
      check(subject, course, `with ${JSON.stringify(course.options)}`);
    }
  };
}

/** An optimizer of one group, with its schedule under the options that it needs, and others. */
function sceneOf({ make, row }: ScheduleSubject, options: Some = {}): [AnyOptimizer, AnySchedule] {
  const optimizer = new optim.SGD([leaf()], { lr: 0.1 });
  return [optimizer, make(optimizer, { ...row.needed(optimizer), ...options })];
}

/** What is in PyTorch's schedules, and not in ours: states are loaded by `loadStateDict`. */
const NOT_TAKEN = ["lastEpoch"];

interface Signature {
  readonly needed: readonly string[];
  readonly defaults: Some;
}

function signatureOf(name: string): Signature {
  const [signatures] = casesOf<Readonly<Record<string, Signature>>>("schedules/signatures");
  const { needed, defaults } = signatures![name]!;
  const taken = Object.entries(defaults).filter(([key]) => !NOT_TAKEN.includes(key));
  return { needed, defaults: Object.fromEntries(taken) };
}

/** States with one thing wrong, and what the message then says. */
const SPOILT: readonly (readonly [change: (state: Some) => unknown, says: string])[] = [
  [({ lastEpoch: _, ...rest }) => rest, "it needs lastEpoch"],
  [({ lastLr: _, ...rest }) => rest, "it needs lastEpoch"],
  [(state) => ({ ...state, baseLrs: ["0.1"] }), "baseLrs must be an array of finite numbers"],
  [(state) => ({ ...state, baseLrs: [] }), "there are 1 groups, the state has 0 baseLrs"],
  [(state) => ({ ...state, lastLr: [1, 2] }), "there are 1 groups"],
  [(state) => ({ ...state, lastEpoch: 1.5 }), "lastEpoch must be an integer, got 1.5"],
  [(state) => ({ ...state, lastEpoch: -1 }), "lastEpoch must be a non-negative integer, got -1"],
  [(state) => ({ ...state, schedulers: [{}, {}] }), "schedules, the state of 2"],
  [(state) => ({ ...state, schedulers: 1 }), "it needs lastEpoch"],
  [(state) => ({ ...state, counts: { odd: 1 } }), "it needs lastEpoch"],
  [(state) => ({ ...state, gamma: 1 }), 'there is no option "gamma"'],
  [() => undefined, "it needs lastEpoch"],
  [() => [1], "options go in an object"],
];

/** The checks, by what they say of a schedule. */
export const SCHEDULE_CHECKS = {
  "follows PyTorch, group by group": forEach(({ make }, course, says) => {
    const optimizer = optimizerOf(course.optimizer);
    const schedule = make(optimizer, optionsOf(optimizer, course.options));
    course.rates.forEach((_, step) => {
      if (step > 0) advance(schedule, metric(step - 1));
      compare(optimizer, course, step, says);
      assertEquals(schedule.getLastLr(), groupsOf(optimizer).map(({ lr }) => lr), says);
    });
  }),
  "goes on from a state dict as if it had not stopped": forEach(({ make }, course, says) => {
    const optimizer = optimizerOf(course.optimizer);
    const schedule = make(optimizer, optionsOf(optimizer, course.options));
    for (const stop of [0, 6, 13, 30]) {
      while (schedule.stateDict().lastEpoch < stop) {
        advance(schedule, metric(schedule.stateDict().lastEpoch));
      }
      const state = schedule.stateDict();
      const other = optimizerOf(course.optimizer);
      const twin = make(other, optionsOf(other, course.options));
      twin.loadStateDict(state);
      other.loadStateDict(optimizer.stateDict() as never);
      assertEquals(twin.getLastLr(), schedule.getLastLr(), says);
      assertEquals(twin.stateDict(), state, says);
      for (let step = stop; step + 1 < course.rates.length; step++) {
        advance(twin, metric(step));
        compare(other, course, step + 1, `from ${stop} ${says}`);
      }
      assertEquals(schedule.stateDict(), state, says);
    }
  }),
  "is tried with another value of each option": ({ name, row }: ScheduleSubject) => {
    const courses = casesOf<Course>(`schedules/${name}`);
    const options = [...signatureOf(name).needed, ...Object.keys(row.defaults)];
    for (const key of options) {
      const tried = courses.some(({ options }) =>
        key in options && Deno.inspect(options[key]) !== Deno.inspect(row.defaults[key])
      );
      assert(tried, `no course has another ${key} than the default`);
    }
  },
  "has the options of PyTorch's, with their defaults": ({ name, row }: ScheduleSubject) => {
    const { needed, defaults } = signatureOf(name);
    assertEquals({ ...row.defaults }, defaults);
    assertEquals(Object.keys(row.refuses).sort(), [...needed, ...Object.keys(defaults)].sort());
  },
  "needs what has no default, and refuses what does not fit": (subject: ScheduleSubject) => {
    const refused = (options: Some, says: string) => {
      const { message } = assertThrows(() => sceneOf(subject, options), Error);
      assertStringIncludes(message, says);
      assert(/^Cannot (make|run) [^\n]*[^.\n]$/.test(message), message);
    };
    for (const key of signatureOf(subject.name).needed) refused({ [key]: undefined }, key);
    for (const [key, values] of Object.entries(subject.row.refuses)) {
      for (const [value, says] of values) refused({ [key]: value }, says);
    }
  },
  "loads a state that fits, or nothing of it": (subject: ScheduleSubject) => {
    for (const [change, says] of SPOILT) {
      const [, schedule] = sceneOf(subject);
      advance(schedule, 1);
      const before = schedule.stateDict();
      const spoilt = change({ ...before }) as optim.ScheduleState;
      const { message } = assertThrows(() => schedule.loadStateDict(spoilt), Error);
      assertStringIncludes(message, `Cannot load the state of ${subject.name}: `);
      assertStringIncludes(message, says);
      assertEquals(schedule.stateDict(), before);
    }
  },
  "refuses an optimizer that is none, and groups that came later": (subject: ScheduleSubject) => {
    const none = { paramGroups: [{ lr: 1 }] } as unknown as AnyOptimizer;
    // What is made of schedules alone is not told the optimizer.
    if (subject.name !== "ChainedScheduler") {
      assertThrows(() => subject.make(none, subject.row.needed(optimizerOf())), Error, "optimizer");
    }
    const [optimizer, schedule] = sceneOf(subject);
    optimizer.addParamGroup({ params: [leaf()], lr: 0.7 });
    const { message } = assertThrows(() => advance(schedule, 1), RangeError);
    assertStringIncludes(message, "it was made for 1 groups, the optimizer has 2");
    assertEquals(groupsOf(optimizer)[1]!.lr, 0.7);
  },
} as const satisfies Readonly<Record<string, (subject: ScheduleSubject) => void>>;
