/** Activations as functions, and the definitions of their layers. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  FINITE,
  INTEGER,
  kind,
  optionReader,
  type OptionTable,
  POSITIVE,
  TENSOR,
} from "../core/options.ts";
import { normalizeDim } from "../core/shape.ts";
import { softplus as softplusOp, where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating } from "./checks.ts";

/** An activation with options. */
export type Activate<Options> = (x: Tensor, options?: Options) => Tensor;

/** The definition of an activation. */
export interface ActivationRule<Options extends object> {
  readonly name: string;
  /** The kinds of the options. */
  readonly kinds: OptionTable<Options>;
  /** Refuses options that contradict each other. */
  readonly check?: (call: string, options: Options) => void;
  readonly compute: (x: Tensor, options: Options) => Tensor;
}

/** Reads the options of an activation. */
export function activationReader<Options extends object>(
  { kinds, check }: ActivationRule<Options>,
): (call: string, given: Options | undefined) => Options {
  const read = optionReader(kinds);
  return (call, given) => {
    const options = read(call, given);
    check?.(call, options);
    return options;
  };
}

function activate<Options extends object>(rule: ActivationRule<Options>): Activate<Options> {
  const read = activationReader(rule);
  const call = `compute ${rule.name}`;
  return function (x, options?) {
    checkCount(call, arguments.length, 2);
    const given = read(call, options);
    checkFloating(call, x);
    return rule.compute(x, given);
  };
}

/** An activation without options. */
function plain(name: string, compute: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const call = `compute ${name}`;
  return function (x) {
    checkCount(call, arguments.length, 1);
    checkFloating(call, x);
    return compute(x);
  };
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** Slope below 0. Default: 0.01. */
  negativeSlope?: number;
}

/** The definition of leakyRelu. */
export const LEAKY_RELU: ActivationRule<LeakyReluOptions> = {
  name: "leakyRelu",
  kinds: { negativeSlope: FINITE },
  compute: (x, { negativeSlope = 0.01 }) => where(x.gt(0), x, x.mul(negativeSlope)),
};

/**
 * x where it is above 0, else a small multiple of it, elementwise. At 0 the slope is that from below. Follows
 * `torch.nn.functional.leaky_relu`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example A tenth of what is negative
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.leakyRelu(tensor([-2, 3]), { negativeSlope: 0.5 });
 * assertEquals(y.toArray(), [-1, 3]);
 * ```
 */
export const leakyRelu: Activate<LeakyReluOptions> = activate(LEAKY_RELU);

/** Options of `elu` and `celu`. */
export interface EluOptions {
  /** How far below 0 it goes. Default: 1. */
  alpha?: number;
}

/** x above 0, α·(e^(x/β) − 1) below. */
function eluOf(x: Tensor, alpha: number, beta = 1): Tensor {
  const above = x.gt(0);
  // Positive values stay out of the power, which would overflow.
  const below = where(above, 0, beta === 1 ? x : x.div(beta));
  return where(above, x, below.expm1().mul(alpha));
}

/** The definition of elu. */
export const ELU_RULE: ActivationRule<EluOptions> = {
  name: "elu",
  kinds: { alpha: FINITE },
  compute: (x, { alpha = 1 }) => eluOf(x, alpha),
};

/**
 * x above 0 and α·(eˣ − 1) below, elementwise. Clevert and others, 2015; follows
 * `torch.nn.functional.elu`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Large numbers stay, small ones end at −α
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.elu(tensor([-100, 3]), { alpha: 2 }).toArray(), [-2, 3]);
 * ```
 */
export const elu: Activate<EluOptions> = activate(ELU_RULE);

/** The definition of celu. */
export const CELU_RULE: ActivationRule<EluOptions> = {
  name: "celu",
  kinds: { alpha: kind("a finite number other than 0", (v) => v !== 0 && Number.isFinite(v)) },
  compute: (x, { alpha = 1 }) => eluOf(x, alpha, alpha),
};

