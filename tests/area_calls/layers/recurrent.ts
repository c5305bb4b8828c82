/** Good calls of recurrent layers and their cells. */

import { nn, ones } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag } from "./row.ts";

const base = {
  numLayers: of(() => 2),
  bias: flag,
  batchFirst: flag,
  dropout: of(() => 0.5, "number"),
  bidirectional: flag,
  dtype,
};

const sizes = [of(() => 3), of(() => 4)] as const;
const sequence = of(() => ones([2, 5, 3]));
const state = of(() => ones([1, 5, 4]));
const row = of(() => ones([5, 3]));
const hidden = of(() => ones([5, 4]));

/** A packed sequence of three entries. */
export const packed = () => nn.utils.packSequence([ones([2, 3]), ones([1, 3])]);

export const RECURRENT = {
  PackedSequence: {
    make: {
      args: [
        of(() => ({ ...packed() })),
      ],
    },
    methods: {},
  },
  RNN: {
    make: { args: [...sizes, options({ ...base, nonlinearity: of(() => "relu") })] },
    methods: {
      forward: {
        on: () => new nn.RNN(3, 4),
        args: [sequence, options({ h: state })],
        named: "RNN",
      },
    },
  },
  GRU: {
    make: { args: [...sizes, options(base)] },
    methods: {
      forward: {
        on: () => new nn.GRU(3, 4),
        args: [sequence, options({ h: state })],
        named: "GRU",
      },
    },
  },
  LSTM: {
    make: { args: [...sizes, options({ ...base, projSize: of(() => 2) })] },
    methods: {
      forward: {
        on: () => new nn.LSTM(3, 4),
        args: [sequence, options({ h: state, c: state })],
        named: "LSTM",
      },
    },
  },
  RNNCell: {
    make: { args: [...sizes, options({ bias: flag, nonlinearity: of(() => "relu"), dtype })] },
    methods: {
      forward: {
        on: () => new nn.RNNCell(3, 4),
        args: [row, of(() => ones([5, 4]), "undefined")],
        named: "RNNCell",
      },
    },
  },
  GRUCell: {
    make: { args: [...sizes, options({ bias: flag, dtype })] },
    methods: {
      forward: {
        on: () => new nn.GRUCell(3, 4),
        args: [row, of(() => ones([5, 4]), "undefined")],
        named: "GRUCell",
      },
    },
  },
  LSTMCell: {
    make: { args: [...sizes, options({ bias: flag, dtype })] },
    methods: {
      forward: {
        on: () => new nn.LSTMCell(3, 4),
        args: [row, options({ h: hidden, c: hidden })],
        named: "LSTMCell",
      },
    },
  },
} as const;
