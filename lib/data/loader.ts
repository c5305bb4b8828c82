/** Batches of a data set. */

import { keep } from "../autograd/scope.ts";
import {
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  kind,
  NUMBER,
  optionReader,
  shown,
} from "../core/options.ts";
import { GENERATOR, type RandomGenerator } from "../core/random.ts";
import { stack } from "../ops/mod.ts";
import { randperm, tensor } from "../tensor/create.ts";
import { arange } from "../tensor/ranges.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";

/** Options of `DataLoader`. */
export interface DataLoaderOptions<T, B> {
  /** Examples in a batch. Default: 1. */
  batchSize?: number;
  /** Whether each pass has an order of its own. Default: false. */
  shuffle?: boolean;
  /** Whether a last batch that is not full is left out. Default: false. */
  dropLast?: boolean;
  /** Makes a batch of examples. Default: tensors, numbers and arrays of them are stacked. */
  collate?: (examples: T[]) => B;
  /** The stream that shuffles. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

const readOptions = optionReader<DataLoaderOptions<never, unknown>>({
  batchSize: NUMBER,
  shuffle: FLAG,
  dropLast: FLAG,
  collate: FUNCTION,
  generator: GENERATOR,
});

const DATASET = kind(
  "a data set, with a whole length and get(index)",
  (value) =>
    typeof value === "object" && value !== null &&
    typeof Reflect.get(value, "get") === "function" &&
    Number.isSafeInteger(Reflect.get(value, "length")),
);

/** Stacks tensors and numbers, part by part. */
function stackExamples(examples: unknown[]): unknown {
  const [first] = examples;
  if (first instanceof Tensor) return stack(examples as Tensor[]);
  if (typeof first === "number") return tensor(examples as number[]);
  if (Array.isArray(first)) {
    const odd = examples.findIndex((example) =>
      !Array.isArray(example) || example.length !== first.length
    );
    if (odd !== -1) {
      throw new TypeError(
        `Cannot collate: all examples must have as many parts, got ${shown(first)} and ${
          shown(examples[odd])
        }`,
      );
    }
    return first.map((_, part) =>
      stackExamples(examples.map((example) => (example as unknown[])[part]))
    );
  }
  throw new TypeError(
    `Cannot collate: examples must be tensors, numbers or arrays of them, got ${
      shown(first)
    }; pass { collate }`,
  );
}

/**
 * Goes through a data set in batches, each time anew. Follows `torch.utils.data.DataLoader`.
 *
 * @example Batches of two
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loader = new data.DataLoader(new data.TensorDataset(arange(5)), { batchSize: 2 });
 * assertEquals([...loader].map(([x]) => x!.toArray()), [[0, 1], [2, 3], [4]]);
 * ```
 */
export class DataLoader<T, B = T> implements Iterable<B> {
  /** The data. */
  readonly dataset: Dataset<T>;
  /** Examples in a batch. */
  readonly batchSize: number;
  readonly #options: DataLoaderOptions<T, B>;

  /**
   * Creates the loader.
   *
   * @param dataset At least one example.
   */
  constructor(dataset: Dataset<T>, options?: DataLoaderOptions<T, B>) {
    checkCount("make DataLoader", arguments.length, 2);
    checkKind("make DataLoader", "the first argument", dataset, DATASET);
    const read = readOptions("make DataLoader", options as DataLoaderOptions<never, unknown>);
    const { batchSize = 1 } = read;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(
        `Cannot make DataLoader: batchSize must be a positive integer, got ${batchSize}`,
      );
    }
    if (!(dataset.length > 0)) {
      throw new RangeError("Cannot make DataLoader: the data set is empty");
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#options = read as DataLoaderOptions<T, B>;
  }

  /** Number of batches. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The batches of one pass. */
  *[Symbol.iterator](): IterableIterator<B> {
    const { shuffle = false, generator, collate } = this.#options;
    const { length } = this.dataset;
    // A pass may begin inside a scope and go on after it.
    const order = keep(
      shuffle ? randperm(length, generator ? { generator } : {}) : arange(length),
    );
    for (let batch = 0; batch < this.length; batch++) {
      const start = batch * this.batchSize;
      const indices = order.slice(0, start, start + this.batchSize);
      if (collate === undefined && this.dataset.getBatch !== undefined) {
        yield this.dataset.getBatch(indices) as unknown as B;
      } else {
        const examples = Array.from(indices.data, (index) => this.dataset.get(index));
        yield collate ? collate(examples) : stackExamples(examples) as B;
      }
    }
  }

  /** The batches of one pass, for `for await`. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    for (const batch of this) {
      // Lets the event loop turn, so that finalizers and timers run between batches.
      await new Promise<void>((resolve) => setImmediate(resolve));
      yield batch;
    }
  }
}
