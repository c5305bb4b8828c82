/** Primitives: reading and writing at the positions in a tensor. */

import { NONE } from "../../autograd/tape.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { normalizeDim, sameShape, type Shape } from "../../core/shape.ts";
import { noteRange, noteRangeOf, rangeOf } from "../../device/memory.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { copyOf, elementsOf, refuseExample } from "../copy/copy.ts";
import { anyBatched, bare, inBatch, unbatch } from "../define/batch.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { recordAll, result, rule, zeroed } from "../define/record.ts";
import { expand, reshape } from "../shape/primitives.ts";

const gatherKernel = kernelNumber("gather");
export const scatterKernel = kernelNumber("scatter");
const scatterAddKernel = kernelNumber("scatter_add");
const sequenceKernel = kernelNumber("sequence");

/** The error of an index, the i-th, that is not among those from the lowest up to the extent. */
export function outOfRange(
  op: string,
  role: string,
  value: number,
  i: number,
  lowest: number,
  extent: number,
): RangeError {
  const range = extent === 0 ? ", as the extent is 0" : ` (${lowest} to ${extent - 1})`;
  return new RangeError(
    `Cannot compute ${op}: ${role} ${value} at position ${i} is out of range${range}`,
  );
}

/** Refuses what is no tensor of int32. */
export function checkPositions(op: string, index: Tensor, role: string): void {
  checkTensor(op, index, `the ${role}`);
  if (index.dtype !== "int32") {
    throw new DTypeError(`Cannot compute ${op}: the ${role} must be int32, got ${index.dtype}`);
  }
}

/** Whether elements are known, without reading them, to be positions below an extent. */
export function areKnownBelow(index: Tensor, extent: number): boolean {
  const known = rangeOf(index.storage);
  return known !== null && known.low >= 0 && known.high < extent;
}

/** Refuses an index that is not int32 or that names a position which does not exist. */
export function checkIndex(op: string, index: Tensor, extent: number, role = "index"): void {
  checkPositions(op, index, role);
  if (areKnownBelow(index, extent)) return;
  const whole = bare(index);
  const elements = elementsOf(whole, op);
  let high = -1;
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i]!;
    if (value < 0 || value >= extent) throw outOfRange(op, role, value, i, 0, extent);
    if (value > high) high = value;
  }
  // On the GPU, the next use need not read the elements back.
  if (whole.storage.backend.device === "gpu") noteRangeOf(whole, 0, high);
}

/** int32 positions on a tensor's device, each a function of its place. */
export function positionsOn(like: Tensor, count: number, at: (i: number) => number): Tensor {
  const list = result(like, "int32", [count]);
  const positions = new Int32Array(count);
  for (let i = 0; i < count; i++) positions[i] = at(i);
  list.storage.backend.write(list.storage, positions);
  return list;
}

/** int32 positions on a tensor's device, at equal distances, which are made there. */
export function sequenceOn(like: Tensor, count: number, first = 0, step = 1): Tensor {
  const list = result(like, "int32", [count]);
  if (count === 0) return list;
  list.storage.backend.run(sequenceKernel, [list], [first, step]);
  const last = first + (count - 1) * step;
  noteRange(list.storage, Math.min(first, last), Math.max(first, last));
  return list;
}

/** Refuses an index larger than the tensor beside the dimension. */
export function checkReach(op: string, index: Tensor, x: Tensor, dim: number): void {
  const fits = index.ndim === x.ndim &&
    index.shape.every((extent, i) => i === dim || extent <= x.shape[i]!);
  if (!fits) {
    throw new ShapeError(
      `Cannot compute ${op}: the index of shape ${showShape(index.shape)} must have as many ` +
        `dimensions as ${showShape(x.shape)} and be no larger beside dim ${dim}`,
      [index.shape, x.shape],
    );
  }
}

// Each output read one input: the cotangents go back to where they were read, and add up.
const gatherRule = rule<{ dim: number; shape: Shape }>("gather", {
  saves: "b",
  vjp: [
    (g, { b, attrs: { dim, shape } }) => scatteredSums(shape, dim, b, g),
    NONE,
  ],
  vjpInto: (sum, g, { b, attrs }) => {
    if (g.size > 0) sum.storage.backend.run(scatterAddKernel, [sum, b, g], [attrs.dim]);
  },
  jvp: ([t], { b, attrs }) => gatherChecked(t!, attrs.dim, b),
  batch: (_, { dim }, { front }) => gatherChecked(front(0), dim + 1, front(1)),
});