/**
 * x above 0 and α·(e^(x/α) − 1) below, elementwise, with a continuous slope. Barron, 2017; follows
 * `torch.nn.functional.celu`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Large numbers stay, small ones end at −α
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.celu(tensor([-100, 3]), { alpha: 2 }).toArray(), [-2, 3]);
 * ```
 */
export const celu: Activate<EluOptions> = activate(CELU_RULE);

/** The constants of the paper, which keep mean 0 and variance 1 from layer to layer. */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/**
 * {@linkcode elu} with constants that keep mean 0 and variance 1 from layer to layer. Klambauer and
 * others, 2017; follows `torch.nn.functional.selu`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example At 1 it is its scale
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.selu(tensor([0, 1])), [0, 1.050701]);
 * ```
 */
export const selu: (x: Tensor) => Tensor = plain(
  "selu",
  (x) => eluOf(x, SELU.alpha).mul(SELU.scale),
);

/** x·σ(x), elementwise, also called swish. Follows `torch.nn.functional.silu`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Large numbers stay, small ones become 0
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.silu(tensor([-100, 0, 100])), [0, 0, 100]);
 * ```
 */
export const silu: (x: Tensor) => Tensor = plain("silu", (x) => x.mul(x.sigmoid()));

/** x·tanh(softplus(x)), elementwise. Misra, 2019; follows `torch.nn.functional.mish`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Large numbers stay, small ones become 0
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.mish(tensor([-100, 0, 100])), [0, 0, 100]);
 * ```
 */
export const mish: (x: Tensor) => Tensor = plain("mish", (x) => x.mul(softplusOp(x).tanh()));

/** x / (1 + |x|), elementwise. Follows `torch.nn.functional.softsign`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Halfway at 1
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.softsign(tensor([-1, 0, 3])).toArray(), [-0.5, 0, 0.75]);
 * ```
 */
export const softsign: (x: Tensor) => Tensor = plain("softsign", (x) => x.div(x.abs().add(1)));

/**
 * x·min(max(x + 3, 0), 6)/6, elementwise: close to x·σ(x), but cheaper. Howard and others, 2019; follows
 * `torch.nn.functional.hardswish`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Nothing below −3, everything above 3
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.hardswish(tensor([-4, 0, 4])).toArray(), [0, 0, 4]);
 * ```
 */
export const hardswish: (x: Tensor) => Tensor = plain("hardswish", (x) => {
  const middle = x.mul(x.add(3)).div(6);
  return where(x.le(-3), 0, where(x.ge(3), x, middle));
});

/** Options of `hardtanh`. */
export interface HardtanhOptions {
  /** Least value. Default: -1. */
  minVal?: number;
  /** Largest value, above the least. Default: 1. */
  maxVal?: number;
}

const BOUND = kind("a number", (value) => typeof value === "number" && !Number.isNaN(value));

/** The definition of hardtanh. */
export const HARDTANH: ActivationRule<HardtanhOptions> = {
  name: "hardtanh",
  kinds: { minVal: BOUND, maxVal: BOUND },
  check: (call, { minVal = -1, maxVal = 1 }) => {
    if (minVal < maxVal) return;
    throw new RangeError(
      `Cannot ${call}: minVal must be below maxVal, got ${minVal} and ${maxVal}`,
    );
  },
  compute: (x, { minVal = -1, maxVal = 1 }) => x.clamp(minVal, maxVal),
};

/**
 * x clamped to two bounds, elementwise; at a bound the slope is 0. Follows
 * `torch.nn.functional.hardtanh`.
 *
 * @throws {DTypeError} If the input is not floating.
 * @throws {RangeError} If the least value is not below the largest.
 *
 * @example From 0 to 6
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.hardtanh(tensor([-1, 5, 9]), { minVal: 0, maxVal: 6 });
 * assertEquals(y.toArray(), [0, 5, 6]);
 * ```
 */
