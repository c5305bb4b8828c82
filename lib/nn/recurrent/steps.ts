/** What one step of a recurrent net computes, for cells and layers alike. */

import { append } from "../../core/lists.ts";
import { extentAt } from "../../core/shape.ts";
import { linear } from "../../ops/linalg/linear.ts";
import { stack } from "../../ops/mod.ts";
import { entriesOf, lstm, lstmStep } from "../../ops/scan/lstm.ts";
import { zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The kinds of step. */
export type RNNMode = "tanh" | "relu" | "lstm" | "gru";

/** How many blocks of hidden size the weights of each kind have. */
export const GATES: Readonly<Record<RNNMode, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

/** What a step learns; the last one is the projection of an LSTM. */
export interface Weights {
  /** Shape [gates · hidden, in]. */
  readonly weightIh: Tensor;
  /** Shape [gates · hidden, state]. */
  readonly weightHh: Tensor;
  /** Shape [gates · hidden]; null without biases. */
  readonly biasIh: Tensor | null;
  /** Shape [gates · hidden]; null without biases. */
  readonly biasHh: Tensor | null;
  /** Shape [projection, hidden]; null without a projection. */
  readonly weightHr: Tensor | null;
}

/** What the inputs of all steps add to the gates, with the biases that can be added at once. */
export function project(mode: RNNMode, x: Tensor, weights: Weights): Tensor {
  const { weightIh, biasIh, biasHh } = weights;
  // The state's bias of a GRU stands inside of its reset.
  const bias = mode === "gru" || biasIh === null || biasHh === null ? biasIh : biasIh.add(biasHh);
  return linear(x, weightIh, bias);
}

/**
 * The states after a step: the hidden one, and of an LSTM the cell behind it.
 *
 * @param input What the input adds to the gates.
 * @param states The states before the step, [batch, …] each.
 */
export function step(
  mode: RNNMode,
  input: Tensor,
  states: readonly Tensor[],
  { weightHh, biasHh, weightHr }: Weights,
): Tensor[] {
  const [h, c] = states as readonly [Tensor, Tensor];
  if (mode === "gru") {
    // r, z = σ(x + h); n = tanh(x + r·h); h' = n + z·(h − n)
    const size = extentAt(h.shape, -1);
    const recurrent = linear(h, weightHh, biasHh);
    const [fromX, newX] = input.split([2 * size, size], -1) as [Tensor, Tensor];
    const [fromH, newH] = recurrent.split([2 * size, size], -1) as [Tensor, Tensor];
    const [r, z] = fromX.add(fromH).sigmoid().split(size, -1) as [Tensor, Tensor];
    const n = newX.add(r.mul(newH)).tanh();
    return [n.add(z.mul(h.sub(n)))];
  }
  const gates = input.add(linear(h, weightHh, null));
  if (mode !== "lstm") return [gates[mode]()];
  const next = lstmStep(gates, c);
  return [weightHr === null ? next.h : linear(next.h, weightHr, null), next.c];
}

/** The hidden states of all steps, and the states after the last one. */
export interface Scanned {
  /** Shape [steps, batch, state]. */
  readonly output: Tensor;
  /** The states, [batch, …] each. */
  readonly states: readonly Tensor[];
}

/**
 * All steps, one after the other.
 *
 * @param inputs What the inputs add to the gates, [steps, batch, gates · hidden].
 * @param states The states before the first step.
 * @param reverse Whether the last input comes first; the outputs stay with their inputs.
 */
export function scan(
  mode: RNNMode,
  inputs: Tensor,
  states: readonly Tensor[],
  weights: Weights,
  reverse: boolean,
): Scanned {
  if (mode === "lstm" && weights.weightHr === null) {
    return scanLstm(inputs, stack(states), weights.weightHh, reverse);
  }
  const each = entriesOf(inputs);
  const outputs: Tensor[] = [];
  for (const input of reverse ? each.reverse() : each) {
    states = step(mode, input, states, weights);
    append(outputs, states.slice(0, 1));
  }
  return { output: stack(reverse ? outputs.reverse() : outputs), states };
}

/** All steps of an LSTM, in one launch where there is a kernel. */
function scanLstm(inputs: Tensor, states: Tensor, weight: Tensor, reverse: boolean): Scanned {
  const [trace, output] = lstm(inputs, states, weight, { reverse });
  const last = reverse ? 0 : -1;
  const size = extentAt(states.shape, -1);
  return { output, states: [output.at(last), trace.at(last).narrow(-1, 4 * size, size)] };
}

/** States of zeros, like a tensor in type and device. */
export function noStates(like: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  const { dtype, device } = like;
  return shapes.map((shape) => zeros(shape, { dtype, device }));
}
