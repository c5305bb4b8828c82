/** Good calls of layers and modules. */

import type * as ops from "../../lib/ops/mod.ts";
import { nn, ones, optim, RandomGenerator, type Tensor, zeros } from "../../mod.ts";
import {
  type Arg,
  type MethodRows,
  type MethodsOf,
  of,
  options,
  type Rows,
} from "../common/calls.ts";

/** For the library itself, though public to TypeScript. */
type Internal = "members" | "activated";

const x = () => ones([2, 3]);
const generator = of(() => new RandomGenerator(1));
const flag = of(() => true, "flag");

class Scale extends nn.Module {
  factor = new nn.Parameter(ones([1]));
  override forward(x: Tensor): Tensor {
    return x.mul(this.factor);
  }
}

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
  requiresGrad_: { on: () => new Scale(), args: [of(() => false, "undefined", "flag")] },
  zeroGrad: { on: () => new Scale(), args: [] },
  // JavaScript calls it as it likes.
  toString: { on: () => new Scale(), args: [], rest: true },
  registerForwardHook: {
    on: () => new Scale(),
    args: [of(() => () => {}, "function")],
  },
};

/** What a row of a module has in common with all. */
export type ModuleMethods = MethodsOf<nn.Module, "forward"> | Internal | keyof Tensor;

/** The bases' constructors are called by those of other people's classes, with anything. */
export const anything = { args: [], rest: true } as const;

/** The row of a layer's `forward`, which takes what the op in it takes. */
function forward(on: () => nn.Module, named: string, input = of(x, "tensor")) {
  return { forward: { on, args: [input], rest: true, named } } as const;
}

/** Layers. */
export const LAYERS: Rows<Omit<typeof nn, "init" | "functional" | "utils">, ModuleMethods> = {
  AnyModule: { make: { ...anything, run: () => new Scale() }, methods: {} },
  Module: {
    make: { ...anything, run: () => new Scale() },
    methods: {
      // What a module of somebody's own does with its inputs is its own.
      forward: { on: () => new nn.ReLU(), args: [of(x, "tensor")], rest: true, named: "relu" },
    },
  },
  Parameter: { make: { args: [of(x), options({ requiresGrad: flag })] }, methods: {} },
  Buffer: { make: { args: [of(x, "tensor")] }, methods: {} },
  Linear: {
    make: {
      args: [
        of(() => 3),
        of(() => 2),
        options({ bias: flag, dtype: of(() => "float64") }),
      ],
    },
    methods: forward(() => new nn.Linear(3, 2), "Linear", of(x)),
  },
  Flatten: {
    make: { args: [of(() => 0, "undefined"), of(() => 1, "undefined")] },
    methods: forward(() => new nn.Flatten(0), "flatten"),
  },
  LayerNorm: {
    make: {
      args: [
        of(() => 3),
        options({
          eps: of(() => 1e-5, "number"),
          elementwiseAffine: flag,
          bias: flag,
          dtype: of(() => "float64"),
        }),
      ],
    },
    methods: forward(() => new nn.LayerNorm(3), "layerNorm", of(x)),
  },
  ReLU: { make: { args: [] }, methods: forward(() => new nn.ReLU(), "relu") },
  Sigmoid: { make: { args: [] }, methods: forward(() => new nn.Sigmoid(), "sigmoid") },
  Softplus: { make: { args: [] }, methods: forward(() => new nn.Softplus(), "softplus") },
  Tanh: { make: { args: [] }, methods: forward(() => new nn.Tanh(), "tanh") },
  Dropout: {
    make: { args: [of(() => 0.5, "undefined", "number")] },
    methods: forward(() => new nn.Dropout(), "dropout", of(x)),
  },
  Sequential: {
    make: { args: [of(() => new nn.ReLU()), of(() => new nn.ReLU())], rest: true },
    methods: forward(() => new nn.Sequential(new nn.ReLU()), "relu"),
  },
};

const number = (value: number) => of(() => value, "undefined", "number");

/** Initialisers. */
export const INIT: Rows<typeof nn.init> = {
  uniform_: { args: [of(x), number(0), number(1), options({ generator })] },
  normal_: { args: [of(x), number(0), number(1), options({ generator })] },
  constant_: { args: [of(x, "tensor"), of(() => 3, "number", "NaN")] },
  kaimingUniform_: { args: [of(x), options({ a: of(() => 0, "number"), generator })] },
  kaimingNormal_: { args: [of(x), options({ a: of(() => 0, "number"), generator })] },
  xavierUniform_: { args: [of(x), number(1), options({ generator })] },
  xavierNormal_: { args: [of(x), number(1), options({ generator })] },
};

const leaf = () => Object.assign(ones([2], { requiresGrad: true }), { grad: ones([2]) });

/** Tools for gradients. */
export const UTILS: Rows<typeof nn.utils> = {
  clipGradNorm_: {
    args: [
      of(() => [leaf()], "tensor"),
      of(() => 1, "number"),
      options({ normType: of(() => 1, "number"), errorIfNonfinite: flag }),
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

/** Layers without state; those that are ops stand in the table of ops. */
export const FUNCTIONAL: Rows<Omit<typeof nn.functional, keyof typeof ops>> = {
  linear: {
    args: [
      of(x),
      of(() => ones([4, 3])),
      options({ bias: of(() => ones([4]), "null"), activation: of(() => "tanh") }),
    ],
  },
  dropout: {
    args: [of(x), options({ p: of(() => 0.1, "number"), training: flag, generator })],
  },
};
