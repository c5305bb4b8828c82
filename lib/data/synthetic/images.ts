/** Synthetic images: digits, shapes, tissue, lanes. Nothing in them was seen by a camera. */

import {
  FINITE,
  isListOf,
  kind,
  NOT_NEGATIVE,
  optionReader,
  SHARE,
  shown,
} from "../../core/options.ts";
import type { RandomGenerator } from "../../core/random.ts";
import { fromTypedArray } from "../../tensor/create.ts";
import { randn } from "../../tensor/rand.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, between, uniform } from "../draws.ts";
import {
  readArguments,
  readSynthetic,
  type Samples,
  SYNTHETIC_OPTIONS,
  type SyntheticOptions,
} from "./options.ts";

/** Digits of 7 rows of 5 pixels. */
const FONT = [
  "01110100011001110101110011000101110",
  "00100011000010000100001000010001110",
  "01110100010000100010001000100011111",
  "11111000100010000010000011000101110",
  "00010001100101010010111110001000010",
  "11111100001111000001000011000101110",
  "00110010001000011110100011000101110",
  "11111000010001000100010000100001000",
  "01110100011000101110100011000101110",
  "01110100011000101111000010001001100",
] as const;

/** Images of one channel whose pixels are a function of their places, with noise on them. */
function drawn(
  n: number,
  [height, width]: readonly [number, number],
  noise: number,
  generator: RandomGenerator,
  imageOf: (image: number) => (row: number, column: number) => number,
): Tensor {
  const pixels = new Float32Array(n * height * width);
  for (let image = 0, i = 0; image < n; image++) {
    const pixel = imageOf(image);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++, i++) pixels[i] = pixel(row, column);
    }
  }
  const clean = fromTypedArray(pixels, [n, 1, height, width]);
  return noise === 0 ? clean : clean.add(randn(clean.shape, { generator }).mul(noise));
}

function labelsOf(labels: readonly number[]): Tensor {
  return fromTypedArray(Int32Array.from(labels), [labels.length]);
}

function listed<T>(n: number, make: () => T): T[] {
  return Array.from({ length: n }, make);
}

/** Options of `digits`. */
export interface DigitsOptions extends SyntheticOptions {
  /** The deviation of the noise on each pixel. Default: 0.3. */
  noise?: number;
  /** By how many pixels digits are shifted at most, from 0 to 3. Default: 2. */
  shift?: number;
}

const digitsOptions = optionReader<DigitsOptions>({
  ...SYNTHETIC_OPTIONS,
  noise: NOT_NEGATIVE,
  shift: kind(
    "an integer from 0 to 3",
    (value) => Number.isInteger(value) && value as number >= 0 && value as number <= 3,
  ),
});

/**
 * Synthetic images of printed digits, 5 × 7 pixels each three times as large, shifted and with noise.
 *
 * @param n How many.
 * @returns x of shape [n, 1, 28, 28]; y int32, from 0 to 9.
 *
 * @example As many as asked for
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.digits(5);
 * assertEquals([x.shape, y.shape], [[5, 1, 28, 28], [5]]);
 * ```
 */
export function digits(n: number, options?: DigitsOptions): Samples {
  const { generator, options: { noise = 0.3, shift = 2 } } = readArguments(
    "digits",
    arguments.length,
    n,
    options,
    digitsOptions,
  );
  const labels = listed(n, () => below(generator, 10));
  const moved = () => below(generator, 2 * shift + 1) - shift;
  const places = listed(n, () => [3 + moved(), 6 + moved()] as const);
  const x = drawn(n, [28, 28], noise, generator, (image) => {
    const [glyph, [top, left]] = [FONT[labels[image] ?? 0] ?? "", places[image] ?? [3, 6]];
    return (row, column) => {
      const [r, c] = [Math.floor((row - top) / 3), Math.floor((column - left) / 3)];
      return Number(r >= 0 && r < 7 && c >= 0 && c < 5 && glyph[r * 5 + c] === "1");
    };
  });
  return { x, y: labelsOf(labels) };
}

