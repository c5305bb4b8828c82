/** The layers of a transformer. */

import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  isFunction,
  kind,
  NUMBER,
  optionReader,
} from "../../core/options.ts";
import { gelu } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloating, EPSILON } from "../checks.ts";
import { Dropout } from "../dropout.ts";
import { LayerNorm } from "../layer_norm.ts";
import { Linear } from "../linear.ts";
import { LAYER_OPTIONS, type LayerOptions, Module } from "../module.ts";
import { checkProbability } from "../drop.ts";
import { inPart } from "../part.ts";
import { MultiheadAttention, type MultiheadAttentionCall } from "./multihead.ts";
import { MASK } from "./scaled_dot_product.ts";

/** What is applied between the two linear maps of a layer: a name or a function. */
export type TransformerActivation = "relu" | "gelu" | ((x: Tensor) => Tensor);

/** Options of the layers of a transformer. */
export interface TransformerLayerOptions extends LayerOptions {
  /** Features between the two linear maps. Default: 2048. */
  dimFeedforward?: number;
  /** Probability with which elements are dropped in training. Default: 0.1. */
  dropout?: number;
  /** What is applied between the two linear maps. Default: "relu". */
  activation?: TransformerActivation;
  /** What normalisation adds to variances. Default: 1e-5. */
  layerNormEps?: number;
  /** Whether the batch is the first dimension of inputs and output. Default: false. */
  batchFirst?: boolean;
  /** Whether inputs are normalised before each block and not after it. Default: false. */
  normFirst?: boolean;
  /** Whether linear maps and normalisations have biases. Default: true. */
  bias?: boolean;
}

/** What the options of the layers must be. */
export const TRANSFORMER_OPTIONS = {
  ...LAYER_OPTIONS,
  dimFeedforward: COUNT,
  dropout: NUMBER,
  activation: kind(
    '"relu", "gelu" or a function',
    (value) => value === "relu" || value === "gelu" || isFunction(value),
  ),
  layerNormEps: EPSILON,
  batchFirst: FLAG,
  normFirst: FLAG,
  bias: FLAG,
};

const readLayer = optionReader<TransformerLayerOptions>(TRANSFORMER_OPTIONS);

/** Reads the options of a layer, and checks what else it is made with. */
function optionsOf(
  call: string,
  dModel: number,
  nhead: number,
  given: TransformerLayerOptions | undefined,
): Required<TransformerLayerOptions> {
  checkKind(call, "dModel", dModel, COUNT);
  checkKind(call, "nhead", nhead, COUNT);
  if (dModel % nhead !== 0) {
    throw new RangeError(
      `Cannot ${call}: dModel must be a multiple of nhead, got ${dModel} and ${nhead}`,
    );
  }
  const options = {
    dimFeedforward: 2048,
    dropout: 0.1,
    activation: "relu" as const,
    layerNormEps: 1e-5,
    batchFirst: false,
    normFirst: false,
    bias: true,
    dtype: "float32" as const,
    ...readLayer(call, given),
  };
  checkProbability(call, options.dropout, "dropout");
  return options;
}

/** What the blocks of a layer consist of. */
interface Blocks {
  readonly linear1: Linear<boolean>;
  readonly dropout: Dropout;
  readonly linear2: Linear<boolean>;
  readonly activation: TransformerActivation;
}

/** Two linear maps with an activation between them. */
function feedForward({ linear1, dropout, linear2, activation }: Blocks, x: Tensor): Tensor {
  const between = () => {
    // A forward that has been replaced is left alone.
    if (activation === "relu" && linear1.forward === Linear.prototype.forward) {
      return inPart(linear1, () => linear1.activated(x, "relu"));
    }
    const z = linear1.forward(x);
    if (typeof activation === "function") return activation(z);
    return activation === "relu" ? z.relu() : gelu(z);
  };
  return linear2.forward(dropout.forward(between()));
}

/** A block with a residual around it, normalised before the block or after the sum. */
function around(
  x: Tensor,
  norm: LayerNorm,
  normFirst: boolean,
  block: (x: Tensor) => Tensor,
): Tensor {
  return normFirst ? x.add(block(norm.forward(x))) : norm.forward(x.add(block(x)));
}

