/** Good calls of losses. */

import { losses, ones, type Tensor, tensor, zeros } from "../../mod.ts";
import { type Arg, type MethodRows, of, options, type Rows } from "../common/calls.ts";
import { anything } from "./layers/row.ts";
import type { ModuleMethods } from "./module_rows.ts";
import { OBJECTIVES } from "./objective_rows.ts";

const x = () => ones([2, 3]);
const flag = of(() => true, "flag");

class Squared extends losses.FunctionLoss<losses.LossOptions> {
  constructor(...args: unknown[]) {
    super(...args as ConstructorParameters<typeof losses.FunctionLoss<losses.LossOptions>>);
  }
}

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
  terms: { on: () => new losses.MSELoss(), args: [of(x), of(x)], named: "losses.mse" },
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

const images = () => ones([1, 1, 3, 3]);
const maps = () => ones([1, 1, 4]);
const temperature = of(() => 0.2, "number");
const contrast = { reduction, temperature };
const smooth = of(() => 0.1, "number");
const regions = { reduction, smooth };
const shares = { ...regions, alpha: of(() => 0.3, "number"), beta: of(() => 0.7, "number") };
const list = { reduction, mask: of(() => tensor([true, false, true])) };
const range = of(() => 2, "number");
const noise = { reduction, dataRange: range, eps: half };
const structure = {
  reduction,
  dataRange: range,
  windowSize: of(() => 3),
  sigma: half,
  k1: half,
  k2: half,
};
const sounds = () => zeros([4, 2, 3]);
const whole = (data: number[], shape: number[]) => () =>
  tensor(Int32Array.from(data)).reshape(shape);
const spoken = [
  of(sounds),
  of(whole([1, 2], [2, 1])),
  of(whole([4, 4], [2])),
  of(whole([1, 1], [2])),
] as const;
const ctc = { reduction, blank: of(() => 0), zeroInfinity: flag };
const layer = {
  ...entropy,
  weight: of(() => ones([4])),
  linearBias: of(() => ones([4])),
};
const held = {
  ...layer,
  weight: of(() => ones([4]), "tensor"),
  linearBias: of(() => ones([4]), "tensor"),
};

const preference = { reduction, beta: half, labelSmoothing: of(() => 0.1, "number") };

/** The row of a loss module whose inputs are of other shapes. */
function moduleOf<
  Keys extends Readonly<Record<string, Arg>>,
  const Inputs extends readonly Arg[],
>(on: () => object, made: string, keys: Keys, ...args: Inputs) {
  const forward = { on, args, rest: true, named: `losses.${made}` } as const;
  return { make: { args: [options(keys)] }, methods: { forward } } as const;
}

const regionMap = whole([0, 0, 1], [3]);

/** The `forward` of a loss with parameters, which takes two tensors. */
function pairOf(on: () => object, named: string) {
  return { forward: { on, args: [of(x), of(x)], named } } as const;
}

const softmax = () => new losses.AdaptiveLogSoftmaxWithLoss(3, 4, [1, 2], { divValue: 1 });

/** Terms of the parameters. */
export const REGULARIZATION: Rows<typeof losses.regularization, never> = {
  l1: { args: [of(x, "tensor")] },
  l2: { args: [of(x, "tensor")] },
  orthogonal: { args: [of(x)] },
};

