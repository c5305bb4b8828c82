/**
 * The schedules, as the generated tests know them. A public schedule without a row does not compile,
 * nor does an option without values to refuse. `fixtures/schedules/` has PyTorch's rates, and with them
 * the options that are tried.
 */

import {
  COSINE_ANNEALING_LR_RULE,
  COSINE_ANNEALING_WARM_RESTARTS_RULE,
} from "../../lib/optim/schedules/cosine.ts";
import { CYCLIC_LR_RULE, ONE_CYCLE_LR_RULE } from "../../lib/optim/schedules/cyclic.ts";
import {
  CONSTANT_LR_RULE,
  EXPONENTIAL_LR_RULE,
  LAMBDA_LR_RULE,
  LINEAR_LR_RULE,
  MULTI_STEP_LR_RULE,
  MULTIPLICATIVE_LR_RULE,
  POLYNOMIAL_LR_RULE,
  STEP_LR_RULE,
} from "../../lib/optim/schedules/decay.ts";
import { REDUCE_LR_ON_PLATEAU } from "../../lib/optim/schedules/plateau.ts";
import { optim, zeros } from "../../mod.ts";
import type { Refused } from "./table.ts";

type Optim = typeof optim;

/** Names of the public schedules. */
export type ScheduleName = {
  [K in keyof Optim]: Optim[K] extends new (...args: infer _) => optim.Schedule ? K : never;
}[keyof Optim];

/** The options of a schedule; what ChainedScheduler is made of counts as one. */
type OptionsOf<Name extends ScheduleName> = Name extends "ChainedScheduler"
  ? { schedulers: readonly optim.LRScheduler[] }
  : Required<NonNullable<ConstructorParameters<Optim[Name]>[1]>>;

/** A schedule. */
export interface ScheduleRow<O extends object> {
  /** Values of the options that may be left out. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Good values of those that may not. */
  readonly needed: (optimizer: optim.Scheduled) => Partial<O>;
  readonly refuses: { readonly [K in keyof O]: Refused };
}

const NO_NUMBER = [NaN, Infinity, "0.1", null];

function wrong(name: string, needed: string, ...values: unknown[]): Refused {
  return values.map((value) => [value, `${name} must be ${needed}, got`] as const);
}

function finite(name: string): Refused {
  return wrong(name, "a finite number", ...NO_NUMBER);
}

function count(name: string, from: 0 | 1): Refused {
  return wrong(
    name,
    from === 0 ? "a non-negative integer" : "a positive integer",
    from - 1,
    1.5,
    "3",
    NaN,
    true,
  );
}

function range(name: string, needed: string, ...values: readonly unknown[]): Refused {
  return [
    ...finite(name),
    ...values.map((value) => [value, `${name} must lie in ${needed}, got ${value}`] as const),
  ];
}

function each(name: string, needed: string, ...values: readonly unknown[]): Refused {
  return [
    ...wrong(name, "a finite number, or one for each group", ...NO_NUMBER),
    ...values.map((value) => [value, `${name} must lie in ${needed}, got ${value}`] as const),
    [[0.1, 0.1, 0.1], `${name} must be one for all or have an entry for each of 1 groups, got 3`],
  ];
}

const LAMBDA: Refused = [
  ...wrong("lrLambda", "a function, or one for each group", 1, "f", null, [1]),
  [[() => 1, () => 1], "lrLambda must be one for all or have an entry for each of 1 groups, got 2"],
];
const FLAG = (name: string): Refused => wrong(name, "true or false", 1, "yes");
const gamma = finite("gamma");
const ONE = (optimizer: optim.Scheduled) => [new optim.StepLR(optimizer, { stepSize: 1 })];
const stranger = () =>
  new optim.StepLR(new optim.SGD([zeros([1], { requiresGrad: true })]), { stepSize: 1 });
const PARTS: Refused = [
  [[], "there are no schedules"],
  [null, "schedulers must be an array of schedules that need no value to step, got null"],
  [[1], "schedulers must be an array of schedules that need no value to step"],
];