/**
 * Elements at given positions along a dimension: `y[i][j] = x[index[i][j]][j]` for dim 0.
 * Follows `torch.gather`.
 *
 * @param dim The dimension.
 * @param index int32 positions, with as many dimensions as the tensor.
 * @returns A tensor of the index's shape.
 * @throws {RangeError} If a position is out of range.
 *
 * @example One element of each row
 * ```ts
 * import { gather, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const index = tensor([[1], [0]], { dtype: "int32" });
 * assertEquals(gather(tensor([[1, 2], [3, 4]]), 1, index).toArray(), [[2], [3]]);
 * ```
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  checkCount("compute gather", arguments.length, 3);
  checkTensor("gather", x);
  checkTensor("gather", index, "the index");
  checkDevices("gather", x, index);
  const axis = normalizeDim("gather", dim, x.ndim);
  checkReach("gather", index, x, axis);
  checkIndex("gather", index, x.shape[axis]!);
  return gatherChecked(x, axis, index);
}

/** `gather` where the index is known to fit, as it has been used before. */
export function gatherChecked(x: Tensor, dim: number, index: Tensor): Tensor {
  if (x.batched !== null || index.batched !== null) {
    return inBatch(gatherRule.batch, [x, index], { dim, shape: x.shape })[0]!;
  }
  const y = result(x, x.dtype, index.shape);
  if (y.size > 0) x.storage.backend.run(gatherKernel, [y, x, index], [dim]);
  const known = rangeOf(x.storage);
  if (known !== null) noteRange(y.storage, known.low, known.high);
  recordAll(gatherRule, [x, index], [y], { dim, shape: x.shape });
  return y;
}

const scatterAddRule = rule<{ dim: number; shape: Shape }>("scatterAdd", {
  saves: "b",
  vjp: [(g) => g, NONE, (g, { b, attrs }) => gatherChecked(g, attrs.dim, b)],
  jvp: ([t = null, , s = null], { b, attrs }) => {
    const x = t ?? zeroed(s!, s!.dtype, attrs.shape);
    return s === null ? x : scatterAddChecked(x, attrs.dim, b, s);
  },
  batch: (_, { dim }, { front }) => scatterAddChecked(front(0), dim + 1, front(1), front(2)),
});

/**
 * A copy of the tensor with `source` added at given positions along a dimension, in order.
 * Follows `torch.scatter_add`.
 *
 * @param dim The dimension.
 * @param index int32 positions, of the shape of `source`.
 * @param source What is added.
 * @throws {RangeError} If a position is out of range.
 *
 * @example Counts
 * ```ts
 * import { scatterAdd, tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const index = tensor([0, 2, 2], { dtype: "int32" });
 * assertEquals(scatterAdd(zeros([3]), 0, index, tensor([1, 1, 1])).toArray(), [1, 0, 2]);
 * ```
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  checkCount("compute scatterAdd", arguments.length, 4);
  checkTensor("scatterAdd", x);
  checkTensor("scatterAdd", index, "the index");
  checkTensor("scatterAdd", source, "the source");
  checkDevices("scatterAdd", x, index);
  checkDevices("scatterAdd", x, source);
  if (x.dtype === "bool" || source.dtype !== x.dtype) {
    throw new DTypeError(
      `Cannot compute scatterAdd: tensor and source must have one type, not bool, got ${x.dtype} ` +
        `and ${source.dtype}`,
    );
  }
  const axis = normalizeDim("scatterAdd", dim, x.ndim);
  checkReach("scatterAdd", index, x, axis);
  if (!sameShape(index.shape, source.shape)) {
    throw new ShapeError(
      `Cannot compute scatterAdd: index and source must have one shape, got ${
        showShape(index.shape)
      } and ${showShape(source.shape)}`,
      [index.shape, source.shape],
    );
  }
  checkIndex("scatterAdd", index, x.shape[axis]!);
  return scatterAddChecked(x, axis, index, source);
}

/** `scatterAdd` where the index is known to fit, as it has been used before. */
export function scatterAddChecked(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  if (anyBatched([x, index, source])) {
    return inBatch(scatterAddRule.batch, [x, index, source], { dim, shape: x.shape })[0]!;
  }
  const y = copyOf(x);
  if (source.size > 0) y.storage.backend.run(scatterAddKernel, [y, index, source], [dim]);
  recordAll(scatterAddRule, [x, index, source], [y], { dim, shape: x.shape });
  return y;
}

/** Writes `source` at positions that fit along the first dimension; for `setAt`, in place. */
export function scatterRows(target: Tensor, index: Tensor, source: Tensor): void {
  const rows = reshape(index, [-1, ...target.shape.slice(1).map(() => 1)]);
  if (source.size > 0) scatterInto(target, 0, expand(rows, source.shape), source);
}

/** Writes `source` at positions that fit along a dimension. */
function scatterInto(target: Tensor, dim: number, index: Tensor, source: Tensor): void {
  if (target.batched !== null) {
    const { batch, whole } = target.batched;
    return scatterInto(whole, dim + 1, unbatch(index, batch), unbatch(source, batch));
  }
  for (const x of [index, source]) refuseExample(target, x);
  target.storage.backend.run(scatterKernel, [target, index, source], [dim]);
}

/** Zeros of a shape with `source` added at positions that are known to fit, without a copy of zeros. */
export function scatteredSums(shape: Shape, dim: number, index: Tensor, source: Tensor): Tensor {
  const y = zeroed(source, source.dtype, shape);
  if (source.batched !== null || index.batched !== null) {
    return scatterAddChecked(y, dim, index, source);
  }
  if (source.size > 0) y.storage.backend.run(scatterAddKernel, [y, index, source], [dim]);
  // The zeros that it was stand for the tensor that is added to: they have no gradient.
  recordAll(scatterAddRule, [y, index, source], [y], { dim, shape });
  return y;
}
