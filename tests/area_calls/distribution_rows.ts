/** Good calls of distributions. */

import { distributions, ones, RandomGenerator, tensor } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const shape = of(() => [3], "undefined");
const draw = options({ generator: of(() => new RandomGenerator(1)) });
const float = of(() => ones([2]));
const parameter = of(() => ones([2]), "number");
const normal = () => new distributions.Normal(0, 1);
const categorical = () => new distributions.Categorical({ logits: ones([3]) });

/** Distributions. */
export const DISTRIBUTIONS: Rows<typeof distributions> = {
  Normal: {
    make: { args: [parameter, parameter] },
    methods: {
      sample: { on: normal, args: [shape, draw] },
      rsample: { on: normal, args: [shape, draw] },
      logProb: { on: normal, args: [float] },
      entropy: { on: normal, args: [] },
    },
  },
  Categorical: {
    make: {
      args: [of(() => ({ probs: ones([2, 3]) }))],
    },
    methods: {
      sample: { on: categorical, args: [shape, draw] },
      logProb: { on: categorical, args: [of(() => tensor([1, 0], { dtype: "int32" }))] },
      entropy: { on: categorical, args: [] },
    },
  },
  kl: { args: [of(normal), of(normal)] },
};
