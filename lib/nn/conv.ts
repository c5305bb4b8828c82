/** Convolutions and their transposes as modules. */

import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  kept,
  kind,
  oneOf,
  optionReader,
} from "../core/options.ts";
import {
  conv1d,
  conv2d,
  conv3d,
  type Convolution,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  type Extents,
} from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { eachOf, EXTENTS, MARGINS } from "./checks.ts";
import { uniform_ } from "./init.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";
import { pad } from "./padding.ts";
import { shownCall } from "./shown.ts";

/** Options that `Conv1d` and the like share with their transposes. */
export interface SharedConvLayerOptions extends LayerOptions {
  /** The stride of the window. Default: 1. */
  stride?: Extents;
  /** The distance between neighbouring taps of the window. Default: 1. */
  dilation?: Extents;
  /** The number of groups of channels, each with its own filters. Default: 1. */
  groups?: number;
  /** Whether a bias is added. Default: true. */
  bias?: boolean;
}

/** Options of `Conv1d`, `Conv2d` and `Conv3d`; extents are one number for all dimensions, or a list. */
export interface ConvLayerOptions extends SharedConvLayerOptions {
  /**
   * Elements added on each side; "same" for as many as keep the extents, with stride 1;
   * "valid" for none. Default: 0.
   */
  padding?: Extents | "same" | "valid";
  /** What is added: zeros, or elements of the input. Default: "zeros". */
  paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
}

/** Options of `ConvTranspose1d`, `2d` and `3d`; extents are one number for all dimensions, or a list. */
export interface ConvTransposeLayerOptions extends SharedConvLayerOptions {
  /** Zeros that the convolution added on each side; removed here. Default: 0. */
  padding?: Extents;
  /** Entries added at the end, fewer than the stride or the dilation. Default: 0. */
  outputPadding?: Extents;
}

/** A layer with filters. */
export interface ConvLayer extends Module {
  /** Filters: [out, in / groups, …], and [in, out / groups, …] of a transpose. */
  readonly weight: Parameter;
  /** Shape [out]; null without bias. */
  readonly bias: Parameter | null;
  /**
   * Computes the output.
   *
   * @param x Shape [batch, channels, …], or without the batch.
   */
  forward(x: Tensor): Tensor;
}

/** The class of layers with filters. */
export interface ConvLayerClass<Options> {
  /** Creates the layer. */
  new (
    inChannels: number,
    outChannels: number,
    kernelSize: Extents,
    options?: Options,
  ): ConvLayer;
  /** What all instances have. */
  readonly prototype: ConvLayer;
}

const SHARED = {
  ...LAYER_OPTIONS,
  stride: EXTENTS,
  dilation: EXTENTS,
  groups: COUNT,
  bias: FLAG,
};

const readConv = optionReader<ConvLayerOptions>({
  ...SHARED,
  padding: kind(
    `${MARGINS.needed}, "same" or "valid"`,
    (value) => MARGINS.accepts(value) || value === "same" || value === "valid",
  ),
  paddingMode: oneOf("zeros", "reflect", "replicate", "circular"),
});

const readTranspose = optionReader<ConvTransposeLayerOptions>({
  ...SHARED,
  padding: MARGINS,
  outputPadding: MARGINS,
});

/** The checked arguments of a layer with filters. */
interface Made<Options> {
  readonly kernel: readonly number[];
  readonly options: Options;
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly shown: string;
}

/** Filters and bias, uniform in ±1/√fan_in as in PyTorch. */
function makeFilters<Options extends SharedConvLayerOptions>(
  name: string,
  dims: number,
  [inChannels, outChannels, kernelSize]: readonly [number, number, Extents],
  options: Options,
  transposed: boolean,
): Made<Options> {
  const call = `make ${name}`;
  checkKind(call, "inChannels", inChannels, COUNT);
  checkKind(call, "outChannels", outChannels, COUNT);
  checkKind(call, "kernelSize", kernelSize, EXTENTS);
  const kernel = eachOf(call, "kernelSize", kernelSize, dims);
  for (const [key, value] of Object.entries(options)) {
    if (Array.isArray(value)) eachOf(call, key, value, dims);
  }
  const { groups = 1, bias = true, dtype = "float32" } = options;
  for (const [role, channels] of [["inChannels", inChannels], ["outChannels", outChannels]]) {
    if (Number(channels) % groups === 0) continue;
    throw new RangeError(
      `Cannot ${call}: groups must divide ${role}, got ${channels} and ${groups} groups`,
    );
  }
  const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
  const shape = [first, second / groups, ...kernel];
  const bound = 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b));
  const make = (shape: number[]) => uniform_(new Parameter(zeros(shape, { dtype })), -bound, bound);
  const shown = shownCall([inChannels, outChannels, kernelSize], { ...options, dtype: undefined });
  return {
    kernel,
    options,
    weight: make(shape),
    bias: bias ? make([outChannels]) : null,
    shown,
  };
}

