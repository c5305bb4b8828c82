/** All first and second derivatives of functions: many directions at once, as a batch. */

import { CODES } from "../core/dtype.ts";
import { checkCount, INTEGER, optionReader } from "../core/options.ts";
import { checkRoom, checkShape, sizeOf } from "../core/shape.ts";
import { type Batch, makeBatched } from "../core/tensor.ts";
import { type Mirror, rebuildWith, type TensorTree } from "../core/tree.ts";
import { isGradEnabled } from "../autograd/tape.ts";
import { unbatch } from "../ops/define/batch.ts";
import { cat } from "../ops/shape/primitives.ts";
import { onesLike, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { pushed } from "./forward.ts";
import {
  type ArgumentsOf,
  callWith,
  checkFunction,
  listOf,
  outputList,
  pullBack,
  singleOutput,
  type Trace,
  trace,
} from "./trace.ts";
import { checkChunk, newBatch } from "./vmap.ts";

/** For each output the derivatives with respect to each input. */
export type Jacobian<Output, Inputs> = TensorTree extends Output ? TensorTree
  : Output extends Tensor ? Mirror<Inputs>
  : { -readonly [K in keyof Output]: Jacobian<Output[K], Inputs> };

/** For each input the second derivatives with respect to each input. */
export type Hessian<Inputs> = Jacobian<Inputs, Inputs>;

/** Options of `jacobian`, `jacfwd` and `hessian`. */
export interface JacobianOptions {
  /** How many directions are processed together; memory grows with them. Default: 256. */
  chunk?: number;
}

const readJacobian = optionReader<JacobianOptions>({ chunk: INTEGER });

/** Directions that are processed together by default. */
const CHUNK = 256;

function chunkOf(name: string, options: JacobianOptions | undefined): number {
  const { chunk = CHUNK } = readJacobian(`run ${name}`, options);
  return checkChunk(name, chunk);
}

/** Refuses derivatives that no tensor can hold, before the first of them is computed. */
function checkBlocks(name: string, ys: readonly Tensor[], inputs: readonly Tensor[]): void {
  for (const y of ys) {
    for (const x of inputs) {
      const shape = [...y.shape, ...x.shape];
      checkShape(name, shape);
      checkRoom(shape, sizeOf(shape), CODES[x.dtype], `the result of ${name}`);
    }
  }
}

/** The unit directions of a tensor from one on, as a batch. */
function unitDirections(x: Tensor, batch: Batch, from: number): Tensor {
  const { size } = batch;
  const list = zeros([size * x.size], { dtype: x.dtype });
  const { array, base } = list.storage;
  for (let i = 0; i < size; i++) array[base + i * x.size + from + i] = 1;
  return makeBatched(batch, list.to({ device: x.device }).reshape([size, ...x.shape]));
}

/** What a batch of unit directions of a tensor gives, for all of them, in chunks: [...x, ...result]. */
function alongUnits(
  x: Tensor,
  chunk: number,
  run: (directions: Tensor) => readonly Tensor[],
): Tensor[] {
  const parts: Tensor[][] = [];
  for (let from = 0; from < x.size; from += chunk) {
    const batch = newBatch(Math.min(chunk, x.size - from), "error");
    parts.push(run(unitDirections(x, batch, from)).map((found) => unbatch(found, batch)));
  }
  return (parts[0] ?? []).map((first, k) => {
    const all = parts.length === 1 ? first : cat(parts.map((part) => part[k]!));
    return all.reshape([...x.shape, ...all.shape.slice(1)]);
  });
}

/** Without elements there are no directions: what remains are the shapes. */
function nothing(x: Tensor, others: readonly Tensor[], behind: boolean): Tensor[] {
  return others.map(({ shape, dtype, device }) =>
    zeros(behind ? [...shape, ...x.shape] : [...x.shape, ...shape], { dtype, device })
  );
}

/** The derivatives of a tensor for each input, by backward passes: [...y, ...input]. */
function byRows(y: Tensor, inputs: readonly Tensor[], chunk: number, recorded: boolean): Tensor[] {
  if (y.size === 0) return nothing(y, inputs, false);
  const options = { createGraph: recorded, retainGraph: true };
  return alongUnits(y, chunk, (directions) => pullBack([y], [directions], inputs, options));
}

/** The derivatives of tensors for an input, in forward mode: [...y, ...input] for each. */
function byColumns(
  ys: readonly Tensor[],
  { inputs, recorded }: Pick<Trace<unknown>, "inputs" | "recorded">,
  k: number,
  chunk: number,
): Tensor[] {
  const x = inputs[k]!;
  if (x.size === 0) return nothing(x, ys, true);
  const columns = alongUnits(
    x,
    chunk,
    (directions) => pushed(ys, [x], [directions], recorded && isGradEnabled()),
  );
  return columns.map((column, i) => {
    const order = column.shape.map((_, at) => at);
    return column.permute([...order.slice(x.ndim), ...order.slice(0, x.ndim)]).clone()
      .reshape([...ys[i]!.shape, ...x.shape]);
  });
}

/**
 * All first derivatives of a function: of shape `[...output, ...input]` for each output and input, by
 * backward passes for the elements of the output, many at once. Follows `torch.func.jacrev`.
 *
 * @param fn A function of the inputs, giving a tensor, or an array or record of tensors.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param options `chunk`: elements of the output that are followed at once, default 256.
 * @returns A tensor for one output and one input; in the form of the inputs, if they are several; in
 * the form of the outputs of that, if those are.
 * @throws {ShapeError} If the result would have more than 8 dimensions, or take 4 GiB or more.
 *
 * @example Of an elementwise function
 * ```ts
 * import { jacobian, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(jacobian((x) => x.square(), tensor([1, 2])).toArray(), [[2, 0], [0, 4]]);
 * ```
 */
export function jacobian<const Inputs extends TensorTree, Output extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Output,
  inputs: Inputs,
  options?: JacobianOptions,
): Jacobian<Output, Inputs> {
  checkCount("run jacobian", arguments.length, 3);
  checkFunction("jacobian", fn);
  const chunk = chunkOf("jacobian", options);
  const points = listOf("jacobian", "inputs", inputs);
  const traced = trace("jacobian", callWith(fn, inputs), points, (y) => outputList("jacobian", y));
  const outputs = outputList("jacobian", traced.output);
  checkBlocks("jacobian", outputs, points);
  const blocks = outputs.map((y) =>
    rebuildWith(inputs, byRows(y, traced.inputs, chunk, traced.recorded))
  );
  return rebuildWith(traced.output, blocks) as Jacobian<Output, Inputs>;
}

