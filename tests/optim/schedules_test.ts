/** Every schedule of the table goes through every check, and every check finds a planted fault. */

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { assertClose } from "../../lib/testing/mod.ts";
import { optim, tensor, zeros } from "../../mod.ts";
import {
  type AnySchedule,
  makeSchedule,
  SCHEDULE_CHECKS,
  type ScheduleSubject,
} from "./schedule_checks.ts";
import { type ScheduleName, SCHEDULES } from "./schedule_table.ts";

/** Of schedules with different options the checks see what is common to all. */
function subjectOf(name: ScheduleName): ScheduleSubject {
  const row = SCHEDULES[name] as unknown as ScheduleSubject["row"];
  return { name, make: (optimizer, options) => makeSchedule(name, optimizer, options), row };
}

type Check = keyof typeof SCHEDULE_CHECKS;

for (const name of Object.keys(SCHEDULES) as ScheduleName[]) {
  for (const [title, check] of Object.entries(SCHEDULE_CHECKS)) {
    Deno.test(`optim.${name} ${title}`, () => check(subjectOf(name)));
  }

  Deno.test(`optim.${name} is a class of schedules that says its name`, () => {
    const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })]);
    const schedule = makeSchedule(name, optimizer, SCHEDULES[name].needed(optimizer));
    assertEquals(schedule instanceof optim[name], true);
    assertEquals(schedule instanceof optim.LRScheduler, name !== "ReduceLROnPlateau");
    assertEquals([optim[name].name, schedule.constructor.name], [name, name]);
  });
}

Deno.test("a schedule without a row, or an option without refused values, does not compile", () => {
  type Fits<Rows> = Rows extends typeof SCHEDULES ? true : false;
  assertType<IsExact<Fits<typeof SCHEDULES>, true>>(true);
  assertType<IsExact<Fits<Omit<typeof SCHEDULES, "StepLR">>, false>>(true);
  type Lacking = Omit<typeof SCHEDULES.StepLR, "refuses"> & {
    refuses: Omit<typeof SCHEDULES.StepLR.refuses, "gamma">;
  };
  assertType<IsExact<Fits<{ StepLR: Lacking } & Omit<typeof SCHEDULES, "StepLR">>, false>>(true);
});

const adam = () => new optim.Adam([zeros([1], { requiresGrad: true })], { lr: 1e-3 });

/** Rates and momenta of 500 steps, to as many digits as were published. */
const ONE_CYCLE: readonly (readonly [step: number, lr: number, beta: number])[] = [
  [0, 4.0e-4, 0.95],
  [1, 4.010668966738e-4, 0.949988886493],
  [10, 5.062989437870e-4, 0.948892719336],
  [75, 5.250601897368e-3, 0.899472896902],
  [149, 1.0e-2, 0.85],
  [150, 9.999798581660e-3, 0.850002014196],
  [250, 8.082243053856e-3, 0.869177646172],
  [324, 5.00002e-3, 0.90],
  [400, 1.847621139421e-3, 0.931524114702],
  [498, 2.414183399679e-7, 0.949997985809],
  [499, 4.0e-8, 0.95],
];

Deno.test("optim.OneCycleLR gives the known values of 50 epochs of 10 steps, and no step too many", () => {
  const optimizer = adam();
  const schedule = new optim.OneCycleLR(optimizer, { maxLr: 1e-2, stepsPerEpoch: 10, epochs: 50 });
  const [group] = optimizer.paramGroups;
  const found = Array.from({ length: 500 }, () => {
    const now = [group!.lr, group!.betas[0]] as const;
    schedule.step();
    return now;
  });
  for (const [step, lr, beta] of ONE_CYCLE) {
    assertClose(found[step]![0], lr, { rtol: 1e-11, atol: 0 });
    assertClose(found[step]![1], beta, { rtol: 1e-11, atol: 0 });
  }
  const before = [group!.lr, group!.betas[0], schedule.lastEpoch];
  const { message } = assertThrows(() => schedule.step(), RangeError);
  assertStringIncludes(message, "it was made for 500 steps, and this is step 501");
  assertEquals([group!.lr, group!.betas[0], schedule.lastEpoch], before);
});

Deno.test("optim.OneCycleLR starts at the greatest rate where there is but one step to grow", () => {
  for (const options of [{ totalSteps: 10, pctStart: 0.1 }, { totalSteps: 1, pctStart: 1 }]) {
    const optimizer = adam();
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.5, ...options });
    assertEquals(schedule.getLastLr(), [0.5]);
    assertEquals(optimizer.paramGroups[0]!.betas[0], 0.85);
    schedule.step();
    assertEquals(Number.isFinite(schedule.getLastLr()[0]), true);
  }
});

