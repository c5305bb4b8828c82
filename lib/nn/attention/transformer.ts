/** Encoders, decoders and both together. */

import { ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  optionReader,
  orNull,
  WHOLE,
} from "../../core/options.ts";
import { full } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ANY_MODULE, checkFloating, layersFrom } from "../checks.ts";
import { xavierUniform_ } from "../init.ts";
import { LayerNorm } from "../layer_norm.ts";
import { Module } from "../module.ts";
import { checkProbability } from "../drop.ts";
import {
  DECODER_CALL,
  type DecoderLayerCall,
  type EncoderLayerCall,
  TRANSFORMER_OPTIONS,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./layers.ts";
import { MASK } from "./scaled_dot_product.ts";

/** A layer that encoders are made of. */
export type EncoderLayer = Module<[src: Tensor, options?: EncoderLayerCall]>;

/** A layer that decoders are made of. */
export type DecoderLayer = Module<[tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]>;

/** Options of `TransformerEncoder` and `TransformerDecoder`. */
export interface TransformerStackOptions {
  /** What the output of the last layer goes through. Default: nothing. */
  norm?: Module | null;
}

const readStack = optionReader<TransformerStackOptions>({ norm: orNull(ANY_MODULE) });

/** Options of the `forward` of `TransformerEncoder`. */
export interface TransformerEncoderCall {
  /** What is not seen, as the `attnMask` of {@linkcode MultiheadAttention}. Default: nothing. */
  mask?: Tensor | null;
  /** [batch, steps]: which entries are padding, as its `keyPaddingMask`. Default: none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether each entry sees those up to its own place only, if there is no mask. Default: false. */
  isCausal?: boolean;
}

const readEncoder = optionReader<TransformerEncoderCall>({
  mask: MASK,
  srcKeyPaddingMask: MASK,
  isCausal: FLAG,
});

/**
 * Copies of a layer one after the other, and perhaps a normalisation. Follows
 * `torch.nn.TransformerEncoder`.
 *
 * @example Two layers
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const encoder = new nn.TransformerEncoder(layer, 2);
 * assertEquals(encoder.forward(zeros([3, 5, 8])).shape, [3, 5, 8]);
 * assertEquals(Object.keys(encoder.stateDict())[0], "layers.0.self_attn.in_proj_weight");
 * ```
 */
export class TransformerEncoder extends Module<[src: Tensor, options?: TransformerEncoderCall]> {
  /** The layers in order. */
  readonly layers: readonly EncoderLayer[];
  /** What the output of the last layer goes through; null for nothing. */
  readonly norm: Module | null;

  /**
   * Creates the encoder.
   *
   * @param encoderLayer The layer, of which copies are made.
   * @param numLayers Number of copies.
   * @param options What comes behind the layers.
   */
  constructor(
    encoderLayer: EncoderLayer,
    readonly numLayers: number,
    options?: TransformerStackOptions,
  ) {
    super();
    const call = "make TransformerEncoder";
    checkCount(call, arguments.length, 3);
    checkKind(call, "encoderLayer", encoderLayer, ANY_MODULE);
    checkKind(call, "numLayers", numLayers, layersFrom(0));
    const { norm = null } = readStack(call, options);
    this.layers = Array.from({ length: numLayers }, () => encoderLayer.copy());
    this.norm = norm;
  }

  /**
   * Computes the output.
   *
   * @param src What the layer takes.
   * @param options What is not seen.
   */
  override forward(src: Tensor, options?: TransformerEncoderCall): Tensor {
    const call = "compute TransformerEncoder";
    checkCount(call, arguments.length, 2);
    checkFloating(call, src);
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = readEncoder(call, options);
    const masks = { srcMask: mask, srcKeyPaddingMask, isCausal };
    const x = this.layers.reduce((x, layer) => layer.forward(x, masks), src);
    return this.norm === null ? x : this.norm.forward(x);
  }
}

const readDecoder = optionReader<DecoderLayerCall>(DECODER_CALL);

/**
 * Copies of a layer one after the other, which all look at one memory, and perhaps a normalisation.
 * Follows `torch.nn.TransformerDecoder`.
 *
 * @example Two layers
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const decoder = new nn.TransformerDecoder(layer, 2);
 * assertEquals(decoder.forward(zeros([3, 4, 8]), zeros([3, 5, 8])).shape, [3, 4, 8]);
 * ```
 */
export class TransformerDecoder
  extends Module<[tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]> {
  /** The layers in order. */
  readonly layers: readonly DecoderLayer[];
  /** What the output of the last layer goes through; null for nothing. */
  readonly norm: Module | null;

  /**
   * Creates the decoder.
   *
   * @param decoderLayer The layer, of which copies are made.
   * @param numLayers Number of copies.
   * @param options What comes behind the layers.
   */
  constructor(
    decoderLayer: DecoderLayer,
    readonly numLayers: number,
    options?: TransformerStackOptions,
  ) {
    super();
    const call = "make TransformerDecoder";
    checkCount(call, arguments.length, 3);
    checkKind(call, "decoderLayer", decoderLayer, ANY_MODULE);
    checkKind(call, "numLayers", numLayers, layersFrom(0));
    const { norm = null } = readStack(call, options);
    this.layers = Array.from({ length: numLayers }, () => decoderLayer.copy());
    this.norm = norm;
  }

  /**
   * Computes the output.
   *
   * @param tgt What the layer takes.
   * @param memory What the layer takes beside it.
   * @param options What is not seen.
   */
  override forward(tgt: Tensor, memory: Tensor, options?: DecoderLayerCall): Tensor {
    const call = "compute TransformerDecoder";
    checkCount(call, arguments.length, 3);
    checkFloating(call, tgt, "the target");
    checkFloating(call, memory, "the memory");
    const masks = readDecoder(call, options);
    const x = this.layers.reduce((x, layer) => layer.forward(x, memory, masks), tgt);
    return this.norm === null ? x : this.norm.forward(x);
  }
}

/** Options of `Transformer`. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Number of layers of the encoder. Default: 6. */
  numEncoderLayers?: number;
  /** Number of layers of the decoder. Default: 6. */
  numDecoderLayers?: number;
  /** What takes the encoder's place. Default: null, for nothing. */
  customEncoder?: Module<[src: Tensor, options?: TransformerEncoderCall]> | null;
  /** What takes the decoder's place. Default: null, for nothing. */
  customDecoder?: Module<[tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]> | null;
}

