/**
 * Transforms: functions of tensors in, their derivatives out. They nest, and what they give can be
 * differentiated further wherever something around them is tracked.
 */

import { isGradEnabled } from "../autograd/tape.ts";
import {
  checkCount,
  INTEGER,
  isListOf,
  kept,
  type Kind,
  kind,
  optionReader,
  shown,
} from "../core/options.ts";
import { leavesOf, type Mirror, rebuild, rebuildWith, type TensorTree } from "../core/tree.ts";
import { onesLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type ArgumentsOf,
  callWith,
  checkFunction,
  checkMatch,
  listOf,
  outputList,
  pullBack,
  singleOutput,
  trace,
} from "./trace.ts";

/** Which arguments: one, or several that differ. */
export const ARGNUMS: Kind = kind(
  "an integer or an array of different integers",
  (value) =>
    INTEGER.accepts(value) ||
    (isListOf(value, INTEGER.accepts) && value.length > 0 &&
      new Set(value).size === value.length),
);

/** Options of `valueAndGrad` and `gradOf`. */
export interface GradOfOptions<Which extends number | readonly number[]> {
  /** Which arguments to differentiate with respect to: one, or an array of them. Default: 0. */
  argnums?: Which;
}

/** The gradients for the chosen arguments, each of its argument's form. */
export type GradientsFor<Args extends unknown[], Which> = Which extends number ? Mirror<Args[Which]>
  : { -readonly [I in keyof Which]: Which[I] extends number ? Mirror<Args[Which[I]]> : never };

const readGradOf = optionReader<GradOfOptions<number | readonly number[]>>({ argnums: ARGNUMS });

/** Reads which arguments to differentiate with respect to; by default the first. */
function argnumsOf<Which extends number | readonly number[]>(
  name: string,
  fn: unknown,
  given: number,
  options: GradOfOptions<Which> | undefined,
): Which {
  checkCount(`run ${name}`, given, 2);
  checkFunction(name, fn);
  const { argnums = 0 } = readGradOf(`run ${name}`, options);
  return kept(argnums) as Which;
}

/** A result as the caller may keep it: without the tape that only the transform needed. */
export function released(tensors: readonly Tensor[], recorded: boolean): readonly Tensor[] {
  return recorded ? tensors : tensors.map((y) => y.detach());
}

/** Whether vectors make a result one that can be differentiated. */
export function isTracked(vectors: readonly Tensor[]): boolean {
  return isGradEnabled() && vectors.some(({ node }) => node !== null);
}

function argumentLeaves(name: string, args: readonly unknown[], index: number): Tensor[] {
  const leaves = leavesOf(args[index]);
  for (const x of leaves ?? []) x.storage.check(name, undefined, `argument ${index}`);
  if (leaves !== null) return leaves;
  throw new TypeError(
    `Cannot run ${name}: argument ${index} must be a tensor, or an array or record of tensors, ` +
      `got ${shown(args[index])}`,
  );
}

/** Value and gradients, for the functions that transforms make. */
export function gradients<Args extends unknown[], Which extends number | readonly number[]>(
  name: string,
  fn: (...args: Args) => Tensor,
  args: Args,
  argnums: Which,
): [Tensor, GradientsFor<Args, Which>] {
  const indices: readonly number[] = typeof argnums === "number" ? [argnums] : argnums;
  const leaves = indices.map((index) => argumentLeaves(name, args, index));
  const run = (own: readonly Tensor[]): Tensor => {
    const replaced = [...args];
    let next = 0;
    indices.forEach((index, i) => {
      const end = next + leaves[i]!.length;
      replaced[index] = rebuild(args[index], own.slice(next, end));
      next = end;
    });
    return fn(...replaced as Args);
  };
  const traced = trace(name, run, leaves.flat(), (y) => singleOutput(name, y));
  const { inputs, output, recorded } = traced;
  const found = pullBack([output], [onesLike(output)], inputs, { createGraph: recorded });
  let next = 0;
  const trees = indices.map((index, i) =>
    rebuild(args[index], found.slice(next, next += leaves[i]!.length))
  );
  return [
    released([output], recorded)[0]!,
    (typeof argnums === "number" ? trees[0] : trees) as GradientsFor<Args, Which>,
  ];
}

/**
 * A function that gives the value of `fn` together with its gradient. `fn` returns a tensor of one
 * element; the arguments chosen by `argnums` are tensors, or arrays or plain records of them, and
 * their gradients have the same form. Arguments on which the value does not depend get zeros.
 * Follows `torch.func.grad_and_value`, with the value first.
 *
 * @param fn The function, of any arguments.
 * @param options `argnums`: which arguments, default 0.
 * @returns A function of the same arguments, giving `[value, gradient]`.
 * @throws {GradError} When called, if `fn` returns something else than one tensor of one element.
 *
 * @example Value and gradient
 * ```ts
 * import { tensor, valueAndGrad } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [value, gradient] = valueAndGrad((x) => x.square().sum())(tensor([1, 2]));
 * assertEquals(value.item(), 5);
 * assertEquals(gradient.toArray(), [2, 4]);
 * ```
 */
export function valueAndGrad<Args extends unknown[] = [Tensor]>(
  fn: (...args: Args) => Tensor,
): (...args: Args) => [Tensor, Mirror<Args[0]>];
/** With respect to chosen arguments. */
export function valueAndGrad<
  Args extends unknown[],
  const Which extends number | readonly number[],