/** The elements added on each side of each dimension, the last one first, as `pad` takes them. */
function amountsOf(call: string, kernel: readonly number[], options: ConvLayerOptions): number[] {
  const { padding = 0, dilation = 1 } = options;
  if (padding === "valid") return [];
  const dims = kernel.length;
  const sides = padding === "same"
    ? kernel.map((extent, i) => {
      const reach = (eachOf(call, "dilation", dilation, dims)[i] ?? 1) * (extent - 1);
      return [Math.floor(reach / 2), Math.ceil(reach / 2)];
    })
    : eachOf(call, "padding", padding, dims).map((extent) => [extent, extent]);
  return sides.toReversed().flat();
}

function convLayer(
  name: string,
  dims: number,
  op: Convolution<ConvOptions>,
): ConvLayerClass<ConvLayerOptions> {
  return class extends Module {
    static override readonly name: string = name;
    readonly kernelSize: Extents;
    readonly weight: Parameter;
    readonly bias: Parameter | null;
    private readonly made: Made<ConvLayerOptions>;
    private readonly options: ConvOptions;
    constructor(
      readonly inChannels: number,
      readonly outChannels: number,
      kernelSize: Extents,
      options?: ConvLayerOptions,
    ) {
      super();
      checkCount(`make ${name}`, arguments.length, 4);
      const read = kept(readConv(`make ${name}`, options));
      this.made = makeFilters(name, dims, [inChannels, outChannels, kernelSize], read, false);
      this.kernelSize = kept(kernelSize);
      ({ weight: this.weight, bias: this.bias } = this.made);
      const { stride = 1, dilation = 1, groups = 1, padding = 0, paddingMode = "zeros" } = read;
      if (padding === "same" && eachOf("", "stride", stride, dims).some((step) => step > 1)) {
        throw new RangeError(
          `Cannot make ${name}: padding "same" needs a stride of 1, got ${stride}`,
        );
      }
      // Padding other than zeros is added before the op.
      const inside = paddingMode === "zeros" ? padding : 0;
      this.options = { stride, dilation, groups, padding: inside };
    }
    override forward(x: Tensor): Tensor {
      const { options: { paddingMode = "zeros", ...options }, kernel } = this.made;
      const padded = paddingMode === "zeros"
        ? x
        : pad(x, amountsOf(`compute ${name}`, kernel, options), { mode: paddingMode });
      return op(padded, this.weight, { ...this.options, bias: this.bias });
    }
    protected override describe(): string {
      return this.made.shown;
    }
  };
}

function transposeLayer(
  name: string,
  dims: number,
  op: Convolution<ConvTransposeOptions>,
): ConvLayerClass<ConvTransposeLayerOptions> {
  return class extends Module {
    static override readonly name: string = name;
    readonly kernelSize: Extents;
    readonly weight: Parameter;
    readonly bias: Parameter | null;
    private readonly made: Made<ConvTransposeLayerOptions>;
    constructor(
      readonly inChannels: number,
      readonly outChannels: number,
      kernelSize: Extents,
      options?: ConvTransposeLayerOptions,
    ) {
      super();
      checkCount(`make ${name}`, arguments.length, 4);
      const read = kept(readTranspose(`make ${name}`, options));
      this.made = makeFilters(name, dims, [inChannels, outChannels, kernelSize], read, true);
      this.kernelSize = kept(kernelSize);
      ({ weight: this.weight, bias: this.bias } = this.made);
    }
    override forward(x: Tensor): Tensor {
      const { stride = 1, dilation = 1, groups = 1, padding = 0, outputPadding = 0 } =
        this.made.options;
      const { weight, bias } = this;
      return op(x, weight, { bias, stride, dilation, groups, padding, outputPadding });
    }
    protected override describe(): string {
      return this.made.shown;
    }
  };
}

