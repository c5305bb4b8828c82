/** Pools over one to three dimensions. Their kernels are in `rust/src/kernels/pool.rs`. */

import { checkCount, FLAG, NUMBER, NUMBERS, optionReader } from "../../core/options.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { kernelNumber } from "../../ffi/library.ts";
import { checkShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ge, where } from "../elementwise/compare.ts";
import { checkFloat } from "../define/elementwise.ts";
import { scatterAddChecked } from "../index/indexing.ts";
import { reshape } from "../shape/movement.ts";
import { record1, result, rule, zeroed } from "../define/record.ts";
import {
  batched,
  type Extents,
  extentsOf,
  inSpace,
  moveOver,
  spatial,
  type Travel,
  wordsOf,
} from "./geometry.ts";

/** What a pool was called with: how its window moves, and the shapes of input and output. */
interface Call extends Travel {
  readonly kernel: readonly number[];
  readonly x: Shape;
  readonly y: Shape;
}

const maxKernel = kernelNumber("max_pool");
const sumKernel = kernelNumber("sum_pool");
const sumInputKernel = kernelNumber("sum_pool_input");

/**
 * The window without the entries at its ends that never meet the input, with as much less padding.
 * Else the kernels would take their time for a window that is all padding.
 */
function inside(call: Call): Pick<Call, "kernel" | "padding"> {
  const trimmed = call.kernel.map((extent, i) => {
    const [padding, dilation] = [call.padding[i]!, call.dilation[i]!];
    const [inputs, windows] = [call.x[2 + i]!, call.y[2 + i]!];
    const before = Math.max(0, padding - call.stride[i]! * (windows - 1));
    const first = Math.floor(before / dilation);
    const last = Math.min(extent - 1, Math.floor((inputs - 1 + padding) / dilation));
    return { kernel: Math.max(1, last - first + 1), padding: padding - first * dilation };
  });
  return {
    kernel: trimmed.map(({ kernel }) => kernel),
    padding: trimmed.map(({ padding }) => padding),
  };
}

function launch(kernel: number, outputs: readonly Tensor[], x: Tensor, call: Call): void {
  if (x.size === 0) return;
  const used = inside(call);
  const { ints, numbers } = wordsOf({ ...call, padding: used.padding });
  const sizes = inSpace(used.kernel, 1);
  x.storage.backend.run(kernel, [...outputs, x].map(spatial), ints, [...numbers, ...sizes]);
}

// The gradient of each window goes to its largest element; that of a window whose gaps lead it past
// the input, which has none, nowhere.
const maxRules = [1, 2, 3].map((dims) =>
  rule<{ shape: Shape; indices: Tensor; gaps: boolean }>(`maxPool${dims}d`, {
    vjp: [(g, { attrs: { shape, indices, gaps } }) => {
      const [batch, channels] = shape as [number, number];
      const found = gaps ? ge(indices, 0) : null;
      const at = found === null ? indices : where(found, indices, 0);
      const given = found === null ? g : where(found, g, 0);
      const places = reshape(at, [batch, channels, sizeOf(at.shape.slice(2))]);
      const zeros = zeroed(g, g.dtype, [batch, channels, sizeOf(shape.slice(2))]);
      return reshape(scatterAddChecked(zeros, 2, places, reshape(given, places.shape)), shape);
    }],
  })
);

function largest(x: Tensor, call: Call): Tensor {
  const y = result(x, x.dtype, call.y);
  const indices = result(x, "int32", call.y);
  const gaps = call.dilation.some((step) => step > 1);
  launch(maxKernel, [y, indices], x, call);
  return record1(maxRules[call.kernel.length - 1]!, x, y, { shape: x.shape, indices, gaps });
}

const sumRule = rule<Call>("sumPool", { vjp: [(g, { attrs }) => sumInput(g, attrs)] });
const sumInputRule = rule<Call>("sumPoolInput", { vjp: [(g, { attrs }) => sums(g, attrs)] });

/** The sum of each window. */
function sums(x: Tensor, call: Call): Tensor {
  const y = result(x, x.dtype, call.y);
  launch(sumKernel, [y], x, call);
  return record1(sumRule, x, y, call);
}

/** To each input the sum of the windows that it lies in. */
function sumInput(y: Tensor, call: Call): Tensor {
  const x = result(y, y.dtype, call.x);
  launch(sumInputKernel, [x], y, call);
  return record1(sumInputRule, y, x, call);
}

