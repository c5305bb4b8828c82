/** Convolutions and their transposes, windows as columns and back. */

import { type LayerRow, PLAIN } from "./row.ts";

export const CONVOLUTIONS = {
  Conv1d: PLAIN,
  Conv2d: PLAIN,
  Conv3d: PLAIN,
  ConvTranspose1d: PLAIN,
  ConvTranspose2d: PLAIN,
  ConvTranspose3d: PLAIN,
  Unfold: PLAIN,
  Fold: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
