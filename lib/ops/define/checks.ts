/** What every op refuses, in one form. */

import { wrongKind } from "../../core/arguments.ts";
import { type DType, isFloat } from "../../core/dtype.ts";
import { DeviceError, DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Refuses what is not a tensor, or one whose elements are gone. */
export function checkTensor(
  op: string,
  x: unknown,
  role = "the input",
  needed = "a tensor",
): asserts x is Tensor {
  if (!isTensor(x)) throw wrongKind(`compute ${op}`, role, needed, x);
  if (x.storage.gone !== null) x.storage.check(`compute ${op}`, undefined, role);
}

/** What an op needs where its other input is a tensor. */
export const TENSOR_OR_NUMBER = "a tensor or a number";

/** Refuses a number that elements of a type cannot be. */
export function checkElement(op: string, role: string, value: number, dtype: DType): void {
  if (isFloat(dtype)) return;
  const [holds, needed] = dtype === "int32"
    ? [(value | 0) === value, "a 32-bit integer"]
    : [Number.isInteger(value), "an integer"];
  if (holds) return;
  throw new DTypeError(
    `Cannot compute ${op}: ${role} must be ${needed} for ${dtype}, got ${value}`,
  );
}

/** Refuses what is not a tensor of floating type. */
export function checkFloat(op: string, x: Tensor): void {
  checkTensor(op, x);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: the input must be float32 or float64, got ${x.dtype}; cast it first`,
    );
  }
}

/** Refuses what is not a tensor of at least two dimensions. */
export function checkMatrices(op: string, x: Tensor): void {
  checkTensor(op, x);
  if (x.ndim < 2) {
    throw new ShapeError(
      `Cannot compute ${op}: the input must have at least two dimensions, got shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
}

/** Refuses tensors on different devices. */
export function checkDevices(op: string, a: Tensor, b: Tensor): void {
  if (a.storage.backend !== b.storage.backend) {
    throw new DeviceError(
      `Cannot compute ${op}: tensors are on different devices, ${a.device} and ${b.device}`,
    );
  }
}
