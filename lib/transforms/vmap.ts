/** A function of single examples over a batch of them, which its ops treat as one. */

import { engine, settled, under } from "../core/engine.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  INTEGER,
  kept,
  kind,
  oneOf,
  optionReader,
  orNull,
  shown,
} from "../core/options.ts";
import { drawingAlike } from "../core/random.ts";
import { normalizeDim } from "../core/shape.ts";
import type { Batch } from "../core/tensor.ts";
import { leavesOf, type Mirror, rebuild } from "../core/tree.ts";
import { isInBatch, rebatch, unbatch } from "../ops/define/batch.ts";
import { cat, permute, slice } from "../ops/shape/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFunction } from "./trace.ts";
import { ARGNUMS, gradients, type GradientsFor, type GradOfOptions } from "./transforms.ts";

/** The dimension that is the batch; null for an argument that all samples share. */
export type BatchDim = number | null;

/** Options of `vmap`. */
export interface VmapOptions {
  /** The batch's dimension in all arguments, or in each. Default: 0. */
  inDims?: BatchDim | readonly BatchDim[];
  /** The batch's dimension in all outputs, or in each. Default: 0. */
  outDims?: number | readonly number[];
  /** Whether random numbers are different or the same for all examples, or refused: the default. */
  randomness?: "different" | "same" | "error";
  /** How many examples are processed together; memory grows with them. Default: all. */
  chunk?: number;
}

/** Options of `perSampleGrad`. */
export interface PerSampleOptions<Which extends number | readonly number[]>
  extends GradOfOptions<Which>, Pick<VmapOptions, "randomness" | "chunk"> {
  /**
   * The batch's dimension in each argument. Default: null for those that are differentiated, 0 for
   * the others.
   */
  inDims?: readonly BatchDim[];
}

/** Samples whose gradients are computed at once. */
const CHUNK = 256;

const SHARED = { randomness: oneOf("different", "same", "error"), chunk: INTEGER };
const INTEGERS = arrayOf(INTEGER, "integers");
const DIM = orNull(INTEGER);
const DIMS = arrayOf(DIM, "integers or nulls");
const readVmap = optionReader<VmapOptions>({
  ...SHARED,
  inDims: kind(
    `${DIM.needed}, or ${DIMS.needed}`,
    (value) => DIM.accepts(value) || DIMS.accepts(value),
  ),
  outDims: kind(
    `${INTEGER.needed}, or ${INTEGERS.needed}`,
    (value) => INTEGER.accepts(value) || INTEGERS.accepts(value),
  ),
});
const readPerSample = optionReader<PerSampleOptions<number | readonly number[]>>({
  ...SHARED,
  argnums: ARGNUMS,
  inDims: DIMS,
});

/** The tensors of an argument, with the dimension of each that is the batch. */
interface MappedArgument {
  readonly leaves: readonly Tensor[];
  readonly dims: readonly number[];
}

function mappedArgument(
  name: string,
  arg: unknown,
  dim: BatchDim,
  index: number,
): MappedArgument | null {
  if (dim === null) return null;
  const leaves = leavesOf(arg);
  if (leaves === null) {
    throw new TypeError(
      `Cannot run ${name}: argument ${index} must be a tensor, or an array or record of tensors, ` +
        `or have null among inDims, got ${shown(arg)}`,
    );
  }
  for (const x of leaves) x.storage.check(name, undefined, `argument ${index}`);
  return { leaves, dims: leaves.map((x) => normalizeDim(name, dim, x.ndim)) };
}

