/** A convolution of graphs by degrees. */

import { checkCount, FLAG, optionReader, orNull, TENSOR } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { where } from "../../ops/mod.ts";
import { full, ones, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Linear } from "../linear.ts";
import { Parameter } from "../module.ts";
import {
  checkChannels,
  checkEdges,
  CONV_OPTIONS,
  glorot,
  type GraphConvOptions,
  typeOf,
} from "./conv.ts";
import { checkNodes, type Edges, type Ends, endsOf, MessagePassing } from "./message_passing.ts";

/** Options of `GCNConv`. */
export interface GCNConvOptions extends GraphConvOptions {
  /** Whether a node counts twice for itself. Default: false. */
  improved?: boolean;
  /** Whether each node hears of itself. Default: as `normalize`. */
  addSelfLoops?: boolean;
  /** Whether messages are divided by the roots of both nodes' degrees. Default: true. */
  normalize?: boolean;
}

const readGCN = optionReader<GCNConvOptions>({
  ...CONV_OPTIONS,
  improved: FLAG,
  addSelfLoops: FLAG,
  normalize: FLAG,
});

/** Options of the `forward` of `GCNConv`. */
export interface GCNConvCall {
  /** [edges]: what each message is multiplied by. Default: 1. */
  edgeWeight?: Tensor | null;
}

const readGCNCall = optionReader<GCNConvCall>({ edgeWeight: orNull(TENSOR) });

/**
 * Sums of the neighbours' features under a linear map, over the roots of both nodes' degrees. Kipf and
 * Welling, "Semi-supervised classification with graph convolutional networks", 2017; follows
 * `torch_geometric.nn.GCNConv`. The weight starts by Xavier's uniform distribution, the bias at 0.
 *
 * @example A path of three nodes
 * ```ts
 * import { nn, ones, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const edges = tensor([[0, 1, 1, 2], [1, 0, 2, 1]], { dtype: "int32" });
 * assertEquals(new nn.GCNConv(4, 2).forward(ones([3, 4]), edges).shape, [3, 2]);
 * ```
 */
export class GCNConv extends MessagePassing<[x: Tensor, edgeIndex: Tensor, options?: GCNConvCall]> {
  /** Shape [out]; null without. */
  readonly bias: Parameter | null;
  /** The linear map. */
  readonly lin: Linear<false>;
  /** Whether a node counts twice for itself. */
  readonly improved: boolean;
  /** Whether each node hears of itself. */
  readonly addSelfLoops: boolean;
  /** Whether messages are divided by the roots of both nodes' degrees. */
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
    options?: GCNConvOptions,
  ) {
    checkCount("make GCNConv", arguments.length, 3);
    checkChannels("make GCNConv", inChannels, outChannels);
    const read = readGCN("make GCNConv", options);
    const { improved = false, normalize = true, bias = true, flow } = read;
    super({ ...flow && { flow } });
    this.improved = improved;
    this.normalize = normalize;
    this.addSelfLoops = read.addSelfLoops ?? normalize;
    if (this.addSelfLoops && !normalize) {
      throw new TypeError("Cannot make GCNConv: addSelfLoops needs normalize");
    }
    this.bias = bias ? new Parameter(zeros([outChannels], typeOf(read))) : null;
    this.lin = glorot(inChannels, outChannels, typeOf(read));
  }

  /**
   * Computes the output.
   *
   * @param x Nodes, [nodes, in].
   * @param edgeIndex The ends of each edge, int32, [2, edges].
   * @param options What messages are multiplied by.
   */
  override forward(x: Tensor, edgeIndex: Tensor, options?: GCNConvCall): Tensor {
    const call = "compute GCNConv";
    checkCount(call, arguments.length, 3);
    const { edgeWeight = null } = readGCNCall(call, options);
    checkNodes(call, x, this.inChannels);
    const ends = endsOf(call, edgeIndex, x, this.flow);
    if (edgeWeight !== null) checkEdges(call, "edgeWeight", edgeWeight, ends, []);
    // What is linear may come before or after: the fewer features go along the edges.
    const early = this.outChannels <= this.inChannels;
    const sums = this.summed(early ? this.lin.forward(x) : x, ends, edgeWeight);
    const y = early ? sums : this.lin.forward(sums);
    return this.bias === null ? y : y.add(this.bias);
  }

  /** What each node hears, with itself, over the roots of both degrees. */
  protected summed(x: Tensor, ends: Ends, edgeWeight: Tensor | null): Tensor {
    const given = edgeWeight?.to({ dtype: x.dtype }) ?? null;
    if (!this.normalize) return this.send(ends, x, given?.unsqueeze(-1) ?? null);
    const nodes = extentAt(x.shape, 0);
    const [weight, own] = this.addSelfLoops
      ? selfWeights(x, ends, given, nodes, this.improved ? 2 : 1)
      : [given, null];
    const { dtype, device } = x;
    const counted = weight ?? ones([ends.source.size], { dtype, device });
    const heard = zeros([nodes], { dtype, device }).indexAdd(0, ends.target, counted);
    const degrees = own === null ? heard : heard.add(own);
    const none = degrees.eq(0);
    const roots = where(none, 0, where(none, 1, degrees).rsqrt()).unsqueeze(-1);
    const scaled = x.mul(roots);
    const sums = this.send(ends, scaled, weight?.unsqueeze(-1) ?? null);
    return (own === null ? sums : sums.add(scaled.mul(own.unsqueeze(-1)))).mul(roots);
  }

  /** The message along each edge. */
  protected override message({ xJ, edgeAttr }: Edges): Tensor {
    return edgeAttr === null ? xJ : xJ.mul(edgeAttr);
  }
}

/**
 * Weights of edges, null where all are 1, and those that nodes have for themselves: that of an edge to
 * itself, if a node has one, which then counts for nothing as an edge.
 */
function selfWeights(
  { dtype, device }: Tensor,
  { source, target }: Ends,
  weight: Tensor | null,
  nodes: number,
  fill: number,
): [edges: Tensor | null, own: Tensor] {
  const isLoop = source.eq(target);
  if (weight === null) {
    const loops = zeros([nodes], { dtype, device }).indexAdd(0, target, isLoop.to({ dtype }));
    // Loops are among the edges: taken away here, they count once.
    return [null, where(loops.gt(0), 1, fill).to({ dtype }).sub(loops)];
  }
  // What is no loop is written behind all nodes.
  const places = where(isLoop, source, nodes);
  const own = full([nodes + 1], fill, { dtype, device }).scatter(0, places, weight);
  return [where(isLoop, 0, weight), own.narrow(0, 0, nodes)];
}
