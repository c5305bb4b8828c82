/** Primitives: comparisons, which give bool, and selection between two tensors by a condition. */

import { DIAGONAL, NONE } from "../../autograd/tape.ts";
import { dtypeOfNumber, promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { broadcastShapes } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { inBatch } from "../define/batch.ts";
import { checkDevices, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { binary, type BinaryOp } from "../define/elementwise.ts";
import { recordAll, result, rule, scalar } from "../define/record.ts";

/** A comparison: any types, bool out, no gradient. */
function compare(name: string, ref: (a: number, b: number) => boolean): BinaryOp {
  return binary(name, {
    integers: true,
    bools: true,
    compares: true,
    vjp: [NONE, NONE],
    ref: (a, b) => Number(ref(a, b)),
  });
}

/** Whether a = b. */
export const eq: BinaryOp = compare("eq", (a, b) => a === b);
/** Whether a ≠ b. */
export const ne: BinaryOp = compare("ne", (a, b) => a !== b);
/** Whether a < b. */
export const lt: BinaryOp = compare("lt", (a, b) => a < b);
/** Whether a ≤ b. */
export const le: BinaryOp = compare("le", (a, b) => a <= b);
/** Whether a > b. */
export const gt: BinaryOp = compare("gt", (a, b) => a > b);
/** Whether a ≥ b. */
export const ge: BinaryOp = compare("ge", (a, b) => a >= b);

const chooseKernel = kernelNumber("where");

// The cotangent goes to the side that was chosen; the other gets 0, also where g is not finite.
const chooseRule = rule("where", {
  saves: "a",
  vjp: [NONE, (g, { a }) => where(a, g, 0), (g, { a }) => where(a, 0, g)],
  jvp: DIAGONAL,
  batch: (_, __, { aligned }) => where(...aligned() as [Tensor, Tensor, Tensor]),
});

/**
 * Selects elementwise: `a` where the condition holds, `b` elsewhere.
 *
 * @param condition A bool tensor.
 * @param a Tensor or number; at least one side is a tensor, or both are numbers.
 * @param b Tensor or number.
 * @returns A tensor of the common shape and type.
 * @throws {DTypeError} If the condition is not bool.
 *
 * @example Huber's two branches
 * ```ts
 * import { tensor, where } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const r = tensor([0.5, 3]);
 * assertEquals(where(r.le(1), r.square().mul(0.5), r.sub(0.5)).toArray(), [0.125, 2.5]);
 * ```
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkCount("compute where", arguments.length, 3);
  checkTensor("where", condition, "the condition");
  if (condition.dtype !== "bool") {
    throw new DTypeError(
      `Cannot compute where: the condition must be bool, got ${condition.dtype}`,
    );
  }
  if (typeof a !== "number") checkTensor("where", a, "the first choice", TENSOR_OR_NUMBER);
  if (typeof b !== "number") checkTensor("where", b, "the second choice", TENSOR_OR_NUMBER);
  if (typeof a === "number") {
    const beside = typeof b === "number" ? "float32" : dtypeOfNumber(a, b.dtype);
    a = scalar(a, beside, condition);
  }
  if (typeof b === "number") b = scalar(b, dtypeOfNumber(b, a.dtype), condition);
  checkDevices("where", condition, a);
  checkDevices("where", condition, b);
  if (a.dtype !== b.dtype) {
    const dtype = promote(a.dtype, a.ndim, b.dtype, b.ndim);
    [a, b] = [castTo(a, dtype), castTo(b, dtype)];
  }
  const shape = broadcastShapes(
    "where",
    condition.shape,
    broadcastShapes("where", a.shape, b.shape),
  );
  if (condition.batched !== null || a.batched !== null || b.batched !== null) {
    return inBatch(chooseRule.batch, [condition, a, b], null)[0]!;
  }
  const y = result(condition, a.dtype, shape);
  condition.storage.backend.run3(chooseKernel, y, condition, a, b);
  recordAll(chooseRule, [condition, a, b], [y]);
  return y;
}
