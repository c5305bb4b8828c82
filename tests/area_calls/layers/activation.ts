/** Good calls of activations. */

import { nn } from "../../../mod.ts";
import { forward } from "./row.ts";

export const ACTIVATIONS = {
  ReLU: { make: { args: [] }, methods: forward(() => new nn.ReLU(), "relu") },
  Sigmoid: { make: { args: [] }, methods: forward(() => new nn.Sigmoid(), "sigmoid") },
  Softplus: { make: { args: [] }, methods: forward(() => new nn.Softplus(), "softplus") },
  Tanh: { make: { args: [] }, methods: forward(() => new nn.Tanh(), "tanh") },
} as const;
