/** Normalisation. */

import { type LayerRow, PLAIN } from "./row.ts";

export const NORMALIZE = {
  LayerNorm: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