>(
  fn: (...args: Args) => Tensor,
  options: GradOfOptions<Which>,
): (...args: Args) => [Tensor, GradientsFor<Args, Which>];
export function valueAndGrad<
  Args extends unknown[],
  const Which extends number | readonly number[],
>(
  fn: (...args: Args) => Tensor,
  options?: GradOfOptions<Which>,
): (...args: Args) => [Tensor, GradientsFor<Args, Which>] {
  const argnums = argnumsOf("valueAndGrad", fn, arguments.length, options);
  return (...args) => gradients("valueAndGrad", fn, args, argnums);
}

/**
 * The gradient of a function, as a function: as {@linkcode valueAndGrad} without the value. Follows
 * `torch.func.grad`.
 *
 * @param fn The function, of any arguments, which returns a tensor of one element.
 * @param options `argnums`: which arguments, default 0.
 * @returns A function of the same arguments, giving the gradient.
 * @throws {GradError} When called, if `fn` returns something else than one tensor of one element.
 *
 * @example A third derivative
 * ```ts
 * import { gradOf, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const cube = (x: Tensor) => x.pow(3);
 * assertEquals(gradOf(gradOf(gradOf(cube)))(tensor(5)).item(), 6);
 * ```
 */
export function gradOf<Args extends unknown[] = [Tensor]>(
  fn: (...args: Args) => Tensor,
): (...args: Args) => Mirror<Args[0]>;
/** With respect to chosen arguments. */
export function gradOf<
  Args extends unknown[],
  const Which extends number | readonly number[],
>(
  fn: (...args: Args) => Tensor,
  options: GradOfOptions<Which>,
): (...args: Args) => GradientsFor<Args, Which>;
export function gradOf<
  Args extends unknown[],
  const Which extends number | readonly number[],
>(
  fn: (...args: Args) => Tensor,
  options?: GradOfOptions<Which>,
): (...args: Args) => GradientsFor<Args, Which> {
  const argnums = argnumsOf("gradOf", fn, arguments.length, options);
  return (...args) => gradients("gradOf", fn, args, argnums)[1];
}

/**
 * The outputs of a function and the product of a vector with its Jacobian, vᵀ·J. Follows
 * `torch.autograd.functional.vjp`.
 *
 * @param fn A function of the inputs, giving a tensor, or an array or record of tensors.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param v A tensor of the shape of each output; by default 1, for an output of one element.
 * @returns `[output, product]`, the product in the form of the inputs.
 * @throws {ShapeError} If `v` does not have the shapes of the outputs.
 * @throws {GradError} If `v` is missing and the output has more than one element.
 *
 * @example A row of the Jacobian
 * ```ts
 * import { tensor, vjp } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [y, product] = vjp((x) => x.square(), tensor([1, 2, 3]), tensor([0, 1, 0]));
 * assertEquals(y.toArray(), [1, 4, 9]);
 * assertEquals(product.toArray(), [0, 4, 0]);
 * ```
 */
export function vjp<const Inputs extends TensorTree, Output extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Output,
  inputs: Inputs,
  v?: TensorTree,
): [Mirror<Output>, Mirror<Inputs>] {
  checkCount("run vjp", arguments.length, 3);
  checkFunction("vjp", fn);
  const points = listOf("vjp", "inputs", inputs);
  const given = v === undefined ? null : listOf("vjp", "v", v);
  const check = given === null ? singleOutput : outputList;
  const traced = trace("vjp", callWith(fn, inputs), points, (y) => check("vjp", y));
  const outputs = outputList("vjp", traced.output);
  const vectors = given ?? [onesLike(outputs[0]!)];
  checkMatch("vjp", "vector", vectors, outputs);
  const recorded = traced.recorded || isTracked(vectors);
  const products = pullBack(outputs, vectors, traced.inputs, { createGraph: recorded });
  const found: unknown = [
    rebuildWith(traced.output, released(outputs, recorded)),
    rebuildWith(inputs, products),
  ];
  return found as [Mirror<Output>, Mirror<Inputs>];
}

/**
 * The value of a function and the product of its Hessian with a vector, without the Hessian. Follows
 * `torch.autograd.functional.hvp`.
 *
 * @param fn A function of the inputs, giving a tensor of one element.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param v A tensor of the shape of each input.
 * @returns `[value, product]`, the product in the form of the inputs.
 * @throws {ShapeError} If `v` does not have the shapes of the inputs.
 * @throws {GradError} If `fn` returns something else than one tensor of one element.
 *
 * @example Of a cubic
 * ```ts
 * import { hvp, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [, product] = hvp((x) => x.pow(3).sum(), tensor([1, 2]), tensor([1, 10]));
 * assertEquals(product.toArray(), [6, 120]);
 * ```
 */
export function hvp<const Inputs extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Tensor,
  inputs: Inputs,
  v: TensorTree,
): [Tensor, Mirror<Inputs>] {
  checkCount("run hvp", arguments.length, 3);
  checkFunction("hvp", fn);
  const points = listOf("hvp", "inputs", inputs);
  const vectors = listOf("hvp", "v", v);
  checkMatch("hvp", "vector", vectors, points);
  const traced = trace("hvp", callWith(fn, inputs), points, (y) => singleOutput("hvp", y));
  const { output } = traced;
  const recorded = traced.recorded || isTracked(vectors);
  const first = pullBack([output], [onesLike(output)], traced.inputs, { createGraph: true });
  const products = pullBack(first, vectors, traced.inputs, { createGraph: recorded });
  const found: unknown = [released([output], recorded)[0], rebuildWith(inputs, products)];
  return found as [Tensor, Mirror<Inputs>];
}
