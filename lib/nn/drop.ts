/** Dropout without state. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { checkCount, checkKind, FLAG, NUMBER, optionReader, TENSOR } from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { rand, type RandomOptions } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkProbability } from "./probability.ts";

/** Options of `dropout`. */
export interface DropoutOptions extends Pick<RandomOptions, "generator"> {
  /** Probability that an element is dropped. Default: 0.5. */
  p?: number;
  /** Whether elements are dropped at all. Default: true. */
  training?: boolean;
}

const readDropout = optionReader<DropoutOptions>({
  p: NUMBER,
  training: FLAG,
  generator: GENERATOR,
});

/**
 * Elements set to 0 at random and the others scaled by 1 / (1 − p), so that the mean stays.
 * Srivastava and others, "Dropout", 2014.
 */
export function dropout(x: Tensor, options?: DropoutOptions): Tensor {
  checkCount("run dropout", arguments.length, 2);
  const { p = 0.5, training = true, generator } = readDropout("run dropout", options);
  checkKind("run dropout", "the input", x, TENSOR);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot run dropout: the input must be float32 or float64, got ${x.dtype}`,
    );
  }
  checkProbability("run dropout", p);
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const draw = rand(x.shape, { dtype: x.dtype, ...(generator && { generator }) });
  return x.mul(draw.ge(p).to({ dtype: x.dtype }).mul(1 / (1 - p)));
}
