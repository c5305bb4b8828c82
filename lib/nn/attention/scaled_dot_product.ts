/** Attention: values weighed by how well keys fit queries. */

import { type DType, isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  checkKind,
  FLAG,
  type Kind,
  kind,
  NUMBER,
  optionReader,
  orNull,
  TENSOR,
} from "../../core/options.ts";
import { GENERATOR } from "../../core/random.ts";
import { broadcastShapes, extentAt, sameShape, type Shape } from "../../core/shape.ts";
import { where } from "../../ops/mod.ts";
import { ones } from "../../tensor/create.ts";
import type { RandomOptions } from "../../tensor/rand.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkProbability, dropout } from "../drop.ts";

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions extends Pick<RandomOptions, "generator"> {
  /**
   * What stretches to [..., queries, keys]: bool, true where a query sees a key, or floating, added to
   * the scores. Default: none.
   */
  attnMask?: Tensor | null;
  /** Probability with which weights are dropped, also in evaluation. Default: 0. */
  dropoutP?: number;
  /** Whether each query sees the keys up to its own place only. Default: false. */
  isCausal?: boolean;
  /** Factor of the scores; null for 1/√features. Default: null. */
  scale?: number | null;
  /** Whether several heads of queries may share one head of keys and values. Default: false. */
  enableGqa?: boolean;
}

const MASK_TYPES: readonly DType[] = ["bool", "float32", "float64"];

/** What masks are: of bool, or added to scores. */
export const MASK: Kind = orNull(kind(
  "a tensor of bool, float32 or float64",
  (value) => TENSOR.accepts(value) && MASK_TYPES.includes((value as Tensor).dtype),
));

const readOptions = optionReader<AttentionOptions>({
  attnMask: MASK,
  dropoutP: NUMBER,
  isCausal: FLAG,
  scale: orNull(NUMBER),
  enableGqa: FLAG,
  generator: GENERATOR,
});

/** What attention gives. */
export interface Attended {
  /** Shape [..., queries, features of the values]. */
  readonly output: Tensor;
  /** The weights, after dropout, [..., queries, keys]. */
  readonly weights: Tensor;
}

/** How attention is computed, beside its inputs. */
export interface Attending extends Pick<RandomOptions, "generator"> {
  /**
   * Bool, true where a query sees a key, or what is added to the scores, each query seeing something;
   * null for neither.
   */
  readonly mask: Tensor | null;
  /** Which queries do see a key, of which the others get 0; null for all of them. */
  readonly seen: Tensor | null;
  /** Whether each query sees the keys up to its own place only. */
  readonly isCausal: boolean;
  /** Probability with which weights are dropped. */
  readonly dropoutP: number;
  /** Factor of the scores; null for 1/√features. */
  readonly scale: number | null;
  /** Whether the weights are looked at. */
  readonly needWeights: boolean;
}

/** A mask that lets each query see something, and which queries the given one lets do so. */
export function seeing(mask: Tensor | null): Pick<Attending, "mask" | "seen"> {
  if (mask === null) return { mask, seen: null };
  const bool = mask.dtype === "bool";
  const seen = (bool ? mask : mask.ne(-Infinity)).any(-1, { keepdim: true });
  return { mask: bool ? mask.logicalOr(seen.logicalNot()) : where(seen, mask, 0), seen };
}

/** softmax(q·kᵀ·scale + mask)·v for inputs that fit; 0 for a query that sees no key. */
export function attend(q: Tensor, k: Tensor, v: Tensor, attending: Attending): Attended {
  const { mask, seen, isCausal, dropoutP, needWeights, generator } = attending;
  const features = extentAt(q.shape, -1);
  const scale = attending.scale ?? (features === 0 ? 1 : 1 / Math.sqrt(features));
  let scores = q.mul(scale).matmul(k.transpose(-2, -1));
  if (isCausal) {
    const causal = ones(scores.shape.slice(-2), { dtype: "bool", device: q.device }).tril();
    scores = where(causal, scores, -Infinity);
  }
  if (mask !== null) {
    scores = mask.dtype === "bool" ? where(mask, scores, -Infinity) : scores.add(mask);
  }
  const drop = { p: dropoutP, ...generator && { generator } };
  const weights = dropout(scores.softmax(-1), drop);
  const visible = (x: Tensor) => seen === null ? x : where(seen, x, 0);
  // The smaller of both is enough where the weights are not looked at.
  if (!needWeights) return { output: visible(weights.matmul(v)), weights };
  const shown = visible(weights);
  return { output: shown.matmul(v), weights: shown };
}

