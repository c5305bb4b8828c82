/** Forward mode: derivatives of functions in directions, in one pass through what they did. */

import { enableGrad, isGradEnabled, noGrad } from "../autograd/tape.ts";
import type { Edge } from "../autograd/pass.ts";
import { pushForward } from "../autograd/forward.ts";
import { checkCount } from "../core/options.ts";
import { type Mirror, rebuildWith, type TensorTree } from "../core/tree.ts";
import { castTo } from "../ops/copy/copy.ts";
import { bare, bareAs, batchedAs } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type ArgumentsOf,
  callWith,
  checkFunction,
  checkMatch,
  listOf,
  outputList,
  type Trace,
  trace,
  zerosFor,
} from "./trace.ts";
import { isTracked, released } from "./transforms.ts";

/** The derivatives of outputs in directions of a trace's inputs; zeros where nothing moves. */
export function pushed(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  directions: readonly Tensor[],
  recorded: boolean,
): Tensor[] {
  const places = inputs.map((x): Edge => ({ node: x.node!, outputIndex: x.outputIndex }));
  const tangents = inputs.map((x, i) => bareAs(castTo(directions[i]!, x.dtype), x));
  const mode = recorded ? enableGrad : noGrad;
  const found = mode(() => pushForward(outputs.map(bare), places, tangents));
  return outputs.map((y, i) => found[i] === null ? zerosFor(y) : batchedAs(found[i]!, y));
}

/** Whether what is made of a trace and of directions may be differentiated. */
function isRecorded({ recorded }: Trace<unknown>, directions: readonly Tensor[]): boolean {
  return isGradEnabled() && (recorded || isTracked(directions));
}

/**
 * The outputs of a function and the product of its Jacobian with a vector, J·t: the derivative in a
 * direction, by forward mode. Follows `torch.func.jvp`.
 *
 * @param fn A function of the inputs, giving a tensor, or an array or record of tensors.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param tangents The direction: a tensor of the shape of each input, in the inputs' form.
 * @returns `[output, product]`, the product in the form of the output.
 * @throws {ShapeError} If the tangents do not have the shapes of the inputs.
 *
 * @example A directional derivative
 * ```ts
 * import { jvp, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [, product] = jvp((x) => x.square(), tensor([1, 2, 3]), tensor([1, 1, 0]));
 * assertEquals(product.toArray(), [2, 4, 0]);
 * ```
 */
export function jvp<const Inputs extends TensorTree, Output extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Output,
  inputs: Inputs,
  tangents: TensorTree,
): [Mirror<Output>, Mirror<Output>] {
  checkCount("run jvp", arguments.length, 3);
  checkFunction("jvp", fn);
  const points = listOf("jvp", "inputs", inputs);
  const directions = listOf("jvp", "tangents", tangents);
  checkMatch("jvp", "tangent", directions, points);
  const traced = trace("jvp", callWith(fn, inputs), points, (y) => outputList("jvp", y));
  const outputs = outputList("jvp", traced.output);
  const recorded = isRecorded(traced, directions);
  const products = pushed(outputs, traced.inputs, directions, recorded);
  const kept = released(outputs, traced.recorded || recorded);
  const found: unknown = [rebuildWith(traced.output, kept), rebuildWith(traced.output, products)];
  return found as [Mirror<Output>, Mirror<Output>];
}

/**
 * The outputs of a function, and its derivative there as a function of directions: what it did is kept
 * for any number of them. Follows `torch.func.linearize`.
 *
 * @param fn A function of the inputs, giving a tensor, or an array or record of tensors.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @returns `[output, derivative]`; the derivative takes tangents in the form of the inputs and gives
 * the product in the form of the output.
 * @throws {ShapeError} When the derivative is called, if the tangents do not have the inputs' shapes.
 *
 * @example Two directions
 * ```ts
 * import { linearize, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [, derivative] = linearize((x) => x.square(), tensor([1, 2]));
 * assertEquals(derivative(tensor([1, 0])).toArray(), [2, 0]);
 * assertEquals(derivative(tensor([0, 1])).toArray(), [0, 4]);
 * ```
 */
export function linearize<const Inputs extends TensorTree, Output extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Output,
  inputs: Inputs,
): [Mirror<Output>, (tangents: TensorTree) => Mirror<Output>] {
  checkCount("run linearize", arguments.length, 2);
  checkFunction("linearize", fn);
  const points = listOf("linearize", "inputs", inputs);
  const traced = trace(
    "linearize",
    callWith(fn, inputs),
    points,
    (y) => outputList("linearize", y),
  );
  const outputs = outputList("linearize", traced.output);
  const derivative = (tangents: TensorTree, ...more: unknown[]) => {
    checkCount("run the derivative of linearize", 1 + more.length, 1);
    const directions = listOf("linearize", "tangents", tangents);
    checkMatch("linearize", "tangent", directions, points);
    const products = pushed(outputs, traced.inputs, directions, isRecorded(traced, directions));
    return rebuildWith(traced.output, products);
  };
  const found: unknown = [
    rebuildWith(traced.output, released(outputs, traced.recorded)),
    derivative,
  ];
  return found as [Mirror<Output>, (tangents: TensorTree) => Mirror<Output>];
}
