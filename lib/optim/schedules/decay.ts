/**
 * Schedules that multiply the rate: at milestones, over some steps, at each step, or by a function.
 */

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

/** The rule of StepLR. */
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
  /** Steps at which the rate changes; a step listed twice counts twice. */
  milestones: readonly number[];
  /** Factor of each change. Default: 0.1. */
  gamma?: number;
}

/** The rule of MultiStepLR. */
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

/** A function of the number of steps. */
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

/** The rule of LambdaLR. */
export const LAMBDA_LR_RULE: ScheduleRule<LambdaLROptions> = {
  ...LAMBDA,
  lr: ({ epoch, base, group }, { lrLambda }) => base * factorAt("LambdaLR", lrLambda, group, epoch),
};

/**
 * Multiplies the initial rate by a function of the step. Follows
 * `torch.optim.lr_scheduler.LambdaLR`.
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

/** The rule of MultiplicativeLR. */
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
  /** After how many steps the factor ends; 0 for no factor. Default: 5. */
  totalIters?: number;
}

/** The rule of ConstantLR. */
export const CONSTANT_LR_RULE: ScheduleRule<ConstantLROptions> = {
  kinds: { factor: FINITE, totalIters: WHOLE },
  defaults: { factor: 1 / 3, totalIters: 5 },
  check: (op, { factor }) => checkRange(op, "factor", factor, "(0, 1]"),
  lr: ({ epoch, lr }, { factor, totalIters }) => {
    if (totalIters === 0) return lr;
    if (epoch === 0) return lr * factor;
    return epoch === totalIters ? lr / factor : lr;
  },
};

/**
 * Multiplies the rate by a factor for some steps. Follows `torch.optim.lr_scheduler.ConstantLR`.
 */
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
  /** Factor of the rate at the end. Default: 1. */
  endFactor?: number;
  /** Steps from the start to the end. Default: 5. */
  totalIters?: number;
}

/** The rule of LinearLR. */
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
    // At the end at 0, rounding would leave a slightly negative rate.
    const factor = Math.max(0, 1 + slope / (totalIters * startFactor + (epoch - 1) * slope));
    return lr * factor;
  },
};

/**
 * Changes the factor of the rate linearly. Follows `torch.optim.lr_scheduler.LinearLR`.
 */
export const LinearLR: ScheduleClass<LinearLROptions> = scheduleClass("LinearLR", LINEAR_LR_RULE);
/** A {@linkcode LinearLR} schedule. */
export type LinearLR = LRScheduler;

/** Options of `ExponentialLR`. */
export interface ExponentialLROptions {
  /** Factor at each step. */
  gamma: number;
}

/** The rule of ExponentialLR. */
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
  /** Exponent of the remaining share of the steps, at least 0. Default: 1. */
  power?: number;
}

/** The rule of PolynomialLR. */
export const POLYNOMIAL_LR_RULE: ScheduleRule<PolynomialLROptions> = {
  kinds: { totalIters: COUNT, power: FINITE },
  defaults: { totalIters: 5, power: 1 },
  // With a negative exponent, the rate would end at infinity.
  check: (op, { power }) => checkRange(op, "power", power, "[0, ∞)"),
  lr: ({ epoch, lr }, { totalIters, power }) => {
    if (epoch === 0 || epoch > totalIters) return lr;
    return lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  },
};

/**
 * Lowers the rate to 0 as a power of the remaining steps. Follows
 * `torch.optim.lr_scheduler.PolynomialLR`.
 */
export const PolynomialLR: ScheduleClass<PolynomialLROptions> = scheduleClass(
  "PolynomialLR",
  POLYNOMIAL_LR_RULE,
);
/** A {@linkcode PolynomialLR} schedule. */
export type PolynomialLR = LRScheduler;
