/** Primitives: casting, copying and filling, which the engine itself needs. */

import { DIAGONAL } from "../../autograd/tape.ts";
import { type DType, isFloat, type TypedArray } from "../../core/dtype.ts";
import { checkCount } from "../../core/options.ts";
import { userLine } from "../../core/call_site.ts";
import { GradError, showShape } from "../../core/errors.ts";
import { contiguousStrides } from "../../core/shape.ts";
import { makeTensor } from "../../core/tensor.ts";
import type { Backend, Device } from "../../device/backend.ts";
import { backendOf } from "../../device/devices.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inBatch, inBatchOf, unbatch } from "../define/batch.ts";
import { checkTensor } from "../define/checks.ts";
import { record1, result, rule } from "../define/record.ts";

const castKernels: Readonly<Record<DType, number>> = {
  float32: kernelNumber("cast_f32"),
  float64: kernelNumber("cast_f64"),
  int32: kernelNumber("cast_i32"),
  bool: kernelNumber("cast_bool"),
};

// A conversion between floating types is linear: the cotangent goes back in the input's type.
const castRule = rule<{ from: DType; to: DType }>("cast", {
  vjp: [(g, { attrs }) => castTo(g, attrs.from)],
  jvp: ([t], { attrs }) => castTo(t!, attrs.to),
  batch: ([x], { to }) => castTo(x!, to),
});

/** The tensor with elements of another type; the tensor itself if it has it. */
export function castTo(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  if (x.batched !== null) return inBatch(castRule.batch, [x], { from: x.dtype, to: dtype })[0]!;
  const y = result(x, dtype, x.shape);
  x.storage.backend.run1(castKernels[dtype], y, x);
  if (isFloat(dtype)) return record1(castRule, x, y, { from: x.dtype, to: dtype });
  y.creator = castRule.unrecordedTwin;
  return y;
}

/** A tensor of the same shape and type, with every element of the given value; not recorded. */
export function filledLike(x: Tensor, value: number): Tensor {
  const y = result(x, x.dtype, x.shape);
  y.storage.backend.fill(y.storage, value);
  return y;
}

const copyKernel = kernelNumber("copy");

/** Refuses to put what differs from example to example into what all share. */
export function refuseExample(target: Tensor, source: Tensor): void {
  if (source.batched === null) return;
  throw new GradError(
    "Cannot change a tensor in place under vmap: all examples share it (shape " +
      `${
        showShape(target.shape)
      }), and the value differs from example to example, called at ${userLine()}; make a new tensor, as by add in place of add_`,
  );
}

/** Writes elements into an operand as it lies; the shapes broadcast and the types are equal. */
export function copyInto(target: Tensor, source: Tensor): void {
  if (target.batched !== null) {
    const { batch, whole } = target.batched;
    return copyInto(whole, unbatch(source.expand(target.shape), batch));
  }
  refuseExample(target, source);
  target.storage.backend.run1(copyKernel, target, source);
}

/** The same elements in memory of their own, in order; not recorded. */
export function copyOf(x: Tensor): Tensor {
  if (x.batched !== null) return inBatchOf(x, copyOf);
  const y = result(x, x.dtype, x.shape);
  copyInto(y, x);
  return y;
}

/**
 * The elements in order, to be read only; those on the GPU are waited for.
 *
 * @param op What wants to know them.
 */
export function elementsOf(x: Tensor, op: string): TypedArray {
  if (x.batched !== null) {
    throw new TypeError(
      `Cannot run ${op} under vmap: it depends on the elements of a tensor, which differ from ` +
        `example to example (shape ${showShape(x.shape)} each), called at ${userLine()}`,
    );
  }
  const { storage, offset, size } = x.dense ? x : copyOf(x);
  return storage.backend.read(storage, offset, size);
}

/** The number in a tensor of one element. */
export function numberOf(x: Tensor, op: string): number {
  return elementsOf(x, op)[0]!;
}

// Moving is linear: the cotangent goes back to the input's device.
const moveRule = rule<{ from: Device; to: Device }>("to", {
  vjp: [(g, { attrs }) => moveTo(g, backendOf("to", attrs.from))],
  jvp: ([t], { attrs }) => moveTo(t!, backendOf("to", attrs.to)),
  batch: ([x], { to }) => moveTo(x!, backendOf("to", to)),
});

/** The tensor on a device; the tensor itself if it is there. */
export function moveTo(x: Tensor, backend: Backend): Tensor {
  const from = x.storage.backend;
  if (from === backend) return x;
  const attrs = { from: from.device, to: backend.device };
  if (x.batched !== null) return inBatch(moveRule.batch, [x], attrs)[0]!;
  const elements = elementsOf(x, "to");
  const storage = backend.allocate(x.storage.code, x.size);
  backend.write(storage, elements);
  const y = makeTensor(storage, x.shape, contiguousStrides(x.shape), 0, x.size, true);
  return record1(moveRule, x, y, attrs);
}

const copyRule = rule("clone", {
  vjp: [(g) => g],
  jvp: DIAGONAL,
  batch: ([x]) => clone(x!),
});

/**
 * A copy with memory of its own.
 *
 * @example Independent memory
 * ```ts
 * import { clone, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2]);
 * const y = clone(x);
 * y.fill_(0);
 * assertEquals(x.toArray(), [1, 2]);
 * ```
 */
export function clone(x: Tensor): Tensor {
  checkCount("compute clone", arguments.length, 1);
  checkTensor("clone", x);
  if (x.batched !== null) return inBatch(copyRule.batch, [x], null)[0]!;
  return record1(copyRule, x, copyOf(x));
}
