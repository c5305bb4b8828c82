/**
 * A row for each built-in loss, forward and backward, with 256 and 2^20 elements. A loss that is
 * not in the table does not compile. `torch/loss_rows.py` has the same losses by the same names:
 * PyTorch's own, and the formulas of the others in its ops.
 */

import { losses, type nn, type Tensor, where } from "@adjoint/ml";
import { labels, positions, setParameters, wave } from "./inputs.ts";
import { computing, type Row } from "./row.ts";

type Losses = typeof losses;

/** Losses that combine others or choose among them. */
type Tool = "dwa" | "groupGapPenalty" | "paretoFilter" | "taskGradients";

/** The losses that are functions. */
type FunctionName = {
  [K in Exclude<keyof Losses, Tool>]: Losses[K] extends (...call: never[]) => Tensor ? K : never;
}[Exclude<keyof Losses, Tool>];

/** The modules that are not made from a function. */
type LearnedName = {
  [K in keyof Losses]: Losses[K] extends losses.LossModule<infer _, infer __> ? never
    : Losses[K] extends new (...call: never[]) => nn.AnyModule ? K
    : never;
}[keyof Losses];

type Name = FunctionName | LearnedName | `regularization.${keyof Losses["regularization"]}`;

/** The tensors to differentiate with respect to, and the loss. */
type Work = readonly [leaves: readonly Tensor[], loss: () => Tensor];

/** Makes the work for a number of elements. */
type Make = (n: number) => Work;

type Pair = [Tensor, Tensor];
type Triple = [Tensor, Tensor, Tensor];

/** The work of a function of inputs, the first of which have gradients. */
function of<Inputs extends Tensor[]>(inputs: (n: number) => Inputs, tracked = 1) {
  return (loss: (...inputs: Inputs) => Tensor): Make => (n) => {
    const all = inputs(n);
    const leaves = all.slice(0, tracked).map((x) => x.requiresGrad_());
    return [leaves, () => loss(...all)];
  };
}

/** The work of a module on inputs, with gradients of its parameters too. */
function learned<Inputs extends [Tensor, ...Tensor[]]>(inputs: (n: number) => Inputs) {
  return <Module extends nn.AnyModule>(
    make: (x: Tensor) => Module,
    loss: (module: Module, ...inputs: Inputs) => Tensor,
  ): Make =>
  (n) => {
    const all = inputs(n);
    const module = make(all[0]);
    return [[all[0].requiresGrad_(), ...module.parameters()], () => loss(module, ...all)];
  };
}

const flags = (shape: readonly number[]) => where(wave(shape, { phase: 1.3 }).gt(0), 1, 0);
const signs = (shape: readonly number[]) => where(wave(shape, { phase: 1.3 }).gt(0), 1, -1);

const square = (n: number) => [Math.sqrt(n), Math.sqrt(n)];
/** Many rows of 16, for losses of all pairs in a row. */
const slim = (n: number) => [n / 16, 16];
const image = (n: number) => n === 256 ? [1, 1, 16, 16] : [4, 4, 256, 256];

