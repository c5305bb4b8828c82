/** Several graphs as one. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  isListOf,
  isPlainObject,
  kind,
  shown,
  TENSOR,
} from "../../core/options.ts";
import { extentAt, sameShape } from "../../core/shape.ts";
import { cat } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { positions } from "../checks.ts";
import { checkEdgeIndex } from "./message_passing.ts";

/** A graph: its nodes and edges, and whatever else belongs to them, by name. */
export interface Graph {
  /** Nodes, [nodes, …]. */
  readonly x: Tensor;
  /** The ends of each edge, int32, [2, edges]. */
  readonly edgeIndex: Tensor;
  /** Anything else: rows for each node, edge or graph. */
  readonly [name: string]: Tensor;
}

/** Several graphs as one that has no edges between them. */
export type BatchedGraphs<G extends Graph> = G & {
  /** The graph of each node, int32, [nodes]. */
  readonly batch: Tensor;
};

const GRAPHS = kind(
  "an array of graphs, each with x and edgeIndex",
  (value) =>
    isListOf(value, (graph) =>
      isPlainObject(graph) && "x" in graph && "edgeIndex" in graph &&
      Object.values(graph).every(TENSOR.accepts)) && value.length > 0,
);

/**
 * Several graphs as one: their rows one after the other, the edges counted on from the nodes before.
 * Follows `torch_geometric.data.Batch.from_data_list`.
 *
 * @param graphs Graphs of the same names.
 * @returns What they have, joined along the first dimension, and the graph of each node.
 * @throws {ShapeError} If what they have does not fit together.
 * @throws {RangeError} If an edge leads to a node that its graph does not have.
 * @throws {TypeError} If the names differ, or one is batch.
 *
 * @example Two graphs of two nodes
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const one = { x: tensor([1, 2]), edgeIndex: tensor([[0], [1]], { dtype: "int32" }) };
 * const { x, edgeIndex, batch } = nn.batchGraphs([one, one]);
 * assertEquals(x.toArray(), [1, 2, 1, 2]);
 * assertEquals(edgeIndex.toArray(), [[0, 2], [1, 3]]);
 * assertEquals(batch.toArray(), [0, 0, 1, 1]);
 * ```
 */
export function batchGraphs<G extends Graph>(graphs: readonly G[]): BatchedGraphs<G> {
  const call = "run batchGraphs";
  checkCount(call, arguments.length, 1);
  checkKind(call, "the graphs", graphs, GRAPHS);
  const names = Object.keys(graphs[0] ?? {});
  if (names.includes("batch")) {
    throw new TypeError(
      `Cannot ${call}: the result has a batch of its own, got graphs with ${names.join(", ")}`,
    );
  }
  const counts = graphs.map((graph, i) => {
    const own = Object.keys(graph);
    if (own.length !== names.length || names.some((name) => !own.includes(name))) {
      throw new TypeError(
        `Cannot ${call}: all graphs must have ${names.join(", ")}, graph ${i} has ${shown(own)}`,
      );
    }
    for (const name of names.filter((name) => name !== "edgeIndex")) {
      const { shape } = graph[name] as Tensor;
      const rest = graphs[0]?.[name]?.shape.slice(1) ?? [];
      if (shape.length > 0 && sameShape(shape.slice(1), rest)) continue;
      throw new ShapeError(
        `Cannot ${call}: ${name} must be rows of one shape in all graphs, got ${
          showShape(shape)
        } in graph ${i}`,
        [shape],
      );
    }
    checkEdgeIndex(call, `edgeIndex of graph ${i}`, graph.edgeIndex, graph.x);
    return extentAt(graph.x.shape, 0);
  });
  let before = 0;
  const edges = graphs.map(({ edgeIndex }, i) => {
    const shifted = edgeIndex.add(before);
    before += counts[i] ?? 0;
    return shifted;
  });
  const joined = names.map((name): [string, Tensor] => [
    name,
    name === "edgeIndex" ? cat(edges, 1) : cat(graphs.map((graph) => graph[name] as Tensor)),
  ]);
  const places = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  const all = Object.fromEntries(joined) as G;
  return { ...all, batch: positions(places, all.x) };
}
