/** Groups around means. */

import { checkCount, checkKind, COUNT, kept, NOT_NEGATIVE, optionReader } from "../core/options.ts";
import { largest } from "../core/lists.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { uniform } from "../data/draws.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { argmin, fitted, measuredTable, squaredDistance, type Table } from "./inputs.ts";

/** Options of {@linkcode KMeans}. */
export interface KMeansOptions {
  /** How often it begins anew; the best is kept. Default: 10. */
  nInit?: number;
  /** Most rounds of a beginning. Default: 300. */
  maxIter?: number;
  /** Ends when the means move by less than this share of the data's variance. Default: 1e-4. */
  tol?: number;
  /** Stream of random numbers. Default: the library's own. */
  generator?: RandomGenerator;
}

const readOptions = optionReader<KMeansOptions>({
  nInit: COUNT,
  maxIter: COUNT,
  tol: NOT_NEGATIVE,
  generator: GENERATOR,
});

interface Groups {
  readonly means: Table;
  readonly labels: Int32Array;
  readonly inertia: number;
}

/** Means to begin with: each new one drawn by its squared distance to those that are there. */
function beginning(x: Table, clusters: number, generator: RandomGenerator): Table {
  const values = new Float64Array(clusters * x.columns);
  const means = { rows: clusters, columns: x.columns, values };
  const nearest = new Float64Array(x.rows).fill(Infinity);
  for (let cluster = 0; cluster < clusters; cluster++) {
    const weights = cluster === 0 ? nearest.map(() => 1) : nearest;
    let left = uniform(generator) * weights.reduce((sum, weight) => sum + weight, 0);
    let chosen = weights.findIndex((weight) => (left -= weight) < 0);
    if (chosen < 0) chosen = x.rows - 1;
    values.set(
      x.values.subarray(chosen * x.columns, (chosen + 1) * x.columns),
      cluster * x.columns,
    );
    for (let i = 0; i < x.rows; i++) {
      nearest[i] = Math.min(nearest[i] ?? 0, squaredDistance(x, i, means, cluster));
    }
  }
  return means;
}

/** The nearest mean of each row, and by how much it leads the second nearest. */
interface Places {
  readonly labels: Int32Array;
  readonly lead: Float64Array;
}

function placesOf(x: Table, means: Table): Places {
  const places = { labels: new Int32Array(x.rows), lead: new Float64Array(x.rows) };
  assign(x, means, places, new Float64Array(means.rows));
  return places;
}

/** Finds the nearest means again after moves, but of rows whose mean has led by more than those. */
function assign(x: Table, means: Table, { labels, lead }: Places, moves: Float64Array): void {
  const most = largest(moves);
  for (let i = 0; i < x.rows; i++) {
    const left = (lead[i] ?? 0) - (moves[labels[i] ?? 0] ?? 0) - most;
    lead[i] = left;
    if (left > 0) continue;
    let best = 0;
    let least = Infinity;
    let second = Infinity;
    for (let cluster = 0; cluster < means.rows; cluster++) {
      const found = squaredDistance(x, i, means, cluster);
      if (found >= second) continue;
      if (found < least) {
        second = least;
        least = found;
        best = cluster;
      } else second = found;
    }
    labels[i] = best;
    // A lead within rounding is none.
    lead[i] = Math.sqrt(second) * (1 - 1e-9) - Math.sqrt(least);
  }
}

/** The mean of the rows of each group; one without rows takes the row that is farthest from its own. */
function meansOf(x: Table, labels: Int32Array, old: Table): Table {
  const values = new Float64Array(old.values.length);
  const counts = new Int32Array(old.rows);
  for (const [i, label] of labels.entries()) {
    counts[label] = (counts[label] ?? 0) + 1;
    for (let column = 0; column < x.columns; column++) {
      const at = label * x.columns + column;
      values[at] = (values[at] ?? 0) + (x.values[i * x.columns + column] ?? 0);
    }
  }
  const taken = new Set<number>();
  for (const [cluster, count] of counts.entries()) {
    const place = cluster * x.columns;
    if (count > 0) {
      for (let at = place; at < place + x.columns; at++) values[at] = (values[at] ?? 0) / count;
      continue;
    }
    const farthest = argmin(
      x.rows,
      (i) => taken.has(i) ? Infinity : -squaredDistance(x, i, old, labels[i] ?? 0),
    );
    taken.add(farthest);
    values.set(x.values.subarray(farthest * x.columns, (farthest + 1) * x.columns), place);
  }
  return { ...old, values };
}

