/** Good calls of layers that are affine maps, of reshaping, chance, and layers one after the other. */

import { nn } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag, forward, x } from "./row.ts";

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
  Dropout: {
    make: { args: [of(() => 0.5, "undefined", "number")] },
    methods: forward(() => new nn.Dropout(), "dropout", of(x)),
  },
  Sequential: {
    make: { args: [of(() => new nn.ReLU()), of(() => new nn.ReLU())], rest: true },
    methods: forward(() => new nn.Sequential(new nn.ReLU()), "relu"),
  },
} as const;
