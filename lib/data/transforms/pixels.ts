/** Transforms of what is in the pixels, and of which of them are there. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  isListOf,
  kept,
  kind,
  NOT_NEGATIVE,
  NUMBER,
  NUMBERS,
  optionReader,
  POSITIVE,
  SHARE,
  WHOLE,
} from "../../core/options.ts";
import { tensor } from "../../tensor/create.ts";
import { randn } from "../../tensor/rand.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, between, uniform } from "../draws.ts";
import { extentsOf, type Transform, transform } from "./transform.ts";

/** Numbers for the channels of images, or one for all. */
function perChannel(call: string, x: Tensor, given: number | readonly number[]): Tensor | number {
  if (typeof given === "number") return given;
  const channels = x.shape.at(-3);
  if (channels !== given.length) {
    throw new ShapeError(
      `Cannot ${call}: x must have shape [..., ${given.length}, H, W], got ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  return tensor(given, { dtype: x.dtype, device: x.device }).reshape([-1, 1, 1]);
}

/**
 * (x − mean)/std, each a number, or one for each channel. Follows `torchvision.transforms.Normalize`.
 *
 * @param mean What is taken away.
 * @param std What it is divided by, not 0.
 *
 * @example Numbers of MNIST
 * ```ts
 * import { data, full } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const normalize = data.transforms.normalize(0.1307, 0.3081);
 * assertAlmostEquals(normalize(full([1, 2, 2], 0.1307)).sum().item(), 0, 1e-6);
 * ```
 */
export function normalize(
  mean: number | readonly number[],
  std: number | readonly number[],
): Transform {
  const call = "run transforms.normalize";
  checkCount(call, arguments.length, 2);
  checkKind(call, "mean", mean, NUMBERS);
  checkKind(call, "std", std, NUMBERS);
  if ([std].flat().includes(0)) throw new RangeError(`Cannot ${call}: std must not be 0`);
  const [shift, scale] = kept([mean, std]);
  return transform(
    "normalize",
    (x) => x.sub(perChannel(call, x, shift)).div(perChannel(call, x, scale)),
  );
}

/** Options of transforms that happen sometimes. */
export interface ChanceOptions {
  /** How likely it is, from 0 to 1. Default: 0.5. */
  p?: number;
}

const chanceOptions = optionReader<ChanceOptions>({ p: SHARE });

/** Makes a transform that turns a dimension round. */
function randomFlip(name: string, dim: number, options: ChanceOptions | undefined): Transform {
  const { p = 0.5 } = chanceOptions(`run transforms.${name}`, options);
  return transform(name, (x, generator, call) => {
    extentsOf(call, x);
    return uniform(generator) < p ? x.flip([dim]) : x;
  });
}

/**
 * Exchanges left and right of images of shape [..., H, W], of all or of none. Follows
 * `torchvision.transforms.RandomHorizontalFlip`.
 *
 * @example Always
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const flip = data.transforms.randomHorizontalFlip({ p: 1 });
 * assertEquals(flip(tensor([[1, 2]])).toArray(), [[2, 1]]);
 * ```
 */
export function randomHorizontalFlip(options?: ChanceOptions): Transform {
  checkCount("run transforms.randomHorizontalFlip", arguments.length, 1);
  return randomFlip("randomHorizontalFlip", -1, options);
}

/**
 * Exchanges top and bottom of images of shape [..., H, W], of all or of none. Follows
 * `torchvision.transforms.RandomVerticalFlip`.
 *
 * @example Always
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const flip = data.transforms.randomVerticalFlip({ p: 1 });
 * assertEquals(flip(tensor([[1], [2]])).toArray(), [[2], [1]]);
 * ```
 */
export function randomVerticalFlip(options?: ChanceOptions): Transform {
  checkCount("run transforms.randomVerticalFlip", arguments.length, 1);
  return randomFlip("randomVerticalFlip", -2, options);
}

/** Height and width. */
export type Size = readonly [height: number, width: number];

const SIZE = kind(
  "[height, width], two positive integers",
  (value) => arrayOf(COUNT, "").accepts(value) && (value as unknown[]).length === 2,
);

/** A part of images. */
function crop(
  call: string,
  x: Tensor,
  [height, width]: Size,
  place: (room: number) => number,
): Tensor {
  const [h, w] = extentsOf(call, x);
  if (h < height || w < width) {
    throw new ShapeError(
      `Cannot ${call}: images of ${h} × ${w} have no part of ${height} × ${width}`,
      [x.shape],
    );
  }
  const [top, left] = [place(h - height), place(w - width)];
  return x.narrow(-2, top, height).narrow(-1, left, width);
}

/**
 * The middle of images of shape [..., H, W]. Follows `torchvision.transforms.CenterCrop`, but that
 * smaller images are refused.
 *
 * @param size Height and width of the part.
 *
 * @example One pixel of three
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.transforms.centerCrop([1, 1])(tensor([[1, 2, 3]])).toArray(), [[2]]);
 * ```
 */
export function centerCrop(size: Size): Transform {
  const call = "run transforms.centerCrop";
  checkCount(call, arguments.length, 1);
  checkKind(call, "size", size, SIZE);
  const own = kept(size);
  // Half a pixel goes to the even side, as Python rounds.
  const half = (room: number) => {
    const middle = Math.floor(room / 2);
    return room % 2 === 1 && middle % 2 === 1 ? middle + 1 : middle;
  };
  return transform("centerCrop", (x) => crop(call, x, own, half));
}

/** Options of `randomCrop`. */
export interface RandomCropOptions {
  /** How many pixels of 0 are put around the image first. Default: 0. */
  padding?: number;
}

const cropOptions = optionReader<RandomCropOptions>({
  padding: WHOLE,
});

/**
 * A part of images of shape [..., H, W], anywhere, with a frame of 0 around them or none. Follows
 * `torchvision.transforms.RandomCrop`.
 *
 * @param size Height and width of the part.
 *
 * @example A shift by up to 2 pixels
 * ```ts
 * import { data, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const shift = data.transforms.randomCrop([4, 4], { padding: 2 });
 * assertEquals(shift(ones([1, 4, 4])).shape, [1, 4, 4]);
 * ```
 */
export function randomCrop(size: Size, options?: RandomCropOptions): Transform {
  const call = "run transforms.randomCrop";
  checkCount(call, arguments.length, 2);
  checkKind(call, "size", size, SIZE);
  const own = kept(size);
  const { padding = 0 } = cropOptions(call, options);
  return transform("randomCrop", (x, generator) => {
    extentsOf(call, x);
    const framed = padding === 0 ? x : x.pad([padding, padding, padding, padding]);
    return crop(call, framed, own, (room) => below(generator, room + 1));
  });
}

/** Two numbers, the second not below the first. */
const RANGE = kind(
  "two positive numbers in increasing order",
  (value) =>
    isListOf(value, POSITIVE.accepts) && value.length === 2 && Number(value[0]) <= Number(value[1]),
);

/** Options of `randomErasing`. */
export interface RandomErasingOptions extends ChanceOptions {
  /** The least and the largest share of an image. Default: [0.02, 0.33]. */
  scale?: readonly [number, number];
  /** The least and the largest ratio of height to width. Default: [0.3, 3.3]. */
  ratio?: readonly [number, number];
  /** What is put there. Default: 0. */
  value?: number;
}

const erasingOptions = optionReader<RandomErasingOptions>({
  p: SHARE,
  scale: RANGE,
  ratio: RANGE,
  value: NUMBER,
});

/**
 * Puts a number in a rectangle of images of shape [..., H, W]. Follows
 * `torchvision.transforms.RandomErasing`: where no rectangle fits in ten tries, there is none. Zhong et
 * al., "Random erasing data augmentation", 2017.
 *
 * @example A part of an image
 * ```ts
 * import { data, ones } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const erased = data.transforms.randomErasing({ p: 1 })(ones([1, 8, 8])).sum().item();
 * assert(erased < 64 && erased > 32);
 * ```
 */
export function randomErasing(options?: RandomErasingOptions): Transform {
  const call = "run transforms.randomErasing";
  checkCount(call, arguments.length, 1);
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = kept(
    erasingOptions(call, options),
  );
  return transform("randomErasing", (x, generator) => {
    const [height, width] = extentsOf(call, x);
    if (uniform(generator) >= p) return x;
    for (let tries = 0; tries < 10; tries++) {
      const area = height * width * between(generator, ...scale);
      const aspect = Math.exp(between(generator, Math.log(ratio[0]), Math.log(ratio[1])));
      const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
      if (h >= height || w >= width) continue;
      const [top, left] = [below(generator, height - h + 1), below(generator, width - w + 1)];
      const inside = Uint8Array.from({ length: height * width }, (_, i) => {
        const [row, column] = [Math.floor(i / width) - top, i % width - left];
        return Number(row >= 0 && row < h && column >= 0 && column < w);
      });
      const mask = tensor(inside, { dtype: "bool", device: x.device }).reshape([height, width]);
      return x.maskedFill(mask, value);
    }
    return x;
  });
}

/** Options of `gaussianNoise`. */
export interface GaussianNoiseOptions {
  /** The standard deviation, at least 0. Default: 0.1. */
  std?: number;
  /** The mean. Default: 0. */
  mean?: number;
}

const noiseOptions = optionReader<GaussianNoiseOptions>({ std: NOT_NEGATIVE, mean: FINITE });

/**
 * Adds normal noise to each element. Follows `torchvision.transforms.v2.GaussianNoise`, but that
 * nothing is clipped.
 *
 * @example A little
 * ```ts
 * import { data, zeros } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const noise = data.transforms.gaussianNoise({ std: 0.01 })(zeros([100]));
 * assert(noise.abs().max().item() < 0.1);
 * ```
 */
export function gaussianNoise(options?: GaussianNoiseOptions): Transform {
  const call = "run transforms.gaussianNoise";
  checkCount(call, arguments.length, 1);
  const { std = 0.1, mean = 0 } = noiseOptions(call, options);
  return transform("gaussianNoise", (x, generator) => {
    const { dtype, device } = x;
    return x.add(randn(x.shape, { generator, dtype, device }).mul(std).add(mean));
  });
}
