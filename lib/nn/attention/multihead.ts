/** Attention with several heads, as a layer. */

import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  NUMBER,
  optionReader,
  orNull,
  TENSOR,
} from "../../core/options.ts";
import { sameShape } from "../../core/shape.ts";
import { linear } from "../../ops/linalg/linear.ts";
import { cat } from "../../ops/mod.ts";
import { ones, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { constant_, xavierNormal_, xavierUniform_ } from "../init.ts";
import { Linear } from "../linear.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "../module.ts";
import { checkProbability } from "../drop.ts";
import { attend, MASK, seeing } from "./scaled_dot_product.ts";

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** Probability with which weights are dropped in training. Default: 0. */
  dropout?: number;
  /** Whether the projections have biases. Default: true. */
  bias?: boolean;
  /** Whether there is one more key and value that is learned. Default: false. */
  addBiasKv?: boolean;
  /** Whether there is one more key and value of zeros. Default: false. */
  addZeroAttn?: boolean;
  /** Features of the keys; null for `embedDim`. Default: null. */
  kdim?: number | null;
  /** Features of the values; null for `embedDim`. Default: null. */
  vdim?: number | null;
  /** Whether the batch is the first dimension of inputs and output. Default: false. */
  batchFirst?: boolean;
}

const readMultihead = optionReader<MultiheadAttentionOptions>({
  ...LAYER_OPTIONS,
  dropout: NUMBER,
  bias: FLAG,
  addBiasKv: FLAG,
  addZeroAttn: FLAG,
  kdim: orNull(COUNT),
  vdim: orNull(COUNT),
  batchFirst: FLAG,
});

/** Options of the `forward` of `MultiheadAttention`. */
export interface MultiheadAttentionCall {
  /** [batch, keys]: bool, true for a key that is left out, or floating, added to the scores. Default: none. */
  keyPaddingMask?: Tensor | null;
  /** Whether the weights are given too. Default: true. */
  needWeights?: boolean;
  /**
   * [queries, keys] or [batch · heads, queries, keys]: bool, true where a query does not see a key, or
   * floating, added to the scores. Default: none.
   */
  attnMask?: Tensor | null;
  /** Whether the weights are the mean over the heads. Default: true. */
  averageAttnWeights?: boolean;
  /** Whether each query sees the keys up to its own place only, if there is no `attnMask`. Default: false. */
  isCausal?: boolean;
}

const readCall = optionReader<MultiheadAttentionCall>({
  keyPaddingMask: MASK,
  needWeights: FLAG,
  attnMask: MASK,
  averageAttnWeights: FLAG,
  isCausal: FLAG,
});

/** What `MultiheadAttention` gives. */
export interface MultiheadAttentionOutput {
  /** In the form of the query. */
  readonly output: Tensor;
  /** [batch, queries, keys], of each head [batch, heads, queries, keys]; null if they are not needed. */
  readonly weights: Tensor | null;
}

const CALL = "compute MultiheadAttention";

/** Two masks of what is not seen as one: bool, or what is added if one of them is. */
function merged(a: Tensor | null, b: Tensor | null, like: Tensor): Tensor | null {
  if (a === null || b === null) return a ?? b;
  if (a.dtype === "bool" && b.dtype === "bool") return a.logicalOr(b);
  const { dtype, device } = like;
  const [x, y] = [a, b].map((mask) =>
    mask.dtype === "bool" ? zeros(mask.shape, { dtype, device }).maskedFill(mask, -Infinity) : mask
  ) as [Tensor, Tensor];
  return x.add(y);
}

