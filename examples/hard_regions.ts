/**
 * Do trained weights find the regions that matter? Article 000 trains a factor α by descent, but
 * descent shrinks whatever multiplies an error. Two losses work: log-variances, which find noisy
 * regions, and weights trained by ascent, which find hard ones. Synthetic data.
 *
 *   deno run --allow-ffi examples/hard_regions.ts --seed 11
 */
import { data, linspace, losses, nn, optim, rand, type Tensor, train, where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Weights of regions: descent avoids errors, ascent seeks them.");
const world = Number(run.seed);
const steps = run.quick ? 300 : 2000;

// (a) Two regions share the model's weights; the second one is noisy.
const { x, y, group } = data.synthetic.twoRegions(128, { world });
const clean = data.synthetic.twoRegions(2000, { world, noise: 0 });

/** The error on clean targets after training with a loss. */
function cleanError(loss: losses.Loss): number {
  const model = new nn.Linear(16, 1);
  const params = [...model.parameters(), ...loss.parameters()];
  const optimizer = new optim.Adam(params, { lr: 2e-2 });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    loss.forward(model.forward(x), y).backward();
    optimizer.step();
  }
  return losses.mse(model.forward(clean.x), clean.y).item();
}
const equal = cleanError(new losses.MSELoss());
const weighted = cleanError(
  run.control ? new losses.MSELoss() : new losses.RegionWeightedMSE(group.unsqueeze(1)),
);
console.log(
  `clean error: equal weights ${equal.toPrecision(3)}, learned ${weighted.toPrecision(3)}`,
);

// (b) The left quarter is hard; nothing is noisy.
const places = rand([400, 1]).mul(2).sub(1);
const hard = places.lt(-0.5);
const heights = where(hard, places.mul(12).sin(), places.mul(0.3));
const regions = hard.to({ dtype: "int32" });

const line = linspace(-1, 1, 200).unsqueeze(1);

/** The error in the hard region, its weight, and the fit. */
function fitted(way: "equal" | "ascent" | "descent") {
  const model = new nn.Sequential(new nn.Linear(1, 12), new nn.Tanh(), new nn.Linear(12, 1));
  const minimax = new losses.MinimaxMSE(regions);
  const loss: losses.Loss = way === "equal" ? new losses.MSELoss() : minimax;
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  // The loss reverses the gradient of its logits, so descent of the optimizer is ascent.
  const weights = new optim.SGD(minimax.parameters(), { lr: 0.5, maximize: way === "descent" });
  for (let step = 0; step < (run.quick ? 300 : 1500); step++) {
    optimizer.zeroGrad();
    weights.zeroGrad();
    loss.forward(model.forward(places), heights).backward();
    optimizer.step();
    if (way !== "equal") weights.step();
  }
  const errors: Tensor = model.forward(places).sub(heights).square();
  return {
    hard: errors.maskedSelect(hard).mean().item(),
    weight: minimax.logits.softmax(0).at(1).item(),
    fit: model.forward(line).squeeze(1).detach(),
  };
}
const trials = Array.from({ length: run.quick ? 1 : 5 }, () => ({
  equal: fitted("equal"),
  ascent: fitted(run.control ? "descent" : "ascent"),
  descent: fitted("descent"),
}));
const middle = (ratios: number[]) => ratios.toSorted((a, b) => a - b)[ratios.length >> 1]!;
const ascent = middle(trials.map((trial) => trial.ascent.hard / trial.equal.hard));
const descent = middle(trials.map((trial) => trial.descent.hard / trial.equal.hard));
const weight = middle(trials.map((trial) => trial.descent.weight));
for (const trial of trials) {
  const errors = Object.entries(trial).map(([way, { hard }]) => `${way} ${hard.toPrecision(2)}`);
  console.log(`error in the hard region: ${errors.join(", ")}`);
}
console.log(
  "The article is wrong: descent drives the weight of the hard region to 0; ascent raises it.",
);
console.log("Which of the two losses is right depends on whether regions are noisy or hard.");
const [{ equal: flat, ascent: seeking, descent: fleeing }] = trials as [typeof trials[number]];
run.picture(
  "hard_region",
  plot.figure([[
    plot.scatter(places.squeeze(1), heights.squeeze(1), {
      label: "data",
      title: "A hard left quarter",
    }),
    plot.lines({ equal: flat.fit, ascent: seeking.fit, descent: fleeing.fit }, {
      x: line.squeeze(1),
    }),
  ]]),
);
run.figures("A-13", {
  cleanRatio: weighted / equal,
  ascentRatio: ascent,
  descentRatio: descent,
  descentWeight: weight,
});
run.end();
