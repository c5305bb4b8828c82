/** IDX, the format of MNIST: the extents of an array, then its numbers. */

import { checkCount, checkKind } from "../core/options.ts";
import { checkShape, sizeOf } from "../core/shape.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { beginningOf, BYTES, bytesOf, unzipped } from "./files.ts";

/** How a type of elements is read, by its code. */
interface ElementType {
  readonly size: number;
  readonly Array: new (size: number) => Int32Array | Float32Array | Float64Array;
  readonly read: (view: DataView, at: number) => number;
}

const TYPES: Readonly<Record<number, ElementType>> = {
  0x08: { size: 1, Array: Int32Array, read: (view, at) => view.getUint8(at) },
  0x09: { size: 1, Array: Int32Array, read: (view, at) => view.getInt8(at) },
  0x0b: { size: 2, Array: Int32Array, read: (view, at) => view.getInt16(at) },
  0x0c: { size: 4, Array: Int32Array, read: (view, at) => view.getInt32(at) },
  0x0d: { size: 4, Array: Float32Array, read: (view, at) => view.getFloat32(at) },
  0x0e: { size: 8, Array: Float64Array, read: (view, at) => view.getFloat64(at) },
};

/** The array in the bytes of a file. No more of them are unpacked than its extents need. */
function idxOf(call: string, packed: Uint8Array): Tensor {
  const bytes = beginningOf(call, packed);
  const wrong = (what: string) => new SyntaxError(`Cannot ${call}: ${what}`);
  const type = TYPES[bytes[2] ?? 0];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
    throw wrong(`the bytes must begin as IDX does, got ${start.join(" ") || "none"}`);
  }
  const ndim = bytes[3] ?? 0;
  const start = 4 + 4 * ndim;
  if (bytes.length < start) throw wrong(`the file ends within its ${ndim} extents`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => header.getUint32(4 + 4 * i));
  checkShape("parseIdx", shape);
  const size = sizeOf(shape);
  const needed = start + size * type.size;
  const whole = unzipped(call, packed, needed);
  if (whole?.length !== needed) {
    const got = whole === null ? "more" : whole.length;
    throw wrong(`shape [${shape.join(", ")}] needs ${needed} bytes, got ${got}`);
  }
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const elements = new type.Array(size);
  for (let i = 0; i < size; i++) elements[i] = type.read(view, start + i * type.size);
  return fromTypedArray(elements, shape);
}

/**
 * The array in the bytes of an IDX file, the format of MNIST, which may be gzipped. Integers become
 * int32.
 *
 * @throws {SyntaxError} If the bytes are not such a file, or have the wrong length.
 *
 * @example Two images of one pixel
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 255);
 * assertEquals(data.parseIdx(bytes).toArray(), [[7], [255]]);
 * ```
 */
export function parseIdx(bytes: Uint8Array): Tensor {
  const call = "run parseIdx";
  checkCount(call, arguments.length, 1);
  checkKind(call, "the argument", bytes, BYTES);
  return idxOf(call, bytes);
}

/**
 * {@linkcode parseIdx} of a file. Needs permission to read it.
 *
 * @throws {Deno.errors.NotFound} If the file does not exist.
 */
export function readIdx(path: string | URL): Tensor {
  const call = "run readIdx";
  checkCount(call, arguments.length, 1);
  const bytes = bytesOf(call, path);
  return idxOf(`${call} of ${path}`, bytes);
}