const readTransformer = optionReader<TransformerOptions>({
  ...TRANSFORMER_OPTIONS,
  numEncoderLayers: layersFrom(0),
  numDecoderLayers: layersFrom(0),
  customEncoder: orNull(ANY_MODULE),
  customDecoder: orNull(ANY_MODULE),
});

/** Options of the `forward` of `Transformer`. */
export interface TransformerCall extends DecoderLayerCall {
  /** What is not seen of the source. Default: nothing. */
  srcMask?: Tensor | null;
  /** [batch, steps]: which entries of the source are padding. Default: none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether each entry of the source sees those up to its own place only, if there is no `srcMask`. Default: false. */
  srcIsCausal?: boolean;
}

const readCall = optionReader<TransformerCall>({
  ...DECODER_CALL,
  srcMask: MASK,
  srcKeyPaddingMask: MASK,
  srcIsCausal: FLAG,
});

/**
 * An encoder, and a decoder that looks at what it gives, each with a normalisation at its end. Vaswani
 * and others, "Attention is all you need", 2017; follows `torch.nn.Transformer`. Weights start by
 * Xavier's uniform distribution.
 *
 * @example From one sequence to another
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Transformer(8, 2, {
 *   numEncoderLayers: 1,
 *   numDecoderLayers: 1,
 *   dimFeedforward: 16,
 *   batchFirst: true,
 * });
 * const y = model.forward(zeros([3, 5, 8]), zeros([3, 4, 8]), { tgtIsCausal: true });
 * assertEquals(y.shape, [3, 4, 8]);
 * ```
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, options?: TransformerCall]> {
  /** What reads the source. */
  readonly encoder: Module<[src: Tensor, options?: TransformerEncoderCall]>;
  /** What makes the output of the target and of what the encoder gives. */
  readonly decoder: Module<[tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]>;
  /** Whether the batch is the first dimension of inputs and output. */
  readonly batchFirst: boolean;

  /**
   * Creates the model.
   *
   * @param dModel Features of inputs and output. Default: 512.
   * @param nhead Number of heads. Default: 8.
   * @param options How the layers are built.
   */
  constructor(
    readonly dModel: number = 512,
    readonly nhead: number = 8,
    options?: TransformerOptions,
  ) {
    super();
    const call = "make Transformer";
    checkCount(call, arguments.length, 3);
    checkKind(call, "dModel", dModel, COUNT);
    checkKind(call, "nhead", nhead, COUNT);
    const {
      numEncoderLayers = 6,
      numDecoderLayers = 6,
      customEncoder = null,
      customDecoder = null,
      ...layer
    } = readTransformer(call, options);
    checkProbability(call, layer.dropout ?? 0, "dropout");
    const { layerNormEps: eps = 1e-5, bias = true, dtype = "float32" } = layer;
    const norm = () => new LayerNorm(dModel, { eps, bias, dtype });
    this.batchFirst = layer.batchFirst ?? false;
    this.encoder = customEncoder ?? new TransformerEncoder(
      new TransformerEncoderLayer(dModel, nhead, layer),
      numEncoderLayers,
      { norm: norm() },
    );
    this.decoder = customDecoder ?? new TransformerDecoder(
      new TransformerDecoderLayer(dModel, nhead, layer),
      numDecoderLayers,
      { norm: norm() },
    );
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
  }

  /**
   * What is added to scores so that each entry sees those up to its own place only: 0, and −∞ behind it.
   *
   * @param size Number of entries.
   */
  static generateSquareSubsequentMask(size: number): Tensor {
    checkCount("run generateSquareSubsequentMask", arguments.length, 1);
    checkKind("run generateSquareSubsequentMask", "size", size, WHOLE);
    return full([size, size], -Infinity).triu(1);
  }

  /**
   * Computes the output.
   *
   * @param src Shape [steps, batch, features], with `batchFirst` [batch, steps, features], or
   * [steps, features].
   * @param tgt The same of another sequence.
   * @param options What is not seen.
   * @returns The shape of `tgt`.
   */
  override forward(src: Tensor, tgt: Tensor, options?: TransformerCall): Tensor {
    const call = "compute Transformer";
    checkCount(call, arguments.length, 3);
    checkFloating(call, src, "the source");
    checkFloating(call, tgt, "the target");
    const { srcMask = null, srcKeyPaddingMask = null, srcIsCausal = false, ...masks } = readCall(
      call,
      options,
    );
    const batchAt = this.batchFirst ? 0 : 1;
    const fits = src.ndim === tgt.ndim && src.shape.at(-1) === this.dModel &&
      tgt.shape.at(-1) === this.dModel &&
      (src.ndim !== 3 || src.shape[batchAt] === tgt.shape[batchAt]);
    if (!fits) {
      throw new ShapeError(
        `Cannot ${call}: source and target must have ${this.dModel} features and one batch, got ${
          showShape(src.shape)
        } and ${showShape(tgt.shape)}`,
        [src.shape, tgt.shape],
      );
    }
    const seen = { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal };
    return this.decoder.forward(tgt, this.encoder.forward(src, seen), masks);
  }
}
