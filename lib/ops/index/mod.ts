/** Ops that select, sort or write elements by position. */

export { argsort, type SortOptions } from "./sort.ts";
export { gather, scatterAdd } from "./primitives.ts";
export { indexAdd, type IndexAddOptions, indexSelect, oneHot, scatter } from "./composites.ts";
export { maskedFill, maskedSelect, nonzero } from "./masks.ts";
export { at, type Index } from "./at.ts";
export { quantile, type QuantileOptions, sort, topk, type TopkOptions } from "./order.ts";
export { median } from "./median.ts";
export {
  searchsorted,
  type SearchsortedOptions,
  unique,
  type UniqueOptions,
  type UniqueResult,
} from "./search.ts";
export { bincount, type BincountOptions, histc, type HistcOptions } from "./counts.ts";
