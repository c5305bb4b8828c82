/** Dropout as modules. */

import { checkCount } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OpLayer } from "./activation.ts";
import {
  alphaDropout,
  checkProbability,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutFunction,
} from "./drop.ts";
import { Module } from "./module.ts";
import { shownCall } from "./shown.ts";

/** A layer that drops elements in training. */
export interface DropoutLayer extends OpLayer {
  /** Probability that an element, or a channel, is dropped. */
  readonly p: number;
}

/** The class of layers that drop elements in training. */
export interface DropoutLayerClass {
  /** Creates the layer; the probability is 0.5 by default. */
  new (p?: number): DropoutLayer;
  /** What all instances have. */
  readonly prototype: DropoutLayer;
}

function dropoutLayer(name: string, drop: DropoutFunction): DropoutLayerClass {
  return class extends Module {
    static override readonly name: string = name;
    constructor(readonly p: number = 0.5) {
      super();
      checkCount(`make ${name}`, arguments.length, 1);
      checkProbability(`make ${name}`, p);
    }
    override forward(x: Tensor): Tensor {
      return drop(x, { p: this.p, training: this.training });
    }
    protected override describe(): string {
      return shownCall([this.p]);
    }
  };
}

/**
 * Elements set to 0 at random in training, the others scaled by 1 / (1 − p); nothing in evaluation. Follows `torch.nn.Dropout`.
 *
 * @example In evaluation
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Dropout(0.2).eval();
 * assertEquals(layer.forward(ones([2])).toArray(), [1, 1]);
 * ```
 */
export const Dropout: DropoutLayerClass = dropoutLayer("Dropout", dropout);
/** A {@linkcode Dropout} layer. */
export type Dropout = DropoutLayer;

/**
 * Channels of lines set to 0 at random in training, the others scaled by 1 / (1 − p). Follows `torch.nn.Dropout1d`.
 *
 * @example In evaluation
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Dropout1d(0.2).eval();
 * assertEquals(layer.forward(ones([1, 2])).toArray(), [[1, 1]]);
 * ```
 */
export const Dropout1d: DropoutLayerClass = dropoutLayer("Dropout1d", dropout1d);
/** A {@linkcode Dropout1d} layer. */
export type Dropout1d = DropoutLayer;

/**
 * Channels of images set to 0 at random in training, the others scaled by 1 / (1 − p). Follows `torch.nn.Dropout2d`.
 *
 * @example In evaluation
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Dropout2d(0.2).eval();
 * assertEquals(layer.forward(ones([1, 1, 2])).toArray(), [[[1, 1]]]);
 * ```
 */
export const Dropout2d: DropoutLayerClass = dropoutLayer("Dropout2d", dropout2d);
/** A {@linkcode Dropout2d} layer. */
export type Dropout2d = DropoutLayer;

/**
 * Channels of volumes set to 0 at random in training, the others scaled by 1 / (1 − p). Follows `torch.nn.Dropout3d`.
 *
 * @example In evaluation
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Dropout3d(0.2).eval();
 * assertEquals(layer.forward(ones([1, 1, 1, 2])).toArray(), [[[[1, 1]]]]);
 * ```
 */
export const Dropout3d: DropoutLayerClass = dropoutLayer("Dropout3d", dropout3d);
/** A {@linkcode Dropout3d} layer. */
export type Dropout3d = DropoutLayer;

/**
 * Elements set at random to the limit of SELU far below 0, so that mean 0 and variance 1 are kept. Follows `torch.nn.AlphaDropout`.
 *
 * @example In evaluation
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.AlphaDropout(0.2).eval();
 * assertEquals(layer.forward(ones([2])).toArray(), [1, 1]);
 * ```
 */
export const AlphaDropout: DropoutLayerClass = dropoutLayer("AlphaDropout", alphaDropout);
/** An {@linkcode AlphaDropout} layer. */
export type AlphaDropout = DropoutLayer;
