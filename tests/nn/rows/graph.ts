/** Layers of graphs. */

import { type LayerRow, typed } from "./row.ts";

export const GRAPH = {
  GCNConv: typed("GCNConv"),
  SAGEConv: typed("SAGEConv"),
  GATConv: typed("GATConv"),
} as const satisfies Readonly<Record<string, LayerRow>>;