/** Options of any pool; of each extent one for all dimensions, or a list. */
export interface PoolOptions {
  /** Steps of the window. Default: the extents of the window, so that windows do not overlap. */
  stride?: Extents;
  /** Entries outside of the input on either side, at most half a window. Default: 0. */
  padding?: Extents;
  /** Whether a last window that reaches beyond the input counts. Default: false. */
  ceilMode?: boolean;
}

/** Options of `maxPool1d`, `maxPool2d` and `maxPool3d`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance of neighbouring entries of a window. Default: 1. */
  dilation?: Extents;
}

/** Options of `avgPool1d`, `avgPool2d` and `avgPool3d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether entries of the padding count, as zeros. Default: true. */
  countIncludePad?: boolean;
  /** What sums are divided by, in place of the number of entries. */
  divisorOverride?: number;
}

const SHARED = { stride: NUMBERS, padding: NUMBERS, ceilMode: FLAG };
const readMaxPool = optionReader<MaxPoolOptions>({ ...SHARED, dilation: NUMBERS });
const readAvgPool = optionReader<AvgPoolOptions>({
  ...SHARED,
  countIncludePad: FLAG,
  divisorOverride: NUMBER,
});

/** A pool of tensors. */
export type Pool<Options> = (x: Tensor, kernelSize: Extents, options?: Options) => Tensor;

/** How many windows there are along a dimension. */
function windows(extent: number, call: Omit<Call, "x" | "y">, i: number, ceil: boolean): number {
  const [stride, padding] = [call.stride[i]!, call.padding[i]!];
  const room = extent + 2 * padding - call.dilation[i]! * (call.kernel[i]! - 1) - 1;
  const count = (ceil ? Math.ceil : Math.floor)(room / stride) + 1;
  // A window must begin inside of the input or of what is before it.
  return ceil && (count - 1) * stride >= extent + padding ? count - 1 : count;
}