const numbers = (n: number): Pair => [wave([n], { scale: 2 }), wave([n], { phase: 1.3 })];
/** The same, with errors that differ from region to region. */
const regional = (n: number): Pair => [
  wave([n], { scale: 2 }).add(labels(n).mul(0.1)),
  wave([n], { phase: 1.3 }),
];
const shares = (n: number): Pair => [wave([n], { offset: 0.5, scale: 0.4 }), flags([n])];
const binary = (n: number): Pair => [wave([n], { scale: 2 }), flags([n])];
const signed = (n: number): Pair => [wave([n], { scale: 2 }), signs([n])];
const classes = (n: number): Pair => {
  const [rows = 0, columns = 0] = square(n);
  return [wave([rows, columns], { scale: 2 }), positions([rows], columns)];
};
const vectors = (n: number): Pair => [wave(square(n)), wave(square(n), { phase: 1.3 })];
const lists = (n: number): Pair => [wave(slim(n)), wave(slim(n), { phase: 1.3, offset: 1 })];
const images = (n: number): Pair => [
  wave(image(n), { offset: 0.5, scale: 0.4 }),
  wave(image(n), { phase: 1.3, offset: 0.5, scale: 0.4 }),
];
/** Log-probabilities, and probabilities. */
const likely = (n: number): Pair => [
  wave([n], { offset: -3 }),
  wave([n], { phase: 1.3, offset: 0.5, scale: 0.4 }),
];
const triples = (n: number): Triple => [...vectors(n), wave(square(n), { phase: 2.3 })];
const ranked = (n: number): Triple => [...numbers(n), signs([n])];
const alike = (n: number): Triple => [...vectors(n), signs([Math.sqrt(n)])];
const spread = (n: number): Triple => [...numbers(n), wave([n], { phase: 2.3, offset: 1.5 })];
/** The log-probabilities that two policies give to two answers, or to tokens, and the outcomes. */
const policies = (n: number): [...Triple, Tensor] => [
  ...spread(n),
  wave([n], { phase: 3.3, scale: 2 }),
];
const labelled = (n: number): Pair => {
  const rows = n === 256 ? 16 : 64;
  return [wave([rows, n / rows]), labels(rows)];
};
const single = (n: number): [Tensor] => [wave(square(n))];
const severalClasses = (n: number): Pair => [wave(square(n), { scale: 2 }), flags(square(n))];
const examples = (n: number): Triple => [
  wave(slim(n)),
  wave([n / 16], { scale: 2 }),
  wave([n / 16], { phase: 1.3 }),
];
/** Features, a layer with as many classes, and labels. */
const projected = (n: number): Triple => {
  const [x, target] = classes(n);
  return [x, wave(square(n), { phase: 1.3, scale: n ** -0.25 }), target];
};
/** Images of 16 by 16. */
const SMALL_SCALES = { windowSize: 3, powers: [0.4, 0.6] };

/** Three labels for each row, followed by none. */
function labelLists(n: number): Pair {
  const [rows = 0, columns = 0] = slim(n);
  const first = labels(rows).unsqueeze(1);
  const kept = wave([1, columns]).add(positions([columns], columns)).lt(3);
  const all = first.add(positions([columns], columns).mul(2)).remainder(columns);
  return [wave([rows, columns]), where(kept.expand([rows, columns]), all, -1)];
}

/** Sequences of logits, and targets of a quarter of their length. */
function sequences(n: number): [Tensor, Tensor, Tensor, Tensor] {
  const [times, count, width] = n === 256 ? [8, 2, 16] : [64, 64, 256];
  const all = (length: number) => positions([count], 1).add(length);
  const targets = positions([count, times / 4], width - 1).add(1);
  return [wave([times, count, width]), targets, all(times), all(times / 4)];
}

/** The errors of two tasks. */
function tasks(p: Tensor, t: Tensor): Tensor[] {
  return [losses.mse(p, t), losses.huber(p, t)];
}

