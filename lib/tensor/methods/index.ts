/** Methods that choose, order or write elements by position; each calls the op of its name. */

import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { NormalizeMethods } from "./normalize.ts";

/** Methods that choose, order or write elements by position. */
export abstract class IndexMethods extends NormalizeMethods {
  /** Sorted elements along a dimension, and their previous positions. */
  sort(this: Tensor, dim?: number, options?: ops.SortOptions): ops.ValuesAndIndices {
    checkCount("run sort", arguments.length, 2);
    return ops.sort(this, dim, options);
  }
  /** Positions that sort a dimension, int32. */
  argsort(this: Tensor, dim?: number, options?: ops.SortOptions): Tensor {
    checkCount("run argsort", arguments.length, 2);
    return ops.argsort(this, dim, options);
  }
  /** The k largest elements along a dimension, and their positions. */
  topk(this: Tensor, k: number, dim?: number, options?: ops.TopkOptions): ops.ValuesAndIndices {
    checkCount("run topk", arguments.length, 3);
    return ops.topk(this, k, dim, options);
  }
  /** The median, the lower one of two. */
  median(this: Tensor): Tensor;
  /** Medians along a dimension, the lower one of two, and their positions. */
  median(this: Tensor, dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  median(this: Tensor, dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run median", arguments.length, 2);
    return ops.median(this, dim as number, options);
  }
  /** Quantiles along a dimension, or of all elements. */
  quantile(this: Tensor, q: Tensor | number, dim?: number, options?: ops.QuantileOptions): Tensor {
    checkCount("run quantile", arguments.length, 3);
    return ops.quantile(this, q, dim, options);
  }
  /** Elements at given positions along a dimension. */
  gather(this: Tensor, dim: number, index: Tensor): Tensor {
    checkCount("run gather", arguments.length, 2);
    return ops.gather(this, dim, index);
  }
  /** A copy with `source` added at given positions along a dimension. */
  scatterAdd(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    checkCount("run scatterAdd", arguments.length, 3);
    return ops.scatterAdd(this, dim, index, source);
  }
  /** A copy with `source` written at given positions along a dimension. */
  scatter(this: Tensor, dim: number, index: Tensor, source: Tensor | number): Tensor {
    checkCount("run scatter", arguments.length, 3);
    return ops.scatter(this, dim, index, source);
  }
  /** A copy with the entries of `source` added to those that an index names. */
  indexAdd(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Tensor,
    options?: ops.IndexAddOptions,
  ): Tensor {
    checkCount("run indexAdd", arguments.length, 4);
    return ops.indexAdd(this, dim, index, source, options);
  }
  /** The tensor with a value where a mask holds. */
  maskedFill(this: Tensor, mask: Tensor, value: Tensor | number): Tensor {
    checkCount("run maskedFill", arguments.length, 2);
    return ops.maskedFill(this, mask, value);
  }
  /** The elements where a mask holds, in one dimension. */
  maskedSelect(this: Tensor, mask: Tensor): Tensor {
    checkCount("run maskedSelect", arguments.length, 1);
    return ops.maskedSelect(this, mask);
  }
  /** Positions of the elements that are not 0, a row for each, int32. */
  nonzero(this: Tensor): Tensor {
    checkCount("run nonzero", arguments.length, 0);
    return ops.nonzero(this);
  }
  /** Entries along a dimension in the order of an index. */
  indexSelect(this: Tensor, dim: number, index: Tensor): Tensor {
    checkCount("run indexSelect", arguments.length, 2);
    return ops.indexSelect(this, dim, index);
  }
  /**
   * Part of the tensor: integers, ranges `[start, end, step?]` with null for an open end, ":", "...",
   * null, or tensors.
   */
  at(this: Tensor, ...index: ops.Index[]): Tensor {
    return ops.at(this, index);
  }
  /** The distinct elements in ascending order, or entries along a dimension. */
  unique(
    this: Tensor,
    options?: ops.UniqueOptions & { returnInverse?: false; returnCounts?: false },
  ): Tensor;
  /** The distinct elements, with indices and counts. */
  unique(this: Tensor, options: ops.UniqueOptions): ops.UniqueResult;
  unique(this: Tensor, options?: ops.UniqueOptions): Tensor | ops.UniqueResult {
    checkCount("run unique", arguments.length, 1);
    return ops.unique(this, options as ops.UniqueOptions);
  }
  /** How often each number from 0 up occurs. */
  bincount(this: Tensor, options?: ops.BincountOptions): Tensor {
    checkCount("run bincount", arguments.length, 1);
    return ops.bincount(this, options);
  }
  /** How many elements lie in each of some bins. */
  histc(this: Tensor, options?: ops.HistcOptions): Tensor {
    checkCount("run histc", arguments.length, 1);
    return ops.histc(this, options);
  }
}
