/** Metrics of rankings. */

import { ShapeError, showShape } from "../core/errors.ts";
import { COUNT, optionReader } from "../core/options.ts";
import { argsort } from "../ops/mod.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSameShape, elements } from "./inputs.ts";
import { type Metric, metric, nothing, type Pair } from "./metric.ts";

/** Options of `ndcg`. */
export interface NdcgOptions {
  /** How many places count, from the first. Default: all. */
  topK?: number;
}

/** Options of `recallAtK`. */
export interface RecallAtKOptions {
  /** How many places count, from the first. Default: 10. */
  topK?: number;
}

/** Scores and relevances of one query. */
type Query = (scores: Float64Array, relevances: Float64Array) => number;

/** Makes a metric that is the mean over queries. */
function overQueries<O extends { topK?: number }>(
  name: string,
  of: (call: string, options: O) => Query,
): Metric<Pair, O, number> {
  const read = optionReader<{ topK?: number }>({ topK: COUNT });
  return metric<Pair, O, number>(
    name,
    2,
    (call, given) => read(call, given) as O,
    (call, options) => {
      const query = of(call, options);
      const state = { sum: 0, n: 0 };
      return {
        state,
        add: (pred: Tensor, target: Tensor) => {
          checkSameShape(call, pred, target);
          if (pred.ndim !== 1 && pred.ndim !== 2) {
            throw new ShapeError(
              `Cannot ${call}: pred must have shape [Q, D] or [D], got ${showShape(pred.shape)}`,
              [pred.shape],
            );
          }
          const width = pred.shape.at(-1) ?? 0;
          const queries = pred.ndim === 1 ? 1 : pred.shape[0] ?? 0;
          const scores = Float64Array.from(elements(call, pred));
          const relevances = Float64Array.from(elements(call, target));
          const wrong = relevances.findIndex((relevance) => !(relevance >= 0));
          if (wrong !== -1) {
            throw new RangeError(
              `Cannot ${call}: relevances must not be negative, got ${
                relevances[wrong]
              } at index ` +
                `${wrong}`,
            );
          }
          for (let i = 0; i < queries; i++) {
            const [from, to] = [i * width, (i + 1) * width];
            state.sum += query(scores.subarray(from, to), relevances.subarray(from, to));
          }
          state.n += queries;
        },
        result: () => {
          if (state.n === 0) throw nothing(call);
          return state.sum / state.n;
        },
      };
    },
  );
}

/** Positions by decreasing score; equal scores keep their order. */
function byScore(scores: Float64Array): Int32Array {
  const order = argsort(fromTypedArray(scores, [scores.length]), 0, { descending: true });
  return new Int32Array(elementsOf(order, "argsort"));
}

/** The gain of an order, where each place counts 1/log₂(place + 1); equal scores share their places. */
function gainOf(scores: Float64Array, relevances: Float64Array, topK: number): number {
  const order = byScore(scores);
  let [gain, place] = [0, 0];
  while (place < order.length) {
    const score = scores[order[place] ?? 0];
    let [relevance, discount, count] = [0, 0, 0];
    for (; place < order.length && scores[order[place] ?? 0] === score; place++) {
      relevance += relevances[order[place] ?? 0] ?? 0;
      discount += place < topK ? 1 / Math.log2(place + 2) : 0;
      count++;
    }
    gain += relevance / count * discount;
  }
  return gain;
}

/**
 * Normalized discounted cumulative gain: Σ relevance/log₂(place + 1) in the order of the scores, divided
 * by that in the best order; the mean over queries. Items with equal scores share their places. A query
 * without relevant items has 0. Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
 * techniques", 2002; follows `sklearn.metrics.ndcg_score`.
 *
 * `pred` holds scores of shape [Q, D], or [D] for one query, and `target` relevances of at least 0.
 *
 * @throws {ShapeError} If the shapes differ, or are not so.
 * @throws {RangeError} If a relevance is negative, or there are no queries.
 *
 * @example The best item in second place
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const value = metrics.ndcg(tensor([0.9, 0.8, 0.1]), tensor([0, 1, 0]));
 * assertAlmostEquals(value, 1 / Math.log2(3), 1e-12);
 * ```
 */
export const ndcg: Metric<Pair, NdcgOptions, number> = overQueries(
  "ndcg",
  (_, { topK = Infinity }) => (scores, relevances) => {
    if (scores.includes(NaN)) return NaN;
    const best = gainOf(relevances, relevances, topK);
    return best === 0 ? 0 : gainOf(scores, relevances, topK) / best;
  },
);

/**
 * The share of relevant items that rank among the first, averaged over queries; a query without
 * relevant items has 0. Items with equal scores keep their order. Follows
 * `torchmetrics.functional.retrieval.retrieval_recall`, except that scores may be negative.
 *
 * `pred` holds scores of shape [Q, D], or [D] for one query; items with a `target` above 0 are relevant.
 *
 * @throws {ShapeError} If the shapes differ, or are not so.
 * @throws {RangeError} If a relevance is negative, or there are no queries.
 *
 * @example One of two among the first two
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const value = metrics.recallAtK(tensor([0.9, 0.8, 0.1]), tensor([0, 1, 1]), { topK: 2 });
 * assertEquals(value, 0.5);
 * ```
 */
export const recallAtK: Metric<Pair, RecallAtKOptions, number> = overQueries(
  "recallAtK",
  (_, { topK = 10 }) => (scores, relevances) => {
    if (scores.includes(NaN)) return NaN;
    const relevant = (i: number) => Number((relevances[i] ?? 0) > 0);
    const order = byScore(scores);
    const all = order.reduce((sum, i) => sum + relevant(i), 0);
    return all === 0 ? 0 : order.slice(0, topK).reduce((sum, i) => sum + relevant(i), 0) / all;
  },
);
