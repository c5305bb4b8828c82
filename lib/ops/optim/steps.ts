/**
 * In place: optimizer steps, one native call for each parameter. Their reference are the
 * steps of the rules in `lib/optim/`.
 */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, GradError, ShapeError, showShape } from "../../core/errors.ts";
import { sameShape } from "../../core/shape.ts";
import { changed, sharesMemory } from "../../device/memory.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, copyInto, copyOf } from "../copy/copy.ts";
import { checkChange } from "../copy/inplace.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { contiguous } from "../shape/composites.ts";

const sgdKernel = kernelNumber("sgd_step");
const sgdMomentumKernel = kernelNumber("sgd_momentum_step");
const adamKernel = kernelNumber("adam_step");

/** Refuses a parameter and a gradient with which no step can be made; to be asked before any is. */
export function checkStep(op: string, p: Tensor, g: Tensor): void {
  p.storage.check(op);
  if (!p.isLeaf) {
    throw new GradError(
      `Cannot run ${op}: a parameter must be a leaf, this one (shape ${
        showShape(p.shape)
      }) has become the result of an op`,
    );
  }
  checkChange(op, p);
  checkTensor(op, g, "a gradient");
  g.storage.check(op);
  checkDevices(op, p, g);
  if (g === p) {
    throw new GradError(`Cannot run ${op}: a parameter cannot be its own gradient; clone it first`);
  }
  if (!isFloat(g.dtype)) {
    throw new DTypeError(
      `Cannot run ${op}: a gradient must be float32 or float64, got ${g.dtype}`,
    );
  }
  if (!sameShape(p.shape, g.shape)) {
    throw new ShapeError(
      `Cannot run ${op}: the parameter has shape ${showShape(p.shape)}, its gradient ${
        showShape(g.shape)
      }`,
      [p.shape, g.shape],
    );
  }
}

/** The gradient as the kernels need it: of the parameter's type, in order. */
function gradientFor(p: Tensor, g: Tensor): Tensor {
  const fitting = contiguous(castTo(g.detach(), p.dtype));
  return sharesMemory(fitting.storage, p.storage) ? copyOf(fitting) : fitting;
}

/** Changes a parameter by a function of its elements in order, wherever they lie. */
function change(p: Tensor, run: (own: Tensor) => void): void {
  if (p.dense) {
    run(p);
  } else {
    const own = copyOf(p.detach());
    run(own);
    copyInto(p.detach(), own);
  }
  changed(p.storage);
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

/** One step of gradient descent, of what `checkStep` lets pass; `buffer` is null without momentum. */
export function sgdStep_(
  p: Tensor,
  g: Tensor,
  buffer: Tensor | null,
  first: boolean,
  step: SgdStep,
): void {
  const gradient = gradientFor(p, g);
  const { lr, weightDecay, momentum, dampening } = step;
  const { backend } = p.storage;
  change(p, (own) => {
    if (buffer === null) {
      backend.run(sgdKernel, [own, gradient], [Number(step.maximize)], [lr, weightDecay]);
    } else {
      const flags = [step.maximize, step.nesterov, first].map(Number);
      const numbers = [lr, weightDecay, momentum, dampening];
      backend.run(sgdMomentumKernel, [own, buffer, gradient], flags, numbers);
    }
  });
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

/** One step of Adam, the `count`-th, of what `checkStep` lets pass. */
export function adamStep_(
  p: Tensor,
  g: Tensor,
  mean: Tensor,
  square: Tensor,
  count: number,
  step: AdamStep,
): void {
  const gradient = gradientFor(p, g);
  const { lr, weightDecay, beta1, beta2, eps } = step;
  const [mean1, mean2] = [1 - beta1 ** count, 1 - beta2 ** count];
  change(p, (own) => {
    p.storage.backend.run(
      adamKernel,
      [own, mean, square, gradient],
      [Number(step.maximize), Number(step.decoupled)],
      [lr, weightDecay, beta1, beta2, eps, mean1, mean2],
    );
  });
}
