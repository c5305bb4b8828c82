/** Schedules that raise and lower the rate, with the momentum in the opposite direction. */

import {
  checkKind,
  COUNT,
  FINITE,
  FLAG,
  FUNCTION,
  oneOf,
  orNull,
  SHARE,
} from "../../core/options.ts";
import { checkRange } from "../optimizer.ts";
import { checkEach, checkRanges, FINITE_OR_EACH, ofGroup, type OrEach } from "./kinds.ts";
import { type ScheduleClass, scheduleClass, type ScheduleRule } from "./rule.ts";
import type { LRScheduler } from "./schedule.ts";

/** Options of `CyclicLR`. */
export interface CyclicLROptions {
  /** The lowest rate, at which it starts; a list has one for each group. */
  baseLr: OrEach<number>;
  /** The highest rate; a list has one for each group. */
  maxLr: OrEach<number>;
  /** Steps of the increase. Default: 2000. */
  stepSizeUp?: number;
  /** Steps of the decrease; null for the same number. Default: null. */
  stepSizeDown?: number | null;
  /**
   * The height of the cycles: constant, halved each time, or multiplied by `gamma` at each step.
   * Default: "triangular".
   */
  mode?: "triangular" | "triangular2" | "exp_range";
  /** Factor of the height at each step in the mode "exp_range". Default: 1. */
  gamma?: number;
  /**
   * A function of the cycle (from 1) or the step that gives the height instead of `mode`. Default:
   * null.
   */
  scaleFn?: ((count: number) => number) | null;
  /** What `scaleFn` is called with. Default: "cycle". */
  scaleMode?: "cycle" | "iterations";
  /**
   * Whether to move the momentum, or the first of `betas`, in the opposite direction. Default:
   * true.
   */
  cycleMomentum?: boolean;
  /** The lowest momentum; a list has one for each group. Default: 0.8. */
  baseMomentum?: OrEach<number>;
  /** The highest momentum, at which it starts. Default: 0.9. */
  maxMomentum?: OrEach<number>;
}

/** The position in a cycle at a step: 0 at the lowest rate, 1 at the highest. */
function cycleHeight(epoch: number, options: Required<CyclicLROptions>): number {
  const { stepSizeUp, stepSizeDown, mode, gamma, scaleFn, scaleMode } = options;
  const size = stepSizeUp + (stepSizeDown ?? stepSizeUp);
  const ratio = stepSizeUp / size;
  const cycle = Math.floor(1 + epoch / size);
  const x = 1 + epoch / size - cycle;
  const height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
  if (scaleFn !== null) {
    const count = scaleMode === "cycle" ? cycle : epoch;
    const scale = scaleFn(count);
    checkKind("run CyclicLR", `scaleFn(${count})`, scale, FINITE);
    return height * scale;
  }
  if (mode === "triangular2") return height / 2 ** (cycle - 1);
  return mode === "triangular" ? height : height * gamma ** epoch;
}

/** The rule of CyclicLR. */
export const CYCLIC_LR_RULE: ScheduleRule<CyclicLROptions> = {
  kinds: {
    baseLr: FINITE_OR_EACH,
    maxLr: FINITE_OR_EACH,
    stepSizeUp: COUNT,
    stepSizeDown: orNull(COUNT),
    mode: oneOf("triangular", "triangular2", "exp_range"),
    gamma: FINITE,
    scaleFn: orNull(FUNCTION),
    scaleMode: oneOf("cycle", "iterations"),
    cycleMomentum: FLAG,
    baseMomentum: FINITE_OR_EACH,
    maxMomentum: FINITE_OR_EACH,
  },
  defaults: {
    stepSizeUp: 2000,
    stepSizeDown: null,
    mode: "triangular",
    gamma: 1,
    scaleFn: null,
    scaleMode: "cycle",
    cycleMomentum: true,
    baseMomentum: 0.8,
    maxMomentum: 0.9,
  },
  check: (op, { baseLr, maxLr, baseMomentum, maxMomentum }, groups) => {
    checkEach(op, { baseLr, maxLr, baseMomentum, maxMomentum }, groups);
    checkRanges(op, "baseLr", baseLr, "[0, ∞)");
    checkRanges(op, "maxLr", maxLr, "[0, ∞)");
    checkRanges(op, "baseMomentum", baseMomentum, "[0, 1)");
    checkRanges(op, "maxMomentum", maxMomentum, "[0, 1)");
  },
  base: ({ baseLr }, group) => ofGroup(baseLr, group),
  lr: ({ epoch, base, group }, options) =>
    base + (ofGroup(options.maxLr, group) - base) * cycleHeight(epoch, options),
  momentum: ({ epoch, group }, options) => {
    if (!options.cycleMomentum) return null;
    const [least, most] = [
      ofGroup(options.baseMomentum, group),
      ofGroup(options.maxMomentum, group),
    ];
    return most - (most - least) * cycleHeight(epoch, options);
  },
};

