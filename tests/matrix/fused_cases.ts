/** The fused ops: their cases, and the composite that is the reference of each. */

import { clampComposite } from "../../lib/ops/elementwise/clamp.ts";
import { geluComposite, geluTanhComposite } from "../../lib/ops/elementwise/gelu.ts";
import { cdistComposite } from "../../lib/ops/linalg/cdist.ts";
import { gram, gramComposite } from "../../lib/ops/linalg/gram.ts";
import { linear, linearComposite } from "../../lib/ops/linalg/linear.ts";
import { pairSquares, pairSquaresComposite } from "../../lib/ops/linalg/pair_squares.ts";
import {
  biweightError,
  cauchyError,
  charbonnierError,
  generalRobustError,
  huberError,
  log1pSquare,
  log1pSquareComposite,
  logCoshError,
  logitError,
  meanDivergence,
  type PairLoss,
  pseudoHuberError,
  reduced,
  relativeEntropy,
  shareError,
  smoothL1Error,
  squaredError,
} from "../../lib/ops/loss/fused.ts";
import {
  layerNormComposite,
  logSoftmaxComposite,
  logsumexpComposite,
  softmaxComposite,
} from "../../lib/ops/normalize/fused.ts";
import { unitComposite } from "../../lib/ops/normalize/unit.ts";
import { overlap, overlapComposite, rowDots, rowDotsComposite } from "../../lib/ops/reduce/dots.ts";
import { product, productComposite } from "../../lib/ops/reduce/fused.ts";
import { lstm, lstmComposite } from "../../lib/ops/scan/lstm.ts";
import { runningProduct, runningProductComposite } from "../../lib/ops/scan/fused.ts";
import {
  cdist,
  clamp,
  gelu,
  layerNorm,
  logSoftmax,
  logsumexp,
  norm,
  normalize,
  softmax,
  std,
  type Tensor,
  variance,
} from "../../mod.ts";
import { sample } from "../common/samples.ts";
import { type CaseInput, random } from "./cases.ts";
import { casesOf, type Function, type FusedCase, type FusedRow, NONE, wide } from "./fused_form.ts";
import { ROW_CASES } from "./row_cases.ts";

/** Elements near 1 and −1, whose products stay near 1, and 0 on request. */
function factors(shape: readonly number[], zeros: boolean): CaseInput {
  const { data } = sample(`factors ${shape}`, shape, "float32", [-1, 1]);
  return {
    shape,
    data: data.map((x) => zeros && Math.abs(x) < 0.15 ? 0 : Math.sign(x) * (0.9 + 0.2 * x * x)),
  };
}

type Activation = "relu" | "tanh" | "sigmoid";

/** Affine maps with a bias and without. */
function affine(attributes: FusedRow<Activation | null>["attributes"]): FusedCase[] {
  const sizes = [[1, 1, 1], [3, 5, 2], [64, 784, 128], [300, 7, 200]] as const;
  return casesOf({
    attributes,
    inputs: () =>
      sizes.flatMap(([rows, inside, out]) => {
        const [x, weight] = [random(rows, inside), random(out, inside)];
        return [[x, weight], [x, weight, random(out)]];
      }),
    fused: ([x, weight, bias = null], activation) => linear(x!, weight!, bias, activation),
    composite: ([x, weight, bias = null], activation) =>
      linearComposite(x!, weight!, bias, activation),
  });
}

/** Products along the last dimension. */
function products(fused: Function, composite: Function): FusedCase[] {
  const shapes = [[1], [2, 1], [3, 5], [40, 3, 17], [2, 300]];
  return casesOf({
    attributes: { "of no zeros": false, "of some zeros": true },
    inputs: (zeros) => shapes.map((shape) => [factors(shape, zeros)]),
    fused: ([x]) => fused(x!),
    composite: ([x]) => composite(x!),
  });
}

