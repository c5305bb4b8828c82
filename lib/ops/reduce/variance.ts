/** Fused: variance and standard deviation, of which one kernel gives either. */

import { checkCount, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import { normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat } from "../define/checks.ts";
import { behindBatch } from "../define/batch.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { eq, where } from "../elementwise/compare.ts";
import { reshape } from "../shape/primitives.ts";
import { normOver } from "./norm.ts";
import { type Dims, meanOver, plan, type ReduceOptions, sumOver } from "./primitives.ts";

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements before dividing by it. Default: 1. */
  correction?: number;
}

const readVariance = optionReader<VarianceOptions>({ correction: NUMBER, keepdim: FLAG });

/** What a call says, once it is understood. */
interface Call {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** What the sum of the squares is divided by. */
  readonly divisor: number;
}

function understood(
  op: string,
  x: Tensor,
  dim: Dims,
  options: VarianceOptions | undefined,
): Call {
  checkFloat(op, x);
  const { correction = 1, keepdim = false } = readVariance(`compute ${op}`, options);
  if (!Number.isFinite(correction)) {
    throw new RangeError(`Cannot compute ${op}: correction must be finite, got ${correction}`);
  }
  const dims = normalizeDims(op, dim, x.ndim);
  const count = dims.reduce((n, i) => n * x.shape[i]!, 1);
  return { dims, keepdim, divisor: Math.max(0, count - correction) };
}

/** Distances from the mean. A mean of large numbers is rounded; that of the small rest is not. */
export function centered(x: Tensor, dims: readonly number[]): Tensor {
  const near = x.sub(meanOver(x, dims, true));
  return near.sub(meanOver(near, dims, true));
}

/** What the kernel is told and gives, for either op. */
function launch(root: boolean) {
  return {
    kernel: "variance",
    operands: ([x]: readonly (Tensor | null)[], { dims }: Call) => [plan(x!, dims, false).view],
    shapes: ([x]: readonly (Tensor | null)[], { dims, keepdim }: Call) => [
      plan(x!, dims, keepdim).shape,
    ],
    parameters: ({ dims, divisor }: Call, [x]: readonly (Tensor | null)[]) => ({
      ints: [x!.ndim - dims.length, Number(root)],
      numbers: [divisor],
    }),
  };
}

// y = Σ (x − m)² / n: x̄ = ȳ·2(x − m)/n
const fusedVariance: FusedOp<Call> = fused<Call>("variance", {
  ...launch(false),
  composite: ([x], { dims, keepdim, divisor }) => [
    sumOver(centered(x!, dims).square(), dims, keepdim).div(divisor),
  ],
  batch: ([x], call) => fusedVariance([x!], { ...call, dims: behindBatch(call.dims) }),
  saves: "a",
  vjp: ([g], { a, attrs: { dims, divisor } }) => [
    centered(a, dims).mul(reshape(g!.div(divisor).mul(2), plan(a, dims, true).kept)),
  ],
});

// y = √(Σ (x − m)² / n): x̄ = ȳ·(x − m)/(n·y), 0 where y is 0. The squares may leave the range where
// their root does not.
const fusedStd: FusedOp<Call> = fused<Call>("std", {
  ...launch(true),
  composite: ([x], { dims, keepdim, divisor }) => [
    normOver("std", centered(x!, dims), 2, dims, keepdim).div(Math.sqrt(divisor)),
  ],
  batch: ([x], call) => fusedStd([x!], { ...call, dims: behindBatch(call.dims) }),
  saves: "ay",
  vjp: ([g], { a, y, attrs: { dims, divisor } }) => {
    const { kept } = plan(a, dims, true);
    const zero = reshape(eq(y, 0), kept);
    return [
      centered(a, dims).div(where(zero, 1, reshape(y, kept)))
        .mul(where(zero, 0, reshape(g!.div(divisor), kept))),
    ];
  },
});

/**
 * Mean squared distance from the mean, over dimensions. As a method `var`. Follows `torch.var`.
 *
 * @param dim The dimensions; all by default.
 * @returns NaN where there are no more elements than `correction`.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Of a sample and of a population
 * ```ts
 * import { tensor, variance } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2, 3, 6]);
 * assertEquals(variance(x, 0, { correction: 0 }).item(), 3.5);
 * assertEquals(x.mul(3).var().item(), 42);
 * ```
 */
export function variance(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  checkCount("compute variance", arguments.length, 3);
  return fusedVariance([x], understood("variance", x, dim, options))[0]!;
}

/**
 * Square root of the variance, over dimensions; where it is 0, so is the gradient. Follows
 * `torch.std`.
 *
 * @param dim The dimensions; all by default.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Of a sample, and of all
 * ```ts
 * import { std, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 1, 5, 5]);
 * assertEquals(std(x, undefined, { correction: 0 }).item(), 2);
 * assertEquals(std(x).item() > 2, true);
 * ```
 */
export function std(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  checkCount("compute std", arguments.length, 3);
  return fusedStd([x], understood("std", x, dim, options))[0]!;
}
