/** Good calls of tables that are learned. */

import { nn, ones, tensor } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag } from "./row.ts";

const ids = of(() => tensor([[0, 1]], { dtype: "int32" }));
const table = of(() => ones([8, 2]));
const keys = {
  paddingIdx: of(() => 1, "null"),
  maxNorm: of(() => 1, "null", "number"),
  normType: of(() => 1, "number"),
  scaleGradByFreq: flag,
};
const bag = { ...keys, mode: of(() => "sum"), includeLastOffset: flag };
const none = of(() => null, "undefined", "null");

export const EMBEDDINGS = {
  Embedding: {
    make: { args: [of(() => 3), of(() => 2), options({ ...keys, dtype })] },
    methods: {
      forward: {
        on: () => new nn.Embedding(9, 2),
        args: [of(() => tensor([0], { dtype: "int32" }), "tensor")],
        rest: true,
        named: "embedding",
      },
    },
  },
  EmbeddingBag: {
    make: { args: [of(() => 3), of(() => 2), options({ ...bag, dtype })] },
    methods: {
      forward: {
        on: () => new nn.EmbeddingBag(3, 2, { mode: "sum" }),
        args: [ids, none, none],
        rest: true,
        named: "embeddingBag",
      },
    },
  },
} as const;

export const EMBEDDING_FUNCTIONS = {
  embedding: { args: [of(ids.make, "tensor"), table, options(keys)] },
  embeddingBag: {
    args: [
      ids,
      table,
      options({
        ...bag,
        offsets: none,
        perSampleWeights: none,
      }),
    ],
  },
} as const;
