/**
 * The value, gradient and curvature of every loss, as a function of one number, at fixed points. The
 * gradient is what training follows: compare how it grows, stays or fades far from the minimum.
 * Run with: deno run --allow-ffi examples/loss_zoo.ts
 */

import { cat, grad, losses, stack, type Tensor, tensor } from "@adjoint/ml";

/** Losses of one family as functions of a number, with its meaning and the points to evaluate. */
export interface Family {
  readonly variable: string;
  readonly points: readonly number[];
  readonly curves: Readonly<Record<string, (x: Tensor) => Tensor>>;
}

const float64 = { dtype: "float64" } as const;
const number = (value: number) => tensor(value, float64);
const int32 = (data: number[]) => tensor(data, { dtype: "int32" });
const zero = number(0);
const one = number(1);

/** A row of numbers, some of which are the variable. */
const row = (...values: (Tensor | number)[]) =>
  stack(values.map((value) => typeof value === "number" ? number(value) : value), 0);

/** Two logits: the right class's, and 0. */
const logits = (x: Tensor) => row(x, 0).unsqueeze(0);
const right = int32([0]);

/** A vector of length 1 at an angle. */
const at = (angle: Tensor | number) => {
  const x = typeof angle === "number" ? number(angle) : angle;
  return stack([x.cos(), x.sin()], 0).unsqueeze(0);
};

/** Pictures of stripes, and of checks to add to them. */
const stripes = tensor(Float64Array.from({ length: 256 }, (_, i) => i % 4 < 2 ? 0.7 : 0.3))
  .reshape([1, 1, 16, 16]);
const checks = tensor(Float64Array.from({ length: 256 }, (_, i) => ((i >> 4) + i) % 2 ? 1 : -1))
  .reshape([1, 1, 16, 16]);
const noisy = (x: Tensor) => checks.mul(x).add(stripes);

/** Four positions with one probability each, half of them in the region. */
const share = (x: Tensor) => row(x, x, x, x).reshape([1, 1, 4]);
const region = tensor([[[1, 1, 0, 0]]], float64);

const RESIDUALS = [-3, 0, 0.1, 1, 3, 100];
const residual = { variable: "residual r", points: RESIDUALS } as const;

