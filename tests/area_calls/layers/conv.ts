/** Good calls of convolutions and their transposes, of windows as columns and back. */

import { nn, ones } from "../../../mod.ts";
import { type Arg, of, options } from "../../common/calls.ts";
import { dtype, flag, forward } from "./row.ts";

const one = of(() => 1);
const shared = { stride: one, dilation: one, groups: one, bias: flag, dtype };

/** A layer with filters. */
function filters<const Keys extends Readonly<Record<string, Arg>>>(
  on: () => nn.Module,
  named: string,
  dims: number,
  keys: Keys,
) {
  const input = of(() => ones([1, 1, ...new Array<number>(dims).fill(3)]));
  return {
    make: { args: [one, one, of(() => 2), options(keys)] },
    methods: forward(on, named, input),
  } as const;
}

const conv = { ...shared, padding: one, paddingMode: of(() => "reflect") };
const transposed = { ...shared, padding: one, outputPadding: of(() => 0) };
const windows = { dilation: one, padding: one, stride: one };

export const CONVOLUTIONS = {
  Conv1d: filters(() => new nn.Conv1d(1, 1, 2), "conv1d", 1, conv),
  Conv2d: filters(() => new nn.Conv2d(1, 1, 2), "conv2d", 2, conv),
  Conv3d: filters(() => new nn.Conv3d(1, 1, 2), "conv3d", 3, conv),
  ConvTranspose1d: filters(
    () => new nn.ConvTranspose1d(1, 1, 2),
    "convTranspose1d",
    1,
    transposed,
  ),
  ConvTranspose2d: filters(
    () => new nn.ConvTranspose2d(1, 1, 2),
    "convTranspose2d",
    2,
    transposed,
  ),
  ConvTranspose3d: filters(
    () => new nn.ConvTranspose3d(1, 1, 2),
    "convTranspose3d",
    3,
    transposed,
  ),
  Unfold: {
    make: { args: [of(() => 2), options(windows)] },
    methods: forward(() => new nn.Unfold(2), "unfold", of(() => ones([1, 3, 3]))),
  },
  Fold: {
    make: { args: [of(() => 3), of(() => 2), options(windows)] },
    methods: forward(() => new nn.Fold(3, 2), "fold", of(() => ones([4, 4]))),
  },
} as const;

export const CONVOLUTION_FUNCTIONS = {
  pad: {
    args: [
      of(() => ones([3]), "tensor"),
      of(() => [1, 1]),
      options({ mode: of(() => "reflect"), value: of(() => 1, "number", "NaN") }),
    ],
  },
  unfold: { args: [of(() => ones([1, 3, 3])), of(() => 2), options(windows)] },
  fold: {
    args: [of(() => ones([4, 16])), of(() => 3), of(() => 2), options(windows)],
  },
} as const;
