/** Good calls of layers that are affine maps, of reshaping, chance, and layers one after the other. */

import { nn, ones, RandomGenerator, type Tensor } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag, forward, x } from "./row.ts";

/** A layer that drops elements. */
function drops(on: () => nn.Module, named: string, input: () => Tensor) {
  return {
    make: { args: [of(() => 0.5, "undefined", "number")] },
    methods: forward(on, named, of(input)),
  } as const;
}

export const LINEAR = {
  Linear: {
    make: {
      args: [
        of(() => 3),
        of(() => 2),
        options({ bias: flag, dtype }),
      ],
    },
    methods: forward(() => new nn.Linear(3, 2), "Linear", of(x)),
  },
  Flatten: {
    make: { args: [of(() => 0, "undefined"), of(() => 1, "undefined")] },
    methods: forward(() => new nn.Flatten(0), "flatten"),
  },
  Identity: {
    make: { args: [] },
    methods: forward(() => new nn.Identity(), "Identity", of(x, "tensor")),
  },
  Unflatten: {
    make: { args: [of(() => 0), of(() => [2, 1])] },
    methods: forward(() => new nn.Unflatten(0, [2, 1]), "unflatten", of(x)),
  },
  Bilinear: {
    make: { args: [of(() => 3), of(() => 3), of(() => 1), options({ bias: flag, dtype })] },
    methods: {
      forward: {
        on: () => new nn.Bilinear(3, 3, 1),
        args: [of(x), of(x)],
        rest: true,
        named: "bilinear",
      },
    },
  },
  Dropout: drops(() => new nn.Dropout(), "dropout", x),
  Dropout1d: drops(() => new nn.Dropout1d(), "dropout1d", x),
  Dropout2d: drops(() => new nn.Dropout2d(), "dropout2d", () => ones([1, 2, 2])),
  Dropout3d: drops(() => new nn.Dropout3d(), "dropout3d", () => ones([1, 1, 2, 2])),
  AlphaDropout: drops(() => new nn.AlphaDropout(), "alphaDropout", x),
  Sequential: {
    make: { args: [of(() => new nn.ReLU()), of(() => new nn.ReLU())], rest: true },
    methods: forward(() => new nn.Sequential(new nn.ReLU()), "relu"),
  },
} as const;

const generator = of(() => new RandomGenerator(1));

/** A function that drops elements. */
function dropout(input: () => Tensor) {
  const keys = { p: of(() => 0.1, "number"), training: flag, generator };
  return { args: [of(input), options(keys)] } as const;
}

export const LINEAR_FUNCTIONS = {
  linear: {
    args: [
      of(x),
      of(() => ones([4, 3])),
      options({ bias: of(() => ones([4]), "null"), activation: of(() => "tanh") }),
    ],
  },
  bilinear: {
    args: [
      of(x),
      of(x),
      of(() => ones([4, 3, 3])),
      options({ bias: of(() => ones([4]), "null") }),
    ],
  },
  dropout: dropout(x),
  dropout1d: dropout(x),
  dropout2d: dropout(() => ones([1, 2, 2])),
  dropout3d: dropout(() => ones([1, 1, 2, 2])),
  alphaDropout: dropout(x),
} as const;
