/** Tools for parameters and their gradients. Follows `torch.nn.utils`. */

import { noGrad } from "../autograd/tape.ts";
import {
  ABOVE_ZERO,
  checkCount,
  checkKind,
  FLAG,
  NUMBER,
  optionReader,
  shown,
  TENSOR,
} from "../core/options.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { isTensor } from "../core/tensor.ts";
import { cat, stack } from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import { copyAll } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

export {
  type PackOptions,
  packPaddedSequence,
  packSequence,
  type PackSequenceOptions,
  type PaddedSequence,
  type PadPackedOptions,
  padPackedSequence,
  padSequence,
  type PadSequenceOptions,
} from "./recurrent/packed.ts";

/** Options of `clipGradNorm_`. */
export interface ClipGradNormOptions {
  /** Order of the norm; Infinity for the largest absolute value. Default: 2. */
  normType?: number;
  /** Whether a norm that is not finite is an error. Default: false. */
  errorIfNonfinite?: boolean;
}

const readOptions = optionReader<ClipGradNormOptions>({
  normType: ABOVE_ZERO,
  errorIfNonfinite: FLAG,
});

/** One or several tensors, as a list. */
function listOf(call: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const iterable = typeof parameters === "object" && parameters !== null &&
    Symbol.iterator in parameters;
  if (!iterable) {
    throw new TypeError(
      `Cannot ${call}: parameters must be a tensor or an array of tensors, got ${
        shown(parameters)
      }`,
    );
  }
  const list: unknown[] = isTensor(parameters) ? [parameters] : [...parameters];
  return list.map((p) => {
    checkKind(call, "each of parameters", p, TENSOR);
    return p as Tensor;
  });
}

/** The gradients of those parameters that have one. */
function gradientsOf(call: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  return listOf(call, parameters).flatMap((p) => {
    if (p.collected === null) return [];
    p.collected.storage.check(call);
    return [p.collected.detach()];
  });
}

/** Refuses a bound below 0. */
function checkBound(call: string, name: string, value: number): void {
  checkKind(call, name, value, NUMBER);
  if (value >= 0) return;
  throw new RangeError(`Cannot ${call}: ${name} must be at least 0, got ${value}`);
}

/**
 * Scales the gradients of parameters in place so that their total norm is at most `maxNorm`; call it
 * between `backward` and `step`. Follows `torch.nn.utils.clip_grad_norm_`.
 *
 * @param parameters A tensor or several; those without a gradient are skipped.
 * @param maxNorm Upper bound of the norm.
 * @returns The norm before clipping, without dimensions; 0 if there is no gradient.
 * @throws {RangeError} If the norm is not finite, with `errorIfNonfinite`; nothing changes then.
 *
 * @example A gradient of norm 5
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor([0, 0], { requiresGrad: true });
 * x.grad = tensor([3, 4]);
 * assertAlmostEquals(nn.utils.clipGradNorm_([x], 0.5).item(), 5);
 * assertAlmostEquals(x.grad.norm().item(), 0.5, 1e-5);
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options?: ClipGradNormOptions,
): Tensor {
  const call = "run clipGradNorm_";
  checkCount(call, arguments.length, 3);
  checkBound(call, "maxNorm", maxNorm);
  const { normType = 2, errorIfNonfinite = false } = readOptions(call, options);
  return noGrad(() => {
    const gradients = gradientsOf(call, parameters);
    const [first] = gradients;
    if (first === undefined) return zeros([]);
    const norms = gradients.map((g) => g.norm({ p: normType }).to({ device: first.device }));
    const total = stack(norms, 0).norm({ p: normType });
    if (errorIfNonfinite && !Number.isFinite(total.item())) {
      throw new RangeError(
        `Cannot ${call}: the norm is ${total.item()}, so nothing can be clipped`,
      );
    }
    const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp(null, 1);
    for (const g of gradients) g.copy_(g.mul(factor.to({ device: g.device, dtype: g.dtype })));
    return total;
  });
}

/**
 * Clamps each element of the gradients of parameters in place. Follows
 * `torch.nn.utils.clip_grad_value_`.
 *
 * @param parameters A tensor or several; those without a gradient are skipped.
 * @param clipValue The largest absolute value.
 *
 * @example Elements beyond 1
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([0, 0], { requiresGrad: true });
 * x.grad = tensor([-3, 0.5]);
 * nn.utils.clipGradValue_([x], 1);
 * assertEquals(x.grad.toArray(), [-1, 0.5]);
 * ```
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const call = "run clipGradValue_";
  checkCount(call, arguments.length, 2);
  checkBound(call, "clipValue", clipValue);
  noGrad(() => {
    for (const g of gradientsOf(call, parameters)) g.copy_(g.clamp(-clipValue, clipValue));
  });
}

/**
 * All elements of parameters as one vector, which can be differentiated. Follows
 * `torch.nn.utils.parameters_to_vector`.
 *
 * @param parameters Tensors of one type and device, in order.
 * @returns Shape [elements]; [0] without parameters.
 *
 * @example How many there are
 * ```ts
 * import { nn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(3, 2);
 * assertEquals(nn.utils.parametersToVector(model.parameters()).shape, [8]);
 * ```
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const call = "run parametersToVector";
  checkCount(call, arguments.length, 1);
  const list = listOf(call, parameters);
  return list.length === 0 ? zeros([0]) : cat(list.map((p) => p.flatten()), 0);
}

/**
 * Copies the elements of a vector into parameters. Follows `torch.nn.utils.vector_to_parameters`.
 *
 * @param vector Shape [elements].
 * @param parameters Tensors, in order, which change in place.
 * @throws {ShapeError} If the parameters have a different number of elements; nothing changes then.
 *
 * @example The parameters of another model
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(2, 1);
 * nn.utils.vectorToParameters(ones([3]), model.parameters());
 * assertEquals(model.weight.toArray(), [[1, 1]]);
 * ```
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const call = "run vectorToParameters";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the vector", vector, TENSOR);
  const list = listOf(call, parameters);
  const count = list.reduce((sum, { size }) => sum + size, 0);
  if (vector.ndim !== 1 || vector.size !== count) {
    throw new ShapeError(
      `Cannot ${call}: the vector must have shape [${count}], as many elements as the parameters ` +
        `have, got ${showShape(vector.shape)}`,
      [vector.shape],
    );
  }
  noGrad(() => {
    // The vector may be one of the parameters.
    const values = vector.detach().clone();
    let start = 0;
    const pairs = list.map((p) => {
      const own = values.narrow(0, start, p.size).reshape(p.shape).to({ device: p.device });
      start += p.size;
      return [p, own] as const;
    });
    copyAll("vectorToParameters", pairs);
  });
}

export {
  spectralNorm,
  type SpectralNormOptions,
  weightNorm,
  type WeightNormOptions,
} from "./reparametrize.ts";
