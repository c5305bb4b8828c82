/** Primitives: convolutions in one to three dimensions, and their transposes, by way of their kernels. */

import { CODES, type DType } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  kind,
  NUMBER,
  NUMBERS,
  optionReader,
  orNull,
  shown,
  TENSOR,
} from "../../core/options.ts";
import {
  checkRoom,
  checkShape,
  extentAt,
  sameShape,
  type Shape,
  sizeOf,
} from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { pad, reshape } from "../shape/primitives.ts";
import { toInput, toOutput } from "./conv_kernels.ts";
import { batched, type Extents, windowGeometry } from "./geometry.ts";

/** Options that a convolution and its transpose share. */
export interface SharedConvOptions {
  /** Shape [out channels]; null or undefined for none. */
  bias?: Tensor | null;
  /** Steps of the window. Default: 1. */
  stride?: Extents;
  /** Distance of neighbouring taps of the window. Default: 1. */
  dilation?: Extents;
  /** Parts into which the channels fall, each with filters of its own. Default: 1. */
  groups?: number;
}

/** Options of `conv1d`, `conv2d` and `conv3d`; of each extent one for all dimensions, or a list. */
export interface ConvOptions extends SharedConvOptions {
  /**
   * Zeros on either side; "same" for as many as keep the extents, where the stride is 1; "valid" for
   * none. Default: 0.
   */
  padding?: Extents | "same" | "valid";
}

/** Options of `convTranspose1d`, `2d` and `3d`; of each extent one for all dimensions, or a list. */
export interface ConvTransposeOptions extends SharedConvOptions {
  /** Zeros that the convolution had on either side: taken away here. Default: 0. */
  padding?: Extents;
  /** Entries added at the end, fewer than the stride or the dilation. Default: 0. */
  outputPadding?: Extents;
}

const SHARED = {
  bias: orNull(TENSOR),
  stride: NUMBERS,
  dilation: NUMBERS,
  groups: NUMBER,
};

const readConv = optionReader<ConvOptions>({
  ...SHARED,
  padding: kind(
    'a number, an array of numbers, "same" or "valid"',
    (value) => NUMBERS.accepts(value) || value === "same" || value === "valid",
  ),
});

const readConvTranspose = optionReader<ConvTransposeOptions>({
  ...SHARED,
  padding: NUMBERS,
  outputPadding: NUMBERS,
});

/** A convolution of tensors. */
export type Convolution<Options> = (x: Tensor, weight: Tensor, options?: Options) => Tensor;

/** Refuses operands that do not belong together; gives the number of groups. */
function checkOperands(
  op: string,
  dims: number,
  x: Tensor,
  weight: Tensor,
  { bias, groups = 1 }: SharedConvOptions,
  transposed: boolean,
): number {
  checkFloat(op, x);
  checkTensor(op, weight, "the weight");
  for (const [role, other] of [["the weight", weight], ["the bias", bias]] as const) {
    if (other === undefined || other === null) continue;
    checkTensor(op, other, role);
    checkDevices(op, x, other);
    if (other.dtype !== x.dtype) {
      throw new DTypeError(
        `Cannot compute ${op}: ${role} must be ${x.dtype} like the input, got ${other.dtype}`,
      );
    }
  }
  const fail = (needed: string) => {
    throw new ShapeError(
      `Cannot compute ${op}: ${needed}, got an input of shape ${showShape(x.shape)}, a weight of ` +
        `${showShape(weight.shape)} and ${groups} groups`,
      [x.shape, weight.shape],
    );
  };
  if ((x.ndim !== dims + 1 && x.ndim !== dims + 2) || weight.ndim !== dims + 2) {
    fail(`it needs an input of ${dims + 1} or ${dims + 2} dimensions and a weight of ${dims + 2}`);
  }
  if (!Number.isInteger(groups) || groups < 1) {
    throw new RangeError(
      `Cannot compute ${op}: groups must be a positive integer, got ${shown(groups)}`,
    );
  }
  const [first, second] = weight.shape as [number, number];
  const channels = extentAt(x.shape, -dims - 1);
  if (transposed) {
    if (channels !== first) fail("the weight's first extent must be that of the input channels");
  } else if (channels !== second * groups) {
    fail("the input must have groups times as many channels as the weight's second extent");
  }
  if (first % groups !== 0) fail("groups must divide the weight's first extent");
  const filters = transposed ? second * groups : first;
  if (bias !== undefined && bias !== null && !sameShape(bias.shape, [filters])) {
    throw new ShapeError(
      `Cannot compute ${op}: the bias must have shape [${filters}], got ${showShape(bias.shape)}`,
      [bias.shape],
    );
  }
  return groups;
}

