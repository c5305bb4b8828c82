/** Ops that reduce dimensions. */

export {
  argmax,
  argmin,
  type Dims,
  max,
  mean,
  min,
  type ReduceOptions,
  sum,
  type ValuesAndIndices,
} from "./primitives.ts";
export { all, any, nanmean, nansum } from "./composites.ts";
export { std, variance, type VarianceOptions } from "./variance.ts";
export { norm, type NormOptions } from "./norm.ts";
export { prod } from "./fused.ts";