Deno.test("optim.ConstantLR without steps leaves the rate, wherever it stands", () => {
  const wraps: Readonly<Record<string, (of: optim.SGD, none: optim.LRScheduler) => AnySchedule>> = {
    "alone": (_, none) => none,
    "chained": (_, none) => new optim.ChainedScheduler([none]),
    "first": (of, none) => new optim.SequentialLR(of, { schedulers: [none], milestones: [] }),
  };
  for (const [title, wrap] of Object.entries(wraps)) {
    const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
    const none = new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 0 });
    const schedule = wrap(optimizer, none);
    assertEquals([schedule.getLastLr(), optimizer.paramGroups[0]!.lr], [[1], 1], title);
    schedule.step();
    assertEquals([schedule.getLastLr(), optimizer.paramGroups[0]!.lr], [[1], 1], title);
  }
});

Deno.test("a cycle of the momentum needs one, and can be switched off", () => {
  const optimizer = new optim.Adagrad([zeros([1], { requiresGrad: true })]);
  const options = { maxLr: 0.1, totalSteps: 9 };
  const make = () => new optim.OneCycleLR(optimizer, options);
  assertThrows(make, TypeError, "cycleMomentum needs an optimizer with momentum or betas");
  new optim.OneCycleLR(optimizer, { ...options, cycleMomentum: false });
  assertClose(optimizer.paramGroups[0]!.lr, 0.1 / 25, { rtol: 1e-12, atol: 0 });
});

Deno.test("ReduceLROnPlateau takes tensors of one element, and nothing that is no number", () => {
  const optimizer = adam();
  const schedule = new optim.ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 });
  for (const loss of [1, 1]) schedule.step(tensor(loss));
  assertEquals(schedule.getLastLr(), [5e-4]);
  const wrong = "1" as unknown as number;
  assertThrows(() => schedule.step(wrong), TypeError, "the metric must be a number or");
  assertThrows(() => schedule.step(tensor([1, 2])), TypeError, "with one element");
  assertEquals(schedule.lastEpoch, 2);
});

Deno.test("compositions may stand in each other", () => {
  const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
  const inner = new optim.ChainedScheduler([
    new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
    new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 }),
  ]);
  const warm = new optim.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
  const schedulers = [warm, inner];
  const schedule = new optim.SequentialLR(optimizer, { schedulers, milestones: [3] });
  const rates = Array.from({ length: 7 }, () => {
    const [rate] = schedule.getLastLr();
    schedule.step();
    return rate;
  });
  assertClose(tensor(rates as number[]), [0.5, 0.75, 1, 0.5, 0.25, 0.25, 0.125], { rtol: 1e-6 });
});

const step = subjectOf("StepLR");

/** StepLR with something of it in another way. */
function changed(change: (schedule: AnySchedule) => Partial<AnySchedule>): ScheduleSubject {
  const make: ScheduleSubject["make"] = (optimizer, options) => {
    const schedule = step.make(optimizer, options);
    return Object.assign(schedule, change(schedule));
  };
  return { ...step, make };
}

/** A fault for each check: a subject that it must not let pass, and what it then says. */
const FAULTS: Readonly<Record<Check, readonly [subject: ScheduleSubject, says: string]>> = {
  "follows PyTorch, group by group": [
    {
      ...step,
      make: (optimizer, options) => step.make(optimizer, { ...options, gamma: 0.1 + 1e-9 }),
    },
    'at step 7 with {"stepSize":7}',
  ],
  "goes on from a state dict as if it had not stopped": [
    changed((schedule) => ({
      loadStateDict: (state) =>
        optim.StepLR.prototype.loadStateDict.call(schedule as optim.StepLR, {
          ...state,
          lastEpoch: 0,
        }),
    })),
    "not equal",
  ],
  "is tried with another value of each option": [
    { ...step, row: { ...step.row, defaults: { gamma: 0.1, odd: 1 } } },
    "no course has another odd than the default",
  ],
  "has the options of PyTorch's, with their defaults": [
    { ...step, row: { ...step.row, defaults: { gamma: 0.2 } } },
    "gamma: 0.2",
  ],
  "needs what has no default, and refuses what does not fit": [
    { ...step, row: { ...step.row, refuses: { gamma: [[0.5, "gamma"]] } } },
    "to throw",
  ],
  "loads a state that fits, or nothing of it": [
    changed(() => ({ loadStateDict: () => {} })),
    "to throw",
  ],
  "refuses an optimizer that is none, and groups that came later": [
    changed(() => ({ step: () => {} })),
    "to throw",
  ],
};

for (const [title, [subject, says]] of Object.entries(FAULTS)) {
  Deno.test(`a schedule of which it is not true that it ${title} is found`, () => {
    const { message } = assertThrows(() => SCHEDULE_CHECKS[title as Check](subject), Error);
    assertMatch(message, new RegExp(says.replace(/[{}[\]]/g, "\\$&")));
  });
}
