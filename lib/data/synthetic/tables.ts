/** Synthetic rows of numbers. */

import {
  checkCount,
  checkKind,
  COUNT,
  NOT_NEGATIVE,
  optionReader,
  SHARE,
  TENSOR,
} from "../../core/options.ts";
import { defaultGenerator, type RandomGenerator } from "../../core/random.ts";
import { where } from "../../ops/mod.ts";
import { fromTypedArray, tensor } from "../../tensor/create.ts";
import { rand, randn } from "../../tensor/rand.ts";
import { elementsOf } from "../../tensor/examples.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, uniform } from "../draws.ts";
import {
  readArguments,
  readWorld,
  type Samples,
  SYNTHETIC_OPTIONS,
  type SyntheticOptions,
  WORLD_OPTIONS,
  type WorldOptions,
} from "./options.ts";

/** Whether each of some examples is one of a share, as a bool tensor of shape [n]. */
export function chosen(n: number, share: number, generator: RandomGenerator): Tensor {
  return rand([n], { generator }).lt(share);
}

/** Labels at random, and the row of a matrix for each. */
export function labelled(
  n: number,
  rows: Tensor,
  generator: RandomGenerator,
): readonly [labels: Tensor, rows: Tensor] {
  const classes = rows.shape[0] ?? 1;
  const labels = Int32Array.from({ length: n }, () => below(generator, classes));
  const own = fromTypedArray(labels, [n]);
  return [own, rows.indexSelect(0, own)];
}

/** Options of `line`. */
export interface LineOptions extends SyntheticOptions {
  /** The deviation of the noise. Default: 0.1. */
  noise?: number;
  /** The share of examples that lie 20 too high. Default: 0. */
  outliers?: number;
}

const lineOptions = optionReader<LineOptions>({
  ...SYNTHETIC_OPTIONS,
  noise: NOT_NEGATIVE,
  outliers: SHARE,
});

/**
 * Synthetic points on the line y = 2x + 1 with noise, of which a share may lie far above it.
 *
 * @param n How many.
 * @returns x of shape [n, 1], from −2 to 2; y of shape [n, 1].
 *
 * @example Without noise
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { x, y } = data.synthetic.line(10, { noise: 0 });
 * assert(y.sub(x.mul(2).add(1)).abs().max().item() < 1e-5);
 * ```
 */
export function line(n: number, options?: LineOptions): Samples {
  const { generator, options: { noise = 0.1, outliers = 0 } } = readArguments(
    "line",
    arguments.length,
    n,
    options,
    lineOptions,
  );
  const x = rand([n, 1], { generator }).mul(4).sub(2);
  const y = x.mul(2).add(1).add(randn([n, 1], { generator }).mul(noise));
  // As many as the share says, and not one more or less.
  const high = new Float32Array(n);
  for (const i of generator.permutation(n).subarray(0, Math.round(outliers * n))) high[i] = 20;
  return { x, y: y.add(fromTypedArray(high, [n, 1])) };
}

/** Options of `sine`. */
export interface SineOptions extends SyntheticOptions {
  /** The deviation of the noise. Default: 0.4. */
  noise?: number;
}

const sineOptions = optionReader<SineOptions>({ ...SYNTHETIC_OPTIONS, noise: NOT_NEGATIVE });

/**
 * Synthetic points on y = sin(3x) with much noise, so that a large network learns it by heart.
 *
 * @param n How many.
 * @returns x of shape [n, 1], from −1 to 1; y of shape [n, 1].
 *
 * @example Thirty points
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.sine(30).x.shape, [30, 1]);
 * ```
 */
export function sine(n: number, options?: SineOptions): Samples {
  const { generator, options: { noise = 0.4 } } = readArguments(
    "sine",
    arguments.length,
    n,
    options,
    sineOptions,
  );
  const x = rand([n, 1], { generator }).mul(2).sub(1);
  return { x, y: x.mul(3).sin().add(randn([n, 1], { generator }).mul(noise)) };
}

