/** A function of single samples over a batch: a loop over slices and a stack of the results. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  INTEGER,
  kind,
  optionReader,
  orNull,
  shown,
} from "../core/options.ts";
import { normalizeDim } from "../core/shape.ts";
import { leavesOf, type Mirror, rebuild } from "../core/tree.ts";
import { squeeze, stack } from "../ops/shape/composites.ts";
import { slice } from "../ops/shape/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFunction } from "./trace.ts";
import { ARGNUMS, gradients, type GradientsFor, type GradOfOptions } from "./transforms.ts";

/** The dimension that is the batch; null for an argument that all samples share. */
export type BatchDim = number | null;

/** Options of `vmap`. */
export interface VmapOptions {
  /** The batch's dimension in all arguments, or in each. Default: 0. */
  inDims?: BatchDim | readonly BatchDim[];
  /** The batch's dimension in all outputs. Default: 0. */
  outDims?: number;
}

/** Options of `perSampleGrad`. */
export interface PerSampleOptions<Which extends number | readonly number[]>
  extends GradOfOptions<Which> {
  /**
   * The batch's dimension in each argument. Default: null for those that are differentiated, 0 for
   * the others.
   */
  inDims?: readonly BatchDim[];
}

const DIM = orNull(INTEGER);
const DIMS = arrayOf(DIM, "integers or nulls");
const readVmap = optionReader<VmapOptions>({
  inDims: kind(
    `${DIM.needed}, or ${DIMS.needed}`,
    (value) => DIM.accepts(value) || DIMS.accepts(value),
  ),
  outDims: INTEGER,
});
const readPerSample = optionReader<PerSampleOptions<number | readonly number[]>>({
  argnums: ARGNUMS,
  inDims: DIMS,
});

/** The tensors of an argument, with the dimension in which each is sliced. */
interface Sliced {
  readonly leaves: readonly Tensor[];
  readonly dims: readonly number[];
}

function slicedArgument(name: string, arg: unknown, dim: BatchDim, index: number): Sliced | null {
  if (dim === null) return null;
  const leaves = leavesOf(arg);
  if (leaves === null) {
    throw new TypeError(
      `Cannot run ${name}: argument ${index} must be a tensor, or an array or record of tensors, ` +
        `or have null among inDims, got ${shown(arg)}`,
    );
  }
  return { leaves, dims: leaves.map((x) => normalizeDim(name, dim, x.ndim)) };
}

function batchSize(name: string, sliced: readonly (Sliced | null)[]): number {
  const batched = sliced.flatMap((part) => part ?? []);
  const extents = batched.flatMap(({ leaves, dims }) => leaves.map((x, i) => x.shape[dims[i]!]!));
  const shapes = batched.flatMap(({ leaves }) => leaves.map(({ shape }) => shape));
  if (extents.length === 0) {
    throw new TypeError(`Cannot run ${name}: no argument has a batch dimension; see inDims`);
  }
  if (extents.some((extent) => extent !== extents[0])) {
    throw new ShapeError(
      `Cannot run ${name}: the batch must have one size in all arguments, got ${
        extents.join(", ")
      } in shapes ${shapes.map(showShape).join(", ")}`,
      shapes,
    );
  }
  if (extents[0] === 0) {
    throw new ShapeError(
      `Cannot run ${name}: the batch is empty, so no sample tells a shape`,
      shapes,
    );
  }
  return extents[0]!;
}

function mapped<Args extends unknown[], Output>(
  name: string,
  fn: (...args: Args) => Output,
  args: Args,
  dimOf: (index: number) => BatchDim,
  outDim: number,
): Mirror<Output> {
  const sliced = args.map((arg, i) => slicedArgument(name, arg, dimOf(i), i));
  const outputs = Array.from({ length: batchSize(name, sliced) }, (_, sample) => {
    const own = args.map((arg, i) => {
      const part = sliced[i]!;
      if (part === null) return arg;
      const { leaves, dims } = part;
      const entries = leaves.map((x, k) =>
        squeeze(slice(x, dims[k]!, sample, sample + 1), dims[k]!)
      );
      return rebuild(arg, entries);
    });
    return fn(...own as Args);
  });
  const columns = outputs.map((output) => {
    const leaves = leavesOf(output);
    if (leaves !== null) return leaves;
    throw new TypeError(
      `Cannot run ${name}: the function must return a tensor, or an array or record of tensors, ` +
        `got ${shown(output)}`,
    );
  });
  const odd = columns.findIndex((leaves) => leaves.length !== columns[0]!.length);
  if (odd !== -1) {
    throw new TypeError(
      `Cannot run ${name}: the function must return as many tensors for each sample, got ${
        columns[0]!.length
      } for sample 0 and ${columns[odd]!.length} for sample ${odd}`,
    );
  }
  const stacked = columns[0]!.map((_, k) => stack(columns.map((leaves) => leaves[k]!), outDim));
  return rebuild(outputs[0]!, stacked);
}

