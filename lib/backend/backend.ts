/** What a device must offer. Everything above works with tensors and never asks which device. */

import type { Memory } from "../ffi/frame.ts";
import type { Shape } from "../shape.ts";

/** Name of a device. */
export type Device = "cpu" | "gpu";

/** Where a tensor's elements lie: what a backend reads of a tensor. */
export interface Operand {
  /** The elements' memory, shared by the views of a tensor. */
  readonly storage: Storage;
  /** First element in the storage. */
  readonly offset: number;
  /** Extents. */
  readonly shape: Shape;
  /** Elements between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Whether the elements follow each other in row-major order. */
  readonly dense: boolean;
}

/** A device's memory and its launches. */
export interface Backend {
  /** Name of the device. */
  readonly device: Device;
  /** New elements of the type with the given code; zeros if asked for, else anything. */
  allocate(code: number, size: number, zero?: boolean): Storage;
  /** Runs a kernel of one input, broadcast to the output. */
  run1(kernel: number, out: Operand, a: Operand): void;
  /** Runs a kernel of two inputs, broadcast to the output. */
  run2(kernel: number, out: Operand, a: Operand, b: Operand): void;
  /** Runs a kernel of three inputs, broadcast to the output. */
  run3(kernel: number, out: Operand, a: Operand, b: Operand, c: Operand): void;
  /** Runs a kernel on operands as they lie, with its parameters: outputs first. */
  run(
    kernel: number,
    operands: readonly Operand[],
    ints?: readonly number[],
    numbers?: readonly number[],
  ): void;
}

/** Elements in memory, shared by a tensor and its views. */
export class Storage implements Memory {
  /** The device that owns the memory. */
  readonly backend: Backend;
  /** Code of the element type. */
  readonly code: number;
  /** Number of elements. */
  readonly size: number;
  /** The array; changes once, when a small storage gets one of its own. */
  array: Memory["array"];
  /** First element in the array. */
  base: number;
  /** Counts changes in place, so that a rule notices that what it saved is gone. */
  version = 0;
  /** The backward pass in which the storage was made, 0 outside. */
  pass: number;
  /** How many cotangents that wait in a backward pass lie in the storage. */
  holders = 0;
  /** Whether something holds the elements beyond the scope in which they were made. */
  kept = false;
  /** Whether only the engine holds the elements, so that it may use their memory again. */
  reusable = false;
  /** Whether the scope in which the storage was made has ended and taken its memory back. */
  disposed = false;

  /**
   * Creates the object.
   *
   * @param array The array that holds the elements from `base` on.
   */
  constructor(
    backend: Backend,
    code: number,
    size: number,
    array: Memory["array"],
    base: number,
    pass: number,
  ) {
    this.backend = backend;
    this.code = code;
    this.size = size;
    this.array = array;
    this.base = base;
    this.pass = pass;
  }

  /** Refuses a storage whose memory is gone. */
  check(op: string): void {
    if (this.disposed) {
      throw new ReferenceError(
        `Cannot run ${op}: a tensor was made inside scope(), which has ended; return it from the ` +
          "function or pass it to keep()",
      );
    }
  }

  /** The elements as a typed array that shares their memory with nothing else. */
  own(): Memory["array"] {
    this.check("data");
    this.kept = true;
    if (this.array.length !== this.size) {
      this.array = this.array.slice(this.base, this.base + this.size);
      this.base = 0;
    }
    return this.array;
  }
}
