/**
 * Does uncertainty weighting find the noisy task? Kendall's loss of article 002 divides the pull of
 * each task by a learned variance. Shown are its training loop with two groups of parameters, and
 * two tasks of which one is noisy. Synthetic data.
 *
 *   deno run --allow-ffi examples/uncertainty.ts --seed 11
 */
import { data, losses, nn, optim, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "Two groups in one optimizer, and a noisy task that gets less weight.",
);
const world = Number(run.seed);

// C-14: model and criterion in one optimizer; each keeps its own rate under a schedule.
const model = new nn.Linear(16, 1);
const criterion = new losses.MultiTaskLossWithUncertainty(2);
const groups = [
  { params: model.parameters() },
  { params: run.control ? [] : criterion.parameters(), lr: 2e-2 },
];
const optimizer = new optim.Adam(groups, { lr: 1e-3 });
const scheduler = new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
const first = data.synthetic.twoRegions(128, { world });
const regionLosses = (net: nn.Linear, { x, y, group }: data.synthetic.GroupedSamples) => {
  const each = net.forward(x).sub(y).square().squeeze(1);
  return [0, 1].map((region) => each.maskedSelect(group.eq(region)).mean());
};
const before = [model.weight.detach().clone(), criterion.logVars.detach().clone()] as const;
criterion.forward(regionLosses(model, first)).backward();
optimizer.step();
scheduler.step();
// The first step of Adam equals the rate in every parameter.
const steps = [model.weight.sub(before[0]), criterion.logVars.sub(before[1])]
  .map((moved) => moved.abs().mean().item());
const rates = optimizer.paramGroups.map(({ lr }) => lr);
console.log(`steps of model and criterion: ${steps}; rates after the schedule: ${rates}`);
run.figures("C-14", { modelStep: steps[0]!, criterionStep: steps[1]!, rates });

// C-15: two tasks with the same true weights; their noise has deviations 0.1 and 3.
function cleanError(weighted: boolean) {
  const net = new nn.Linear(16, 1);
  const own = new losses.MultiTaskLossWithUncertainty(2);
  const sum = new losses.WeightedSum([1, 1]);
  const adam = new optim.Adam([...net.parameters(), ...own.parameters()], { lr: 2e-2 });
  const course: number[][] = [];
  for (let step = 0; step < (run.quick ? 400 : 2000); step++) {
    if (step % 20 === 0) course.push(own.logVars.toArray() as number[]);
    adam.zeroGrad();
    (weighted ? own : sum).forward(regionLosses(net, first)).backward();
    adam.step();
  }
  const [low, high] = own.logVars.toArray() as [number, number];
  const test = data.synthetic.twoRegions(2000, { world, noise: 0 });
  const error = losses.mse(net.forward(test.x), test.y).item();
  return { error, ratio: Math.exp(low - high), course };
}
const plain = cleanError(false);
const learned = cleanError(!run.control);
console.log(
  `weight of the noisy task relative to the other: 1 to ${(1 / learned.ratio).toFixed(0)}`,
);
console.log(
  `clean test error: ${learned.error.toPrecision(3)}, equal weights ${plain.error.toPrecision(3)}`,
);
console.log(
  "The article is right here: noisy tasks, not hard ones, get less weight.",
);
run.picture(
  "log_variances",
  plot.lines({
    "noise of 0.1": learned.course.map(([low]) => low!),
    "noise of 3": learned.course.map(([, high]) => high!),
  }, {
    x: learned.course.map((_, i) => 20 * i),
    xLabel: "step",
    yLabel: "log-variance",
    references: [
      { y: Math.log(2 * 0.1 ** 2), label: "ln 2σ²" },
      { y: Math.log(2 * 3 ** 2) },
    ],
  }),
);
run.figures("C-15", { weightRatio: learned.ratio, errorRatio: learned.error / plain.error });
run.end();