/**
 * The same as {@linkcode jacobian} by forward mode, for the elements of the inputs: the faster way where
 * they are fewer than those of the output. Follows `torch.func.jacfwd`.
 *
 * @param fn A function of the inputs, giving a tensor, or an array or record of tensors.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param options `chunk`: elements of an input that are followed at once, default 256.
 * @returns A tensor for one output and one input; in the form of the inputs, if they are several; in
 * the form of the outputs of that, if those are.
 * @throws {ShapeError} If the result would have more than 8 dimensions, or take 4 GiB or more.
 *
 * @example A curve in space
 * ```ts
 * import { jacfwd, stack, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const velocity = jacfwd((t) => stack([t, t.square(), t.pow(3)]), tensor(2));
 * assertEquals(velocity.toArray(), [1, 4, 12]);
 * ```
 */
export function jacfwd<const Inputs extends TensorTree, Output extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Output,
  inputs: Inputs,
  options?: JacobianOptions,
): Jacobian<Output, Inputs> {
  checkCount("run jacfwd", arguments.length, 3);
  checkFunction("jacfwd", fn);
  const chunk = chunkOf("jacfwd", options);
  const points = listOf("jacfwd", "inputs", inputs);
  const traced = trace("jacfwd", callWith(fn, inputs), points, (y) => outputList("jacfwd", y));
  const outputs = outputList("jacfwd", traced.output);
  checkBlocks("jacfwd", outputs, points);
  const columns = points.map((_, k) => byColumns(outputs, traced, k, chunk));
  const blocks = outputs.map((_, i) => rebuildWith(inputs, columns.map((column) => column[i]!)));
  return rebuildWith(traced.output, blocks) as Jacobian<Output, Inputs>;
}

/**
 * All second derivatives of a function: of shape `[...a, ...b]` for inputs a and b, by forward mode
 * over the gradient, many directions at once. Follows `torch.func.hessian`.
 *
 * @param fn A function of the inputs, giving a tensor of one element.
 * @param inputs A tensor or a record of tensors, which the function is called with, or an array of
 * such, which are its arguments.
 * @param options `chunk`: elements of an input that are followed at once, default 256.
 * @returns A tensor for one input; for several in their form, twice.
 * @throws {GradError} If `fn` returns something else than one tensor of one element.
 * @throws {ShapeError} If the result would have more than 8 dimensions, or take 4 GiB or more.
 *
 * @example Of a cubic
 * ```ts
 * import { hessian, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hessian((x) => x.pow(3).sum(), tensor([1, 2])).toArray(), [[6, 0], [0, 12]]);
 * ```
 */
export function hessian<const Inputs extends TensorTree>(
  fn: (...inputs: ArgumentsOf<Inputs>) => Tensor,
  inputs: Inputs,
  options?: JacobianOptions,
): Hessian<Inputs> {
  checkCount("run hessian", arguments.length, 3);
  checkFunction("hessian", fn);
  const chunk = chunkOf("hessian", options);
  const points = listOf("hessian", "inputs", inputs);
  checkBlocks("hessian", points, points);
  const traced = trace("hessian", callWith(fn, inputs), points, (y) => singleOutput("hessian", y));
  const { output } = traced;
  const first = pullBack([output], [onesLike(output)], traced.inputs, { createGraph: true });
  const columns = points.map((_, k) => byColumns(first, traced, k, chunk));
  const blocks = first.map((_, i) => rebuildWith(inputs, columns.map((column) => column[i]!)));
  return rebuildWith(inputs, blocks) as Hessian<Inputs>;
}
