/** Recurrent layers, their cells, and packed sequences. */

export type { RNNBase, RNNBaseOptions, RNNRun, RNNWeightName, Sequence } from "./base.ts";

export {
  GRU,
  type GRUOptions,
  LSTM,
  type LSTMOptions,
  type LSTMOutput,
  type LSTMState,
  RNN,
  type RNNOptions,
  type RNNOutput,
  type RNNState,
} from "./layers.ts";

export {
  GRUCell,
  type GRUCellOptions,
  LSTMCell,
  type LSTMCellOptions,
  RNNCell,
  type RNNCellBase,
  type RNNCellBaseOptions,
  type RNNCellOptions,
} from "./cells.ts";

export { PackedSequence, type PackedSequenceParts } from "./packed.ts";
export type { RNNMode } from "./steps.ts";
