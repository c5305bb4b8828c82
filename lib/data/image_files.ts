/** Single image files as tensors. */

import { checkCount, checkKind, kind, optionReader, type OptionTable } from "../core/options.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BYTES, bytesOf } from "./files.ts";
import { decoded, type Planes } from "./pixels.ts";

/** Options of `decodeImage` and `readImage`. */
export interface ImageOptions {
  /**
   * How many channels the tensor has: 1 for grey, 3 for colour, 4 for colour and opacity. Default: as
   * many as the file has, where 2 means grey and opacity.
   */
  channels?: 1 | 3 | 4;
}

/** The kinds of these options. */
export const IMAGE_OPTIONS: OptionTable<ImageOptions> = {
  channels: kind("1, 3 or 4", (value) => value === 1 || value === 3 || value === 4),
};
const imageOptions = optionReader(IMAGE_OPTIONS);

/** The tensor of an image. */
export function tensorOf({ values, shape }: Planes): Tensor {
  return fromTypedArray(values, shape);
}

/**
 * The image in the bytes of a PNG or JPEG file, float32 from 0 to 1.
 *
 * @returns Shape [C, H, W].
 * @throws {SyntaxError} If the bytes are not such a file, or are damaged.
 *
 * @example One grey pixel
 * ```ts
 * import { decodeImage } from "@adjoint/ml/data/images";
 * import { assertEquals } from "@std/assert";
 *
 * const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4XmP4DwABAQEAJwnd2gAAAABJRU5ErkJggg==";
 * const image = decodeImage(Uint8Array.fromBase64(png), { channels: 3 });
 * assertEquals(image.shape, [3, 1, 1]);
 * ```
 */
export function decodeImage(bytes: Uint8Array, options?: ImageOptions): Tensor {
  const call = "run decodeImage";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the argument", bytes, BYTES);
  return tensorOf(decoded(call, bytes, imageOptions(call, options).channels));
}

/**
 * {@linkcode decodeImage} of a file. Needs permission to read it.
 *
 * @throws {Deno.errors.NotFound} If the file does not exist.
 */
export function readImage(path: string | URL, options?: ImageOptions): Tensor {
  const call = "run readImage";
  checkCount(call, arguments.length, 2);
  const { channels } = imageOptions(call, options);
  const bytes = bytesOf(call, path);
  return tensorOf(decoded(`${call} of ${path}`, bytes, channels));
}