/** Options of `blobs`. */
export interface BlobsOptions extends WorldOptions {
  /** Number of classes. Default: 3. */
  classes?: number;
  /** Number of inputs. Default: 20. */
  features?: number;
  /** The deviation of the centres, where that of a class is 1. Default: 1.2. */
  spread?: number;
}

const blobsOptions = optionReader<BlobsOptions>({
  ...WORLD_OPTIONS,
  classes: COUNT,
  features: COUNT,
  spread: NOT_NEGATIVE,
});

/**
 * Synthetic classes, each a normal cloud about a centre. The world has the centres.
 *
 * @param n How many.
 * @returns x of shape [n, features]; y int32.
 *
 * @example Training and test have the same centres
 * ```ts
 * import { data, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const train = data.synthetic.blobs(100, { generator: new RandomGenerator(1) });
 * const test = data.synthetic.blobs(50, { generator: new RandomGenerator(2) });
 * assertEquals([train.x.shape, test.x.shape], [[100, 20], [50, 20]]);
 * ```
 */
export function blobs(n: number, options?: BlobsOptions): Samples {
  const { generator, world, options: { classes = 3, features = 20, spread = 1.2 } } = readArguments(
    "blobs",
    arguments.length,
    n,
    options,
    blobsOptions,
  );
  const centres = randn([classes, features], { generator: world }).mul(spread);
  const [y, own] = labelled(n, centres, generator);
  return { x: own.add(randn([n, features], { generator })), y };
}

/** Samples of several kinds. */
export interface GroupedSamples extends Samples {
  /** int32, of shape [n]: the kind of each, from 0 on. */
  readonly group: Tensor;
}

/** Options of what has noise of a kind of its own. */
export interface NoisyWorldOptions extends WorldOptions {
  /** What the noise is multiplied by; 0 for targets to test by. Default: 1. */
  noise?: number;
}

const noisyOptions = optionReader<NoisyWorldOptions>({ ...WORLD_OPTIONS, noise: NOT_NEGATIVE });

/**
 * Synthetic numbers of two regions that share their weights: one with noise of deviation 0.1, one of
 * 3. The world has the weights.
 *
 * @param n How many, half of them in each region.
 * @returns x of shape [n, 16]; y of shape [n, 1]; group 1 for the noisy region.
 *
 * @example Half and half
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.twoRegions(4).group.toArray(), [0, 0, 1, 1]);
 * ```
 */
export function twoRegions(n: number, options?: NoisyWorldOptions): GroupedSamples {
  const { generator, world, options: { noise = 1 } } = readArguments(
    "twoRegions",
    arguments.length,
    n,
    options,
    noisyOptions,
  );
  const weights = randn([16, 1], { generator: world });
  const x = randn([n, 16], { generator });
  const group = Int32Array.from({ length: n }, (_, i) => Number(i >= Math.ceil(n / 2)));
  const deviation = tensor(Array.from(group, (own) => own === 1 ? 3 : 0.1)).unsqueeze(1);
  const y = x.matmul(weights).add(randn([n, 1], { generator }).mul(deviation).mul(noise));
  return { x, y, group: fromTypedArray(group, [n]) };
}

/**
 * Synthetic numbers of two groups, one in ten in the second, for which other weights hold: a model
 * that does not see the group serves it worse. The world has the weights.
 *
 * @param n How many.
 * @returns x of shape [n, 4]; y of shape [n, 1]; group.
 *
 * @example A tenth
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * assert(data.synthetic.unequalGroups(1000).group.sum().item() < 200);
 * ```
 */
export function unequalGroups(n: number, options?: WorldOptions): GroupedSamples {
  const { generator, world } = readArguments(
    "unequalGroups",
    arguments.length,
    n,
    options,
    readWorld,
  );
  const [common, other] = [
    randn([4, 1], { generator: world }),
    randn([4, 1], { generator: world }),
  ];
  const group = chosen(n, 0.1, generator);
  const x = randn([n, 4], { generator });
  const extra = where(group.unsqueeze(1), x.matmul(other), 0);
  const y = x.matmul(common).add(extra).add(randn([n, 1], { generator }).mul(0.1));
  return { x, y, group: group.to({ dtype: "int32" }) };
}