export const hardtanh: Activate<HardtanhOptions> = activate(HARDTANH);

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** How sharp its bend is, above 0. Default: 1. */
  beta?: number;
  /** The product of x and beta above which the result is x itself. Default: 20. */
  threshold?: number;
}

/** The definition of softplus. */
export const SOFTPLUS: ActivationRule<SoftplusOptions> = {
  name: "softplus",
  kinds: {
    beta: POSITIVE,
    threshold: BOUND,
  },
  compute: (x, { beta = 1, threshold = 20 }) => {
    const scaled = beta === 1 ? x : x.mul(beta);
    const y = softplusOp(scaled);
    return where(scaled.gt(threshold), x, beta === 1 ? y : y.div(beta));
  },
};

/**
 * ln(1 + e^(β·x))/β, elementwise, and x itself where β·x is above a threshold. Follows
 * `torch.nn.functional.softplus`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example A sharp bend
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.softplus(tensor([0, 3]), { beta: 10 }), [Math.LN2 / 10, 3]);
 * ```
 */
export const softplus: Activate<SoftplusOptions> = activate(SOFTPLUS);

/** Options of `glu`. */
export interface GluOptions {
  /** The dimension that is halved. Default: -1. */
  dim?: number;
}

/** The definition of glu. */
export const GLU_RULE: ActivationRule<GluOptions> = {
  name: "glu",
  kinds: { dim: INTEGER },
  compute: (x, { dim = -1 }) => {
    const axis = normalizeDim("glu", dim, x.ndim);
    const extent = x.shape[axis] ?? 0;
    if (extent % 2 !== 0) {
      throw new ShapeError(
        `Cannot compute glu: the dimension that is halved must be even, got shape ${
          showShape(x.shape)
        } and dimension ${dim}`,
        [x.shape],
      );
    }
    const half = extent / 2;
    return x.narrow(axis, 0, half).mul(x.narrow(axis, half, half).sigmoid());
  },
};

/**
 * The first half of a dimension times the sigmoid of the second. Dauphin and others, 2016; follows
 * `torch.nn.functional.glu`.
 *
 * @returns A tensor whose dimension is half as long.
 * @throws {ShapeError} If the extent of the dimension is odd.
 *
 * @example A gate that is open and one that is shut
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(nn.functional.glu(tensor([2, 3, 100, -100])), [2, 0]);
 * ```
 */
export const glu: Activate<GluOptions> = activate(GLU_RULE);

/**
 * x above 0, else a learned multiple of it: one, or one for each channel. Follows
 * `torch.nn.functional.prelu`.
 *
 * @param x Shape [batch, channels, …], or any with one weight.
 * @param weight Slopes, of shape [1] or [channels].
 * @throws {ShapeError} If there is neither one weight nor one for each channel.
 *
 * @example A slope for each channel
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.prelu(tensor([[-1, -1]]), tensor([0.5, 2]));
 * assertEquals(y.toArray(), [[-0.5, -2]]);
 * ```
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  checkCount("compute prelu", arguments.length, 2);
  checkFloating("compute prelu", x);
  checkKind("compute prelu", "the weight", weight, TENSOR);
  const channels = x.ndim < 2 ? 1 : x.shape[1] ?? 1;
  if (weight.ndim > 1 || (weight.size !== 1 && weight.size !== channels)) {
    throw new ShapeError(
      `Cannot compute prelu: the weight must have shape [1] or [${channels}], for an input of shape ${
        showShape(x.shape)
      }, got ${showShape(weight.shape)}`,
      [x.shape, weight.shape],
    );
  }
  const ones = x.shape.slice(2).map(() => 1);
  const slope = weight.size === 1 ? weight.reshape([]) : weight.reshape([-1, ...ones]);
  return where(x.gt(0), x, x.mul(slope));
}
