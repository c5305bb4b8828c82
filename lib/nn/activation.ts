/** Activations as modules. */

import {
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  INTEGER,
  kept,
  oneOf,
  optionReader,
} from "../core/options.ts";
import {
  gelu,
  type GeluOptions,
  logSigmoid,
  logSoftmax,
  relu,
  sigmoid,
  softmax,
  tanh,
} from "../ops/mod.ts";
import { full } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  activationReader,
  type ActivationRule,
  CELU_RULE,
  ELU_RULE,
  type EluOptions,
  GLU_RULE,
  type GluOptions,
  hardswish,
  HARDTANH,
  type HardtanhOptions,
  LEAKY_RELU,
  type LeakyReluOptions,
  mish,
  prelu,
  selu,
  silu,
  SOFTPLUS,
  type SoftplusOptions,
  softsign,
} from "./activate.ts";
import { checkFloating } from "./checks.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";
import { shownCall } from "./shown.ts";

/** A layer that is an op of one tensor. */
export interface OpLayer extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  forward(x: Tensor): Tensor;
}

/** The class of a layer made from an op. */
export interface OpLayerClass<Args extends unknown[] = []> {
  /** Creates the layer. */
  new (...args: Args): OpLayer;
  /** What all instances have. */
  readonly prototype: OpLayer;
}

/**
 * Makes a layer class from an op.
 *
 * @param name What the class is called.
 */
export function opLayer(name: string, op: (x: Tensor) => Tensor): OpLayerClass {
  return class extends Module {
    static override readonly name: string = name;
    constructor() {
      super();
      checkCount(`make ${name}`, arguments.length, 0);
    }
    override forward(x: Tensor): Tensor {
      return op(x);
    }
  };
}

/** Makes a layer class from an activation with options. */
function activationLayer<Options extends object>(
  name: string,
  rule: ActivationRule<Options>,
): OpLayerClass<[options?: Options]> {
  const read = activationReader(rule);
  return class extends Module {
    static override readonly name: string = name;
    readonly options: Options;
    constructor(options?: Options) {
      super();
      checkCount(`make ${name}`, arguments.length, 1);
      this.options = kept(read(`make ${name}`, options));
    }
    override forward(x: Tensor): Tensor {
      checkFloating(`compute ${rule.name}`, x);
      return rule.compute(x, this.options);
    }
    protected override describe(): string {
      return shownCall([], this.options);
    }
  };
}

/** Makes a layer class from an op along a dimension. */
function alongLayer(
  name: string,
  op: (x: Tensor, dim: number) => Tensor,
): OpLayerClass<[dim: number]> {
  return class extends Module {
    static override readonly name: string = name;
    constructor(readonly dim: number) {
      super();
      checkCount(`make ${name}`, arguments.length, 1);
      checkKind(`make ${name}`, "dim", dim, INTEGER);
    }
    override forward(x: Tensor): Tensor {
      return op(x, this.dim);
    }
    protected override describe(): string {
      return shownCall([this.dim]);
    }
  };
}

const GELU_RULE: ActivationRule<GeluOptions> = {
  name: "gelu",
  kinds: { approximate: oneOf("none", "tanh") },
  compute: gelu,
};

/**
 * max(x, 0), elementwise. Follows `torch.nn.ReLU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.ReLU().forward(tensor([-1, 2])), [0, 2]);
 * ```
 */
export const ReLU: OpLayerClass = opLayer("ReLU", relu);
/** A {@linkcode ReLU} layer. */
export type ReLU = OpLayer;

/**
 * Hyperbolic tangent, elementwise. Follows `torch.nn.Tanh`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Tanh().forward(tensor([-100, 0, 100])), [-1, 0, 1]);
 * ```
 */
export const Tanh: OpLayerClass = opLayer("Tanh", tanh);
/** A {@linkcode Tanh} layer. */
export type Tanh = OpLayer;

