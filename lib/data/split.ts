/** Splits of a data set for training and validation. */

import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  integerFrom,
  NUMBER,
  optionReader,
} from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { DATASET, type Dataset, Subset } from "./dataset.ts";

/** Options of `randomSplit`. */
export interface SplitOptions {
  /** The stream to draw from. Default: the one seeded by `manualSeed`. */
  generator?: RandomGenerator;
}

const splitOptions = optionReader<SplitOptions>({ generator: GENERATOR });

/** How many examples each part has. */
function sizesOf(call: string, length: number, parts: readonly number[]): number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  const shares = parts.some((part) => !Number.isInteger(part)) || sum === 1 && length !== 1;
  const right = shares ? Math.abs(sum - 1) < 1e-9 : sum === length;
  if (!right || parts.some((part) => !(part >= 0))) {
    throw new RangeError(
      `Cannot ${call}: lengths must be counts that add up to ${length}, or shares that add up to 1, got ` +
        `${parts.join(", ")}`,
    );
  }
  if (!shares) return [...parts];
  const sizes = parts.map((part) => Math.floor(part * length));
  const left = length - sizes.reduce((total, size) => total + size, 0);
  return sizes.map((size, i) => size + Number(i < left));
}

/** Consecutive parts of a list. */
function cut(list: readonly number[], sizes: readonly number[]): number[][] {
  let from = 0;
  return sizes.map((size) => list.slice(from, from += size));
}

/** The parts of a data set, one for each length. */
export type Parts<T, L extends readonly number[]> = { -readonly [K in keyof L]: Subset<T> };

/**
 * Disjoint parts of a data set, drawn at random. Follows
 * `torch.utils.data.random_split`.
 *
 * @param lengths How many examples each part has, or shares that add up to 1.
 * @throws {RangeError} If they do not add up.
 *
 * @example Four fifths and the rest
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [train, test] = data.randomSplit(new data.TensorDataset(arange(10)), [0.8, 0.2]);
 * assertEquals([train.length, test.length], [8, 2]);
 * ```
 */
export function randomSplit<T, const L extends readonly number[]>(
  dataset: Dataset<T>,
  lengths: L,
  options?: SplitOptions,
): Parts<T, L> {
  const call = "run randomSplit";
  checkCount(call, arguments.length, 3);
  checkKind(call, "the data set", dataset, DATASET);
  checkKind(call, "lengths", lengths, arrayOf(NUMBER, "numbers"));
  const { generator = defaultGenerator } = splitOptions(call, options);
  const sizes = sizesOf(call, dataset.length, lengths);
  return cut([...generator.permutation(dataset.length)], sizes)
    .map((indices) => new Subset(dataset, indices)) as Parts<T, L>;
}

/** Options of `kFold`. */
export interface KFoldOptions extends SplitOptions {
  /** Whether the parts are drawn at random rather than consecutive. Default: false. */
  shuffle?: boolean;
}

const foldOptions = optionReader<KFoldOptions>({ generator: GENERATOR, shuffle: FLAG });

/** The two parts of one fold. */
export interface Fold<T> {
  /** All other parts. */
  readonly train: Subset<T>;
  /** The part that is held out. */
  readonly validation: Subset<T>;
}

/**
 * k ways to split a data set into training and validation, where each example is validated once.
 * Follows `sklearn.model_selection.KFold`.
 *
 * @param folds How many: at least 2, at most as many as there are examples.
 *
 * @example Two folds
 * ```ts
 * import { arange, data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const folds = data.kFold(new data.TensorDataset(arange(5)), 2);
 * assertEquals(folds.map(({ validation }) => validation.indices), [[0, 1, 2], [3, 4]]);
 * ```
 */
export function kFold<T>(dataset: Dataset<T>, folds: number, options?: KFoldOptions): Fold<T>[] {
  const call = "run kFold";
  checkCount(call, arguments.length, 3);
  checkKind(call, "the data set", dataset, DATASET);
  checkKind(call, "the number of folds", folds, integerFrom(2));
  const { generator = defaultGenerator, shuffle = false } = foldOptions(call, options);
  const { length } = dataset;
  if (folds > length) {
    throw new RangeError(
      `Cannot ${call}: ${folds} folds need at least as many examples, got ${length}`,
    );
  }
  const order = shuffle ? [...generator.permutation(length)] : [...Array(length).keys()];
  const sizes = Array.from(
    { length: folds },
    (_, i) => Math.floor(length / folds) + Number(i < length % folds),
  );
  const parts = cut(order, sizes);
  return parts.map((part, own) => ({
    train: new Subset(dataset, parts.toSpliced(own, 1).flat()),
    validation: new Subset(dataset, part),
  }));
}
