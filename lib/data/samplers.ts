/**
 * Samplers: the order in which a loader goes through a data set, and its batches. They hold neither a position
 * nor a stream: the loader passes the stream, so that it can resume in the middle of a pass.
 */

import { keep } from "../autograd/scope.ts";
import { append } from "../core/lists.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  COUNT,
  countTo,
  FLAG,
  INTEGER,
  kind,
  optionReader,
  shown,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import { GENERATOR, type RandomGenerator } from "../core/random.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { elementsOf } from "../tensor/examples.ts";
import { multinomial } from "../tensor/random_tensors.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The order of a pass. */
export interface Sampler {
  /** How many indices a pass has. */
  readonly length: number;
  /** The indices of the examples of one pass; anything random is drawn from the generator. */
  indices(generator: RandomGenerator): Iterable<number>;
}

/** The batches of a pass. */
export interface BatchedSampler {
  /** How many batches a pass has. */
  readonly length: number;
  /** The indices of the examples of each batch of one pass. */
  batches(generator: RandomGenerator): Iterable<readonly number[]>;
}

const hasLength = (value: unknown): value is { readonly length: number } =>
  typeof value === "object" && value !== null &&
  Number.isSafeInteger(Reflect.get(value, "length")) && Reflect.get(value, "length") >= 0;

/** A sampler. */
export const SAMPLER = kind(
  "a sampler, with an integer length and indices(generator)",
  (value) => hasLength(value) && typeof Reflect.get(value, "indices") === "function",
);

/** A sampler of batches. */
export const BATCH_SAMPLER = kind(
  "a sampler of batches, with an integer length and batches(generator)",
  (value) => hasLength(value) && typeof Reflect.get(value, "batches") === "function",
);

/** Anything with a number of examples. */
const SOURCE = kind("a data set, or anything with a whole length", hasLength);

/** Refuses anything but a stream. */
function checkStream(call: string, generator: RandomGenerator): void {
  checkKind(call, "the generator", generator, GENERATOR);
}

/** What a user's sampler returned, which must be iterable. */
export function listOf<T>(what: string, given: Iterable<T>): T[] {
  const found: unknown = given;
  if (typeof found === "object" && found !== null && Symbol.iterator in found) return [...given];
  throw new TypeError(
    `Cannot read a batch: ${what} must be an array or another iterable, got ${shown(found)}`,
  );
}

/**
 * All examples in order. Follows `torch.utils.data.SequentialSampler`.
 *
 * @example Three examples
 * ```ts
 * import { arange, data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.SequentialSampler(new data.TensorDataset(arange(3)));
 * assertEquals([...sampler.indices(new RandomGenerator())], [0, 1, 2]);
 * ```
 */
export class SequentialSampler implements Sampler {
  readonly #source: { readonly length: number };

  /**
   * Creates the sampler.
   *
   * @param source The data set, or anything with a length, which is shared: each pass asks it.
   */
  constructor(source: { readonly length: number }) {
    checkCount("make SequentialSampler", arguments.length, 1);
    checkKind("make SequentialSampler", "the source", source, SOURCE);
    this.#source = source;
  }

  /** How many indices a pass has. */
  get length(): number {
    return this.#source.length;
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run SequentialSampler.indices", arguments.length, 1);
    checkStream("run SequentialSampler.indices", generator);
    return Array(this.length).keys();
  }
}

/** Options of `RandomSampler`. */
export interface RandomSamplerOptions {
  /** Whether an example may be drawn more than once. Default: false. */
  replacement?: boolean;
  /** How many indices a pass has. Default: as many as there are examples. */
  numSamples?: number;
}

const randomOptions = optionReader<RandomSamplerOptions>({ replacement: FLAG, numSamples: COUNT });

