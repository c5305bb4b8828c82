/** Rows of a learned table, and sums of such rows. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { largest } from "../core/lists.ts";
import {
  ABOVE_ZERO,
  checkCount,
  checkKind,
  FLAG,
  INTEGER,
  oneOf,
  optionReader,
  type OptionTable,
  orNull,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { cat, where } from "../ops/mod.ts";
import { fromTypedArray, ones, zeros } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, checkIntegers, checkPlaces, checkRank, positions } from "./checks.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";
import { shownCall } from "./shown.ts";

/** Options of `embedding`. */
export interface EmbeddingFunctionOptions {
  /** The row without gradient, counted from the end if negative; null for none. Default: null. */
  paddingIdx?: number | null;
  /** The norm to which longer rows are shortened in place when they are looked up; null for none.
   * Default: null. */
  maxNorm?: number | null;
  /** Order of that norm. Default: 2. */
  normType?: number;
  /** Whether the gradient of a row is divided by how often it is looked up. Default: false. */
  scaleGradByFreq?: boolean;
}

const EMBEDDING: OptionTable<EmbeddingFunctionOptions> = {
  paddingIdx: orNull(INTEGER),
  maxNorm: orNull(ABOVE_ZERO),
  normType: ABOVE_ZERO,
  scaleGradByFreq: FLAG,
};

const readEmbedding = optionReader(EMBEDDING);

/** The row without gradient, counted from the start. */
function paddingOf(call: string, given: number | null, count: number): number | null {
  if (given === null) return null;
  if (given >= -count && given < count) return given < 0 ? given + count : given;
  throw new RangeError(
    `Cannot ${call}: paddingIdx must be a row of the ${count} in the table, got ${given}`,
  );
}

function checkTable(call: string, weight: Tensor): void {
  checkFloating(call, weight, "the weight");
  if (weight.ndim === 2) return;
  throw new ShapeError(
    `Cannot ${call}: the weight must have shape [rows, features], got ${showShape(weight.shape)}`,
    [weight.shape],
  );
}

/** Shortens the rows of the table that are looked up and too long. */
function shorten(weight: Tensor, ids: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const { dtype, device } = weight;
    const norms = weight.detach().indexSelect(0, ids).norm({ p: normType, dim: 1 });
    const factors = where(norms.gt(maxNorm), norms.add(1e-7).reciprocal().mul(maxNorm), 1);
    const all = ones([weight.shape[0] ?? 0], { dtype, device }).scatter(0, ids, factors);
    weight.copy_(weight.mul(all.unsqueeze(1)));
  });
}

/** The rows at some positions, with gradients as the options say. */
function lookUp(
  x: Tensor,
  weight: Tensor,
  padding: number | null,
  options: EmbeddingFunctionOptions,
): Tensor {
  const { maxNorm = null, normType = 2, scaleGradByFreq = false } = options;
  const ids = x.flatten();
  if (maxNorm !== null) shorten(weight, ids, maxNorm, normType);
  let rows = weight.indexSelect(0, ids);
  if (scaleGradByFreq) {
    const { dtype, device } = weight;
    const each = ones([ids.size], { dtype, device });
    const counts = zeros([weight.shape[0] ?? 0], { dtype, device }).indexAdd(0, ids, each);
    const share = counts.indexSelect(0, ids).reciprocal().unsqueeze(1);
    // The value is kept, and the gradient divided.
    rows = rows.detach().add(rows.sub(rows.detach()).mul(share));
  }
  if (padding !== null) rows = where(ids.eq(padding).unsqueeze(1), rows.detach(), rows);
  return rows.reshape([...x.shape, weight.shape[1] ?? 0]);
}

/**
 * The rows of a table at some positions. Follows `torch.nn.functional.embedding`.
 *
 * @param x Positions, of type int32 and any shape.
 * @param weight Shape [rows, features].
 * @returns Shape [..., features].
 * @throws {RangeError} If a position is beyond the table.
 *
 * @example Two of three rows
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const table = tensor([[1, 2], [3, 4], [5, 6]]);
 * const y = nn.functional.embedding(tensor([2, 0], { dtype: "int32" }), table);
 * assertEquals(y.toArray(), [[5, 6], [1, 2]]);
 * ```
 */
