/** Changes in place: no gradient, only where nothing is recorded. */

import { isGradEnabled } from "../autograd/tape.ts";
import { GradError, ShapeError, showShape } from "../errors.ts";
import { broadcastShapes, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Index, writeAt } from "./at.ts";
import { checkDevices, checkTensor } from "./define.ts";
import { castTo, copyInto, copyOf } from "./memory.ts";
import { scalar } from "./record.ts";

/** Refuses a change that the tape would not notice, and notes the change. */
export function beginChange(op: string, x: Tensor): void {
  checkTensor(op, x);
  if (isGradEnabled() && x.node !== null) {
    throw new GradError(
      `Cannot run ${op}: a tensor that requires a gradient (shape ${
        showShape(x.shape)
      }) is changed ` +
        "in place only under noGrad",
    );
  }
  x.storage.version++;
}

/** The value as a tensor of the target's type, in memory that the target does not share. */
function sourceFor(op: string, x: Tensor, value: Tensor | number): Tensor {
  if (typeof value === "number") return scalar(value, x.dtype, x);
  checkTensor(op, value, "the value");
  checkDevices(op, x, value);
  const source = castTo(value.detach(), x.dtype);
  return source.storage === x.storage ? copyOf(source) : source;
}

/** Writes the elements of another tensor, broadcast, into this one. */
export function copy_(x: Tensor, value: Tensor | number): Tensor {
  beginChange("copy_", x);
  const source = sourceFor("copy_", x, value);
  if (!sameShape(broadcastShapes("copy_", x.shape, source.shape), x.shape)) {
    throw new ShapeError(
      `Cannot run copy_: shape ${showShape(source.shape)} does not broadcast to ${
        showShape(x.shape)
      }`,
      [source.shape, x.shape],
    );
  }
  copyInto(x.detach(), source);
  return x;
}

/** Writes a value into part of a tensor. */
export function setAt(x: Tensor, index: readonly Index[], value: Tensor | number): Tensor {
  beginChange("setAt", x);
  writeAt(x.detach(), index, sourceFor("setAt", x, value));
  return x;
}
