/** NumPy arrays: a header in Python notation, and the elements. */

import type { DType } from "../core/dtype.ts";
import { showShape } from "../core/errors.ts";
import { checkCount, checkKind, shown } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { bytesOf, checkedSize, flatTensor, isStoredType, type StoredType } from "./elements.ts";
import { joined, writeFile } from "./sink.ts";
import { overBytes, overFile, PATH, type Source } from "./source.ts";
import { bytesOfTensor, checkElements } from "./state.ts";

const MAGIC = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"));

/** The most bytes of a header; for plain elements it is far shorter. */
const LARGEST_HEADER = 0xffff;

/** NumPy's letters for kinds of elements, which precede the number of bytes. */
const KINDS: Readonly<Record<string, string>> = { b: "bool", i: "int", u: "uint", f: "float" };

/** NumPy's descriptions of the element types of tensors. */
const DESCRIPTIONS: Readonly<Record<DType, string>> = {
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  bool: "|b1",
};

/** An entry of the dictionary in a header: a name, then text, a boolean, or a tuple of numbers. */
const FIELD =
  /\s*['"](\w+)['"]\s*:\s*(?:['"]([^'"\\]*)['"]|(True|False)|\(([\dL,\s]*)\))\s*(?:,|$)/y;

/** The entries of a dictionary in Python notation; null if it holds anything else. */
function fieldsOf(text: string): ReadonlyMap<string, string> | null {
  const inner = /^\s*\{([^{}]*)\}\s*$/.exec(text)?.[1]?.trim();
  if (inner === undefined) return null;
  const fields = new Map<string, string>();
  for (FIELD.lastIndex = 0; FIELD.lastIndex < inner.length;) {
    const [, name, word, truth, tuple] = FIELD.exec(inner) ?? [];
    if (name === undefined || fields.has(name)) return null;
    fields.set(name, word ?? truth ?? tuple ?? "");
  }
  return fields;
}

/** What a header says. */
interface Header {
  readonly type: StoredType;
  readonly swapped: boolean;
  readonly columnsFirst: boolean;
  readonly shape: readonly number[];
}

/** Parses the text of a header. */
function readHeader(source: Source, text: string): Header {
  const fields = fieldsOf(text);
  const [descr, order, tuple] = ["descr", "fortran_order", "shape"].map((name) =>
    fields?.get(name)
  );
  const truth = order === "True" || order === "False";
  const extents = tuple?.split(",").map((extent) => extent.trim().replace(/L$/, "")) ?? [];
  if (extents.at(-1) === "") extents.pop();
  const whole = extents.every((extent) => /^\d+$/.test(extent));
  if (fields?.size !== 3 || descr === undefined || tuple === undefined || !truth || !whole) {
    throw source.refused(`the header of an array of numbers is needed, got ${shown(text.trim())}`);
  }
  const [, endian, kind, size] = /^([<>|=])([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const name = `${KINDS[kind ?? ""]}${kind === "b" ? "" : 8 * Number(size)}`;
  if (!isStoredType(name) || bytesOf(name) !== Number(size)) {
    throw source.refused(`elements "${descr}" are not supported, only bool, int and float are`);
  }
  return {
    type: name,
    swapped: endian === ">",
    columnsFirst: order === "True",
    shape: extents.map(Number),
  };
}

/** Reverses the bytes of each element. */
function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** The array in a file. */
export function decodedArray(source: Source): Tensor {
  const start = source.read(0, 8, "the start of the file");
  if (MAGIC.some((byte, i) => start[i] !== byte)) throw source.refused("it is not an array file");
  const [major = 0, minor = 0] = start.subarray(MAGIC.length);
  if (major < 1 || major > 3 || minor !== 0) {
    throw source.refused(
      `version ${major}.${minor} of the format is not known; those known are 1.0, 2.0, 3.0`,
    );
  }
  const width = major === 1 ? 2 : 4;
  const view = new DataView(source.read(8, width, "the length of the header").buffer);
  const length = width === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > LARGEST_HEADER) {
    throw source.refused(
      `the header would take ${length} bytes, at most ${LARGEST_HEADER} are allowed`,
    );
  }
  const text = new TextDecoder().decode(source.read(8 + width, length, "the header"));
  const { type, swapped, columnsFirst, shape } = readHeader(source, text);
  const size = checkedSize(source, "the array", type, shape);
  const begin = 8 + width + length;
  if (begin + size * bytesOf(type) !== source.length) {
    throw source.refused(
      `an array of shape ${showShape(shape)} and type ${type} takes ${
        size * bytesOf(type)
      } bytes, ` +
        `and there are ${source.length - begin}`,
    );
  }
  const bytes = source.read(begin, size * bytesOf(type), "the array");
  if (swapped) swap(bytes, bytesOf(type));
  const flat = flatTensor(source, "the array", type, bytes);
  if (!columnsFirst) return flat.reshape(shape);
  const dims = shape.map((_, i) => i).reverse();
  return flat.reshape(shape.toReversed()).permute(dims).contiguous();
}

/** The parts of a file. */
export function encodedArray(x: Tensor): Uint8Array[] {
  const tuple = x.ndim === 1 ? `(${x.shape[0]},)` : `(${x.shape.join(", ")})`;
  const text = `{'descr': '${DESCRIPTIONS[x.dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The elements begin at a multiple of 64 bytes, after a line feed.
  const start = MAGIC.length + 4;
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start;
  const header = new TextEncoder().encode(`${text.padEnd(length - 1)}\n`);
  return [MAGIC, Uint8Array.of(1, 0, length & 0xff, length >> 8), header, bytesOfTensor(x)];
}

/**
 * Writes a tensor to an `.npy` file, a format without room for a checksum; `saveNpz` writes one.
 * The file is written under another name and renamed once it is complete. Follows `numpy.save`.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read` and `--allow-write` for its folder.
 * @param x A tensor of any type, shape and device.
 *
 * @example There and back
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".npy" });
 * io.saveNpy(path, tensor([[1, 2], [3, 4]]));
 * assertEquals(io.loadNpy(path).toArray(), [[1, 2], [3, 4]]);
 * await Deno.remove(path);
 * ```
 */
export function saveNpy(path: string | URL, x: Tensor): void {
  checkCount("run saveNpy", arguments.length, 2);
  checkKind("run saveNpy", "the file", path, PATH);
  checkElements("run saveNpy", "x", x);
  writeFile("saveNpy", path, encodedArray(x));
}

/**
 * The array in an `.npy` file. float16 becomes float32, integers int32; arrays in Fortran order
 * or the other byte order are rearranged. Follows `numpy.load`, without Python objects.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read`.
 * @throws {NotFound} If the file does not exist.
 * @throws {InvalidData} If the file is damaged or holds anything but numbers, or if an integer
 * does not fit int32.
 *
 * @example A file of NumPy's
 * ```ts
 * import { io } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = io.loadNpy(new URL("../../tests/fixtures/io/array.npy", import.meta.url));
 * assertEquals([x.dtype, x.shape], ["float64", [2, 3]]);
 * ```
 */
export function loadNpy(path: string | URL): Tensor {
  checkCount("run loadNpy", arguments.length, 1);
  checkKind("run loadNpy", "the file", path, PATH);
  return overFile("loadNpy", path, decodedArray);
}

/**
 * The bytes that `saveNpy` would write.
 *
 * @example There and back
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(io.decodeNpy(io.encodeNpy(tensor([true, false]))).toArray(), [true, false]);
 * ```
 */
export function encodeNpy(x: Tensor): Uint8Array {
  checkCount("run encodeNpy", arguments.length, 1);
  checkElements("run encodeNpy", "x", x);
  return joined(encodedArray(x));
}

/**
 * The array in the bytes of an `.npy` file, as `loadNpy` returns it.
 *
 * @throws {InvalidData} If the bytes are not such a file.
 *
 * @example Without its end
 * ```ts
 * import { io, ones } from "@adjoint/ml";
 * import { assertThrows } from "@std/assert";
 *
 * const bytes = io.encodeNpy(ones([3]));
 * assertThrows(() => io.decodeNpy(bytes.subarray(0, -4)), Error, "takes 12 bytes, and there are 8");
 * ```
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  checkCount("run decodeNpy", arguments.length, 1);
  return decodedArray(overBytes("decodeNpy", bytes));
}
