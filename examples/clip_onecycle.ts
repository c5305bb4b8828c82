/**
 * Gradient clipping and a one-cycle schedule belong in the training loop. In sample S2 of article
 * 000, as printed, gradients are clipped once, before there are any, and the schedule never takes a
 * step, so neither has an effect. The right order in the loop: backward, clip, step of the
 * optimizer, step of the schedule. Adam's own rate has no effect, since the schedule replaces it at
 * once.
 *
 *   deno run -A examples/clip_onecycle.ts --seed 1
 *
 * The control is the sample as printed. Synthetic data. That one cycle beats a rate of 1e-3 says
 * nothing about a tuned rate, and neither part helps against outliers.
 */

import { data, losses, nn, noGrad, optim, rand, randn, tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Clipping and one-cycle schedules only work in the training loop.");
const inLoop = !run.control;

/** Adam's learning rate and first-moment coefficient at each of 500 steps. */
function cycle(inLoop: boolean): { rates: number[]; moments: number[] } {
  const optimizer = new optim.Adam([zeros([1], { requiresGrad: true })], { lr: 1e-3 });
  const schedule = new optim.OneCycleLR(optimizer, { maxLr: 1e-2, stepsPerEpoch: 10, epochs: 50 });
  const [rates, moments]: [number[], number[]] = [[], []];
  for (let step = 0; step < 500; step++) {
    const [group] = optimizer.paramGroups;
    rates.push(group!.lr);
    moments.push(group!.betas[0]);
    optimizer.step();
    if (inLoop) schedule.step();
  }
  return { rates, moments };
}

/** The norm of a gradient, and the gradient clipped to 0.5; as printed, there is none yet. */
function clipped(gradient: number[], inLoop: boolean): number[] {
  const w = zeros([2], { requiresGrad: true });
  if (inLoop) w.grad = tensor(gradient);
  const norm = nn.utils.clipGradNorm_([w], 0.5).item();
  return [norm, ...((w.grad?.toArray() ?? []) as number[])];
}

/** A linear recurrent net whose states grow: its last loss, and the step at which it is not finite. */
function exploding(clip: boolean): { loss: number; ended: number } {
  const into = randn([8, 1]).mul(0.5).requiresGrad_();
  const around = nn.init.orthogonal_(zeros([8, 8], { requiresGrad: true }), 1.25);
  const out = randn([1, 8]).mul(0.3).requiresGrad_();
  const optimizer = new optim.SGD([into, around, out], { lr: 0.1 });
  for (let step = 1;; step++) {
    const x = rand([32, 30, 1]);
    let state = zeros([32, 8]);
    for (let t = 0; t < 30; t++) state = state.matmul(around.mT).add(x.at(":", t).matmul(into.mT));
    const loss = losses.mse(state.matmul(out.mT), x.mean(1));
    if (step === 300 || !Number.isFinite(loss.item())) return { loss: loss.item(), ended: step };
    optimizer.zeroGrad();
    loss.backward();
    if (clip) nn.utils.clipGradNorm_([into, around, out], 0.5);
    optimizer.step();
  }
}

/** The error after 50 epochs, with a one-cycle schedule or at Adam's own rate. */
function learned(oneCycle: boolean): number {
  const x = randn([320, 8]);
  const y = x.matmul(randn([8, 16])).sin().sum(1, { keepdim: true }).mul(0.5);
  const model = new nn.Sequential(new nn.Linear(8, 64), new nn.Tanh(), new nn.Linear(64, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const cycle = { maxLr: 1e-2, stepsPerEpoch: 10, epochs: 50 };
  const schedule = oneCycle ? new optim.OneCycleLR(optimizer, cycle) : null;
  const points = new data.TensorDataset(x, y);
  const loader = new data.DataLoader(points, { batchSize: 32, shuffle: true });
  for (let epoch = 0; epoch < 50; epoch++) {
    for (const [inputs, targets] of loader) {
      optimizer.zeroGrad();
      losses.mse(model.forward(inputs!), targets!).backward();
      nn.utils.clipGradNorm_(model.parameters(), 0.5);
      optimizer.step();
      if (inLoop) schedule?.step();
    }
  }
  return noGrad(() => losses.mse(model.forward(x), y)).item();
}

const [printed, right] = [cycle(false), cycle(inLoop)];
run.picture(
  "clip_onecycle",
  plot.figure([
    plot.lines({ printed: printed.rates, corrected: right.rates }, {
      xLabel: "step",
      yLabel: "learning rate",
    }),
    plot.lines(right.moments, { xLabel: "step", yLabel: "first moment of Adam" }),
  ]),
);
const steps = [0, 1, 10, 75, 149, 150, 250, 324, 400, 498, 499];
const free = exploding(false);
const held = exploding(inLoop);
console.log(`Without clipping the loss is ${free.loss} at step ${free.ended}.`);
run.figures("S2", {
  rates: steps.map((step) => right.rates[step]!),
  moments: steps.map((step) => right.moments[step]!),
  long: clipped([3, 4], inLoop),
  short: clipped([0.1, 0.1], inLoop),
  printedNorm: clipped([3, 4], false)[0]!,
  printedRate: printed.rates.at(-1)!,
});
run.figures("A-16", {
  free: free.ended,
  held: held.loss,
  constant: learned(false),
  oneCycle: learned(true),
});
run.end();
