/** Pools with a given number of windows. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, kept, shown } from "../core/options.ts";
import { checkShape } from "../core/shape.ts";
import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  cat,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Pool,
  type PoolOptions,
} from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OpLayer, OpLayerClass } from "./activation.ts";
import { checkFloating, checkRank } from "./checks.ts";
import { Module } from "./module.ts";
import { shownCall } from "./shown.ts";

/** The number of windows: one for all dimensions, or one for each; null for as many as entries. */
export type OutputSize = number | null | readonly (number | null)[];

/** A pool with a given number of windows. */
export type AdaptivePool = (x: Tensor, outputSize: OutputSize) => Tensor;

/** What is computed from the windows. */
interface Taken {
  /** For one window along a dimension, which is kept. */
  readonly of: (x: Tensor, dim: number) => Tensor;
  /** For windows of equal size that do not overlap. */
  readonly pools: readonly Pool<PoolOptions>[];
}

const MEAN: Taken = {
  of: (x, dim) => x.mean(dim, { keepdim: true }),
  pools: [avgPool1d, avgPool2d, avgPool3d],
};

const MAX: Taken = {
  of: (x, dim) => x.max(dim, { keepdim: true }).values,
  pools: [maxPool1d, maxPool2d, maxPool3d],
};

/** Refuses anything but a number of windows for each dimension. */
function sizesOf(call: string, given: OutputSize, dims: number): (number | null)[] {
  const list: unknown[] = Array.isArray(given) ? Array.from(given) : new Array(dims).fill(given);
  const fits = (size: unknown) =>
    size === null || (Number.isSafeInteger(size) && Number(size) >= 1);
  if (list.length === dims && list.every(fits)) return list as (number | null)[];
  throw new TypeError(
    `Cannot ${call}: outputSize must be an integer from 1 or null, or ${dims} of them, got ${
      shown(given)
    }`,
  );
}

/** Windows from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ along a dimension, one dimension after the other. */
function adapted(x: Tensor, sizes: readonly number[], taken: Taken): Tensor {
  const dims = sizes.length;
  const space = x.shape.slice(-dims);
  const kernel = sizes.map((size, i) => (space[i] ?? 0) / size);
  const pool = taken.pools[dims - 1];
  // Pools take an empty batch, but no input without channels.
  if (pool !== undefined && x.size > 0 && kernel.every(Number.isInteger)) return pool(x, kernel);
  return sizes.reduceRight((y, size, i) => {
    const extent = space[i] ?? 0;
    const dim = y.ndim - dims + i;
    const windows = Array.from({ length: size }, (_, at) => {
      const start = Math.floor(at * extent / size);
      return y.narrow(dim, start, Math.ceil((at + 1) * extent / size) - start);
    });
    return cat(windows.map((window) => taken.of(window, dim)), dim);
  }, x);
}

function adaptivePool(op: string, dims: number, taken: Taken): AdaptivePool {
  const call = `compute ${op}`;
  return function (x, outputSize) {
    checkCount(call, arguments.length, 2);
    checkFloating(call, x);
    checkRank(call, x, [dims + 1, dims + 2]);
    const asked = sizesOf(call, outputSize, dims);
    const space = x.shape.slice(-dims);
    if (space.includes(0)) {
      throw new ShapeError(
        `Cannot ${call}: only batch and channels may be empty, got shape ${showShape(x.shape)}`,
        [x.shape],
      );
    }
    const sizes = space.map((extent, i) => asked[i] ?? extent);
    checkShape(op, [...x.shape.slice(0, -dims), ...sizes]);
    return adapted(x, sizes, taken);
  };
}

/**
 * The means of a given number of windows over one dimension, which cover the input and overlap
 * where they must. Follows `torch.nn.functional.adaptive_avg_pool1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 * @param outputSize How many windows.
 * @throws {ShapeError} If the input has another rank or no entries.
 *
 * @example Three windows over four entries
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveAvgPool1d(tensor([[1, 3, 5, 7]]), 3);
 * assertEquals(y.toArray(), [[2, 4, 6]]);
 * ```
 */
export const adaptiveAvgPool1d: AdaptivePool = adaptivePool("adaptiveAvgPool1d", 1, MEAN);

/**
 * The means of a given number of windows over two dimensions. Follows
 * `torch.nn.functional.adaptive_avg_pool2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 *
 * @example One window over all
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveAvgPool2d(tensor([[[1, 3], [5, 7]]]), 1);
 * assertEquals(y.toArray(), [[[4]]]);
 * ```
 */
export const adaptiveAvgPool2d: AdaptivePool = adaptivePool("adaptiveAvgPool2d", 2, MEAN);

/**
 * The means of a given number of windows over three dimensions. Follows
 * `torch.nn.functional.adaptive_avg_pool3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 *
 * @example All of one dimension
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveAvgPool3d(zeros([2, 5, 4, 4]), [null, 1, 2]);
 * assertEquals(y.shape, [2, 5, 1, 2]);
 * ```
 */
export const adaptiveAvgPool3d: AdaptivePool = adaptivePool("adaptiveAvgPool3d", 3, MEAN);

