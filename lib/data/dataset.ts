/** Data sets: examples by index or in sequence, subsets, and concatenations. */

import { ShapeError, showShape } from "../core/errors.ts";
import { arrayOf, checkCount, checkKind, INTEGER, kind, TENSOR } from "../core/options.ts";
import type { RandomGenerator } from "../core/random.ts";
import { extentAt } from "../core/shape.ts";
import { firstOutside } from "../tensor/bounds.ts";
import { elementsOf } from "../tensor/examples.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Examples by index. */
export interface Dataset<T> {
  /** How many examples there are. */
  readonly length: number;
  /**
   * The example at an index from 0 to length - 1. Anything random in it should be drawn
   * from the generator: a `DataLoader` passes one that depends only on its seed and the batch,
   * so that an interrupted pass resumes as if nothing had happened.
   */
  get(index: number, generator?: RandomGenerator): T;
  /** Several examples at once, already collated; faster, where the data set supports it. */
  getBatch?(indices: Tensor, generator?: RandomGenerator): unknown;
  /**
   * What reads the examples of one pass elsewhere, such as in a Worker, while the program computes; a
   * `DataLoader` with `prefetch` asks for it. It must return what `get` does.
   */
  readAhead?(): AheadReader<T>;
}

/** Reads examples elsewhere; it is disposed when a pass ends or is left. */
export interface AheadReader<T> extends Disposable {
  /**
   * Begins to read an example. The examples of a batch are made, in order, once all have been read,
   * so that what they draw from the generator depends on nothing else.
   */
  read(index: number): Promise<(generator: RandomGenerator) => T>;
}

/** Examples in sequence, as they come from a file or another source. */
export type IterableDataset<T> = Iterable<T> | AsyncIterable<T>;

/** A data set whose examples have indices. */
export const DATASET = kind(
  "a data set, with an integer length and get(index)",
  (value) =>
    typeof value === "object" && value !== null &&
    typeof Reflect.get(value, "get") === "function" &&
    Number.isSafeInteger(Reflect.get(value, "length")),
);

/** The index of an example; a negative one counts from the end. */
export function numberIn(call: string, index: number, length: number): number {
  checkKind(call, "the index", index, INTEGER);
  const place = index < 0 ? index + length : index;
  if (place >= 0 && place < length) return place;
  throw new RangeError(`Cannot ${call}: index ${index} is out of range for ${length} examples`);
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
  /** The extent of their first dimension. */
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
        "Cannot make TensorDataset: it takes tensors, got an array; spread it, as in " +
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

  /** The entries at an index. */
  get(index: number, _generator?: RandomGenerator): T {
    checkCount("read TensorDataset", arguments.length, 2);
    const place = numberIn("read TensorDataset", index, this.length);
    return this.tensors.map((x) => x.at(place)) as unknown as T;
  }

  /** The entries at several int32 indices, as new tensors. */
  getBatch(indices: Tensor, _generator?: RandomGenerator): T {
    checkCount("read TensorDataset", arguments.length, 2);
    const call = "read TensorDataset";
    checkKind(call, "the indices", indices, TENSOR);
    if (indices.dtype !== "int32" || indices.ndim !== 1) {
      throw new TypeError(
        `Cannot ${call}: the indices must be int32 of one dimension, got ${indices.dtype} of shape ${
          showShape(indices.shape)
        }`,
      );
    }
    const wrong = firstOutside(indices, { low: 0, high: this.length - 1, ends: false, slack: 0 });
    if (wrong !== null) {
      throw new RangeError(
        `Cannot ${call}: the indices must be from 0 to ${this.length - 1}, got ${wrong.value}`,
      );
    }
    return this.tensors.map((x) => x.indexSelect(0, indices)) as unknown as T;
  }
}

/**
 * Some examples of a data set. Follows `torch.utils.data.Subset`.
 *
 * @example Every second example
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const even = new data.Subset(new data.TensorDataset(arange(5)), [0, 2, 4]);
 * assertEquals([even.length, even.get(1)[0]!.item()], [3, 2]);
 * ```
 */
