/**
 * Images from files: PNG and JPEG. This part loads the npm packages `fast-png` and `jpeg-js`, which
 * the rest of the library does without.
 *
 * ```ts
 * import { type Tensor } from "@adjoint/ml";
 * import { DataLoader } from "@adjoint/ml/data";
 * import { readImage } from "@adjoint/ml/data/images";
 *
 * const paths: string[] = []; // of images that are of the same size
 * const set = { length: paths.length, get: (i: number): Tensor => readImage(paths[i]!) };
 * if (set.length > 0) for (const batch of new DataLoader(set, { batchSize: 8 })) batch.mean();
 * ```
 *
 * @module
 */

import { convertIndexedToRgb, decode as decodePng, type IndexedColors } from "fast-png";
import jpeg from "jpeg-js";
import { checkCount, checkKind, kind, optionReader, type OptionTable } from "../core/options.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BYTES, bytesOf } from "./files.ts";

/** Options of `decodeImage` and `readImage`. */
export interface ImageOptions {
  /**
   * How many channels the tensor has: 1 for grey, 3 for colour, 4 for colour and opacity. Default: as
   * many as the file has, 2 being grey and opacity.
   */
  channels?: 1 | 3 | 4;
}

const IMAGE_OPTIONS: OptionTable<ImageOptions> = {
  channels: kind("1, 3 or 4", (value) => value === 1 || value === 3 || value === 4),
};
const imageOptions = optionReader(IMAGE_OPTIONS);

/** An image, pixel by pixel. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** The value of what is brightest. */
  readonly most: number;
  readonly data: ArrayLike<number>;
}

/** Pixels of 1, 2 or 4 bits, of which several share a byte; each row begins with a new one. */
function unpacked(
  data: ArrayLike<number>,
  width: number,
  height: number,
  depth: number,
): Uint8Array {
  const rowBytes = Math.ceil(width * depth / 8);
  const mask = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [row, bit] = [Math.floor(i / width), i % width * depth];
    const byte = data[row * rowBytes + (bit >> 3)] ?? 0;
    return byte >> (8 - depth - bit % 8) & mask;
  });
}

function ofPng(bytes: Uint8Array): Pixels {
  const { width, height, channels, depth, data, palette } = decodePng(bytes, { checkCrc: true });
  const size = { width, height };
  if (palette !== undefined) {
    const colours = convertIndexedToRgb({
      width,
      height,
      channels,
      depth,
      data,
      palette,
      text: {},
    });
    return {
      ...size,
      channels: (palette as IndexedColors)[0]?.length ?? 3,
      most: 255,
      data: colours,
    };
  }
  const most = 2 ** depth - 1;
  return depth < 8
    ? { ...size, channels, most, data: unpacked(data, width, height, depth) }
    : { ...size, channels, most, data };
}

function ofJpeg(bytes: Uint8Array): Pixels {
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false });
  return { width, height, channels: 3, most: 255, data };
}

/** The value of a channel of another number of channels. */
function converter(
  from: number,
  to: number,
): (pixel: (channel: number) => number, at: number) => number {
  const colours = from - (from + 1) % 2;
  const opacity = from % 2 === 0;
  if (to === from) return (pixel, at) => pixel(at);
  return (pixel, at) => {
    if (at === 3) return opacity ? pixel(from - 1) : 1;
    if (colours === 1) return pixel(0);
    // Luma as in ITU-R 601, which most programs take for grey.
    return to === 1 ? 0.299 * pixel(0) + 0.587 * pixel(1) + 0.114 * pixel(2) : pixel(at);
  };
}

/** The tensor of pixels. */
function tensorOf({ width, height, channels, most, data }: Pixels, wanted = channels): Tensor {
  const area = width * height;
  const values = new Float32Array(wanted * area);
  const convert = converter(channels, wanted);
  for (let i = 0; i < area; i++) {
    const pixel = (channel: number) => (data[i * channels + channel] ?? 0) / most;
    for (let at = 0; at < wanted; at++) values[at * area + i] = convert(pixel, at);
  }
  return fromTypedArray(values, [wanted, height, width]);
}

/** The image in the bytes of a file. */
function imageOf(call: string, bytes: Uint8Array, { channels }: ImageOptions): Tensor {
  const start = Array.from(bytes.subarray(0, 4));
  const png = [0x89, 0x50, 0x4e, 0x47].every((byte, i) => start[i] === byte);
  if (!png && !(start[0] === 0xff && start[1] === 0xd8)) {
    const shown = start.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new SyntaxError(
      `Cannot ${call}: the bytes are neither PNG nor JPEG, they begin with ${shown || "none"}`,
    );
  }
  try {
    return tensorOf(png ? ofPng(bytes) : ofJpeg(bytes), channels);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot ${call}: the ${png ? "PNG" : "JPEG"} is damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * The image in the bytes of a PNG or JPEG file, float32 from 0 to 1.
 *
 * @returns Shape [C, H, W].
 * @throws {SyntaxError} If the bytes are no such file, or damaged.
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
  return imageOf(call, bytes, imageOptions(call, options));
}

/**
 * {@linkcode decodeImage} of a file. Needs the permission to read it.
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export function readImage(path: string | URL, options?: ImageOptions): Tensor {
  const call = "run readImage";
  checkCount(call, arguments.length, 2);
  const read = imageOptions(call, options);
  const bytes = bytesOf(call, path);
  return imageOf(`${call} of ${path}`, bytes, read);
}
