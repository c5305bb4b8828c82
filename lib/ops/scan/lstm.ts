/** Fused: the steps of an LSTM over a sequence. */

import { isFloat } from "../../core/dtype.ts";
import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused } from "../define/fused.ts";
import { linear } from "../linalg/linear.ts";
import { stack } from "../shape/composites.ts";
import { cat } from "../shape/primitives.ts";

/** What a step of an LSTM computes. */
export interface LstmStep {
  /** The gates that let in, keep, offer and let out, [batch, hidden] each. */
  readonly gates: readonly Tensor[];
  /** The hidden state after the step, [batch, hidden]. */
  readonly h: Tensor;
  /** The cell after the step, [batch, hidden]. */
  readonly c: Tensor;
}

/** c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'), of the sums i, f, g and o behind each other. */
export function lstmStep(sums: Tensor, c: Tensor): LstmStep {
  const parts = sums.split(extentAt(c.shape, -1), -1) as [Tensor, Tensor, Tensor, Tensor];
  const [i, f, g, o] = [
    parts[0].sigmoid(),
    parts[1].sigmoid(),
    parts[2].tanh(),
    parts[3].sigmoid(),
  ];
  const next = f.mul(c).add(i.mul(g));
  return { gates: [i, f, g, o], h: o.mul(next.tanh()), c: next };
}

/**
 * The entries along the first dimension, by halves of halves: what leads back to them is put together
 * in as many rounds as there are halves, and not in as many as there are entries.
 */
export function entriesOf(x: Tensor): Tensor[] {
  const count = extentAt(x.shape, 0);
  if (count === 1) return [x.squeeze(0)];
  const half = count >> 1;
  return [[0, half], [half, count - half]].flatMap(([start, length]) =>
    entriesOf(x.narrow(0, start!, length!))
  );
}

/** Whether the last input comes first. */
interface Direction {
  readonly reverse: boolean;
}

/** The composite form of `lstm`. */
export function lstmComposite(
  inputs: Tensor,
  states: Tensor,
  weight: Tensor,
  { reverse }: Direction,
): readonly [trace: Tensor, hidden: Tensor] {
  let [h, c] = [states.at(0), states.at(1)];
  const steps = entriesOf(inputs);
  const [traces, hidden]: [Tensor[], Tensor[]] = [[], []];
  for (const input of reverse ? steps.reverse() : steps) {
    const step = lstmStep(input.add(linear(h, weight, null)), c);
    ({ h, c } = step);
    traces.push(cat([...step.gates, c], -1));
    hidden.push(h);
  }
  const inOrder = (list: Tensor[]) => stack(reverse ? list.reverse() : list);
  return [inOrder(traces), inOrder(hidden)];
}

const lstmOp = fused<Direction>("lstm", {
  composite: ([inputs, states, weight], direction) =>
    lstmComposite(inputs!, states!, weight!, direction),
  kernel: "lstm",
  shapes: ([inputs, states]) => {
    const [steps, batch] = inputs!.shape as [number, number];
    const hidden = extentAt(states!.shape, -1);
    return [[steps, batch, 5 * hidden], [steps, batch, hidden]];
  },
  parameters: ({ reverse }, [inputs, states]) => {
    const [steps, batch] = inputs!.shape as [number, number];
    return { ints: [steps, batch, extentAt(states!.shape, -1), Number(reverse)] };
  },
  saves: "abcy",
  gradKernel: "lstm_grad",
  emptyCotangents: true,
  gradOperands: ([traceG, hiddenG], { b, c, y }) => [traceG!, hiddenG!, y, b, c],
  outputs: 2,
});

/**
 * All steps of an LSTM.
 *
 * @param inputs What the inputs add to the sums i, f, g and o, [steps, batch, 4 · hidden].
 * @param states The hidden state and the cell before the first step, [2, batch, hidden].
 * @param weight The weights of the hidden state, [4 · hidden, hidden].
 * @param direction Whether the last input comes first; outputs stay with their inputs.
 * @returns Gates and cell of all steps, [steps, batch, 5 · hidden], and their hidden states,
 * [steps, batch, hidden].
 */
export function lstm(
  inputs: Tensor,
  states: Tensor,
  weight: Tensor,
  direction: Direction,
): readonly [trace: Tensor, hidden: Tensor] {
  const { dtype } = inputs;
  // What is wrong the composite knows how to treat.
  if (!isFloat(dtype) || states.dtype !== dtype || weight.dtype !== dtype) {
    return lstmComposite(inputs, states, weight, direction);
  }
  return lstmOp([inputs, states, weight], direction) as [Tensor, Tensor];
}
