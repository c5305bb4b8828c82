/**
 * The layers, as the generated tests know them, by families. A public layer without a row does not
 * compile. How each is called, its state and its values are in `fixtures/layers/`, from PyTorch.
 */

import type { nn } from "../../mod.ts";
import { ACTIVATIONS } from "./rows/activation.ts";
import { ATTENTION } from "./rows/attention.ts";
import { CONVOLUTIONS } from "./rows/conv.ts";
import { GRAPH } from "./rows/graph.ts";
import { EMBEDDINGS } from "./rows/embedding.ts";
import { LINEAR } from "./rows/linear.ts";
import { NORMALIZE } from "./rows/normalize.ts";
import { RECURRENT } from "./rows/recurrent.ts";
import { POOLS } from "./rows/pool.ts";
import { VISION } from "./rows/vision.ts";
import type { LayerRow } from "./rows/row.ts";

type Layers = typeof nn;

/** Names of the public classes of layers; those that only hold others have tests of their own. */
export type LayerName = Exclude<
  {
    [K in keyof Layers]: Layers[K] extends abstract new (...args: never) => nn.AnyModule ? K
      : never;
  }[keyof Layers],
  | "AnyModule"
  | "Module"
  | "ModuleList"
  | "ModuleDict"
  | "ParameterList"
  | "ParameterDict"
  | "MessagePassing"
>;

/** The rows. */
export const LAYERS: { readonly [Name in LayerName]: LayerRow } = {
  ...ATTENTION,
  ...GRAPH,
  ...RECURRENT,
  ...VISION,
  ...LINEAR,
  ...ACTIVATIONS,
  ...CONVOLUTIONS,
  ...EMBEDDINGS,
  ...NORMALIZE,
  ...POOLS,
};
