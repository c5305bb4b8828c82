/** Good calls of normalisation. */

import { nn, ones } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag, forward, x } from "./row.ts";

const eps = of(() => 1e-5, "number");
const channels = { eps, affine: flag, bias: flag, dtype };
const momentum = of(() => 0.5, "number");
const row = of(() => ones([3]), "null");

function image(dims: number) {
  return of(() => ones([3, 2, ...new Array<number>(dims).fill(2)]));
}

/** A layer by batches. */
function batch(on: () => nn.Module, named: string, dims: number) {
  const keys = { ...channels, momentum: of(() => null, "null", "number"), trackRunningStats: flag };
  return {
    make: { args: [of(() => 2), options(keys)] },
    methods: forward(on, named, image(dims)),
  } as const;
}

/** A layer by instances. */
function instance(on: () => nn.Module, named: string, dims: number) {
  return {
    make: { args: [of(() => 2), options({ ...channels, momentum, trackRunningStats: flag })] },
    methods: forward(on, named, image(dims)),
  } as const;
}

export const NORMALIZE = {
  LayerNorm: {
    make: { args: [of(() => 3), options({ eps, elementwiseAffine: flag, bias: flag, dtype })] },
    methods: forward(() => new nn.LayerNorm(3), "layerNorm", of(x)),
  },
  BatchNorm1d: batch(() => new nn.BatchNorm1d(2), "BatchNorm1d", 1),
  BatchNorm2d: batch(() => new nn.BatchNorm2d(2), "BatchNorm2d", 2),
  BatchNorm3d: batch(() => new nn.BatchNorm3d(2), "BatchNorm3d", 3),
  InstanceNorm1d: instance(() => new nn.InstanceNorm1d(2), "InstanceNorm1d", 1),
  InstanceNorm2d: instance(() => new nn.InstanceNorm2d(2), "InstanceNorm2d", 2),
  InstanceNorm3d: instance(() => new nn.InstanceNorm3d(2), "InstanceNorm3d", 3),
  GroupNorm: {
    make: { args: [of(() => 1), of(() => 3), options(channels)] },
    methods: forward(() => new nn.GroupNorm(1, 3), "groupNorm", of(x)),
  },
  RMSNorm: {
    make: {
      args: [
        of(() => 3),
        options({ eps: of(() => null, "null", "number"), elementwiseAffine: flag, dtype }),
      ],
    },
    methods: forward(() => new nn.RMSNorm(3), "rmsNorm", of(x)),
  },
} as const;

const affine = { weight: row, bias: row, eps };

export const NORMALIZE_FUNCTIONS = {
  batchNorm: {
    args: [of(x), row, row, options({ ...affine, training: flag, momentum })],
  },
  instanceNorm: {
    args: [
      of(() => ones([2, 3, 2])),
      options({ ...affine, runningMean: row, runningVar: row, useInputStats: flag, momentum }),
    ],
  },
  groupNorm: { args: [of(x), of(() => 1), options(affine)] },
  rmsNorm: {
    args: [of(x), of(() => [3]), options({ weight: row, eps: of(() => 1, "null", "number") })],
  },
} as const;
