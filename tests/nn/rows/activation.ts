/** Activations. */

import { type LayerRow, PLAIN } from "./row.ts";

export const ACTIVATIONS = {
  ReLU: PLAIN,
  Sigmoid: PLAIN,
  Softplus: PLAIN,
  Tanh: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
