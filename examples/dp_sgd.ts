/**
 * Differentially private gradient descent (M. Abadi et al., "Deep Learning with Differential Privacy",
 * 2016) on synthetic data: each sample's gradient is clipped by itself, and noise is added to their sum.
 *
 *   deno run --allow-ffi examples/dp_sgd.ts --seed 1
 *
 * Options: --seed N, --quick (fewer steps), --json (a last line with the figures).
 *
 * Beside plain gradient descent stand two controls: so much noise that nothing is learned, and clipping
 * of the whole batch, which does not bound what one sample does. That is measured: the "influence" is the
 * most that leaving out one sample changes a step, in standard deviations of the noise. Privacy needs a
 * bound of it, here 1 / noise. There is no accountant of the privacy that is spent.
 */

import { parseArgs } from "node:util";
import {
  cat,
  functionalCall,
  losses,
  manualSeed,
  nn,
  noGrad,
  nonzero,
  perSampleGrad,
  rand,
  randint,
  randn,
  type Tensor,
  vmap,
} from "@adjoint/ml";

const [FEATURES, CLASSES, TRAIN, TEST, LOT, CLIP, LR] = [20, 4, 2000, 1000, 200, 1, 0.5];

/** How the gradients of a lot become one step. */
export interface Method {
  /** What is clipped to the norm 1: each sample's gradient, their mean, or nothing. */
  readonly clip: "sample" | "batch" | "none";
  /** Standard deviation of the noise, in units of what clipping allows a sample. */
  readonly noise: number;
}

/** What came of training. */
export interface Result {
  /** Share of test samples that are classified right. */
  readonly accuracy: number;
  /** The most that one sample changed a step, in standard deviations of the noise; null without any. */
  readonly influence: number | null;
}

/** What is compared. */
export const METHODS: Readonly<Record<string, Method>> = {
  "plain SGD": { clip: "none", noise: 0 },
  "DP-SGD": { clip: "sample", noise: 1 },
  "control: batch clipped": { clip: "batch", noise: 1 },
  "control: noise 10000": { clip: "sample", noise: 10_000 },
};

/** Samples around the mean of their class; some 2 % are outliers, with labels by chance. */
function samples(count: number, means: Tensor): { x: Tensor; y: Tensor } {
  const y = randint(0, CLASSES, [count]);
  const x = means.indexSelect(0, y).add(randn([count, FEATURES]));
  const outlier = rand([count, 1]).lt(0.02);
  const wrong = randint(0, CLASSES, [count]).mul(outlier.squeeze(1));
  return { x: x.add(randn(x.shape).mul(20).mul(outlier)), y: y.add(wrong).remainder(CLASSES) };
}

function clipped(g: Tensor): Tensor {
  return g.div(g.norm({ dim: -1, keepdim: true }).div(CLIP).clamp(1, null));
}

/** Trains a network by a method. */
export function train({ clip, noise }: Method, seed: number, steps: number): Result {
  manualSeed(seed);
  const means = randn([CLASSES, FEATURES]).mul(0.5);
  const [known, unknown] = [samples(TRAIN, means), samples(TEST, means)];
  const layers = [new nn.Linear(FEATURES, 32), new nn.Tanh(), new nn.Linear(32, CLASSES)];
  const model = new nn.Sequential(...layers);
  const params = Object.fromEntries(model.namedParameters());
  const weights = model.parameters();
  const gradients = perSampleGrad((own: Record<string, Tensor>, x: Tensor, y: Tensor) =>
    losses.crossEntropy(functionalCall(model, own, x.unsqueeze(0)), y.unsqueeze(0))
  );
  // What becomes of the sum over a lot: it is kept, or its mean is clipped.
  const bounded = (sum: Tensor) => clip === "batch" ? clipped(sum.div(LOT)).mul(LOT) : sum;
  let influence = 0;
  for (let step = 0; step < steps; step++) {
    const lot = nonzero(rand([TRAIN]).lt(LOT / TRAIN)).squeeze(1);
    const each = gradients(params, known.x.indexSelect(0, lot), known.y.indexSelect(0, lot));
    const rows = cat(Object.values(each).map((g) => g.flatten(1)), 1);
    const parts = clip === "sample" ? clipped(rows) : rows;
    const sum = parts.sum(0);
    const left = vmap((part) => bounded(sum.sub(part)).sub(bounded(sum)).norm())(parts);
    influence = Math.max(influence, left.max().item());
    const change = bounded(sum).add(randn(sum.shape).mul(noise * CLIP)).mul(LR / LOT);
    const changes = change.split(weights.map((p) => p.size));
    noGrad(() => weights.forEach((p, i) => p.copy_(p.sub(changes[i]!.reshape(p.shape)))));
  }
  const right = noGrad(() => model.forward(unknown.x)).argmax(1).eq(unknown.y).sum().item();
  return { accuracy: right / TEST, influence: noise === 0 ? null : influence / (noise * CLIP) };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const [seed, steps] = [Number(values.seed), values.quick ? 40 : 200];
  console.log(`seed ${seed}, ${steps} steps, ${TRAIN} synthetic samples, chance is ${1 / CLASSES}`);
  const methods: Record<string, Result> = {};
  for (const [name, method] of Object.entries(METHODS)) {
    const { accuracy, influence } = methods[name] = train(method, seed, steps);
    const most = influence === null ? "" : `, influence ${influence.toFixed(2)}`;
    console.log(`${name.padEnd(24)} accuracy ${(100 * accuracy).toFixed(1)} %${most}`);
  }
  if (values.json) console.log(JSON.stringify({ seed, steps, methods }));
}
