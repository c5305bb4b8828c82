/** Edges from nodes to themselves. */

import { cat, where } from "../../ops/mod.ts";
import { full } from "../../tensor/create.ts";
import { arange } from "../../tensor/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { aggregate, type Aggregation } from "./aggregate.ts";
import type { Ends } from "./message_passing.ts";

/** Edges with one more from each node to itself. */
export interface Looped extends Ends {
  /** Which of the edges before lead from a node to itself, bool, and now count for nothing. */
  readonly isLoop: Tensor;
}

/** The edges, and behind them one from each of so many nodes to itself. */
export function withLoops({ source, target }: Ends, nodes: number): Looped {
  const loops = arange(nodes).to({ device: source.device });
  return {
    source: cat([source, loops]),
    target: cat([target, loops]),
    isLoop: source.eq(target),
  };
}

/** What belongs to edges and to the loops behind them: a number, or what the edges to a node make. */
export function loopAttributes(
  attributes: Tensor,
  { target, isLoop }: Looped,
  nodes: number,
  fill: number | Aggregation,
): Tensor {
  const { dtype, device, shape } = attributes;
  const own = typeof fill === "number"
    ? full([nodes, ...shape.slice(1)], fill, { dtype, device })
    : aggregate(
      fill,
      attributes,
      where(isLoop, nodes, target.narrow(0, 0, isLoop.size)),
      nodes + 1,
    ).narrow(0, 0, nodes);
  return cat([attributes, own]);
}
