/** A convolution of graphs by attention. */

import {
  checkCount,
  COUNT,
  FINITE,
  FLAG,
  kind,
  NUMBER,
  optionReader,
  orNull,
  TENSOR,
} from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { cat, where } from "../../ops/mod.ts";
import { full, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { leakyRelu } from "../activate.ts";
import { checkProbability, dropout } from "../drop.ts";
import { uniform_ } from "../init.ts";
import type { Linear } from "../linear.ts";
import { Parameter } from "../module.ts";
import { AGGREGATION, type Aggregation, groupSoftmax } from "./aggregate.ts";
import {
  checkChannels,
  checkEdges,
  CONV_OPTIONS,
  glorot,
  type GraphConvOptions,
  typeOf,
} from "./conv.ts";
import { checkNodes, type Edges, type Ends, endsOf, MessagePassing } from "./message_passing.ts";
import { loopAttributes, withLoops } from "./self_loops.ts";

/** Options of `GATConv`. */
export interface GATConvOptions extends GraphConvOptions {
  /** Number of heads. Default: 1. */
  heads?: number;
  /** Whether the heads stand behind each other, and not their mean alone. Default: true. */
  concat?: boolean;
  /** Slope of the rectifier of the scores. Default: 0.2. */
  negativeSlope?: number;
  /** Probability with which weights are dropped in training. Default: 0. */
  dropout?: number;
  /** Whether each node hears of itself. Default: true. */
  addSelfLoops?: boolean;
  /** Features of the edges; null for none. Default: null. */
  edgeDim?: number | null;
  /** Features of a node's edge to itself: a number, or what the edges to it make. Default: "mean". */
  fillValue?: number | Aggregation;
  /** Whether a node's own features are added under a linear map. Default: false. */
  residual?: boolean;
}

const readGAT = optionReader<GATConvOptions>({
  ...CONV_OPTIONS,
  heads: COUNT,
  concat: FLAG,
  negativeSlope: FINITE,
  dropout: NUMBER,
  addSelfLoops: FLAG,
  edgeDim: orNull(COUNT),
  fillValue: kind(
    `a number, ${AGGREGATION.needed}`,
    (value) => FINITE.accepts(value) || AGGREGATION.accepts(value),
  ),
  residual: FLAG,
});

/** Options of the `forward` of `GATConv`. */
export interface GATConvCall {
  /** [edges, edgeDim]: features of the edges. Default: none. */
  edgeAttr?: Tensor | null;
}

const readGATCall = optionReader<GATConvCall>({ edgeAttr: orNull(TENSOR) });

/**
 * Means of the neighbours' features under a linear map, weighed by attention. Veličković and others,
 * "Graph attention networks", 2018; follows `torch_geometric.nn.GATConv`. Weights start by Xavier's
 * uniform distribution, the bias at 0.
 *
 * @example A path of three nodes
 * ```ts
 * import { nn, ones, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const edges = tensor([[0, 1, 1, 2], [1, 0, 2, 1]], { dtype: "int32" });
 * assertEquals(new nn.GATConv(4, 2, { heads: 3 }).forward(ones([3, 4]), edges).shape, [3, 6]);
 * ```
 */
export class GATConv extends MessagePassing<[x: Tensor, edgeIndex: Tensor, options?: GATConvCall]> {
  /** What scores the node that a message comes from, [1, heads, out]. */
  readonly attSrc: Parameter;
  /** What scores the node that a message goes to, [1, heads, out]. */
  readonly attDst: Parameter;
  /** What scores edges, [1, heads, out]; null without. */
  readonly attEdge: Parameter | null;
  /** Shape [heads · out], or [out] for the mean of the heads; null without. */
  readonly bias: Parameter | null;
  /** The linear map of nodes. */
  readonly lin: Linear<false>;
  /** The linear map of edges; null without. */
  readonly linEdge: Linear<false> | null;
  /** The linear map of a node's own features; null without. */
  readonly res: Linear<false> | null;
  /** Number of heads. */
  readonly heads: number;
  /** Whether the heads stand behind each other. */
  readonly concat: boolean;
  /** Slope of the rectifier of the scores. */
  readonly negativeSlope: number;
  /** Probability with which weights are dropped in training. */
  readonly dropout: number;
  /** Whether each node hears of itself. */
  readonly addSelfLoops: boolean;
  /** Features of a node's edge to itself. */
  readonly fillValue: number | Aggregation;

  /**
   * Creates the layer.
   *
   * @param inChannels Features of the nodes.
   * @param outChannels Features that each head gives.
   * @param options How the layer is built.
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    options?: GATConvOptions,
  ) {
    const call = "make GATConv";
    checkCount(call, arguments.length, 3);
    checkChannels(call, inChannels, outChannels);
    const read = readGAT(call, options);
    const { heads = 1, concat = true, bias = true, edgeDim = null, residual = false, flow } = read;
    checkProbability(call, read.dropout ?? 0, "dropout");
    super({ ...flow && { flow } });
    this.heads = heads;
    this.concat = concat;
    this.negativeSlope = read.negativeSlope ?? 0.2;
    this.dropout = read.dropout ?? 0;
    this.addSelfLoops = read.addSelfLoops ?? true;
    this.fillValue = read.fillValue ?? "mean";
    const type = typeOf(read);
    const bound = Math.sqrt(6 / (heads + outChannels));
    const scores = () =>
      uniform_(new Parameter(zeros([1, heads, outChannels], type)), -bound, bound);
    const outputs = concat ? heads * outChannels : outChannels;
    this.attSrc = scores();
    this.attDst = scores();
    this.attEdge = edgeDim === null ? null : scores();
    this.bias = bias ? new Parameter(zeros([outputs], type)) : null;
    this.lin = glorot(inChannels, heads * outChannels, type);
    this.linEdge = edgeDim === null ? null : glorot(edgeDim, heads * outChannels, type);
    this.res = residual ? glorot(inChannels, outputs, type) : null;
  }

  /**
   * Computes the output.
   *
   * @param x Nodes, [nodes, in].
   * @param edgeIndex The ends of each edge, int32, [2, edges].
   * @param options What belongs to the edges.
   */
  override forward(x: Tensor, edgeIndex: Tensor, options?: GATConvCall): Tensor {
    const call = "compute GATConv";
    checkCount(call, arguments.length, 3);
    const { edgeAttr = null } = readGATCall(call, options);
    checkNodes(call, x, this.inChannels);
    const between = endsOf(call, edgeIndex, x, this.flow);
    if (edgeAttr !== null) {
      if (this.linEdge === null) {
        throw new TypeError(`Cannot ${call}: edgeAttr needs a layer with edgeDim`);
      }
      checkEdges(call, "edgeAttr", edgeAttr, between, [this.linEdge.inFeatures]);
    }
    const nodes = extentAt(x.shape, 0);
    const looped = this.addSelfLoops ? withLoops(between, nodes) : null;
    const ends: Ends = looped ?? between;
    const given = edgeAttr?.to({ dtype: x.dtype }) ?? null;
    const attributes = looped === null || given === null
      ? given
      : loopAttributes(given, looped, nodes, this.fillValue);
    const features = this.byHead(this.lin.forward(x));
    let scores = this.scores(features, ends, attributes);
    if (looped !== null) {
      const { device } = x;
      const own = full([nodes], 0, { device }).to({ dtype: "bool" });
      // The loops that there were before count for nothing.
      scores = where(cat([looped.isLoop, own]).unsqueeze(-1), -Infinity, scores);
    }
    const weights = dropout(groupSoftmax(scores, ends.target, nodes), {
      p: this.dropout,
      training: this.training,
    });
    const heard = this.send(ends, features, weights.unsqueeze(-1));
    const joined = this.concat ? heard.flatten(1) : heard.mean(1);
    const own = this.res === null ? joined : joined.add(this.res.forward(x));
    return this.bias === null ? own : own.add(this.bias);
  }

  /** Rows with a dimension for the heads. */
  protected byHead(rows: Tensor): Tensor {
    return rows.unflatten(-1, [this.heads, this.outChannels]);
  }

  /** How well the ends of each edge fit, [edges, heads]. */
  protected scores(features: Tensor, { source, target }: Ends, attributes: Tensor | null): Tensor {
    const from = features.mul(this.attSrc).sum(-1).indexSelect(0, source);
    const to = features.mul(this.attDst).sum(-1).indexSelect(0, target);
    let z = from.add(to);
    if (attributes !== null && this.linEdge !== null && this.attEdge !== null) {
      z = z.add(this.byHead(this.linEdge.forward(attributes)).mul(this.attEdge).sum(-1));
    }
    return leakyRelu(z, { negativeSlope: this.negativeSlope });
  }

  /** The message along each edge. */
  protected override message({ xJ, edgeAttr }: Edges): Tensor {
    return edgeAttr === null ? xJ : xJ.mul(edgeAttr);
  }
}
