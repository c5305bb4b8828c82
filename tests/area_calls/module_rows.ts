/** Good calls of layers, modules and losses. */

import type * as ops from "../../lib/ops/mod.ts";
import { losses, nn, ones, optim, RandomGenerator, type Tensor, tensor, zeros } from "../../mod.ts";
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

class Squared extends losses.FunctionLoss<losses.LossOptions> {
  constructor(...args: unknown[]) {
    super(...args as ConstructorParameters<typeof losses.FunctionLoss<losses.LossOptions>>);
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

type ModuleMethods = MethodsOf<nn.Module, "forward"> | Internal | keyof Tensor;

/** The bases' constructors are called by those of other people's classes, with anything. */
const anything = { args: [], rest: true } as const;

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

const element = {
  reduction: of(() => "sum"),
  weight: of(() => ones([3])),
  mask: of(() => tensor([true, false, true])),
};
// A module meets the shape that its weight must have only when it runs.
const heldElement = { ...element, weight: of(() => ones([3]), "tensor") };
const half = of(() => 0.5, "number");
const gaussian = { full: flag, eps: half };
const poisson = { logInput: flag, full: flag, eps: of(() => 0.1, "number") };
const entropy = {
  reduction: of(() => "sum"),
  weight: of(() => ones([3])),
  ignoreIndex: of(() => 1),
  labelSmoothing: of(() => 0.1, "number"),
};
const heldEntropy = { ...entropy, weight: of(() => ones([3]), "tensor") };
const focal = { gamma: of(() => 1, "number"), alpha: of(() => 0.3, "number", "null") };
const { labelSmoothing: _, ...likelihood } = entropy;
const labels = () => tensor([0, 1], { dtype: "int32" });
const lists = () => tensor([[0, -1, 0], [1, 2, -1]], { dtype: "int32" });
const reduction = of(() => "sum");
const margin = of(() => 0.5, "number");
const triplet = {
  reduction,
  margin,
  p: of(() => 3, "number"),
  eps: of(() => 0, "number"),
  swap: flag,
};
const distance = of(() => (a: Tensor, b: Tensor) => a.sub(b).abs().sum(-1));
const byDistance = { reduction, margin, swap: flag, distanceFunction: distance };
// A module meets what the distance gives only when it runs.
const heldDistance = {
  ...byDistance,
  distanceFunction: { ...distance, takes: ["function"] },
} as const;
const poly = { reduction, epsilon: of(() => 2, "number"), ignoreIndex: of(() => 1) };
const power = { reduction, margin, p: of(() => 2) };

/** What every loss module has. */
export const LOSS_METHODS: MethodRows<losses.Loss, ModuleMethods | "forward"> = {
  plus: { on: () => new losses.MSELoss(), args: [of(() => new losses.MSELoss())], named: "loss" },
  times: {
    on: () => new losses.MSELoss(),
    args: [of(() => 2, "number", "NaN")],
    named: "scale a loss",
  },
};

type LossMethods = ModuleMethods | keyof typeof LOSS_METHODS;

/** The row of a loss module, by the function that it is made from. */
function lossModule<Keys extends Readonly<Record<string, Arg>>>(
  on: () => losses.Loss,
  made: string,
  keys: Keys,
  target = x,
) {
  const forward = { on, args: [of(x), of(target)], rest: true, named: `losses.${made}` } as const;
  return { make: { args: [options(keys)] }, methods: { forward } } as const;
}

/** The same of three inputs. */
function lossModuleOf3<Keys extends Readonly<Record<string, Arg>>>(
  on: () => object,
  made: string,
  keys: Keys,
  third = x,
) {
  const args = [of(x), of(x), of(third)] as const;
  const forward = { on, args, rest: true, named: `losses.${made}` } as const;
  return { make: { args: [options(keys)] }, methods: { forward } } as const;
}

/** Losses. */
export const LOSSES: Rows<typeof losses, LossMethods> = {
  mse: { args: [of(x), of(x), options(element)] },
  huber: { args: [of(x), of(x), options({ ...element, delta: of(() => 2, "number") })] },
  l1: { args: [of(x), of(x), options(element)] },
  smoothL1: { args: [of(x), of(x), options({ ...element, beta: of(() => 2, "number") })] },
  poissonNll: { args: [of(x), of(x), options({ ...element, ...poisson })] },
  gaussianNll: { args: [of(x), of(x), of(x), options({ ...element, ...gaussian })] },
  klDiv: { args: [of(x), of(x), options({ ...element, logTarget: flag })] },
  jsDiv: { args: [of(x), of(x), options({ ...element, logTarget: flag })] },
  logCosh: { args: [of(x), of(x), options(element)] },
  quantile: { args: [of(x), of(x), options({ ...element, q: half })] },
  charbonnier: { args: [of(x), of(x), options({ ...element, eps: half })] },
  cauchy: { args: [of(x), of(x), options({ ...element, c: half })] },
  tukeyBiweight: { args: [of(x), of(x), options({ ...element, c: half })] },
  crossEntropy: { args: [of(x), of(labels), options(entropy)] },
  nll: { args: [of(x), of(labels), options(likelihood)] },
  bce: { args: [of(x), of(x), options(element)] },
  bceWithLogits: {
    args: [of(x), of(x), options({ ...element, posWeight: of(() => ones([3])) })],
  },
  focal: { args: [of(x), of(x), options({ ...element, ...focal })] },
  softMargin: { args: [of(x), of(x), options(element)] },
  hinge: { args: [of(x), of(x), options(element)] },
  hingeEmbedding: { args: [of(x), of(x), options({ ...element, margin })] },
  marginRanking: { args: [of(x), of(x), of(x), options({ ...element, margin })] },
  multiMargin: {
    args: [of(x), of(labels), options({ ...power, weight: of(() => ones([3])) })],
  },
  multiLabelMargin: { args: [of(x), of(lists), options({ reduction })] },
  cosineEmbedding: { args: [of(x), of(x), of(() => ones([2])), options({ reduction, margin })] },
  tripletMargin: { args: [of(x), of(x), of(x), options(triplet)] },
  tripletMarginWithDistance: { args: [of(x), of(x), of(x), options(byDistance)] },
  multiLabelSoftMargin: {
    args: [of(x), of(x), options({ reduction, weight: entropy.weight })],
  },
  poly1: { args: [of(x), of(labels), options(poly)] },
  Loss: {
    make: { ...anything, run: () => new losses.MSELoss() },
    methods: {
      forward: {
        on: () => new losses.MSELoss().plus(new losses.HuberLoss()).times(2),
        args: [of(x), of(x)],
        rest: true,
        named: "losses.mse",
      },
    },
  },
  FunctionLoss: {
    make: {
      args: [of(() => losses.mse, "function"), options({ reduction: of(() => "sum") })],
      // The function itself reads the options.
      run: (...args) => new Squared(...args).forward(x(), x()),
      named: "",
    },
    methods: {
      forward: {
        on: () => new Squared(losses.mse, {}),
        args: [of(x), of(x)],
        rest: true,
        named: "losses.mse",
      },
    },
  },
  MSELoss: lossModule(() => new losses.MSELoss(), "mse", heldElement),
  HuberLoss: lossModule(() => new losses.HuberLoss(), "huber", {
    ...heldElement,
    delta: of(() => 2, "number"),
  }),
  BCELoss: lossModule(() => new losses.BCELoss(), "bce", heldElement),
  BCEWithLogitsLoss: lossModule(() => new losses.BCEWithLogitsLoss(), "bceWithLogits", {
    ...heldElement,
    posWeight: of(() => ones([3]), "tensor"),
  }),
  FocalLoss: lossModule(() => new losses.FocalLoss(), "focal", { ...heldElement, ...focal }),
  SoftMarginLoss: lossModule(() => new losses.SoftMarginLoss(), "softMargin", heldElement),
  HingeLoss: lossModule(() => new losses.HingeLoss(), "hinge", heldElement),
  HingeEmbeddingLoss: lossModule(() => new losses.HingeEmbeddingLoss(), "hingeEmbedding", {
    ...heldElement,
    margin,
  }),
  MarginRankingLoss: lossModuleOf3(() => new losses.MarginRankingLoss(), "marginRanking", {
    ...heldElement,
    margin,
  }),
  CosineEmbeddingLoss: lossModuleOf3(
    () => new losses.CosineEmbeddingLoss(),
    "cosineEmbedding",
    { reduction, margin },
    () => ones([2]),
  ),
  TripletMarginLoss: lossModuleOf3(
    () => new losses.TripletMarginLoss(),
    "tripletMargin",
    triplet,
  ),
  TripletMarginWithDistanceLoss: lossModuleOf3(
    () => new losses.TripletMarginWithDistanceLoss(),
    "tripletMarginWithDistance",
    heldDistance,
  ),
  MultiMarginLoss: lossModule(
    () => new losses.MultiMarginLoss(),
    "multiMargin",
    { ...power, weight: heldEntropy.weight },
    labels,
  ),
  MultiLabelMarginLoss: lossModule(
    () => new losses.MultiLabelMarginLoss(),
    "multiLabelMargin",
    { reduction },
    lists,
  ),
  MultiLabelSoftMarginLoss: lossModule(
    () => new losses.MultiLabelSoftMarginLoss(),
    "multiLabelSoftMargin",
    { reduction, weight: heldEntropy.weight },
  ),
  Poly1Loss: lossModule(() => new losses.Poly1Loss(), "poly1", poly, labels),
  L1Loss: lossModule(() => new losses.L1Loss(), "l1", heldElement),
  SmoothL1Loss: lossModule(() => new losses.SmoothL1Loss(), "smoothL1", {
    ...heldElement,
    beta: of(() => 2, "number"),
  }),
  PoissonNLLLoss: lossModule(() => new losses.PoissonNLLLoss(), "poissonNll", {
    ...heldElement,
    ...poisson,
  }),
  GaussianNLLLoss: {
    make: { args: [options({ ...heldElement, ...gaussian })] },
    methods: {
      forward: {
        on: () => new losses.GaussianNLLLoss(),
        args: [of(x), of(x), of(x)],
        rest: true,
        named: "losses.gaussianNll",
      },
    },
  },
  KLDivLoss: lossModule(() => new losses.KLDivLoss(), "klDiv", {
    ...heldElement,
    logTarget: flag,
  }),
  JSDivLoss: lossModule(() => new losses.JSDivLoss(), "jsDiv", {
    ...heldElement,
    logTarget: flag,
  }),
  LogCoshLoss: lossModule(() => new losses.LogCoshLoss(), "logCosh", heldElement),
  QuantileLoss: lossModule(() => new losses.QuantileLoss(), "quantile", {
    ...heldElement,
    q: half,
  }),
  CharbonnierLoss: lossModule(() => new losses.CharbonnierLoss(), "charbonnier", {
    ...heldElement,
    eps: half,
  }),
  CauchyLoss: lossModule(() => new losses.CauchyLoss(), "cauchy", { ...heldElement, c: half }),
  TukeyBiweightLoss: lossModule(() => new losses.TukeyBiweightLoss(), "tukeyBiweight", {
    ...heldElement,
    c: half,
  }),
  CrossEntropyLoss: lossModule(
    () => new losses.CrossEntropyLoss(),
    "crossEntropy",
    heldEntropy,
    labels,
  ),
  NLLLoss: lossModule(
    () => new losses.NLLLoss(),
    "nll",
    { ...likelihood, weight: heldEntropy.weight },
    labels,
  ),
};
