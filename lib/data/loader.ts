/** Batches of a data set. */

import {
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  isPlainObject,
  kept,
  kind,
  NUMBER,
  optionReader,
  shown,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import {
  beside,
  defaultGenerator,
  GENERATOR,
  RandomGenerator,
  type RandomState,
} from "../core/random.ts";
import { turns } from "../core/turns.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { collate as stackExamples, type Collated } from "./collate.ts";
import { type AheadReader, DATASET, type Dataset, type IterableDataset } from "./dataset.ts";
import {
  BATCH_SAMPLER,
  type BatchedSampler,
  BatchSampler,
  listOf,
  RandomSampler,
  SAMPLER,
  type Sampler,
  SequentialSampler,
} from "./samplers.ts";

/** Options of `DataLoader`. */
export interface DataLoaderOptions<T, B> {
  /** Examples in a batch. Default: 1. */
  batchSize?: number;
  /** Whether each pass has a new random order. Default: false. */
  shuffle?: boolean;
  /** Whether a last batch that is not full is dropped. Default: false. */
  dropLast?: boolean;
  /** The order of a pass; replaces `shuffle`. */
  sampler?: Sampler;
  /** The batches of a pass; replaces `batchSize`, `shuffle`, `dropLast` and `sampler`. */
  batchSampler?: BatchedSampler;
  /**
   * Makes a batch of examples. Anything random in it should be drawn from the generator, which depends
   * only on the batch. Default: {@linkcode collate}.
   */
  collate?: (examples: Awaited<T>[], generator: RandomGenerator) => B;
  /** The stream that shuffles. Default: the one seeded by `manualSeed`. */
  generator?: RandomGenerator;
  /**
   * With `for await`: how many batches are begun ahead of the current one. A data set that can, such as
   * `ImageFolder`, then reads in a Worker. Default: 0.
   */
  prefetch?: number;
}

const readOptions = optionReader<DataLoaderOptions<never, unknown>>({
  batchSize: NUMBER,
  shuffle: FLAG,
  dropLast: FLAG,
  sampler: SAMPLER,
  batchSampler: BATCH_SAMPLER,
  collate: FUNCTION,
  generator: GENERATOR,
  prefetch: WHOLE,
});

/** The position of a loader, with which a run resumes in the middle of a pass with the same batches. */
export interface DataLoaderState {
  /** How many passes have begun. */
  readonly epoch: number;
  /** How many batches of the last pass were returned. */
  readonly position: number;
  /** The state of the stream when the last pass began; null if that pass is over. */
  readonly pass: RandomState | null;
  /** The state of the loader's own stream; null if it has none. */
  readonly generator: RandomState | null;
}

const isState = (value: unknown) =>
  isPlainObject(value) && typeof value.seed === "bigint" && typeof value.offset === "bigint";

const STATE = kind(
  "the state of a loader, { epoch, position, pass, generator }",
  (value) =>
    isPlainObject(value) && Object.keys(value).length === 4 && WHOLE.accepts(value.epoch) &&
    WHOLE.accepts(value.position) &&
    (value.pass === null ? value.position === 0 : isState(value.pass)) &&
    (value.generator === null || isState(value.generator)),
);

type Order = "batchSize" | "shuffle" | "dropLast" | "sampler" | "batchSampler";

/** Refuses options of order that exclude each other, or that need examples with indices. */
function checkTogether(
  call: string,
  read: DataLoaderOptions<never, unknown>,
  numbered: boolean,
): void {
  const given = (keys: readonly Order[]) =>
    keys.find((key) => read[key] !== undefined && read[key] !== false);
  const apart: readonly (readonly [Order, readonly Order[]])[] = [
    ["batchSampler", ["batchSize", "shuffle", "dropLast", "sampler"]],
    ["sampler", ["shuffle"]],
  ];
  for (const [word, others] of apart) {
    const other = read[word] === undefined ? undefined : given(others);
    if (other === undefined) continue;
    throw new TypeError(`Cannot ${call}: ${word} and ${other} exclude each other`);
  }
  const order = numbered ? undefined : given(["shuffle", "sampler", "batchSampler"]);
  if (order === undefined) return;
  throw new TypeError(`Cannot ${call}: ${order} needs a data set with indices`);
}

const isIterable = (value: unknown) =>
  typeof value === "object" && value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);

/** Groups examples in sequence into batches. */
function* inBatches<T>(examples: Iterable<T>, size: number, dropLast: boolean): Iterable<T[]> {
  let batch: T[] = [];
  for (const example of examples) {
    batch.push(example);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0 && !dropLast) yield batch;
}

/** The same for examples that arrive asynchronously. */
async function* inLaterBatches<T>(
  examples: Iterable<T> | AsyncIterable<T>,
  size: number,
  dropLast: boolean,
): AsyncIterable<Awaited<T>[]> {
  let batch: Awaited<T>[] = [];
  for await (const example of examples) {
    batch.push(example as Awaited<T>);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0 && !dropLast) yield batch;
}

