/** In place: changes without a gradient, only where nothing is recorded. */

import { checkNumber } from "../../core/arguments.ts";
import { checkRange } from "../../core/dtype.ts";
import { engine } from "../../core/engine.ts";
import { GradError, ShapeError, showShape } from "../../core/errors.ts";
import { shown } from "../../core/options.ts";
import { broadcastShapes, sameShape } from "../../core/shape.ts";
import { changed, sharesMemory } from "../../device/memory.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bare } from "../define/batch.ts";
import { checkDevices, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { type Index, writeAt } from "../index/at.ts";
import { register } from "../registry.ts";
import { castTo, copyInto, copyOf, refuseExample } from "./copy.ts";

for (const name of ["copy_", "fill_", "zero_", "setAt"]) {
  register({
    name,
    kind: "in place",
    integers: true,
    rule: undefined,
    sampling: undefined,
    run: undefined,
  });
}

/** Refuses a change that the tape would not notice. What changes then raises the version. */
export function checkChange(op: string, x: Tensor): void {
  checkTensor(op, x);
  if (engine.recording && x.node !== null) {
    throw new GradError(
      `Cannot run ${op}: a tensor that requires a gradient (shape ${
        showShape(x.shape)
      }) is changed ` +
        "in place only under noGrad",
    );
  }
  const { size, strides, shape } = bare(x);
  if (size > 0 && strides.some((stride, i) => stride === 0 && shape[i]! > 1)) {
    throw new ShapeError(
      `Cannot run ${op}: several elements of this expanded view (shape ${
        showShape(x.shape)
      }) share one place in memory; clone it first`,
      [x.shape],
    );
  }
}

/** The value as a tensor of the target's type, in memory that the target does not share. */
function sourceFor(op: string, x: Tensor, value: Tensor | number): Tensor {
  if (typeof value === "number") {
    checkRange(op, value, x.dtype);
    return scalar(value, x.dtype, x);
  }
  checkTensor(op, value, "the value", TENSOR_OR_NUMBER);
  checkDevices(op, x, value);
  if (engine.recording && value.node !== null) {
    throw new GradError(
      `Cannot run ${op}: the value (shape ${
        showShape(value.shape)
      }) requires a gradient, which a ` +
        "change in place would drop; write value.detach(), or run it under noGrad if that is meant",
    );
  }
  const source = castTo(value.detach(), x.dtype);
  return sharesMemory(source.storage, x.storage) ? copyOf(source) : source;
}

/** Writes the elements of another tensor, broadcast, into this one. */
export function copy_(x: Tensor, value: Tensor | number): Tensor {
  checkChange("copy_", x);
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
  changed(x.storage);
  return x;
}

/** Writes values into tensors of their shapes, off the tape; if one cannot be written, none is. */
export function copyAll(op: string, pairs: readonly (readonly [Tensor, Tensor])[]): void {
  const ready = pairs.map(([x, value]) => {
    checkChange(op, x);
    x.storage.check(op);
    const source = sourceFor(op, x, value);
    if (x.batched === null) refuseExample(x, source);
    return [x, source] as const;
  });
  for (const [x, source] of ready) {
    copyInto(x.detach(), source);
    changed(x.storage);
  }
}

/** Sets every element. */
export function fill_(x: Tensor, value: number, op = "fill_"): Tensor {
  checkChange(op, x);
  checkNumber(`run ${op}`, "the value", value);
  copyInto(x.detach(), sourceFor(op, x, value));
  changed(x.storage);
  return x;
}

/** Writes a value into part of a tensor. */
export function setAt(x: Tensor, index: readonly Index[], value: Tensor | number): Tensor {
  checkChange("setAt", x);
  if (!Array.isArray(index)) {
    throw new TypeError(
      `Cannot run setAt: pass the index as an array, as in setAt([0], value), got ${shown(index)}`,
    );
  }
  writeAt(x.detach(), index, sourceFor("setAt", x, value));
  changed(x.storage);
  return x;
}
