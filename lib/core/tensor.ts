/**
 * The tensor as ops and the tape see it: elements, shape and place on the tape. The class with the
 * methods, which is a layer above the ops, inserts its prototype behind this one when it is loaded: so a
 * tensor is made by one plain constructor, however many classes its methods come from.
 */

import type { Node } from "../autograd/tape.ts";
import type { Storage } from "../device/backend.ts";
import type { OpRule } from "../ops/define/record.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Shape } from "./shape.ts";

/** What `vmap` maps over. Its functions see single examples, and so do the ops that they call. */
export interface Batch {
  /** Rises with time: a batch inside of another has the higher number. */
  readonly level: number;
  /** Number of examples. */
  readonly size: number;
  /** How random numbers are drawn for the examples. */
  readonly randomness: "different" | "same" | "error";
  /** The enclosing batch; null for the outermost one. */
  readonly outer: Batch | null;
}

/** What stands behind a tensor of single examples. */
export interface Batched {
  readonly batch: Batch;
  /** All examples, along a first dimension. It is what lies on the tape. */
  readonly whole: Tensor;
}

/** The offset of single examples: beyond any storage, so that no kernel mistakes one for the whole. */
const NOWHERE = 0x7fffffff;

/** On the tensors of every copy of the library. */
const ANY_TENSOR = Symbol.for("adjoint.Tensor");

/** The fields of a tensor; {@linkcode Tensor} says what they are. */
export class TensorCore {
  /** Extents of the dimensions. */
  readonly shape: Shape;
  /** Elements between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** First element in the storage. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether the elements follow each other in row-major order. */
  readonly dense: boolean;
  /**
   * Memory of the elements.
   *
   * @internal
   */
  readonly storage: Storage;
  /**
   * Place on the tape.
   *
   * @internal
   */
  node: Node | null = null;
  /**
   * Which output of its node this is.
   *
   * @internal
   */
  outputIndex = 0;
  /**
   * The op that made the tensor.
   *
   * @internal
   */
  creator: OpRule | null = null;
  /**
   * The collected gradient.
   *
   * @internal
   */
  collected: Tensor | null = null;
  /**
   * What stands behind a tensor of single examples; null for any other.
   *
   * @internal
   */
  batched: Batched | null = null;

  /**
   * For the library; users have {@linkcode tensor}.
   *
   * @param storage Where the elements lie.
   */
  constructor(
    storage: Storage,
    shape: Shape,
    strides: readonly number[],
    offset: number,
    size: number,
    dense: boolean,
  ) {
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.size = size;
    this.dense = dense;
  }
}

Object.defineProperty(TensorCore.prototype, ANY_TENSOR, { value: true });

/** Gives tensors the methods of a class. */
export function bindMethods(methods: abstract new () => Tensor): void {
  Object.setPrototypeOf(TensorCore.prototype, methods.prototype);
  Object.defineProperty(TensorCore.prototype, "constructor", { value: methods });
}

/** Whether a value is a tensor of this copy of the library. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof TensorCore;
}

/** Whether a value is a tensor of another copy of the library. */
export function isForeignTensor(value: unknown): boolean {
  return !isTensor(value) && typeof value === "object" && value !== null &&
    (value as Readonly<Record<symbol, unknown>>)[ANY_TENSOR] === true;
}

/** A tensor over a storage. */
export function makeTensor(
  storage: Storage,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  size: number,
  dense: boolean,
): Tensor {
  return new TensorCore(storage, shape, strides, offset, size, dense) as unknown as Tensor;
}

/** Single examples of a tensor whose first dimension is a batch. */
export function makeBatched(batch: Batch, whole: Tensor): Tensor {
  const { storage, shape, strides } = whole;
  const size = whole.size / batch.size;
  const x = makeTensor(storage, shape.slice(1), strides.slice(1), NOWHERE, size, false);
  x.batched = { batch, whole };
  x.node = whole.node;
  x.outputIndex = whole.outputIndex;
  x.creator = whole.creator;
  return x;
}