/** The mean of the variances of the columns. */
function varianceOf(x: Table): number {
  let sum = 0;
  for (let column = 0; column < x.columns; column++) {
    const values = Array.from({ length: x.rows }, (_, i) => x.values[i * x.columns + column] ?? 0);
    const mean = values.reduce((total, value) => total + value, 0) / x.rows;
    sum += values.reduce((total, value) => total + (value - mean) ** 2, 0) / x.rows;
  }
  return sum / x.columns;
}

/**
 * Groups of examples around means: each example belongs to the nearest mean, each mean is that of its
 * examples, and the sum of squared distances (`inertia`) is as small as the best of some beginnings
 * finds. Begins by k-means++ (Arthur and Vassilvitskii, 2007). Follows scikit-learn's `KMeans`.
 *
 * @example Two groups
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { KMeans } from "@adjoint/ml/classic";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[0, 0], [0, 1], [9, 9], [9, 8]]);
 * const groups = new KMeans(2).fit(x);
 * const [a, b, c, d] = groups.labels.toArray() as number[];
 * assertEquals([a === b, c === d, a === c], [true, true, false]);
 * ```
 */
export class KMeans {
  readonly #clusters: number;
  readonly #options: KMeansOptions;
  #state: Groups | null = null;
  #dtype: Tensor["dtype"] = "float32";

  /**
   * Creates the method.
   *
   * @param clusters How many groups.
   * @param options Beginnings, rounds, and the stream of random numbers.
   */
  constructor(clusters: number, options?: KMeansOptions) {
    checkCount("make KMeans", arguments.length, 2);
    checkKind("make KMeans", "clusters", clusters, COUNT);
    this.#clusters = clusters;
    this.#options = kept(readOptions("make KMeans", options));
  }

  /**
   * Finds the groups.
   *
   * @param x Examples [N, D], at least as many as groups.
   */
  fit(x: Tensor): this {
    checkCount("fit KMeans", arguments.length, 1);
    const table = measuredTable("fit KMeans", x);
    if (table.rows < this.#clusters) {
      throw new RangeError(
        `Cannot fit KMeans: ${this.#clusters} groups need as many examples, got ${table.rows}`,
      );
    }
    const { nInit = 10, maxIter = 300, tol = 1e-4, generator = defaultGenerator } = this.#options;
    const least = tol * varianceOf(table);
    let best: Groups | null = null;
    for (let start = 0; start < nInit; start++) {
      let means = beginning(table, this.#clusters, generator);
      const places = placesOf(table, means);
      const { labels } = places;
      for (let round = 0; round < maxIter; round++) {
        const [next, old] = [meansOf(table, labels, means), means];
        const squares = new Float64Array(next.rows).map((_, i) => squaredDistance(next, i, old, i));
        assign(table, means = next, places, squares.map(Math.sqrt));
        if (squares.reduce((sum, own) => sum + own, 0) <= least) break;
      }
      const inertia = labels.reduce(
        (sum, label, i) => sum + squaredDistance(table, i, means, label),
        0,
      );
      if (best === null || inertia < best.inertia) best = { means, labels, inertia };
    }
    this.#state = best;
    this.#dtype = x.dtype;
    return this;
  }

  /** The means [K, D]. */
  get centroids(): Tensor {
    const { means } = fitted("read the centroids of KMeans", this.#state);
    return fromTypedArray(means.values.slice(), [means.rows, means.columns]).to(this.#dtype);
  }

  /** The group of each example of `fit`, int32 [N]. */
  get labels(): Tensor {
    const { labels } = fitted("read the labels of KMeans", this.#state);
    return fromTypedArray(labels.slice(), [labels.length]);
  }

  /** The sum of the squared distances of the examples to their means. */
  get inertia(): number {
    return fitted("read the inertia of KMeans", this.#state).inertia;
  }

  /** The group of each of some examples [N, D], int32 [N]. */
  predict(x: Tensor): Tensor {
    const call = "run KMeans.predict";
    checkCount(call, arguments.length, 1);
    const { means } = fitted(call, this.#state);
    const table = measuredTable(call, x, means.columns);
    return fromTypedArray(placesOf(table, means).labels, [table.rows]);
  }
}