/** Refuses queries, keys and values that do not fit each other. */
function checkInputs(call: string, q: Tensor, k: Tensor, v: Tensor, heads: boolean): void {
  for (const [name, x] of Object.entries({ query: q, key: k, value: v })) {
    checkKind(call, `the ${name}`, x, TENSOR);
  }
  if (!isFloat(q.dtype) || k.dtype !== q.dtype || v.dtype !== q.dtype) {
    throw new DTypeError(
      `Cannot ${call}: query, key and value must have one floating type, got ${q.dtype}, ` +
        `${k.dtype} and ${v.dtype}`,
    );
  }
  const least = heads ? 3 : 2;
  const fits = q.ndim >= least && k.ndim >= least && v.ndim >= least &&
    q.shape.at(-1) === k.shape.at(-1) && k.shape.at(-2) === v.shape.at(-2);
  if (!fits) {
    throw new ShapeError(
      `Cannot ${call}: a query [..., queries, features], a key [..., keys, features] and a value ` +
        `[..., keys, values] are needed, got ${showShape(q.shape)}, ${showShape(k.shape)} and ` +
        showShape(v.shape),
      [q.shape, k.shape, v.shape],
    );
  }
}

/** Heads of keys or values, each for as many heads of queries as share it. */
function shared(call: string, q: Tensor, x: Tensor): Tensor {
  const [heads, own] = [extentAt(q.shape, -3), extentAt(x.shape, -3)];
  if (heads === own) return x;
  const times = heads / own;
  if (!Number.isInteger(times)) {
    throw new ShapeError(
      `Cannot ${call}: the heads of the query must be a multiple of those of key and value, got ` +
        `${showShape(q.shape)} and ${showShape(x.shape)}`,
      [q.shape, x.shape],
    );
  }
  const [before, after] = [x.shape.slice(0, -3), x.shape.slice(-2)];
  return x.unsqueeze(-3).expand([...before, own, times, ...after]).reshape([
    ...before,
    heads,
    ...after,
  ]);
}

/**
 * softmax(q·kᵀ/√d)·v: the mean of the values, weighed by how well their keys fit each query. Vaswani
 * and others, "Attention is all you need", 2017; follows
 * `torch.nn.functional.scaled_dot_product_attention`.
 *
 * @param query Shape [..., queries, features].
 * @param key Shape [..., keys, features].
 * @param value Shape [..., keys, values].
 * @returns Shape [..., queries, values]; 0 for a query that the mask lets see nothing.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {TypeError} If there are a mask and `isCausal`.
 *
 * @example The first query sees the first key alone
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const x = tensor([[1, 0], [0, 1]]);
 * const y = nn.functional.scaledDotProductAttention(x, x, x, { isCausal: true });
 * assertClose(y.at(0), [1, 0]);
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor {
  const call = "compute scaledDotProductAttention";
  checkCount(call, arguments.length, 4);
  const {
    attnMask = null,
    dropoutP = 0,
    isCausal = false,
    scale = null,
    enableGqa = false,
    ...rest
  } = readOptions(call, options);
  checkInputs(call, query, key, value, enableGqa);
  checkProbability(call, dropoutP, "dropoutP");
  if (attnMask !== null && isCausal) {
    throw new TypeError(`Cannot ${call}: either attnMask or isCausal can be given, got both`);
  }
  const [k, v] = enableGqa ? [shared(call, query, key), shared(call, query, value)] : [key, value];
  [query, k, v].map((x): Shape => x.shape.slice(0, -2))
    .reduce((all, own) => broadcastShapes("scaledDotProductAttention", all, own, "batches"));
  if (attnMask !== null) checkMask(call, attnMask, query, k);
  const how = { ...seeing(attnMask), isCausal, dropoutP, scale, needWeights: false, ...rest };
  return attend(query, k, v, how).output;
}

/** Refuses a mask that does not stretch to the scores. */
function checkMask(call: string, mask: Tensor, q: Tensor, k: Tensor): void {
  if (mask.dtype !== "bool" && mask.dtype !== q.dtype) {
    throw new DTypeError(`Cannot ${call}: attnMask must be bool or ${q.dtype}, got ${mask.dtype}`);
  }
  const op = "scaledDotProductAttention";
  const batch = broadcastShapes(op, q.shape.slice(0, -2), k.shape.slice(0, -2));
  const scores = [...batch, extentAt(q.shape, -2), extentAt(k.shape, -2)];
  if (sameShape(broadcastShapes(op, mask.shape, scores, "attnMask and scores"), scores)) return;
  throw new ShapeError(
    `Cannot ${call}: attnMask must stretch to ${showShape(scores)}, got ${showShape(mask.shape)}`,
    [mask.shape, scores],
  );
}
