/** Normalisation. */

import { type LayerRow, PLAIN } from "./row.ts";

/** What is computed by the batch alone has no statistics of a batch of nothing. */
const BATCH: LayerRow = {
  fails: { "takes a batch of nothing": { "by the batch alone": /more than one value/ } },
};

export const NORMALIZE = {
  LayerNorm: PLAIN,
  BatchNorm1d: BATCH,
  BatchNorm2d: BATCH,
  BatchNorm3d: BATCH,
  InstanceNorm1d: PLAIN,
  InstanceNorm2d: PLAIN,
  InstanceNorm3d: PLAIN,
  GroupNorm: PLAIN,
  RMSNorm: PLAIN,
} as const satisfies Readonly<Record<string, LayerRow>>;