/**
 * Examples in random order; without replacement, all come before one repeats. Follows
 * `torch.utils.data.RandomSampler`.
 *
 * @example All in another order
 * ```ts
 * import { data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.RandomSampler({ length: 4 });
 * assertEquals([...sampler.indices(new RandomGenerator(1))].sort(), [0, 1, 2, 3]);
 * ```
 */
export class RandomSampler implements Sampler {
  readonly #source: { readonly length: number };
  readonly #options: RandomSamplerOptions;

  /**
   * Creates the sampler.
   *
   * @param source The data set, or anything with a length, which is shared: each pass asks it.
   */
  constructor(source: { readonly length: number }, options?: RandomSamplerOptions) {
    checkCount("make RandomSampler", arguments.length, 2);
    checkKind("make RandomSampler", "the source", source, SOURCE);
    this.#source = source;
    this.#options = { ...randomOptions("make RandomSampler", options) };
  }

  /** How many indices a pass has. */
  get length(): number {
    return this.#options.numSamples ?? this.#source.length;
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run RandomSampler.indices", arguments.length, 1);
    checkStream("run RandomSampler.indices", generator);
    const { length } = this.#source;
    if (this.#options.replacement) {
      return Array.from(
        generator.words(this.length),
        (word) => Math.floor(word / 2 ** 32 * length),
      );
    }
    const order: number[] = [];
    while (length > 0 && order.length < this.length) append(order, generator.permutation(length));
    return order.slice(0, this.length);
  }
}

/** Options of `WeightedRandomSampler`. */
export interface WeightedRandomSamplerOptions {
  /** Whether an example may be drawn more than once. Default: true. */
  replacement?: boolean;
}

const weightedOptions = optionReader<WeightedRandomSamplerOptions>({ replacement: FLAG });

/**
 * Examples drawn in proportion to weights, such as the inverse frequencies of their classes. Follows
 * `torch.utils.data.WeightedRandomSampler`.
 *
 * @example The one with all the weight
 * ```ts
 * import { data, RandomGenerator, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.WeightedRandomSampler(tensor([0, 3, 0]), 2);
 * assertEquals([...sampler.indices(new RandomGenerator(1))], [1, 1]);
 * ```
 */
export class WeightedRandomSampler implements Sampler {
  /** How many indices a pass has. */
  readonly length: number;
  readonly #weights: Tensor;
  readonly #replacement: boolean;

  /**
   * Creates the sampler.
   *
   * @param weights Of shape [n], floating, at least 0 and not all 0.
   * @param numSamples How many indices a pass has.
   */
  constructor(weights: Tensor, numSamples: number, options?: WeightedRandomSamplerOptions) {
    const call = "make WeightedRandomSampler";
    checkCount(call, arguments.length, 3);
    checkKind(call, "weights", weights, TENSOR);
    checkKind(call, "numSamples", numSamples, COUNT);
    if (weights.ndim !== 1) {
      throw new ShapeError(
        `Cannot ${call}: weights must have shape [n], got ${showShape(weights.shape)}`,
        [weights.shape],
      );
    }
    const { replacement = true } = weightedOptions(call, options);
    this.length = numSamples;
    this.#replacement = replacement;
    this.#weights = keep(weights.detach().clone());
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run WeightedRandomSampler.indices", arguments.length, 1);
    checkStream("run WeightedRandomSampler.indices", generator);
    const replacement = this.#replacement;
    const drawn = multinomial(this.#weights, this.length, { replacement, generator });
    return elementsOf(drawn, "WeightedRandomSampler");
  }
}

/** The most examples of one class in a row. */
const MOST_IN_A_ROW = 2 ** 16;

/**
 * Examples in groups of m from one class, for losses that compare within a batch: a batch of k·m has m
 * examples of each of k classes, until all classes have had their turn. A class with fewer than m
 * examples repeats them.
 *
 * @example Pairs
 * ```ts
 * import { data, RandomGenerator, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = [0, 1, 0, 1];
 * const order = [...new data.MPerClassSampler(labels, 2).indices(new RandomGenerator(1))];
 * assertEquals(labels[order[0]!], labels[order[1]!]);
 * assertEquals(order.length, 4);
 * ```
 */
export class MPerClassSampler implements Sampler {
  /** How many indices a pass has: m for each full or partial group of m examples of a class. */
  readonly length: number;
  readonly #classes: readonly (readonly number[])[];
  readonly #m: number;

