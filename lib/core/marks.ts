/**
 * Marks by which the core tells the objects of classes that stand above it, and so cannot be imported
 * here when the modules are loaded.
 */

import type { RandomGenerator } from "./random.ts";
import type { Tensor } from "../tensor/tensor.ts";

const TENSOR = Symbol("tensor");
const GENERATOR = Symbol("generator");
/** On the tensors of every copy of the library. */
const ANY_TENSOR = Symbol.for("adjoint.Tensor");

function mark(prototype: object, symbol: symbol): void {
  Object.defineProperty(prototype, symbol, { value: true });
}

function isMarked(value: unknown, symbol: symbol): boolean {
  return typeof value === "object" && value !== null &&
    (value as Readonly<Record<symbol, unknown>>)[symbol] === true;
}

/** Marks the class of tensors. */
export function markTensors(prototype: Tensor): void {
  mark(prototype, TENSOR);
  mark(prototype, ANY_TENSOR);
}

/** Marks the class of random streams. */
export function markGenerators(prototype: RandomGenerator): void {
  mark(prototype, GENERATOR);
}

/** Whether a value is a tensor of this copy of the library. */
export function isTensor(value: unknown): value is Tensor {
  return isMarked(value, TENSOR);
}

/** Whether a value is a tensor of another copy of the library. */
export function isForeignTensor(value: unknown): boolean {
  return isMarked(value, ANY_TENSOR) && !isTensor(value);
}

/** Whether a value is a random stream of this copy of the library. */
export function isGenerator(value: unknown): value is RandomGenerator {
  return isMarked(value, GENERATOR);
}
