/** A convolution of graphs with a node's own features apart. */

import { checkCount, FLAG, optionReader } from "../../core/options.ts";
import { normalize } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import { AGGREGATION, type Aggregation } from "./aggregate.ts";
import { checkChannels, CONV_OPTIONS, type GraphConvOptions, typeOf } from "./conv.ts";
import { checkNodes, endsOf, MessagePassing } from "./message_passing.ts";

/** Options of `SAGEConv`. */
export interface SAGEConvOptions extends GraphConvOptions {
  /** How the neighbours of a node become one. Default: "mean". */
  aggr?: Aggregation;
  /** Whether outputs have length 1. Default: false. */
  normalize?: boolean;
  /** Whether a node's own features are added under a linear map of their own. Default: true. */
  rootWeight?: boolean;
  /** Whether neighbours are heard under a linear map and a rectifier. Default: false. */
  project?: boolean;
}

const readSAGE = optionReader<SAGEConvOptions>({
  ...CONV_OPTIONS,
  aggr: AGGREGATION,
  normalize: FLAG,
  rootWeight: FLAG,
  project: FLAG,
});

/**
 * The neighbours' features together under a linear map, plus a node's own under another. Hamilton, Ying
 * and Leskovec, "Inductive representation learning on large graphs", 2017; follows
 * `torch_geometric.nn.SAGEConv`. Weights start as those of {@linkcode Linear}.
 *
 * @example A path of three nodes
 * ```ts
 * import { nn, ones, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const edges = tensor([[0, 1, 1, 2], [1, 0, 2, 1]], { dtype: "int32" });
 * assertEquals(new nn.SAGEConv(4, 2).forward(ones([3, 4]), edges).shape, [3, 2]);
 * ```
 */
export class SAGEConv extends MessagePassing {
  /** The linear map of neighbours before they are aggregated; null without. */
  readonly lin: Linear | null;
  /** The linear map of neighbours. */
  readonly linL: Linear<boolean>;
  /** The linear map of a node's own features; null without. */
  readonly linR: Linear<false> | null;
  /** Whether outputs have length 1. */
  readonly normalize: boolean;

  /**
   * Creates the layer.
   *
   * @param inChannels Features of the nodes.
   * @param outChannels Features of the output.
   * @param options How the layer is built.
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    options?: SAGEConvOptions,
  ) {
    checkCount("make SAGEConv", arguments.length, 3);
    checkChannels("make SAGEConv", inChannels, outChannels);
    const read = readSAGE("make SAGEConv", options);
    const { aggr = "mean", bias = true, normalize = false, flow } = read;
    super({ aggr, ...flow && { flow } });
    const { rootWeight = true, project = false } = read;
    this.normalize = normalize;
    this.lin = project ? new Linear(inChannels, inChannels, typeOf(read)) : null;
    this.linL = new Linear(inChannels, outChannels, { ...typeOf(read), bias });
    this.linR = rootWeight
      ? new Linear(inChannels, outChannels, { ...typeOf(read), bias: false })
      : null;
  }

  /**
   * Computes the output.
   *
   * @param x Nodes, [nodes, in].
   * @param edgeIndex The ends of each edge, int32, [2, edges].
   */
  override forward(x: Tensor, edgeIndex: Tensor): Tensor {
    const call = "compute SAGEConv";
    checkCount(call, arguments.length, 2);
    checkNodes(call, x, this.inChannels);
    const heard = this.lin === null ? x : this.lin.forward(x).relu();
    const ends = endsOf(call, edgeIndex, x, this.flow);
    const neighbours = this.linL.forward(this.send(ends, heard, null));
    const y = this.linR === null ? neighbours : neighbours.add(this.linR.forward(x));
    return this.normalize ? normalize(y, { dim: -1 }) : y;
  }
}
