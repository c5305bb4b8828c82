/** What the messages to a node, or the nodes of a graph, become together. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  oneOf,
  optionReader,
  orNull,
  TENSOR,
  WHOLE,
} from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { where } from "../../ops/mod.ts";
import { ones, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkIntegers, checkNumbers, checkPlaces } from "../checks.ts";

/** How messages to one node become one. */
export type Aggregation = "sum" | "mean" | "max";

/** What names an aggregation. */
export const AGGREGATION = oneOf("sum", "mean", "max");

/** An index for each row, as long as a row. */
function columns(index: Tensor, rows: Tensor): Tensor {
  return index.reshape([-1, ...rows.shape.slice(1).map(() => 1)]).expand(rows.shape);
}

/** How many rows go to each place, at least 1, so that it divides whatever stands there. */
function counts(rows: Tensor, index: Tensor, size: number): Tensor {
  const { dtype, device } = rows;
  const one = ones([extentAt(rows.shape, 0)], { dtype, device });
  const counted = zeros([size], { dtype, device }).scatterAdd(0, index, one).clamp(1, null);
  return counted.reshape([size, ...rows.shape.slice(1).map(() => 1)]);
}

/** The largest of the rows that go to each place, by elements; 0 where none goes. */
function largest(rows: Tensor, index: Tensor, size: number): Tensor {
  const { dtype, device } = rows;
  // Of what is written to one place the last stays: the largest, if they are in order.
  const order = rows.detach().argsort(0);
  const places = columns(index, rows).gather(0, order);
  const empty = zeros([size, ...rows.shape.slice(1)], { dtype, device });
  return empty.scatter(0, places, rows.gather(0, order));
}

/**
 * Rows that go to one place as one.
 *
 * @param rows Shape [rows, …].
 * @param index The place of each row, int32, [rows].
 * @param size Number of places.
 */
export function aggregate(how: Aggregation, rows: Tensor, index: Tensor, size: number): Tensor {
  // Where nothing goes anywhere, there is no largest, and the sum is on the tape.
  if (how === "max" && rows.size > 0) return largest(rows, index, size);
  const { dtype, device } = rows;
  const empty = zeros([size, ...rows.shape.slice(1)], { dtype, device });
  const sum = empty.indexAdd(0, index, rows);
  return how === "sum" ? sum : sum.div(counts(rows, index, size));
}

/** Weights of rows whose sum is 1 among those that go to one place. */
export function groupSoftmax(rows: Tensor, index: Tensor, size: number): Tensor {
  const highest = largest(rows.detach(), index, size).indexSelect(0, index);
  // A row that counts for nothing is -∞, and perhaps all that go to its place.
  const shift = where(highest.eq(-Infinity), 0, highest);
  const weights = rows.sub(shift).exp();
  return weights.div(aggregate("sum", weights, index, size).indexSelect(0, index).add(1e-16));
}

/** Options of the pools of graphs. */
export interface GlobalPoolOptions {
  /** Number of graphs; null for one more than the largest number in `batch`. Default: null. */
  size?: number | null;
}

const readPool = optionReader<GlobalPoolOptions>({
  size: orNull(WHOLE),
});

/** The nodes of each graph as one. */
function pool(
  how: Aggregation,
  op: string,
  given: number,
  x: Tensor,
  batch: Tensor | null,
  options: GlobalPoolOptions | undefined,
): Tensor {
  const call = `compute ${op}`;
  checkCount(call, given, 3);
  const { size = null } = readPool(call, options);
  checkNumbers(call, x, "the nodes");
  checkKind(call, "batch", batch, orNull(TENSOR));
  if (x.ndim === 0 || (batch !== null && (batch.ndim !== 1 || batch.size !== x.shape[0]))) {
    throw new ShapeError(
      `Cannot ${call}: nodes [nodes, …] and the graph of each [nodes] are needed, got ${
        showShape(x.shape)
      } and ${batch === null ? "null" : showShape(batch.shape)}`,
      [x.shape],
    );
  }
  const places = batch ?? zeros([extentAt(x.shape, 0)], { dtype: "int32", device: x.device });
  checkIntegers(call, places, "batch");
  const count = size ?? (batch === null ? 1 : batch.size === 0 ? 0 : batch.max().item() + 1);
  checkPlaces(call, places, "batch", Math.max(0, count), "graphs");
  return aggregate(how, x, places, count);
}

/**
 * The mean of the nodes of each graph. Follows `torch_geometric.nn.global_mean_pool`.
 *
 * @param x Nodes, [nodes, …].
 * @param batch The graph of each node, int32, [nodes]; null if there is one.
 * @returns Shape [graphs, …], 0 for a graph without nodes.
 *
 * @example Two graphs
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = tensor([0, 0, 1], { dtype: "int32" });
 * assertEquals(nn.globalMeanPool(tensor([1, 3, 5]), batch).toArray(), [2, 5]);
 * ```
 */
export function globalMeanPool(
  x: Tensor,
  batch: Tensor | null,
  options?: GlobalPoolOptions,
): Tensor {
  return pool("mean", "globalMeanPool", arguments.length, x, batch, options);
}

/**
 * The sum of the nodes of each graph. Follows `torch_geometric.nn.global_add_pool`.
 *
 * @param x Nodes, [nodes, …].
 * @param batch The graph of each node, int32, [nodes]; null if there is one.
 * @returns Shape [graphs, …], 0 for a graph without nodes.
 *
 * @example Two graphs
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = tensor([0, 0, 1], { dtype: "int32" });
 * assertEquals(nn.globalAddPool(tensor([1, 3, 5]), batch).toArray(), [4, 5]);
 * ```
 */
export function globalAddPool(
  x: Tensor,
  batch: Tensor | null,
  options?: GlobalPoolOptions,
): Tensor {
  return pool("sum", "globalAddPool", arguments.length, x, batch, options);
}

/**
 * The largest of the nodes of each graph, by features. Follows
 * `torch_geometric.nn.global_max_pool`; of equal nodes the last has the gradient.
 *
 * @param x Nodes, [nodes, …].
 * @param batch The graph of each node, int32, [nodes]; null if there is one.
 * @returns Shape [graphs, …], 0 for a graph without nodes.
 *
 * @example Two graphs
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = tensor([0, 0, 1], { dtype: "int32" });
 * assertEquals(nn.globalMaxPool(tensor([1, 3, 5]), batch).toArray(), [3, 5]);
 * ```
 */
export function globalMaxPool(
  x: Tensor,
  batch: Tensor | null,
  options?: GlobalPoolOptions,
): Tensor {
  return pool("max", "globalMaxPool", arguments.length, x, batch, options);
}
