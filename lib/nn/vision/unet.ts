/** A net that looks at a picture from farther and farther away, and back. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { arrayOf, checkCount, checkKind, COUNT, FLAG, optionReader } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { cat, maxPool2d } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ReLU } from "../activation.ts";
import { checkFloating } from "../checks.ts";
import { Sequential } from "../container.ts";
import { Conv2d, ConvTranspose2d } from "../conv.ts";
import { LAYER_OPTIONS, type LayerOptions, Module } from "../module.ts";
import { BatchNorm2d } from "../norm.ts";

/** Options of `UNet`. */
export interface UNetOptions extends LayerOptions {
  /** Channels at each distance, the nearest first. Default: [64, 128, 256, 512, 1024]. */
  channels?: readonly number[];
  /** Whether batches are normalised behind each convolution of 3 × 3. Default: true. */
  norm?: boolean;
}

const readOptions = optionReader<UNetOptions>({
  ...LAYER_OPTIONS,
  channels: arrayOf(COUNT, "integers from 1"),
  norm: FLAG,
});

/** Two convolutions of 3 × 3, each with a rectifier behind it. */
function twice(inputs: number, outputs: number, norm: boolean, layer: LayerOptions): Sequential {
  const once = (channels: number) => [
    new Conv2d(channels, outputs, 3, { ...layer, padding: 1, bias: !norm }),
    ...norm ? [new BatchNorm2d(outputs, layer)] : [],
    new ReLU(),
  ];
  return new Sequential(...once(inputs), ...once(outputs));
}

/**
 * Convolutions at several distances from a picture, each seen again on the way back. Ronneberger, Fischer
 * and Brox, "U-Net", 2015, with padding, so that the output is as large as the input.
 *
 * @example Three distances
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new nn.UNet(3, 2, { channels: [4, 8, 16] });
 * assertEquals(net.forward(zeros([1, 3, 16, 13])).shape, [1, 2, 16, 13]);
 * ```
 */
export class UNet extends Module {
  /** The convolutions on the way out, the nearest first. */
  readonly encoder: readonly Sequential[];
  /** What makes pictures of each distance but the first larger, the nearest first. */
  readonly up: readonly ConvTranspose2d[];
  /** The convolutions on the way back, the nearest first. */
  readonly decoder: readonly Sequential[];
  /** The channels of the output. */
  readonly head: Conv2d;

  /**
   * Creates the net.
   *
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param options How the net is built.
   */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    options?: UNetOptions,
  ) {
    super();
    const call = "make UNet";
    checkCount(call, arguments.length, 3);
    checkKind(call, "inChannels", inChannels, COUNT);
    checkKind(call, "outChannels", outChannels, COUNT);
    const { channels = [64, 128, 256, 512, 1024], norm = true, dtype = "float32" } = readOptions(
      call,
      options,
    );
    const [nearest, ...farther] = channels;
    if (nearest === undefined) {
      throw new RangeError(`Cannot ${call}: channels must have at least one number, got none`);
    }
    const layer = { dtype };
    this.encoder = channels.map((own, i) => twice(channels[i - 1] ?? inChannels, own, norm, layer));
    this.up = farther.map((own, i) =>
      new ConvTranspose2d(own, channels[i] ?? own, 2, { ...layer, stride: 2 })
    );
    this.decoder = farther.map((_, i) => {
      const own = channels[i] ?? nearest;
      return twice(2 * own, own, norm, layer);
    });
    this.head = new Conv2d(nearest, outChannels, 1, layer);
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, height, width], of which both are at least 2 to the number of
   * distances beyond the first.
   * @returns Shape [batch, channels of the output, height, width].
   */
  override forward(x: Tensor): Tensor {
    const call = "compute UNet";
    checkCount(call, arguments.length, 1);
    checkFloating(call, x);
    const least = 2 ** this.up.length;
    const fits = x.ndim === 4 && x.shape[1] === this.inChannels &&
      extentAt(x.shape, 2) >= least && extentAt(x.shape, 3) >= least;
    if (!fits) {
      throw new ShapeError(
        `Cannot ${call}: the input must have shape [batch, ${this.inChannels}, height, width], both ` +
          `at least ${least}, got ${showShape(x.shape)}`,
        [x.shape],
      );
    }
    const seen: Tensor[] = [];
    let y = x;
    this.encoder.forEach((block, i) => {
      y = block.forward(i === 0 ? y : maxPool2d(y, 2));
      seen.push(y);
    });
    for (let i = this.up.length - 1; i >= 0; i--) y = this.nearer(y, seen[i] as Tensor, i);
    return this.head.forward(y);
  }

  /** A picture of one distance, from one of the next and what was seen on the way out. */
  protected nearer(y: Tensor, seen: Tensor, i: number): Tensor {
    const [up, block] = [this.up[i], this.decoder[i]] as [ConvTranspose2d, Sequential];
    const large = up.forward(y);
    const missing = [2, 3].map((dim) => extentAt(seen.shape, dim) - extentAt(large.shape, dim));
    const [below = 0, right = 0] = missing;
    const filled = below + right === 0 ? large : large.pad([0, right, 0, below]);
    return block.forward(cat([seen, filled], 1));
  }
}