/**
 * Cross-correlation with learned filters over one dimension; they start uniform in
 * ±1/√(in / groups · taps). Follows `torch.nn.Conv1d`.
 *
 * @example Shapes
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Conv1d(2, 4, 3, { padding: "same" });
 * assertEquals(layer.weight.shape, [4, 2, 3]);
 * assertEquals(layer.forward(zeros([5, 2, 8])).shape, [5, 4, 8]);
 * ```
 */
export const Conv1d: ConvLayerClass<ConvLayerOptions> = convLayer("Conv1d", 1, conv1d);
/** A {@linkcode Conv1d} layer. */
export type Conv1d = ConvLayer;

/**
 * Cross-correlation with learned filters over two dimensions. Follows `torch.nn.Conv2d`.
 *
 * @example Half as many rows and columns
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Conv2d(3, 16, 3, { stride: 2, padding: 1 });
 * assertEquals(layer.forward(zeros([1, 3, 8, 8])).shape, [1, 16, 4, 4]);
 * ```
 */
export const Conv2d: ConvLayerClass<ConvLayerOptions> = convLayer("Conv2d", 2, conv2d);
/** A {@linkcode Conv2d} layer. */
export type Conv2d = ConvLayer;

/**
 * Cross-correlation with learned filters over three dimensions. Follows `torch.nn.Conv3d`.
 *
 * @example Shapes
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Conv3d(1, 2, [1, 2, 2]);
 * assertEquals(layer.forward(zeros([1, 1, 3, 3, 3])).shape, [1, 2, 3, 2, 2]);
 * ```
 */
export const Conv3d: ConvLayerClass<ConvLayerOptions> = convLayer("Conv3d", 3, conv3d);
/** A {@linkcode Conv3d} layer. */
export type Conv3d = ConvLayer;

/**
 * The transpose of a convolution over one dimension, which maps its output's shape to its input's.
 * Follows `torch.nn.ConvTranspose1d`.
 *
 * @example Twice as long
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.ConvTranspose1d(4, 2, 2, { stride: 2 });
 * assertEquals(layer.weight.shape, [4, 2, 2]);
 * assertEquals(layer.forward(zeros([1, 4, 5])).shape, [1, 2, 10]);
 * ```
 */
export const ConvTranspose1d: ConvLayerClass<ConvTransposeLayerOptions> = transposeLayer(
  "ConvTranspose1d",
  1,
  convTranspose1d,
);
/** A {@linkcode ConvTranspose1d} layer. */
export type ConvTranspose1d = ConvLayer;

/**
 * The transpose of a convolution over two dimensions. Follows `torch.nn.ConvTranspose2d`.
 *
 * @example Twice as many rows and columns
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.ConvTranspose2d(4, 2, 2, { stride: 2 });
 * assertEquals(layer.forward(zeros([1, 4, 3, 3])).shape, [1, 2, 6, 6]);
 * ```
 */
export const ConvTranspose2d: ConvLayerClass<ConvTransposeLayerOptions> = transposeLayer(
  "ConvTranspose2d",
  2,
  convTranspose2d,
);
/** A {@linkcode ConvTranspose2d} layer. */
export type ConvTranspose2d = ConvLayer;

/**
 * The transpose of a convolution over three dimensions. Follows `torch.nn.ConvTranspose3d`.
 *
 * @example Twice as long everywhere
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.ConvTranspose3d(1, 1, 2, { stride: 2 });
 * assertEquals(layer.forward(zeros([1, 1, 2, 2, 2])).shape, [1, 1, 4, 4, 4]);
 * ```
 */
export const ConvTranspose3d: ConvLayerClass<ConvTransposeLayerOptions> = transposeLayer(
  "ConvTranspose3d",
  3,
  convTranspose3d,
);
/** A {@linkcode ConvTranspose3d} layer. */
export type ConvTranspose3d = ConvLayer;