/**
 * Iterates over a data set in batches, as often as wanted. Follows `torch.utils.data.DataLoader`.
 *
 * @example Batches of two
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loader = new data.DataLoader(new data.TensorDataset(arange(5)), { batchSize: 2 });
 * assertEquals([...loader].map(([x]) => x!.toArray()), [[0, 1], [2, 3], [4]]);
 * ```
 *
 * @example A pass that goes on where it was left
 * ```ts
 * import { arange, data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const set = new data.TensorDataset(arange(6));
 * const made = () =>
 *   new data.DataLoader(set, { batchSize: 2, shuffle: true, generator: new RandomGenerator(3) });
 * const loader = made();
 * const [first] = loader;
 * const other = made();
 * other.loadStateDict(loader.stateDict());
 * const rest = [...other].flatMap(([x]) => x!.toArray() as number[]);
 * assertEquals([...first![0]!.toArray() as number[], ...rest].sort(), [0, 1, 2, 3, 4, 5]);
 * ```
 */
export class DataLoader<T, B = Collated<Awaited<T>>> implements Iterable<B>, AsyncIterable<B> {
  /** The data. */
  readonly dataset: Dataset<T> | IterableDataset<T>;
  /** Examples in a batch. */
  readonly batchSize: number;
  readonly #options: DataLoaderOptions<T, B>;
  /** The same data if it has indices, and its batches. */
  readonly #numbered: { readonly set: Dataset<T>; readonly sampler: BatchedSampler } | null;
  #epoch = 0;
  #position = 0;
  #pass: RandomState | null = null;
  /** Whether the next pass resumes where the loaded state says. */
  #goesOn = false;

