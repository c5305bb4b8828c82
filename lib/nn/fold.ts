/** Windows of images as columns, and columns summed to images. */

import { CODES } from "../core/dtype.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, kept, optionReader } from "../core/options.ts";
import { checkRoom, checkShape, sizeOf } from "../core/shape.ts";
import type { Extents } from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, checkRank, eachOf, EXTENTS, MARGINS, positions } from "./checks.ts";
import { Module } from "./module.ts";
import { pad } from "./padding.ts";
import { shownCall } from "./shown.ts";

/** Options of `unfold` and `fold`; extents are one number for both dimensions, or a list. */
export interface FoldOptions {
  /** The distance between neighbouring entries of a window. Default: 1. */
  dilation?: Extents;
  /** Zeros added on each side. Default: 0. */
  padding?: Extents;
  /** The stride of the window. Default: 1. */
  stride?: Extents;
}

const readFold = optionReader<FoldOptions>({
  dilation: EXTENTS,
  padding: MARGINS,
  stride: EXTENTS,
});

/** Where the windows over an image lie. */
interface Windows {
  /** Extents of the image with its padding. */
  readonly padded: readonly number[];
  readonly margins: readonly number[];
  /** Entries of a window. */
  readonly taps: number;
  /** For each tap, the places in the image, in rows, where the windows have it. */
  readonly places: Int32Array;
}

function windowsOver(
  call: string,
  image: readonly number[],
  kernelSize: Extents,
  options: FoldOptions,
): Windows {
  checkKind(call, "kernelSize", kernelSize, EXTENTS);
  const kernel = eachOf(call, "kernelSize", kernelSize, 2);
  const stride = eachOf(call, "stride", options.stride ?? 1, 2);
  const dilation = eachOf(call, "dilation", options.dilation ?? 1, 2);
  const margins = eachOf(call, "padding", options.padding ?? 0, 2);
  const padded = image.map((extent, i) => extent + 2 * (margins[i] ?? 0));
  const counts = kernel.map((extent, i) => {
    const over = (padded[i] ?? 0) - (dilation[i] ?? 1) * (extent - 1) - 1;
    return Math.floor(over / (stride[i] ?? 1)) + 1;
  });
  if (counts.some((count) => count < 1)) {
    throw new ShapeError(
      `Cannot ${call}: windows of ${showShape(kernel)} with dilation ${
        showShape(dilation)
      } do not fit into an image of shape ${showShape(image)} with padding ${showShape(margins)}`,
      [image],
    );
  }
  const all = [...kernel, ...counts];
  checkShape(call.replace("compute ", ""), all);
  checkRoom(all, sizeOf(all), CODES.int32, "windows");
  const [[height = 0, width = 0], [rows = 0, columns = 0]] = [kernel, counts];
  const [[down = 0, right = 0], [below = 0, beside = 0]] = [stride, dilation];
  const places = new Int32Array(height * width * rows * columns);
  let next = 0;
  for (let tap = 0; tap < height * width; tap++) {
    const first = Math.floor(tap / width) * below * (padded[1] ?? 0) + (tap % width) * beside;
    for (let row = 0; row < rows; row++) {
      const start = first + row * down * (padded[1] ?? 0);
      for (let column = 0; column < columns; column++) places[next++] = start + column * right;
    }
  }
  return { padded, margins, taps: height * width, places };
}

function amounts([rows = 0, columns = 0]: readonly number[], sign: number): number[] {
  return [columns, columns, rows, rows].map((margin) => sign * margin);
}

/** Makes a batch of what may be a single example, and undoes that for the result. */
function asBatch(x: Tensor, rank: number, run: (x: Tensor) => Tensor): Tensor {
  return x.ndim === rank ? run(x) : run(x.unsqueeze(0)).squeeze(0);
}

/**
 * The windows of an image, each as a column, one channel after the other. Follows
 * `torch.nn.functional.unfold`.
 *
 * @param x Shape [batch, channels, height, width], or without the batch.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels · entries of a window, windows].
 * @throws {ShapeError} If no window fits into the padded image.
 *
 * @example Two windows of two
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.unfold(tensor([[[1, 2, 3]]]), [1, 2]);
 * assertEquals(y.toArray(), [[1, 2], [2, 3]]);
 * ```
 */