/** Elements from 0 to 1, including both. */
function shares(...shape: number[]): CaseInput {
  const { data } = sample(`shares ${shape}`, shape, "float32", [0, 1]);
  return { shape, data: data.map((x, i) => i % 29 === 5 ? 0 : i % 29 === 7 ? 1 : x) };
}

/** The cases of a loss of pairs of elements. */
interface PairTrials {
  readonly predictions?: (...shape: number[]) => CaseInput;
  readonly targets?: (...shape: number[]) => CaseInput;
  /** Its options. */
  readonly parameters?: readonly number[];
  /** The options in words. */
  readonly told?: string;
}

/** Losses of pairs of elements, with a given kind of predictions and targets. */
function pairs(
  loss: PairLoss,
  { predictions = random, targets = random, parameters = [0.7], told = "" }: PairTrials = {},
): FusedCase[] {
  const shapes = [[1], [7], [40, 30], [300], [100_000]];
  const reductions = { each: "none", added: "sum", averaged: "mean" } as const;
  return casesOf({
    attributes: Object.fromEntries(
      Object.entries(reductions).map(([word, reduction]) => [`${word} ${told}`, reduction]),
    ),
    // For large inputs one of several trials is enough.
    inputs: () =>
      shapes.slice(0, told === "" ? undefined : -1)
        .map((shape) => [predictions(...shape), targets(...shape)]),
    fused: ([p, t], reduction) => loss(p!, t!, reduction, ...parameters),
    composite: ([p, t], reduction) => reduced(loss.composite(p!, t!, ...parameters), reduction),
  });
}

/** Divergences from probabilities, some of which are 0, and from logarithms. */
function divergences(loss: PairLoss): FusedCase[] {
  return [
    ...pairs(loss, { targets: shares, parameters: [0] }),
    ...pairs(loss, { parameters: [1], told: "of logarithms" }),
  ];
}

/** Random elements, some of which are bounds. */
function bounded(...shape: number[]): CaseInput {
  const { data } = sample(`bounded ${shape}`, shape, "float32", [-3, 3]);
  return { shape, data: data.map((x, i) => i % 7 === 3 ? Math.round(x) : x) };
}

type Along = (x: Tensor, dim: number) => Tensor;

/** Functions along a dimension. */
function along(fused: Along, composite: Along): FusedCase[] {
  const shapes = [[1], [7], [3, 5], [40, 30], [64, 1000], [5, 30, 7], [2, 200, 90]];
  return casesOf({
    attributes: { "along the first": 0, "along the second": 1, "along the third": 2 },
    inputs: (dim) => shapes.filter(({ length }) => length > dim).map((shape) => [wide(...shape)]),
    fused: ([x], dim) => fused(x!, dim),
    composite: ([x], dim) => composite(x!, dim),
  });
}

/** Elementwise functions. */
function elementwise(fused: (x: Tensor) => Tensor, composite: (x: Tensor) => Tensor): FusedCase[] {
  return casesOf({
    attributes: NONE,
    inputs: () => [[1], [3, 5], [70, 1000]].map((shape) => [wide(...shape)]),
    fused: ([x]) => fused(x!),
    composite: ([x]) => composite(x!),
  });
}

/** The rows of a layer norm: with or without a weight and a bias. */
const ROWS = {
  "": [false, false],
  "with a weight": [true, false],
  "with a bias": [false, true],
  "with both": [true, true],
} as const;

function layerNorms(): FusedCase[] {
  const split = (inputs: readonly Tensor[], [weight, bias]: readonly [boolean, boolean]) =>
    [weight ? inputs[1]! : null, bias ? inputs.at(-1)! : null] as const;
  return casesOf<readonly [boolean, boolean]>({
    attributes: ROWS,
    inputs: (rows) =>
      [[4, 3], [300, 50], [7, 2, 600]].map((shape) => [
        random(...shape),
        ...rows.filter((given) => given).map(() => random(...shape.slice(1))),
      ]),
    fused: (inputs, rows) => {
      const [x] = inputs;
      const [weight, bias] = split(inputs, rows);
      return layerNorm(x!, x!.shape.slice(1), { weight, bias });
    },
    composite: (inputs, rows) => {
      const [x] = inputs;
      return layerNormComposite(x!, ...split(inputs, rows), {
        shape: x!.shape.slice(1),
        eps: 1e-5,
      });
    },
  });
}