  /**
   * Creates the loader.
   *
   * @param dataset At least one example; it is shared, as it may be an array that grows.
   */
  constructor(dataset: Dataset<T> | IterableDataset<T>, options?: DataLoaderOptions<T, B>) {
    const call = "make DataLoader";
    checkCount(call, arguments.length, 2);
    const numbered = DATASET.accepts(dataset);
    if (TENSOR.accepts(dataset)) {
      throw new TypeError(
        `Cannot ${call}: the first argument is a tensor; wrap it, as in new TensorDataset(x)`,
      );
    }
    if (!numbered && !isIterable(dataset)) checkKind(call, "the first argument", dataset, DATASET);
    const read = readOptions(call, options as DataLoaderOptions<never, unknown>);
    const { batchSize = 1, shuffle, dropLast = false, sampler, batchSampler } = read;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(
        `Cannot ${call}: batchSize must be a positive integer, got ${batchSize}`,
      );
    }
    checkTogether(call, read, numbered);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#options = kept(read) as DataLoaderOptions<T, B>;
    if (!numbered) {
      this.#numbered = null;
      return;
    }
    const set = dataset as Dataset<T>;
    if (!(set.length > 0)) throw new RangeError(`Cannot ${call}: the data set is empty`);
    const order = sampler ?? (shuffle ? new RandomSampler(set) : new SequentialSampler(set));
    this.#numbered = {
      set,
      sampler: batchSampler ?? new BatchSampler(order, batchSize, { dropLast }),
    };
  }

  /**
   * Number of batches.
   *
   * @throws {TypeError} If the examples of the data set have no indices.
   */
  get length(): number {
    if (this.#numbered !== null) return this.#numbered.sampler.length;
    throw new TypeError("Cannot count the batches of a DataLoader: its examples have no indices");
  }

  /** Begins a pass, or resumes that of a loaded state. */
  #begin(): { readonly pass: RandomState; readonly epoch: number; readonly from: number } {
    const { generator = defaultGenerator } = this.#options;
    if (!this.#goesOn) {
      this.#pass = generator.state;
      this.#position = 0;
      this.#epoch++;
    }
    this.#goesOn = false;
    return { pass: this.#pass ?? generator.state, epoch: this.#epoch, from: this.#position };
  }

  /** The indices of the examples of each batch, checked. */
  #order(pass: RandomState): Int32Array<ArrayBuffer>[] {
    if (this.#numbered === null) return [];
    const { set: { length }, sampler } = this.#numbered;
    const { generator = defaultGenerator } = this.#options;
    // A resumed pass draws from a copy of the stream as it was when the pass began.
    const anew = generator.state.seed === pass.seed && generator.state.offset === pass.offset;
    const stream = anew ? generator : new RandomGenerator();
    if (!anew) stream.state = pass;
    return listOf("the batches of a sampler", sampler.batches(stream)).map((given) => {
      const batch = listOf("the numbers of a batch", given);
      for (const index of batch) {
        if (Number.isSafeInteger(index) && index >= 0 && index < length) continue;
        throw new RangeError(
          `Cannot read a batch: the sampler gave ${shown(index)} for ${length} examples`,
        );
      }
      return Int32Array.from(batch);
    });
  }

  /** A batch as made by the data set itself; undefined if it cannot. */
  #whole(order: Int32Array<ArrayBuffer>, stream: RandomGenerator): B | undefined {
    const set = this.#numbered?.set;
    if (this.#options.collate !== undefined || set?.getBatch === undefined) return undefined;
    return set.getBatch(fromTypedArray(order, [order.length]), stream) as B;
  }

  #collated(examples: Awaited<T>[], stream: RandomGenerator): B {
    const { collate } = this.#options;
    return collate ? collate(examples, stream) : stackExamples(examples) as B;
  }

  /** The batches of one pass. */
  *[Symbol.iterator](): IterableIterator<B> {
    const { pass, epoch, from } = this.#begin();
    const mine = () => this.#pass === pass && this.#epoch === epoch;
    let batch = 0;
    for (const source of this.#sources(pass)) {
      const own = batch++;
      if (own < from) continue;
      const stream = beside(pass, epoch, own);
      const made = source instanceof Int32Array
        ? this.#whole(source, stream) ??
          this.#collated(this.#examples(source, stream) as Awaited<T>[], stream)
        : this.#collated(source as Awaited<T>[], stream);
      if (mine()) this.#position = batch;
      yield made;
    }
    if (mine()) this.#end();
  }

  /** The batches of one pass, for `for await`. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const { pass, epoch, from } = this.#begin();
    const mine = () => this.#pass === pass && this.#epoch === epoch;
    const { prefetch = 0 } = this.#options;
    // Reading ahead also ends where the pass is left early.
    using reader = prefetch > 0 ? this.#numbered?.set.readAhead?.() : undefined;
    const ahead: Promise<B>[] = [];
    const turn = turns();
    const give = async () => {
      const made = await ahead.shift();
      if (mine()) this.#position++;
      await turn();
      return made as B;
    };
    let batch = 0;
    for await (const source of this.#laterSources(pass)) {
      const own = batch++;
      if (own < from) continue;
      const made = this.#later(source, beside(pass, epoch, own), reader);
      // It is awaited in its turn; until then a rejection must not end the program.
      made.catch(() => {});
      ahead.push(made);
      if (ahead.length > prefetch) yield await give();
    }
    while (ahead.length > 0) yield await give();
    if (mine()) this.#end();
  }

  #end(): void {
    this.#pass = null;
    this.#position = 0;
  }

  #examples(order: Int32Array, stream: RandomGenerator): T[] {
    const set = this.#numbered?.set;
    return set === undefined ? [] : Array.from(order, (index) => set.get(index, stream));
  }

  async #later(
    source: Int32Array<ArrayBuffer> | Awaited<T>[],
    stream: RandomGenerator,
    reader: AheadReader<T> | undefined,
  ): Promise<B> {
    if (!(source instanceof Int32Array)) return this.#collated(source, stream);
    const whole = this.#whole(source, stream);
    if (whole !== undefined) return await whole;
    const examples = reader === undefined
      ? this.#examples(source, stream)
      : (await Promise.all(Array.from(source, (index) => reader.read(index)))).map((make) =>
        make(stream)
      );
    return this.#collated(await Promise.all(examples), stream);
  }

  /** What the batches of a pass are made from: indices or examples. */
  #sources(pass: RandomState): Iterable<Int32Array<ArrayBuffer> | T[]> {
    if (this.#numbered !== null) return this.#order(pass);
    if (Symbol.iterator in this.dataset) {
      return inBatches(this.dataset, this.batchSize, this.#options.dropLast ?? false);
    }
    throw new TypeError("Cannot read a batch: the examples arrive asynchronously; use for await");
  }

  #laterSources(
    pass: RandomState,
  ): Iterable<Int32Array<ArrayBuffer>> | AsyncIterable<Awaited<T>[]> {
    if (this.#numbered !== null) return this.#order(pass);
    const { dropLast = false } = this.#options;
    return inLaterBatches(this.dataset as IterableDataset<T>, this.batchSize, dropLast);
  }

  /** The position of the loader: one that loads it continues with the next batch. */
  stateDict(): DataLoaderState {
    checkCount("read the state of DataLoader", arguments.length, 0);
    return {
      epoch: this.#epoch,
      position: this.#position,
      pass: this.#pass,
      generator: this.#options.generator?.state ?? null,
    };
  }

  /**
   * Resumes where another loader with the same data and options was. The stream that `manualSeed`
   * seeds is not part of the state.
   */
  loadStateDict(state: DataLoaderState): void {
    const call = "load the state of DataLoader";
    checkCount(call, arguments.length, 1);
    checkKind(call, "it", state, STATE);
    const { generator } = this.#options;
    if ((generator === undefined) !== (state.generator === null)) {
      const [it, other] = generator === undefined ? ["no", "one"] : ["a", "none"];
      throw new TypeError(
        `Cannot ${call}: this loader has ${it} generator of its own, the state is from one with ${other}`,
      );
    }
    const batches = this.#numbered?.sampler.length ?? Infinity;
    if (state.position > batches) {
      throw new RangeError(
        `Cannot ${call}: the state follows batch ${state.position} of a pass, but this loader has ` +
          `${batches}; data and batchSize must be the same`,
      );
    }
    if (generator !== undefined && state.generator !== null) generator.state = state.generator;
    this.#epoch = state.epoch;
    this.#position = state.position;
    this.#pass = state.pass;
    this.#goesOn = state.pass !== null;
  }
}