export function unfold(x: Tensor, kernelSize: Extents, options?: FoldOptions): Tensor {
  const call = "compute unfold";
  checkCount(call, arguments.length, 3);
  const read = readFold(call, options);
  checkFloating(call, x);
  checkRank(call, x, [3, 4]);
  const { margins, taps, places } = windowsOver(call, x.shape.slice(-2), kernelSize, read);
  return asBatch(x, 4, (x) => {
    const [batch = 0, channels = 0] = x.shape;
    const flat = pad(x, amounts(margins, 1)).flatten(2);
    const columns = flat.indexSelect(2, positions(places, x));
    return columns.reshape([batch, channels * taps, places.length / taps]);
  });
}

/**
 * The image whose elements are the sums of their values in all columns: the transpose of
 * {@linkcode unfold}. Follows `torch.nn.functional.fold`.
 *
 * @param x Shape [batch, channels · entries of a window, windows], or without the batch.
 * @param outputSize Height and width of the image.
 * @param kernelSize Extents of a window.
 * @returns Shape [batch, channels, height, width].
 * @throws {ShapeError} If the number or the length of the columns does not match the windows of the image.
 *
 * @example What lies in two windows counts twice
 * ```ts
 * import { nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.fold(ones([2, 2]), [1, 3], [1, 2]);
 * assertEquals(y.toArray(), [[[1, 2, 1]]]);
 * ```
 */
export function fold(
  x: Tensor,
  outputSize: Extents,
  kernelSize: Extents,
  options?: FoldOptions,
): Tensor {
  const call = "compute fold";
  checkCount(call, arguments.length, 4);
  const read = readFold(call, options);
  checkFloating(call, x);
  checkRank(call, x, [2, 3]);
  checkKind(call, "outputSize", outputSize, EXTENTS);
  const image = eachOf(call, "outputSize", outputSize, 2);
  const { padded, margins, taps, places } = windowsOver(call, image, kernelSize, read);
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  if (rows % taps !== 0 || columns !== places.length / taps) {
    throw new ShapeError(
      `Cannot ${call}: columns of ${taps} entries or a multiple, ${
        places.length / taps
      } of them, are needed, got shape ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  return asBatch(x, 3, (x) => {
    const [batch = 0] = x.shape;
    const channels = rows / taps;
    const { dtype, device } = x;
    const size = padded.reduce((a, b) => a * b);
    const sums = zeros([batch, channels, size], { dtype, device })
      .indexAdd(2, positions(places, x), x.reshape([batch, channels, places.length]));
    return pad(sums.unflatten(2, padded), amounts(margins, -1));
  });
}

/**
 * The windows of an image, each as a column. Follows `torch.nn.Unfold`.
 *
 * @example Columns of four entries
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.Unfold(2).forward(zeros([1, 3, 4, 4])).shape, [1, 12, 9]);
 * ```
 */
export class Unfold extends Module {
  /** Extents of a window. */
  readonly kernelSize: Extents;
  private readonly options: FoldOptions;

  /**
   * Creates the layer.
   *
   * @param kernelSize Extents of a window.
   */
  constructor(kernelSize: Extents, options?: FoldOptions) {
    super();
    checkCount("make Unfold", arguments.length, 2);
    checkKind("make Unfold", "kernelSize", kernelSize, EXTENTS);
    this.kernelSize = kept(kernelSize);
    this.options = kept(readFold("make Unfold", options));
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, height, width], or without the batch.
   */
  override forward(x: Tensor): Tensor {
    return unfold(x, this.kernelSize, this.options);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.kernelSize], this.options);
  }
}

/**
 * The image whose elements are the sums of their values in all columns. Follows `torch.nn.Fold`.
 *
 * @example The image of nine windows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.Fold(4, 2).forward(zeros([1, 12, 9])).shape, [1, 3, 4, 4]);
 * ```
 */
export class Fold extends Module {
  /** Height and width of the image. */
  readonly outputSize: Extents;
  /** Extents of a window. */
  readonly kernelSize: Extents;
  private readonly options: FoldOptions;

  /**
   * Creates the layer.
   *
   * @param outputSize Height and width of the image.
   * @param kernelSize Extents of a window.
   */
  constructor(outputSize: Extents, kernelSize: Extents, options?: FoldOptions) {
    super();
    checkCount("make Fold", arguments.length, 3);
    checkKind("make Fold", "outputSize", outputSize, EXTENTS);
    checkKind("make Fold", "kernelSize", kernelSize, EXTENTS);
    this.outputSize = kept(outputSize);
    this.kernelSize = kept(kernelSize);
    this.options = kept(readFold("make Fold", options));
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels · entries of a window, windows], or without the batch.
   */
  override forward(x: Tensor): Tensor {
    return fold(x, this.outputSize, this.kernelSize, this.options);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.outputSize, this.kernelSize], this.options);
  }
}
