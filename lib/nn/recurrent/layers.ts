/** Recurrent layers. */

import { checkCount, checkKind, oneOf, optionReader, TENSOR, WHOLE } from "../../core/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BASE_OPTIONS, RNNBase, type RNNBaseOptions, type Sequence } from "./base.ts";
import type { PackedSequence } from "./packed.ts";

/** The state of an `RNN` or a `GRU`. */
export interface RNNState {
  /** Shape [layers · directions, batch, hidden], without the batch for a single sequence. */
  readonly h: Tensor;
}

/** What an `RNN` or a `GRU` gives. */
export interface RNNOutput<X extends Sequence> extends RNNState {
  /** The hidden states of the last layer at all steps, in the form of the input. */
  readonly output: X extends PackedSequence ? PackedSequence : Tensor;
}

/** The state of an `LSTM`. */
export interface LSTMState extends RNNState {
  /** The cell's state, of the same shape but for its last extent, hidden. */
  readonly c: Tensor;
}

/** What an `LSTM` gives. */
export interface LSTMOutput<X extends Sequence> extends RNNOutput<X>, LSTMState {}

const readState = optionReader<RNNState>({ h: TENSOR });
/** Reads both states of an LSTM. */
export const readLSTMState = optionReader<LSTMState>({ h: TENSOR, c: TENSOR });

/** A state that was given, of which nothing may be missing; null for none. */
export function stateOf<S extends object>(
  call: string,
  reader: (call: string, given: S | undefined) => S,
  keys: readonly (keyof S & string)[],
  given: S | undefined,
): Record<string, Tensor> | null {
  if (given === undefined) return null;
  const state = reader(call, given);
  return Object.fromEntries(keys.map((key) => {
    checkKind(call, key, state[key], TENSOR);
    return [key, state[key] as Tensor];
  }));
}

/** Options of `RNN`. */
export interface RNNOptions extends RNNBaseOptions {
  /** The function of the sum of input and state. Default: "tanh". */
  nonlinearity?: "tanh" | "relu";
}

const readRNN = optionReader<RNNOptions>({
  ...BASE_OPTIONS,
  nonlinearity: oneOf("tanh", "relu"),
});

/**
 * h' = φ(x·Wᵀ + b + h·Uᵀ + c) over a sequence. Elman, "Finding structure in time", 1990; follows
 * `torch.nn.RNN`. Weights start uniform in ±1/√hidden.
 *
 * @example A batch of sequences
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { output, h } = new nn.RNN(3, 4, { numLayers: 2 }).forward(zeros([7, 5, 3]));
 * assertEquals([output.shape, h.shape], [[7, 5, 4], [2, 5, 4]]);
 * ```
 */
export class RNN extends RNNBase<RNNState, RNNOutput<Sequence>> {
  /** The function of the sum of input and state. */
  readonly nonlinearity: "tanh" | "relu";

  /**
   * Creates the layer.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the states.
   * @param options How the layer is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RNNOptions) {
    checkCount("make RNN", arguments.length, 3);
    const read = readRNN("make RNN", options);
    const { nonlinearity = "tanh" } = read;
    super("RNN", nonlinearity, inputSize, hiddenSize, read);
    this.nonlinearity = nonlinearity;
  }

  /**
   * Computes the output and the last states.
   *
   * @param x Shape [steps, batch, in], with `batchFirst` [batch, steps, in], [steps, in], or packed.
   * @param state The states to begin with; zeros by default.
   */
  override forward<X extends Sequence>(x: X, state?: RNNState): RNNOutput<X> {
    checkCount("compute RNN", arguments.length, 2);
    const given = stateOf("compute RNN", readState, ["h"], state);
    const { output, states: [h] } = this.run(x, given);
    return { output, h } as RNNOutput<X>;
  }

  /** What else is told of the layer. */
  protected override described(): Readonly<Record<string, unknown>> {
    return { nonlinearity: this.nonlinearity };
  }
}

/** Options of `GRU`. */
export type GRUOptions = RNNBaseOptions;