/** Padding that keeps the extents: half on either side, what is odd at the end, by an own step. */
function keepExtents(op: string, x: Tensor, stride: readonly number[], reach: readonly number[]) {
  if (stride.some((step) => step !== 1)) {
    throw new RangeError(`Cannot compute ${op}: padding "same" needs a stride of 1, got ${stride}`);
  }
  const odd = reach.map((zeros) => [0, zeros % 2]).toReversed().flat();
  const padding = reach.map((zeros) => Math.floor(zeros / 2));
  return { padding, padded: odd.some((zeros) => zeros > 0) ? pad(x, odd) : x };
}

/** Refuses an input that is too large with its zeros on either side, which the kernels write out. */
function checkPadded(op: string, shape: Shape, dtype: DType, padding: readonly number[]): void {
  const padded = shape.map((extent, i) => i < 2 ? extent : extent + 2 * padding[i - 2]!);
  checkRoom(padded, sizeOf(padded), CODES[dtype], `the padded input of ${op}`);
}

/** Steps of a window, 1 where it takes none: the kernels part their input by steps. */
function usedSteps(stride: readonly number[], windows: readonly number[]): readonly number[] {
  return stride.map((step, i) => windows[i]! > 1 ? step : 1);
}

function convolution(op: string, dims: number): Convolution<ConvOptions> {
  return function (x, weight, given?) {
    checkCount(`compute ${op}`, arguments.length, 3);
    const options = readConv(`compute ${op}`, given);
    const groups = checkOperands(op, dims, x, weight, options, false);
    const kernel = weight.shape.slice(2);
    const { padding: asked = 0, ...rest } = options;
    const own = typeof asked === "string" ? 0 : asked;
    let { stride, dilation, padding } = windowGeometry(op, dims, { ...rest, padding: own });
    if (asked === "same") {
      const reach = kernel.map((extent, i) => dilation[i]! * (extent - 1));
      ({ padding, padded: x } = keepExtents(op, x, stride, reach));
    }
    return batched(x, dims, (x) => {
      const space = kernel.map((extent, i) => {
        const room = x.shape[2 + i]! + 2 * padding[i]! - dilation[i]! * (extent - 1) - 1;
        return Math.floor(room / stride[i]!) + 1;
      });
      if (space.some((extent) => extent < 1) || kernel.includes(0)) {
        throw new ShapeError(
          `Cannot compute ${op}: windows of ${showShape(kernel)} with dilation ${
            showShape(dilation)
          } do not fit into an input of shape ${showShape(x.shape)} with padding ${
            showShape(padding)
          }`,
          [x.shape, weight.shape],
        );
      }
      const y = [x.shape[0]!, weight.shape[0]!, ...space];
      checkShape(op, y);
      checkPadded(op, x.shape, x.dtype, padding);
      const call = {
        stride: usedSteps(stride, space),
        padding,
        dilation,
        groups,
        x: x.shape,
        w: weight.shape,
        y,
      };
      const { bias } = options;
      return toOutput(bias ? [x, weight, bias] : [x, weight], call);
    });
  };
}