/**
 * The largest entries of a given number of windows over one dimension. Follows
 * `torch.nn.functional.adaptive_max_pool1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 *
 * @example Three windows over four entries
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveMaxPool1d(tensor([[1, 3, 5, 7]]), 3);
 * assertEquals(y.toArray(), [[3, 5, 7]]);
 * ```
 */
export const adaptiveMaxPool1d: AdaptivePool = adaptivePool("adaptiveMaxPool1d", 1, MAX);

/**
 * The largest entries of a given number of windows over two dimensions. Follows
 * `torch.nn.functional.adaptive_max_pool2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 *
 * @example One window over all
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveMaxPool2d(tensor([[[1, 3], [5, 7]]]), 1);
 * assertEquals(y.toArray(), [[[7]]]);
 * ```
 */
export const adaptiveMaxPool2d: AdaptivePool = adaptivePool("adaptiveMaxPool2d", 2, MAX);

/**
 * The largest entries of a given number of windows over three dimensions. Follows
 * `torch.nn.functional.adaptive_max_pool3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 *
 * @example All of one dimension
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.adaptiveMaxPool3d(zeros([2, 5, 4, 4]), [null, 1, 2]);
 * assertEquals(y.shape, [2, 5, 1, 2]);
 * ```
 */
export const adaptiveMaxPool3d: AdaptivePool = adaptivePool("adaptiveMaxPool3d", 3, MAX);

/** The class of pools with a given number of windows. */
export type AdaptivePoolClass = OpLayerClass<[outputSize: OutputSize]>;

function adaptiveLayer(name: string, dims: number, op: AdaptivePool): AdaptivePoolClass {
  return class extends Module {
    static override readonly name: string = name;
    readonly outputSize: OutputSize;
    constructor(outputSize: OutputSize) {
      super();
      checkCount(`make ${name}`, arguments.length, 1);
      sizesOf(`make ${name}`, outputSize, dims);
      this.outputSize = kept(outputSize);
    }
    override forward(x: Tensor): Tensor {
      return op(x, this.outputSize);
    }
    protected override describe(): string {
      return shownCall([this.outputSize]);
    }
  };
}

/**
 * The means of a given number of windows over one dimension. Follows `torch.nn.AdaptiveAvgPool1d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveAvgPool1d(2).forward(zeros([1, 5])).shape, [1, 2]);
 * ```
 */
export const AdaptiveAvgPool1d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveAvgPool1d",
  1,
  adaptiveAvgPool1d,
);
/** An {@linkcode AdaptiveAvgPool1d} layer. */
export type AdaptiveAvgPool1d = OpLayer;

/**
 * The means of a given number of windows over two dimensions. Follows `torch.nn.AdaptiveAvgPool2d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveAvgPool2d(2).forward(zeros([1, 5, 5])).shape, [1, 2, 2]);
 * ```
 */
export const AdaptiveAvgPool2d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveAvgPool2d",
  2,
  adaptiveAvgPool2d,
);
/** An {@linkcode AdaptiveAvgPool2d} layer. */
export type AdaptiveAvgPool2d = OpLayer;

/**
 * The means of a given number of windows over three dimensions. Follows `torch.nn.AdaptiveAvgPool3d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveAvgPool3d(2).forward(zeros([1, 5, 5, 5])).shape, [1, 2, 2, 2]);
 * ```
 */
export const AdaptiveAvgPool3d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveAvgPool3d",
  3,
  adaptiveAvgPool3d,
);
/** An {@linkcode AdaptiveAvgPool3d} layer. */
export type AdaptiveAvgPool3d = OpLayer;

/**
 * The largest entries of a given number of windows over one dimension. Follows `torch.nn.AdaptiveMaxPool1d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveMaxPool1d(2).forward(zeros([1, 5])).shape, [1, 2]);
 * ```
 */
export const AdaptiveMaxPool1d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveMaxPool1d",
  1,
  adaptiveMaxPool1d,
);
/** An {@linkcode AdaptiveMaxPool1d} layer. */
export type AdaptiveMaxPool1d = OpLayer;

/**
 * The largest entries of a given number of windows over two dimensions. Follows `torch.nn.AdaptiveMaxPool2d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveMaxPool2d(2).forward(zeros([1, 5, 5])).shape, [1, 2, 2]);
 * ```
 */
export const AdaptiveMaxPool2d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveMaxPool2d",
  2,
  adaptiveMaxPool2d,
);
/** An {@linkcode AdaptiveMaxPool2d} layer. */
export type AdaptiveMaxPool2d = OpLayer;

/**
 * The largest entries of a given number of windows over three dimensions. Follows `torch.nn.AdaptiveMaxPool3d`.
 *
 * @example Two windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.AdaptiveMaxPool3d(2).forward(zeros([1, 5, 5, 5])).shape, [1, 2, 2, 2]);
 * ```
 */
export const AdaptiveMaxPool3d: AdaptivePoolClass = adaptiveLayer(
  "AdaptiveMaxPool3d",
  3,
  adaptiveMaxPool3d,
);
/** An {@linkcode AdaptiveMaxPool3d} layer. */
export type AdaptiveMaxPool3d = OpLayer;
