/**
 * Primitives: what convolutions run on. Their kernels are in `rust/src/kernels/window/conv.rs`: from x and
 * w to y, from y and w back to x, from x and y back to w. Each is linear in both inputs, and
 * differentiated by the other two.
 */

import type { Jvp } from "../../autograd/tape.ts";
import type { Shape } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { anyBatched, type BatchedInputs, inBatch } from "../define/batch.ts";
import { recordAll, result, rule, type StructuralRule, zeroed } from "../define/record.ts";
import { sum } from "../reduce/primitives.ts";
import { flatten } from "../shape/composites.ts";
import { expand, reshape, transpose } from "../shape/primitives.ts";
import { unflatten } from "../shape/views.ts";
import { asOneBatch, spatial, type WindowGeometry, wordsOf } from "./geometry.ts";

/** What a convolution was called with: how the window moves, and the shapes of the operands. */
interface Call extends WindowGeometry {
  readonly groups: number;
  /** Input. */
  readonly x: Shape;
  /** Weights. */
  readonly w: Shape;
  /** Output. */
  readonly y: Shape;
}

const kernels = {
  y: kernelNumber("conv"),
  x: kernelNumber("conv_input"),
  w: kernelNumber("conv_weight"),
};

/** Runs one of the kernels; the sum of nothing is 0. */
function launch(to: keyof Rules, inputs: readonly Tensor[], call: Call): Tensor {
  const [first] = inputs as [Tensor];
  if (inputs.some((input) => input.size === 0)) return zeroed(first, first.dtype, call[to]);
  const out = result(first, first.dtype, call[to]);
  if (out.size === 0) return out;
  const operands = [out, ...inputs].map((x) => x.ndim === 1 ? x : spatial(x));
  const { ints, numbers } = wordsOf(call);
  first.storage.backend.run(kernels[to], operands, [...ints, call.groups], numbers);
  return out;
}

/** The rules of a number of dimensions. */
interface Rules {
  readonly y: StructuralRule<Call>;
  readonly x: StructuralRule<Call>;
  readonly w: StructuralRule<Call>;
}

/** The derivative of what is linear in each of its first two inputs, of which a third is added. */
function productRuleOf(run: (inputs: readonly Tensor[], call: Call) => Tensor): Jvp<Call> {
  return ([t = null, u = null, v = null], { a, b, attrs }) => {
    const parts = [t && run([t, b], attrs), u && run([a, u], attrs)].filter((x) => x !== null);
    if (v !== null) {
      const one = new Array<number>(attrs.stride.length).fill(1);
      parts.push(expand(reshape(v, [1, -1, ...one]), attrs.y));
    }
    return parts.reduce((sum, part) => sum.add(part));
  };
}

function rulesOf(dims: number): Rules {
  return {
    y: rule<Call>(`conv${dims}d`, {
      saves: "ab",
      vjp: [
        (g, { b, attrs }) => toInput(g, b, attrs),
        (g, { a, attrs }) => toWeight(a, g, attrs),
        (g) => sum(g, g.shape.map((_, i) => i).filter((i) => i !== 1)),
      ],
      jvp: productRuleOf(toOutput),
      batch: (inputs, call, batched) => outputInBatch(inputs as readonly Tensor[], call, batched),
    }),
    x: rule<Call>(`convTranspose${dims}d`, {
      saves: "ab",
      vjp: [
        (g, { b, attrs }) => toOutput([g, b], attrs),
        (g, { a, attrs }) => toWeight(g, a, attrs),
      ],
      jvp: productRuleOf(([y, w], call) => toInput(y!, w!, call)),
      batch: (inputs, call, batched) => inputInBatch(inputs as readonly Tensor[], call, batched),
    }),
    w: rule<Call>(`conv${dims}dToWeight`, {
      saves: "ab",
      vjp: [
        (g, { b, attrs }) => toInput(b, g, attrs),
        (g, { a, attrs }) => toOutput([a, g], attrs),
      ],
      jvp: productRuleOf(([x, y], call) => toWeight(x!, y!, call)),
      batch: (_, call, { size, front }) => {
        const w = toWeight(toChannels(front(0)), toChannels(front(1)), inGroups(call, size));
        return reshape(w, [size, ...call.w]);
      },
    }),
  };
}

/** The call for examples each of which has groups of its own. */
function inGroups(call: Call, size: number): Call {
  const channels = (shape: Shape) => shape.with(1, size * shape[1]!);
  const w = call.w.with(0, size * call.w[0]!);
  return { ...call, groups: size * call.groups, x: channels(call.x), y: channels(call.y), w };
}

/** From [examples, batch, channels, …] to [batch, examples · channels, …]. */
function toChannels(x: Tensor): Tensor {
  return flatten(transpose(x, 0, 1), 1, 2);
}

/** The way back. */
function fromChannels(x: Tensor, size: number): Tensor {
  return transpose(unflatten(x, 1, [size, -1]), 0, 1);
}

/** Filters that are one for all examples see one batch of all; others are groups of their own. */
function outputInBatch(
  inputs: readonly Tensor[],
  call: Call,
  { size, mapped, front }: BatchedInputs,
): Tensor {
  const [, w, bias] = inputs as readonly [Tensor, Tensor, Tensor?];
  if (!mapped[1] && !mapped[2]) {
    const others = bias ? [w, bias] : [w];
    return asOneBatch(front(0), call, size, (x, call) => toOutput([x, ...others], call));
  }
  const operands = [toChannels(front(0)), flatten(front(1), 0, 1)];
  if (bias) operands.push(flatten(front(2), 0, 1));
  return fromChannels(toOutput(operands, inGroups(call, size)), size);
}

function inputInBatch(
  inputs: readonly Tensor[],
  call: Call,
  { size, mapped, front }: BatchedInputs,
): Tensor {
  if (!mapped[1]) {
    return asOneBatch(front(0), call, size, (y, call) => toInput(y, inputs[1]!, call));
  }
  const x = toInput(toChannels(front(0)), flatten(front(1), 0, 1), inGroups(call, size));
  return fromChannels(x, size);
}

const RULES = [rulesOf(1), rulesOf(2), rulesOf(3)];

/** Runs one of the kernels on its inputs and records it. */
function recorded(to: keyof Rules, inputs: readonly Tensor[], call: Call): Tensor {
  const rule = RULES[call.stride.length - 1]![to];
  if (anyBatched(inputs)) return inBatch(rule.batch, inputs, call)[0]!;
  const out = launch(to, inputs, call);
  recordAll(rule, inputs, [out], call);
  return out;
}

/** From x and w, and a bias perhaps, to y. */
export function toOutput(inputs: readonly Tensor[], call: Call): Tensor {
  return recorded("y", inputs, call);
}

/** From y and w back to x. */
export function toInput(y: Tensor, w: Tensor, call: Call): Tensor {
  return recorded("x", [y, w], call);
}

/** From x and y back to w. */
function toWeight(x: Tensor, y: Tensor, call: Call): Tensor {
  return recorded("w", [x, y], call);
}
