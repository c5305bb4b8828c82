/** Pools, and images of other extents. */

import { type LayerRow, PLAIN } from "./row.ts";

export const POOLS = {
  MaxPool1d: PLAIN,
  MaxPool2d: PLAIN,
  MaxPool3d: PLAIN,
  AvgPool1d: PLAIN,
  AvgPool2d: PLAIN,
  AvgPool3d: PLAIN,
  AdaptiveAvgPool1d: PLAIN,
  AdaptiveAvgPool2d: PLAIN,
  AdaptiveAvgPool3d: PLAIN,
  AdaptiveMaxPool1d: PLAIN,
  AdaptiveMaxPool2d: PLAIN,
  AdaptiveMaxPool3d: PLAIN,
  Upsample: PLAIN,
  PixelShuffle: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
