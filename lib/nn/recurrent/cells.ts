/** Single steps of recurrent nets, as modules. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  oneOf,
  optionReader,
  type OptionTable,
  TENSOR,
} from "../../core/options.ts";
import { sameShape } from "../../core/shape.ts";
import { zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { uniform_ } from "../init.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "../module.ts";
import { shownCall } from "../shown.ts";
import { type LSTMState, readLSTMState, stateOf } from "./layers.ts";
import { GATES, noStates, project, type RNNMode, step } from "./steps.ts";

/** Options of all cells. */
export interface RNNCellBaseOptions extends LayerOptions {
  /** Whether there are biases. Default: true. */
  bias?: boolean;
}

const CELL_OPTIONS: OptionTable<RNNCellBaseOptions> = { ...LAYER_OPTIONS, bias: FLAG };

/**
 * What cells share. Follows `torch.nn.RNNCellBase`.
 *
 * @typeParam State What a state is given as.
 * @typeParam Output What `forward` gives.
 */
export abstract class RNNCellBase<State, Output> extends Module<
  [x: Tensor, state?: State],
  Output
> {
  /** Weights of the input, [gates · hidden, in]. */
  readonly weightIh: Parameter;
  /** Weights of the state, [gates · hidden, hidden]. */
  readonly weightHh: Parameter;
  /** Bias beside the input, [gates · hidden]; null without biases. */
  readonly biasIh: Parameter | null;
  /** Bias beside the state, [gates · hidden]; null without biases. */
  readonly biasHh: Parameter | null;
  /** The kind of step. */
  readonly mode: RNNMode;

  /**
   * Creates the cell.
   *
   * @param name What the messages call it.
   * @param mode The kind of step.
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the states.
   */
  constructor(
    name: string,
    mode: RNNMode,
    readonly inputSize: number,
    readonly hiddenSize: number,
    { bias = true, dtype = "float32" }: RNNCellBaseOptions,
  ) {
    super();
    checkKind(`make ${name}`, "inputSize", inputSize, COUNT);
    checkKind(`make ${name}`, "hiddenSize", hiddenSize, COUNT);
    const bound = 1 / Math.sqrt(hiddenSize);
    const make = (...shape: number[]) =>
      uniform_(new Parameter(zeros(shape, { dtype })), -bound, bound);
    const gates = GATES[mode] * hiddenSize;
    this.mode = mode;
    this.weightIh = make(gates, inputSize);
    this.weightHh = make(gates, hiddenSize);
    this.biasIh = bias ? make(gates) : null;
    this.biasHh = bias ? make(gates) : null;
  }

  /**
   * One step.
   *
   * @param given The states before it by name; null for zeros.
   * @param count How many states there are.
   */
  protected step(
    x: Tensor,
    given: Readonly<Record<string, Tensor>> | null,
    count: number,
  ): Tensor[] {
    const call = `compute ${this.constructor.name}`;
    checkKind(call, "the input", x, TENSOR);
    const { inputSize, hiddenSize } = this;
    if ((x.ndim !== 1 && x.ndim !== 2) || x.shape.at(-1) !== inputSize) {
      throw new ShapeError(
        `Cannot ${call}: the input must have shape [batch, ${inputSize}] or [${inputSize}], got ${
          showShape(x.shape)
        }`,
        [x.shape],
      );
    }
    const shape = [...x.shape.slice(0, -1), hiddenSize];
    const states = given === null
      ? noStates(x, Array.from({ length: count }, () => shape))
      : Object.entries(given).map(([name, state]) => {
        if (sameShape(state.shape, shape)) return state;
        throw new ShapeError(
          `Cannot ${call}: ${name} must have shape ${showShape(shape)}, got ${
            showShape(state.shape)
          }`,
          [state.shape],
        );
      });
    const { weightIh, weightHh, biasIh, biasHh } = this;
    const weights = { weightIh, weightHh, biasIh, biasHh, weightHr: null };
    return step(this.mode, project(this.mode, x, weights), states, weights);
  }

  /** What stands in the brackets after the name. */
  protected override describe(): string {
    const options = { ...this.described(), bias: this.biasIh !== null };
    return shownCall([this.inputSize, this.hiddenSize], options);
  }

  /** What else is told of the cell. */
  protected described(): Readonly<Record<string, unknown>> {
    return {};
  }
}

/** A hidden state that was given; null for none. */
function hidden(call: string, h: Tensor | undefined): Record<string, Tensor> | null {
  if (h === undefined) return null;
  checkKind(call, "h", h, TENSOR);
  return { h };
}

