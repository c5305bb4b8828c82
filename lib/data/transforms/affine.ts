/** Turning, shifting, scaling and shearing of images. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FINITE,
  kept,
  kind,
  optionReader,
  POSITIVE,
} from "../../core/options.ts";
import { fromTypedArray, tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { between } from "../draws.ts";
import { extentsOf, type Transform, transform } from "./transform.ts";

/** Where each pixel comes from, about the middle: [a, b, c, d, e, f] of x' = ax + by + c and y'. */
type Matrix = readonly [number, number, number, number, number, number];

/** The pixels of images at other places, each the mean of the four around it; beyond is 0. */
function sampled(call: string, x: Tensor, [a, b, c, d, e, f]: Matrix): Tensor {
  const [height, width] = extentsOf(call, x);
  const size = height * width;
  if (size === 0) {
    throw new ShapeError(`Cannot ${call}: x must have pixels, got shape ${showShape(x.shape)}`, [
      x.shape,
    ]);
  }
  const corners = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([down = 0, right = 0]) => {
    const [places, weights] = [new Int32Array(size), new Float64Array(size)];
    for (let i = 0; i < size; i++) {
      const [row, column] = [Math.floor(i / width), i % width];
      const [u, v] = [column + 0.5 - width / 2, row + 0.5 - height / 2];
      const [fromX, fromY] = [
        a * u + b * v + c + width / 2 - 0.5,
        d * u + e * v + f + height / 2 - 0.5,
      ];
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [shareX, shareY] = [fromX - left, fromY - top];
      const [atX, atY] = [left + right, top + down];
      if (atX < 0 || atX >= width || atY < 0 || atY >= height) continue;
      places[i] = atY * width + atX;
      weights[i] = (right === 1 ? shareX : 1 - shareX) * (down === 1 ? shareY : 1 - shareY);
    }
    return { places: fromTypedArray(places, [size]), weights };
  });
  const rows = x.reshape([-1, size]);
  const { dtype, device } = x;
  const parts = corners.map(({ places, weights }) =>
    rows.indexSelect(1, places.to({ device })).mul(tensor(weights, { dtype, device }))
  );
  return parts.reduce((sum, part) => sum.add(part)).reshape(x.shape);
}

/** Options of `affine`. */
export interface AffineOptions {
  /** By how many degrees images are turned, clockwise. Default: 0. */
  degrees?: number;
  /** By how many pixels they are shifted, to the right and down. Default: [0, 0]. */
  translate?: readonly [number, number];
  /** By what they are scaled, above 0. Default: 1. */
  scale?: number;
  /** By how many degrees they are sheared along x and along y. Default: [0, 0]. */
  shear?: readonly [number, number];
}

const PAIR = kind(
  "two finite numbers",
  (value) => arrayOf(FINITE, "").accepts(value) && (value as unknown[]).length === 2,
);
const affineOptions = optionReader<AffineOptions>({
  degrees: FINITE,
  translate: PAIR,
  scale: POSITIVE,
  shear: PAIR,
});

function radians(degrees: number): number {
  return degrees * Math.PI / 180;
}

/** The inverse of turning and shearing, scaling, and shifting, in this order. */
function inverseOf(
  { degrees = 0, translate = [0, 0], scale = 1, shear = [0, 0] }: AffineOptions,
): Matrix {
  const [turn, sx, sy] = [radians(degrees), radians(shear[0]), radians(shear[1])];
  const a = Math.cos(turn - sy) / Math.cos(sy);
  const b = -a * Math.tan(sx) - Math.sin(turn);
  const c = Math.sin(turn - sy) / Math.cos(sy);
  const d = -c * Math.tan(sx) + Math.cos(turn);
  const [tx, ty] = translate;
  // The determinant of turning and shearing is 1.
  const [p, q, r, s] = [d / scale, -b / scale, -c / scale, a / scale];
  return [p, q, -p * tx - q * ty, r, s, -r * tx - s * ty];
}