/**
 * A function over a batch, from one of single samples: it runs on each slice, and the results are
 * stacked. No faster than the loop that it is. Differentiable; nests with the other transforms.
 * Follows `torch.vmap`.
 *
 * @param fn A function of tensors, arrays or records of them, and of anything else where `inDims` is
 * null; gives a tensor, or an array or record of tensors.
 * @param options `inDims`: the batch's dimension in all arguments or in each, default 0.
 * `outDims`: its dimension in the outputs, default 0.
 * @returns A function of the same arguments with a batch dimension more.
 * @throws {ShapeError} When called, if the arguments' batches differ in size or are empty.
 *
 * @example Dot products of rows
 * ```ts
 * import { tensor, vmap } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const dot = vmap((a, b) => a.mul(b).sum());
 * assertEquals(dot(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])).toArray(), [17, 53]);
 * ```
 */
export function vmap<Args extends unknown[] = Tensor[], Output = Tensor>(
  fn: (...args: Args) => Output,
  options?: VmapOptions,
): (...args: Args) => Mirror<Output> {
  checkCount("run vmap", arguments.length, 2);
  checkFunction("vmap", fn);
  const { inDims = 0, outDims = 0 } = readVmap("run vmap", options);
  return (...args) => {
    if (Array.isArray(inDims) && inDims.length !== args.length) {
      throw new TypeError(
        `Cannot run vmap: ${args.length} arguments need as many inDims, got ${inDims.length}`,
      );
    }
    const dimOf = (i: number): BatchDim =>
      inDims instanceof Array ? inDims[i]! : inDims as BatchDim;
    return mapped("vmap", fn, args, dimOf, outDims);
  };
}

/**
 * The gradient of a loss for each sample of a batch by itself, stacked along a new first dimension.
 * It is `vmap(gradOf(fn))` with the differentiated arguments shared; see also
 * {@linkcode functionalCall}. Follows PyTorch's tutorial on per-sample gradients.
 *
 * @param fn The loss of a single sample, a tensor of one element.
 * @param options `argnums`: which arguments to differentiate with respect to, default 0. `inDims`:
 * the batch's dimension in each argument, default 0 for all others.
 * @returns A function of the parameters and the batch, giving the gradients in the parameters' form.
 * @throws {ShapeError} When called, if the arguments' batches differ in size or are empty.
 *
 * @example Two samples
 * ```ts
 * import { perSampleGrad, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = (w: Tensor, x: Tensor) => w.mul(x).sum().square();
 * const gradients = perSampleGrad(loss)(tensor([1, 1]), tensor([[1, 2], [3, 4]]));
 * assertEquals(gradients.toArray(), [[6, 12], [42, 56]]);
 * ```
 */
export function perSampleGrad<
  Args extends unknown[] = Tensor[],
  const Which extends number | readonly number[] = 0,
>(
  fn: (...args: Args) => Tensor,
  options?: PerSampleOptions<Which>,
): (...args: Args) => Mirror<GradientsFor<Args, Which>> {
  checkCount("run perSampleGrad", arguments.length, 2);
  checkFunction("perSampleGrad", fn);
  const { argnums = 0, inDims } = readPerSample("run perSampleGrad", options);
  const shared = typeof argnums === "number" ? [argnums] : argnums;
  const gradient = (...args: Args) => gradients("perSampleGrad", fn, args, argnums as Which)[1];
  return (...args) => {
    if (inDims !== undefined && inDims.length !== args.length) {
      throw new TypeError(
        `Cannot run perSampleGrad: ${args.length} arguments need as many inDims, got ${inDims.length}`,
      );
    }
    const dimOf = (i: number) => inDims === undefined ? shared.includes(i) ? null : 0 : inDims[i]!;
    return mapped("perSampleGrad", gradient, args, dimOf, 0);
  };
}
