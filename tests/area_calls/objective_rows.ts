/** Good calls of what makes several objectives one, and of losses of policies. */

import { losses, ones, RandomGenerator, tensor } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";
import type { ModuleMethods } from "./module_rows.ts";

const flag = of(() => true, "flag");
const gradients = of(() => [ones([2, 3]), ones([2])]);
const half = of(() => 0.5, "number");
const two = of(() => ones([2]));
const tasks = of(() => [ones([]), ones([])]);
const shares = of(() => [1, 2]);

const shared = ones([2], { requiresGrad: true });

type Objectives = Pick<
  typeof losses,
  | "taskGradients"
  | "mgda"
  | "pcgrad"
  | "caGrad"
  | "nashMtl"
  | "upGrad"
  | "gradNorm"
  | "dwa"
  | "paretoFilter"
  | "groupGapPenalty"
  | "WeightedSum"
  | "Tchebycheff"
  | "PPOSequenceLoss"
>;

/** What combines gradients or losses of tasks. */
export const OBJECTIVES: Rows<Objectives, ModuleMethods> = {
  taskGradients: {
    args: [
      of(() => [shared.sum(), shared.mul(2).sum()]),
      of(() => shared),
      options({ createGraph: flag }),
    ],
  },
  mgda: { args: [gradients] },
  pcgrad: {
    args: [gradients, options({ shuffle: flag, generator: of(() => new RandomGenerator(1)) })],
  },
  caGrad: { args: [gradients, options({ c: half })] },
  nashMtl: { args: [gradients] },
  upGrad: { args: [gradients] },
  gradNorm: { args: [gradients, two, options({ ratios: two, alpha: half })] },
  dwa: { args: [two, two, options({ temperature: half })] },
  paretoFilter: { args: [of(() => ones([2, 3]))] },
  groupGapPenalty: { args: [two, of(() => tensor([0, 1], { dtype: "int32" }))] },
  WeightedSum: {
    make: { args: [shares] },
    methods: {
      forward: { on: () => new losses.WeightedSum([1, 2]), args: [tasks], named: "WeightedSum" },
    },
  },
  PPOSequenceLoss: {
    make: {
      args: [
        options({
          clipEpsilon: half,
          valueCoef: half,
          entropyCoef: half,
          normalizeAdvantage: flag,
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new losses.PPOSequenceLoss(),
        args: [two, two, two, two, two, two, of(() => tensor([true, false]), "undefined")],
        named: "PPOSequenceLoss",
      },
    },
  },
  Tchebycheff: {
    make: { args: [shares, options({ ideal: shares, smooth: of(() => 0.5, "number", "null") })] },
    methods: {
      forward: { on: () => new losses.Tchebycheff([1, 2]), args: [tasks], named: "Tchebycheff" },
    },
  },
};
