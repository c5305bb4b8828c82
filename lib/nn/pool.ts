/** Pools as modules. */

import {
  checkCount,
  checkKind,
  FINITE,
  FLAG,
  kept,
  kind,
  optionReader,
  type OptionTable,
} from "../core/options.ts";
import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type AvgPoolOptions,
  type Extents,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolOptions,
  type Pool,
  type PoolOptions,
} from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OpLayer, OpLayerClass } from "./activation.ts";
import { eachOf, EXTENTS, MARGINS } from "./checks.ts";
import { Module } from "./module.ts";
import { shownCall } from "./shown.ts";

/** The class of pools. */
export type PoolLayerClass<Options> = OpLayerClass<[kernelSize: Extents, options?: Options]>;

const SHARED: OptionTable<PoolOptions> = { stride: EXTENTS, padding: MARGINS, ceilMode: FLAG };

const MAX_POOL: OptionTable<MaxPoolOptions> = { ...SHARED, dilation: EXTENTS };

const AVG_POOL: OptionTable<AvgPoolOptions> = {
  ...SHARED,
  countIncludePad: FLAG,
  divisorOverride: kind(`${FINITE.needed} other than 0`, (v) => v !== 0 && FINITE.accepts(v)),
};

function poolLayer<Options extends PoolOptions>(
  name: string,
  dims: number,
  op: Pool<Options>,
  kinds: OptionTable<Options>,
): PoolLayerClass<Options> {
  const read = optionReader(kinds);
  return class extends Module {
    static override readonly name: string = name;
    readonly kernelSize: Extents;
    readonly options: Options;
    constructor(kernelSize: Extents, options?: Options) {
      super();
      const call = `make ${name}`;
      checkCount(call, arguments.length, 2);
      checkKind(call, "kernelSize", kernelSize, EXTENTS);
      this.kernelSize = kept(kernelSize);
      this.options = kept(read(call, options));
      for (const [key, value] of Object.entries({ ...this.options, kernelSize })) {
        if (Array.isArray(value)) eachOf(call, key, value, dims);
      }
    }
    override forward(x: Tensor): Tensor {
      return op(x, this.kernelSize, this.options);
    }
    protected override describe(): string {
      return shownCall([this.kernelSize], this.options);
    }
  };
}

/**
 * The largest entry of each window over one dimension. Follows `torch.nn.MaxPool1d`.
 *
 * @example Pairs
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.MaxPool1d(2);
 * assertEquals(layer.forward(tensor([[1, 3, 2, 0]])).toArray(), [[3, 2]]);
 * ```
 */
export const MaxPool1d: PoolLayerClass<MaxPoolOptions> = poolLayer(
  "MaxPool1d",
  1,
  maxPool1d,
  MAX_POOL,
);
/** A {@linkcode MaxPool1d} layer. */
export type MaxPool1d = OpLayer;

/**
 * The largest entry of each window over two dimensions. Follows `torch.nn.MaxPool2d`.
 *
 * @example A window over all
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.MaxPool2d(2).forward(tensor([[[1, 3], [2, 0]]])).toArray(), [[[3]]]);
 * ```
 */
export const MaxPool2d: PoolLayerClass<MaxPoolOptions> = poolLayer(
  "MaxPool2d",
  2,
  maxPool2d,
  MAX_POOL,
);
/** A {@linkcode MaxPool2d} layer. */
export type MaxPool2d = OpLayer;

/**
 * The largest entry of each window over three dimensions. Follows `torch.nn.MaxPool3d`.
 *
 * @example A window over all
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.MaxPool3d(2).forward(zeros([1, 4, 2, 2])).shape, [1, 2, 1, 1]);
 * ```
 */
export const MaxPool3d: PoolLayerClass<MaxPoolOptions> = poolLayer(
  "MaxPool3d",
  3,
  maxPool3d,
  MAX_POOL,
);
/** A {@linkcode MaxPool3d} layer. */
export type MaxPool3d = OpLayer;

/**
 * The mean of each window over one dimension. Follows `torch.nn.AvgPool1d`.
 *
 * @example Pairs
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.AvgPool1d(2);
 * assertEquals(layer.forward(tensor([[1, 3, 2, 0]])).toArray(), [[2, 1]]);
 * ```
 */
export const AvgPool1d: PoolLayerClass<AvgPoolOptions> = poolLayer(
  "AvgPool1d",
  1,
  avgPool1d,
  AVG_POOL,
);
/** An {@linkcode AvgPool1d} layer. */
export type AvgPool1d = OpLayer;

/**
 * The mean of each window over two dimensions. Follows `torch.nn.AvgPool2d`.
 *
 * @example A window over all
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AvgPool2d(2).forward(tensor([[[1, 3], [2, 6]]])).toArray(), [[[3]]]);
 * ```
 */
export const AvgPool2d: PoolLayerClass<AvgPoolOptions> = poolLayer(
  "AvgPool2d",
  2,
  avgPool2d,
  AVG_POOL,
);
/** An {@linkcode AvgPool2d} layer. */
export type AvgPool2d = OpLayer;

/**
 * The mean of each window over three dimensions. Follows `torch.nn.AvgPool3d`.
 *
 * @example A window over all
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AvgPool3d(2).forward(zeros([1, 4, 2, 2])).shape, [1, 2, 1, 1]);
 * ```
 */
export const AvgPool3d: PoolLayerClass<AvgPoolOptions> = poolLayer(
  "AvgPool3d",
  3,
  avgPool3d,
  AVG_POOL,
);
/** An {@linkcode AvgPool3d} layer. */
export type AvgPool3d = OpLayer;
