/** Activations. */

import { type LayerRow, PLAIN } from "./row.ts";

export const ACTIVATIONS = {
  ReLU: PLAIN,
  Tanh: PLAIN,
  Sigmoid: PLAIN,
  SELU: PLAIN,
  SiLU: PLAIN,
  Mish: PLAIN,
  Softsign: PLAIN,
  Hardswish: PLAIN,
  LogSigmoid: PLAIN,
  LeakyReLU: PLAIN,
  ELU: PLAIN,
  CELU: PLAIN,
  Hardtanh: PLAIN,
  Softplus: PLAIN,
  GLU: PLAIN,
  GELU: PLAIN,
  Softmax: PLAIN,
  LogSoftmax: PLAIN,
  PReLU: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
