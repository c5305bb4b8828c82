/** Reading and writing at positions that a tensor gives. */

import { NONE } from "../../autograd/tape.ts";
import { checkCount, NUMBER, optionReader, shown } from "../../core/options.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { kernelNumber } from "../../ffi/library.ts";
import { checkShape, normalizeDim, sameShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkDevices, checkElement, checkTensor, TENSOR_OR_NUMBER } from "../define/elementwise.ts";
import { eq, ge, where } from "../elementwise/compare.ts";
import { castTo, copyOf, elementsOf } from "../copy/copy.ts";
import { clone, expand, reshape } from "../shape/movement.ts";
import { recordAll, result, rule, scalar, zeroed } from "../define/record.ts";

const gatherKernel = kernelNumber("gather");
const scatterKernel = kernelNumber("scatter");
const scatterAddKernel = kernelNumber("scatter_add");

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
function checkPositions(op: string, index: Tensor, role: string): void {
  checkTensor(op, index, `the ${role}`);
  if (index.dtype !== "int32") {
    throw new DTypeError(`Cannot compute ${op}: the ${role} must be int32, got ${index.dtype}`);
  }
}

/** Refuses an index that is not int32 or that names a position which does not exist. */
export function checkIndex(op: string, index: Tensor, extent: number, role = "index"): void {
  checkPositions(op, index, role);
  const elements = elementsOf(index);
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i]!;
    if (value < 0 || value >= extent) throw outOfRange(op, role, value, i, 0, extent);
  }
}

/** int32 positions on a tensor's device, each a function of its place. */
export function positionsOn(like: Tensor, count: number, at: (i: number) => number): Tensor {
  const list = result(like, "int32", [count]);
  const positions = new Int32Array(count);
  for (let i = 0; i < count; i++) positions[i] = at(i);
  list.storage.backend.write(list.storage, positions);
  return list;
}

/** Refuses an index larger than the tensor beside the dimension. */
function checkReach(op: string, index: Tensor, x: Tensor, dim: number): void {
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
    (g, { b, attrs: { dim, shape } }) => scatterAddChecked(zeroed(g, g.dtype, shape), dim, b, g),
    NONE,
  ],
});

/**
 * Elements at given positions along a dimension: `y[i][j] = x[index[i][j]][j]` for dim 0.
 * Follows `torch.gather`.
 *
 * @param dim The dimension.
 * @param index int32 positions, with as many dimensions as the tensor.
 * @returns A tensor of the index's shape.
 * @throws {RangeError} If a position is out of range.
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
  const y = result(x, x.dtype, index.shape);
  if (y.size > 0) x.storage.backend.run(gatherKernel, [y, x, index], [dim]);
  recordAll(gatherRule, [x, index], [y], { dim, shape: x.shape });
  return y;
}

const scatterAddRule = rule<{ dim: number }>("scatterAdd", {
  saves: "b",
  vjp: [(g) => g, NONE, (g, { b, attrs }) => gatherChecked(g, attrs.dim, b)],
});

/**
 * A copy of the tensor with `source` added at given positions along a dimension, in order.
 * Follows `torch.scatter_add`.
 *
 * @param dim The dimension.
 * @param index int32 positions, of the shape of `source`.
 * @param source What is added.
 * @throws {RangeError} If a position is out of range.
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
  const y = copyOf(x);
  if (source.size > 0) y.storage.backend.run(scatterAddKernel, [y, index, source], [dim]);
  recordAll(scatterAddRule, [x, index, source], [y], { dim });
  return y;
}

/**
 * A copy of the tensor with `source` written at given positions along a dimension; of repeated
 * positions the last one stays, and alone gets a gradient. Follows `torch.scatter`.
 *
 * @param dim The dimension.
 * @param index int32 positions, with as many dimensions as the tensor.
 * @param source A tensor of the index's shape, or a number.
 * @throws {RangeError} If a position is out of range.
 */
export function scatter(x: Tensor, dim: number, index: Tensor, source: Tensor | number): Tensor {
  checkCount("compute scatter", arguments.length, 4);
  checkTensor("scatter", x);
  checkTensor("scatter", index, "the index");
  checkDevices("scatter", x, index);
  const axis = normalizeDim("scatter", dim, x.ndim);
  checkReach("scatter", index, x, axis);
  checkIndex("scatter", index, x.shape[axis]!);
  const numbered = typeof source === "number";
  if (numbered) checkElement("scatter", "the source", source, x.dtype);
  else {
    checkTensor("scatter", source, "the source", TENSOR_OR_NUMBER);
    checkSource("scatter", x, index.shape, source);
  }
  if (index.size === 0) return clone(x);
  // Which element of the source each position gets; -1 for none.
  const from = result(x, "int32", x.shape);
  from.storage.backend.fill(from.storage, -1);
  const places = reshape(positionsOn(x, index.size, (i) => i), index.shape);
  from.storage.backend.run(scatterKernel, [from, index, places], [axis]);
  const written = ge(from, 0);
  if (numbered) return where(written, scalar(source, x.dtype, x), x);
  const rows = reshape(where(written, from, 0), [-1]);
  return where(written, reshape(indexSelect(reshape(source, [-1]), 0, rows), x.shape), x);
}