  /**
   * Creates the sampler.
   *
   * @param labels The class of each example.
   * @param m Examples of a class in a row.
   */
  constructor(labels: readonly number[], m: number) {
    const call = "make MPerClassSampler";
    checkCount(call, arguments.length, 2);
    checkKind(call, "labels", labels, arrayOf(INTEGER, "integers"));
    checkKind(call, "m", m, countTo(MOST_IN_A_ROW));
    if (labels.length === 0) throw new RangeError(`Cannot ${call}: there are no labels`);
    this.#classes = [...Map.groupBy(labels.keys(), (i) => labels[i]).values()];
    this.#m = m;
    this.length = this.#classes.reduce((sum, own) => sum + Math.ceil(own.length / m) * m, 0);
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run MPerClassSampler.indices", arguments.length, 1);
    checkStream("run MPerClassSampler.indices", generator);
    const m = this.#m;
    const rounds: number[][][] = [];
    for (const own of this.#classes) {
      const wanted = Math.ceil(own.length / m) * m;
      const order: number[] = [];
      while (order.length < wanted) {
        for (const i of generator.permutation(own.length)) order.push(own[i] ?? -1);
      }
      // The first group of each class, then the second of those that have one, and so on.
      for (let row = 0; row < wanted / m; row++) {
        const round = rounds[row] ??= [];
        round.push(order.slice(row * m, (row + 1) * m));
      }
    }
    return rounds.flatMap((rows) =>
      Array.from(generator.permutation(rows.length), (i) => rows[i] ?? []).flat()
    );
  }
}

/**
 * Some examples in random order. Follows `torch.utils.data.SubsetRandomSampler`.
 *
 * @example Two of many
 * ```ts
 * import { data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.SubsetRandomSampler([7, 3]);
 * assertEquals([...sampler.indices(new RandomGenerator(1))].sort(), [3, 7]);
 * ```
 */
export class SubsetRandomSampler implements Sampler {
  /** How many indices a pass has. */
  readonly length: number;
  readonly #indices: readonly number[];

  /**
   * Creates the sampler.
   *
   * @param indices Indices of examples.
   */
  constructor(indices: readonly number[]) {
    checkCount("make SubsetRandomSampler", arguments.length, 1);
    checkKind("make SubsetRandomSampler", "indices", indices, arrayOf(INTEGER, "integers"));
    this.#indices = [...indices];
    this.length = indices.length;
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run SubsetRandomSampler.indices", arguments.length, 1);
    checkStream("run SubsetRandomSampler.indices", generator);
    return Array.from(generator.permutation(this.length), (i) => this.#indices[i] ?? -1);
  }
}

/** Options of `DistributedSampler`. */
export interface DistributedSamplerOptions {
  /** The rank of this process, from 0 to worldSize - 1. */
  rank: number;
  /** How many processes there are. */
  worldSize: number;
  /** Whether each pass has a new random order. Default: true. */
  shuffle?: boolean;
  /** Whether examples that cannot be shared out evenly are dropped rather than repeated. Default: false. */
  dropLast?: boolean;
}

const distributedOptions = optionReader<DistributedSamplerOptions>({
  rank: WHOLE,
  worldSize: COUNT,
  shuffle: FLAG,
  dropLast: FLAG,
});

/**
 * The share of one of several processes that go through a data set together: all get equally many
 * examples, and together they get all of them. The loaders of all processes must have generators with the same seed.
 * Follows `torch.utils.data.distributed.DistributedSampler`.
 *
 * @example The second of two
 * ```ts
 * import { data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { rank: 1, worldSize: 2, shuffle: false };
 * const sampler = new data.DistributedSampler({ length: 5 }, options);
 * assertEquals([...sampler.indices(new RandomGenerator(1))], [1, 3, 0]);
 * ```
 */
export class DistributedSampler implements Sampler {
  readonly #source: { readonly length: number };
  readonly #options: DistributedSamplerOptions;

