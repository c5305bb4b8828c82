/** Good calls of what all modules have, of initialisers, tools and averages. */

import { nn, ones, optim, RandomGenerator, type Tensor, zeros } from "../../mod.ts";
import {
  type Arg,
  type MethodRows,
  type MethodsOf,
  of,
  options,
  type Rows,
} from "../common/calls.ts";
import { packed } from "./layers/recurrent.ts";
import { flag, Scale, x } from "./layers/row.ts";

/** For the library itself, though public to TypeScript. */
type Internal = "members" | "activated";

const generator = of(() => new RandomGenerator(1));

/** What every module has. */
export const MODULE_METHODS: MethodRows<nn.Module, Internal | "forward"> = {
  namedChildren: { on: () => new nn.Sequential(), args: [] },
  children: { on: () => new nn.Sequential(), args: [] },
  namedModules: { on: () => new nn.Sequential(), args: [of(() => "net", "undefined", "text")] },
  modules: { on: () => new nn.Sequential(), args: [] },
  namedParameters: { on: () => new Scale(), args: [options({ removeDuplicate: flag })] },
  parameters: { on: () => new Scale(), args: [] },
  namedBuffers: { on: () => new Scale(), args: [options({ removeDuplicate: flag })] },
  buffers: { on: () => new Scale(), args: [] },
  stateDict: { on: () => new Scale(), args: [], named: "state dict" },
  loadStateDict: {
    on: () => new Scale(),
    args: [
      of(() => ({ "old.factor": zeros([1]) })),
      options({
        strict: flag,
        rename: of(() => (key: string) => `old.${key}`, "function"),
      }),
    ],
    named: "load the state",
  },
  train: { on: () => new Scale(), args: [of(() => true, "undefined", "flag")] },
  eval: { on: () => new Scale(), args: [] },
  apply: { on: () => new Scale(), args: [of(() => () => {}, "function")] },
  to: {
    on: () => new Scale(),
    args: [options({ dtype: of(() => "float64"), device: of(() => "cpu") })],
    rest: true,
  },
  copy: { on: () => new Scale(), args: [] },
  requiresGrad_: { on: () => new Scale(), args: [of(() => false, "undefined", "flag")] },
  zeroGrad: { on: () => new Scale(), args: [] },
  // JavaScript calls it as it likes.
  toString: { on: () => new Scale(), args: [], rest: true },
  registerForwardPreHook: { on: () => new Scale(), args: [of(() => () => {}, "function")] },
  registerFullBackwardHook: { on: () => new Scale(), args: [of(() => () => {}, "function")] },
  registerForwardHook: {
    on: () => new Scale(),
    args: [of(() => () => {}, "function")],
  },
};

/** What a row of a module has in common with all. */
export type ModuleMethods = MethodsOf<nn.Module, "forward"> | Internal | keyof Tensor;

const number = (value: number) => of(() => value, "undefined", "number");

const kaiming = {
  a: of(() => 0, "number"),
  mode: of(() => "fan_out"),
  nonlinearity: of(() => "tanh"),
  generator,
};

/** Initialisers. */
export const INIT: Rows<typeof nn.init> = {
  uniform_: { args: [of(x), number(0), number(1), options({ generator })] },
  normal_: { args: [of(x), number(0), number(1), options({ generator })] },
  constant_: { args: [of(x, "tensor"), of(() => 3, "number", "NaN")] },
  ones_: { args: [of(x)] },
  zeros_: { args: [of(x)] },
  truncNormal_: {
    args: [of(x), number(0), number(1), number(-2), number(2), options({ generator })],
  },
  calculateGain: { args: [of(() => "tanh"), number(0.1)] },
  kaimingUniform_: { args: [of(x), options(kaiming)] },
  kaimingNormal_: { args: [of(x), options(kaiming)] },
  eye_: { args: [of(x)] },
  dirac_: { args: [of(() => ones([2, 2, 3])), of(() => 2, "undefined")] },
  orthogonal_: { args: [of(x), number(1), options({ generator })] },
  sparse_: {
    args: [of(x), of(() => 0.5, "number"), number(0.1), options({ generator })],
  },
  xavierUniform_: { args: [of(x), number(1), options({ generator })] },
  xavierNormal_: { args: [of(x), number(1), options({ generator })] },
};

const leaf = () => Object.assign(ones([2], { requiresGrad: true }), { grad: ones([2]) });

/** Tools for parameters and their gradients. */
export const UTILS: Rows<typeof nn.utils> = {
  clipGradNorm_: {
    args: [
      of(() => [leaf()], "tensor"),
      of(() => 1, "number"),
      options({ normType: of(() => 1, "number"), errorIfNonfinite: flag }),
    ],
  },
  padSequence: {
    args: [
      of(() => [ones([2]), ones([1])]),
      options({
        batchFirst: flag,
        paddingValue: of(() => 1, "number", "NaN"),
        paddingSide: of(() => "left"),
      }),
    ],
  },
  packSequence: {
    args: [of(() => [ones([2]), ones([1])]), options({ enforceSorted: flag })],
  },
  packPaddedSequence: {
    args: [
      of(() => ones([2, 2, 3])),
      of(() => [2, 1]),
      options({ batchFirst: flag, enforceSorted: flag }),
    ],
  },
  padPackedSequence: {
    args: [
      of(packed),
      options({
        batchFirst: flag,
        paddingValue: of(() => 1, "number", "NaN"),
        totalLength: of(() => 3, "null"),
      }),
    ],
  },
  parametersToVector: { args: [of(() => [leaf()], "tensor")] },
  vectorToParameters: { args: [of(() => ones([2])), of(() => [leaf()])] },
  weightNorm: {
    args: [
      of(() => new nn.Linear(2, 1)),
      options({ name: of(() => "weight"), dim: of(() => 1, "null") }),
    ],
  },
  spectralNorm: {
    args: [
      of(() => new nn.Linear(2, 1)),
      options({
        name: of(() => "weight"),
        nPowerIterations: of(() => 2),
        eps: of(() => 1e-6, "number"),
        dim: of(() => 1, "null"),
      }),
    ],
  },
  clipGradValue_: { args: [of(() => [leaf()], "tensor"), of(() => 1, "number")] },
};

/** A row of an average. */
function average<Keys extends Readonly<Record<string, Arg>>>(keys: Keys) {
  const on = () => new optim.SWA(new nn.ReLU());
  return {
    make: { args: [of(() => new nn.ReLU()), options(keys)] },
    methods: {
      forward: { on, args: [of(x, "tensor")], rest: true, named: "relu" },
      update: { on, args: [of(() => new nn.ReLU())], named: "update SWA" },
    },
  } as const;
}

/** Averages of weights. */
export const AVERAGES: Rows<
  Pick<typeof optim, "ExponentialMovingAverage" | "SWA">,
  ModuleMethods
> = {
  SWA: average({ useBuffers: flag }),
  ExponentialMovingAverage: average({
    decay: of(() => 0.5, "number"),
    useBuffers: flag,
  }),
};
