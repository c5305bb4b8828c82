/** NumPy archives: zip archives with an array in each file, and checksums. */

import { checkCount, checkKind } from "../core/options.ts";
import type { StateDict } from "../nn/state_dict.ts";
import { decodedArray, encodedArray } from "./npy.ts";
import { joined, writeFile } from "./sink.ts";
import { overBytes, overFile, PATH, quoted, Source } from "./source.ts";
import { tensorsOf } from "./state.ts";
import { Archive, zipped } from "./zip.ts";

const ENDING = ".npy";

/** The arrays of an archive. */
function decoded(source: Source): StateDict {
  const archive = new Archive(source);
  const arrays = archive.names.map((name) => {
    const what = `array ${quoted(name)}`;
    if (!name.endsWith(ENDING)) throw source.refused(`${what} has no name in ${ENDING}`);
    const bytes = archive.read(name, what);
    const own = new Source(
      `${source.call}, ${what}`,
      bytes.length,
      (offset, length) => bytes.slice(offset, offset + length),
    );
    return [name.slice(0, -ENDING.length), decodedArray(own)] as const;
  });
  return Object.fromEntries(arrays);
}

/** The parts of an archive; each tensor is copied only when its turn comes. */
function encoded(name: string, state: StateDict): Iterable<Uint8Array> {
  const files = tensorsOf(name, state).map(([key, x]) =>
    [`${key}${ENDING}`, () => joined(encodedArray(x))] as const
  );
  return zipped(name, files);
}

/**
 * Writes tensors to an `.npz` archive, with a CRC-32 for each. The file is written under another
 * name and renamed once it is complete. Follows `numpy.savez`.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read` and `--allow-write` for its folder.
 * @param arrays Tensors by name.
 * @throws {TypeError} If anything but a tensor is among them.
 * @throws {RangeError} If they are too many or too large for an archive: more than 65,535, or 4 GiB.
 *
 * @example There and back
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".npz" });
 * io.saveNpz(path, { x: tensor([1, 2]), y: tensor([true, false]) });
 * assertEquals(io.loadNpz(path).y?.toArray(), [true, false]);
 * await Deno.remove(path);
 * ```
 */
export function saveNpz(path: string | URL, arrays: StateDict): void {
  checkCount("run saveNpz", arguments.length, 2);
  checkKind("run saveNpz", "the file", path, PATH);
  writeFile("saveNpz", path, encoded("saveNpz", arrays));
}

/**
 * The arrays of an `.npz` archive by name, compressed or not; types as in `loadNpy`. Follows
 * `numpy.load`, without Python objects.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read`.
 * @throws {NotFound} If the file does not exist.
 * @throws {InvalidData} If the file is damaged or holds anything but arrays of numbers; the
 * message names the array.
 *
 * @example A file of NumPy's
 * ```ts
 * import { io } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const file = new URL("../../tests/fixtures/io/arrays_deflated.npz", import.meta.url);
 * assertEquals(io.loadNpz(file).i8?.toArray(), [-1, 2147483647]);
 * ```
 */
export function loadNpz(path: string | URL): StateDict {
  checkCount("run loadNpz", arguments.length, 1);
  checkKind("run loadNpz", "the file", path, PATH);
  return overFile("loadNpz", path, decoded);
}

/**
 * The bytes that `saveNpz` would write.
 *
 * @example There and back
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(io.decodeNpz(io.encodeNpz({ x: tensor([1, 2]) })).x?.toArray(), [1, 2]);
 * ```
 */
export function encodeNpz(arrays: StateDict): Uint8Array {
  checkCount("run encodeNpz", arguments.length, 1);
  return joined(encoded("encodeNpz", arrays));
}

/**
 * The arrays in the bytes of an `.npz` archive, as `loadNpz` returns them.
 *
 * @throws {InvalidData} If the bytes are not such an archive.
 *
 * @example An array alone
 * ```ts
 * import { io, ones } from "@adjoint/ml";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => io.decodeNpz(io.encodeNpy(ones([3]))), Error, "it is not a zip archive");
 * ```
 */
export function decodeNpz(bytes: Uint8Array): StateDict {
  checkCount("run decodeNpz", arguments.length, 1);
  return decoded(overBytes("decodeNpz", bytes));
}