/** Checks the input and the options, and runs a pool on a batch. */
function pooled(
  op: string,
  dims: number,
  x: Tensor,
  kernelSize: Extents,
  options: MaxPoolOptions,
  run: (x: Tensor, call: Call) => Tensor,
): Tensor {
  checkFloat(op, x);
  const kernel = extentsOf(op, "kernelSize", kernelSize, dims, 1);
  const { ceilMode = false, stride = kernel, padding = 0, dilation = 1 } = options;
  const travel = { ...moveOver(op, dims, { stride, padding, dilation }), kernel };
  if (x.ndim !== dims + 1 && x.ndim !== dims + 2) {
    throw new ShapeError(
      `Cannot compute ${op}: the input must have ${dims + 1} or ${dims + 2} dimensions, got shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  if (x.shape.slice(-dims - 1).includes(0)) {
    throw new ShapeError(
      `Cannot compute ${op}: only the batch may be empty, got an input of shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  travel.padding.forEach((zeros, i) => {
    const most = Math.floor((travel.dilation[i]! * (kernel[i]! - 1) + 1) / 2);
    if (zeros <= most) return;
    throw new RangeError(
      `Cannot compute ${op}: padding must be at most half of the window, ${most}, got ${zeros}`,
    );
  });
  return batched(x, dims, (batch) => {
    const space = batch.shape.slice(2).map((extent, i) => windows(extent, travel, i, ceilMode));
    if (space.some((extent) => extent < 1)) {
      throw new ShapeError(
        `Cannot compute ${op}: windows of ${showShape(kernel)} with dilation ${
          showShape(travel.dilation)
        } do not fit into an input of shape ${showShape(x.shape)} with padding ${
          showShape(travel.padding)
        }`,
        [x.shape],
      );
    }
    const y = [...batch.shape.slice(0, 2), ...space];
    checkShape(op, y);
    return run(batch, { ...travel, x: batch.shape, y });
  });
}

function maxPool(op: string, dims: number): Pool<MaxPoolOptions> {
  return function (x, kernelSize, options?) {
    checkCount(`compute ${op}`, arguments.length, 3);
    const read = readMaxPool(`compute ${op}`, options);
    return pooled(op, dims, x, kernelSize, read, largest);
  };
}

/** What the entries of each window count along a dimension. */
function counts(call: Call, i: number, includePad: boolean): number[] {
  const [extent, padding] = [call.x[2 + i]!, call.padding[i]!];
  const [least, most] = includePad ? [-padding, extent + padding] : [0, extent];
  return Array.from({ length: call.y[2 + i]! }, (_, at) => {
    const start = at * call.stride[i]! - padding;
    return Math.min(start + call.kernel[i]!, most) - Math.max(start, least);
  });
}

/** The sums of the windows, divided by what they count. */
function averaged(x: Tensor, call: Call, includePad: boolean): Tensor {
  let y = sums(x, call);
  // Counts are products over the dimensions, and mostly all the same.
  call.kernel.forEach((_, i) => {
    const each = counts(call, i, includePad);
    const [first = 1] = each;
    if (each.every((count) => count === first)) {
      if (first !== 1) y = y.div(first);
      return;
    }
    const divisor = result(y, y.dtype, [each.length]);
    divisor.storage.backend.write(
      divisor.storage,
      y.dtype === "float32" ? Float32Array.from(each) : Float64Array.from(each),
    );
    y = y.div(reshape(divisor, [-1, ...call.kernel.slice(i + 1).map(() => 1)]));
  });
  return y;
}

function avgPool(op: string, dims: number): Pool<AvgPoolOptions> {
  return function (x, kernelSize, options?) {
    checkCount(`compute ${op}`, arguments.length, 3);
    const { countIncludePad = true, divisorOverride: divisor, ...rest } = readAvgPool(
      `compute ${op}`,
      options,
    );
    if (divisor !== undefined && (!Number.isFinite(divisor) || divisor === 0)) {
      throw new RangeError(
        `Cannot compute ${op}: divisorOverride must be a number other than 0, got ${divisor}`,
      );
    }
    return pooled(
      op,
      dims,
      x,
      kernelSize,
      rest,
      (x, call) =>
        divisor === undefined ? averaged(x, call, countIncludePad) : sums(x, call).div(divisor),
    );
  };
}

/**
 * The largest entry of each window over one dimension; its first place gets the gradient, and a NaN
 * wins. Follows `torch.nn.functional.max_pool1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 * @param kernelSize Extent of a window.
 * @returns Shape [batch, channels, (length + 2·padding − dilation·(kernelSize − 1) − 1) / stride + 1].
 * @throws {ShapeError} If no window fits into the padded input.
 *
 * @example Halves
 * ```ts
 * import { maxPool1d, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maxPool1d(tensor([[1, 3, 2, 0]]), 2).toArray(), [[3, 2]]);
 * ```
 */
export const maxPool1d: Pool<MaxPoolOptions> = maxPool("maxPool1d", 1);

/**
 * The largest entry of each window over two dimensions. Follows `torch.nn.functional.max_pool2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels, …], each extent as in `maxPool1d`.
 * @throws {ShapeError} If no window fits into the padded input.
 */
export const maxPool2d: Pool<MaxPoolOptions> = maxPool("maxPool2d", 2);

/**
 * The largest entry of each window over three dimensions. Follows `torch.nn.functional.max_pool3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels, …], each extent as in `maxPool1d`.
 * @throws {ShapeError} If no window fits into the padded input.
 */
export const maxPool3d: Pool<MaxPoolOptions> = maxPool("maxPool3d", 3);

/**
 * The mean of each window over one dimension. Follows `torch.nn.functional.avg_pool1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 * @param kernelSize Extent of a window.
 * @returns Shape [batch, channels, (length + 2·padding − kernelSize) / stride + 1].
 * @throws {ShapeError} If no window fits into the padded input.
 *
 * @example Moving averages
 * ```ts
 * import { avgPool1d, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = avgPool1d(tensor([[1, 3, 5, 7]]), 2, { stride: 1 });
 * assertEquals(y.toArray(), [[2, 4, 6]]);
 * ```
 */
export const avgPool1d: Pool<AvgPoolOptions> = avgPool("avgPool1d", 1);

/**
 * The mean of each window over two dimensions. Follows `torch.nn.functional.avg_pool2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels, …], each extent as in `avgPool1d`.
 * @throws {ShapeError} If no window fits into the padded input.
 */
export const avgPool2d: Pool<AvgPoolOptions> = avgPool("avgPool2d", 2);

/**
 * The mean of each window over three dimensions. Follows `torch.nn.functional.avg_pool3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels, …], each extent as in `avgPool1d`.
 * @throws {ShapeError} If no window fits into the padded input.
 */
export const avgPool3d: Pool<AvgPoolOptions> = avgPool("avgPool3d", 3);
