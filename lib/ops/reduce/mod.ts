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
export { all, any, std, variance, type VarianceOptions } from "./composites.ts";
export { norm, type NormOptions } from "./norm.ts";
export { prod } from "./fused.ts";