/** Inputs with the targets of two tasks. */
export interface TwoTasks {
  /** Shape [n, 10]. */
  readonly x: Tensor;
  /** Shape [n, 1], of size about 0.02 and with little noise. */
  readonly small: Tensor;
  /** Shape [n, 1], of size about 10 and with much noise. */
  readonly large: Tensor;
}

/**
 * Two synthetic tasks of the same inputs in units 500 times apart, tanh(xW) in both: their losses can
 * not just be added. The world has the weights.
 *
 * @param n How many.
 *
 * @example Two targets
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { small, large } = data.synthetic.twoTasks(100);
 * assert(small.std().item() * 100 < large.std().item());
 * ```
 */
export function twoTasks(n: number, options?: NoisyWorldOptions): TwoTasks {
  const { generator, world, options: { noise = 1 } } = readArguments(
    "twoTasks",
    arguments.length,
    n,
    options,
    noisyOptions,
  );
  const weights = randn([10, 2], { generator: world }).div(3);
  const x = randn([n, 10], { generator });
  const both = x.matmul(weights).tanh();
  const drawn = randn([n, 2], { generator }).mul(noise);
  const column = (i: number, deviation: number, unit: number) =>
    both.narrow(1, i, 1).add(drawn.narrow(1, i, 1).mul(deviation)).mul(unit);
  return { x, small: column(0, 0.05, 0.02), large: column(1, 1, 10) };
}

/** Ratings of items by users. */
export interface Ratings {
  /** int32, of shape [n]: who. */
  readonly users: Tensor;
  /** int32, of shape [n]: what. */
  readonly items: Tensor;
  /** Shape [n]: about 3. */
  readonly ratings: Tensor;
}

/** Options of `ratings`. */
export interface RatingsOptions extends WorldOptions {
  /** Number of users. Default: 100. */
  users?: number;
  /** Number of items. Default: 80. */
  items?: number;
  /** Number of tastes that users and items have. Default: 3. */
  rank?: number;
}

const ratingsOptions = optionReader<RatingsOptions>({
  ...WORLD_OPTIONS,
  users: COUNT,
  items: COUNT,
  rank: COUNT,
});

/**
 * Synthetic ratings, 3 + u·v/√3 + the item's own + noise of deviation 0.3, of pairs that are all
 * different. The world has the tastes, and ratings; a stream chooses which are seen.
 *
 * @param n How many, no more than users times items.
 *
 * @example A quarter of all
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.ratings(2000).ratings.shape, [2000]);
 * ```
 */
export function ratings(n: number, options?: RatingsOptions): Ratings {
  const { generator, world, options: { users = 100, items = 80, rank = 3 } } = readArguments(
    "ratings",
    arguments.length,
    n,
    options,
    ratingsOptions,
  );
  if (n > users * items) {
    throw new RangeError(
      `Cannot run synthetic.ratings: ${users} users rate ${items} items ${
        users * items
      } times at ` +
        `most, got ${n}`,
    );
  }
  const [u, v] = [
    randn([users, rank], { generator: world }),
    randn([items, rank], { generator: world }),
  ];
  const own = randn([items], { generator: world }).mul(0.5);
  const noise = randn([users, items], { generator: world }).mul(0.3);
  const all = u.matmul(v.mT).div(Math.sqrt(3)).add(own).add(noise).add(3);
  const seen = fromTypedArray(generator.permutation(users * items).slice(0, n), [n]);
  const parts = Array.from(elementsOf(seen, "ratings"), (i) => [Math.floor(i / items), i % items]);
  const column = (i: number) => Int32Array.from(parts, (part) => part[i] ?? 0);
  return {
    users: fromTypedArray(column(0), [n]),
    items: fromTypedArray(column(1), [n]),
    ratings: all.reshape([-1]).indexSelect(0, seen),
  };
}

