/** Ops that run along a dimension. */

export { cumsum } from "./primitives.ts";
export { cumprod } from "./fused.ts";
export {
  diff,
  type DiffOptions,
  logcumsumexp,
  trapezoid,
  type TrapezoidOptions,
} from "./composites.ts";
