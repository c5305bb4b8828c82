/** Resizing images: interpolation between entries, and channels as pixels. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  isListOf,
  kept,
  kind,
  oneOf,
  optionReader,
  orNull,
  TENSOR,
} from "../core/options.ts";
import { checkShape } from "../core/shape.ts";
import type { Extents } from "../ops/mod.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "./adaptive_pool.ts";
import { checkFloating, checkRank, eachOf, EXTENTS, positions } from "./checks.ts";
import { Module } from "./module.ts";
import { shownCall } from "./shown.ts";

/** How values between entries are found. */
export type InterpolationMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "trilinear"
  | "bicubic"
  | "area";

/** Options of `interpolate`: either a size or a factor is needed. */
export interface InterpolateOptions {
  /** Extents of the output: one for all dimensions, or one for each. */
  size?: Extents | null;
  /** By which factor the extents grow: one for all dimensions, or one for each. */
  scaleFactor?: Extents | null;
  /** How entries are found: the nearest one, or between two or four in each dimension, or the mean
   * over the area that an entry covers. Default: "nearest". */
  mode?: InterpolationMode;
  /** Whether the outermost entries of input and output coincide, rather than their edges.
   * Default: false. */
  alignCorners?: boolean | null;
  /** Whether the factor is recomputed from the rounded extents rather than used as given.
   * Default: false. */
  recomputeScaleFactor?: boolean | null;
}

const FACTOR = (value: unknown) => Number.isFinite(value) && Number(value) > 0;

const readInterpolate = optionReader<InterpolateOptions>({
  size: orNull(EXTENTS),
  scaleFactor: orNull(kind(
    "a number above 0, or an array of such",
    (value) => FACTOR(value) || isListOf(value, FACTOR),
  )),
  mode: oneOf("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area"),
  alignCorners: orNull(FLAG),
  recomputeScaleFactor: orNull(FLAG),
});

/** The number of spatial dimensions that a mode needs; modes for any number have no entry. */
const DIMS: Readonly<Partial<Record<InterpolationMode, number>>> = {
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};

/** An entry of the input with its weight, for each entry of the output. */
interface Tap {
  readonly places: readonly number[];
  readonly weights: readonly number[] | null;
}

/** Where in the input each entry of the output lies. */
interface Lane {
  readonly extent: number;
  readonly size: number;
  /**
   * How many entries of the input there are for how many of the output. Their ratio is not rounded, so
   * that an entry which lies exactly on one of the input is found there.
   */
  readonly step: readonly [input: number, output: number];
  readonly aligned: boolean;
}

/** The point of the input that lies so many entries of the output behind its beginning. */
function pointAt({ step: [input, output] }: Lane, entries: number): number {
  return entries * input / output;
}

function pointsOf(lane: Lane): number[] {
  return Array.from(
    { length: lane.size },
    (_, i) => lane.aligned ? pointAt(lane, i) : pointAt(lane, i + 0.5) - 0.5,
  );
}

function within(at: number, extent: number): number {
  return Math.min(Math.max(at, 0), extent - 1);
}

// Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = −3/4.
function cubicWeight(distance: number): number {
  const [a, x] = [-0.75, Math.abs(distance)];
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/** The taps of a mode along a dimension. */
function tapsOf(mode: InterpolationMode, lane: Lane): Tap[] {
  const { extent, size } = lane;
  if (mode === "nearest" || mode === "nearest-exact") {
    const middle = mode === "nearest" ? 0 : 0.5;
    const places = Array.from(
      { length: size },
      (_, i) => within(Math.floor(pointAt(lane, i + middle)), extent),
    );
    return [{ places, weights: null }];
  }
  const points = pointsOf(lane);
  if (mode === "bicubic") {
    return [-1, 0, 1, 2].map((offset) => ({
      places: points.map((at) => within(Math.floor(at) + offset, extent)),
      weights: points.map((at) => cubicWeight(Math.floor(at) + offset - at)),
    }));
  }
  // A factor that does not change the extent changes nothing, as in PyTorch.
  const inside = points.map((at, i) => size === extent ? i : within(at, extent));
  const first = inside.map(Math.floor);
  return [
    { places: first, weights: inside.map((at, i) => 1 - (at - (first[i] ?? 0))) },
    {
      places: first.map((at) => within(at + 1, extent)),
      weights: inside.map((at, i) => at - (first[i] ?? 0)),
    },
  ];
}

/** The weighted sum of the taps along a dimension. */
function resampled(x: Tensor, dim: number, taps: readonly Tap[]): Tensor {
  const behind = x.shape.slice(dim + 1).map(() => 1);
  const parts = taps.map(({ places, weights }) => {
    const part = x.indexSelect(dim, positions(places, x));
    if (weights === null) return part;
    const column = fromTypedArray(Float64Array.from(weights), [weights.length, ...behind]);
    return part.mul(column.to({ dtype: x.dtype, device: x.device }));
  });
  return parts.reduce((sum, part) => sum.add(part));
}

/** The sizes that the options ask for, and the lanes to compute them. */
function lanesOf(call: string, space: readonly number[], options: InterpolateOptions): Lane[] {
  const { size, scaleFactor, alignCorners, recomputeScaleFactor } = options;
  const dims = space.length;
  const given = size ?? null;
  const factors = scaleFactor === undefined || scaleFactor === null
    ? null
    : eachOf(call, "scaleFactor", scaleFactor, dims);
  const sizes = given === null
    ? space.map((extent, i) => Math.floor(extent * (factors?.[i] ?? 1)))
    : eachOf(call, "size", given, dims);
  return space.map((extent, i) => {
    const size = sizes[i] ?? 0;
    if (size < 1 || extent < 1) {
      throw new ShapeError(
        `Cannot ${call}: spatial extents must not be 0, got ${showShape(space)} and ${
          showShape(sizes)
        }`,
        [space, sizes],
      );
    }
    const aligned = alignCorners === true;
    const own = recomputeScaleFactor === true ? undefined : factors?.[i];
    const step = aligned
      ? [extent - 1, Math.max(size - 1, 1)] as const
      : own === undefined
      ? [extent, size] as const
      : [1, own] as const;
    return { extent, size, aligned, step };
  });
}

/** Refuses options that contradict each other. */
function checkOptions(call: string, options: InterpolateOptions): void {
  const { size = null, scaleFactor = null, mode = "nearest", alignCorners = null } = options;
  if ((size === null) === (scaleFactor === null)) {
    throw new TypeError(
      `Cannot ${call}: either size or scaleFactor is needed, got ${
        size === null ? "none" : "both"
      }`,
    );
  }
  if (alignCorners === true && DIMS[mode] === undefined) {
    throw new TypeError(`Cannot ${call}: alignCorners is not for mode "${mode}"`);
  }
  if (options.recomputeScaleFactor === true && size !== null) {
    throw new TypeError(`Cannot ${call}: recomputeScaleFactor needs scaleFactor and not size`);
  }
}

/**
 * Resizes a line, an image or a volume. Follows `torch.nn.functional.interpolate`.
 *
 * @param x Shape [batch, channels, …], with one to three spatial dimensions.
 * @param options A size or a factor, and how entries are found.
 * @throws {TypeError} If there is neither a size nor a factor, or both.
 * @throws {ShapeError} If the mode does not support the number of dimensions.
 *
 * @example Between entries
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { size: 5, mode: "linear", alignCorners: true } as const;
 * const y = nn.functional.interpolate(tensor([[[0, 2, 4]]]), options);
 * assertEquals(y.toArray(), [[[0, 1, 2, 3, 4]]]);
 * ```
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const call = "compute interpolate";
  checkCount(call, arguments.length, 2);
  checkFloating(call, x);
  const read = readInterpolate(call, options);
  checkOptions(call, read);
  const { mode = "nearest" } = read;
  const dims = DIMS[mode];
  checkRank(call, x, dims === undefined ? [3, 4, 5] : [dims + 2]);
  const lanes = lanesOf(call, x.shape.slice(2), read);
  checkShape("interpolate", [...x.shape.slice(0, 2), ...lanes.map(({ size }) => size)]);
  if (mode === "area") {
    const pool = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][lanes.length - 1];
    if (pool !== undefined) return pool(x, lanes.map(({ size }) => size));
  }
  return lanes.reduce((y, lane, i) => resampled(y, 2 + i, tapsOf(mode, lane)), x);
}

/**
 * Resizes images, as {@linkcode functional.interpolate} does. Follows
 * `torch.nn.Upsample`.
 *
 * @example Each entry twice
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = new nn.Upsample({ scaleFactor: 2 }).forward(tensor([[[1, 2]]]));
 * assertEquals(y.toArray(), [[[1, 1, 2, 2]]]);
 * ```
 */
export class Upsample extends Module {
  /** A size or a factor, and how entries are found. */
  readonly options: InterpolateOptions;

  /** Creates the layer. */
  constructor(options: InterpolateOptions) {
    super();
    checkCount("make Upsample", arguments.length, 1);
    this.options = kept(readInterpolate("make Upsample", options));
    checkOptions("make Upsample", this.options);
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, …], with one to three spatial dimensions.
   */
  override forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([], this.options);
  }
}

/**
 * Rearranges groups of r² channels into r·r pixels. Shi and others, 2016; follows
 * `torch.nn.functional.pixel_shuffle`.
 *
 * @param x Shape [..., channels · r², height, width].
 * @param upscaleFactor The factor r by which rows and columns grow.
 * @returns Shape [..., channels, height · r, width · r].
 * @throws {ShapeError} If r² does not divide the channels.
 *
 * @example Four channels as one
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2);
 * assertEquals(y.toArray(), [[[1, 2], [3, 4]]]);
 * ```
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const call = "compute pixelShuffle";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the input", x, TENSOR);
  checkKind(call, "upscaleFactor", upscaleFactor, COUNT);
  const [channels = 0, height = 0, width = 0] = x.shape.slice(-3);
  const r = upscaleFactor;
  if (x.ndim < 3 || channels % (r * r) !== 0) {
    throw new ShapeError(
      `Cannot ${call}: the input must have shape [..., channels, height, width], with channels ` +
        `divisible by ${r * r}, got ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  const front = x.shape.slice(0, -3);
  const n = front.length;
  const order = [0, 3, 1, 4, 2].map((dim) => n + dim);
  return x.reshape([...front, channels / (r * r), r, r, height, width])
    .permute([...front.keys(), ...order])
    .reshape([...front, channels / (r * r), height * r, width * r]);
}

/**
 * Rearranges groups of r² channels into r·r pixels. Follows `torch.nn.PixelShuffle`.
 *
 * @example Four channels as one
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.PixelShuffle(2).forward(zeros([1, 8, 3, 3])).shape, [1, 2, 6, 6]);
 * ```
 */
export class PixelShuffle extends Module {
  /**
   * Creates the layer.
   *
   * @param upscaleFactor The factor by which rows and columns grow.
   */
  constructor(readonly upscaleFactor: number) {
    super();
    checkCount("make PixelShuffle", arguments.length, 1);
    checkKind("make PixelShuffle", "upscaleFactor", upscaleFactor, COUNT);
  }

  /**
   * Computes the output.
   *
   * @param x Shape [..., channels · r², height, width].
   */
  override forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.upscaleFactor]);
  }
}