function batchSize(name: string, mapped: readonly (MappedArgument | null)[]): number {
  const batched = mapped.flatMap((part) => part ?? []);
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

let level = 0;

/** A batch inside of those around. */
export function newBatch(size: number, randomness: Batch["randomness"]): Batch {
  return { level: ++level, size, randomness, outer: engine.batch };
}

/** Refuses a number of examples that is none. */
export function checkChunk(name: string, chunk: number): number {
  if (chunk >= 1) return chunk;
  throw new RangeError(`Cannot run ${name}: chunk must be a positive integer, got ${chunk}`);
}

/** How a function is mapped. */
interface Mapping {
  readonly name: string;
  readonly dimOf: (index: number) => BatchDim;
  readonly outDims: number | readonly number[];
  readonly randomness: Batch["randomness"];
  /** Examples at once; null for all. */
  readonly chunk: number | null;
  /** Whether what does not depend on the batch is refused, or repeated. */
  readonly strict: boolean;
}

/** The outputs of a function for some of the examples, with the batch in front. */
function runBatch<Args extends unknown[], Output>(
  fn: (...args: Args) => Output,
  args: Args,
  fronts: readonly (readonly Tensor[] | null)[],
  size: number,
  { name, randomness, strict }: Mapping,
): { output: Output; wholes: Tensor[] } {
  const batch = newBatch(size, randomness);
  const own = args.map((arg, i) => {
    const front = fronts[i];
    return front == null ? arg : rebuild(arg, front.map((x) => rebatch(x, batch)));
  });
  const consequence = "its examples would be gone before it ends";
  const output = under({ batch }, () => settled(name, consequence, fn(...own as Args)));
  const leaves = leavesOf(output);
  if (leaves === null) {
    throw new TypeError(
      `Cannot run ${name}: the function must return a tensor, or an array or record of tensors, ` +
        `got ${shown(output)}`,
    );
  }
  leaves.forEach((y, k) => {
    if (!strict || isInBatch(y, batch)) return;
    throw new TypeError(
      `Cannot run ${name}: output ${k} (shape ${
        showShape(y.shape)
      }) depends on no input that is mapped, so it is the same for all examples; compute it outside`,
    );
  });
  return { output, wholes: leaves.map((y) => unbatch(y, batch)) };
}

function mapped<Args extends unknown[], Output>(
  fn: (...args: Args) => Output,
  args: Args,
  mapping: Mapping,
): Mirror<Output> {
  const { name, dimOf, outDims } = mapping;
  const inputs = args.map((arg, i) => mappedArgument(name, arg, dimOf(i), i));
  const size = batchSize(name, inputs);
  const chunk = mapping.chunk ?? size;
  const fronts = inputs.map((input) =>
    input && input.leaves.map((x, k) => movedDim(x, input.dims[k]!, 0))
  );
  const runs = Array.from({ length: Math.ceil(size / chunk) }, (_, i) => () => {
    const from = i * chunk;
    const to = Math.min(size, from + chunk);
    const part = chunk >= size
      ? fronts
      : fronts.map((front) => front && front.map((x) => slice(x, 0, from, to)));
    return runBatch(fn, args, part, to - from, mapping);
  });
  const results = mapping.randomness === "same" ? drawingAlike(runs) : runs.map((run) => run());
  const { output, wholes } = results[0]!;
  if (typeof outDims !== "number" && outDims.length !== wholes.length) {
    throw new TypeError(
      `Cannot run ${name}: ${wholes.length} outputs need as many outDims, got ${outDims.length}`,
    );
  }
  const joined = wholes.map((whole, k) => {
    const all = results.length === 1 ? whole : cat(results.map(({ wholes }) => wholes[k]!));
    const dim = typeof outDims === "number" ? outDims : outDims[k]!;
    return movedDim(all, 0, normalizeDim(name, dim, all.ndim, "outDims"));
  });
  return rebuild(output, joined);
}

/** A dimension at another place: a view. */
function movedDim(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = x.shape.map((_, i) => i).filter((i) => i !== from);
  return permute(x, order.toSpliced(to, 0, from));
}

/**
 * A function over a batch, from one of single examples: it runs once, and every op in it on the whole
 * batch. Differentiable; nests with the other transforms and with itself. What depends on the elements
 * of an example (`item`, masks that choose, changes of shared tensors in place) is refused. Follows
 * `torch.vmap`.
 *
 * @param fn A function of tensors, arrays or records of them, and of anything else where `inDims` is
 * null; gives a tensor, or an array or record of tensors.
 * @param options `inDims`: the batch's dimension in all arguments or in each, default 0.
 * `outDims`: its dimension in the outputs, default 0. `randomness`: what examples get that draw random
 * numbers, default "error". `chunk`: examples at once, default all.
 * @returns A function of the same arguments with a batch dimension more.
 * @throws {ShapeError} When called, if the arguments' batches differ in size or are empty.
 * @throws {TypeError} When called, if an output depends on no argument that is mapped, or if the
 * function does what cannot be done for all examples at once.
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
  const { inDims = 0, outDims = 0, randomness = "error", chunk } = kept(
    readVmap("run vmap", options),
  );
  const each = chunk === undefined ? null : checkChunk("vmap", chunk);
  return (...args) => {
    if (Array.isArray(inDims) && inDims.length !== args.length) {
      throw new TypeError(
        `Cannot run vmap: ${args.length} arguments need as many inDims, got ${inDims.length}`,
      );
    }
    const dimOf = (i: number): BatchDim =>
      inDims instanceof Array ? inDims[i]! : inDims as BatchDim;
    return mapped(fn, args, {
      name: "vmap",
      dimOf,
      outDims,
      randomness,
      chunk: each,
      strict: true,
    });
  };
}

/**
 * The gradient of a loss for each sample of a batch by itself, stacked along a new first dimension.
 * It is `vmap(gradOf(fn))` with the differentiated arguments shared; see also
 * {@linkcode functionalCall}. Follows PyTorch's tutorial on per-sample gradients.
 *
 * @param fn The loss of a single sample, a tensor of one element.
 * @param options `argnums`: which arguments to differentiate with respect to, default 0. `inDims`:
 * the batch's dimension in each argument, default 0 for all others. `randomness` as in `vmap`,
 * default "different". `chunk`: samples at once, default 256.
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
  const name = "perSampleGrad";
  checkCount(`run ${name}`, arguments.length, 2);
  checkFunction(name, fn);
  const read = kept(readPerSample(`run ${name}`, options));
  const { argnums = 0, inDims, randomness = "different" } = read;
  const chunk = checkChunk(name, read.chunk ?? CHUNK);
  const shared = typeof argnums === "number" ? [argnums] : argnums;
  const gradient = (...args: Args) => gradients(name, fn, args, argnums as Which)[1];
  return (...args) => {
    if (inDims !== undefined && inDims.length !== args.length) {
      throw new TypeError(
        `Cannot run perSampleGrad: ${args.length} arguments need as many inDims, got ${inDims.length}`,
      );
    }
    const dimOf = (i: number) => inDims === undefined ? shared.includes(i) ? null : 0 : inDims[i]!;
    return mapped(gradient, args, { name, dimOf, outDims: 0, randomness, chunk, strict: false });
  };
}
