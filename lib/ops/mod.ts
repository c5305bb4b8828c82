/** All ops, by families. */

export * from "./elementwise/mod.ts";
export * from "./reduce/mod.ts";
export * from "./scan/mod.ts";
export * from "./normalize/mod.ts";
export * from "./shape/mod.ts";
export * from "./index/mod.ts";
export * from "./linalg/mod.ts";
export * from "./window/mod.ts";
export * from "./copy/mod.ts";
export type { BinaryOp, UnaryOp } from "./define/elementwise.ts";