/** Losses. */
export const LOSSES: Rows<Omit<typeof losses, "regularization">, LossMethods> = {
  ...OBJECTIVES,
  sparsemax: { args: [of(x), of(labels), options({ reduction, ignoreIndex: of(() => 1) })] },
  SparsemaxLoss: lossModule(
    () => new losses.SparsemaxLoss(),
    "sparsemax",
    { reduction, ignoreIndex: of(() => 1) },
    labels,
  ),
  wasserstein1d: { args: [of(x), of(x), options({ reduction, p: of(() => 2) })] },
  Wasserstein1dLoss: lossModule(() => new losses.Wasserstein1dLoss(), "wasserstein1d", {
    reduction,
    p: of(() => 2),
  }),
  infoNce: {
    args: [of(x), of(x), options({ ...contrast, negatives: of(x) })],
  },
  InfoNCELoss: lossModule(() => new losses.InfoNCELoss(), "infoNce", {
    ...contrast,
    negatives: of(x, "tensor"),
  }),
  ntXent: { args: [of(x), of(x), options(contrast)] },
  NTXentLoss: lossModule(() => new losses.NTXentLoss(), "ntXent", contrast),
  supCon: { args: [of(x), of(labels), options(contrast)] },
  SupConLoss: lossModule(() => new losses.SupConLoss(), "supCon", contrast, labels),
  contrastive: { args: [of(x), of(labels), options({ reduction, margin })] },
  ContrastiveLoss: lossModule(
    () => new losses.ContrastiveLoss(),
    "contrastive",
    { reduction, margin },
    labels,
  ),
  dice: { args: [of(maps), of(maps), options(regions)] },
  DiceLoss: moduleOf(() => new losses.DiceLoss(), "dice", regions, of(maps), of(maps)),
  jaccard: { args: [of(maps), of(maps), options(regions)] },
  JaccardLoss: moduleOf(() => new losses.JaccardLoss(), "jaccard", regions, of(maps), of(maps)),
  tversky: { args: [of(maps), of(maps), options(shares)] },
  TverskyLoss: moduleOf(() => new losses.TverskyLoss(), "tversky", shares, of(maps), of(maps)),
  listwiseSoftmax: { args: [of(x), of(x), options(list)] },
  ListwiseSoftmaxLoss: lossModule(() => new losses.ListwiseSoftmaxLoss(), "listwiseSoftmax", list),
  pairwiseLogistic: { args: [of(x), of(x), options(list)] },
  PairwiseLogisticLoss: lossModule(
    () => new losses.PairwiseLogisticLoss(),
    "pairwiseLogistic",
    list,
  ),
  psnr: { args: [of(images), of(images), options(noise)] },
  PSNRLoss: moduleOf(() => new losses.PSNRLoss(), "psnr", noise, of(images), of(images)),
  ssim: { args: [of(images), of(images), options(structure)] },
  SSIMLoss: moduleOf(
    () => new losses.SSIMLoss({ windowSize: 3 }),
    "ssim",
    structure,
    of(images),
    of(images),
  ),
  msSsim: {
    args: [of(images), of(images), options({ ...structure, powers: of(() => [1]) })],
  },
  MSSSIMLoss: moduleOf(
    () => new losses.MSSSIMLoss({ windowSize: 3, powers: [1] }),
    "msSsim",
    { ...structure, powers: of(() => [1]) },
    of(images),
    of(images),
  ),
  totalVariation: { args: [of(images), options({ reduction })] },
  TotalVariationLoss: moduleOf(
    () => new losses.TotalVariationLoss(),
    "totalVariation",
    { reduction },
    of(images),
  ),
  ctc: { args: [...spoken, options(ctc)] },
  CTCLoss: {
    make: { args: [options(ctc)] },
    methods: {
      forward: { on: () => new losses.CTCLoss(), args: spoken, rest: true, named: "losses.ctc" },
    },
  },
  linearCrossEntropy: { args: [of(x), of(() => ones([4, 3])), of(labels), options(layer)] },
  LinearCrossEntropyLoss: moduleOf(
    () => new losses.LinearCrossEntropyLoss(),
    "linearCrossEntropy",
    held,
    of(x),
    of(() => ones([4, 3])),
    of(labels),
  ),
  generalRobust: {
    args: [of(x), of(x), options({ ...element, alpha: half, scale: half })],
  },
  GeneralRobustLoss: lossModule(() => new losses.GeneralRobustLoss(), "generalRobust", {
    ...heldElement,
    alpha: half,
    scale: half,
  }),
  AdaptiveRobustLoss: {
    make: {
      args: [options({ alpha: half, scale: half, reduction, dtype: of(() => "float64") })],
    },
    methods: pairOf(() => new losses.AdaptiveRobustLoss(), "AdaptiveRobustLoss"),
  },
  AdaptiveMSE: {
    make: { args: [options({ dtype: of(() => "float64") })] },
    methods: pairOf(() => new losses.AdaptiveMSE(), "AdaptiveMSE"),
  },
  RegionWeightedMSE: {
    make: { args: [of(regionMap), options({ dtype: of(() => "float64") })] },
    methods: pairOf(() => new losses.RegionWeightedMSE(regionMap()), "RegionWeightedMSE"),
  },
  MinimaxMSE: {
    make: { args: [of(regionMap), options({ dtype: of(() => "float64") })] },
    methods: pairOf(() => new losses.MinimaxMSE(regionMap()), "MinimaxMSE"),
  },
  MultiTaskLossWithUncertainty: {
    make: {
      args: [
        of(() => 2),
        options({
          kind: of(() => "regression"),
          clamp: of(() => [-4, 4]),
          dtype: of(() => "float64"),
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new losses.MultiTaskLossWithUncertainty(2),
        args: [of(() => [ones([]), ones([])])],
        named: "MultiTaskLossWithUncertainty",
      },
    },
  },
  MetaLossNetwork: {
    make: { args: [of(() => 5), options({ dtype: of(() => "float64") })] },
    methods: {
      forward: {
        on: () => new losses.MetaLossNetwork(5),
        args: [of(x), of(() => ones([2])), of(() => ones([2]))],
        named: "MetaLossNetwork",
      },
    },
  },
  AdaptiveLogSoftmaxWithLoss: {
    make: {
      args: [
        of(() => 3),
        of(() => 4),
        of(() => [1, 2]),
        options({ divValue: of(() => 2, "number"), headBias: flag, dtype: of(() => "float64") }),
      ],
    },
    methods: {
      forward: { on: softmax, args: [of(x), of(labels)], named: "AdaptiveLogSoftmaxWithLoss" },
      logProb: { on: softmax, args: [of(x)] },
      predict: { on: softmax, args: [of(x)] },
    },
  },
  reinforce: { args: [of(x), of(x), options(element)] },
  ReinforceLoss: lossModule(() => new losses.ReinforceLoss(), "reinforce", heldElement),
  dpo: { args: [of(x), of(x), of(x), of(x), options(preference)] },
  DPOLoss: moduleOf(() => new losses.DPOLoss(), "dpo", preference, of(x), of(x), of(x), of(x)),
  mse: { args: [of(x), of(x), options(element)] },
  huber: { args: [of(x), of(x), options({ ...element, delta: of(() => 2, "number") })] },
  l1: { args: [of(x), of(x), options(element)] },
  smoothL1: { args: [of(x), of(x), options({ ...element, beta: of(() => 2, "number") })] },
  poissonNll: { args: [of(x), of(x), options({ ...element, ...poisson })] },
  gaussianNll: { args: [of(x), of(x), of(x, "number"), options({ ...element, ...gaussian })] },
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
        args: [of(x), of(x), of(x, "number")],
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
