/** Data sets: examples by number. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, INTEGER, TENSOR } from "../core/options.ts";
import { extentAt } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Examples by number. */
export interface Dataset<T> {
  /** How many examples there are. */
  readonly length: number;
  /** The example with the given number, from 0 to length - 1. */
  get(index: number): T;
  /** Several examples at once, already collated; faster where it can be had. */
  getBatch?(indices: Tensor): T;
}

/**
 * Tensors whose first dimensions are the examples. Follows `torch.utils.data.TensorDataset`.
 *
 * @example Inputs and labels
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const set = new data.TensorDataset(tensor([[1], [2]]), tensor([0, 1], { dtype: "int32" }));
 * assertEquals(set.get(1).map((x) => x.toArray()), [[2], 1]);
 * ```
 */
export class TensorDataset<T extends readonly Tensor[] = Tensor[]> implements Dataset<T> {
  /** The tensors. */
  readonly tensors: T;
  /** Extent of their first dimension. */
  readonly length: number;

  /**
   * Creates the data set.
   *
   * @param tensors At least one, all with the same first extent.
   */
  constructor(...tensors: T) {
    const [first] = tensors;
    if (first === undefined) {
      throw new RangeError("Cannot make TensorDataset: there are no tensors");
    }
    if (Array.isArray(first)) {
      throw new TypeError(
        "Cannot make TensorDataset: tensors are not given in an array; spread it, as in " +
          "new TensorDataset(...tensors)",
      );
    }
    tensors.forEach((x, i) => checkKind("make TensorDataset", `tensor ${i}`, x, TENSOR));
    if (tensors.some((x) => x.ndim === 0 || x.shape[0] !== first.shape[0])) {
      throw new ShapeError(
        `Cannot make TensorDataset: first dimensions must be equal, got ${
          tensors.map(({ shape }) => showShape(shape)).join(", ")
        }`,
        tensors.map(({ shape }) => shape),
      );
    }
    this.tensors = tensors;
    this.length = extentAt(first.shape, 0);
  }

  /** The entries with the given number. */
  get(index: number): T {
    checkCount("read TensorDataset", arguments.length, 1);
    checkKind("read TensorDataset", "the index", index, INTEGER);
    return this.tensors.map((x) => x.at(index)) as unknown as T;
  }

  /** The entries with the given numbers, int32, as new tensors. */
  getBatch(indices: Tensor): T {
    checkCount("read TensorDataset", arguments.length, 1);
    checkKind("read TensorDataset", "the indices", indices, TENSOR);
    return this.tensors.map((x) => x.indexSelect(0, indices)) as unknown as T;
  }
}