export function embedding(
  x: Tensor,
  weight: Tensor,
  options?: EmbeddingFunctionOptions,
): Tensor {
  const call = "compute embedding";
  checkCount(call, arguments.length, 3);
  const read = readEmbedding(call, options);
  checkIntegers(call, x, "the input");
  checkTable(call, weight);
  checkPlaces(call, x, "the input", weight.shape[0] ?? 0, "rows");
  const padding = paddingOf(call, read.paddingIdx ?? null, weight.shape[0] ?? 0);
  return lookUp(x, weight, padding, read);
}

/** Options of `Embedding`. */
export interface EmbeddingOptions extends EmbeddingFunctionOptions, LayerOptions {}

const readLayer = optionReader<EmbeddingOptions>({ ...LAYER_OPTIONS, ...EMBEDDING });

/** A table of normal numbers, with zeros in the row without gradient. */
function tableOf(
  call: string,
  numEmbeddings: number,
  embeddingDim: number,
  { paddingIdx = null, dtype = "float32" }: EmbeddingOptions,
): Parameter {
  checkKind(call, "numEmbeddings", numEmbeddings, WHOLE);
  checkKind(call, "embeddingDim", embeddingDim, WHOLE);
  const padding = paddingOf(call, paddingIdx, numEmbeddings);
  const weight = randn([numEmbeddings, embeddingDim], { dtype });
  if (padding !== null) weight.setAt([padding], 0);
  return new Parameter(weight);
}

/**
 * The rows of a learned table at some positions. The table starts with normal numbers, and
 * zeros in the row `paddingIdx`. Follows `torch.nn.Embedding`.
 *
 * @example A row for each word
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Embedding(100, 16, { paddingIdx: 0 });
 * const words = tensor([[5, 17, 0], [8, 0, 0]], { dtype: "int32" });
 * assertEquals(layer.forward(words).shape, [2, 3, 16]);
 * ```
 */
export class Embedding extends Module {
  /** Shape [rows, features]. */
  readonly weight: Parameter;
  private readonly options: EmbeddingFunctionOptions;
  private readonly made: string;

  /**
   * Creates the layer.
   *
   * @param numEmbeddings How many rows the table has.
   * @param embeddingDim How many features a row has.
   */
  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options?: EmbeddingOptions,
  ) {
    super();
    checkCount("make Embedding", arguments.length, 3);
    const { dtype = "float32", ...rest } = readLayer("make Embedding", options);
    this.weight = tableOf("make Embedding", numEmbeddings, embeddingDim, { ...rest, dtype });
    this.options = rest;
    this.made = shownCall([numEmbeddings, embeddingDim], rest);
  }

  /**
   * Computes the output.
   *
   * @param x Positions, of type int32 and any shape.
   */
  override forward(x: Tensor): Tensor {
    return embedding(x, this.weight, this.options);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return this.made;
  }
}

/** Options of `embeddingBag`, beside those of `embedding`. */
export interface EmbeddingBagFunctionOptions extends EmbeddingFunctionOptions {
  /** How the rows of a bag are combined; an empty bag gives 0. Default: "mean". */
  mode?: "sum" | "mean" | "max";
  /** Where each bag starts, if the positions are one list; null or undefined for a bag in each row. */
  offsets?: Tensor | null;
  /** Factors of the rows, of the shape of the positions; only with mode "sum". Default: none. */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset is the end of the last bag. Default: false. */
  includeLastOffset?: boolean;
}

const BAG = { mode: oneOf("sum", "mean", "max"), includeLastOffset: FLAG };

const readBag = optionReader<EmbeddingBagFunctionOptions>({
  ...EMBEDDING,
  ...BAG,
  offsets: orNull(TENSOR),
  perSampleWeights: orNull(TENSOR),
});

