/** Good calls of transforms of data. */

import { data, ones, RandomGenerator } from "../../mod.ts";
import { type Call, of, options, type Rows } from "../common/calls.ts";

const { transforms } = data;
const share = of(() => 0.5, "number");
const number = of(() => 0.5, "number");
const pair = of(() => [0.5, 0.75]);
const size = of(() => [2, 2]);
const image = of(() => ones([1, 4, 4]));
const generator = of(() => new RandomGenerator(1), "undefined");

/** Transforms of data. */
export const DATA_TRANSFORMS: Rows<typeof transforms> = {
  compose: { args: [of(() => transforms.affine(), "function")], rest: true },
  normalize: { args: [of(() => 0.5, "number", "NaN"), of(() => 0.5, "number", "NaN")] },
  randomHorizontalFlip: { args: [options({ p: share })] },
  randomVerticalFlip: { args: [options({ p: share })] },
  centerCrop: { args: [size] },
  randomCrop: { args: [size, options({ padding: of(() => 1) })] },
  randomErasing: {
    args: [options({ p: share, scale: pair, ratio: pair, value: of(() => 1, "number", "NaN") })],
  },
  gaussianNoise: { args: [options({ std: number, mean: number })] },
  affine: {
    args: [options({ degrees: number, translate: pair, scale: number, shear: pair })],
  },
  randomRotation: { args: [of(() => 5, "number")] },
  randomAffine: {
    args: [
      options({
        degrees: of(() => 5, "number"),
        translate: pair,
        scale: pair,
        shear: of(() => 5, "number"),
      }),
    ],
  },
  mixup: { args: [options({ alpha: number })] },
  cutmix: { args: [options({ alpha: number })] },
};

type Loose = (...args: unknown[]) => unknown;

/** What the functions do that these make. */
export const INSIDE_TRANSFORMS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(
    Object.entries({
      normalize: transforms.normalize(0, 1),
      randomHorizontalFlip: transforms.randomHorizontalFlip(),
      centerCrop: transforms.centerCrop([2, 2]),
      randomCrop: transforms.randomCrop([2, 2]),
      affine: transforms.affine(),
      compose: transforms.compose(),
    }).map(([name, made]): [string, Call] => [`transforms.${name}()(x)`, {
      run: made as Loose,
      args: [image, generator],
      named: `transforms.${name}`,
    }]),
  ),
  ...Object.fromEntries(
    Object.entries({ mixup: transforms.mixup(), cutmix: transforms.cutmix() })
      .map(([name, made]): [string, Call] => [`transforms.${name}()(x, target)`, {
        run: made as Loose,
        args: [of(() => ones([2, 4, 4])), of(() => ones([2, 3])), generator],
        named: `transforms.${name}`,
      }]),
  ),
};