/** The variance in simple ops, which are accurate if the mean is near 0. */
function simpleVariance(x: Tensor, dim: number | undefined): Tensor {
  const centered = x.sub(x.mean(dim, { keepdim: true }));
  const size = dim === undefined ? x.size : x.shape.at(dim)!;
  return centered.square().sum(dim).div(size - 1);
}

/** Several outputs as one: their sum with a different factor for each. */
function mixed(outputs: readonly Tensor[], factors: readonly number[]): Tensor {
  return factors.map((factor, i) => outputs[i]!.mul(factor)).reduce((sum, x) => sum.add(x));
}

type OverDims = (x: Tensor, dim: number | undefined) => Tensor;

function overDims(fused: OverDims, composite: OverDims): FusedCase[] {
  return casesOf({
    attributes: { "over all": undefined, "over the first": 0, "over the last": -1 },
    inputs: () => [[2, 2], [3, 5], [64, 784], [5, 30, 7]].map((shape) => [random(...shape)]),
    fused: ([x], dim) => fused(x!, dim),
    composite: ([x], dim) => composite(x!, dim),
  });
}

/** The cases of each op, by its name in the registry. */
export const FUSED_CASES: Readonly<Record<string, readonly FusedCase[]>> = {
  linear: affine({ "": null }),
  activatedLinear: affine({ relu: "relu", tanh: "tanh", sigmoid: "sigmoid" }),
  prod: products(product, productComposite),
  cumprod: products(runningProduct, runningProductComposite),
  lstm: casesOf({
    attributes: {
      "the gates": { output: 0, reverse: false },
      "the states": { output: 1, reverse: false },
      "the gates, backwards": { output: 0, reverse: true },
      "the states, backwards": { output: 1, reverse: true },
    } as const,
    inputs: () =>
      ([[1, 1, 1], [3, 2, 4], [5, 20, 17]] as const).map(([steps, batch, hidden]) => [
        random(steps, batch, 4 * hidden),
        random(2, batch, hidden),
        random(4 * hidden, hidden),
      ]),
    fused: ([inputs, states, weight], { output, ...way }) =>
      lstm(inputs!, states!, weight!, way)[output],
    composite: ([inputs, states, weight], { output, ...way }) =>
      lstmComposite(inputs!, states!, weight!, way)[output],
  }),
  norm: casesOf({
    attributes: { "over all": undefined, "over the first": 0, "over the last": -1 },
    inputs: () => [[1], [3, 5], [64, 784], [5, 30, 7]].map((shape) => [random(...shape)]),
    fused: ([x], dim) => norm(x!, dim === undefined ? {} : { dim }),
    composite: ([x], dim) => x!.square().sum(dim).sqrt(),
  }),
  variance: overDims((x, dim) => variance(x, dim), simpleVariance),
  std: overDims((x, dim) => std(x, dim), (x, dim) => simpleVariance(x, dim).sqrt()),
  gelu: elementwise(gelu, geluComposite),
  geluTanh: elementwise((x) => gelu(x, { approximate: "tanh" }), geluTanhComposite),
  log1pSquare: elementwise(log1pSquare, log1pSquareComposite),
  mse: pairs(squaredError),
  huber: pairs(huberError),
  smoothL1: pairs(smoothL1Error),
  logCosh: pairs(logCoshError),
  charbonnier: pairs(charbonnierError),
  cauchy: pairs(cauchyError),
  tukeyBiweight: pairs(biweightError),
  bce: pairs(shareError, { predictions: shares }),
  bceWithLogits: pairs(logitError, { predictions: wide }),
  pseudoHuber: pairs(pseudoHuberError),
  generalRobust: [1, -2, 2.5].flatMap((alpha) =>
    pairs(generalRobustError, { parameters: [alpha, 0.7], told: `of shape ${alpha}` })
  ),
  klDiv: divergences(relativeEntropy),
  jsDiv: divergences(meanDivergence),
  clamp: casesOf({
    attributes: {
      "between": [-1, 2],
      "from below": [0.5, null],
      "from above": [null, 0],
      "to one number": [1, 1],
      "by infinite bounds": [-Infinity, Infinity],
    } as const,
    inputs: () => [[1], [3, 5], [70, 1000]].map((shape) => [bounded(...shape)]),
    fused: ([x], [min, max]) => clamp(x!, min, max),
    composite: ([x], [min, max]) => clampComposite(x!, { min, max }),
  }),
  unit: casesOf({
    attributes: { "": 1e-12, "of short ones too": 2 },
    inputs: () =>
      [[1], [3, 5], [40, 300], [5, 30, 7]].map((shape) => [random(...shape)]).concat(
        [[{ shape: [3, 2], data: [0, 0, 3, 4, 1e-3, 0] }]],
      ),
    fused: ([x], eps) => normalize(x!, { dim: -1, eps }),
    composite: ([x], eps) => unitComposite(x!, eps),
  }),
  rowDots: casesOf({
    attributes: { "of two": 2, "of one with itself": 1 },
    inputs: (count) =>
      [[1], [3, 5], [40, 300], [5, 30, 7]].map((shape) => [
        random(...shape),
        ...count === 2 ? [random(...shape)] : [],
      ]),
    fused: ([a, b = null]) => rowDots(a!, b),
    composite: ([a, b = null]) => rowDotsComposite(a!, b),
  }),
  overlap: casesOf({
    attributes: { "of products": [1], "of products and one": [1, 2], "of all": [1, 2, 3] },
    inputs: () =>
      [[1], [3, 5], [40, 300], [5, 30, 7], [2, 9000]].map((shape) => [
        random(...shape),
        random(...shape),
      ]),
    fused: ([a, b], factors) => mixed(overlap(a!, b!), factors),
    composite: ([a, b], factors) => mixed(overlapComposite(a!, b!), factors),
  }),
  gram: casesOf({
    attributes: NONE,
    inputs: () => [[1, 1], [3, 5], [40, 17], [7, 3000]].map((shape) => [random(...shape)]),
    fused: ([x]) => gram(x!),
    composite: ([x]) => gramComposite(x!),
  }),
  pairSquares: casesOf({
    attributes: NONE,
    inputs: () => [[2, 3], [5, 1], [40, 17], [7, 3000]].map((shape) => [random(...shape)]),
    fused: ([points]) => pairSquares(points!),
    composite: ([points]) => pairSquaresComposite(points!),
  }),
  softmax: along(softmax, softmaxComposite),
  logSoftmax: along(logSoftmax, logSoftmaxComposite),
  logsumexp: along(
    (x, dim) => logsumexp(x, dim),
    (x, dim) => logsumexpComposite(x, [dim], false),
  ),
  layerNorm: layerNorms(),
  cdist: casesOf({
    attributes: { "order 0": 0, "1": 1, "2": 2, "1.5": 1.5, "∞": Infinity },
    inputs: () =>
      ([[[1, 1], [1, 1]], [[3, 5], [4, 5]], [[2, 40, 3], [2, 30, 3]], [[60, 50], [7, 50]]] as const)
        .map((pair) => pair.map((shape) => random(...shape))),
    fused: ([a, b], p) => cdist(a!, b!, { p }),
    composite: ([a, b], p) => cdistComposite(a!, b!, p),
  }),
  ...ROW_CASES,
};