/** The rows. */
export const SCHEDULES: { readonly [Name in ScheduleName]: ScheduleRow<OptionsOf<Name>> } = {
  StepLR: {
    defaults: STEP_LR_RULE.defaults,
    needed: () => ({ stepSize: 2 }),
    refuses: { stepSize: count("stepSize", 1), gamma },
  },
  MultiStepLR: {
    defaults: MULTI_STEP_LR_RULE.defaults,
    needed: () => ({ milestones: [1, 2] }),
    refuses: {
      milestones: wrong("milestones", "an array of non-negative integers", 3, [1.5], [-1], null),
      gamma,
    },
  },
  LambdaLR: {
    defaults: LAMBDA_LR_RULE.defaults,
    needed: () => ({ lrLambda: () => 1 }),
    refuses: { lrLambda: LAMBDA },
  },
  MultiplicativeLR: {
    defaults: MULTIPLICATIVE_LR_RULE.defaults,
    needed: () => ({ lrLambda: () => 1 }),
    refuses: { lrLambda: LAMBDA },
  },
  ConstantLR: {
    defaults: CONSTANT_LR_RULE.defaults,
    needed: () => ({}),
    refuses: {
      factor: range("factor", "(0, 1]", 0, -1, 1.5),
      totalIters: count("totalIters", 0),
    },
  },
  LinearLR: {
    defaults: LINEAR_LR_RULE.defaults,
    needed: () => ({}),
    refuses: {
      startFactor: range("startFactor", "(0, 1]", 0, -1, 1.5),
      endFactor: range("endFactor", "[0, 1]", -1, 1.5),
      totalIters: count("totalIters", 1),
    },
  },
  ExponentialLR: {
    defaults: EXPONENTIAL_LR_RULE.defaults,
    needed: () => ({ gamma: 0.9 }),
    refuses: { gamma },
  },
  PolynomialLR: {
    defaults: POLYNOMIAL_LR_RULE.defaults,
    needed: () => ({}),
    refuses: {
      totalIters: count("totalIters", 1),
      power: [...finite("power"), [-1, "power must lie in [0, ∞), got -1"]],
    },
  },
  CosineAnnealingLR: {
    defaults: COSINE_ANNEALING_LR_RULE.defaults,
    needed: () => ({ tMax: 5 }),
    refuses: { tMax: count("tMax", 1), etaMin: finite("etaMin") },
  },
  CosineAnnealingWarmRestarts: {
    defaults: COSINE_ANNEALING_WARM_RESTARTS_RULE.defaults,
    needed: () => ({ t0: 5 }),
    refuses: { t0: count("t0", 1), tMult: count("tMult", 1), etaMin: finite("etaMin") },
  },
  CyclicLR: {
    defaults: CYCLIC_LR_RULE.defaults,
    needed: () => ({ baseLr: 0.1, maxLr: 0.2 }),
    refuses: {
      baseLr: each("baseLr", "[0, ∞)", -1),
      maxLr: each("maxLr", "[0, ∞)", -1),
      stepSizeUp: count("stepSizeUp", 1),
      stepSizeDown: wrong("stepSizeDown", "a positive integer or null", 0, 1.5, "3"),
      mode: wrong("mode", '"triangular", "triangular2" or "exp_range"', "square", null),
      gamma,
      scaleFn: wrong("scaleFn", "a function or null", 1, "f"),
      scaleMode: wrong("scaleMode", '"cycle" or "iterations"', "epochs", null),
      cycleMomentum: FLAG("cycleMomentum"),
      baseMomentum: each("baseMomentum", "[0, 1)", -1, 1),
      maxMomentum: each("maxMomentum", "[0, 1)", -1, 1),
    },
  },
  OneCycleLR: {
    defaults: ONE_CYCLE_LR_RULE.defaults,
    needed: () => ({ maxLr: 0.1, totalSteps: 20 }),
    refuses: {
      maxLr: each("maxLr", "[0, ∞)", -1),
      totalSteps: [
        ...wrong("totalSteps", "a positive integer or null", 0, 1.5, "3"),
        [null, "it needs totalSteps, or epochs and stepsPerEpoch"],
      ],
      epochs: wrong("epochs", "a positive integer or null", 0, 1.5, "3"),
      stepsPerEpoch: wrong("stepsPerEpoch", "a positive integer or null", 0, 1.5, "3"),
      pctStart: wrong("pctStart", "a number from 0 to 1", -0.1, 1.1, NaN, "0.5"),
      annealStrategy: wrong("annealStrategy", '"cos" or "linear"', "cosine", null),
      cycleMomentum: FLAG("cycleMomentum"),
      baseMomentum: each("baseMomentum", "[0, 1)", -1, 1),
      maxMomentum: each("maxMomentum", "[0, 1)", -1, 1),
      divFactor: range("divFactor", "(0, ∞)", 0, -1),
      finalDivFactor: range("finalDivFactor", "(0, ∞)", 0, -1),
      threePhase: FLAG("threePhase"),
    },
  },
  SequentialLR: {
    defaults: {},
    needed: (optimizer) => ({ schedulers: ONE(optimizer), milestones: [] }),
    refuses: {
      schedulers: [...PARTS, [[stranger()], "the schedulers belong to another optimizer"]],
      milestones: [
        ...wrong("milestones", "an array of non-negative integers", 3, [1.5], [-1], null),
        [[1, 2], "1 schedules need 0 milestones, got 2"],
      ],
    },
  },
  ChainedScheduler: {
    defaults: {},
    needed: (optimizer) => ({ schedulers: ONE(optimizer) }),
    refuses: {
      schedulers: [
        ...PARTS,
        [[stranger(), stranger()], "schedulers[1] belongs to another optimizer than the first"],
      ],
    },
  },
  ReduceLROnPlateau: {
    defaults: REDUCE_LR_ON_PLATEAU.defaults,
    needed: () => ({}),
    refuses: {
      mode: wrong("mode", '"min" or "max"', "least", null),
      factor: range("factor", "[0, 1)", 1, -1),
      patience: count("patience", 0),
      threshold: [...range("threshold", "[0, ∞)", -1), ...range("threshold", "[0, 1)", 1)],
      thresholdMode: wrong("thresholdMode", '"rel" or "abs"', "share", null),
      cooldown: count("cooldown", 0),
      minLr: each("minLr", "[0, ∞)", -1),
      eps: range("eps", "[0, ∞)", -1),
    },
  },
};
