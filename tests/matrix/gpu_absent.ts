/** What the GPU cannot do yet. */

import type { Name } from "../op_cases.ts";
import type { InPlaceName } from "./inplace_cases.ts";

/** The ops of which some or all cases have no program on the GPU yet, and must say so. */
export const ABSENT: readonly (Name | InPlaceName)[] = [
  "max",
  "min",
  "argmax",
  "argmin",
  "norm",
  "logsumexp",
  "softmax",
  "logSoftmax",
  "gather",
  "scatterAdd",
  "indexSelect",
  "oneHot",
  "at",
  "flip",
  "unfold",
  "cumsum",
  "argsort",
  "sort",
  "topk",
  "median",
  "scatter",
  "indexAdd",
  "maskedSelect",
  "conv1d",
  "conv2d",
  "conv3d",
  "convTranspose1d",
  "convTranspose2d",
  "convTranspose3d",
  "maxPool1d",
  "maxPool2d",
  "maxPool3d",
  "avgPool1d",
  "avgPool2d",
  "avgPool3d",
  "setAt",
];