/** Options of the `forward` of `TransformerEncoderLayer`. */
export interface EncoderLayerCall {
  /** What is not seen, as the `attnMask` of {@linkcode MultiheadAttention}. Default: nothing. */
  srcMask?: Tensor | null;
  /** [batch, steps]: which entries are padding, as its `keyPaddingMask`. Default: none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether each entry sees those up to its own place only, if there is no `srcMask`. Default: false. */
  isCausal?: boolean;
}

const readEncoderCall = optionReader<EncoderLayerCall>({
  srcMask: MASK,
  srcKeyPaddingMask: MASK,
  isCausal: FLAG,
});

/** Attention without its weights. */
function attended(
  attention: MultiheadAttention,
  query: Tensor,
  memory: Tensor,
  call: MultiheadAttentionCall,
): Tensor {
  return attention.forward(query, memory, memory, { ...call, needWeights: false }).output;
}

/**
 * Attention of a sequence to itself and two linear maps, each with a residual and a normalisation.
 * Vaswani and others, "Attention is all you need", 2017; follows
 * `torch.nn.TransformerEncoderLayer`.
 *
 * @example A batch of sequences
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * assertEquals(layer.forward(zeros([3, 5, 8]), { isCausal: true }).shape, [3, 5, 8]);
 * ```
 */
export class TransformerEncoderLayer extends Module<[src: Tensor, options?: EncoderLayerCall]> {
  /** Attention of the sequence to itself. */
  readonly selfAttn: MultiheadAttention;
  /** The first linear map. */
  readonly linear1: Linear<boolean>;
  /** Behind the activation. */
  readonly dropout: Dropout;
  /** The second linear map. */
  readonly linear2: Linear<boolean>;
  /** At the attention. */
  readonly norm1: LayerNorm;
  /** At the linear maps. */
  readonly norm2: LayerNorm;
  /** Behind the attention. */
  readonly dropout1: Dropout;
  /** Behind the linear maps. */
  readonly dropout2: Dropout;
  /** What is applied between the two linear maps. */
  readonly activation: TransformerActivation;
  /** Whether inputs are normalised before each block. */
  readonly normFirst: boolean;

  /**
   * Creates the layer.
   *
   * @param dModel Features of input and output.
   * @param nhead Number of heads.
   * @param options How the layer is built.
   */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super();
    const call = "make TransformerEncoderLayer";
    checkCount(call, arguments.length, 3);
    const read = optionsOf(call, dModel, nhead, options);
    const { dimFeedforward, dropout, layerNormEps: eps, batchFirst, bias, dtype } = read;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = read.activation;
    this.normFirst = read.normFirst;
  }

  /**
   * Computes the output.
   *
   * @param src Shape [steps, batch, features], with `batchFirst` [batch, steps, features], or
   * [steps, features].
   * @param options What is not seen.
   */
  override forward(src: Tensor, options?: EncoderLayerCall): Tensor {
    const call = "compute TransformerEncoderLayer";
    checkCount(call, arguments.length, 2);
    checkFloating(call, src);
    const { srcMask = null, srcKeyPaddingMask = null, isCausal = false } = readEncoderCall(
      call,
      options,
    );
    const masks = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal };
    const { normFirst } = this;
    const x = around(
      src,
      this.norm1,
      normFirst,
      (x) => this.dropout1.forward(attended(this.selfAttn, x, x, masks)),
    );
    return around(x, this.norm2, normFirst, (x) => this.dropout2.forward(feedForward(this, x)));
  }
}

/** Options of the `forward` of `TransformerDecoderLayer`. */
export interface DecoderLayerCall {
  /** What is not seen of the target, as the `attnMask` of {@linkcode MultiheadAttention}. Default: nothing. */
  tgtMask?: Tensor | null;
  /** What is not seen of the memory. Default: nothing. */
  memoryMask?: Tensor | null;
  /** [batch, steps]: which entries of the target are padding. Default: none. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [batch, steps]: which entries of the memory are padding. Default: none. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Whether each entry sees those of the target up to its own place only, if there is no `tgtMask`. Default: false. */
  tgtIsCausal?: boolean;
  /** The same of the memory. Default: false. */
  memoryIsCausal?: boolean;
}

