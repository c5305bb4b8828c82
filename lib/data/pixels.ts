/** Pixels of PNG and JPEG files, by npm packages; independent of tensors, so that a Worker loads fast. */

import { convertIndexedToRgb, decode as decodePng, type IndexedColors } from "fast-png";
import jpeg from "jpeg-js";

/** An image by channel, row and column, from 0 to 1. */
export interface Planes {
  readonly values: Float32Array<ArrayBuffer>;
  /** [C, H, W]. */
  readonly shape: readonly [number, number, number];
}

/** An image, pixel by pixel. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** The largest value, that of white. */
  readonly most: number;
  readonly data: ArrayLike<number>;
}

/** Pixels of 1, 2 or 4 bits, several in a byte; each row begins with a new byte. */
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

/** The value of a channel after a change of the number of channels. */
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
    // Luma as in ITU-R 601, which most programs use for grey.
    return to === 1 ? 0.299 * pixel(0) + 0.587 * pixel(1) + 0.114 * pixel(2) : pixel(at);
  };
}

/** Pixels by channel, row and column. */
function planesOf({ width, height, channels, most, data }: Pixels, wanted = channels): Planes {
  const area = width * height;
  const values = new Float32Array(wanted * area);
  const convert = converter(channels, wanted);
  for (let i = 0; i < area; i++) {
    const pixel = (channel: number) => (data[i * channels + channel] ?? 0) / most;
    for (let at = 0; at < wanted; at++) values[at * area + i] = convert(pixel, at);
  }
  return { values, shape: [wanted, height, width] };
}

/** The image in the bytes of a file; `call` names what needs it, for errors. */
export function decoded(call: string, bytes: Uint8Array, channels?: number): Planes {
  const start = Array.from(bytes.subarray(0, 4));
  const png = [0x89, 0x50, 0x4e, 0x47].every((byte, i) => start[i] === byte);
  if (!png && !(start[0] === 0xff && start[1] === 0xd8)) {
    const shown = start.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new SyntaxError(
      `Cannot ${call}: the bytes must be PNG or JPEG, got a file that begins with ${
        shown || "none"
      }`,
    );
  }
  try {
    return planesOf(png ? ofPng(bytes) : ofJpeg(bytes), channels);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot ${call}: the ${png ? "PNG" : "JPEG"} is damaged: ${(cause as Error).message}`,
      { cause },
    );
  }
}
