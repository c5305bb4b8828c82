/** What distributions have in common. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  kind,
  NUMBER,
  optionReader,
  type OptionTable,
  TENSOR,
} from "../core/options.ts";
import { GENERATOR, type RandomGenerator } from "../core/random.ts";
import { broadcastShapes, checkShape, type Shape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of draws from a distribution. */
export interface SampleOptions {
  /** The stream to draw from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

const SAMPLE_OPTIONS: OptionTable<SampleOptions> = { generator: GENERATOR };
const readSampleOptions = optionReader(SAMPLE_OPTIONS);

/** A distribution, or a batch of them. */
export interface Distribution {
  /** The shape of the batch: there is one distribution for each place in it. */
  readonly batchShape: Shape;
  /** Values at random, of shape [...shape, ...batchShape], without gradient. */
  sample(shape?: readonly number[], options?: SampleOptions): Tensor;
  /** The logarithm of the probability, or of its density, at values. */
  logProb(value: Tensor): Tensor;
  /** The entropy, in nats, of the batch's shape. */
  entropy(): Tensor;
}

/** A parameter that is a tensor or a number. */
export const PARAMETER = kind(
  "a tensor or a number",
  (value) => NUMBER.accepts(value) || TENSOR.accepts(value),
);

/** Refuses a tensor of integers. */
export function checkFloat(call: string, name: string, x: Tensor): void {
  if (isFloat(x.dtype)) return;
  throw new DTypeError(`Cannot ${call}: ${name} must be float32 or float64, got ${x.dtype}`);
}

/** Reads what a draw is asked for: the shape of the whole, and where the numbers come from. */
export function readSample(
  name: string,
  given: ArrayLike<unknown>,
  shape: readonly number[],
  options: SampleOptions | undefined,
  batchShape: Shape,
): { shape: Shape; options: SampleOptions } {
  const call = `run ${name}`;
  checkCount(call, given.length, 2);
  if (!Array.isArray(shape)) {
    checkKind(call, "shape", shape, kind("an array of extents, as in [100]", Array.isArray));
  }
  checkShape(name, shape);
  return { shape: [...shape, ...batchShape], options: readSampleOptions(call, options) };
}

/** Reads the values whose probability is asked for, which broadcast to the batch. */
export function readValue(name: string, value: Tensor, batchShape: Shape): Shape {
  const call = `compute ${name}`;
  checkKind(call, "value", value, TENSOR);
  try {
    return broadcastShapes(name, value.shape, batchShape);
  } catch {
    throw new ShapeError(
      `Cannot ${call}: value of shape ${showShape(value.shape)} does not fit the batch ${
        showShape(batchShape)
      }`,
      [value.shape, batchShape],
    );
  }
}
