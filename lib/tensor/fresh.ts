/** How tensors are made: their options, their memory, their elements. */

import { checkNumber, wrongKind } from "../core/arguments.ts";
import { userLine } from "../core/call_site.ts";
import { checkRange, CODES, type DType, stored } from "../core/dtype.ts";
import { engine, under } from "../core/engine.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  isPlainObject,
  type OptionReader,
  optionReader,
  shown,
  surplus,
  TENSOR_OPTIONS,
} from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { checkRoom, checkShape, contiguousStrides, type Shape, sizeOf } from "../core/shape.ts";
import { type Batch, makeBatched, makeTensor } from "../core/tensor.ts";
import type { Backend } from "../device/backend.ts";
import { cpu } from "../device/cpu.ts";
import { checkTensor } from "../ops/define/checks.ts";
import type { TensorOptions } from "./create.ts";
import type { RandomOptions } from "./rand.ts";
// The class is bound before the first tensor is made.
import "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/** Reads the options of functions that create tensors. */
export const readTensorOptions: OptionReader<TensorOptions> = optionReader(TENSOR_OPTIONS);
/** Reads the options of random tensors. */
export const readRandomOptions: OptionReader<RandomOptions> = optionReader<RandomOptions>({
  ...TENSOR_OPTIONS,
  generator: GENERATOR,
});

/** Options with the type and the device of a tensor, unless they name others. */
export function likeOptions<O extends TensorOptions>(
  op: string,
  x: Tensor,
  read: OptionReader<O>,
  given: O | undefined,
): O {
  checkTensor(op, x);
  const options = read(`run ${op}`, given);
  const { dtype = x.dtype, device = x.device } = options;
  return { ...options, dtype, device };
}

/** A tensor of a shape and a type: zeros on request, otherwise uninitialised. */
export function make(
  op: string,
  shape: readonly number[],
  dtype: DType,
  zero = false,
  backend: Backend = cpu,
): Tensor {
  checkShape(op, shape);
  const own: Shape = [...shape];
  const size = sizeOf(own);
  // The GPU has its own limit, and its own message.
  if (backend === cpu) checkRoom(own, size, CODES[dtype]);
  const storage = backend.allocate(CODES[dtype], size, zero);
  return makeTensor(storage, own, contiguousStrides(own), 0, size, true);
}

/**
 * Draws random numbers, under `vmap` as its option `randomness` says: different ones for each example,
 * the same ones for all, or none at all.
 *
 * @param draw Gives numbers of a shape.
 */
export function drawn(
  op: string,
  shape: Shape,
  draw: (shape: Shape) => Tensor,
  batch: Batch | null = engine.batch,
): Tensor {
  if (batch === null) return under({ batch }, () => draw(shape));
  switch (batch.randomness) {
    case "same":
      return drawn(op, shape, draw, batch.outer);
    case "different":
      return makeBatched(batch, drawn(op, [batch.size, ...shape], draw, batch.outer));
    case "error":
      throw new TypeError(
        `Cannot run ${op} under vmap: it draws random numbers, called at ${userLine()}; say by ` +
          '{ randomness: "different" } or "same" what the examples get',
      );
  }
}

/** Moves a tensor to the device of the options, and makes it require a gradient if they say so. */
export function finish(x: Tensor, { requiresGrad = false, device = "cpu" }: TensorOptions): Tensor {
  const placed = device === "cpu" ? x : x.to({ device });
  return requiresGrad ? placed.requiresGrad_() : placed;
}

/** Writes numbers into a fresh tensor, converted to its type. */
export function write(op: string, x: Tensor, value: (i: number) => number): void {
  const { array, base } = x.storage;
  const { dtype } = x;
  for (let i = 0; i < x.size; i++) {
    const number = value(i);
    checkRange(op, number, dtype);
    array[base + i] = stored(number, dtype);
  }
}

/** Refuses anything but a shape, such as numbers that are spread out, and surplus arguments. */
export function checkCall(
  op: string,
  shape: unknown,
  given: ArrayLike<unknown>,
  most: number,
): void {
  if (!Array.isArray(shape)) throw noShape(op, shape, given, "");
  if (given.length > most) throw surplus(`run ${op}`, given.length, most);
}

/** The error for anything but a shape; `before` are the arguments before it. */
export function noShape(
  op: string,
  shape: unknown,
  given: ArrayLike<unknown>,
  before: string,
): ShapeError {
  const numbers = Array.from(given).filter((value) => typeof value === "number");
  const extents = numbers.length === 0 || before !== "" ? [2, 3] : numbers;
  return new ShapeError(
    `Cannot run ${op}: a shape is an array, as in ${op}(${before}${showShape(extents)}), got ${
      shown(shape)
    }`,
  );
}

/** Refuses anything but a number of entries. */
export function checkExtent(op: string, name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw wrongKind(`run ${op}`, name, "a non-negative integer", value);
  }
  if (Number.isInteger(value) && value >= 0) return;
  throw new ShapeError(`Cannot run ${op}: ${name} must be a non-negative integer, got ${value}`);
}

/**
 * Splits the arguments after the required ones: numbers that may be left out, with their names, and then
 * the options.
 */
export function splitRest<O>(
  call: string,
  needed: number,
  names: readonly string[],
  rest: readonly unknown[],
): { numbers: readonly (number | undefined)[]; options: O | undefined } {
  if (rest.length === 0) return { numbers: rest as [], options: undefined };
  checkCount(call, needed + rest.length, needed + names.length + 1);
  let count = 0;
  while (
    count < names.length && (rest[count] === undefined || typeof rest[count] === "number")
  ) count++;
  const more = rest.length - count - 1;
  if (more > 0 && !isPlainObject(rest[count])) checkNumber(call, names[count]!, rest[count]);
  if (more > 0) throw new TypeError(`Cannot ${call}: options are its last argument`);
  return {
    numbers: rest.slice(0, count) as (number | undefined)[],
    options: rest[count] as O | undefined,
  };
}

/** A number that may be given as an argument or as an option, but not as both. */
export function once(
  call: string,
  name: string,
  positional: number | undefined,
  option: number | undefined,
): number | undefined {
  if (positional !== undefined && option !== undefined) {
    throw new TypeError(`Cannot ${call}: ${name} is given twice, as ${positional} and ${option}`);
  }
  return positional ?? option;
}
