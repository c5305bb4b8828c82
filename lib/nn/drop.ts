/** Dropout as functions: of elements, of channels, and for self-normalizing nets. */

import { checkCount, checkKind, FLAG, NUMBER, optionReader } from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { rand, type RandomOptions } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, checkRank } from "./checks.ts";

/** Options of `dropout`. */
export interface DropoutOptions extends Pick<RandomOptions, "generator"> {
  /** Probability that an element is dropped. Default: 0.5. */
  p?: number;
  /** Whether elements are dropped at all. Default: true, but false for `alphaDropout`. */
  training?: boolean;
}

const readDropout = optionReader<DropoutOptions>({
  p: NUMBER,
  training: FLAG,
  generator: GENERATOR,
});

/** A function that drops elements. */
export type DropoutFunction = (x: Tensor, options?: DropoutOptions) => Tensor;

/** Refuses what is not a probability. */
export function checkProbability(call: string, p: number, name = "p"): void {
  checkKind(call, name, p, NUMBER);
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`Cannot ${call}: ${name} must be a probability from 0 to 1, got ${p}`);
  }
}

/** What a dropout makes of an input, given a mask that is 1 for what it keeps and 0 for the rest. */
type Drop = (x: Tensor, kept: Tensor, p: number) => Tensor;

function dropoutOf(
  name: string,
  shape: (x: Tensor) => readonly number[],
  drop: Drop,
  byDefault = true,
): DropoutFunction {
  const call = `run ${name}`;
  return function (x, options?) {
    checkCount(call, arguments.length, 2);
    const { p = 0.5, training = byDefault, generator } = readDropout(call, options);
    checkFloating(call, x);
    checkProbability(call, p);
    const drawn = shape(x);
    if (!training || p === 0) return x;
    if (p === 1) return x.mul(0);
    const { dtype, device } = x;
    const draw = rand([...drawn], { dtype, device, ...(generator && { generator }) });
    return drop(x, draw.ge(p).to({ dtype }), p);
  };
}

/** Scaled, so that the mean is kept. */
const scaled: Drop = (x, kept, p) => x.mul(kept.mul(1 / (1 - p)));

/** A shape with one number for each channel, for inputs with the given spatial dimensions. */
function channels(name: string, dims: number): (x: Tensor) => number[] {
  return (x) => {
    checkRank(`run ${name}`, x, [dims + 1, dims + 2]);
    return [...x.shape.slice(0, -dims), ...new Array<number>(dims).fill(1)];
  };
}

/**
 * Elements set to 0 at random and the others scaled by 1 / (1 − p), so that the mean is kept.
 * Srivastava and others, "Dropout", 2014; follows `torch.nn.functional.dropout`.
 *
 * @throws {RangeError} If p is not a probability.
 *
 * @example None and all
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.dropout(ones([2]), { p: 0 }).toArray(), [1, 1]);
 * assertEquals(nn.functional.dropout(ones([2]), { p: 1 }).toArray(), [0, 0]);
 * ```
 */
export const dropout: DropoutFunction = dropoutOf("dropout", ({ shape }) => shape, scaled);

/**
 * Channels of lines set to 0 at random and the others scaled by 1 / (1 − p). Tompson and others, 2015;
 * follows `torch.nn.functional.dropout1d`.
 *
 * @param x Shape [batch, channels, length], or without the batch.
 *
 * @example Each channel has one value
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.dropout1d(ones([8, 3]));
 * assertEquals(y.at(":", 0).toArray(), y.at(":", 2).toArray());
 * ```
 */
export const dropout1d: DropoutFunction = dropoutOf("dropout1d", channels("dropout1d", 1), scaled);

/**
 * Channels of images set to 0 at random and the others scaled by 1 / (1 − p). Follows
 * `torch.nn.functional.dropout2d`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 *
 * @example All
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.dropout2d(ones([1, 1, 2]), { p: 1 }).toArray(), [[[0, 0]]]);
 * ```
 */
export const dropout2d: DropoutFunction = dropoutOf("dropout2d", channels("dropout2d", 2), scaled);

/**
 * Channels of volumes set to 0 at random and the others scaled by 1 / (1 − p). Follows
 * `torch.nn.functional.dropout3d`.
 *
 * @param x Shape [batch, channels, depth, height, width], or without the batch.
 *
 * @example None
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.functional.dropout3d(ones([1, 1, 1, 1]), { p: 0 }).item(), 1);
 * ```
 */
export const dropout3d: DropoutFunction = dropoutOf("dropout3d", channels("dropout3d", 3), scaled);

/** The limit of SELU far below 0: minus its scale times its α. */
const SATURATED = -1.0507009873554805 * 1.6732632423543772;

/**
 * Elements set at random to the limit of SELU far below 0, then all scaled and shifted so that mean 0
 * and variance 1 are kept. Klambauer and others, 2017; follows `torch.nn.functional.alpha_dropout`.
 *
 * @param options Nothing is dropped unless `training` is true.
 *
 * @example All
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.alphaDropout(ones([2]), { p: 1, training: true });
 * assertEquals(y.toArray(), [0, 0]);
 * ```
 */
export const alphaDropout: DropoutFunction = dropoutOf(
  "alphaDropout",
  ({ shape }) => shape,
  (x, kept, p) => {
    const scale = 1 / Math.sqrt((1 - p) * (1 + p * SATURATED ** 2));
    const dropped = kept.neg().add(1).mul(SATURATED);
    return x.mul(kept).add(dropped).mul(scale).sub(scale * p * SATURATED);
  },
  false,
);
