/** Fused: clamping. Bounds that are numbers have a kernel; bounds that are tensors use other ops. */

import { wrongKind } from "../../core/arguments.ts";
import { isFloat } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount, isPlainObject } from "../../core/options.ts";
import { broadcastShapes } from "../../core/shape.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define/checks.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { maximum, minimum } from "./binary.ts";
import { ge, gt, le, lt, ne, where } from "./compare.ts";

/** The bounds; null for none. The lower one is not above the upper one. */
interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
}

/** The composite form of `clamp` to numbers. */
export function clampComposite(x: Tensor, { min, max }: Bounds): Tensor {
  const constant = x.detach();
  const below = max === null ? null : lt(constant, max);
  const above = min === null ? null : gt(constant, min);
  const lowered = max === null ? constant : where(ge(constant, max), max, constant);
  const bounded = min === null ? lowered : where(le(constant, min), min, lowered);
  const inside = below === null ? above : above === null ? below : below.mul(above);
  return where(inside!, x, bounded);
}

const held: FusedOp<Bounds> = fused<Bounds>("clamp", {
  composite: ([x], bounds) => [clampComposite(x!, bounds)],
  kernel: "clamp",
  shapes: ([x]) => [x!.shape],
  parameters: ({ min, max }) => ({
    ints: [Number(min !== null), Number(max !== null)],
    numbers: [min ?? -Infinity, max ?? Infinity],
  }),
  batch: ([x], bounds) => held([x!], bounds),
  saves: "a",
  gradKernel: "clamp_grad",
});

/** Refuses an invalid bound. */
function checkBound(role: string, bound: unknown): void {
  if (bound === null || typeof bound === "number" || isTensor(bound)) return;
  const { message } = wrongKind("compute clamp", role, "a tensor, a number or null", bound);
  const form = isPlainObject(bound) ? "; pass it by position, as in clamp(0, null)" : "";
  throw new TypeError(message + form);
}

/**
 * The elements, no smaller than `min` and no larger than `max`. With numbers the gradient is 1
 * between the bounds and 0 at and beyond them; with tensors, an element that equals a bound shares it.
 * Follows `torch.clamp`.
 *
 * @param min Lower bound, a number or a tensor; null for none.
 * @param max Upper bound, which takes precedence where it is below `min`.
 *
 * @example Both bounds
 * ```ts
 * import { clamp, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(clamp(tensor([-2, 0.5, 3]), -1, 1).toArray(), [-1, 0.5, 1]);
 * ```
 */
export function clamp(
  x: Tensor,
  min: Tensor | number | null = null,
  max: Tensor | number | null = null,
): Tensor {
  checkCount("compute clamp", arguments.length, 3);
  checkTensor("clamp", x);
  checkBound("the lower bound", min);
  checkBound("the upper bound", max);
  if (min === null && max === null) {
    throw new TypeError(
      "Cannot compute clamp: at least one of min and max must be given, got none",
    );
  }
  if (x.dtype === "bool") {
    throw new DTypeError("Cannot compute clamp: the input is bool; cast it first");
  }
  if (isTensor(min) || isTensor(max)) {
    for (const bound of [min, max]) {
      if (isTensor(bound)) broadcastShapes("clamp", x.shape, bound.shape);
    }
    // A NaN passes, and the bounds get no gradient for it.
    const unlessNaN = (bound: Tensor | number) => where(ne(x, x), x.detach(), bound);
    const raised = min === null ? x : maximum(x, unlessNaN(min));
    return max === null ? raised : minimum(raised, unlessNaN(max));
  }
  if (Number.isNaN(min) || Number.isNaN(max)) return x.mul(0).add(NaN);
  const bounds = { min: min === null || max === null ? min : Math.min(min, max), max };
  return isFloat(x.dtype) ? held([x], bounds)[0]! : clampComposite(x, bounds);
}