/**
 * Raises and lowers the rate linearly between two rates: Smith, "Cyclical learning rates for
 * training neural networks", 2017. The optimizer's own rate has no effect. Follows
 * `torch.optim.lr_scheduler.CyclicLR`.
 */
export const CyclicLR: ScheduleClass<CyclicLROptions> = scheduleClass("CyclicLR", CYCLIC_LR_RULE);
/** A {@linkcode CyclicLR} schedule. */
export type CyclicLR = LRScheduler;

/** Options of `OneCycleLR`. */
export interface OneCycleLROptions {
  /** The highest rate; a list has one for each group. */
  maxLr: OrEach<number>;
  /** The number of steps; null if `epochs` and `stepsPerEpoch` are given. Default: null. */
  totalSteps?: number | null;
  /** The number of epochs, if `totalSteps` is null. Default: null. */
  epochs?: number | null;
  /** Steps per epoch. Default: null. */
  stepsPerEpoch?: number | null;
  /** Share of the steps in which the rate increases. Default: 0.3. */
  pctStart?: number;
  /** Whether rates follow a cosine or a line. Default: "cos". */
  annealStrategy?: "cos" | "linear";
  /**
   * Whether to move the momentum, or the first of `betas`, in the opposite direction. Default:
   * true.
   */
  cycleMomentum?: boolean;
  /** The lowest momentum; a list has one for each group. Default: 0.85. */
  baseMomentum?: OrEach<number>;
  /** The highest momentum, at which it starts. Default: 0.95. */
  maxMomentum?: OrEach<number>;
  /** The first rate is `maxLr / divFactor`. Default: 25. */
  divFactor?: number;
  /** The last rate is the first divided by this. Default: 1e4. */
  finalDivFactor?: number;
  /** Whether the rate returns to the first one before the final decrease. Default: false. */
  threePhase?: boolean;
}

type OneCycle = Required<OneCycleLROptions>;

/** The number of steps, from either form; null if neither is given. */
function totalOf({ totalSteps, epochs, stepsPerEpoch }: OneCycle): number | null {
  if (totalSteps !== null) return totalSteps;
  return epochs === null || stepsPerEpoch === null ? null : epochs * stepsPerEpoch;
}

/** Interpolates between the values at three points of the cycle. */
function anneal(
  epoch: number,
  options: OneCycle,
  [first, greatest, last]: readonly [number, number, number],
): number {
  const { pctStart, annealStrategy, threePhase } = options;
  const total = totalOf(options) ?? 0;
  const up = pctStart * total - 1;
  const phases: readonly (readonly [end: number, from: number, to: number])[] = threePhase
    ? [[up, first, greatest], [2 * up, greatest, first], [total - 1, first, last]]
    : [[up, first, greatest], [total - 1, greatest, last]];
  const found = phases.findIndex(([end]) => epoch <= end);
  const i = found < 0 ? phases.length - 1 : found;
  const [end, from, to] = phases[i] ?? [0, last, last];
  const start = phases[i - 1]?.[0] ?? 0;
  // A phase may have no length: an increase of one step ends where it starts.
  const share = end === start ? 1 : (epoch - start) / (end - start);
  if (annealStrategy === "linear") return from + (to - from) * share;
  return to + (from - to) / 2 * (1 + Math.cos(Math.PI * share));
}

