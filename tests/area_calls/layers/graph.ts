/** Good calls of layers of graphs and of what belongs to them. */

import { nn, ones, type Tensor, tensor } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag } from "./row.ts";

const edges = () => tensor([[0, 1], [1, 2]], { dtype: "int32" });
const nodes = of(() => ones([3, 4]));
const edgeIndex = of(edges);
const flow = of(() => "target_to_source");
const conv = { bias: flag, flow, dtype };

/** A layer of somebody's own. */
class Own extends nn.MessagePassing {
  override forward(x: Tensor, edgeIndex: Tensor): Tensor {
    return this.propagate(edgeIndex, x);
  }
}

const pool = {
  args: [
    of(() => ones([3, 4])),
    of(() => tensor([0, 0, 1], { dtype: "int32" }), "null"),
    options({ size: of(() => 2, "null") }),
  ],
} as const;

export const GRAPH = {
  MessagePassing: {
    make: {
      args: [options({ aggr: of(() => "max"), flow })],
      run: (...args: unknown[]) => new Own(...args as ConstructorParameters<typeof Own>),
    },
    methods: {
      forward: {
        on: () => new Own(),
        args: [of(() => ones([3, 4]), "tensor"), edgeIndex],
        rest: true,
        named: "propagate",
      },
    },
  },
  GCNConv: {
    make: {
      args: [
        of(() => 4),
        of(() => 2),
        options({ ...conv, improved: flag, addSelfLoops: flag, normalize: flag }),
      ],
    },
    methods: {
      forward: {
        on: () => new nn.GCNConv(4, 2),
        args: [nodes, edgeIndex, options({ edgeWeight: of(() => ones([2]), "null") })],
        named: "GCNConv",
      },
    },
  },
  SAGEConv: {
    make: {
      args: [
        of(() => 4),
        of(() => 2),
        options({
          ...conv,
          aggr: of(() => "max"),
          normalize: flag,
          rootWeight: flag,
          project: flag,
        }),
      ],
    },
    methods: {
      forward: { on: () => new nn.SAGEConv(4, 2), args: [nodes, edgeIndex], named: "SAGEConv" },
    },
  },
  GATConv: {
    make: {
      args: [
        of(() => 4),
        of(() => 2),
        options({
          ...conv,
          heads: of(() => 2),
          concat: flag,
          negativeSlope: of(() => 0.1, "number"),
          dropout: of(() => 0.5, "number"),
          addSelfLoops: flag,
          edgeDim: of(() => 3, "null"),
          fillValue: of(() => "sum", "number"),
          residual: flag,
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new nn.GATConv(4, 2, { edgeDim: 3 }),
        args: [nodes, edgeIndex, options({ edgeAttr: of(() => ones([2, 3]), "null") })],
        named: "GATConv",
      },
    },
  },
  globalMeanPool: pool,
  globalAddPool: pool,
  globalMaxPool: pool,
  batchGraphs: {
    args: [of(() => [{ x: ones([3, 4]), edgeIndex: edges() }])],
  },
} as const;
