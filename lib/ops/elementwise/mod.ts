/** Ops that treat each element by itself. */

export * from "./unary.ts";
export * from "./binary.ts";
export * from "./compare.ts";
export * from "./logic.ts";
export * from "./rounding.ts";
export * from "./special.ts";
export * from "./trigonometry.ts";
export { clamp, lerp, logSigmoid } from "./composites.ts";
export { gelu, type GeluOptions } from "./gelu.ts";
