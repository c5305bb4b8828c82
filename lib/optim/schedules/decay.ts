/** Schedules by factors: at milestones, over some steps, at each step, or by a function. */

import { arrayOf, checkKind, COUNT, FINITE, WHOLE } from "../../core/options.ts";
import { checkRange } from "../optimizer.ts";
import { checkEach, FUNCTION_OR_EACH, ofGroup, type OrEach } from "./kinds.ts";
import { type ScheduleClass, scheduleClass, type ScheduleRule } from "./rule.ts";
import type { LRScheduler } from "./schedule.ts";

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Steps between two changes. */
  stepSize: number;
  /** Factor of each change. Default: 0.1. */
  gamma?: number;
}

/** What StepLR is made of. */
export const STEP_LR_RULE: ScheduleRule<StepLROptions> = {
  kinds: { stepSize: COUNT, gamma: FINITE },
  defaults: { gamma: 0.1 },
  lr: ({ epoch, lr }, { stepSize, gamma }) =>
    epoch === 0 || epoch % stepSize !== 0 ? lr : lr * gamma,
};

/**
 * Multiplies the rate by `gamma` after every `stepSize` steps. Follows
 * `torch.optim.lr_scheduler.StepLR`.
 *
 * @example A tenth after every second step
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.StepLR(optimizer, { stepSize: 2 });
 * for (const wanted of [1, 1, 0.1, 0.1, 0.01]) {
 *   assertAlmostEquals(schedule.getLastLr()[0]!, wanted);
 *   optimizer.step();
 *   schedule.step();
 * }
 * ```
 */
export const StepLR: ScheduleClass<StepLROptions> = scheduleClass("StepLR", STEP_LR_RULE);
/** A {@linkcode StepLR} schedule. */
export type StepLR = LRScheduler;

/** Options of `MultiStepLR`. */
export interface MultiStepLROptions {
  /** Steps at which the rate changes; one listed twice counts twice. */
  milestones: readonly number[];
  /** Factor of each change. Default: 0.1. */
  gamma?: number;
}

/** What MultiStepLR is made of. */
export const MULTI_STEP_LR_RULE: ScheduleRule<MultiStepLROptions> = {
  kinds: { milestones: arrayOf(WHOLE, "non-negative integers"), gamma: FINITE },
  defaults: { gamma: 0.1 },
  lr: ({ epoch, lr }, { milestones, gamma }) =>
    lr * gamma ** milestones.filter((milestone) => milestone === epoch).length,
};

/** Multiplies the rate by `gamma` at milestones. Follows `torch.optim.lr_scheduler.MultiStepLR`. */
export const MultiStepLR: ScheduleClass<MultiStepLROptions> = scheduleClass(
  "MultiStepLR",
  MULTI_STEP_LR_RULE,
);
/** A {@linkcode MultiStepLR} schedule. */
export type MultiStepLR = LRScheduler;

/** A number for each count of steps. */
export type StepFunction = (epoch: number) => number;

/** Options of `LambdaLR` and `MultiplicativeLR`. */
export interface LambdaLROptions {
  /** The factor at a step; a list has one for each group. */
  lrLambda: OrEach<StepFunction>;
}

const LAMBDA: Pick<ScheduleRule<LambdaLROptions>, "kinds" | "defaults" | "check"> = {
  kinds: { lrLambda: FUNCTION_OR_EACH },
  defaults: {},
  check: (op, options, groups) => checkEach(op, { ...options }, groups),
};

/** The factor of a group at a step. */
function factorAt(
  op: string,
  lrLambda: OrEach<StepFunction>,
  group: number,
  epoch: number,
): number {
  const factor = ofGroup(lrLambda, group)(epoch);
  checkKind(`run ${op}`, `lrLambda(${epoch})`, factor, FINITE);
  return factor;
}

/** What LambdaLR is made of. */
export const LAMBDA_LR_RULE: ScheduleRule<LambdaLROptions> = {
  ...LAMBDA,
  lr: ({ epoch, base, group }, { lrLambda }) => base * factorAt("LambdaLR", lrLambda, group, epoch),
};

/**
 * Multiplies the first rate by a function of the step. Follows `torch.optim.lr_scheduler.LambdaLR`.
 *
 * @example Warm-up, then the inverse root
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const lrLambda = (step: number) => Math.min((step + 1) / 4, 2 / Math.sqrt(step + 1));
 * const schedule = new optim.LambdaLR(optimizer, { lrLambda });
 * assertEquals(schedule.getLastLr(), [0.25]);
 * ```
 */
export const LambdaLR: ScheduleClass<LambdaLROptions> = scheduleClass("LambdaLR", LAMBDA_LR_RULE);
/** A {@linkcode LambdaLR} schedule. */
export type LambdaLR = LRScheduler;

/** What MultiplicativeLR is made of. */
export const MULTIPLICATIVE_LR_RULE: ScheduleRule<LambdaLROptions> = {
  ...LAMBDA,
  goesOn: true,
  lr: ({ epoch, lr, group, made }, { lrLambda }) =>
    made ? lr : lr * factorAt("MultiplicativeLR", lrLambda, group, epoch),
};