/** The families, by the name of their page in `docs/losses`. */
export const ZOO = {
  regression: {
    ...residual,
    curves: {
      mse: (r) => losses.mse(r, zero),
      l1: (r) => losses.l1(r, zero),
      smoothL1: (r) => losses.smoothL1(r, zero),
      huber: (r) => losses.huber(r, zero),
    },
  },
  robust: {
    ...residual,
    curves: {
      logCosh: (r) => losses.logCosh(r, zero),
      quantile: (r) => losses.quantile(r, zero, { q: 0.9 }),
      charbonnier: (r) => losses.charbonnier(r, zero),
      cauchy: (r) => losses.cauchy(r, zero),
      tukeyBiweight: (r) => losses.tukeyBiweight(r, zero),
      generalRobust: (r) => losses.generalRobust(r, zero, { alpha: -2 }),
    },
  },
  binary: {
    variable: "logit z of a true label",
    points: [-100, -3, 0, 3, 100],
    curves: {
      bce: (z) => losses.bce(z.sigmoid(), one),
      bceWithLogits: (z) => losses.bceWithLogits(z, one),
      focal: (z) => losses.focal(z, one),
      softMargin: (z) => losses.softMargin(z, one),
      multiLabelSoftMargin: (z) => losses.multiLabelSoftMargin(row(z), row(1)),
    },
  },
  margin: {
    variable: "score x of a true label",
    points: [-100, -1, 0, 0.5, 3],
    curves: {
      hinge: (x) => losses.hinge(x, one),
      hingeEmbedding: (x) => losses.hingeEmbedding(x, number(-1)),
      marginRanking: (x) => losses.marginRanking(x, zero, one, { margin: 1 }),
      multiMargin: (x) => losses.multiMargin(logits(x), right),
      multiLabelMargin: (x) => losses.multiLabelMargin(logits(x), int32([0, -1]).unsqueeze(0)),
    },
  },
  classification: {
    variable: "logit z of the right class; the other is 0",
    points: [-100, -3, 0, 0.5, 3, 100],
    curves: {
      crossEntropy: (z) => losses.crossEntropy(logits(z), right),
      nll: (z) => losses.nll(logits(z).logSoftmax(1), right),
      poly1: (z) => losses.poly1(logits(z), right),
      sparsemax: (z) => losses.sparsemax(logits(z), right),
      linearCrossEntropy: (z) =>
        losses.linearCrossEntropy(row(z).unsqueeze(0), tensor([[1], [0]], float64), right),
    },
  },
  probability: {
    variable: "prediction x",
    points: [-3, -1, 0, 1, 3],
    curves: {
      poissonNll: (x) => losses.poissonNll(x, one),
      gaussianNll: (x) => losses.gaussianNll(x, zero, one),
      klDiv: (x) => losses.klDiv(logits(x).logSoftmax(1), row(0.5, 0.5).unsqueeze(0)),
      jsDiv: (x) => losses.jsDiv(logits(x).logSoftmax(1), row(0.5, 0.5).unsqueeze(0)),
      wasserstein1d: (x) => losses.wasserstein1d(row(x, 2), row(0, 1)),
    },
  },
  similarity: {
    variable: "angle φ between two similar vectors; a third is at a right angle",
    points: [0, 0.5, 1, 2, 3],
    curves: {
      cosineEmbedding: (x) => losses.cosineEmbedding(at(x), at(0), row(1)),
      tripletMargin: (x) => losses.tripletMargin(at(x), at(0), at(Math.PI / 2)),
      tripletMarginWithDistance: (x) =>
        losses.tripletMarginWithDistance(at(x), at(0), at(Math.PI / 2), {
          distanceFunction: (a, b) => a.mul(b).sum(-1).neg().add(1),
        }),
      infoNce: (x) => losses.infoNce(at(x), at(0), { negatives: at(Math.PI / 2) }),
      ntXent: (x) => losses.ntXent(cat([at(x), at(2)], 0), cat([at(0), at(2)], 0)),
      supCon: (x) => losses.supCon(cat([at(x), at(0), at(Math.PI / 2)], 0), int32([0, 0, 1])),
      contrastive: (x) =>
        losses.contrastive(cat([at(x), at(0), at(Math.PI / 2)], 0), int32([0, 0, 1])),
    },
  },
  ranking: {
    variable: "score s of the relevant item; the other is 0",
    points: [-100, -3, 0, 3, 100],
    curves: {
      listwiseSoftmax: (s) => losses.listwiseSoftmax(row(s, 0), row(1, 0)),
      pairwiseLogistic: (s) => losses.pairwiseLogistic(row(s, 0), row(1, 0)),
    },
  },
  segmentation: {
    variable: "probability p of every position, half of which are in the region",
    points: [0, 0.1, 0.5, 0.9, 1],
    curves: {
      dice: (p) => losses.dice(share(p), region),
      jaccard: (p) => losses.jaccard(share(p), region),
      tversky: (p) => losses.tversky(share(p), region, { alpha: 0.3, beta: 0.7 }),
    },
  },
  structural: {
    variable: "amplitude a of checks added to a picture of stripes",
    points: [0, 0.01, 0.1, 0.3],
    curves: {
      psnr: (a) => losses.psnr(noisy(a), stripes),
      ssim: (a) => losses.ssim(noisy(a), stripes),
      msSsim: (a) => losses.msSsim(noisy(a), stripes, { windowSize: 3, powers: [0.3, 0.3, 0.4] }),
      totalVariation: (a) => losses.totalVariation(noisy(a)),
    },
  },
  sequence: {
    variable: "logit z of the label in each of three steps; the blank's is 0",
    points: [-10, -1, 0, 1, 10],
    curves: {
      ctc: (z) => {
        const steps = row(0, z).expand([3, 1, 2]).logSoftmax(2);
        return losses.ctc(steps, int32([1]).unsqueeze(0), int32([3]), int32([1]));
      },
    },
  },
  policy: {
    variable: "log-probability x of the better answer, minus the old or reference one",
    points: [-3, -0.1, 0, 0.1, 3, 30],
    curves: {
      reinforce: (x) => losses.reinforce(x, one),
      PPOSequenceLoss: (x) =>
        new losses.PPOSequenceLoss({ entropyCoef: 0 }).forward(x, zero, one, zero, zero, zero).loss,
      dpo: (x) => losses.dpo(x, zero, zero, zero),
    },
  },
  learned: {
    ...residual,
    curves: {
      AdaptiveMSE: (r) => new losses.AdaptiveMSE(float64).forward(r, zero),
      AdaptiveRobustLoss: (r) => new losses.AdaptiveRobustLoss(float64).forward(r, zero),
      MultiTaskLossWithUncertainty: (r) =>
        new losses.MultiTaskLossWithUncertainty(2, float64).forward([r.square(), one]),
      RegionWeightedMSE: (r) =>
        new losses.RegionWeightedMSE(int32([0, 1]), float64).forward(row(r, 1), row(0, 0)),
      MinimaxMSE: (r) =>
        new losses.MinimaxMSE(int32([0, 1]), float64).forward(row(r, 1), row(0, 0)),
    },
  },
} as const satisfies Readonly<Record<string, Family>>;

/** Value, gradient and curvature at a point. */
export function derivatives(curve: (x: Tensor) => Tensor, point: number): number[] {
  const x = number(point).requiresGrad_();
  const value = curve(x);
  const [slope] = grad(value, [x], { createGraph: true });
  const [bend] = slope.requiresGrad ? grad(slope, [x], { allowUnused: true }) : [null];
  return [value.item(), slope.item(), bend?.item() ?? 0];
}

if (import.meta.main) {
  for (const { variable, points, curves } of Object.values<Family>(ZOO)) {
    console.log(`\n${variable}: value, gradient, curvature`);
    for (const [name, curve] of Object.entries(curves)) {
      const cells = points.map((point) =>
        `${point}: ${derivatives(curve, point).map((x) => Number(x.toPrecision(3))).join(" ")}`
      );
      console.log(`  ${name.padEnd(26)}${cells.join(" | ")}`);
    }
  }
}
