/** Blocks for pictures. */

import { type LayerRow, typed } from "./row.ts";

export const VISION = {
  SwinBlock: typed("SwinBlock"),
  PatchMerging: typed("PatchMerging"),
  PatchEmbed: typed("PatchEmbed"),
  UNet: typed("UNet"),
} as const satisfies Readonly<Record<string, LayerRow>>;
