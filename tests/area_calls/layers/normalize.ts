/** Good calls of normalisation. */

import { nn } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag, forward, x } from "./row.ts";

export const NORMALIZE = {
  LayerNorm: {
    make: {
      args: [
        of(() => 3),
        options({
          eps: of(() => 1e-5, "number"),
          elementwiseAffine: flag,
          bias: flag,
          dtype,
        }),
      ],
    },
    methods: forward(() => new nn.LayerNorm(3), "layerNorm", of(x)),
  },
} as const;