/**
 * 1 / (1 + e⁻ˣ), elementwise. Follows `torch.nn.Sigmoid`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Sigmoid().forward(tensor([-100, 0, 100])), [0, 0.5, 1]);
 * ```
 */
export const Sigmoid: OpLayerClass = opLayer("Sigmoid", sigmoid);
/** A {@linkcode Sigmoid} layer. */
export type Sigmoid = OpLayer;

/**
 * {@linkcode ELU} with constants that keep mean 0 and variance 1 from layer to layer. Follows `torch.nn.SELU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.SELU().forward(tensor([0, 1])), [0, 1.050701]);
 * ```
 */
export const SELU: OpLayerClass = opLayer("SELU", selu);
/** A {@linkcode SELU} layer. */
export type SELU = OpLayer;

/**
 * x·σ(x), elementwise, also called swish. Follows `torch.nn.SiLU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.SiLU().forward(tensor([-100, 0, 100])), [0, 0, 100]);
 * ```
 */
export const SiLU: OpLayerClass = opLayer("SiLU", silu);
/** A {@linkcode SiLU} layer. */
export type SiLU = OpLayer;

/**
 * x·tanh(softplus(x)), elementwise. Follows `torch.nn.Mish`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Mish().forward(tensor([-100, 0, 100])), [0, 0, 100]);
 * ```
 */
export const Mish: OpLayerClass = opLayer("Mish", mish);
/** A {@linkcode Mish} layer. */
export type Mish = OpLayer;

/**
 * x / (1 + |x|), elementwise. Follows `torch.nn.Softsign`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Softsign().forward(tensor([-1, 0, 3])), [-0.5, 0, 0.75]);
 * ```
 */
export const Softsign: OpLayerClass = opLayer("Softsign", softsign);
/** A {@linkcode Softsign} layer. */
export type Softsign = OpLayer;

/**
 * x·min(max(x + 3, 0), 6)/6, elementwise. Follows `torch.nn.Hardswish`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Hardswish().forward(tensor([-4, 0, 4])), [0, 0, 4]);
 * ```
 */
export const Hardswish: OpLayerClass = opLayer("Hardswish", hardswish);
/** A {@linkcode Hardswish} layer. */
export type Hardswish = OpLayer;

/**
 * −ln(1 + e⁻ˣ), elementwise. Follows `torch.nn.LogSigmoid`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.LogSigmoid().forward(tensor([-100, 100])), [-100, 0]);
 * ```
 */
export const LogSigmoid: OpLayerClass = opLayer("LogSigmoid", logSigmoid);
/** A {@linkcode LogSigmoid} layer. */
export type LogSigmoid = OpLayer;

/**
 * x where it is above 0, else a small multiple of it, elementwise. Follows `torch.nn.LeakyReLU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.LeakyReLU({ negativeSlope: 0.5 }).forward(tensor([-2, 3])), [-1, 3]);
 * ```
 */
export const LeakyReLU: OpLayerClass<[options?: LeakyReluOptions]> = activationLayer(
  "LeakyReLU",
  LEAKY_RELU,
);
/** A {@linkcode LeakyReLU} layer. */
export type LeakyReLU = OpLayer;

/**
 * x above 0 and α·(eˣ − 1) below, elementwise. Follows `torch.nn.ELU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.ELU({ alpha: 2 }).forward(tensor([-100, 3])), [-2, 3]);
 * ```
 */
export const ELU: OpLayerClass<[options?: EluOptions]> = activationLayer("ELU", ELU_RULE);
/** A {@linkcode ELU} layer. */
export type ELU = OpLayer;

/**
 * x above 0 and α·(e^(x/α) − 1) below, elementwise. Follows `torch.nn.CELU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.CELU({ alpha: 2 }).forward(tensor([-100, 3])), [-2, 3]);
 * ```
 */
export const CELU: OpLayerClass<[options?: EluOptions]> = activationLayer("CELU", CELU_RULE);
/** A {@linkcode CELU} layer. */
export type CELU = OpLayer;