function transposedConvolution(op: string, dims: number): Convolution<ConvTransposeOptions> {
  return function (x, weight, given?) {
    checkCount(`compute ${op}`, arguments.length, 3);
    const options = readConvTranspose(`compute ${op}`, given);
    const groups = checkOperands(op, dims, x, weight, options, true);
    const { stride, padding, dilation, outputPadding } = windowGeometry(op, dims, options);
    outputPadding.forEach((extra, i) => {
      const limit = Math.max(stride[i]!, dilation[i]!);
      if (extra < limit) return;
      throw new RangeError(
        `Cannot compute ${op}: outputPadding must be less than the stride or the dilation, ` +
          `${limit}, got ${extra}`,
      );
    });
    return batched(x, dims, (x) => {
      const space = weight.shape.slice(2).map((extent, i) =>
        (x.shape[2 + i]! - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (extent - 1) +
        outputPadding[i]! + 1
      );
      if (space.some((extent) => extent < 1)) {
        throw new ShapeError(
          `Cannot compute ${op}: the output of an input of shape ${
            showShape(x.shape)
          } would have extents ${showShape(space)}, with padding ${showShape(padding)}`,
          [x.shape, weight.shape],
        );
      }
      const out = [x.shape[0]!, weight.shape[1]! * groups, ...space];
      checkShape(op, out);
      checkPadded(op, out, x.dtype, padding);
      const y = toInput(x, weight, {
        stride: usedSteps(stride, x.shape.slice(2)),
        padding,
        dilation,
        groups,
        x: out,
        w: weight.shape,
        y: x.shape,
      });
      const { bias } = options;
      return bias ? y.add(reshape(bias, [-1, ...space.map(() => 1)])) : y;
    });
  };
}

/**
 * Cross-correlation with filters over one dimension: y[o][p] = b[o] + Σ w[o][c][k] · x[c][s·p + d·k −
 * padding], outside of x 0. Follows `torch.nn.functional.conv1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 * @param weight Shape [filters, channels / groups, taps], of the input's type.
 * @returns Shape [batch, filters, (length + 2·padding − dilation·(taps − 1) − 1) / stride + 1].
 * @throws {ShapeError} If the channels do not fit the weight, or the window not the padded input.
 *
 * @example Differences of neighbours
 * ```ts
 * import { conv1d, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = conv1d(tensor([[1, 4, 9, 16]]), tensor([[[-1, 1]]]));
 * assertEquals(y.toArray(), [[3, 5, 7]]);
 * ```
 */
export const conv1d: Convolution<ConvOptions> = convolution("conv1d", 1);

/**
 * Cross-correlation with filters over two dimensions. Follows `torch.nn.functional.conv2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 * @param weight Shape [filters, channels / groups, rows, columns], of the input's type.
 * @returns Shape [batch, filters, …], each extent as in `conv1d`.
 * @throws {ShapeError} If the channels do not fit the weight, or the window not the padded input.
 *
 * @example Sums of neighbours
 * ```ts
 * import { conv2d, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = conv2d(ones([1, 3, 3]), ones([1, 1, 3, 3]), { padding: 1 });
 * assertEquals(y.toArray(), [[[4, 6, 4], [6, 9, 6], [4, 6, 4]]]);
 * ```
 */
export const conv2d: Convolution<ConvOptions> = convolution("conv2d", 2);

/**
 * Cross-correlation with filters over three dimensions. Follows `torch.nn.functional.conv3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 * @param weight Shape [filters, channels / groups, planes, rows, columns], of the input's type.
 * @returns Shape [batch, filters, …], each extent as in `conv1d`.
 * @throws {ShapeError} If the channels do not fit the weight, or the window not the padded input.
 */
export const conv3d: Convolution<ConvOptions> = convolution("conv3d", 3);

/**
 * What leads back through `conv1d` with the same weight: each input adds the filters, times its
 * value, to the outputs of its window. Follows `torch.nn.functional.conv_transpose1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 * @param weight Shape [channels, out channels / groups, taps], of the input's type.
 * @returns Shape [batch, out channels, (length − 1)·stride − 2·padding + dilation·(taps − 1) +
 * outputPadding + 1].
 * @throws {ShapeError} If the channels do not fit the weight, or nothing is left of an extent.
 *
 * @example Every input makes two outputs
 * ```ts
 * import { convTranspose1d, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = convTranspose1d(tensor([[1, 2]]), tensor([[[1, 10]]]), { stride: 2 });
 * assertEquals(y.toArray(), [[1, 10, 2, 20]]);
 * ```
 */
export const convTranspose1d: Convolution<ConvTransposeOptions> = transposedConvolution(
  "convTranspose1d",
  1,
);

/**
 * What leads back through `conv2d` with the same weight. Follows
 * `torch.nn.functional.conv_transpose2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 * @param weight Shape [channels, out channels / groups, rows, columns], of the input's type.
 * @returns Shape [batch, out channels, …], each extent as in `convTranspose1d`.
 * @throws {ShapeError} If the channels do not fit the weight, or nothing is left of an extent.
 */
export const convTranspose2d: Convolution<ConvTransposeOptions> = transposedConvolution(
  "convTranspose2d",
  2,
);

/**
 * What leads back through `conv3d` with the same weight. Follows
 * `torch.nn.functional.conv_transpose3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 * @param weight Shape [channels, out channels / groups, planes, rows, columns], of the input's type.
 * @returns Shape [batch, out channels, …], each extent as in `convTranspose1d`.
 * @throws {ShapeError} If the channels do not fit the weight, or nothing is left of an extent.
 */
export const convTranspose3d: Convolution<ConvTransposeOptions> = transposedConvolution(
  "convTranspose3d",
  3,
);
