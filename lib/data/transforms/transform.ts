/** What transforms share: functions of a tensor and of the stream that they draw from. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, checkKind, FUNCTION, TENSOR } from "../../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../../core/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Changes an example. What is random is drawn from the generator, or from the stream that
 * `manualSeed` seeds where none is given.
 */
export type Transform = (x: Tensor, generator?: RandomGenerator) => Tensor;

/** Makes a transform that checks what it is given. */
export function transform(
  name: string,
  run: (x: Tensor, generator: RandomGenerator, call: string) => Tensor,
): Transform {
  const call = `run transforms.${name}`;
  function changed(x: Tensor, generator: RandomGenerator = defaultGenerator): Tensor {
    checkCount(call, arguments.length, 2);
    checkKind(call, "x", x, TENSOR);
    checkKind(call, "the generator", generator, GENERATOR);
    if (!isFloat(x.dtype)) {
      throw new DTypeError(`Cannot ${call}: x must be float32 or float64, got ${x.dtype}`);
    }
    return run(x, generator, call);
  }
  return changed;
}

/** The extents of images, which lie along the last two dimensions. */
export function extentsOf(call: string, x: Tensor): readonly [height: number, width: number] {
  const [height, width] = x.shape.slice(-2);
  if (x.ndim >= 2 && height !== undefined && width !== undefined) return [height, width];
  throw new ShapeError(`Cannot ${call}: x must have shape [..., H, W], got ${showShape(x.shape)}`, [
    x.shape,
  ]);
}

/**
 * One transform after the other.
 *
 * @example Augmentation of a data set, drawn from the loader's stream
 * ```ts
 * import { data, rand, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const augment = data.transforms.compose(
 *   data.transforms.randomHorizontalFlip(),
 *   data.transforms.randomCrop([8, 8], { padding: 2 }),
 * );
 * const images = rand([4, 1, 8, 8]);
 * const set = {
 *   length: 4,
 *   get: (i: number, generator?: RandomGenerator) => augment(images.at(i), generator),
 * };
 * const [batch] = new data.DataLoader(set, { batchSize: 4 });
 * assertEquals(batch?.shape, [4, 1, 8, 8]);
 * ```
 */
export function compose(...transforms: Transform[]): Transform {
  for (const [i, own] of transforms.entries()) {
    checkKind("run transforms.compose", `transform ${i}`, own, FUNCTION);
  }
  return transform(
    "compose",
    (x, generator) => transforms.reduce((y, own) => own(y, generator), x),
  );
}
