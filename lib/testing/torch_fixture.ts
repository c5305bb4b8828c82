/** Tensors in a file that PyTorch wrote, so that tests can compare with them without PyTorch. */

import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { arrayOf, checkCount, checkKind, isPlainObject, TEXT } from "../core/options.ts";
import { checkShape, sizeOf } from "../core/shape.ts";
import { explained, PATH, pathOf } from "../io/source.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** PyTorch's types that a file may hold, and the arrays that take their elements. */
const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int64: Int32Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

type Stored = keyof typeof ARRAYS;

/** Numbers that JSON lacks, as Python writes them. */
const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]);

const NAMES = arrayOf(TEXT, "names");

/** The text of a file. */
function read(path: string | URL, shown: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    throw explained(`read the fixture ${shown}`, `--allow-read=${shown}`, cause);
  }
}

/** A value that is not an object, in a few words. */
function show(value: unknown): string {
  return Array.isArray(value) ? "an array" : Deno.inspect(value);
}

/** What a file holds. */
function parse(text: string, shown: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    const why = /\bNaN\b|\bInfinity\b/.test(text)
      ? 'NaN and infinities must be the strings "nan", "inf" and "-inf"'
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new SyntaxError(`Cannot run torchFixture: ${shown} must be JSON: ${why}`, { cause });
  }
  if (isPlainObject(content)) return content;
  throw new TypeError(
    `Cannot run torchFixture: ${shown} must hold an object of tensors by name, got ${
      show(content)
    }`,
  );
}

/** An element as a number; `op` names its tensor. */
function numberOf(op: string, dtype: Stored, value: unknown, i: number): number {
  const got = `got ${Deno.inspect(value)} at data[${i}]`;
  if (dtype === "bool") {
    if (typeof value === "boolean") return Number(value);
    throw new TypeError(`Cannot run ${op}: elements of bool must be true or false, ${got}`);
  }
  if (dtype === "int64" || dtype === "int32") {
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw new TypeError(`Cannot run ${op}: elements of ${dtype} must be integers, ${got}`);
    }
    if ((value | 0) === value) return value;
    throw new RangeError(`Cannot run ${op}: integers must lie in the range of int32, ${got}`);
  }
  const number = typeof value === "number" ? value : SPECIAL.get(value);
  if (number !== undefined) return number;
  throw new TypeError(
    `Cannot run ${op}: elements of ${dtype} must be numbers, "nan", "inf" or "-inf", ${got}`,
  );
}

/** A tensor of the file; `op` names it. */
function tensorOf(op: string, entry: unknown): Tensor {
  if (!isPlainObject(entry) || !("shape" in entry && "dtype" in entry && "data" in entry)) {
    const got = isPlainObject(entry)
      ? `only ${Object.keys(entry).join(", ") || "{}"}`
      : show(entry);
    throw new TypeError(`Cannot run ${op}: a tensor must have shape, dtype and data, got ${got}`);
  }
  const { dtype, data } = entry;
  const shape = entry.shape as readonly unknown[];
  checkShape(op, shape);
  if (typeof dtype !== "string" || !Object.hasOwn(ARRAYS, dtype)) {
    throw new DTypeError(
      `Cannot run ${op}: dtype must be one of ${Object.keys(ARRAYS).join(", ")}, got ${
        Deno.inspect(dtype)
      }`,
    );
  }
  if (!Array.isArray(data) || data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `Cannot run ${op}: shape ${showShape(shape)} needs an array of ${
        sizeOf(shape)
      } elements, got ${Array.isArray(data) ? data.length : Deno.inspect(data)}`,
      [shape],
    );
  }
  const stored = dtype as Stored;
  const numbers = data.map((value, i) => numberOf(op, stored, value, i));
  return fromTypedArray(ARRAYS[stored].from(numbers), shape);
}

/**
 * Reads tensors by name from a JSON file that PyTorch wrote. These lines of Python write one, once; the
 * tests then run without Python:
 *
 * ```python
 * import json, math, torch
 *
 * def plain(t):
 *     data = [x if math.isfinite(x) else str(x) for x in t.detach().flatten().tolist()]
 *     return {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "data": data}
 *
 * def save(path, **tensors):
 *     with open(path, "w") as file:
 *         json.dump({name: plain(t) for name, t in tensors.items()}, file)
 * ```
 *
 * Types are kept, except that int64 becomes int32, and float16 and bfloat16 become float32.
 *
 * @param path The file: a path, or a URL such as `new URL("./huber.json", import.meta.url)`, which
 * does not depend on the current folder. It needs `--allow-read`.
 * @param names The tensors to return, which must exist. Default: all of the file.
 * @throws {NotFound} If there is no such file.
 * @throws {SyntaxError} If the file is not JSON.
 * @throws {TypeError} If it holds anything but tensors, or lacks one of the names.
 * @throws {ShapeError} If a shape is invalid or does not match the number of elements.
 * @throws {DTypeError} If a type is not float64, float32, float16, bfloat16, int64, int32 or bool.
 * @throws {RangeError} If an integer does not fit int32.
 *
 * @example Huber's loss against PyTorch's values
 * ```ts
 * import { losses } from "@adjoint/ml";
 * import { assertClose, torchFixture } from "@adjoint/ml/testing";
 *
 * const file = new URL("../../tests/fixtures/huber.json", import.meta.url);
 * const { pred, target, loss } = torchFixture(file, ["pred", "target", "loss"]);
 * assertClose(losses.huber(pred, target), loss);
 * ```
 */
export function torchFixture<const Name extends string = string>(
  path: string | URL,
  names?: readonly Name[],
): Record<Name, Tensor> {
  checkCount("run torchFixture", arguments.length, 2);
  checkKind("run torchFixture", "the file", path, PATH);
  if (names !== undefined) checkKind("run torchFixture", "names", names, NAMES);
  const shown = pathOf(path);
  const content = parse(read(path, shown), shown);
  const missing = names?.find((name) => !Object.hasOwn(content, name));
  if (missing !== undefined) {
    const known = Object.keys(content).join(", ") || "none";
    throw new TypeError(
      `Cannot run torchFixture: ${shown} has no tensor "${missing}"; it has ${known}`,
    );
  }
  const tensors = (names ?? Object.keys(content)).map((name) => [
    name,
    tensorOf(`torchFixture of "${name}" in ${shown}`, content[name]),
  ]);
  return Object.fromEntries(tensors);
}
