/** Attention and transformers. */

import { nn, type Tensor } from "../../../mod.ts";
import { type LayerRow, PLAIN, typed } from "./row.ts";

/** The options that a layer of a stack has in the fixtures. */
const SMALL = { dimFeedforward: 3, dropout: 0 };

/** What a stack of the fixtures is made with. */
interface Stack {
  readonly norm?: boolean;
  readonly batchFirst?: boolean;
}

export const ATTENTION = {
  MultiheadAttention: {
    // One tensor stands for query, key and value, two for the query and for key and value.
    run: (layer, inputs, { named = [], called }) => {
      const own = inputs.slice(0, inputs.length - named.length);
      const [query, key = query!, value = key] = own;
      const masks = named.map((name, i): [string, Tensor] => [name, inputs[own.length + i]!]);
      const attention = layer as unknown as nn.MultiheadAttention;
      return attention.forward(query!, key, value, { ...called, ...Object.fromEntries(masks) });
    },
  },
  TransformerEncoderLayer: PLAIN,
  TransformerDecoderLayer: PLAIN,
  TransformerEncoder: {
    make: ({ args: [count], options }, dtype) => {
      const { norm = false, batchFirst = false } = options as Stack;
      const layer = new nn.TransformerEncoderLayer(4, 2, { ...SMALL, batchFirst, dtype });
      const behind = norm ? new nn.LayerNorm(4, { dtype }) : null;
      return new nn.TransformerEncoder(layer, count as number, { norm: behind });
    },
  },
  TransformerDecoder: {
    make: ({ args: [count], options }, dtype) => {
      const { norm = false, batchFirst = false } = options as Stack;
      const layer = new nn.TransformerDecoderLayer(4, 2, { ...SMALL, batchFirst, dtype });
      const behind = norm ? new nn.LayerNorm(4, { dtype }) : null;
      return new nn.TransformerDecoder(layer, count as number, { norm: behind });
    },
  },
  Transformer: PLAIN,
  PositionalEncoding: typed("PositionalEncoding"),
} as const satisfies Readonly<Record<string, LayerRow>>;
