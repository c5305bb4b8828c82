/** Schedules along a cosine. */

import { COUNT, FINITE } from "../../core/options.ts";
import { type ScheduleClass, scheduleClass, type ScheduleRule } from "./rule.ts";
import type { LRScheduler } from "./schedule.ts";

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** Steps until the lowest rate. */
  tMax: number;
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

/** The rule of CosineAnnealingLR. */
export const COSINE_ANNEALING_LR_RULE: ScheduleRule<CosineAnnealingLROptions> = {
  kinds: { tMax: COUNT, etaMin: FINITE },
  defaults: { etaMin: 0 },
  // Computed from the last rate, so that it can be combined with other schedules.
  lr: ({ epoch, lr, base }, { tMax, etaMin }) => {
    if (epoch === 0) return lr;
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      return lr + (base - etaMin) * (1 - Math.cos(Math.PI / tMax)) / 2;
    }
    const height = (step: number) => 1 + Math.cos(Math.PI * step / tMax);
    const next = height(epoch) / height(epoch - 1) * (lr - etaMin) + etaMin;
    // At the return to 0, rounding would leave a slightly negative rate.
    return Math.abs(next) < 1e-12 * etaMin ? 0 : next;
  },
};

/**
 * Lowers the rate along half a cosine, and raises it again if it goes on: Loshchilov and Hutter,
 * "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts. Follows
 * `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * @example Half the rate after half the steps
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: 10 });
 * for (let step = 0; step < 5; step++) schedule.step();
 * assertAlmostEquals(optimizer.paramGroups[0]!.lr, 0.5);
 * ```
 */
export const CosineAnnealingLR: ScheduleClass<CosineAnnealingLROptions> = scheduleClass(
  "CosineAnnealingLR",
  COSINE_ANNEALING_LR_RULE,
);
/** A {@linkcode CosineAnnealingLR} schedule. */
export type CosineAnnealingLR = LRScheduler;

/** Options of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Steps until the first restart. */
  t0: number;
  /** Factor of the number of steps from one restart to the next. Default: 1. */
  tMult?: number;
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

/** The rule of CosineAnnealingWarmRestarts. */
export const COSINE_ANNEALING_WARM_RESTARTS_RULE: ScheduleRule<
  CosineAnnealingWarmRestartsOptions
> = {
  kinds: { t0: COUNT, tMult: COUNT, etaMin: FINITE },
  defaults: { tMult: 1, etaMin: 0 },
  lr: ({ epoch, base }, { t0, tMult, etaMin }) => {
    let [since, length] = [tMult === 1 ? epoch % t0 : epoch, t0];
    while (since >= length) {
      since -= length;
      length *= tMult;
    }
    return etaMin + (base - etaMin) * (1 + Math.cos(Math.PI * since / length)) / 2;
  },
};

/**
 * Lowers the rate along half a cosine, and restarts: Loshchilov and Hutter, "SGDR: stochastic
 * gradient descent with warm restarts", 2017. Follows
 * `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
 */
export const CosineAnnealingWarmRestarts: ScheduleClass<CosineAnnealingWarmRestartsOptions> =
  scheduleClass("CosineAnnealingWarmRestarts", COSINE_ANNEALING_WARM_RESTARTS_RULE);
/** A {@linkcode CosineAnnealingWarmRestarts} schedule. */
export type CosineAnnealingWarmRestarts = LRScheduler;