/** Refuses a source of another type or shape. */
function checkSource(op: string, x: Tensor, shape: Shape, source: Tensor): void {
  checkTensor(op, source, "the source");
  checkDevices(op, x, source);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `Cannot compute ${op}: tensor and source must have one type, got ${x.dtype} and ` +
        source.dtype,
    );
  }
  if (!sameShape(source.shape, shape)) {
    throw new ShapeError(
      `Cannot compute ${op}: the source must have shape ${showShape(shape)} for this index, got ${
        showShape(source.shape)
      }`,
      [shape, source.shape],
    );
  }
}

/** Options of `indexAdd`. */
export interface IndexAddOptions {
  /** Factor of the source. Default: 1. */
  alpha?: number;
}

const readIndexAdd = optionReader<IndexAddOptions>({ alpha: NUMBER });

/**
 * A copy of the tensor with the entries of `source` added to those that an index names along a
 * dimension, in order. Follows `torch.index_add`.
 *
 * @param dim The dimension.
 * @param index int32 positions, of one dimension.
 * @param source The tensor's shape, with as many entries along the dimension as the index has.
 * @throws {RangeError} If a position is out of range.
 *
 * @example Sums by group
 * ```ts
 * import { indexAdd, tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const group = tensor([0, 1, 0], { dtype: "int32" });
 * assertEquals(indexAdd(zeros([2]), 0, group, tensor([1, 2, 3])).toArray(), [4, 2]);
 * ```
 */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options?: IndexAddOptions,
): Tensor {
  checkCount("compute indexAdd", arguments.length, 5);
  checkTensor("indexAdd", x);
  const { alpha = 1 } = readIndexAdd("compute indexAdd", options);
  const axis = normalizeDim("indexAdd", dim, x.ndim);
  const column = columnOf("indexAdd", x, axis, index);
  checkSource("indexAdd", x, x.shape.with(axis, index.size), source);
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute indexAdd: the input is bool; cast it first");
  }
  checkElement("indexAdd", "alpha", alpha, x.dtype);
  const scaled = alpha === 1 ? source : source.mul(alpha);
  return scatterAddChecked(x, axis, expand(column, source.shape), scaled);
}

/** Writes `source` at positions along the first dimension; for `setAt`, in place. */
export function scatterRows(target: Tensor, index: Tensor, source: Tensor): void {
  checkIndex("setAt", index, target.shape[0]!);
  if (source.size === 0) return;
  const rows = reshape(index, [-1, ...target.shape.slice(1).map(() => 1)]);
  const places = expand(rows, source.shape);
  target.storage.backend.run(scatterKernel, [target, places, source], [0]);
}

/**
 * Entries along a dimension in the order that the index gives, repeats included.
 * Follows `torch.index_select`.
 *
 * @param dim The dimension.
 * @param index int32 positions, of one dimension.
 * @throws {RangeError} If a position is out of range.
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  checkCount("compute indexSelect", arguments.length, 3);
  checkTensor("indexSelect", x);
  const axis = normalizeDim("indexSelect", dim, x.ndim);
  const column = columnOf("indexSelect", x, axis, index);
  const shape = x.shape.with(axis, index.size);
  checkShape("indexSelect", shape);
  return gatherChecked(x, axis, expand(column, shape));
}

/** An index of one dimension, checked, so that it expands along the others. */
function columnOf(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  checkTensor(op, index, "the index");
  if (index.ndim !== 1) {
    throw new ShapeError(
      `Cannot compute ${op}: the index must have one dimension, got shape ${
        showShape(index.shape)
      }`,
      [index.shape],
    );
  }
  checkIndex(op, index, x.shape[axis]!);
  return reshape(index, x.shape.map((_, i) => i === axis ? -1 : 1));
}

/**
 * Rows that are 1 at the position of a class and 0 elsewhere, int32.
 * Follows `torch.nn.functional.one_hot`.
 *
 * @param labels int32 classes of any shape.
 * @param numClasses Number of classes; default: the largest label plus one.
 * @returns int32, one dimension more than the labels.
 * @throws {RangeError} If a label is out of range.
 */
export function oneHot(labels: Tensor, numClasses?: number): Tensor {
  checkCount("compute oneHot", arguments.length, 2);
  checkPositions("oneHot", labels, "label");
  const all = () => labels.size === 0 ? 0 : Math.max(1, labels.max().item() + 1);
  const classes = numClasses === undefined ? all() : numClasses;
  if (!Number.isInteger(classes) || classes < 0) {
    throw new RangeError(
      `Cannot compute oneHot: numClasses must be a non-negative integer, got ${shown(classes)}`,
    );
  }
  checkShape("oneHot", [...labels.shape, classes]);
  checkIndex("oneHot", labels, classes, "label");
  const numbers = positionsOn(labels, classes, (i) => i);
  return castTo(eq(reshape(labels, [...labels.shape, 1]), numbers), "int32");
}
