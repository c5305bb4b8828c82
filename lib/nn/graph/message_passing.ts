/** Message passing: what nodes hear of their neighbours, and what they make of it. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, checkKind, oneOf, optionReader, orNull, TENSOR } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloating, checkNumbers, checkPlaces } from "../checks.ts";
import { Module } from "../module.ts";
import { aggregate, AGGREGATION, type Aggregation } from "./aggregate.ts";

/** Options of `MessagePassing`. */
export interface MessagePassingOptions {
  /** How the messages to one node become one. Default: "sum". */
  aggr?: Aggregation;
  /**
   * Which row of the edges says where a message goes: the second, if it flows from source to target.
   * Default: "source_to_target".
   */
  flow?: Flow;
}

/** Where messages flow along an edge. */
export type Flow = "source_to_target" | "target_to_source";

/** What the options of message passing must be. */
export const MESSAGE_OPTIONS = {
  aggr: AGGREGATION,
  flow: oneOf("source_to_target", "target_to_source"),
};

const readOptions = optionReader<MessagePassingOptions>(MESSAGE_OPTIONS);

/** What a message is made of. */
export interface Edges {
  /** The node that each message comes from, [edges, …]. */
  readonly xJ: Tensor;
  /** The node that each message goes to, [edges, …]. */
  readonly xI: Tensor;
  /** What belongs to each edge, [edges, …]; null for nothing. */
  readonly edgeAttr: Tensor | null;
}

/** Options of `propagate`. */
export interface PropagateOptions {
  /** What belongs to each edge, [edges, …]. Default: nothing. */
  edgeAttr?: Tensor | null;
}

const readPropagate = optionReader<PropagateOptions>({ edgeAttr: orNull(TENSOR) });

/** The ends of edges: where messages come from, and where they go. */
export interface Ends {
  /** int32, [edges]. */
  readonly source: Tensor;
  /** int32, [edges]. */
  readonly target: Tensor;
}

/** Refuses what are no edges between nodes, [2, edges]; `name` is what the caller knows them by. */
export function checkEdgeIndex(call: string, name: string, edgeIndex: Tensor, x: Tensor): void {
  checkKind(call, name, edgeIndex, TENSOR);
  if (edgeIndex.ndim !== 2 || edgeIndex.shape[0] !== 2 || edgeIndex.dtype !== "int32") {
    throw new ShapeError(
      `Cannot ${call}: ${name} must be int32 of shape [2, edges], got ${edgeIndex.dtype} of shape ${
        showShape(edgeIndex.shape)
      }`,
      [edgeIndex.shape],
    );
  }
  checkPlaces(call, edgeIndex, name, x.shape[0] ?? 0, "nodes");
}

/** The ends of edges between nodes, as they are given, [2, edges]. */
export function endsOf(call: string, edgeIndex: Tensor, x: Tensor, flow: Flow): Ends {
  checkEdgeIndex(call, "edgeIndex", edgeIndex, x);
  const [first, second] = [edgeIndex.at(0), edgeIndex.at(1)];
  return flow === "source_to_target"
    ? { source: first, target: second }
    : { source: second, target: first };
}

/** Refuses nodes that are no rows of features. */
export function checkNodes(call: string, x: Tensor, features: number): void {
  checkFloating(call, x, "the nodes");
  if (x.ndim === 2 && x.shape[1] === features) return;
  throw new ShapeError(
    `Cannot ${call}: nodes must have shape [nodes, ${features}], got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** Refuses messages that are not one for each edge. */
function checkMessages(call: string, messages: Tensor, edges: number): void {
  checkNumbers(call, messages, "what it gives");
  if (messages.shape[0] === edges) return;
  throw new ShapeError(
    `Cannot ${call}: it must give a row for each of ${edges} edges, got shape ${
      showShape(messages.shape)
    }`,
    [messages.shape],
  );
}

/**
 * Base of layers in which nodes hear of their neighbours: a `message` along each edge, the messages to
 * a node aggregated, and an `update` of what comes out. Gilmer and others, "Neural message passing for
 * quantum chemistry", 2017; follows `torch_geometric.nn.MessagePassing`.
 *
 * @typeParam Inputs What `forward` takes.
 *
 * @example The largest difference to a neighbour
 * ```ts
 * import { nn, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * class Steepest extends nn.MessagePassing {
 *   constructor() {
 *     super({ aggr: "max" });
 *   }
 *   override forward(x: Tensor, edgeIndex: Tensor): Tensor {
 *     return this.propagate(edgeIndex, x);
 *   }
 *   protected override message({ xI, xJ }: nn.Edges): Tensor {
 *     return xJ.sub(xI);
 *   }
 * }
 * const edges = tensor([[0, 1, 2], [1, 2, 1]], { dtype: "int32" });
 * const y = new Steepest().forward(tensor([[1], [3], [8]]), edges);
 * assertEquals(y.toArray(), [[0], [5], [-5]]);
 * ```
 */
export abstract class MessagePassing<Inputs extends unknown[] = [x: Tensor, edgeIndex: Tensor]>
  extends Module<Inputs> {
  /** How the messages to one node become one. */
  readonly aggr: Aggregation;
  /** Where messages flow along an edge. */
  readonly flow: Flow;

  /**
   * Creates the layer.
   *
   * @param options How messages go, and what becomes of them.
   */
  constructor(options?: MessagePassingOptions) {
    super();
    checkCount("make MessagePassing", arguments.length, 1);
    const { aggr = "sum", flow = "source_to_target" } = readOptions(
      "make MessagePassing",
      options,
    );
    this.aggr = aggr;
    this.flow = flow;
  }

  /**
   * Sends a message along each edge, and gives what each node makes of those that it gets.
   *
   * @param edgeIndex The ends of each edge, int32, [2, edges].
   * @param x Nodes, [nodes, …].
   * @param options What belongs to the edges.
   */
  protected propagate(edgeIndex: Tensor, x: Tensor, options?: PropagateOptions): Tensor {
    const call = "run propagate";
    checkCount(call, arguments.length, 3);
    const { edgeAttr = null } = readPropagate(call, options);
    checkNumbers(call, x, "the nodes");
    return this.send(endsOf(call, edgeIndex, x, this.flow), x, edgeAttr);
  }

  /** {@linkcode propagate} where the ends of the edges are known. */
  protected send({ source, target }: Ends, x: Tensor, edgeAttr: Tensor | null): Tensor {
    const edges: Edges = {
      xJ: x.indexSelect(0, source),
      // Few messages are made of both ends.
      get xI() {
        return x.indexSelect(0, target);
      },
      edgeAttr,
    };
    const messages = this.message(edges);
    checkMessages(`run ${this.constructor.name}.message`, messages, source.size);
    return this.update(aggregate(this.aggr, messages, target, extentAt(x.shape, 0)), x);
  }

  /** The message along each edge, [edges, …]. Default: the node that it comes from. */
  protected message({ xJ }: Edges): Tensor {
    return xJ;
  }

  /** What a node makes of the messages together. Default: those. */
  protected update(messages: Tensor, _x: Tensor): Tensor {
    return messages;
  }
}
