/**
 * Steps that return new parameters in place of changing them: differentiable, for inner loops that
 * are trained through. The optimizers' kernels compute the same.
 */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  INTEGER,
  isPlainObject,
  type OptionReader,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { where } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ADAM_DEFAULTS, adamNumbers, type AdamOptions, checkAdam } from "./adam.ts";
import { kindsOf, withDefaults } from "./groups.ts";
import { checkSgd, SGD_DEFAULTS, type SGDOptions, sgdOptions } from "./sgd.ts";

const TENSORS = arrayOf(TENSOR, "tensors");

/** Velocities between steps of `sgd`; empty before the first. */
export interface SgdState {
  /** One for each parameter. */
  readonly buffers?: readonly Tensor[];
}

/** New parameters and what the next step needs. */
export interface Stepped<S> {
  /** The parameters after the step. */
  readonly params: Tensor[];
  /** To be given to the next step. */
  readonly state: S;
}

const readSgdState = optionReader<SgdState>({ buffers: TENSORS });

/**
 * One step of gradient descent. Follows `torch.optim.SGD`.
 *
 * @param grads A gradient for each parameter.
 * @param state What the step before returned, or {}.
 *
 * @example A gradient through a step
 * ```ts
 * import { grad, optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor(1, { requiresGrad: true });
 * const [g] = grad(x.pow(3), [x], { createGraph: true });
 * const { params: [next] } = optim.functional.sgd([x], [g], {}, { lr: 0.1 });
 * // d/dx (x − 0.1 · 3x²) = 1 − 0.6x
 * assertAlmostEquals(grad(next!, [x])[0].item(), 0.4, 1e-6);
 * ```
 */
export function sgd(
  params: readonly Tensor[],
  grads: readonly Tensor[],
  state?: SgdState,
  options?: SGDOptions,
): Stepped<SgdState> {
  checkCount("run optim.functional.sgd", arguments.length, 4);
  const pairs = pairsOf("sgd", params, grads);
  const before = stateOf("sgd", readSgdState, state, params, SGD_DEFAULTS);
  const numbers = sgdOptions("run optim.functional.sgd", options);
  checkSgd("optim.functional.sgd", numbers);
  const { lr, momentum, dampening, weightDecay, nesterov, maximize } = numbers;
  const buffers: Tensor[] = [];
  const next = pairs.map(([p, given], i) => {
    let g = maximize ? given.neg() : given;
    if (weightDecay !== 0) g = g.add(p.mul(weightDecay));
    if (momentum !== 0) {
      const held = before.buffers?.[i];
      const buffer = held === undefined ? g : held.mul(momentum).add(g.mul(1 - dampening));
      buffers.push(buffer);
      g = nesterov ? g.add(buffer.mul(momentum)) : buffer;
    }
    return p.sub(g.mul(lr));
  });
  return { params: next, state: momentum === 0 ? {} : { buffers } };
}

/** Means between steps of `adam`; empty before the first. */
export interface AdamState {
  /** Steps so far. */
  readonly step?: number;
  /** Means of the gradients. */
  readonly means?: readonly Tensor[];
  /** Means of their squares. */
  readonly squares?: readonly Tensor[];
}

const readAdamState = optionReader<AdamState>({
  step: INTEGER,
  means: TENSORS,
  squares: TENSORS,
});

/** Options of `adam`. */
export interface FunctionalAdamOptions extends AdamOptions {
  /** Whether the decay shrinks the parameter itself, as in AdamW. Default: false. */
  decoupled?: boolean;
}

const readAdamOptions = optionReader<FunctionalAdamOptions>({
  ...kindsOf(ADAM_DEFAULTS),
  decoupled: FLAG,
});

/**
 * One step of Adam; with `decoupled`, of AdamW. Follows `torch.optim.Adam`.
 *
 * Where the gradient and its mean square are 0, the derivative of the step with respect to the
 * gradient is that of the limit, −lr/eps at the first step.
 *
 * @param grads A gradient for each parameter.
 * @param state What the step before returned, or {}.
 */
