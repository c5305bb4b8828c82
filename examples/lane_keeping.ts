/**
 * A net that sees a lane steers a toy car along it. Article 001 lists autonomous driving. A small
 * convolutional net learns to steer from 700 synthetic views, and then drives. Its steering
 * determines what it sees next, so small errors could add up; over 200 steps of a winding lane they
 * do not. Without steering, the car drifts off. This is a toy and says nothing about real cars.
 *
 *   deno run --allow-ffi examples/lane_keeping.ts --seed 1
 *
 * The control drives with a net that was trained on shuffled answers.
 */

import {
  data,
  losses,
  nn,
  noGrad,
  optim,
  randint,
  randperm,
  rl,
  type Tensor,
  train,
  zeros,
} from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net that sees a lane steers a toy car along it.");
const views = data.synthetic.lanes(800);
const answers = run.control ? views.y.indexSelect(0, randperm(800)) : views.y;
const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 5, { stride: 2, padding: 2 }),
  new nn.ReLU(),
  new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
  new nn.ReLU(),
  new nn.Flatten(),
  new nn.Linear(512, 32),
  new nn.ReLU(),
  new nn.Linear(32, 1),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
for (let step = 0; step < (run.quick ? 150 : 400); step++) {
  const batch = randint(0, 700, [32]);
  optimizer.zeroGrad();
  const output = model.forward(views.x.indexSelect(0, batch));
  losses.mse(output, answers.indexSelect(0, batch)).backward();
  optimizer.step();
}

/** The offset from the lane's middle at each of 200 steps. */
function drive(steer: (view: Tensor) => Tensor): number[] {
  const env = new rl.LaneKeeping({ maxSteps: 201, limit: 100 });
  let view = env.reset();
  return Array.from({ length: 200 }, () => {
    const { observation, reward } = env.step(noGrad(() => steer(view)));
    view = observation;
    return Math.abs(reward.item());
  });
}

const steered = drive((view) => model.forward(view));
const free = drive(() => zeros([1, 1]));
const largest = (offsets: number[]) => Math.max(...offsets.slice(20));
console.log("A synthetic lane; the largest offset after 20 steps:");
run.figures("B-31", { steered: largest(steered), free: largest(free) });
run.picture(
  "offsets",
  plot.lines({ steered, "hands off": free }, {
    title: "Offset from the middle of the lane",
    xLabel: "step",
    yLabel: "offset",
  }),
);
run.end();