/** Options of `lesions`. */
export interface LesionsOptions extends SyntheticOptions {
  /** The share of images with a spot. Default: 0.1. */
  prevalence?: number;
  /** The deviation of the noise on each pixel. Default: 0.3. */
  noise?: number;
}

const lesionsOptions = optionReader<LesionsOptions>({
  ...SYNTHETIC_OPTIONS,
  prevalence: SHARE,
  noise: NOT_NEGATIVE,
});

/**
 * Synthetic images of an uneven ground, some with a round spot on it: a stand-in for rare findings,
 * not a diagnostic.
 *
 * @param n How many.
 * @returns x of shape [n, 1, 32, 32]; y int32, 1 where there is a spot.
 *
 * @example Rare spots
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { y } = data.synthetic.lesions(4, { prevalence: 1 });
 * assertEquals(y.toArray(), [1, 1, 1, 1]);
 * ```
 */
export function lesions(n: number, options?: LesionsOptions): Samples {
  const { generator, options: { prevalence = 0.1, noise = 0.3 } } = readArguments(
    "lesions",
    arguments.length,
    n,
    options,
    lesionsOptions,
  );
  const labels = listed(n, () => Number(uniform(generator) < prevalence));
  const x = drawn(n, [32, 32], noise, generator, (image) => {
    const [tilt, phase] = [between(generator, -0.3, 0.3), between(generator, 0, 6.28)];
    const [row0, column0] = [between(generator, 6, 26), between(generator, 6, 26)];
    const [radius, depth] = [between(generator, 2.5, 5), between(generator, 0.25, 0.55)];
    return (row, column) => {
      const ground = 0.4 + tilt * (column / 31 - 0.5) + 0.1 * Math.sin(row / 4 + phase);
      const away = Math.hypot(row - row0, column - column0);
      return ground + (labels[image] === 1 ? depth / (1 + Math.exp(2 * (away - radius))) : 0);
    };
  });
  return { x, y: labelsOf(labels) };
}

/** Images with a box each. */
export interface BoxedSamples extends Samples {
  /** Left, top, right and bottom of each shape, as shares of the image: [n, 4]. */
  readonly boxes: Tensor;
}

/** Options of `shapes`. */
export interface ShapesOptions extends SyntheticOptions {
  /** The deviation of the noise on each pixel. Default: 0.2. */
  noise?: number;
}

const shapesOptions = optionReader<ShapesOptions>({ ...SYNTHETIC_OPTIONS, noise: NOT_NEGATIVE });

/**
 * Synthetic images of one shape each, a filled square or a ring, anywhere in noise: for detectors.
 *
 * @param n How many.
 * @returns x of shape [n, 1, 32, 32]; y int32, 0 for squares and 1 for rings; boxes of shape [n, 4].
 *
 * @example Boxes lie in the image
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { boxes } = data.synthetic.shapes(20);
 * assert(boxes.min().item() >= 0 && boxes.max().item() <= 1);
 * ```
 */
export function shapes(n: number, options?: ShapesOptions): BoxedSamples {
  const { generator, options: { noise = 0.2 } } = readArguments(
    "shapes",
    arguments.length,
    n,
    options,
    shapesOptions,
  );
  const own = listed(n, () => {
    const half = 4 + below(generator, 4);
    const middle = () => half + below(generator, 32 - 2 * half);
    return { ring: below(generator, 2), half, x: middle(), y: middle() };
  });
  const x = drawn(n, [32, 32], noise, generator, (image) => {
    const { ring, half, x, y } = own[image] ?? { ring: 0, half: 0, x: 0, y: 0 };
    return (row, column) => {
      const away = Math.hypot(row - y, column - x);
      const inside = ring === 1
        ? away < half && away > half - 2.5
        : Math.abs(row - y) < half && Math.abs(column - x) < half;
      return Number(inside);
    };
  });
  const boxes = own.flatMap(({ half, x, y }) =>
    [x - half + 1, y - half + 1, x + half, y + half].map((side) => side / 32)
  );
  return {
    x,
    y: labelsOf(own.map(({ ring }) => ring)),
    boxes: fromTypedArray(Float32Array.from(boxes), [n, 4]),
  };
}