/**
 * Attention with several heads, each on its own projections of query, key and value. Vaswani and
 * others, "Attention is all you need", 2017; follows `torch.nn.MultiheadAttention`. Weights start
 * by Xavier's uniform distribution, biases at 0.
 *
 * @example Attention to oneself
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = zeros([3, 5, 8]);
 * const { output, weights } = attention.forward(x, x, x);
 * assertEquals([output.shape, weights?.shape], [[3, 5, 8], [3, 5, 5]]);
 * ```
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: MultiheadAttentionCall],
  MultiheadAttentionOutput
> {
  /** The projections of query, key and value, [3 · embed, embed]; null where they are apart. */
  readonly inProjWeight: Parameter | null;
  /** The projection of the query, [embed, embed]; null where it is not apart. */
  readonly qProjWeight: Parameter | null;
  /** The projection of the key, [embed, kdim]; null where it is not apart. */
  readonly kProjWeight: Parameter | null;
  /** The projection of the value, [embed, vdim]; null where it is not apart. */
  readonly vProjWeight: Parameter | null;
  /** The biases of the three projections, [3 · embed]; null without. */
  readonly inProjBias: Parameter | null;
  /** One more key, [1, 1, embed]; null without. */
  readonly biasK: Parameter | null;
  /** One more value, [1, 1, embed]; null without. */
  readonly biasV: Parameter | null;
  /** The projection of the output. */
  readonly outProj: Linear<boolean>;
  /** Probability with which weights are dropped in training. */
  readonly dropout: number;
  /** Whether there is one more key and value of zeros. */
  readonly addZeroAttn: boolean;
  /** Features of the keys. */
  readonly kdim: number;
  /** Features of the values. */
  readonly vdim: number;
  /** Whether the batch is the first dimension of inputs and output. */
  readonly batchFirst: boolean;

  /**
   * Creates the layer.
   *
   * @param embedDim Features of query and output, a multiple of the number of heads.
   * @param numHeads Number of heads.
   * @param options How the layer is built.
   */
  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    options?: MultiheadAttentionOptions,
  ) {
    super();
    const call = "make MultiheadAttention";
    checkCount(call, arguments.length, 3);
    checkKind(call, "embedDim", embedDim, COUNT);
    checkKind(call, "numHeads", numHeads, COUNT);
    if (embedDim % numHeads !== 0) {
      throw new RangeError(
        `Cannot ${call}: embedDim must be a multiple of numHeads, got ${embedDim} and ${numHeads}`,
      );
    }
    const read = readMultihead(call, options);
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } =
      read;
    const { kdim, vdim, dtype = "float32" } = read;
    checkProbability(call, dropout, "dropout");
    this.dropout = dropout;
    this.addZeroAttn = addZeroAttn;
    this.batchFirst = batchFirst;
    this.kdim = kdim ?? embedDim;
    this.vdim = vdim ?? embedDim;
    const make = (...shape: number[]) => new Parameter(zeros(shape, { dtype }));
    const apart = this.kdim !== embedDim || this.vdim !== embedDim;
    const projection = (features: number) =>
      apart ? xavierUniform_(make(embedDim, features)) : null;
    this.inProjWeight = apart ? null : xavierUniform_(make(3 * embedDim, embedDim));
    this.qProjWeight = projection(embedDim);
    this.kProjWeight = projection(this.kdim);
    this.vProjWeight = projection(this.vdim);
    this.inProjBias = bias ? make(3 * embedDim) : null;
    this.biasK = addBiasKv ? xavierNormal_(make(1, 1, embedDim)) : null;
    this.biasV = addBiasKv ? xavierNormal_(make(1, 1, embedDim)) : null;
    this.outProj = new Linear(embedDim, embedDim, { bias, dtype });
    if (this.outProj.bias !== null) constant_(this.outProj.bias, 0);
  }

  /**
   * Computes output and weights.
   *
   * @param query Shape [queries, batch, embed], with `batchFirst` [batch, queries, embed], or
   * [queries, embed].
   * @param key Shape [keys, batch, kdim], in the same order.
   * @param value Shape [keys, batch, vdim], in the same order.
   * @param options Masks, and what is given.
   */
  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: MultiheadAttentionCall,
  ): MultiheadAttentionOutput {
    checkCount(CALL, arguments.length, 4);
    const read = readCall(CALL, options);
    const { needWeights = true, averageAttnWeights = true } = read;
    this.checkInputs(query, key, value);
    const single = query.ndim === 2;
    const { batchFirst } = this;
    const [q, k, v] = this.projected(query, key, value).map((x) => this.batched(x)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const mask = this.maskOf(q, k, read);
    const extended = this.extended(k, v);
    const attended = attend(
      this.heads(q),
      this.heads(extended[0]),
      this.heads(extended[1]),
      {
        ...seeing(this.widened(mask)),
        isCausal: false,
        dropoutP: this.training ? this.dropout : 0,
        scale: null,
        needWeights,
      },
    );
    // [batch, heads, queries, features] as [batch, queries, embed]
    const order = batchFirst || single ? [0, 2, 1, 3] : [2, 0, 1, 3];
    const joined = attended.output.permute(order);
    const rows = joined.reshape([...joined.shape.slice(0, 2), this.embedDim]);
    const output = this.outProj.forward(single ? rows.squeeze(0) : rows);
    if (!needWeights) return { output, weights: null };
    const weights = averageAttnWeights ? attended.weights.mean(1) : attended.weights;
    return { output, weights: single ? weights.squeeze(0) : weights };
  }

  /** Refuses inputs that do not fit the layer or each other. */
  protected checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const inputs = { query, key, value };
    for (const [name, x] of Object.entries(inputs)) {
      checkKind(CALL, `the ${name}`, x, TENSOR);
      if (!isFloat(x.dtype)) {
        throw new DTypeError(
          `Cannot ${CALL}: the ${name} must be float32 or float64, got ${x.dtype}`,
        );
      }
    }
    const { embedDim, kdim, vdim } = this;
    const rank = query.ndim;
    const batchAt = this.batchFirst ? 0 : 1;
    const fits = (rank === 2 || rank === 3) && key.ndim === rank && value.ndim === rank &&
      query.shape.at(-1) === embedDim && key.shape.at(-1) === kdim &&
      value.shape.at(-1) === vdim && sameShape(key.shape.slice(0, -1), value.shape.slice(0, -1)) &&
      (rank === 2 || query.shape[batchAt] === key.shape[batchAt]);
    if (fits) return;
    const order = this.batchFirst ? ["batch, queries", "batch, keys"] : [
      "queries, batch",
      "keys, batch",
    ];
    throw new ShapeError(
      `Cannot ${CALL}: a query [${order[0]}, ${embedDim}], a key [${order[1]}, ${kdim}] and a ` +
        `value [${order[1]}, ${vdim}] are needed, or all of them without batch, got ${
          [query, key, value].map((x) => showShape(x.shape)).join(", ")
        }`,
      [query.shape, key.shape, value.shape],
    );
  }

  /** Query, key and value under their projections. */
  protected projected(query: Tensor, key: Tensor, value: Tensor): readonly Tensor[] {
    const { embedDim, inProjWeight: weight, inProjBias: bias } = this;
    // One product of all would be cut up, which costs more on the way back than it spares.
    const weights = weight?.split(embedDim) ??
      [this.qProjWeight, this.kProjWeight, this.vProjWeight];
    const biases = bias?.split(embedDim) ?? [];
    return [query, key, value].map((x, i) => linear(x, weights[i] as Tensor, biases[i] ?? null));
  }

  /** A projection with the batch in front. */
  protected batched(x: Tensor): Tensor {
    if (x.ndim === 2) return x.unsqueeze(0);
    return this.batchFirst ? x : x.transpose(0, 1);
  }

  /** [batch, places, embed] as [batch, heads, places, features]. */
  protected heads(x: Tensor): Tensor {
    return x.unflatten(-1, [this.numHeads, this.embedDim / this.numHeads]).transpose(1, 2);
  }

  /** Keys and values with those that every query sees. */
  protected extended(k: Tensor, v: Tensor): [Tensor, Tensor] {
    const { biasK, biasV, embedDim } = this;
    const [batch = 0] = k.shape;
    const one = [batch, 1, embedDim];
    const more = (x: Tensor, bias: Tensor | null) => {
      const added = [
        ...bias === null ? [] : [bias.expand(one)],
        ...this.addZeroAttn ? [zeros(one, { dtype: x.dtype, device: x.device })] : [],
      ];
      return added.length === 0 ? x : cat([x, ...added], 1);
    };
    return [more(k, biasK), more(v, biasV)];
  }

  /** What is masked, as attention takes it: [batch, heads, queries, keys] or what stretches to it. */
  protected maskOf(q: Tensor, k: Tensor, read: MultiheadAttentionCall): Tensor | null {
    const { keyPaddingMask = null, isCausal = false } = read;
    const [batch = 0, queries = 0] = q.shape;
    const keys = k.shape[1] ?? 0;
    const attnMask = read.attnMask ??
      (isCausal ? ones([queries, keys], { dtype: "bool", device: q.device }).triu(1) : null);
    const check = (name: string, mask: Tensor, ...shapes: number[][]) => {
      if (mask.dtype !== "bool" && mask.dtype !== q.dtype) {
        throw new DTypeError(
          `Cannot ${CALL}: ${name} must be bool or ${q.dtype}, got ${mask.dtype}`,
        );
      }
      if (shapes.some((shape) => sameShape(shape, mask.shape))) return;
      throw new ShapeError(
        `Cannot ${CALL}: ${name} must have shape ${shapes.map(showShape).join(" or ")}, got ${
          showShape(mask.shape)
        }`,
        [mask.shape],
      );
    };
    if (attnMask !== null) {
      check("attnMask", attnMask, [queries, keys], [batch * this.numHeads, queries, keys]);
    }
    if (keyPaddingMask !== null) {
      check("keyPaddingMask", keyPaddingMask, [batch, keys], ...batch === 1 ? [[keys]] : []);
    }
    const own = attnMask?.ndim === 3
      ? attnMask.reshape([batch, this.numHeads, queries, keys])
      : attnMask;
    return merged(own, keyPaddingMask?.reshape([batch, 1, 1, keys]) ?? null, q);
  }

  /** The mask with the keys that every query sees, true where one is seen. */
  protected widened(mask: Tensor | null): Tensor | null {
    if (mask === null) return null;
    const more = Number(this.biasK !== null) + Number(this.addZeroAttn);
    const wide = more === 0 ? mask : mask.pad([0, more]);
    return wide.dtype === "bool" ? wide.logicalNot() : wide;
  }
}
