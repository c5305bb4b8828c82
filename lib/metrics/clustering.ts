/** Metrics of clusterings. */

import { checkSameShape, elements } from "./inputs.ts";
import { type Metric, metric, nothing, type Pair } from "./metric.ts";
import { type NoOptions, noOptions } from "./regression.ts";

/** How often each name occurs. */
type Counts = Record<string, number>;

function raise(counts: Counts, key: string | number): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function squares(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count * count, 0);
}

/**
 * How much two clusterings agree on pairs of examples, beyond chance: 1 for the same clusters
 * under any names, about 0 for random ones. Hubert and Arabie, "Comparing partitions", 1985;
 * follows `sklearn.metrics.adjusted_rand_score`.
 *
 * @throws {ShapeError} If the shapes differ.
 * @throws {RangeError} If there are no examples.
 *
 * @example Other names
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = (values: number[]) => tensor(values, { dtype: "int32" });
 * assertEquals(metrics.adjustedRandIndex(labels([1, 1, 0]), labels([0, 0, 2])), 1);
 * ```
 */
export const adjustedRandIndex: Metric<Pair, NoOptions, number> = metric<Pair, NoOptions, number>(
  "adjustedRandIndex",
  2,
  noOptions,
  (call) => {
    const state = { first: {} as Counts, second: {} as Counts, both: {} as Counts, n: 0 };
    return {
      state,
      add: (pred, target) => {
        checkSameShape(call, pred, target);
        const truth = elements(call, target);
        elements(call, pred).forEach((own, i) => {
          const other = truth[i] ?? NaN;
          raise(state.first, own);
          raise(state.second, other);
          raise(state.both, `${own} ${other}`);
          state.n++;
        });
      },
      result: () => {
        const { first, second, both, n } = state;
        if (n === 0) throw nothing(call);
        // Ordered pairs that both clusterings put together, that only one does, and that neither does.
        const together = squares(both);
        const [one, other] = [squares(first) - together, squares(second) - together];
        if (one === 0 && other === 0) return 1;
        const [same, neither] = [together - n, n * n - one - other - together];
        return 2 * (same * neither - one * other) /
          ((same + one) * (one + neither) + (same + other) * (other + neither));
      },
    };
  },
);