/** A list arranged with a bag in each row. */
interface Bags {
  /** Arranges what has an entry for each position. */
  readonly arranged: (list: Tensor) => Tensor;
  /** Which entries of the rows count; the others only fill them. */
  readonly inside: Tensor;
  /** The places of the bags among all. */
  readonly places: readonly number[];
}

/** A part of a list. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** Spans of a list as rows, all as long as the longest. */
function rowsOf(x: Tensor, spans: readonly Span[], places: readonly number[]): Bags {
  const longest = Math.max(0, largest(spans.map(({ length }) => length)));
  const entries = spans.flatMap(({ start, length }) =>
    Array.from({ length: longest }, (_, i) => i < length ? start + i : 0)
  );
  const inside = spans.flatMap(({ length }) =>
    Array.from({ length: longest }, (_, i) => Number(i < length))
  );
  const shape = [spans.length, longest];
  const order = positions(entries, x);
  return {
    arranged: (list) => list.indexSelect(0, order).reshape([...shape, ...list.shape.slice(1)]),
    inside: fromTypedArray(Int32Array.from(inside), shape).to({ device: x.device }).ne(0),
    places,
  };
}

/**
 * The bags of one list: those of similar length together, so that one long bag among many short ones does
 * not make all rows long.
 */
function bagsOf(call: string, x: Tensor, offsets: Tensor, includeLast: boolean): Bags[] {
  checkIntegers(call, offsets, "offsets");
  if (x.ndim !== 1 || offsets.ndim !== 1) {
    throw new ShapeError(
      `Cannot ${call}: offsets are a list for an input that is one, got shapes ${
        showShape(offsets.shape)
      } and ${showShape(x.shape)}`,
      [offsets.shape, x.shape],
    );
  }
  const given = offsets.toArray() as number[];
  const starts = includeLast ? given.slice(0, -1) : given;
  const ends = includeLast ? given.slice(1) : [...given.slice(1), x.size];
  const rising = starts.every((start, i) => start <= (ends[i] ?? 0));
  if ((starts[0] ?? 0) !== 0 || !rising || (ends.at(-1) ?? 0) > x.size) {
    throw new RangeError(
      `Cannot ${call}: offsets must increase from 0 to at most ${x.size}, got ${showShape(given)}`,
    );
  }
  const spans = starts.map((start, i): Span => ({ start, length: (ends[i] ?? 0) - start }));
  const groups = Map.groupBy(spans.keys(), (i) => Math.ceil(Math.log2(spans[i]?.length || 0.5)));
  if (groups.size < 2) return [rowsOf(x, spans, [...spans.keys()])];
  return Array.from(groups.values(), (places) => {
    return rowsOf(x, places.flatMap((i) => spans[i] ?? []), places);
  });
}

/** What the rows of each bag become together. */
function pooled(
  { arranged, inside: all }: Bags,
  x: Tensor,
  list: Tensor,
  padding: number | null,
  { mode = "mean", perSampleWeights: factors = null }: EmbeddingBagFunctionOptions,
): Tensor {
  const counts = padding === null ? all : all.logicalAnd(arranged(x).ne(padding));
  const rows = arranged(list);
  const inside = counts.unsqueeze(2);
  if (mode === "max" && rows.size > 0) {
    const { values } = where(inside, rows, -Infinity).max(1);
    return where(counts.any(1).unsqueeze(1), values, 0);
  }
  const scaled = factors === null ? rows : rows.mul(arranged(factors).unsqueeze(2));
  const sums = where(inside, scaled, 0).sum(1);
  if (mode === "sum") return sums;
  return sums.div(counts.sum(1).clamp(1, null).unsqueeze(1));
}

/**
 * The sums, means or maxima of the rows of a table, for each bag of positions. Follows
 * `torch.nn.functional.embedding_bag`.
 *
 * @param x Positions, of type int32: a bag in each row, or one list and `offsets`.
 * @param weight Shape [rows, features].
 * @returns Shape [bags, features].
 * @throws {RangeError} If a position is beyond the table, or the offsets do not increase from 0.
 *
 * @example The sums of two bags
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const table = tensor([[1, 2], [3, 4], [5, 6]]);
 * const ids = tensor([2, 0, 1], { dtype: "int32" });
 * const offsets = tensor([0, 2], { dtype: "int32" });
 * const y = nn.functional.embeddingBag(ids, table, { offsets, mode: "sum" });
 * assertEquals(y.toArray(), [[6, 8], [3, 4]]);
 * ```
 */
