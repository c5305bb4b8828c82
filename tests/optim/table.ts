/**
 * The optimizers, as the generated tests know them. A public optimizer without a row does not compile,
 * nor does an option without values to refuse. `fixtures/optimizers/` has PyTorch's trajectories, and
 * with them the options that are tried.
 */

import { ADAM_RULE, ADAM_W_RULE, type AdamGroup } from "../../lib/optim/adam.ts";
import type { OptimizerRule } from "../../lib/optim/rule.ts";
import { ADAGRAD_RULE } from "../../lib/optim/adagrad.ts";
import { ADADELTA_RULE } from "../../lib/optim/adadelta.ts";
import { ADAMAX_RULE } from "../../lib/optim/adamax.ts";
import { NADAM_RULE } from "../../lib/optim/nadam.ts";
import { RADAM_RULE } from "../../lib/optim/radam.ts";
import { ASGD_RULE } from "../../lib/optim/asgd.ts";
import { RPROP_RULE } from "../../lib/optim/rprop.ts";
import { ADAFACTOR_RULE } from "../../lib/optim/adafactor.ts";
import { MUON_RULE } from "../../lib/optim/muon.ts";
import { LION_RULE } from "../../lib/optim/lion.ts";
import { RMSPROP_RULE, type RMSpropGroup } from "../../lib/optim/rmsprop.ts";
import { SGD_RULE, type SGDGroup } from "../../lib/optim/sgd.ts";
import type { optim } from "../../mod.ts";

type Optim = typeof optim;

/** Names of the public classes of optimizers; LBFGS, which needs a closure, has tests of its own. */
export type OptimizerName = Exclude<
  {
    [K in keyof Optim]: Optim[K] extends new (...args: infer _) => { paramGroups: unknown } ? K
      : never;
  }[keyof Optim],
  "LBFGS"
>;

/** Names of the functional steps. */
export type StepName = keyof Optim["functional"];

/** The options of a group. */
type GroupOf<Name extends OptimizerName> = InstanceType<Optim[Name]> extends
  optim.RuleOptimizer<infer O, infer _> ? O : never;

/** Values that an option must not have, and what the message then says. */
export type Refused = readonly (readonly [value: unknown, says: string])[];

/** An optimizer. */
export interface OptimizerRow<O extends { lr: number }> {
  readonly rule: OptimizerRule<O>;
  /** What its functional step is told beside its options. */
  readonly functional: Readonly<Record<string, unknown>>;
  /** Options with which the step is smooth enough for differences, by what they do. */
  readonly smooth: Readonly<Record<string, Partial<O>>>;
  readonly refuses: { readonly [K in keyof O]: Refused };
  /** Numbers among its options that only count or bound, so that there is no derivative by them. */
  readonly counts?: readonly string[];
  /** Whether parameters must be matrices. */
  readonly matrices?: true;
  /** The greatest gradient whose square float32 still holds. Default: 1e20, squared with a weight. */
  readonly large?: number;
}

/** The shape of a parameter of so many elements. */
export function shapeOf({ matrices }: { readonly matrices?: true }, size: number): number[] {
  return matrices ? [1, size] : [size];
}

const FROM_0 = [-1, Infinity, NaN];

function range(name: string, needed: string, ...values: number[]): Refused {
  return [
    ...values.map((value) => [value, `${name} must lie in ${needed}, got ${value}`] as const),
    ["0.1", `${name} must be a number`],
  ];
}

const SHARED = {
  lr: range("lr", "[0, ∞)", ...FROM_0),
  weightDecay: range("weightDecay", "[0, ∞)", ...FROM_0),
  maximize: [[1, "maximize must be true or false"]],
} as const;

const BETAS: Refused = [
  [[1, 0.9], "betas[0] must lie in [0, 1), got 1"],
  [[0.9, 1], "betas[1] must lie in [0, 1), got 1"],
  [[-0.1, 0.9], "betas[0] must lie in [0, 1), got -0.1"],
  [[0.9], "betas must be an array of 2 numbers"],
  [0.9, "betas must be an array of 2 numbers"],
];

/** Refusals of both kinds of Adam. */
const ADAM: OptimizerRow<AdamGroup>["refuses"] = {
  ...SHARED,
  betas: BETAS,
  amsgrad: [[1, "amsgrad must be true or false"]],
  eps: range("eps", "[0, ∞)", ...FROM_0),
};