/** A small task: examples to learn it from, and examples to see whether it was learned. */
export interface FewShotTask {
  /** To learn from. */
  readonly support: Samples;
  /** To see by. */
  readonly query: Samples;
}

/** Options of `regressionTasks`. */
export interface RegressionTasksOptions extends SyntheticOptions {
  /** Examples to learn from. Default: 20. */
  support?: number;
  /** Examples to see by. Default: 50. */
  query?: number;
  /** The share of examples to learn from that lie far too high. Default: 0.2. */
  outliers?: number;
}

const tasksOptions = optionReader<RegressionTasksOptions>({
  ...SYNTHETIC_OPTIONS,
  support: COUNT,
  query: COUNT,
  outliers: SHARE,
});

/**
 * Synthetic tasks for learning to learn: y = x·w of four inputs, other weights in each task, with
 * outliers among the examples to learn from and none among those to see by.
 *
 * @param n How many tasks.
 *
 * @example One task
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [task] = data.synthetic.regressionTasks(1);
 * assertEquals([task!.support.x.shape, task!.query.y.shape], [[20, 4], [50]]);
 * ```
 */
export function regressionTasks(n: number, options?: RegressionTasksOptions): FewShotTask[] {
  const { generator, options: { support = 20, query = 50, outliers = 0.2 } } = readArguments(
    "regressionTasks",
    arguments.length,
    n,
    options,
    tasksOptions,
  );
  return Array.from({ length: n }, () => {
    const weights = randn([4], { generator });
    const [x, other] = [randn([support, 4], { generator }), randn([query, 4], { generator })];
    const far = randn([support], { generator }).abs().mul(10);
    const high = where(chosen(support, outliers, generator), far, 0);
    const noise = randn([support], { generator }).mul(0.05);
    return {
      support: { x, y: x.matmul(weights).add(noise).add(high) },
      query: { x: other, y: other.matmul(weights) },
    };
  });
}

/** Options of `labelNoise`. */
export interface LabelNoiseOptions extends SyntheticOptions {
  /** The share of labels that are drawn anew among the other classes. Default: 0.1. */
  p?: number;
}

const noiseOptions = optionReader<LabelNoiseOptions>({ ...SYNTHETIC_OPTIONS, p: SHARE });

/**
 * Labels of which a share are wrong.
 *
 * @param labels int32, from 0 to classes − 1.
 * @param classes How many classes there are, 2 or more.
 *
 * @example All wrong
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = tensor([0, 1, 1], { dtype: "int32" });
 * assertEquals(data.synthetic.labelNoise(labels, 2, { p: 1 }).toArray(), [1, 0, 0]);
 * ```
 */
export function labelNoise(labels: Tensor, classes: number, options?: LabelNoiseOptions): Tensor {
  const call = "run synthetic.labelNoise";
  checkCount(call, arguments.length, 3);
  checkKind(call, "labels", labels, TENSOR);
  checkKind(call, "classes", classes, COUNT);
  const { p = 0.1, generator = defaultGenerator } = noiseOptions(call, options);
  const own = elementsOf(labels, "synthetic.labelNoise");
  const wrong = own.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (labels.dtype !== "int32" || classes < 2 || wrong !== -1) {
    throw new RangeError(
      `Cannot ${call}: labels must be int32 from 0 to classes − 1 of 2 classes or more, got ` +
        `${labels.dtype} and ${classes} classes${wrong === -1 ? "" : `, with ${own[wrong]}`}`,
    );
  }
  const noisy = Int32Array.from(own, (label) => {
    if (uniform(generator) >= p) return label;
    return (label + 1 + below(generator, classes - 1)) % classes;
  });
  return fromTypedArray(noisy, labels.shape);
}