const STEPS = orNull(COUNT);

/** The rule of OneCycleLR. */
export const ONE_CYCLE_LR_RULE: ScheduleRule<OneCycleLROptions> = {
  kinds: {
    maxLr: FINITE_OR_EACH,
    totalSteps: STEPS,
    epochs: STEPS,
    stepsPerEpoch: STEPS,
    pctStart: SHARE,
    annealStrategy: oneOf("cos", "linear"),
    cycleMomentum: FLAG,
    baseMomentum: FINITE_OR_EACH,
    maxMomentum: FINITE_OR_EACH,
    divFactor: FINITE,
    finalDivFactor: FINITE,
    threePhase: FLAG,
  },
  defaults: {
    totalSteps: null,
    epochs: null,
    stepsPerEpoch: null,
    pctStart: 0.3,
    annealStrategy: "cos",
    cycleMomentum: true,
    baseMomentum: 0.85,
    maxMomentum: 0.95,
    divFactor: 25,
    finalDivFactor: 1e4,
    threePhase: false,
  },
  check: (op, options, groups) => {
    const { maxLr, baseMomentum, maxMomentum, divFactor, finalDivFactor } = options;
    checkEach(op, { maxLr, baseMomentum, maxMomentum }, groups);
    if (totalOf(options) === null) {
      throw new TypeError(`Cannot make ${op}: it needs totalSteps, or epochs and stepsPerEpoch`);
    }
    checkRanges(op, "maxLr", maxLr, "[0, ∞)");
    checkRanges(op, "baseMomentum", baseMomentum, "[0, 1)");
    checkRanges(op, "maxMomentum", maxMomentum, "[0, 1)");
    if (options.threePhase && options.pctStart > 0.5) {
      throw new RangeError(
        `Cannot make ${op}: threePhase needs a pctStart of at most 0.5, as the rate decreases for as long ` +
          `as it increases, got ${options.pctStart}`,
      );
    }
    checkRange(op, "divFactor", divFactor, "(0, ∞)");
    checkRange(op, "finalDivFactor", finalDivFactor, "(0, ∞)");
  },
  base: ({ maxLr, divFactor }, group) => ofGroup(maxLr, group) / divFactor,
  lr: ({ epoch, base, group }, options) => {
    const total = totalOf(options) ?? 0;
    if (epoch > total) {
      throw new RangeError(
        `Cannot run OneCycleLR: it was made for ${total} steps, and this is step ${epoch}`,
      );
    }
    const { maxLr, finalDivFactor } = options;
    return anneal(epoch, options, [base, ofGroup(maxLr, group), base / finalDivFactor]);
  },
  momentum: ({ epoch, group }, options) => {
    if (!options.cycleMomentum) return null;
    const [least, most] = [
      ofGroup(options.baseMomentum, group),
      ofGroup(options.maxMomentum, group),
    ];
    return anneal(epoch, options, [most, least, most]);
  },
};

/**
 * Raises the rate to a maximum and lowers it to almost nothing, once: Smith and Topin,
 * "Super-convergence", 2018. To be stepped after each batch. The optimizer's own rate has no
 * effect. Follows `torch.optim.lr_scheduler.OneCycleLR`.
 *
 * @example Fifty epochs of ten batches
 * ```ts
 * import { optim, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new optim.Adam([zeros([1], { requiresGrad: true })]);
 * const schedule = new optim.OneCycleLR(optimizer, { maxLr: 1e-2, stepsPerEpoch: 10, epochs: 50 });
 * assertAlmostEquals(schedule.getLastLr()[0]!, 4e-4);
 * for (let step = 0; step < 149; step++) schedule.step();
 * assertAlmostEquals(schedule.getLastLr()[0]!, 1e-2);
 * ```
 */
export const OneCycleLR: ScheduleClass<OneCycleLROptions> = scheduleClass(
  "OneCycleLR",
  ONE_CYCLE_LR_RULE,
);
/** A {@linkcode OneCycleLR} schedule. */
export type OneCycleLR = LRScheduler;