const SGD: OptimizerRow<SGDGroup> = {
  rule: SGD_RULE,
  functional: {},
  smooth: {
    "without momentum": {},
    "with momentum": { momentum: 0.9 },
    "that looks ahead": { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    "uphill, damped": { momentum: 0.9, dampening: 0.5, maximize: true },
  },
  refuses: {
    ...SHARED,
    momentum: range("momentum", "[0, ∞)", ...FROM_0),
    dampening: [
      [Infinity, "dampening must be finite, got Infinity"],
      [NaN, "dampening must be finite, got NaN"],
    ],
    nesterov: [
      [true, "nesterov needs a momentum and no dampening"],
      ["yes", "nesterov must be true or false"],
    ],
  },
};

const RMSPROP: OptimizerRow<RMSpropGroup> = {
  rule: RMSPROP_RULE,
  functional: {},
  smooth: {
    "without momentum": { eps: 0.5 },
    "with momentum and decay": { eps: 0.5, momentum: 0.9, weightDecay: 0.1 },
    "centered, uphill": { eps: 0.5, centered: true, maximize: true },
  },
  refuses: {
    ...SHARED,
    alpha: range("alpha", "[0, ∞)", ...FROM_0),
    eps: range("eps", "[0, ∞)", ...FROM_0),
    momentum: range("momentum", "[0, ∞)", ...FROM_0),
    centered: [[1, "centered must be true or false"]],
  },
};

/** The rows. */
export const OPTIMIZERS: { readonly [Name in OptimizerName]: OptimizerRow<GroupOf<Name>> } = {
  SGD,
  Adam: {
    rule: ADAM_RULE,
    functional: {},
    smooth: {
      "without decay": { eps: 0.5 },
      "with decay": { eps: 0.5, weightDecay: 0.1 },
      "by the greatest square": { eps: 0.5, amsgrad: true },
      uphill: { eps: 0.5, maximize: true },
    },
    refuses: ADAM,
  },
  AdamW: {
    rule: ADAM_W_RULE,
    functional: { weightDecay: 0.01, decoupled: true },
    smooth: { "that decays apart": { eps: 0.5, weightDecay: 0.1 } },
    refuses: ADAM,
  },
  RMSprop: RMSPROP,
  Adagrad: {
    rule: ADAGRAD_RULE,
    functional: {},
    smooth: {
      "from a sum of 0": { eps: 0.5 },
      "from another sum, with decay": {
        initialAccumulatorValue: 0.5,
        weightDecay: 0.1,
        lrDecay: 0.1,
      },
    },
    refuses: {
      ...SHARED,
      lrDecay: range("lrDecay", "[0, ∞)", ...FROM_0),
      initialAccumulatorValue: range("initialAccumulatorValue", "[0, ∞)", ...FROM_0),
      eps: range("eps", "[0, ∞)", ...FROM_0),
    },
  },
  Adadelta: {
    rule: ADADELTA_RULE,
    functional: {},
    smooth: {
      "without decay": { eps: 0.5 },
      "with decay": { eps: 0.5, weightDecay: 0.1 },
    },
    refuses: {
      ...SHARED,
      rho: range("rho", "[0, 1]", -1, 1.5, NaN),
      eps: range("eps", "[0, ∞)", ...FROM_0),
    },
  },
  Adamax: {
    rule: ADAMAX_RULE,
    functional: {},
    smooth: {
      "without decay": { eps: 0.5 },
      "with decay, uphill": { eps: 0.5, weightDecay: 0.1, maximize: true },
    },
    refuses: {
      ...SHARED,
      betas: BETAS,
      eps: range("eps", "[0, ∞)", ...FROM_0),
    },
  },
  NAdam: {
    rule: NADAM_RULE,
    functional: {},
    smooth: {
      "without decay": { eps: 0.5 },
      "with decay": { eps: 0.5, weightDecay: 0.1 },
      "that decays apart": { eps: 0.5, weightDecay: 0.1, decoupledWeightDecay: true },
    },
    refuses: {
      ...SHARED,
      betas: BETAS,
      eps: range("eps", "[0, ∞)", ...FROM_0),
      momentumDecay: range("momentumDecay", "[0, ∞)", ...FROM_0),
      decoupledWeightDecay: [[1, "decoupledWeightDecay must be true or false"]],
    },
  },
  RAdam: {
    rule: RADAM_RULE,
    functional: {},
    smooth: {
      "without decay": { eps: 0.5 },
      "with decay": { eps: 0.5, weightDecay: 0.1 },
      "that decays apart": { eps: 0.5, weightDecay: 0.1, decoupledWeightDecay: true },
    },
    refuses: {
      ...SHARED,
      betas: BETAS,
      eps: range("eps", "[0, ∞)", ...FROM_0),
      decoupledWeightDecay: [[1, "decoupledWeightDecay must be true or false"]],
    },
  },
  ASGD: {
    rule: ASGD_RULE,
    functional: {},
    counts: ["t0"],
    smooth: {
      "before its mean": {},
      "with its mean": { t0: 0, weightDecay: 0.1 },
    },
    refuses: {
      ...SHARED,
      lambd: range("lambd", "[0, ∞)", ...FROM_0),
      alpha: range("alpha", "[0, ∞)", ...FROM_0),
      t0: range("t0", "[0, ∞)", ...FROM_0),
    },
  },
  Rprop: {
    rule: RPROP_RULE,
    functional: {},
    counts: ["stepSizes.0", "stepSizes.1"],
    smooth: {},
    refuses: {
      lr: SHARED.lr,
      maximize: SHARED.maximize,
      etas: [
        [[0, 1.2], "etas[0] must lie in (0, 1), got 0"],
        [[1, 1.2], "etas[0] must lie in (0, 1), got 1"],
        [[0.5, 1], "etas[1] must lie in (1, ∞), got 1"],
        [0.5, "etas must be an array of 2 numbers"],
      ],
      stepSizes: [
        [[-1, 1], "stepSizes[0] must lie in [0, ∞), got -1"],
        [[1, Infinity], "stepSizes[1] must lie in [0, ∞), got Infinity"],
        [[2, 1], "stepSizes must not decrease, got 2, 1"],
        [[1], "stepSizes must be an array of 2 numbers"],
      ],
    },
  },
  Lion: {
    rule: LION_RULE,
    functional: {},
    smooth: {},
    refuses: {
      ...SHARED,
      betas: BETAS,
    },
  },
  Muon: {
    rule: MUON_RULE,
    functional: {},
    matrices: true,
    counts: ["eps", "nsSteps"],
    smooth: {
      "by default": { eps: 3 },
      "without a look ahead": { eps: 3, nesterov: false, weightDecay: 0.5, nsSteps: 2 },
    },
    refuses: {
      lr: SHARED.lr,
      weightDecay: SHARED.weightDecay,
      momentum: range("momentum", "[0, ∞)", ...FROM_0),
      nesterov: [[1, "nesterov must be true or false"]],
      nsCoefficients: [
        [[1, 2], "nsCoefficients must be an array of 3 numbers"],
        [[1, 2, NaN], "nsCoefficients must be finite, got 1, 2, NaN"],
      ],
      eps: range("eps", "[0, ∞)", ...FROM_0),
      nsSteps: [
        [-1, "nsSteps must be an integer in [0, 100), got -1"],
        [1.5, "nsSteps must be an integer in [0, 100), got 1.5"],
        [100, "nsSteps must be an integer in [0, 100), got 100"],
      ],
      adjustLrFn: [
        ["square", "adjustLrFn must be original, match_rms_adamw, spectral_unclamped or null"],
        [1, "adjustLrFn must be original, match_rms_adamw, spectral_unclamped or null, got 1"],
      ],
    },
  },
  Adafactor: {
    rule: ADAFACTOR_RULE,
    functional: {},
    large: 1e18,
    counts: ["eps.0"],
    smooth: {
      "above its floor and not clipped": { eps: [0.33, 1e-3], d: 50, weightDecay: 0.1 },
      clipped: { eps: [0.33, 1e-3], d: 1.01, maximize: true },
    },
    refuses: {
      ...SHARED,
      beta2Decay: [
        [0.1, "beta2Decay must be finite and at most 0, got 0.1"],
        [NaN, "beta2Decay must be finite and at most 0, got NaN"],
        [-Infinity, "beta2Decay must be finite and at most 0, got -Infinity"],
      ],
      eps: [
        [[-1, 1], "eps[0] must lie in [0, ∞), got -1"],
        [[null, -1], "eps[1] must lie in [0, ∞), got -1"],
        [[1], "eps must be an array of 2 numbers or nulls"],
        [[1, null], "eps must be an array of 2 numbers or nulls"],
      ],
      d: range("d", "[1, ∞)", 0.5, Infinity, NaN),
    },
  },
};

/** The functional step of each. */
export const STEPS = {
  SGD: "sgd",
  Adam: "adam",
  AdamW: "adam",
  RMSprop: "rmsprop",
  Lion: "lion",
  Muon: "muon",
  Adafactor: "adafactor",
  Rprop: "rprop",
  ASGD: "asgd",
  RAdam: "radam",
  NAdam: "nadam",
  Adamax: "adamax",
  Adadelta: "adadelta",
  Adagrad: "adagrad",
} as const satisfies Record<OptimizerName, StepName>;
