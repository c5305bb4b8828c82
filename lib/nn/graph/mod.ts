/** Layers of graphs, and what belongs to them. */

export {
  type Aggregation,
  globalAddPool,
  globalMaxPool,
  globalMeanPool,
  type GlobalPoolOptions,
} from "./aggregate.ts";

export { type BatchedGraphs, batchGraphs, type Graph } from "./batch_graphs.ts";

export type { GraphConvOptions } from "./conv.ts";

export { GATConv, type GATConvCall, type GATConvOptions } from "./gat.ts";

export { GCNConv, type GCNConvCall, type GCNConvOptions } from "./gcn.ts";

export {
  type Edges,
  type Ends,
  type Flow,
  MessagePassing,
  type MessagePassingOptions,
  type PropagateOptions,
} from "./message_passing.ts";

export { SAGEConv, type SAGEConvOptions } from "./sage.ts";
