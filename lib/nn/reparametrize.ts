/** Weights that are computed from others, which are learned instead. */

import { noGrad } from "../autograd/tape.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  INTEGER,
  optionReader,
  orNull,
  shown,
  TEXT,
} from "../core/options.ts";
import { normalizeDim } from "../core/shape.ts";
import { dot, normalize } from "../ops/mod.ts";
import { randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ANY_MODULE, EPSILON } from "./checks.ts";
import { type AnyModule, Buffer, Parameter } from "./module.ts";

/** The parameter of a module that will be computed. */
function parameterOf(call: string, module: AnyModule, name: string): Parameter {
  checkKind(call, "the module", module, ANY_MODULE);
  checkKind(call, "name", name, TEXT);
  const found: unknown = Reflect.get(module, name);
  if (found instanceof Parameter && Object.hasOwn(module, name)) return found;
  const names = Object.entries(module).flatMap(([key, own]) =>
    own instanceof Parameter ? [key] : []
  );
  throw new TypeError(
    `Cannot ${call}: name must be that of a parameter of ${module.constructor.name} (${
      names.join(", ") || "it has none"
    }), got ${shown(name)}`,
  );
}

/** The tensors that a weight is computed from, looked up in the module each time. */
type Sources = Readonly<Record<string, Tensor>>;

/** Replaces a parameter by parameters and buffers that it is computed from. */
function replaceBy(
  module: AnyModule,
  name: string,
  sources: Sources,
  compute: (module: AnyModule, sources: Sources) => Tensor,
): void {
  Reflect.deleteProperty(module, name);
  for (const [key, source] of Object.entries(sources)) Reflect.set(module, key, source);
  const keys = Object.keys(sources);
  Object.defineProperty(module, name, {
    configurable: true,
    // The module may be a copy, or have other tensors in place of its own for a call.
    get(this: AnyModule): Tensor {
      const own = keys.map((key) => [key, Reflect.get(this, key)]);
      return compute(this, Object.fromEntries(own));
    },
    set() {
      throw new TypeError(
        `Cannot set ${name}: it is computed from ${keys.join(", ")}, whose values can be changed`,
      );
    },
  });
}

/** Options of `weightNorm`. */
export interface WeightNormOptions {
  /** The parameter, such as "weightHhL0" of a recurrent layer. Default: "weight". */
  name?: string;
  /** The dimension along which each entry has its own length; null for one length. Default: 0. */
  dim?: number | null;
}

const readWeightNorm = optionReader<WeightNormOptions>({ name: TEXT, dim: orNull(INTEGER) });

/** The length of each entry along a dimension, or of all. */
function lengthsOf(x: Tensor, dim: number | null): Tensor {
  if (dim === null) return x.norm();
  const others = x.shape.map((_, i) => i).filter((i) => i !== dim);
  return others.length === 0 ? x.abs() : x.norm({ dim: others, keepdim: true });
}

/**
 * Learns a weight's lengths and directions separately: `weight = weightG · weightV / ‖weightV‖`.
 * Salimans and Kingma, "Weight normalization", 2016; follows `torch.nn.utils.weight_norm`.
 *
 * @param module A module, which is changed.
 * @returns The module.
 * @throws {TypeError} If it has no parameter with the name.
 *
 * @example What is learned then
 * ```ts
 * import { nn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = nn.utils.weightNorm(new nn.Linear(3, 2));
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight_g", "weight_v"]);
 * assertEquals(layer.weight.shape, [2, 3]);
 * ```
 */
