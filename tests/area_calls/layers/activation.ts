/** Good calls of activations. */

import { nn, ones } from "../../../mod.ts";
import { type Arg, of, options } from "../../common/calls.ts";
import { dtype, forward, x } from "./row.ts";

const number = (value: number) => of(() => value, "number");

/** An activation without options. */
function plain(on: () => nn.Module, named: string) {
  return { make: { args: [] }, methods: forward(on, named) } as const;
}

/** An activation with options, which takes tensors of floating type only. */
function optional<const Keys extends Readonly<Record<string, Arg>>>(
  on: () => nn.Module,
  named: string,
  keys: Keys,
) {
  return { make: { args: [options(keys)] }, methods: forward(on, named, of(x)) } as const;
}

const alpha = number(2);

export const ACTIVATIONS = {
  ReLU: plain(() => new nn.ReLU(), "relu"),
  Tanh: plain(() => new nn.Tanh(), "tanh"),
  Sigmoid: plain(() => new nn.Sigmoid(), "sigmoid"),
  SELU: { make: { args: [] }, methods: forward(() => new nn.SELU(), "selu", of(x)) },
  SiLU: { make: { args: [] }, methods: forward(() => new nn.SiLU(), "silu", of(x)) },
  Mish: { make: { args: [] }, methods: forward(() => new nn.Mish(), "mish", of(x)) },
  Softsign: { make: { args: [] }, methods: forward(() => new nn.Softsign(), "softsign", of(x)) },
  Hardswish: { make: { args: [] }, methods: forward(() => new nn.Hardswish(), "hardswish", of(x)) },
  LogSigmoid: plain(() => new nn.LogSigmoid(), "logSigmoid"),
  LeakyReLU: optional(() => new nn.LeakyReLU(), "leakyRelu", { negativeSlope: alpha }),
  ELU: optional(() => new nn.ELU(), "elu", { alpha }),
  CELU: optional(() => new nn.CELU(), "celu", { alpha }),
  Hardtanh: optional(() => new nn.Hardtanh(), "hardtanh", {
    minVal: number(-2),
    maxVal: number(2),
  }),
  Softplus: optional(() => new nn.Softplus(), "softplus", {
    beta: alpha,
    threshold: number(30),
  }),
  GELU: optional(() => new nn.GELU(), "gelu", { approximate: of(() => "tanh") }),
  GLU: optional(() => new nn.GLU({ dim: 0 }), "glu", { dim: of(() => 0) }),
  Softmax: { make: { args: [of(() => 1)] }, methods: forward(() => new nn.Softmax(1), "softmax") },
  LogSoftmax: {
    make: { args: [of(() => 1)] },
    methods: forward(() => new nn.LogSoftmax(1), "logSoftmax"),
  },
  PReLU: {
    make: { args: [options({ numParameters: of(() => 2), init: alpha, dtype })] },
    methods: forward(() => new nn.PReLU(), "prelu", of(x)),
  },
} as const;

/** The function of an activation with options. */
function optionalFunction<const Keys extends Readonly<Record<string, Arg>>>(keys: Keys) {
  return { args: [of(x), options(keys)] } as const;
}

export const ACTIVATION_FUNCTIONS = {
  leakyRelu: optionalFunction({ negativeSlope: alpha }),
  elu: optionalFunction({ alpha }),
  celu: optionalFunction({ alpha }),
  hardtanh: optionalFunction({ minVal: number(-2), maxVal: number(2) }),
  softplus: optionalFunction({ beta: alpha, threshold: number(30) }),
  glu: { args: [of(() => ones([2, 4])), options({ dim: of(() => 0) })] },
  selu: { args: [of(x)] },
  silu: { args: [of(x)] },
  mish: { args: [of(x)] },
  softsign: { args: [of(x)] },
  hardswish: { args: [of(x)] },
  prelu: { args: [of(x), of(() => ones([3]))] },
} as const;