export class Subset<T> implements Dataset<T> {
  /** The data set that it is a subset of. */
  readonly dataset: Dataset<T>;
  /** The indices of its examples there. */
  readonly indices: readonly number[];
  /** How many examples there are. */
  readonly length: number;
  /** Several examples at once, where the data set supports it. */
  readonly getBatch?: (indices: Tensor, generator?: RandomGenerator) => unknown;
  /** What reads examples elsewhere, where the data set supports it. */
  readonly readAhead?: () => AheadReader<T>;

  /**
   * Creates the data set.
   *
   * @param indices Indices of examples, in any order; they may repeat.
   */
  constructor(dataset: Dataset<T>, indices: readonly number[]) {
    const call = "make Subset";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the data set", dataset, DATASET);
    checkKind(call, "the indices", indices, arrayOf(INTEGER, "integers"));
    this.dataset = dataset;
    this.indices = indices.map((index) => numberIn(call, index, dataset.length));
    this.length = indices.length;
    const { getBatch, readAhead } = dataset;
    if (readAhead !== undefined) {
      this.readAhead = () => {
        const reader = readAhead.call(dataset);
        return {
          read: (index) => reader.read(this.indices[index] ?? -1),
          [Symbol.dispose]: () => reader[Symbol.dispose](),
        };
      };
    }
    if (getBatch !== undefined) {
      this.getBatch = (numbers, generator) => {
        const own = Int32Array.from(elementsOf(numbers, "getBatch"), (i) => this.indices[i] ?? -1);
        return getBatch.call(dataset, fromTypedArray(own, [own.length]), generator);
      };
    }
  }

  /** The example at an index. */
  get(index: number, generator?: RandomGenerator): T {
    checkCount("read Subset", arguments.length, 2);
    const own = this.indices[numberIn("read Subset", index, this.length)] ?? -1;
    return this.dataset.get(own, generator);
  }
}

/**
 * Several data sets, one after the other. Follows `torch.utils.data.ConcatDataset`.
 *
 * @example Two as one
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const set = (n: number) => new data.TensorDataset(arange(n));
 * const both = new data.ConcatDataset([set(2), set(3)]);
 * assertEquals([both.length, both.get(2)[0]!.item(), both.get(-1)[0]!.item()], [5, 0, 2]);
 * ```
 */
export class ConcatDataset<T> implements Dataset<T> {
  /** The data sets. */
  readonly datasets: readonly Dataset<T>[];
  /** How many examples there are. */
  readonly length: number;
  /** What reads examples elsewhere, where one of the data sets supports it. */
  readonly readAhead?: () => AheadReader<T>;

  /**
   * Creates the data set.
   *
   * @param datasets One or more.
   */
  constructor(datasets: readonly Dataset<T>[]) {
    const call = "make ConcatDataset";
    checkCount(call, arguments.length, 1);
    checkKind(call, "the argument", datasets, arrayOf(DATASET, "data sets"));
    if (datasets.length === 0) throw new RangeError(`Cannot ${call}: there are no data sets`);
    this.datasets = [...datasets];
    this.length = datasets.reduce((sum, { length }) => sum + length, 0);
    if (datasets.some(({ readAhead }) => readAhead !== undefined)) {
      this.readAhead = () => {
        const readers = new Map(this.datasets.map((own) => [own, own.readAhead?.()]));
        return {
          read: async (index) => {
            const { own, place } = this.#placeOf(index);
            return await readers.get(own)?.read(place) ??
              ((generator) => own.get(place, generator));
          },
          [Symbol.dispose]: () => readers.forEach((reader) => reader?.[Symbol.dispose]()),
        };
      };
    }
  }

  /** The example at an index. */
  get(index: number, generator?: RandomGenerator): T {
    checkCount("read ConcatDataset", arguments.length, 2);
    const { own, place } = this.#placeOf(index);
    return own.get(place, generator);
  }

  /** The data set that an example is in, and its index there. */
  #placeOf(index: number): { own: Dataset<T>; place: number } {
    let place = numberIn("read ConcatDataset", index, this.length);
    const own = this.datasets.find(({ length }) => {
      const found = place < length;
      if (!found) place -= length;
      return found;
    });
    if (own === undefined) throw new RangeError("Cannot read ConcatDataset: a data set has shrunk");
    return { own, place };
  }
}
