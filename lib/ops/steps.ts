/**
 * Optimizer steps in place, each one native call for a parameter. Their truth are the functional
 * steps of `lib/optim/functional.ts`, with which the tests compare them.
 */

import { changed } from "../backend/memory.ts";
import { ShapeError, showShape } from "../errors.ts";
import { kernelNumber } from "../ffi/library.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkChange } from "./inplace.ts";
import { castTo } from "./memory.ts";
import { contiguous } from "./movement.ts";

const sgdKernel = kernelNumber("sgd_step");
const sgdMomentumKernel = kernelNumber("sgd_momentum_step");
const adamKernel = kernelNumber("adam_step");

/** The gradient as the kernels need it: the parameter's shape and type, in order. */
function gradientFor(op: string, p: Tensor, g: Tensor): Tensor {
  if (!sameShape(p.shape, g.shape)) {
    throw new ShapeError(
      `Cannot run ${op}: the parameter has shape ${showShape(p.shape)}, its gradient ${
        showShape(g.shape)
      }`,
      [p.shape, g.shape],
    );
  }
  return contiguous(castTo(g.detach(), p.dtype));
}

/** Numbers of an SGD step. */
export interface SgdStep {
  /** Learning rate. */
  readonly lr: number;
  /** Factor of the parameter that is added to the gradient. */
  readonly weightDecay: number;
  /** Factor of the buffer; 0 for none. */
  readonly momentum: number;
  /** Share of the gradient that does not enter the buffer. */
  readonly dampening: number;
  /** Whether the step looks ahead along the buffer. */
  readonly nesterov: boolean;
  /** Whether the objective is to grow. */
  readonly maximize: boolean;
}

/** One step of gradient descent; `buffer` is null without momentum. */
export function sgdStep_(
  p: Tensor,
  g: Tensor,
  buffer: Tensor | null,
  first: boolean,
  step: SgdStep,
): void {
  checkChange("SGD", p);
  const gradient = gradientFor("SGD", p, g);
  const { lr, weightDecay, momentum, dampening } = step;
  const { backend } = p.storage;
  if (buffer === null) {
    backend.run(sgdKernel, [p, gradient], [Number(step.maximize)], [lr, weightDecay]);
  } else {
    const flags = [step.maximize, step.nesterov, first].map(Number);
    const numbers = [lr, weightDecay, momentum, dampening];
    backend.run(sgdMomentumKernel, [p, buffer, gradient], flags, numbers);
  }
  changed(p.storage);
}

/** Numbers of an Adam step. */
export interface AdamStep {
  /** Learning rate. */
  readonly lr: number;
  /** Decay of the mean. */
  readonly beta1: number;
  /** Decay of the mean square. */
  readonly beta2: number;
  /** Added to the root. */
  readonly eps: number;
  /** Weight decay. */
  readonly weightDecay: number;
  /** Whether the decay shrinks the parameter itself (AdamW). */
  readonly decoupled: boolean;
  /** Whether the objective is to grow. */
  readonly maximize: boolean;
}

/** One step of Adam, the `count`-th. */
export function adamStep_(
  p: Tensor,
  g: Tensor,
  mean: Tensor,
  square: Tensor,
  count: number,
  step: AdamStep,
): void {
  checkChange("Adam", p);
  const gradient = gradientFor("Adam", p, g);
  const { lr, weightDecay, beta1, beta2, eps } = step;
  const corrections = [1 - beta1 ** count, 1 - beta2 ** count];
  p.storage.backend.run(
    adamKernel,
    [p, mean, square, gradient],
    [Number(step.maximize), Number(step.decoupled)],
    [lr, weightDecay, beta1, beta2, eps, ...corrections],
  );
  changed(p.storage);
}
