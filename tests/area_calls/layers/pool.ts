/** Good calls of pools, and of images of other extents. */

import { nn, ones } from "../../../mod.ts";
import { type Arg, of, options } from "../../common/calls.ts";
import { flag, forward } from "./row.ts";

const one = of(() => 1);

function image(dims: number) {
  return of(() => ones([1, ...new Array<number>(dims).fill(2)]));
}

/** A pool. */
function pool<const Keys extends Readonly<Record<string, Arg>>>(
  on: () => nn.Module,
  named: string,
  dims: number,
  keys: Keys,
) {
  return {
    make: { args: [of(() => 2), options(keys)] },
    methods: forward(on, named, image(dims)),
  } as const;
}

/** A pool that is told how many windows there are. */
function adaptive(on: () => nn.Module, named: string, dims: number) {
  return {
    make: { args: [of(() => 2, "null")] },
    methods: forward(on, named, image(dims)),
  } as const;
}

const shared = { stride: one, padding: one, ceilMode: flag };
const max = { ...shared, dilation: one };
const avg = { ...shared, countIncludePad: flag, divisorOverride: of(() => 2, "number") };
const interpolation = {
  size: of(() => null, "null"),
  scaleFactor: of(() => 2, "number"),
  mode: of(() => "bilinear"),
  alignCorners: of(() => true, "null", "flag"),
  recomputeScaleFactor: of(() => false, "null", "flag"),
};

export const POOLS = {
  MaxPool1d: pool(() => new nn.MaxPool1d(2), "maxPool1d", 1, max),
  MaxPool2d: pool(() => new nn.MaxPool2d(2), "maxPool2d", 2, max),
  MaxPool3d: pool(() => new nn.MaxPool3d(2), "maxPool3d", 3, max),
  AvgPool1d: pool(() => new nn.AvgPool1d(2), "avgPool1d", 1, avg),
  AvgPool2d: pool(() => new nn.AvgPool2d(2), "avgPool2d", 2, avg),
  AvgPool3d: pool(() => new nn.AvgPool3d(2), "avgPool3d", 3, avg),
  AdaptiveAvgPool1d: adaptive(() => new nn.AdaptiveAvgPool1d(1), "adaptiveAvgPool1d", 1),
  AdaptiveAvgPool2d: adaptive(() => new nn.AdaptiveAvgPool2d(1), "adaptiveAvgPool2d", 2),
  AdaptiveAvgPool3d: adaptive(() => new nn.AdaptiveAvgPool3d(1), "adaptiveAvgPool3d", 3),
  AdaptiveMaxPool1d: adaptive(() => new nn.AdaptiveMaxPool1d(1), "adaptiveMaxPool1d", 1),
  AdaptiveMaxPool2d: adaptive(() => new nn.AdaptiveMaxPool2d(1), "adaptiveMaxPool2d", 2),
  AdaptiveMaxPool3d: adaptive(() => new nn.AdaptiveMaxPool3d(1), "adaptiveMaxPool3d", 3),
  Upsample: {
    make: { args: [options(interpolation)] },
    methods: forward(
      () => new nn.Upsample({ size: 3 }),
      "interpolate",
      of(() => ones([1, 1, 2])),
    ),
  },
  PixelShuffle: {
    make: { args: [of(() => 2)] },
    methods: forward(
      () => new nn.PixelShuffle(2),
      "pixelShuffle",
      of(() => ones([4, 1, 1])),
    ),
  },
} as const;

export const POOL_FUNCTIONS = {
  adaptiveAvgPool1d: { args: [image(1), of(() => 2, "null")] },
  adaptiveAvgPool2d: { args: [image(2), of(() => 2, "null")] },
  adaptiveAvgPool3d: { args: [image(3), of(() => 2, "null")] },
  adaptiveMaxPool1d: { args: [image(1), of(() => 2, "null")] },
  adaptiveMaxPool2d: { args: [image(2), of(() => 2, "null")] },
  adaptiveMaxPool3d: { args: [image(3), of(() => 2, "null")] },
  interpolate: { args: [of(() => ones([1, 1, 2, 2])), options(interpolation)] },
  pixelShuffle: { args: [of(() => ones([4, 1, 1])), of(() => 2)] },
} as const;
