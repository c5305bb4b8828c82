/** Composites: reading and writing at positions, built on the primitives. */

import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader, shown } from "../../core/options.ts";
import { checkShape, normalizeDim, sameShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, clone, elementsOf } from "../copy/copy.ts";
import { inBatchOf } from "../define/batch.ts";
import { checkDevices, checkElement, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { result, scalar } from "../define/record.ts";
import { eq, ge, where } from "../elementwise/compare.ts";
import { composites } from "../registry.ts";
import { expand, reshape } from "../shape/primitives.ts";
import {
  checkIndex,
  checkPositions,
  checkReach,
  gatherChecked,
  positionsOn,
  scatterAddChecked,
  scatterKernel,
  sequenceOn,
} from "./primitives.ts";

/**
 * A copy of the tensor with `source` written at given positions along a dimension; of repeated
 * positions the last one wins, and only it gets a gradient. Follows `torch.scatter`.
 *
 * @param dim The dimension.
 * @param index int32 positions, with as many dimensions as the tensor.
 * @param source A tensor of the index's shape, or a number.
 * @throws {RangeError} If a position is out of range.
 *
 * @example Two positions
 * ```ts
 * import { scatter, tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const index = tensor([2, 0], { dtype: "int32" });
 * assertEquals(scatter(zeros([3]), 0, index, tensor([5, 7])).toArray(), [7, 0, 5]);
 * ```
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
  const from = writersOf(index, x.shape, axis, index.size);
  const written = ge(from, 0);
  if (numbered) return where(written, scalar(source, x.dtype, x), x);
  const rows = reshape(where(written, from, 0), [-1]);
  return where(written, reshape(indexSelect(reshape(source, [-1]), 0, rows), x.shape), x);
}

/** Which element of the source, of so many, each position gets; -1 for none. */
function writersOf(index: Tensor, shape: Shape, axis: number, sources: number): Tensor {
  if (index.batched !== null) {
    const { size } = index.batched.batch;
    return inBatchOf(index, (whole) => writersOf(whole, [size, ...shape], axis + 1, sources));
  }
  const from = result(index, "int32", shape);
  from.storage.backend.fill(from.storage, -1);
  const places = reshape(positionsOn(index, index.size, (i) => i % sources), index.shape);
  from.storage.backend.run(scatterKernel, [from, index, places], [axis]);
  return from;
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
  checkColumn("indexAdd", x, axis, index);
  checkSource("indexAdd", x, x.shape.with(axis, index.size), source);
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute indexAdd: the input is bool; cast it first");
  }
  checkElement("indexAdd", "alpha", alpha, x.dtype);
  const scaled = alpha === 1 ? source : source.mul(alpha);
  return scatterAddChecked(x, axis, expand(columnOf(x, axis, index), source.shape), scaled);
}

/**
 * Entries along a dimension in the order that the index gives, repeats included.
 * Follows `torch.index_select`.
 *
 * @param dim The dimension.
 * @param index int32 positions, of one dimension.
 * @throws {RangeError} If a position is out of range.
 *
 * @example Rows, one of them twice
 * ```ts
 * import { indexSelect, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const index = tensor([1, 0, 1], { dtype: "int32" });
 * assertEquals(indexSelect(tensor([4, 5]), 0, index).toArray(), [5, 4, 5]);
 * ```
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  checkCount("compute indexSelect", arguments.length, 3);
  checkTensor("indexSelect", x);
  const axis = normalizeDim("indexSelect", dim, x.ndim);
  checkColumn("indexSelect", x, axis, index);
  return selectChecked("indexSelect", x, axis, index);
}

/** `indexSelect` where the index is known to fit. */
export function selectChecked(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  const shape = x.shape.with(axis, index.size);
  checkShape(op, shape);
  return gatherChecked(x, axis, expand(columnOf(x, axis, index), shape));
}

/** An index of one dimension, so that it expands along the others. */
function columnOf(x: Tensor, axis: number, index: Tensor): Tensor {
  return reshape(index, x.shape.map((_, i) => i === axis ? -1 : 1));
}

/** Refuses an index that is not of one dimension or does not fit. */
function checkColumn(op: string, x: Tensor, axis: number, index: Tensor): void {
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
}

/**
 * Rows that are 1 at the position of a class and 0 elsewhere, int32.
 * Follows `torch.nn.functional.one_hot`.
 *
 * @param labels int32 classes of any shape.
 * @param numClasses Number of classes; default: the largest label plus one.
 * @returns int32, one dimension more than the labels.
 * @throws {RangeError} If a label is out of range.
 *
 * @example Two labels
 * ```ts
 * import { oneHot, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = tensor([1, 0], { dtype: "int32" });
 * assertEquals(oneHot(labels, 3).toArray(), [[0, 1, 0], [1, 0, 0]]);
 * ```
 */
export function oneHot(labels: Tensor, numClasses?: number): Tensor {
  checkCount("compute oneHot", arguments.length, 2);
  checkPositions("oneHot", labels, "label");
  const all = () => {
    if (labels.size === 0) return 0;
    return Math.max(1, 1 + elementsOf(labels.max(), "oneHot")[0]!);
  };
  const classes = numClasses === undefined ? all() : numClasses;
  if (!Number.isInteger(classes) || classes < 0) {
    throw new RangeError(
      `Cannot compute oneHot: numClasses must be a non-negative integer, got ${shown(classes)}`,
    );
  }
  checkShape("oneHot", [...labels.shape, classes]);
  checkIndex("oneHot", labels, classes, "label");
  const numbers = sequenceOn(labels, classes);
  return castTo(eq(reshape(labels, [...labels.shape, 1]), numbers), "int32");
}

composites({ scatter, indexAdd, indexSelect, oneHot });
