/** Good calls of layers and of their stateless form, by families. */

import type * as ops from "../../lib/ops/mod.ts";
import { nn, ones, zeros } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";
import { ACTIVATION_FUNCTIONS, ACTIVATIONS } from "./layers/activation.ts";
import { ATTENTION, ATTENTION_FUNCTIONS } from "./layers/attention.ts";
import { CONVOLUTION_FUNCTIONS, CONVOLUTIONS } from "./layers/conv.ts";
import { EMBEDDING_FUNCTIONS, EMBEDDINGS } from "./layers/embedding.ts";
import { GRAPH } from "./layers/graph.ts";
import { LINEAR, LINEAR_FUNCTIONS } from "./layers/linear.ts";
import { LISTS } from "./layers/lists.ts";
import { NORMALIZE, NORMALIZE_FUNCTIONS } from "./layers/normalize.ts";
import { RECURRENT } from "./layers/recurrent.ts";
import { POOL_FUNCTIONS, POOLS } from "./layers/pool.ts";
import { anything, flag, Scale, x } from "./layers/row.ts";
import { VISION } from "./layers/vision.ts";
import type { ModuleMethods } from "./module_rows.ts";

/** Layers. */
export const LAYERS: Rows<Omit<typeof nn, "init" | "functional" | "utils">, ModuleMethods> = {
  AnyModule: { make: { ...anything, run: () => new Scale() }, methods: {} },
  Module: {
    make: { ...anything, run: () => new Scale() },
    methods: {
      // What a module of somebody's own does with its inputs is its own.
      forward: { on: () => new nn.ReLU(), args: [of(x, "tensor")], rest: true, named: "relu" },
    },
  },
  Parameter: { make: { args: [of(x), options({ requiresGrad: flag })] }, methods: {} },
  Buffer: { make: { args: [of(x, "tensor"), options({ persistent: flag })] }, methods: {} },
  ...ATTENTION,
  ...GRAPH,
  ...RECURRENT,
  ...VISION,
  summary: { args: [of(() => new nn.ReLU()), of(x, "tensor")], rest: true, named: "" },
  beamSearch: {
    patient: [2],
    args: [
      of(() => () => ones([1, 3]), "function"),
      of(() => zeros([1, 1], { dtype: "int32" })),
      of(() => 2),
      options({ beams: of(() => 1), end: of(() => 1, "null") }),
    ],
  },
  ...LINEAR,
  ...LISTS,
  ...ACTIVATIONS,
  ...CONVOLUTIONS,
  ...EMBEDDINGS,
  ...NORMALIZE,
  ...POOLS,
};

/** Functions that have more options than the op of their name. */
type Own = "softplus" | "pad" | "unfold";

/** Layers without state; those that are ops stand in the table of ops. */
export const FUNCTIONAL: Rows<Omit<typeof nn.functional, Exclude<keyof typeof ops, Own>>> = {
  ...ACTIVATION_FUNCTIONS,
  ...CONVOLUTION_FUNCTIONS,
  ...ATTENTION_FUNCTIONS,
  ...POOL_FUNCTIONS,
  ...NORMALIZE_FUNCTIONS,
  ...LINEAR_FUNCTIONS,
  ...EMBEDDING_FUNCTIONS,
};
