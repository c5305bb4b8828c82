/** Good calls of meta-learning. */

import { meta, ones, optim, RandomGenerator, type Tensor } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const two = of(() => 2);
const distribution = () => new meta.TaskDistribution((generator) => ones([generator ? 2 : 0]));
const start = ones([2], { requiresGrad: true });

/** Inner loops, what goes through them, and where tasks come from. */
export const META: Rows<typeof meta> = {
  innerLoop: {
    patient: ["steps"],
    args: [
      options({
        params: of(() => ones([2]), "tensor"),
        loss: of(() => (w: Tensor) => w.square().sum()),
        steps: two,
        lr: of(() => 0.1, "number"),
        firstOrder: of(() => true, "flag"),
      }),
    ],
  },
  metaTrain: {
    patient: ["steps"],
    args: [
      options({
        tasks: of(distribution),
        loss: of(() => (goal: Tensor) => start.sub(goal).square().sum()),
        optimizer: of(() => new optim.SGD([start], { lr: 0.1 })),
        steps: two,
        tasksPerStep: two,
      }),
    ],
  },
  TaskDistribution: {
    make: { args: [of(() => () => ones([2]), "function")] },
    methods: {
      sample: {
        on: distribution,
        args: [two, options({ generator: of(() => new RandomGenerator(1)) })],
      },
    },
  },
};
