/** Pictures as patches, and patches as fewer ones. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, checkKind, COUNT, FLAG, optionReader } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { cat } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloating, eachOf, EPSILON, EXTENTS } from "../checks.ts";
import { Conv2d } from "../conv.ts";
import { LayerNorm } from "../layer_norm.ts";
import { Linear } from "../linear.ts";
import { LAYER_OPTIONS, type LayerOptions, Module } from "../module.ts";

/** Options of `PatchEmbed`. */
export interface PatchEmbedOptions extends LayerOptions {
  /** Whether a bias is added. Default: true. */
  bias?: boolean;
  /** Whether each patch is normalised. Default: false. */
  norm?: boolean;
}

const readEmbed = optionReader<PatchEmbedOptions>({ ...LAYER_OPTIONS, bias: FLAG, norm: FLAG });

/**
 * The patches of pictures under a linear map, with the features last, as {@linkcode SwinBlock} takes
 * them. Dosovitskiy and others, "An image is worth 16x16 words", 2021; follows the first stage of
 * `torchvision.models.swin_transformer`. What does not fill a patch at the right and at the bottom is
 * left out.
 *
 * @example Patches of 4 × 4
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.PatchEmbed(3, 8, 4).forward(zeros([2, 3, 16, 12])).shape, [2, 4, 3, 8]);
 * ```
 */
export class PatchEmbed extends Module {
  /** The linear map, as a convolution. */
  readonly proj: Conv2d;
  /** Behind it; null without. */
  readonly norm: LayerNorm | null;

  /**
   * Creates the layer.
   *
   * @param inChannels Channels of the pictures.
   * @param embedDim Features of a patch.
   * @param patchSize Height and width of a patch, or one number for both.
   * @param options How the layer is built.
   */
  constructor(
    readonly inChannels: number,
    readonly embedDim: number,
    patchSize: number | readonly number[],
    options?: PatchEmbedOptions,
  ) {
    super();
    const call = "make PatchEmbed";
    checkCount(call, arguments.length, 4);
    checkKind(call, "inChannels", inChannels, COUNT);
    checkKind(call, "embedDim", embedDim, COUNT);
    checkKind(call, "patchSize", patchSize, EXTENTS);
    const { bias = true, norm = false, dtype = "float32" } = readEmbed(call, options);
    const size = eachOf(call, "patchSize", patchSize, 2);
    this.proj = new Conv2d(inChannels, embedDim, size, { stride: size, bias, dtype });
    this.norm = norm ? new LayerNorm(embedDim, { dtype }) : null;
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, height, width].
   * @returns Shape [batch, rows, columns, features].
   */
  override forward(x: Tensor): Tensor {
    const call = "compute PatchEmbed";
    checkCount(call, arguments.length, 1);
    checkFloating(call, x);
    const patch = this.proj.weight.shape.slice(2);
    const fits = x.ndim === 4 && x.shape[1] === this.inChannels &&
      patch.every((least, i) => extentAt(x.shape, 2 + i) >= least);
    if (!fits) {
      throw new ShapeError(
        `Cannot ${call}: the input must have shape [batch, ${this.inChannels}, height, width], at least ` +
          `a patch of ${showShape(patch)}, got ${showShape(x.shape)}`,
        [x.shape],
      );
    }
    const patches = this.proj.forward(x).permute([0, 2, 3, 1]);
    return this.norm === null ? patches : this.norm.forward(patches);
  }
}

/** Refuses what is no map of features, [..., height, width, features]. */
export function checkMap(call: string, x: Tensor, features: number, rank: number | null): void {
  checkFloating(call, x);
  if ((rank === null ? x.ndim >= 3 : x.ndim === rank) && x.shape.at(-1) === features) return;
  throw new ShapeError(
    `Cannot ${call}: the input must have shape [${
      rank === null ? "..." : "batch"
    }, height, width, ${features}], got ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** Options of `PatchMerging`. */
export interface PatchMergingOptions extends LayerOptions {
  /** What the normalisation adds to variances. Default: 1e-5. */
  eps?: number;
}

const readMerging = optionReader<PatchMergingOptions>({ ...LAYER_OPTIONS, eps: EPSILON });

/**
 * Each 2 × 2 patches as one, normalised and under a linear map to twice the features; where height or
 * width is odd, zeros are added. Liu and others, "Swin transformer", 2021; follows
 * `torchvision.models.swin_transformer.PatchMerging`.
 *
 * @example A quarter of the patches
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.PatchMerging(8).forward(zeros([2, 4, 5, 8])).shape, [2, 2, 3, 16]);
 * ```
 */
export class PatchMerging extends Module {
  /** The linear map. */
  readonly reduction: Linear<false>;
  /** Before it. */
  readonly norm: LayerNorm;

  /**
   * Creates the layer.
   *
   * @param dim Features of the input.
   * @param options How the layer is built.
   */
  constructor(readonly dim: number, options?: PatchMergingOptions) {
    super();
    checkCount("make PatchMerging", arguments.length, 2);
    checkKind("make PatchMerging", "dim", dim, COUNT);
    const { eps = 1e-5, dtype = "float32" } = readMerging("make PatchMerging", options);
    this.reduction = new Linear(4 * dim, 2 * dim, { bias: false, dtype });
    this.norm = new LayerNorm(4 * dim, { eps, dtype });
  }

  /**
   * Computes the output.
   *
   * @param x Shape [..., height, width, features].
   * @returns Shape [..., ⌈height/2⌉, ⌈width/2⌉, 2 · features].
   */
  override forward(x: Tensor): Tensor {
    checkCount("compute PatchMerging", arguments.length, 1);
    checkMap("compute PatchMerging", x, this.dim, null);
    const [height, width] = [extentAt(x.shape, -3), extentAt(x.shape, -2)];
    const even = height % 2 + width % 2 === 0 ? x : x.pad([0, 0, 0, width % 2, 0, height % 2]);
    const [rows, columns] = [even.ndim - 3, even.ndim - 2];
    const quarter = (row: number, column: number) =>
      even.slice(rows, row, null, 2).slice(columns, column, null, 2);
    const merged = cat([quarter(0, 0), quarter(1, 0), quarter(0, 1), quarter(1, 1)], -1);
    return this.reduction.forward(this.norm.forward(merged));
  }
}