export function weightNorm<M extends AnyModule>(module: M, options?: WeightNormOptions): M {
  const call = "run weightNorm";
  checkCount(call, arguments.length, 2);
  const { name = "weight", dim = 0 } = readWeightNorm(call, options);
  const weight = parameterOf(call, module, name);
  const axis = dim === null ? null : normalizeDim("weightNorm", dim, weight.ndim);
  const { requiresGrad } = weight;
  const lengths = noGrad(() => lengthsOf(weight, axis));
  const [g, v] = [`${name}G`, `${name}V`];
  const sources = {
    [g]: new Parameter(lengths, { requiresGrad }),
    [v]: new Parameter(weight.detach().clone(), { requiresGrad }),
  };
  replaceBy(module, name, sources, (_, { [g]: length, [v]: direction }) => {
    if (length === undefined || direction === undefined) return weight;
    return direction.mul(length.div(lengthsOf(direction, axis)));
  });
  return module;
}

/** Options of `spectralNorm`. */
export interface SpectralNormOptions {
  /** The parameter, such as "weightHhL0" of a recurrent layer. Default: "weight". */
  name?: string;
  /** Steps of the power iteration whenever the weight is computed in training. Default: 1. */
  nPowerIterations?: number;
  /** The smallest divisor of a length. Default: 1e-12. */
  eps?: number;
  /** The dimension of the outputs. Default: 0, but 1 for transposed convolutions. */
  dim?: number | null;
}

const readSpectralNorm = optionReader<SpectralNormOptions>({
  name: TEXT,
  nPowerIterations: COUNT,
  eps: EPSILON,
  dim: orNull(INTEGER),
});

/** A weight as a matrix with a row for each output. */
function matrixOf(weight: Tensor, dim: number): Tensor {
  return weight.movedim(dim, 0).unsqueeze(-1).flatten(1);
}

/**
 * Divides a weight by its largest singular value, which a power iteration tracks. Miyato and
 * others, "Spectral normalization", 2018; follows `torch.nn.utils.spectral_norm`.
 *
 * @param module A module, which is changed; in training the weight's vectors `weightU` and `weightV`
 * take a step whenever the weight is read.
 * @returns The module.
 * @throws {TypeError} If it has no parameter with the name.
 *
 * @example A layer that makes nothing longer
 * ```ts
 * import { eye, nn } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.Linear(2, 2, { bias: false });
 * layer.loadStateDict({ weight: eye(2).mul(5) });
 * nn.utils.spectralNorm(layer);
 * assertClose(layer.weight, eye(2), { atol: 1e-6 });
 * ```
 */
export function spectralNorm<M extends AnyModule>(module: M, options?: SpectralNormOptions): M {
  const call = "run spectralNorm";
  checkCount(call, arguments.length, 2);
  const { name = "weight", nPowerIterations = 1, eps = 1e-12, dim = null } = readSpectralNorm(
    call,
    options,
  );
  const weight = parameterOf(call, module, name);
  const byDefault = module.constructor.name.startsWith("ConvTranspose") ? 1 : 0;
  const axis = normalizeDim("spectralNorm", dim ?? byDefault, weight.ndim);
  const unit = (x: Tensor) => normalize(x, { dim: 0, eps });
  const { requiresGrad, dtype, device } = weight;
  const draw = (size: number) => unit(randn([size], { dtype, device }));
  const [rows = 0, columns = 0] = matrixOf(weight, axis).shape;
  const [orig, u, v] = [`${name}Orig`, `${name}U`, `${name}V`];
  const sources = {
    [orig]: new Parameter(weight.detach().clone(), { requiresGrad }),
    [u]: new Buffer(draw(rows)),
    [v]: new Buffer(draw(columns)),
  };
  replaceBy(module, name, sources, (own, { [orig]: whole, [u]: left, [v]: right }) => {
    if (whole === undefined || left === undefined || right === undefined) return weight;
    const matrix = matrixOf(whole, axis);
    if (own.training) {
      noGrad(() => {
        for (let i = 0; i < nPowerIterations; i++) {
          right.copy_(unit(matrix.mT.matmul(left)));
          left.copy_(unit(matrix.matmul(right)));
        }
      });
    }
    // The next step changes the vectors in place; this one's gradient needs them as they are.
    return whole.div(dot(left.clone(), matrix.matmul(right.clone())));
  });
  return module;
}
