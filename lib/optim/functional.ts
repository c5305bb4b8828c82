/**
 * Steps that return new parameters in place of changing them: differentiable, for inner loops that
 * are trained through. The optimizers' kernels compute the same.
 */

import type { Tensor } from "../tensor.ts";
import { adamDefaults, adamNumbers, type AdamOptions } from "./adam.ts";
import { sgdDefaults, type SGDOptions } from "./sgd.ts";

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
  state: SgdState = {},
  options: SGDOptions = {},
): Stepped<SgdState> {
  const { lr, momentum, dampening, weightDecay, nesterov, maximize } = sgdDefaults(options);
  const buffers: Tensor[] = [];
  const next = pairs("sgd", params, grads).map(([p, given], i) => {
    let g = maximize ? given.neg() : given;
    if (weightDecay !== 0) g = g.add(p.mul(weightDecay));
    if (momentum !== 0) {
      const before = state.buffers?.[i];
      const buffer = before === undefined ? g : before.mul(momentum).add(g.mul(1 - dampening));
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

/**
 * One step of Adam; with `decoupled`, of AdamW. Follows `torch.optim.Adam`.
 *
 * @param grads A gradient for each parameter.
 * @param state What the step before returned, or {}.
 */
export function adam(
  params: readonly Tensor[],
  grads: readonly Tensor[],
  state: AdamState = {},
  options: AdamOptions & { decoupled?: boolean } = {},
): Stepped<AdamState> {
  const { decoupled = false, ...rest } = options;
  const numbers = adamNumbers(adamDefaults(rest), decoupled);
  const { lr, beta1, beta2, eps, weightDecay, maximize } = numbers;
  const step = (state.step ?? 0) + 1;
  const means: Tensor[] = [];
  const squares: Tensor[] = [];
  const next = pairs("adam", params, grads).map(([p, given], i) => {
    let g = maximize ? given.neg() : given;
    if (!decoupled && weightDecay !== 0) g = g.add(p.mul(weightDecay));
    const held = decoupled ? p.mul(1 - lr * weightDecay) : p;
    const mean = decayed(state.means?.[i], g, beta1);
    const square = decayed(state.squares?.[i], g.square(), beta2);
    means.push(mean);
    squares.push(square);
    const root = square.sqrt().div(Math.sqrt(1 - beta2 ** step)).add(eps);
    return held.sub(mean.mul(lr / (1 - beta1 ** step)).div(root));
  });
  return { params: next, state: { step, means, squares } };
}

/** A running mean that starts at 0. */
function decayed(before: Tensor | undefined, value: Tensor, decay: number): Tensor {
  const fresh = value.mul(1 - decay);
  return before === undefined ? fresh : before.mul(decay).add(fresh);
}

/** Each parameter with its gradient. */
function pairs(
  op: string,
  params: readonly Tensor[],
  grads: readonly Tensor[],
): [p: Tensor, g: Tensor][] {
  const found = params.flatMap((p, i): [Tensor, Tensor][] => {
    const g = grads[i];
    return g === undefined ? [] : [[p, g]];
  });
  if (found.length !== params.length || grads.length !== params.length) {
    throw new RangeError(
      `Cannot run optim.functional.${op}: ${params.length} parameters need as many gradients, got ` +
        grads.length,
    );
  }
  return found;
}