/** Options of `RNNCell`. */
export interface RNNCellOptions extends RNNCellBaseOptions {
  /** The function of the sum of input and state. Default: "tanh". */
  nonlinearity?: "tanh" | "relu";
}

const readRNNCell = optionReader<RNNCellOptions>({
  ...CELL_OPTIONS,
  nonlinearity: oneOf("tanh", "relu"),
});

/**
 * A step of an Elman net: h' = φ(x·Wᵀ + b + h·Uᵀ + c). Follows `torch.nn.RNNCell`.
 *
 * @example Two steps
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new nn.RNNCell(3, 4);
 * const h = cell.forward(zeros([5, 3]));
 * assertEquals(cell.forward(zeros([5, 3]), h).shape, [5, 4]);
 * ```
 */
export class RNNCell extends RNNCellBase<Tensor, Tensor> {
  /** The function of the sum of input and state. */
  readonly nonlinearity: "tanh" | "relu";

  /**
   * Creates the cell.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the state.
   * @param options How the cell is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: RNNCellOptions) {
    checkCount("make RNNCell", arguments.length, 3);
    const read = readRNNCell("make RNNCell", options);
    const { nonlinearity = "tanh" } = read;
    super("RNNCell", nonlinearity, inputSize, hiddenSize, read);
    this.nonlinearity = nonlinearity;
  }

  /**
   * Computes the next state.
   *
   * @param x Shape [batch, in] or [in].
   * @param h Shape [batch, hidden] or [hidden]; zeros by default.
   */
  override forward(x: Tensor, h?: Tensor): Tensor {
    checkCount("compute RNNCell", arguments.length, 2);
    const [next] = this.step(x, hidden("compute RNNCell", h), 1) as [Tensor];
    return next;
  }

  /** What else is told of the cell. */
  protected override described(): Readonly<Record<string, unknown>> {
    return { nonlinearity: this.nonlinearity };
  }
}

/** Options of `GRUCell`. */
export type GRUCellOptions = RNNCellBaseOptions;

const readCell = optionReader<RNNCellBaseOptions>(CELL_OPTIONS);

/**
 * A step of a {@linkcode GRU}. Follows `torch.nn.GRUCell`.
 *
 * @example Two steps
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new nn.GRUCell(3, 4);
 * const h = cell.forward(zeros([5, 3]));
 * assertEquals(cell.forward(zeros([5, 3]), h).shape, [5, 4]);
 * ```
 */
export class GRUCell extends RNNCellBase<Tensor, Tensor> {
  /**
   * Creates the cell.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the state.
   * @param options How the cell is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: GRUCellOptions) {
    checkCount("make GRUCell", arguments.length, 3);
    super("GRUCell", "gru", inputSize, hiddenSize, readCell("make GRUCell", options));
  }

  /**
   * Computes the next state.
   *
   * @param x Shape [batch, in] or [in].
   * @param h Shape [batch, hidden] or [hidden]; zeros by default.
   */
  override forward(x: Tensor, h?: Tensor): Tensor {
    checkCount("compute GRUCell", arguments.length, 2);
    const [next] = this.step(x, hidden("compute GRUCell", h), 1) as [Tensor];
    return next;
  }
}

/** Options of `LSTMCell`. */
export type LSTMCellOptions = RNNCellBaseOptions;

/**
 * A step of an {@linkcode LSTM}. Follows `torch.nn.LSTMCell`.
 *
 * @example Two steps
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new nn.LSTMCell(3, 4);
 * const { h, c } = cell.forward(zeros([5, 3]));
 * assertEquals(cell.forward(zeros([5, 3]), { h, c }).h.shape, [5, 4]);
 * ```
 */
export class LSTMCell extends RNNCellBase<LSTMState, LSTMState> {
  /**
   * Creates the cell.
   *
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the states.
   * @param options How the cell is built.
   */
  constructor(inputSize: number, hiddenSize: number, options?: LSTMCellOptions) {
    checkCount("make LSTMCell", arguments.length, 3);
    super("LSTMCell", "lstm", inputSize, hiddenSize, readCell("make LSTMCell", options));
  }

  /**
   * Computes the next states.
   *
   * @param x Shape [batch, in] or [in].
   * @param state Both states, [batch, hidden] or [hidden] each; zeros by default.
   */
  override forward(x: Tensor, state?: LSTMState): LSTMState {
    checkCount("compute LSTMCell", arguments.length, 2);
    const given = stateOf("compute LSTMCell", readLSTMState, ["h", "c"], state);
    const [h, c] = this.step(x, given, 2) as [Tensor, Tensor];
    return { h, c };
  }
}
