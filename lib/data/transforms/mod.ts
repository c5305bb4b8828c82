/** Augmentation: transforms of examples and of batches, which draw from the stream they are given. */

export { compose, type Transform } from "./transform.ts";
export {
  centerCrop,
  type ChanceOptions,
  gaussianNoise,
  type GaussianNoiseOptions,
  normalize,
  randomCrop,
  type RandomCropOptions,
  randomErasing,
  type RandomErasingOptions,
  randomHorizontalFlip,
  randomVerticalFlip,
  type Size,
} from "./pixels.ts";
export {
  affine,
  type AffineOptions,
  type Around,
  randomAffine,
  type RandomAffineOptions,
  randomRotation,
} from "./affine.ts";
export { cutmix, type Mix, type MixOptions, mixup } from "./mix.ts";