/**
 * x clamped to two bounds, elementwise. Follows `torch.nn.Hardtanh`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Hardtanh({ minVal: 0, maxVal: 6 }).forward(tensor([-1, 9])), [0, 6]);
 * ```
 */
export const Hardtanh: OpLayerClass<[options?: HardtanhOptions]> = activationLayer(
  "Hardtanh",
  HARDTANH,
);
/** A {@linkcode Hardtanh} layer. */
export type Hardtanh = OpLayer;

/**
 * ln(1 + e^(β·x))/β, elementwise, and x itself where β·x is above a threshold. Follows `torch.nn.Softplus`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Softplus().forward(tensor([-100, 100])), [0, 100]);
 * ```
 */
export const Softplus: OpLayerClass<[options?: SoftplusOptions]> = activationLayer(
  "Softplus",
  SOFTPLUS,
);
/** A {@linkcode Softplus} layer. */
export type Softplus = OpLayer;

/**
 * The first half of a dimension times the sigmoid of the second. Follows `torch.nn.GLU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.GLU().forward(tensor([2, 3, 100, -100])), [2, 0]);
 * ```
 */
export const GLU: OpLayerClass<[options?: GluOptions]> = activationLayer("GLU", GLU_RULE);
/** A {@linkcode GLU} layer. */
export type GLU = OpLayer;

/**
 * x·Φ(x), elementwise, where Φ is the distribution function of the normal distribution. Follows `torch.nn.GELU`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.GELU().forward(tensor([-100, 0, 100])), [0, 0, 100]);
 * ```
 */
export const GELU: OpLayerClass<[options?: GeluOptions]> = activationLayer("GELU", GELU_RULE);
/** A {@linkcode GELU} layer. */
export type GELU = OpLayer;

/**
 * eˣ / Σ eˣ along a dimension. Follows `torch.nn.Softmax`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.Softmax(0).forward(tensor([0, 0])), [0.5, 0.5]);
 * ```
 */
export const Softmax: OpLayerClass<[dim: number]> = alongLayer("Softmax", softmax);
/** A {@linkcode Softmax} layer. */
export type Softmax = OpLayer;

/**
 * x − ln Σ eˣ along a dimension. Follows `torch.nn.LogSoftmax`.
 *
 * @example In a call
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(new nn.LogSoftmax(0).forward(tensor([0, 0])), [-Math.LN2, -Math.LN2]);
 * ```
 */
export const LogSoftmax: OpLayerClass<[dim: number]> = alongLayer("LogSoftmax", logSoftmax);
/** A {@linkcode LogSoftmax} layer. */
export type LogSoftmax = OpLayer;

/** Options of `PReLU`. */
export interface PReLUOptions extends LayerOptions {
  /** How many slopes there are: 1, or one for each channel. Default: 1. */
  numParameters?: number;
  /** The initial slopes. Default: 0.25. */
  init?: number;
}

const readPReLU = optionReader<PReLUOptions>({
  ...LAYER_OPTIONS,
  numParameters: COUNT,
  init: FINITE,
});

/**
 * x above 0, else a learned multiple of it: one, or one for each channel. He and others, 2015; follows
 * `torch.nn.PReLU`.
 *
 * @example A quarter at first
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.PReLU().forward(tensor([-4, 2])).toArray(), [-1, 2]);
 * ```
 */
export class PReLU extends Module {
  /** Slopes below 0, of shape [1] or [channels]. */
  readonly weight: Parameter;
  private readonly made: string;

  /** Creates the layer. */
  constructor(options?: PReLUOptions) {
    super();
    checkCount("make PReLU", arguments.length, 1);
    const { numParameters = 1, init = 0.25, dtype = "float32" } = readPReLU("make PReLU", options);
    this.weight = new Parameter(full([numParameters], init, { dtype }));
    this.made = shownCall([], { ...options, dtype: undefined });
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, …], or any with one slope.
   */
  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return this.made;
  }
}