/**
 * Synthetic images that look a little like tissue: two bright ovals and fine stripes on a gradient,
 * from 0 to 1. For reconstruction.
 *
 * @param n How many.
 * @returns Shape [n, 1, 32, 32].
 *
 * @example In their range
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = data.synthetic.tissueImages(3);
 * assert(x.min().item() >= 0 && x.max().item() <= 1);
 * ```
 */
export function tissueImages(n: number, options?: SyntheticOptions): Tensor {
  const { generator } = readArguments("tissueImages", arguments.length, n, options, readSynthetic);
  return drawn(n, [32, 32], 0, generator, () => {
    const range = (low: number, high: number) => between(generator, low, high);
    const slope = 0.1 * range(-1, 1);
    const ovals = listed(2, () => ({
      x: range(-0.6, 0.6),
      y: range(-0.6, 0.6),
      size: range(0.15, 0.4),
      long: range(0.6, 1.4),
      bright: 0.35 * range(0.5, 1),
    }));
    const [angle, phase, pitch] = [range(0, Math.PI), range(0, 6), range(10, 14)];
    return (row, column) => {
      const [x, y] = [2 * column / 31 - 1, 2 * row / 31 - 1];
      const inside = ovals.reduce((sum, own) => {
        const away = (x - own.x) ** 2 * own.long + (y - own.y) ** 2 / own.long;
        return sum + (away < own.size ** 2 ? own.bright : 0);
      }, 0);
      const stripes = 0.08 * Math.sin(pitch * (x * Math.cos(angle) + y * Math.sin(angle)) + phase);
      return Math.max(0, Math.min(1, 0.35 + slope * x + inside + stripes));
    };
  });
}

/** Where lanes lie. */
export interface LaneOptions extends SyntheticOptions {
  /** The deviation of the noise on each pixel. Default: 0.2. */
  noise?: number;
}

const laneOptions = optionReader<LaneOptions>({ ...SYNTHETIC_OPTIONS, noise: NOT_NEGATIVE });

/**
 * Synthetic views of a lane between two lines, seen from beside its middle and bending away, and how
 * to steer: 1.2·offset + 0.8·curvature. No road was driven.
 *
 * @param n How many, or for the views of a drive [offset, curvature] of each.
 * @returns x of shape [n, 1, 16, 32]; y of shape [n, 1].
 *
 * @example The view from the middle of a straight lane
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.lanes([[0, 0]], { noise: 0 });
 * assertEquals([x.shape, y.toArray()], [[1, 1, 16, 32], [[0]]]);
 * ```
 */
export function lanes(
  n: number | readonly (readonly [offset: number, curvature: number])[],
  options?: LaneOptions,
): Samples {
  const count = typeof n === "number" || !Array.isArray(n) ? n as number : n.length;
  const { generator, options: { noise = 0.2 } } = readArguments(
    "lanes",
    arguments.length,
    count,
    options,
    laneOptions,
  );
  const places = typeof n !== "number"
    ? n
    : listed(n, () => [between(generator, -0.8, 0.8), between(generator, -0.5, 0.5)] as const);
  for (const [i, place] of places.entries()) {
    if (isListOf(place, FINITE.accepts) && place.length === 2) continue;
    throw new TypeError(
      `Cannot run synthetic.lanes: place ${i} must be [offset, curvature], got ${shown(place)}`,
    );
  }
  const x = drawn(count, [16, 32], noise, generator, (image) => {
    const [offset, curvature] = places[image] ?? [0, 0];
    return (row, column) => {
      const far = (15 - row) / 15;
      const middle = 16 + 10 * (offset * (1 - 0.3 * far) + curvature * far * far);
      const line = (at: number) => Math.exp(-((column - at) ** 2) / 1.5);
      return line(middle - 6) + line(middle + 6);
    };
  });
  const y = places.map(([offset, curvature]) => 1.2 * offset + 0.8 * curvature);
  return { x, y: fromTypedArray(Float32Array.from(y), [count, 1]) };
}