/**
 * Multiplies the last rate by a function of the step. Follows
 * `torch.optim.lr_scheduler.MultiplicativeLR`.
 */
export const MultiplicativeLR: ScheduleClass<LambdaLROptions> = scheduleClass(
  "MultiplicativeLR",
  MULTIPLICATIVE_LR_RULE,
);
/** A {@linkcode MultiplicativeLR} schedule. */
export type MultiplicativeLR = LRScheduler;

/** Options of `ConstantLR`. */
export interface ConstantLROptions {
  /** Factor of the rate until then. Default: 1/3. */
  factor?: number;
  /** After how many steps the rate is whole. Default: 5. */
  totalIters?: number;
}

/** What ConstantLR is made of. */
export const CONSTANT_LR_RULE: ScheduleRule<ConstantLROptions> = {
  kinds: { factor: FINITE, totalIters: WHOLE },
  defaults: { factor: 1 / 3, totalIters: 5 },
  check: (op, { factor }) => checkRange(op, "factor", factor, "(0, 1]"),
  lr: ({ epoch, lr }, { factor, totalIters }) => {
    if (epoch === 0) return lr * factor;
    return epoch === totalIters ? lr / factor : lr;
  },
};

/** A share of the rate for some steps. Follows `torch.optim.lr_scheduler.ConstantLR`. */
export const ConstantLR: ScheduleClass<ConstantLROptions> = scheduleClass(
  "ConstantLR",
  CONSTANT_LR_RULE,
);
/** A {@linkcode ConstantLR} schedule. */
export type ConstantLR = LRScheduler;

/** Options of `LinearLR`. */
export interface LinearLROptions {
  /** Factor of the rate at the start. Default: 1/3. */
  startFactor?: number;
  /** Factor of the rate in the end. Default: 1. */
  endFactor?: number;
  /** Steps from the one to the other. Default: 5. */
  totalIters?: number;
}

/** What LinearLR is made of. */
export const LINEAR_LR_RULE: ScheduleRule<LinearLROptions> = {
  kinds: { startFactor: FINITE, endFactor: FINITE, totalIters: COUNT },
  defaults: { startFactor: 1 / 3, endFactor: 1, totalIters: 5 },
  check: (op, { startFactor, endFactor }) => {
    checkRange(op, "startFactor", startFactor, "(0, 1]");
    checkRange(op, "endFactor", endFactor, "[0, 1]");
  },
  lr: ({ epoch, lr }, { startFactor, endFactor, totalIters }) => {
    if (epoch === 0) return lr * startFactor;
    if (epoch > totalIters) return lr;
    const slope = endFactor - startFactor;
    // Where it ends at 0, rounding would leave it a little below.
    const factor = Math.max(0, 1 + slope / (totalIters * startFactor + (epoch - 1) * slope));
    return lr * factor;
  },
};

/**
 * From one share of the rate to another in a straight line. Follows
 * `torch.optim.lr_scheduler.LinearLR`.
 */
export const LinearLR: ScheduleClass<LinearLROptions> = scheduleClass("LinearLR", LINEAR_LR_RULE);
/** A {@linkcode LinearLR} schedule. */
export type LinearLR = LRScheduler;

/** Options of `ExponentialLR`. */
export interface ExponentialLROptions {
  /** Factor of each step. */
  gamma: number;
}

/** What ExponentialLR is made of. */
export const EXPONENTIAL_LR_RULE: ScheduleRule<ExponentialLROptions> = {
  kinds: { gamma: FINITE },
  defaults: {},
  lr: ({ epoch, lr }, { gamma }) => epoch === 0 ? lr : lr * gamma,
};

/** Multiplies the rate by `gamma` at each step. Follows `torch.optim.lr_scheduler.ExponentialLR`. */
export const ExponentialLR: ScheduleClass<ExponentialLROptions> = scheduleClass(
  "ExponentialLR",
  EXPONENTIAL_LR_RULE,
);
/** An {@linkcode ExponentialLR} schedule. */
export type ExponentialLR = LRScheduler;

/** Options of `PolynomialLR`. */
export interface PolynomialLROptions {
  /** Steps until the rate is 0. Default: 5. */
  totalIters?: number;
  /** Power of the share of them that is left, not negative. Default: 1. */
  power?: number;
}

/** What PolynomialLR is made of. */
export const POLYNOMIAL_LR_RULE: ScheduleRule<PolynomialLROptions> = {
  kinds: { totalIters: COUNT, power: FINITE },
  defaults: { totalIters: 5, power: 1 },
  // A power below 0 ends at a rate without bound.
  check: (op, { power }) => checkRange(op, "power", power, "[0, ∞)"),
  lr: ({ epoch, lr }, { totalIters, power }) => {
    if (epoch === 0 || epoch > totalIters) return lr;
    return lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  },
};

/**
 * Down to 0 with a power of the steps that are left. Follows
 * `torch.optim.lr_scheduler.PolynomialLR`.
 */
export const PolynomialLR: ScheduleClass<PolynomialLROptions> = scheduleClass(
  "PolynomialLR",
  POLYNOMIAL_LR_RULE,
);
/** A {@linkcode PolynomialLR} schedule. */
export type PolynomialLR = LRScheduler;