/** What the options of a decoder's call must be. */
export const DECODER_CALL = {
  tgtMask: MASK,
  memoryMask: MASK,
  tgtKeyPaddingMask: MASK,
  memoryKeyPaddingMask: MASK,
  tgtIsCausal: FLAG,
  memoryIsCausal: FLAG,
};

const readDecoderCall = optionReader<DecoderLayerCall>(DECODER_CALL);

/**
 * Attention of a sequence to itself, attention to another one, and two linear maps, each with a
 * residual and a normalisation. Vaswani and others, "Attention is all you need", 2017; follows
 * `torch.nn.TransformerDecoderLayer`.
 *
 * @example A target beside a memory of another length
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const y = layer.forward(zeros([3, 4, 8]), zeros([3, 5, 8]), { tgtIsCausal: true });
 * assertEquals(y.shape, [3, 4, 8]);
 * ```
 */
export class TransformerDecoderLayer
  extends Module<[tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]> {
  /** Attention of the target to itself. */
  readonly selfAttn: MultiheadAttention;
  /** Attention of the target to the memory. */
  readonly multiheadAttn: MultiheadAttention;
  /** The first linear map. */
  readonly linear1: Linear<boolean>;
  /** Behind the activation. */
  readonly dropout: Dropout;
  /** The second linear map. */
  readonly linear2: Linear<boolean>;
  /** At the first attention. */
  readonly norm1: LayerNorm;
  /** At the second attention. */
  readonly norm2: LayerNorm;
  /** At the linear maps. */
  readonly norm3: LayerNorm;
  /** Behind the first attention. */
  readonly dropout1: Dropout;
  /** Behind the second attention. */
  readonly dropout2: Dropout;
  /** Behind the linear maps. */
  readonly dropout3: Dropout;
  /** What is applied between the two linear maps. */
  readonly activation: TransformerActivation;
  /** Whether inputs are normalised before each block. */
  readonly normFirst: boolean;

  /**
   * Creates the layer.
   *
   * @param dModel Features of inputs and output.
   * @param nhead Number of heads.
   * @param options How the layer is built.
   */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super();
    const call = "make TransformerDecoderLayer";
    checkCount(call, arguments.length, 3);
    const read = optionsOf(call, dModel, nhead, options);
    const { dimFeedforward, dropout, layerNormEps: eps, batchFirst, bias, dtype } = read;
    const attention = { dropout, bias, batchFirst, dtype };
    this.selfAttn = new MultiheadAttention(dModel, nhead, attention);
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, attention);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm3 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = read.activation;
    this.normFirst = read.normFirst;
  }

  /**
   * Computes the output.
   *
   * @param tgt Shape [steps, batch, features], with `batchFirst` [batch, steps, features], or
   * [steps, features].
   * @param memory The same of another sequence, as an encoder gives it.
   * @param options What is not seen.
   */
  override forward(tgt: Tensor, memory: Tensor, options?: DecoderLayerCall): Tensor {
    const call = "compute TransformerDecoderLayer";
    checkCount(call, arguments.length, 3);
    checkFloating(call, tgt, "the target");
    checkFloating(call, memory, "the memory");
    const { tgtMask, tgtKeyPaddingMask, tgtIsCausal = false, ...other } = readDecoderCall(
      call,
      options,
    );
    const { memoryMask, memoryKeyPaddingMask, memoryIsCausal = false } = other;
    const own = {
      attnMask: tgtMask ?? null,
      keyPaddingMask: tgtKeyPaddingMask ?? null,
      isCausal: tgtIsCausal,
    };
    const cross = {
      attnMask: memoryMask ?? null,
      keyPaddingMask: memoryKeyPaddingMask ?? null,
      isCausal: memoryIsCausal,
    };
    const { normFirst } = this;
    const x = around(
      tgt,
      this.norm1,
      normFirst,
      (x) => this.dropout1.forward(attended(this.selfAttn, x, x, own)),
    );
    const y = around(
      x,
      this.norm2,
      normFirst,
      (x) => this.dropout2.forward(attended(this.multiheadAttn, x, memory, cross)),
    );
    return around(y, this.norm3, normFirst, (x) => this.dropout3.forward(feedForward(this, x)));
  }
}
