/** Losses of policies. */

import { DTypeError, type losses, ones, ShapeError, tensor, zeros } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { elementRow } from "./element_row.ts";
import { double, leaf, positive, REDUCTIONS, WORD } from "./plain.ts";
import type { Entries, Inputs, LossRow } from "./row.ts";

/** The gradient of expected returns, which count as constants. */
export const REINFORCE = elementRow<losses.ElementLossOptions>({
  each: (logProb, gain) => -logProb * gain,
  options: {},
  classes: [-1, 2],
  points: [{
    title: "returns of both signs, and none",
    inputs: () => [leaf([-1, -2, -3]), tensor([3, -1, 0], { dtype: "float64" })],
    options: { reduction: "sum" },
    value: 1,
    gradient: [-3, 1, 0],
  }],
  extremes: [1e4, 1e30],
});

const reference = (name: string, shape: readonly number[]) => double(name, shape).detach();

const four = (shape: readonly number[]) => (): Inputs => [
  double("chosen", shape),
  double("rejected", shape),
  reference("reference chosen", shape),
  reference("reference rejected", shape),
];

function dpoEntries(inputs: Inputs, given: losses.DPOOptions): Entries {
  const { beta = 0.1, labelSmoothing = 0 } = given;
  const [chosen, rejected, first, second] = inputs.map((x) => valuesOf(x));
  const each = chosen!.map((c, i) => {
    const z = beta * (c - rejected![i]! - (first![i]! - second![i]!));
    return Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z))) + labelSmoothing * z;
  });
  return { shape: inputs[0].shape, each, total: each.length };
}

const far = (size: number) => (): Inputs => [
  tensor([size, -size], { requiresGrad: true }),
  tensor([-size, size], { requiresGrad: true }),
  tensor([0, 0]),
  tensor([1, 1]),
];

/** Preferences beside those of a reference. */
export const DPO: LossRow<losses.DPOOptions> = {
  samples: [[4], [2, 3], [], [0]].map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: four(shape),
  })),
  options: {
    reduction: () => REDUCTIONS,
    beta: () => [0.5, 2],
    labelSmoothing: () => [0.2],
  },
  reference: dpoEntries,
  points: [{
    title: "the reference itself",
    inputs: () => [leaf([-1, -2]), leaf([-3, -1]), leaf([-1, -2]), leaf([-3, -1])],
    options: { beta: 2, reduction: "sum" },
    value: 2 * Math.LN2,
    gradient: [-1, -1],
  }],
  nothing: [],
  extremes: [far(1e4), far(1e30)],
  refuses: [
    WORD,
    ...positive("beta"),
    ...[-0.1, 0.5, NaN].map((value) => ({
      options: { labelSmoothing: value },
      error: RangeError,
      says: `labelSmoothing must lie in 0 to less than 0.5, got ${value}`,
    })),
    {
      inputs: () => [zeros([3]), zeros([2]), zeros([3]), zeros([3])],
      error: ShapeError,
      says: "chosen has shape [3] but rejected has shape [2]",
    },
    {
      inputs: () => [zeros([3]), zeros([3]), zeros([3]), zeros([3, 1])],
      error: ShapeError,
      says: "referenceRejected has shape [3, 1], which would broadcast to [3, 3]",
    },
    {
      inputs: () => [ones([3], { dtype: "int32" }), zeros([3]), zeros([3]), zeros([3])],
      error: DTypeError,
      says: "chosen must be float32 or float64, got int32",
    },
  ],
};