export function embeddingBag(
  x: Tensor,
  weight: Tensor,
  options?: EmbeddingBagFunctionOptions,
): Tensor {
  const call = "compute embeddingBag";
  checkCount(call, arguments.length, 3);
  const read = readBag(call, options);
  const { mode = "mean", offsets = null, perSampleWeights: factors = null } = read;
  checkIntegers(call, x, "the input");
  checkTable(call, weight);
  checkPlaces(call, x, "the input", weight.shape[0] ?? 0, "rows");
  const padding = paddingOf(call, read.paddingIdx ?? null, weight.shape[0] ?? 0);
  if (factors !== null && (mode !== "sum" || !sameShape(factors.shape, x.shape))) {
    throw new TypeError(
      `Cannot ${call}: perSampleWeights need mode "sum" and the shape ${
        showShape(x.shape)
      } of the input, got mode "${mode}" and shape ${showShape(factors.shape)}`,
    );
  }
  if (offsets === null) checkRank(call, x, [2]);
  // Rows are looked up before they are arranged: what fills the shorter bags is looked up by nobody.
  const list = lookUp(x, weight, padding, read);
  const bags = offsets === null
    ? [{ arranged: (list: Tensor) => list, inside: x.ge(0), places: [] }]
    : bagsOf(call, x, offsets, read.includeLastOffset ?? false);
  const parts = bags.map((own) => pooled(own, x, list, padding, read));
  if (parts.length === 1) return parts[0] as Tensor;
  const places = bags.flatMap((own) => own.places);
  const order = new Array<number>(places.length);
  places.forEach((place, i) => order[place] = i);
  return cat(parts).indexSelect(0, positions(order, x));
}

/** Options of `EmbeddingBag`. */
export interface EmbeddingBagOptions
  extends Omit<EmbeddingBagFunctionOptions, "offsets" | "perSampleWeights">, LayerOptions {}

const readBagLayer = optionReader<EmbeddingBagOptions>({ ...LAYER_OPTIONS, ...EMBEDDING, ...BAG });

/**
 * The sums, means or maxima of the rows of a learned table, for each bag of positions.
 * Follows `torch.nn.EmbeddingBag`.
 *
 * @example A bag in each row
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.EmbeddingBag(10, 3, { mode: "sum" });
 * const bags = tensor([[1, 2, 4], [9, 9, 0]], { dtype: "int32" });
 * assertEquals(layer.forward(bags).shape, [2, 3]);
 * ```
 */
export class EmbeddingBag
  extends Module<[x: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null]> {
  /** Shape [rows, features]. */
  readonly weight: Parameter;
  private readonly options: EmbeddingBagFunctionOptions;
  private readonly made: string;

  /**
   * Creates the layer.
   *
   * @param numEmbeddings How many rows the table has.
   * @param embeddingDim How many features a row has.
   */
  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options?: EmbeddingBagOptions,
  ) {
    super();
    checkCount("make EmbeddingBag", arguments.length, 3);
    const { dtype = "float32", ...rest } = readBagLayer("make EmbeddingBag", options);
    this.weight = tableOf("make EmbeddingBag", numEmbeddings, embeddingDim, { ...rest, dtype });
    this.options = rest;
    this.made = shownCall([numEmbeddings, embeddingDim], rest);
  }

  /**
   * Computes the output.
   *
   * @param x Positions, of type int32: a bag in each row, or one list.
   * @param offsets Where each bag starts, if they are one list.
   * @param perSampleWeights Factors of the rows, only with mode "sum".
   */
  override forward(
    x: Tensor,
    offsets: Tensor | null = null,
    perSampleWeights: Tensor | null = null,
  ): Tensor {
    return embeddingBag(x, this.weight, { ...this.options, offsets, perSampleWeights });
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return this.made;
  }
}