const LOSSES: { readonly [K in Name]: Make } = {
  mse: of(numbers)(losses.mse),
  huber: of(numbers)(losses.huber),
  l1: of(numbers)(losses.l1),
  smoothL1: of(numbers)(losses.smoothL1),
  logCosh: of(numbers)(losses.logCosh),
  quantile: of(numbers)((p, t) => losses.quantile(p, t, { q: 0.9 })),
  charbonnier: of(numbers)(losses.charbonnier),
  cauchy: of(numbers)(losses.cauchy),
  tukeyBiweight: of(numbers)(losses.tukeyBiweight),
  generalRobust: of(numbers)(losses.generalRobust),
  poissonNll: of(binary)(losses.poissonNll),
  gaussianNll: of(spread)(losses.gaussianNll),
  bce: of(shares)(losses.bce),
  bceWithLogits: of(binary)(losses.bceWithLogits),
  focal: of(binary)(losses.focal),
  softMargin: of(signed)(losses.softMargin),
  hinge: of(signed)(losses.hinge),
  hingeEmbedding: of(signed)(losses.hingeEmbedding),
  marginRanking: of(ranked, 2)(losses.marginRanking),
  crossEntropy: of(classes)(losses.crossEntropy),
  nll: of(classes)(losses.nll),
  poly1: of(classes)(losses.poly1),
  sparsemax: of(classes)(losses.sparsemax),
  multiMargin: of(classes)(losses.multiMargin),
  multiLabelMargin: of(labelLists)(losses.multiLabelMargin),
  multiLabelSoftMargin: of(severalClasses)(losses.multiLabelSoftMargin),
  klDiv: of(likely)(losses.klDiv),
  jsDiv: of(likely)(losses.jsDiv),
  wasserstein1d: of(vectors)(losses.wasserstein1d),
  cosineEmbedding: of(alike, 2)(losses.cosineEmbedding),
  tripletMargin: of(triples, 3)(losses.tripletMargin),
  tripletMarginWithDistance: of(triples, 3)(losses.tripletMarginWithDistance),
  contrastive: of(labelled)(losses.contrastive),
  infoNce: of(vectors, 2)(losses.infoNce),
  ntXent: of(vectors, 2)(losses.ntXent),
  supCon: of(labelled)(losses.supCon),
  listwiseSoftmax: of(lists)(losses.listwiseSoftmax),
  pairwiseLogistic: of(lists)(losses.pairwiseLogistic),
  dice: of(images)(losses.dice),
  jaccard: of(images)(losses.jaccard),
  tversky: of(images)(losses.tversky),
  psnr: of(images)(losses.psnr),
  ssim: of(images)(losses.ssim),
  msSsim: of(images)((p, t) => losses.msSsim(p, t, p.size === 256 ? SMALL_SCALES : {})),
  totalVariation: of(images)((x) => losses.totalVariation(x)),
  ctc: of(sequences)((x, targets, times, lengths) =>
    losses.ctc(x.logSoftmax(2), targets, times, lengths)
  ),
  linearCrossEntropy: of(projected, 2)(losses.linearCrossEntropy),
  reinforce: of(numbers)(losses.reinforce),
  dpo: of(policies, 2)(losses.dpo),
  PPOSequenceLoss: of(policies)((now, old, gains, goals) =>
    new losses.PPOSequenceLoss().forward(now, old, gains, goals, now, now).loss
  ),
  AdaptiveMSE: learned(numbers)(
    () => new losses.AdaptiveMSE(),
    (loss, p, t) => loss.forward(p, t),
  ),
  AdaptiveRobustLoss: learned(numbers)(
    () => new losses.AdaptiveRobustLoss(),
    (loss, p, t) => loss.forward(p, t),
  ),
  RegionWeightedMSE: learned(regional)(
    (p) => new losses.RegionWeightedMSE(labels(p.size)),
    (loss, p, t) => loss.forward(p, t),
  ),
  MinimaxMSE: learned(regional)(
    (p) => new losses.MinimaxMSE(labels(p.size)),
    (loss, p, t) => loss.forward(p, t),
  ),
  MultiTaskLossWithUncertainty: learned(numbers)(
    () => new losses.MultiTaskLossWithUncertainty(2),
    (loss, p, t) => loss.forward(tasks(p, t)),
  ),
  WeightedSum: learned(numbers)(
    () => new losses.WeightedSum([0.3, 0.7]),
    (loss, p, t) => loss.forward(tasks(p, t)),
  ),
  Tchebycheff: learned(numbers)(
    () => new losses.Tchebycheff([0.3, 0.7]),
    (loss, p, t) => loss.forward(tasks(p, t)),
  ),
  MetaLossNetwork: learned(examples)(
    () => setParameters(new losses.MetaLossNetwork(18)),
    (loss, x, p, t) => loss.forward(x, p, t),
  ),
  AdaptiveLogSoftmaxWithLoss: learned(classes)(
    ({ shape: [, width = 0] }) =>
      setParameters(
        new losses.AdaptiveLogSoftmaxWithLoss(width, width, [width / 8, width / 2]),
      ),
    (loss, x, target) => loss.forward(x, target).loss,
  ),
  "regularization.l1": of(single)(losses.regularization.l1),
  "regularization.l2": of(single)(losses.regularization.l2),
  "regularization.orthogonal": of(single)(losses.regularization.orthogonal),
};

/** The rounding of long sums in float32. */
const TOLERANCES: { readonly [K in Name]?: number } = { msSsim: 1e-4, ctc: 1e-3 };

function lossRow(name: Name, n: number, size: string, target: number): Row {
  return {
    name: `${name} of ${size}, backward`,
    target,
    tolerance: TOLERANCES[name] ?? 1e-5,
    large: n > 256,
    make: () => {
      const [leaves, compute] = LOSSES[name](n);
      return computing(() => {
        for (const x of leaves) x.grad = null;
        const loss = compute();
        loss.backward();
        return loss;
      }, () => leaves.map((x) => x.grad));
    },
  };
}

/** The rows, in the order of the table. */
export const lossRows: readonly Row[] = (Object.keys(LOSSES) as Name[]).flatMap((name) => [
  lossRow(name, 256, "256", 0.3),
  lossRow(name, 2 ** 20, "2^20", 1),
]);
