/** Composites: functions of other ops, without a kernel or a rule. The default for anything new. */

import { dtypeOfNumber, isFloat, promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { broadcastShapes } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkDevices, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { extremeOver } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { eq, gt, le, lt, where } from "./compare.ts";
import { logicalAnd, logicalOr } from "./logic.ts";

/** What exponentials over dimensions subtract: the maximum, 0 where it is not finite. */
export function shiftOf(x: Tensor, dims: readonly number[]): Tensor {
  const largest = extremeOver("max", "max", x, dims);
  return where(gt(largest, -Infinity).mul(lt(largest, Infinity)), largest, 0);
}

/**
 * The point between two tensors, a + weight · (b − a). Follows `torch.lerp`.
 *
 * @param weight 0 for a, 1 for b; a number, or a tensor that broadcasts.
 *
 * @example A quarter of the way
 * ```ts
 * import { lerp, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lerp(tensor([0, 4]), tensor([8, 4]), 0.25).toArray(), [2, 4]);
 * ```
 */
export function lerp(a: Tensor, b: Tensor, weight: Tensor | number): Tensor {
  checkCount("compute lerp", arguments.length, 3);
  checkTensor("lerp", a, "the start");
  checkTensor("lerp", b, "the end");
  const shape = broadcastShapes("lerp", a.shape, b.shape);
  if (typeof weight !== "number") {
    checkTensor("lerp", weight, "the weight", TENSOR_OR_NUMBER);
    broadcastShapes("lerp", shape, weight.shape);
    if (weight.dtype === "bool") {
      throw new DTypeError("Cannot compute lerp: the weight is bool; cast it first");
    }
  }
  [a, b] = floating(a, b);
  // Half the difference cannot overflow; starting from the nearer end, both ends are exact.
  const half = b.mul(0.5).sub(a.mul(0.5));
  const fromStart = () => a.add(half.mul(doubled(weight)));
  const fromEnd = () => b.sub(half.mul(doubled(rest(weight))));
  if (typeof weight === "number") return weight < 0.5 ? fromStart() : fromEnd();
  return where(lt(weight, 0.5), fromStart(), fromEnd());
}

/** Both inputs in the floating type of their result, so that no op of a single one rounds to less. */
function floating(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const common = promote(a.dtype, a.ndim, b.dtype, b.ndim);
  const dtype = isFloat(common) ? common : "float32";
  return [castTo(a, dtype), castTo(b, dtype)];
}

function doubled(weight: Tensor | number): Tensor | number {
  return typeof weight === "number" ? 2 * weight : weight.mul(2);
}

function rest(weight: Tensor | number): Tensor | number {
  return typeof weight === "number" ? 1 - weight : weight.neg().add(1);
}

/**
 * ln σ(x) = −ln(1 + e⁻ˣ), without overflow. Follows `torch.nn.functional.logsigmoid`.
 *
 * @example No overflow
 * ```ts
 * import { logSigmoid, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(logSigmoid(tensor([-1000, 1000])).toArray(), [-1000, 0]);
 * ```
 */
export function logSigmoid(x: Tensor): Tensor {
  checkCount("compute logSigmoid", arguments.length, 1);
  checkTensor("logSigmoid", x);
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute logSigmoid: the input is bool; cast it first");
  }
  return x.neg().softplus().neg();
}

/**
 * a · ln b, and 0 where a is 0 unless b is NaN. Where a is 0 and b is not positive, the gradients are
 * 0. Broadcasts; either side may be a number. Follows `torch.xlogy`.
 *
 * @example An entropy
 * ```ts
 * import { tensor, xlogy } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const p = tensor([0, 1]);
 * assertEquals(xlogy(p, p).sum().item(), 0);
 * ```
 */
export function xlogy(a: Tensor | number, b: Tensor | number): Tensor {
  checkCount("compute xlogy", arguments.length, 2);
  if (typeof a === "number") {
    checkTensor("xlogy", b, "one side");
    a = scalar(a, dtypeOfNumber(a, b.dtype), b);
  }
  checkTensor("xlogy", a, typeof b === "number" ? "one side" : "the first input");
  if (typeof b === "number") b = scalar(b, dtypeOfNumber(b, a.dtype), a);
  checkTensor("xlogy", b, "the second input", TENSOR_OR_NUMBER);
  checkDevices("xlogy", a, b);
  broadcastShapes("xlogy", a.shape, b.shape);
  [a, b] = floating(a, b);
  const flat = logicalAnd(eq(a, 0), logicalOr(le(b, 0), eq(b, Infinity)));
  return a.mul(where(flat, 1, b).log());
}

/**
 * 0 for negative elements and NaN, 1 for positive ones, and `values` for those that are 0, which get
 * the gradient. Broadcasts. Follows `torch.heaviside`, which has no gradient.
 *
 * @example A step
 * ```ts
 * import { heaviside, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(heaviside(tensor([-1, 0, 2]), tensor(0.5)).toArray(), [0, 0.5, 1]);
 * ```
 */
export function heaviside(x: Tensor, values: Tensor): Tensor {
  checkCount("compute heaviside", arguments.length, 2);
  checkTensor("heaviside", x);
  checkTensor("heaviside", values, "values");
  checkDevices("heaviside", x, values);
  broadcastShapes("heaviside", x.shape, values.shape);
  // The sign is recorded, and has the gradient 0 that the step has.
  const step = x.dtype === "bool" ? x : where(gt(x, 0), x.sign(), 0);
  return where(eq(x, 0), values, step);
}

composites({ lerp, logSigmoid, xlogy, heaviside });
