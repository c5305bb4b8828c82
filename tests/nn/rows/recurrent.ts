/** Recurrent layers and their cells. */

import { nn } from "../../../mod.ts";
import { type LayerRow, PLAIN } from "./row.ts";

/** The lengths of packed sequences, by title, and whether they stand in order. */
const PACKED: Readonly<Record<string, readonly [lengths: number[], enforceSorted: boolean]>> = {
  "packed": [[3, 2, 2], true],
  "packed and sorted": [[1, 3, 2], false],
  "packed, with a projection": [[3, 1], true],
};

/** A layer on tensors or on packed sequences, which it gives back padded. */
const LAYER: LayerRow = {
  run: (layer, [x, ...state], { title }) => {
    const lstm = layer as unknown as nn.LSTM;
    const { batchFirst } = lstm;
    const [h, c] = state;
    const given = h === undefined ? [] : [(c === undefined ? { h } : { h, c }) as nn.LSTMState];
    const [lengths, enforceSorted] = PACKED[title] ?? [];
    if (lengths === undefined) return lstm.forward(x!, ...given);
    const packed = nn.utils.packPaddedSequence(x!, lengths, {
      batchFirst,
      enforceSorted: enforceSorted!,
    });
    const { output, ...states } = lstm.forward(packed, ...given);
    const padded = nn.utils.padPackedSequence(output as nn.PackedSequence, { batchFirst });
    return [padded.output, states];
  },
};

export const RECURRENT = {
  RNN: LAYER,
  GRU: LAYER,
  LSTM: LAYER,
  RNNCell: PLAIN,
  GRUCell: PLAIN,
  LSTMCell: {
    run: (layer, [x, h, c]) =>
      (layer as unknown as nn.LSTMCell).forward(x!, ...h === undefined ? [] : [{ h, c: c! }]),
  },
} as const satisfies Readonly<Record<string, LayerRow>>;
