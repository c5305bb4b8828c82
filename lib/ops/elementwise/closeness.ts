/** Composites: whether tensors are equal or close. */

import { isFloat } from "../../core/dtype.ts";
import { checkCount, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import { broadcastShapes, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, numberOf } from "../copy/copy.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { all } from "../reduce/composites.ts";
import { composites } from "../registry.ts";
import { eq, le, lt, ne } from "./compare.ts";
import { logicalAnd, logicalOr } from "./logic.ts";

/** Options of `isclose` and `allclose`. */
export interface ClosenessOptions {
  /** Relative tolerance: a fraction of the second element. Default: 1e-5. */
  rtol?: number;
  /** Absolute tolerance, which is added. Default: 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN. Default: false. */
  equalNan?: boolean;
}

const readCloseness = optionReader<ClosenessOptions>({
  rtol: NUMBER,
  atol: NUMBER,
  equalNan: FLAG,
});

function checkPair(op: string, a: Tensor, b: Tensor): void {
  checkTensor(op, a, "the first input");
  checkTensor(op, b, "the second input");
  checkDevices(op, a, b);
}

/** `isclose` under the name of the op that needs it. */
function closeness(
  op: string,
  a: Tensor,
  b: Tensor,
  options: ClosenessOptions | undefined,
): Tensor {
  checkPair(op, a, b);
  broadcastShapes(op, a.shape, b.shape);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = readCloseness(`compute ${op}`, options);
  for (const [name, value] of [["rtol", rtol], ["atol", atol]] as const) {
    if (value >= 0) continue;
    throw new RangeError(`Cannot compute ${op}: ${name} must not be negative, got ${value}`);
  }
  const [x, y] = [a, b].map((side) => isFloat(side.dtype) ? side : castTo(side, "float32"));
  const away = x!.sub(y!).abs();
  // Equal infinities are close, though their difference is NaN.
  const near = logicalAnd(le(away, y!.abs().mul(rtol).add(atol)), lt(away, Infinity));
  const close = logicalOr(eq(a, b), near);
  return equalNan ? logicalOr(close, logicalAnd(ne(a, a), ne(b, b))) : close;
}

/**
 * Whether elements are close, |a − b| ≤ atol + rtol · |b|, as bool; infinities only if they are equal.
 * Broadcasts. Follows `torch.isclose`.
 *
 * @throws {RangeError} If a tolerance is negative.
 *
 * @example Within a tolerance
 * ```ts
 * import { isclose, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [tensor([1, 2]), tensor([1.001, 2])];
 * assertEquals(isclose(a, b).toArray(), [false, true]);
 * assertEquals(isclose(a, b, { rtol: 0.01 }).toArray(), [true, true]);
 * ```
 */
export function isclose(a: Tensor, b: Tensor, options?: ClosenessOptions): Tensor {
  checkCount("compute isclose", arguments.length, 3);
  return closeness("isclose", a, b, options);
}

/**
 * Whether all elements are close, as in `isclose`. Follows `torch.allclose`.
 *
 * @returns True or false, not a tensor.
 * @throws {RangeError} If a tolerance is negative.
 *
 * @example A result within rounding
 * ```ts
 * import { allclose, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * assert(allclose(tensor([0.1]).mul(3), tensor([0.3])));
 * assert(!allclose(tensor([1]), tensor([1.001]), { rtol: 1e-4 }));
 * ```
 */
export function allclose(a: Tensor, b: Tensor, options?: ClosenessOptions): boolean {
  checkCount("compute allclose", arguments.length, 3);
  return numberOf(all(closeness("allclose", a, b, options)), "allclose") === 1;
}

/**
 * Whether two tensors have the same shape and elements, whatever their types; NaN equals nothing.
 * Follows `torch.equal`.
 *
 * @returns True or false, not a tensor.
 *
 * @example Shape and elements
 * ```ts
 * import { equal, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(equal(tensor([1, 2]), tensor([1, 2])), true);
 * assertEquals(equal(tensor([1, 2]), tensor([[1, 2]])), false);
 * ```
 */
export function equal(a: Tensor, b: Tensor): boolean {
  checkCount("compute equal", arguments.length, 2);
  checkPair("equal", a, b);
  return sameShape(a.shape, b.shape) && numberOf(all(eq(a, b)), "equal") === 1;
}

composites({ isclose, allclose, equal });
