/** `backward` and `grad`: what they accept, and the passes that they run. */

import { isFloat } from "../core/dtype.ts";
import { GradError, ShapeError, showShape } from "../core/errors.ts";
import { ANY, checkCount, FLAG, optionReader, orNull, shown, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { isTensor } from "../core/tensor.ts";
import { castTo, filledLike } from "../ops/copy/copy.ts";
import { bare, bareAs, batchedAs, isInBatch } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Pass, runPass, type Target } from "./pass.ts";

/** Options of `backward()`. */
export interface BackwardOptions {
  /** Cotangent of the tensor, of its shape; by default 1, for a tensor of one element. */
  gradient?: Tensor;
  /** Keeps the tape for another backward pass. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Records the backward pass, so that gradients can be differentiated again. Default: false. */
  createGraph?: boolean;
}

/** Options of `grad()`. */
export interface GradOptions<Unused extends boolean = boolean> {
  /** Cotangents of the outputs, of their shapes; by default 1, for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Keeps the tape for another backward pass. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Records the backward pass, so that gradients can be differentiated again. Default: false. */
  createGraph?: boolean;
  /** Returns null for an input that the outputs don't depend on, instead of an error. Default: false. */
  allowUnused?: Unused;
}

const readBackward = optionReader<BackwardOptions>({
  gradient: orNull(TENSOR),
  retainGraph: FLAG,
  createGraph: FLAG,
});
const readGrad = optionReader<GradOptions>({
  gradOutputs: ANY,
  retainGraph: FLAG,
  createGraph: FLAG,
  allowUnused: FLAG,
});

/** Why a tensor cannot be differentiated. */
function untaped(op: string, tensor: Tensor): GradError {
  const { creator } = tensor;
  const made = creator === null ? "" : `, made by ${creator.name}`;
  const reason = !isFloat(tensor.dtype)
    ? `it is ${tensor.dtype}, and only float32 and float64 have gradients`
    : creator === null
    ? "it was created without { requiresGrad: true } or detached"
    : creator.unrecorded
    ? "it was made under noGrad"
    : "none of its inputs requires a gradient";
  return new GradError(
    `Cannot run ${op}: this tensor (shape ${
      showShape(tensor.shape)
    }${made}) is on no tape, as ${reason}`,
  );
}

/** The tensors of an argument of `grad`. */
function tensorList(role: string, list: unknown): readonly Tensor[] {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot run grad: ${role} must be an array of tensors, as in grad(y, [x]), got ${
        shown(list)
      }`,
    );
  }
  for (const x of list) {
    if (isTensor(x)) continue;
    throw new TypeError(`Cannot run grad: ${role} must be tensors, got ${shown(x)}`);
  }
  return list;
}

/** The tensor on the tape to start from, with its cotangent. */
function start(op: string, tensor: Tensor, gradient: unknown): Pass["roots"][number] {
  const checked = startingGradient(op, tensor, gradient);
  return { tensor: bare(tensor), gradient: bareAs(checked, tensor) };
}

/** The cotangent to start from, checked. */
function startingGradient(op: string, tensor: Tensor, gradient: unknown): Tensor {
  if (tensor.node === null) throw untaped(op, tensor);
  if (gradient === undefined || gradient === null) {
    if (tensor.size !== 1) {
      throw new GradError(
        `Cannot run ${op}: only a tensor of one element has an implied gradient, got shape ` +
          `${showShape(tensor.shape)}; reduce it or pass a gradient`,
      );
    }
    return filledLike(tensor, 1);
  }
  if (!isTensor(gradient)) {
    throw new TypeError(
      `Cannot run ${op}: the gradient to start from must be a tensor, got ${shown(gradient)}`,
    );
  }
  if (!sameShape(gradient.shape, tensor.shape)) {
    throw new ShapeError(
      `Cannot run ${op}: the gradient has shape ${showShape(gradient.shape)}, the tensor ${
        showShape(tensor.shape)
      }`,
      [gradient.shape, tensor.shape],
    );
  }
  return castTo(gradient, tensor.dtype);
}

/** Refuses an input that all examples of a batch share if the outputs are those of single examples. */
function checkOwn(i: number, input: Tensor, outputs: readonly Tensor[]): void {
  for (const y of outputs) {
    for (let { batched } = y; batched !== null; { batched } = batched.whole) {
      if (isInBatch(input, batched.batch)) continue;
      throw new GradError(
        `Cannot run grad under vmap: input ${i} (shape ${
          showShape(input.shape)
        }) is shared by all examples, so that each would have a gradient of its own; ` +
          "differentiate a function of it, as gradOf does",
      );
    }
  }
}

/** Computes the gradients of a tensor's leaves and adds them to their `grad`. */
export function backward(tensor: Tensor, given?: BackwardOptions): void {
  const options = readBackward("run backward", given);
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const roots = [start("backward", tensor, options.gradient)];
  runPass({ roots, targets: null, retainGraph, floor: 0, handsOut: true }, createGraph);
}

/**
 * Gradients of outputs with respect to given inputs, which need not be leaves; no `.grad` changes.
 * Follows `torch.autograd.grad`.
 *
 * @param outputs One tensor or several, whose gradients are added.
 * @param inputs The tensors to differentiate with respect to.
 * @returns A gradient for each input, of its shape.
 * @throws {GradError} If an output is on no tape, or if an input is not part of it and
 * `allowUnused` is not set.
 *
 * @example A second derivative
 * ```ts
 * import { grad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor(2, { requiresGrad: true });
 * const [first] = grad(x.pow(3), [x], { createGraph: true });
 * const [second] = grad(first, [x]);
 * assertEquals([first.item(), second.item()], [12, 12]);
 * ```
 */
export function grad<const Inputs extends readonly Tensor[], Unused extends boolean = false>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  given?: GradOptions<Unused>,
): { [I in keyof Inputs]: Unused extends true ? Tensor | null : Tensor } {
  checkCount("run grad", arguments.length, 3);
  const options = readGrad("run grad", given);
  const roots = tensorList("outputs", Array.isArray(outputs) ? outputs : [outputs]);
  tensorList("inputs", inputs);
  const { gradOutputs } = options;
  const seeds = Array.isArray(gradOutputs) ? gradOutputs : [gradOutputs];
  if (Array.isArray(gradOutputs) && seeds.length !== roots.length) {
    throw new GradError(
      `Cannot run grad: ${roots.length} outputs need as many gradOutputs, got ${seeds.length}`,
    );
  }
  if (roots.length === 0) throw new GradError("Cannot run grad: there are no outputs");
  const targets = inputs.map((input, i): Target => {
    if (input.node === null) {
      throw new GradError(
        `Cannot run grad: input ${i} (shape ${showShape(input.shape)}) requires no gradient`,
      );
    }
    return { node: input.node, outputIndex: input.outputIndex, gradient: null };
  });
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const starts = roots.map((tensor, i) => start("grad", tensor, seeds[i]));
  inputs.forEach((input, i) => checkOwn(i, input, roots));
  runPass({ roots: starts, targets, retainGraph, floor: 0, handsOut: true }, createGraph);
  const gradients = targets.map(({ gradient }, i) => {
    if (gradient === null && options.allowUnused !== true) {
      throw new GradError(
        `Cannot run grad: the outputs do not depend on input ${i} (shape ${
          showShape(inputs[i]!.shape)
        }); pass { allowUnused: true } to get null for it`,
      );
    }
    return gradient && batchedAs(gradient, inputs[i]!);
  });
  return gradients as { [I in keyof Inputs]: Unused extends true ? Tensor | null : Tensor };
}
