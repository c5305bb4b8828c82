/** Good calls of schedules. */

import { optim, zeros } from "../../mod.ts";
import { type MethodRows, of, options, type Rows } from "../common/calls.ts";
import type { ScheduleName } from "../optim/schedule_table.ts";

const made = () => new optim.SGD([zeros([2], { requiresGrad: true })], { lr: 0.1, momentum: 0.9 });
/** Schedules that are made of others must have the same optimizer as they. */
const shared = made();
const optimizer = of(() => shared);
const number = of(() => 0.5, "number");
const count = of(() => 3);
const flag = of(() => false, "flag");
const factor = of(() => () => 0.5);
const step = () => new optim.StepLR(shared, { stepSize: 2 });
const list = of(() => [step()]);
const gamma = number;
const momenta = { cycleMomentum: flag, baseMomentum: number, maxMomentum: number };

/** A schedule of somebody else. */
class Plain extends optim.LRScheduler {
  protected override set(epoch: number): void {
    this.arrive(epoch);
  }
}

/** What every schedule has. */
export const SCHEDULE_METHODS: MethodRows<optim.LRScheduler> = {
  step: { on: step, args: [], named: "run StepLR.step" },
  getLastLr: { on: step, args: [], named: "read the rates of StepLR" },
  stateDict: { on: step, args: [], named: "read the state of StepLR" },
  loadStateDict: {
    on: step,
    args: [of(() => step().stateDict())],
    named: "load the state of StepLR",
  },
};

type Methods = keyof typeof SCHEDULE_METHODS;
type Stepped = Exclude<ScheduleName, "ReduceLROnPlateau"> | "LRScheduler";

/** Schedules. */
export const SCHEDULES:
  & Rows<Pick<typeof optim, Stepped>, Methods>
  & Rows<Pick<typeof optim, "ReduceLROnPlateau">, Exclude<Methods, "step">> = {
    StepLR: { make: { args: [optimizer, options({ stepSize: count, gamma })] }, methods: {} },
    MultiStepLR: {
      make: { args: [optimizer, options({ milestones: of(() => [3]), gamma })] },
      methods: {},
    },
    LambdaLR: { make: { args: [optimizer, options({ lrLambda: factor })] }, methods: {} },
    MultiplicativeLR: {
      // The function is not asked before the first step.
      make: { args: [optimizer, options({ lrLambda: of(factor.make, "function") })] },
      methods: {},
    },
    ConstantLR: {
      make: { args: [optimizer, options({ factor: number, totalIters: count })] },
      methods: {},
    },
    LinearLR: {
      make: {
        args: [
          optimizer,
          options({ startFactor: number, endFactor: number, totalIters: count }),
        ],
      },
      methods: {},
    },
    ExponentialLR: { make: { args: [optimizer, options({ gamma })] }, methods: {} },
    PolynomialLR: {
      make: { args: [optimizer, options({ totalIters: count, power: number })] },
      methods: {},
    },
    CosineAnnealingLR: {
      make: { args: [optimizer, options({ tMax: count, etaMin: number })] },
      methods: {},
    },
    CosineAnnealingWarmRestarts: {
      make: { args: [optimizer, options({ t0: count, tMult: count, etaMin: number })] },
      methods: {},
    },
    CyclicLR: {
      make: {
        args: [
          optimizer,
          options({
            baseLr: number,
            maxLr: number,
            stepSizeUp: count,
            stepSizeDown: of(() => 3, "null"),
            mode: of(() => "triangular2"),
            gamma,
            scaleFn: of(() => () => 1, "null"),
            scaleMode: of(() => "iterations"),
            ...momenta,
          }),
        ],
      },
      methods: {},
    },
    OneCycleLR: {
      make: {
        args: [
          optimizer,
          options({
            maxLr: number,
            totalSteps: of(() => 9, "null"),
            epochs: of(() => 3, "null"),
            stepsPerEpoch: of(() => 3, "null"),
            pctStart: number,
            annealStrategy: of(() => "linear"),
            ...momenta,
            divFactor: number,
            finalDivFactor: number,
            threePhase: flag,
          }),
        ],
      },
      methods: {},
    },
    SequentialLR: {
      make: { args: [optimizer, options({ schedulers: list, milestones: of(() => []) })] },
      methods: {},
    },
    ChainedScheduler: { make: { args: [list] }, methods: {} },
    ReduceLROnPlateau: {
      make: {
        args: [
          optimizer,
          options({
            mode: of(() => "max"),
            factor: number,
            patience: count,
            threshold: number,
            thresholdMode: of(() => "abs"),
            cooldown: count,
            minLr: number,
            eps: number,
          }),
        ],
      },
      methods: {
        step: {
          on: () => new optim.ReduceLROnPlateau(made()),
          args: [of(() => 1, "number", "NaN")],
          named: "ReduceLROnPlateau.step",
        },
      },
    },
    LRScheduler: {
      make: {
        args: [
          optimizer,
          options({
            schedulers: list,
            counts: of(() => ({ best: 1 }), "object"),
            baseLrs: of(() => [1]),
          }),
        ],
        run: (...args) => new Plain(...args as ConstructorParameters<typeof Plain>),
        named: "Plain",
      },
      methods: {},
    },
  };