/**
 * Turns, shears, scales and shifts images of shape [..., H, W] about their middle; a pixel is the mean
 * of the four that it comes from, and 0 where it comes from beyond. Follows
 * `torchvision.transforms.functional.affine` with bilinear interpolation.
 *
 * @example A shift to the right
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const shift = data.transforms.affine({ translate: [1, 0] });
 * assertEquals(shift(tensor([[1, 2, 3]])).toArray(), [[0, 1, 2]]);
 * ```
 */
export function affine(options?: AffineOptions): Transform {
  const call = "run transforms.affine";
  checkCount(call, arguments.length, 1);
  const matrix = inverseOf(affineOptions(call, options));
  return transform("affine", (x) => sampled(call, x, matrix));
}

/** A number, of which a range to both sides is meant, or a range. */
export type Around = number | readonly [low: number, high: number];

const AROUND = kind(
  "a non-negative number, or two numbers in increasing order",
  (value) =>
    typeof value === "number"
      ? value >= 0 && value < Infinity
      : PAIR.accepts(value) && (value as number[]).every((x, i, [low = x]) => i === 0 || x >= low),
);

function ends(around: Around): readonly [number, number] {
  return typeof around === "number" ? [-around, around] : around;
}

/**
 * Turns images of shape [..., H, W], all in the same way, by a random angle. Follows
 * `torchvision.transforms.RandomRotation` with bilinear interpolation.
 *
 * @param degrees The largest angle to both sides, or the range of angles, counterclockwise.
 *
 * @example A quarter
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const turned = data.transforms.randomRotation([90, 90])(tensor([[1, 2], [3, 4]]));
 * assertAlmostEquals(turned.at(0, 0).item(), 2, 1e-5);
 * ```
 */
export function randomRotation(degrees: Around): Transform {
  const call = "run transforms.randomRotation";
  checkCount(call, arguments.length, 1);
  checkKind(call, "degrees", degrees, AROUND);
  const [low, high] = ends(degrees);
  return transform(
    "randomRotation",
    (x, generator) => sampled(call, x, inverseOf({ degrees: -between(generator, low, high) })),
  );
}

/** Options of `randomAffine`. */
export interface RandomAffineOptions {
  /** The largest angle to both sides, or the range of angles, clockwise. Default: 0. */
  degrees?: Around;
  /** The largest shift along x and y, as shares of the width and the height. Default: [0, 0]. */
  translate?: readonly [number, number];
  /** The range of scales. Default: [1, 1]. */
  scale?: readonly [number, number];
  /** The largest shear along x to both sides, or its range, in degrees. Default: 0. */
  shear?: Around;
}

const randomAffineOptions = optionReader<RandomAffineOptions>({
  degrees: AROUND,
  translate: kind(
    "two numbers from 0 to 1",
    (value) => PAIR.accepts(value) && (value as number[]).every((x) => x >= 0 && x <= 1),
  ),
  scale: kind(
    "two positive numbers in increasing order",
    (value) => AROUND.accepts(value) && PAIR.accepts(value) && (value as number[])[0] as number > 0,
  ),
  shear: AROUND,
});

/**
 * Turns, shifts, scales and shears images of shape [..., H, W], all in the same way, at random. Follows
 * `torchvision.transforms.RandomAffine` with bilinear interpolation. See {@linkcode affine}.
 *
 * @example A little of each
 * ```ts
 * import { data, rand } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { randomAffine } = data.transforms;
 * const change = randomAffine({ degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 5 });
 * assertEquals(change(rand([3, 8, 8])).shape, [3, 8, 8]);
 * ```
 */
export function randomAffine(options?: RandomAffineOptions): Transform {
  const call = "run transforms.randomAffine";
  checkCount(call, arguments.length, 1);
  const { degrees = 0, translate = [0, 0], scale = [1, 1], shear = 0 } = kept(
    randomAffineOptions(call, options),
  );
  return transform("randomAffine", (x, generator) => {
    const [height, width] = extentsOf(call, x);
    const shift = (share: number, extent: number) =>
      Math.round(between(generator, -share * extent, share * extent));
    const matrix = inverseOf({
      degrees: between(generator, ...ends(degrees)),
      translate: [shift(translate[0], width), shift(translate[1], height)],
      scale: between(generator, ...scale),
      shear: [between(generator, ...ends(shear)), 0],
    });
    return sampled(call, x, matrix);
  });
}