  /**
   * Creates the sampler.
   *
   * @param source The data set, or anything with a length, which is shared: each pass asks it.
   */
  constructor(source: { readonly length: number }, options: DistributedSamplerOptions) {
    const call = "make DistributedSampler";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the source", source, SOURCE);
    const { rank, worldSize, ...rest } = distributedOptions(call, options);
    if (rank === undefined || worldSize === undefined) {
      throw new TypeError(`Cannot ${call}: it needs { rank, worldSize }`);
    }
    if (rank >= worldSize) {
      throw new RangeError(
        `Cannot ${call}: rank must be below worldSize, got ${rank} and ${worldSize}`,
      );
    }
    this.#source = source;
    this.#options = { rank, worldSize, ...rest };
  }

  /** How many indices a pass of this process has. */
  get length(): number {
    const { worldSize, dropLast } = this.#options;
    const share = this.#source.length / worldSize;
    return dropLast ? Math.floor(share) : Math.ceil(share);
  }

  /** The indices of one pass. */
  indices(generator: RandomGenerator): Iterable<number> {
    checkCount("run DistributedSampler.indices", arguments.length, 1);
    checkStream("run DistributedSampler.indices", generator);
    const { rank, worldSize, shuffle = true } = this.#options;
    const { length } = this.#source;
    const order = shuffle ? generator.permutation(length) : Int32Array.from(Array(length).keys());
    return Array.from(
      { length: this.length },
      (_, i) => order[(rank + i * worldSize) % length] ?? 0,
    );
  }
}

/** Options of `BatchSampler`. */
export interface BatchSamplerOptions {
  /** Whether a last batch that is not full is dropped. Default: false. */
  dropLast?: boolean;
}

const batchOptions = optionReader<BatchSamplerOptions>({ dropLast: FLAG });

/**
 * The indices of another sampler, in batches. Follows `torch.utils.data.BatchSampler`.
 *
 * @example Batches of two
 * ```ts
 * import { data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = new data.BatchSampler(new data.SequentialSampler({ length: 3 }), 2);
 * assertEquals([...sampler.batches(new RandomGenerator(1))], [[0, 1], [2]]);
 * ```
 */
export class BatchSampler implements BatchedSampler {
  readonly #sampler: Sampler;
  readonly #batchSize: number;
  readonly #dropLast: boolean;

  /**
   * Creates the sampler.
   *
   * @param batchSize Examples in a batch.
   */
  constructor(sampler: Sampler, batchSize: number, options?: BatchSamplerOptions) {
    const call = "make BatchSampler";
    checkCount(call, arguments.length, 3);
    checkKind(call, "the sampler", sampler, SAMPLER);
    checkKind(call, "batchSize", batchSize, COUNT);
    const { dropLast = false } = batchOptions(call, options);
    this.#sampler = sampler;
    this.#batchSize = batchSize;
    this.#dropLast = dropLast;
  }

  /** How many batches a pass has. */
  get length(): number {
    const batches = this.#sampler.length / this.#batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The batches of one pass. */
  batches(generator: RandomGenerator): Iterable<readonly number[]> {
    checkCount("run BatchSampler.batches", arguments.length, 1);
    checkStream("run BatchSampler.batches", generator);
    const order = listOf("the numbers of a sampler", this.#sampler.indices(generator));
    const count = order.length / this.#batchSize;
    return Array.from(
      { length: this.#dropLast ? Math.floor(count) : Math.ceil(count) },
      (_, i) => order.slice(i * this.#batchSize, (i + 1) * this.#batchSize),
    );
  }
}