const readGRU = optionReader<GRUOptions>(BASE_OPTIONS);

/**
 * A recurrent net whose gates reset the state and choose how much of it stays:
 * h' = (1 − z)·n + z·h. Cho and others, "Learning phrase representations using RNN
 * encoder-decoder", 2014; follows `torch.nn.GRU`. Weights start uniform in ±1/√hidden.
 *
 * @example The batch first
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const gru = new nn.GRU(3, 4, { batchFirst: true, bidirectional: true });
 * const { output, h } = gru.forward(zeros([5, 7, 3]));
 * assertEquals([output.shape, h.shape], [[5, 7, 8], [2, 5, 4]]);
 * ```
 */
export class GRU extends RNNBase<RNNState, RNNOutput<Sequence>> {
  /**
   * Creates the layer.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the states.
   * @param options How the layer is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: GRUOptions) {
    checkCount("make GRU", arguments.length, 3);
    super("GRU", "gru", inputSize, hiddenSize, readGRU("make GRU", options));
  }

  /**
   * Computes the output and the last states.
   *
   * @param x Shape [steps, batch, in], with `batchFirst` [batch, steps, in], [steps, in], or packed.
   * @param state The states to begin with; zeros by default.
   */
  override forward<X extends Sequence>(x: X, state?: RNNState): RNNOutput<X> {
    checkCount("compute GRU", arguments.length, 2);
    const given = stateOf("compute GRU", readState, ["h"], state);
    const { output, states: [h] } = this.run(x, given);
    return { output, h } as RNNOutput<X>;
  }
}

/** Options of `LSTM`. */
export interface LSTMOptions extends RNNBaseOptions {
  /** Extent that hidden states are projected to, less than the hidden size; 0 for none. Default: 0. */
  projSize?: number;
}

const readLSTM = optionReader<LSTMOptions>({
  ...BASE_OPTIONS,
  projSize: WHOLE,
});

/**
 * A recurrent net with a cell that keeps what its gates let in: c' = f·c + i·g, h' = o·tanh(c').
 * Hochreiter and Schmidhuber, "Long short-term memory", 1997; follows `torch.nn.LSTM`. Weights
 * start uniform in ±1/√hidden.
 *
 * @example One sequence after another
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const lstm = new nn.LSTM(3, 4, { batchFirst: true });
 * const { output, h, c } = lstm.forward(zeros([5, 7, 3]));
 * assertEquals([output.shape, h.shape, c.shape], [[5, 7, 4], [1, 5, 4], [1, 5, 4]]);
 * assertEquals(lstm.forward(zeros([5, 2, 3]), { h, c }).output.shape, [5, 2, 4]);
 * assertEquals(Object.keys(lstm.stateDict())[0], "weight_ih_l0");
 * assertEquals(lstm.weightIhL0?.shape, [16, 3]);
 * ```
 */
export class LSTM extends RNNBase<LSTMState, LSTMOutput<Sequence>> {
  /**
   * Creates the layer.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the cell's states.
   * @param options How the layer is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: LSTMOptions) {
    checkCount("make LSTM", arguments.length, 3);
    const { projSize = 0, ...base } = readLSTM("make LSTM", options);
    super("LSTM", "lstm", inputSize, hiddenSize, base, projSize);
  }

  /**
   * Computes the output and the last states.
   *
   * @param x Shape [steps, batch, in], with `batchFirst` [batch, steps, in], [steps, in], or packed.
   * @param state The states to begin with, both of them; zeros by default.
   */
  override forward<X extends Sequence>(x: X, state?: LSTMState): LSTMOutput<X> {
    checkCount("compute LSTM", arguments.length, 2);
    const given = stateOf("compute LSTM", readLSTMState, ["h", "c"], state);
    const { output, states: [h, c] } = this.run(x, given);
    return { output, h, c } as LSTMOutput<X>;
  }

  /** What else is told of the layer. */
  protected override described(): Readonly<Record<string, unknown>> {
    return { projSize: this.projSize };
  }
}
