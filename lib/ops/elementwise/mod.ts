/** Elementwise ops. */

export * from "./unary.ts";
export * from "./binary.ts";
export * from "./compare.ts";
export * from "./logic.ts";
export * from "./rounding.ts";
export * from "./special.ts";
export * from "./trigonometry.ts";
export { clamp } from "./clamp.ts";
export { heaviside, lerp, logSigmoid, xlogy } from "./composites.ts";
export { allclose, type ClosenessOptions, equal, isclose } from "./closeness.ts";
export { gelu, type GeluOptions } from "./gelu.ts";
