/** Mixtures of the examples of a batch. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, checkKind, optionReader, POSITIVE, TENSOR } from "../../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../../core/random.ts";
import { where } from "../../ops/mod.ts";
import { fromTypedArray, tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, normal, uniform } from "../draws.ts";
import { extentsOf } from "./transform.ts";

/** Options of `mixup` and `cutmix`. */
export interface MixOptions {
  /** The parameter of the Beta distribution that shares are drawn from, above 0. Default: 1. */
  alpha?: number;
}

const mixOptions = optionReader<MixOptions>({
  alpha: POSITIVE,
});

/** Mixes inputs, and targets in the same shares. */
export type Mix = (
  x: Tensor,
  target: Tensor,
  generator?: RandomGenerator,
) => [x: Tensor, target: Tensor];

/** A number of the Gamma distribution of scale 1, by Marsaglia and Tsang's way. */
function gamma(generator: RandomGenerator, shape: number): number {
  if (shape < 1) {
    return gamma(generator, shape + 1) * Math.pow(1 - uniform(generator), 1 / shape);
  }
  const d = shape - 1 / 3;
  for (;;) {
    const z = normal(generator);
    const v = (1 + z / Math.sqrt(9 * d)) ** 3;
    const u = 1 - uniform(generator);
    if (v > 0 && Math.log(u) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

function beta(generator: RandomGenerator, alpha: number): number {
  const [a, b] = [gamma(generator, alpha), gamma(generator, alpha)];
  return a + b === 0 ? Number(uniform(generator) < 0.5) : a / (a + b);
}

/** Makes a mixture: `mixed` gives the inputs, and the share that is left of each. */
function mixture(
  name: string,
  options: MixOptions | undefined,
  mixed: (x: Tensor, other: Tensor, share: number, generator: RandomGenerator) => [Tensor, number],
): Mix {
  const call = `run transforms.${name}`;
  const { alpha = 1 } = mixOptions(call, options);
  function mix(
    x: Tensor,
    target: Tensor,
    generator: RandomGenerator = defaultGenerator,
  ): [Tensor, Tensor] {
    checkCount(call, arguments.length, 3);
    checkKind(call, "x", x, TENSOR);
    checkKind(call, "target", target, TENSOR);
    checkKind(call, "the generator", generator, GENERATOR);
    for (const [role, own] of [["x", x], ["target", target]] as const) {
      if (isFloat(own.dtype)) continue;
      const form = role === "target" ? "; give classes as oneHot(labels, n).to(float32)" : "";
      throw new DTypeError(
        `Cannot ${call}: ${role} must be float32 or float64, got ${own.dtype}${form}`,
      );
    }
    const [n] = x.shape;
    if (n === undefined || target.shape[0] !== n) {
      throw new ShapeError(
        `Cannot ${call}: x and target must have the same first extent, got ${
          showShape(x.shape)
        } and ${showShape(target.shape)}`,
        [x.shape, target.shape],
      );
    }
    const order = fromTypedArray(Int32Array.from(generator.permutation(n)), [n]);
    const share = beta(generator, alpha);
    const [inputs, left] = mixed(x, x.indexSelect(0, order), share, generator);
    const others = target.indexSelect(0, order);
    return [inputs, target.mul(left).add(others.mul(1 - left))];
  }
  return mix;
}

/**
 * Mixes each example of a batch with another one, share·a + (1 − share)·b, and targets likewise. Zhang
 * et al., "mixup: beyond empirical risk minimization", 2017.
 *
 * @returns A function of inputs [N, ...] and floating targets [N, ...].
 *
 * @example In a loader
 * ```ts
 * import { data, oneHot, rand, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const mix = data.transforms.mixup({ alpha: 0.2 });
 * const labels = oneHot(tensor([0, 1, 2, 1], { dtype: "int32" }), 3).to({ dtype: "float32" });
 * const [x, y] = mix(rand([4, 5]), labels);
 * assertEquals([x.shape, y.shape], [[4, 5], [4, 3]]);
 * ```
 */
export function mixup(options?: MixOptions): Mix {
  checkCount("run transforms.mixup", arguments.length, 1);
  return mixture("mixup", options, (x, other, share) => [
    x.mul(share).add(other.mul(1 - share)),
    share,
  ]);
}

/**
 * Puts a rectangle of another image into each image of a batch, and mixes targets by the share of its
 * area. Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable
 * features", 2019.
 *
 * @returns A function of images [N, ..., H, W] and floating targets [N, ...].
 *
 * @example Images of two kinds
 * ```ts
 * import { data, tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, y] = data.transforms.cutmix()(zeros([2, 1, 4, 4]), tensor([[1, 0], [0, 1]]));
 * assertEquals([x.shape, y.sum(1).toArray()], [[2, 1, 4, 4], [1, 1]]);
 * ```
 */
export function cutmix(options?: MixOptions): Mix {
  checkCount("run transforms.cutmix", arguments.length, 1);
  return mixture("cutmix", options, (x, other, share, generator) => {
    const [height, width] = extentsOf("run transforms.cutmix", x);
    const side = Math.sqrt(1 - share) / 2;
    const span = (extent: number) => {
      const [middle, half] = [below(generator, extent), Math.floor(extent * side)];
      return [Math.max(0, middle - half), Math.min(extent, middle + half)] as const;
    };
    const [[top, bottom], [left, right]] = [span(height), span(width)];
    const inside = Uint8Array.from({ length: height * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return Number(row >= top && row < bottom && column >= left && column < right);
    });
    const mask = tensor(inside, { dtype: "bool", device: x.device }).reshape([height, width]);
    const area = (bottom - top) * (right - left);
    return [where(mask, other, x), 1 - area / (height * width)];
  });
}