export function adam(
  params: readonly Tensor[],
  grads: readonly Tensor[],
  state?: AdamState,
  options?: FunctionalAdamOptions,
): Stepped<AdamState> {
  checkCount("run optim.functional.adam", arguments.length, 4);
  const pairs = pairsOf("adam", params, grads);
  const before = adamStateOf(state, params);
  const { decoupled = false, ...own } = readAdamOptions("run optim.functional.adam", options);
  const group = withDefaults(ADAM_DEFAULTS, own);
  checkAdam("optim.functional.adam", group);
  const { lr, beta1, beta2, eps, weightDecay, maximize } = adamNumbers(group, decoupled);
  const step = (before.step ?? 0) + 1;
  const means: Tensor[] = [];
  const squares: Tensor[] = [];
  const next = pairs.map(([p, given], i) => {
    let g = maximize ? given.neg() : given;
    if (!decoupled && weightDecay !== 0) g = g.add(p.mul(weightDecay));
    const held = decoupled ? p.mul(1 - lr * weightDecay) : p;
    const share = g.mul(1 - beta2);
    const mean = decayed(before.means?.[i], g.mul(1 - beta1), beta1);
    // In this order, as the square of the gradient alone may leave the range.
    const square = decayed(before.squares?.[i], share.mul(g), beta2);
    means.push(mean);
    squares.push(square);
    const root = rootOf(square).div(Math.sqrt(1 - beta2 ** step)).add(eps);
    return held.sub(mean.mul(lr / (1 - beta1 ** step)).div(root));
  });
  return { params: next, state: { step, means, squares } };
}

/** √x, whose derivative at 0 is taken to be 0: there it meets a mean that is 0 too. */
function rootOf(x: Tensor): Tensor {
  const zero = x.eq(0);
  return where(zero, 0, where(zero, 1, x).sqrt());
}

/** A running mean that starts at 0. */
function decayed(before: Tensor | undefined, fresh: Tensor, decay: number): Tensor {
  return before === undefined ? fresh : before.mul(decay).add(fresh);
}

/** Each parameter with its gradient. */
function pairsOf(
  op: string,
  params: readonly Tensor[],
  grads: readonly Tensor[],
): [p: Tensor, g: Tensor][] {
  const call = `run optim.functional.${op}`;
  checkKind(call, "params", params, TENSORS);
  if (!Array.isArray(grads)) checkKind(call, "grads", grads, TENSORS);
  if (grads.length !== params.length) {
    throw new RangeError(
      `Cannot ${call}: ${params.length} parameters need as many gradients, got ${grads.length}`,
    );
  }
  return params.map((p, i) => {
    const g = grads[i];
    checkKind(call, `gradient ${i}`, g, TENSOR);
    return [p, fitting(call, `gradient ${i}`, g as Tensor, p)];
  });
}

/** A tensor of the state or a gradient, which must be like its parameter. */
function fitting(call: string, name: string, x: Tensor, p: Tensor): Tensor {
  if (!sameShape(x.shape, p.shape)) {
    throw new ShapeError(
      `Cannot ${call}: ${name} must have the parameter's shape ${showShape(p.shape)}, got ${
        showShape(x.shape)
      }`,
      [x.shape, p.shape],
    );
  }
  if (!isFloat(x.dtype) || !isFloat(p.dtype)) {
    throw new DTypeError(
      `Cannot ${call}: parameters, gradients and state must be float32 or float64, got ` +
        `${p.dtype} and ${x.dtype}`,
    );
  }
  return x;
}

/** Reads what the step before returned; its tensors must be like the parameters. */
function stateOf<S extends object>(
  op: string,
  read: OptionReader<S>,
  given: S | undefined,
  params: readonly Tensor[],
  options: object,
): S {
  const call = `run optim.functional.${op}`;
  if (isPlainObject(given) && Object.keys(given).some((key) => Object.hasOwn(options, key))) {
    throw new TypeError(
      `Cannot ${call}: options stand after the state, as in ${op}(params, grads, {}, { lr })`,
    );
  }
  const state = read(call, given);
  for (const [key, value] of Object.entries(state)) {
    if (!Array.isArray(value)) continue;
    if (value.length !== params.length) {
      throw new RangeError(
        `Cannot ${call}: the state has ${value.length} ${key} for ${params.length} parameters`,
      );
    }
    params.forEach((p, i) => fitting(call, `${key}[${i}]`, value[i], p));
  }
  return state;
}

/** Reads the state of Adam: all of it, or none. */
function adamStateOf(given: AdamState | undefined, params: readonly Tensor[]): AdamState {
  const state = stateOf("adam", readAdamState, given, params, ADAM_DEFAULTS);
  const { step, means, squares } = state;
  const there = [step, means, squares].filter((part) => part !== undefined).length;
  if ((there === 0 || there === 3) && (step ?? 0) >= 0) return state;
  throw new RangeError(
    "Cannot run optim.functional.adam: the state must be {} or what the step before returned, with " +
      `a step from 0, means and squares, got ${Object.keys(state).join(", ")} and step ${step}`,
  );
}
