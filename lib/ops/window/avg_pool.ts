/** Composites: pools of means, by way of sums over windows. */

import { CODES, newArray } from "../../core/dtype.ts";
import { checkCount, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { result } from "../define/record.ts";
import { composites } from "../registry.ts";
import { reshape } from "../shape/primitives.ts";
import { type Call, type Pool, pooled, type PoolOptions, SHARED, sums } from "./pool.ts";

/** Options of `avgPool1d`, `avgPool2d` and `avgPool3d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether entries of the padding count, as zeros. Default: true. */
  countIncludePad?: boolean;
  /** What sums are divided by, in place of the number of entries. Default: none. */
  divisorOverride?: number;
}

const readAvgPool = optionReader<AvgPoolOptions>({
  ...SHARED,
  countIncludePad: FLAG,
  divisorOverride: NUMBER,
});

/** What the entries of each window count along a dimension. */
export function counts(call: Call, i: number, includePad: boolean): number[] {
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
    const divisors = newArray(CODES[y.dtype], each.length);
    divisors.set(each);
    divisor.storage.backend.write(divisor.storage, divisors);
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

composites({ avgPool1d, avgPool2d, avgPool3d });
