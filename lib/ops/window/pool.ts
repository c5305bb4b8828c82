/** Primitives: the largest elements of windows, and their sums. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, FLAG, NUMBERS, optionReader } from "../../core/options.ts";
import { checkShape, type Shape, sizeOf } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatch } from "../define/batch.ts";
import { checkFloat } from "../define/checks.ts";
import { record1, result, rule } from "../define/record.ts";
import { ge, where } from "../elementwise/compare.ts";
import { gatherChecked, scatteredSums } from "../index/primitives.ts";
import { reshape } from "../shape/primitives.ts";
import {
  asOneBatch,
  batched,
  type Extents,
  extentsOf,
  inSpace,
  spatial,
  type WindowGeometry,
  windowGeometry,
  wordsOf,
} from "./geometry.ts";

/** What a pool was called with: how its window moves, and the shapes of input and output. */
export interface Call extends WindowGeometry {
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
  rule<Call & { indices: Tensor | null }>(`maxPool${dims}d`, {
    vjp: [(g, { attrs }) => {
      const { found, places } = largestPlaces(attrs, attrs.indices!);
      const given = found === null ? g : where(found, g, 0);
      const sums = scatteredSums(flatSpace(attrs.x), 2, places, reshape(given, places.shape));
      return reshape(sums, attrs.x);
    }],
    jvp: ([t], { attrs }) => {
      const { found, places } = largestPlaces(attrs, attrs.indices!);
      const taken = reshape(gatherChecked(reshape(t!, flatSpace(attrs.x)), 2, places), attrs.y);
      return found === null ? taken : where(found, taken, 0);
    },
    batch: ([x], call, { size }) => asOneBatch(x!, call, size, largest),
  })
);

/** A shape with one dimension of space. */
function flatSpace(shape: Shape): Shape {
  return [shape[0]!, shape[1]!, sizeOf(shape.slice(2))];
}

/** Where the largest elements stand, and which windows have one; null for all. */
function largestPlaces({ dilation, y }: Call, indices: Tensor) {
  const found = dilation.some((step) => step > 1) ? ge(indices, 0) : null;
  const at = found === null ? indices : where(found, indices, 0);
  return { found, places: reshape(at, flatSpace(y)) };
}

function largest(x: Tensor, call: Call): Tensor {
  const rule = maxRules[call.kernel.length - 1]!;
  if (x.batched !== null) return inBatch(rule.batch, [x], { ...call, indices: null })[0]!;
  const y = result(x, x.dtype, call.y);
  const indices = result(x, "int32", call.y);
  launch(maxKernel, [y, indices], x, call);
  return record1(rule, x, y, { ...call, indices });
}

const sumRule = rule<Call>("sumPool", {
  vjp: [(g, { attrs }) => sumInput(g, attrs)],
  jvp: ([t], { attrs }) => sums(t!, attrs),
  batch: ([x], call, { size }) => asOneBatch(x!, call, size, sums),
});
const sumInputRule = rule<Call>("sumPoolInput", {
  vjp: [(g, { attrs }) => sums(g, attrs)],
  jvp: ([t], { attrs }) => sumInput(t!, attrs),
  batch: ([y], call, { size }) => asOneBatch(y!, call, size, sumInput),
});

/** The sum of each window. */
export function sums(x: Tensor, call: Call): Tensor {
  if (x.batched !== null) return inBatch(sumRule.batch, [x], call)[0]!;
  const y = result(x, x.dtype, call.y);
  launch(sumKernel, [y], x, call);
  return record1(sumRule, x, y, call);
}

/** To each input the sum of the windows that it lies in. */
function sumInput(y: Tensor, call: Call): Tensor {
  if (y.batched !== null) return inBatch(sumInputRule.batch, [y], call)[0]!;
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

export const SHARED = { stride: NUMBERS, padding: NUMBERS, ceilMode: FLAG };

const readMaxPool = optionReader<MaxPoolOptions>({ ...SHARED, dilation: NUMBERS });

/** A pool of tensors. */
export type Pool<Options> = (x: Tensor, kernelSize: Extents, options?: Options) => Tensor;

/** How many windows there are along a dimension. */
export function windows(
  extent: number,
  call: Omit<Call, "x" | "y">,
  i: number,
  ceil: boolean,
): number {
  const [stride, padding] = [call.stride[i]!, call.padding[i]!];
  const room = extent + 2 * padding - call.dilation[i]! * (call.kernel[i]! - 1) - 1;
  const count = (ceil ? Math.ceil : Math.floor)(room / stride) + 1;
  // A window must begin inside of the input or of what is before it.
  return ceil && (count - 1) * stride >= extent + padding ? count - 1 : count;
}

/** Checks the input and the options, and runs a pool on a batch. */
export function pooled(
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
  const geometry = { ...windowGeometry(op, dims, { stride, padding, dilation }), kernel };
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
  geometry.padding.forEach((zeros, i) => {
    const most = Math.floor((geometry.dilation[i]! * (kernel[i]! - 1) + 1) / 2);
    if (zeros <= most) return;
    throw new RangeError(
      `Cannot compute ${op}: padding must be at most half of the window, ${most}, got ${zeros}`,
    );
  });
  return batched(x, dims, (batch) => {
    const space = batch.shape.slice(2).map((extent, i) => windows(extent, geometry, i, ceilMode));
    if (space.some((extent) => extent < 1)) {
      throw new ShapeError(
        `Cannot compute ${op}: windows of ${showShape(kernel)} with dilation ${
          showShape(geometry.dilation)
        } do not fit into an input of shape ${showShape(x.shape)} with padding ${
          showShape(geometry.padding)
        }`,
        [x.shape],
      );
    }
    const y = [...batch.shape.slice(0, 2), ...space];
    checkShape(op, y);
    return run(batch, { ...geometry, x: batch.shape, y });
  });
}

function maxPool(op: string, dims: number): Pool<MaxPoolOptions> {
  return function (x, kernelSize, options?) {
    checkCount(`compute ${op}`, arguments.length, 3);
    const read = readMaxPool(`compute ${op}`, options);
    return pooled(op, dims, x, kernelSize, read, largest);
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
