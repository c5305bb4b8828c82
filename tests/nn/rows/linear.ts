/** Layers that are affine maps, reshaping, chance, and layers one after the other. */

import { type DType, nn } from "../../../mod.ts";
import { type LayerRow, PLAIN } from "./row.ts";

const NETS: Readonly<Record<string, (dtype: DType) => nn.Module[]>> = {
  "of nothing": () => [],
  "of a linear layer and relu": (dtype) => [
    new nn.Linear(3, 4, { dtype }),
    new nn.ReLU(),
    new nn.Linear(4, 2, { dtype }),
  ],
  "of a linear layer and tanh": (dtype) => [
    new nn.Linear(3, 4, { dtype }),
    new nn.Tanh(),
    new nn.Tanh(),
  ],
  "of a linear layer and sigmoid": (dtype) => [
    new nn.Linear(3, 2, { dtype, bias: false }),
    new nn.Sigmoid(),
  ],
  "of others": (dtype) => [
    new nn.Flatten(),
    new nn.Sequential(new nn.Linear(6, 2, { dtype })),
    new nn.Softplus(),
  ],
};

export const LINEAR = {
  Linear: PLAIN,
  Flatten: PLAIN,
  Identity: PLAIN,
  Unflatten: PLAIN,
  Bilinear: PLAIN,
  Dropout: PLAIN,
  Dropout1d: PLAIN,
  Dropout2d: PLAIN,
  Dropout3d: PLAIN,
  AlphaDropout: PLAIN,
  Sequential: { make: ({ title }, dtype) => new nn.Sequential(...NETS[title]!(dtype)) },
} as const satisfies Readonly<Record<string, LayerRow>>;
