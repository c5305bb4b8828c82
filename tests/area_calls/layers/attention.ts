/** Good calls of attention and of transformers. */

import { nn, ones, RandomGenerator } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag } from "./row.ts";

const sequence = of(() => ones([2, 3, 4]));
const square = of(() => ones([2, 2]), "null");
const padding = of(() => ones([3, 2]), "null");

const layer = {
  dimFeedforward: of(() => 8),
  dropout: of(() => 0.5, "number"),
  activation: of(() => "gelu", "function"),
  layerNormEps: of(() => 1e-5, "number"),
  batchFirst: flag,
  normFirst: flag,
  bias: flag,
  dtype,
};
const decoding = {
  tgtMask: square,
  memoryMask: square,
  tgtKeyPaddingMask: padding,
  memoryKeyPaddingMask: padding,
  tgtIsCausal: flag,
  memoryIsCausal: flag,
};

const norm = of(() => new nn.LayerNorm(4), "null");
const encoderLayer = () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 });
const decoderLayer = () => new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 8 });

export const ATTENTION = {
  MultiheadAttention: {
    make: {
      args: [
        of(() => 4),
        of(() => 2),
        options({
          dropout: of(() => 0.5, "number"),
          bias: flag,
          addBiasKv: flag,
          addZeroAttn: flag,
          kdim: of(() => 3, "null"),
          vdim: of(() => 3, "null"),
          batchFirst: flag,
          dtype,
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new nn.MultiheadAttention(4, 2),
        args: [
          sequence,
          sequence,
          sequence,
          options({
            keyPaddingMask: padding,
            needWeights: flag,
            attnMask: square,
            averageAttnWeights: flag,
            isCausal: flag,
          }),
        ],
        named: "MultiheadAttention",
      },
    },
  },
  TransformerEncoderLayer: {
    make: { args: [of(() => 4), of(() => 2), options(layer)] },
    methods: {
      forward: {
        on: () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 }),
        args: [
          sequence,
          options({ srcMask: square, srcKeyPaddingMask: padding, isCausal: flag }),
        ],
        named: "TransformerEncoderLayer",
      },
    },
  },
  TransformerDecoderLayer: {
    make: { args: [of(() => 4), of(() => 2), options(layer)] },
    methods: {
      forward: {
        on: () => new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 8 }),
        args: [sequence, sequence, options(decoding)],
        named: "TransformerDecoderLayer",
      },
    },
  },
  TransformerEncoder: {
    make: {
      args: [of(() => encoderLayer()), of(() => 2), options({ norm })],
    },
    methods: {
      forward: {
        on: () => new nn.TransformerEncoder(encoderLayer(), 1),
        args: [sequence, options({ mask: square, srcKeyPaddingMask: padding, isCausal: flag })],
        named: "TransformerEncoder",
      },
    },
  },
  TransformerDecoder: {
    make: { args: [of(() => decoderLayer()), of(() => 2), options({ norm })] },
    methods: {
      forward: {
        on: () => new nn.TransformerDecoder(decoderLayer(), 1),
        args: [sequence, sequence, options(decoding)],
        named: "TransformerDecoder",
      },
    },
  },
  Transformer: {
    make: {
      args: [
        of(() => 4, "undefined"),
        of(() => 2, "undefined"),
        options({
          ...layer,
          numEncoderLayers: of(() => 1),
          numDecoderLayers: of(() => 1),
          customEncoder: of(() => new nn.TransformerEncoder(encoderLayer(), 1), "null"),
          customDecoder: of(() => new nn.TransformerDecoder(decoderLayer(), 1), "null"),
        }),
      ],
    },
    methods: {
      forward: {
        on: () =>
          new nn.Transformer(4, 2, {
            numEncoderLayers: 1,
            numDecoderLayers: 1,
            dimFeedforward: 8,
          }),
        args: [
          sequence,
          sequence,
          options({
            ...decoding,
            srcMask: square,
            srcKeyPaddingMask: padding,
            srcIsCausal: flag,
          }),
        ],
        named: "Transformer",
      },
    },
  },
  PositionalEncoding: {
    make: {
      args: [
        of(() => 4),
        options({
          dropout: of(() => 0.5, "number"),
          maxLen: of(() => 8),
          batchFirst: flag,
          dtype,
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new nn.PositionalEncoding(4),
        args: [sequence],
        named: "PositionalEncoding",
      },
    },
  },
} as const;

export const ATTENTION_FUNCTIONS = {
  scaledDotProductAttention: {
    args: [
      of(() => ones([4, 2, 3])),
      of(() => ones([2, 2, 3])),
      of(() => ones([2, 2, 3])),
      options({
        attnMask: of(() => ones([2, 2]), "null"),
        dropoutP: of(() => 0.5, "number"),
        isCausal: of(() => false, "flag"),
        scale: of(() => 1, "number", "NaN", "null"),
        enableGqa: of(() => true, "flag"),
        generator: of(() => new RandomGenerator(1)),
      }),
    ],
  },
} as const;
