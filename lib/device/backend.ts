/** The interface of a device. Everything above it works with tensors, whatever their device. */

import { lengthOf, SIZES, type TypedArray } from "../core/dtype.ts";
import { engine } from "../core/engine.ts";
import { DeviceError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Memory } from "../ffi/frame.ts";
import { disposalOf, share } from "./memory.ts";

/** Name of a device. */
export type Device = "cpu" | "gpu";

/** What a backend reads of a tensor: where its elements lie. */
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
  /**
   * Read only by code that copies objects property by property, such as `structuredClone`, to refuse it
   * with a clear message. It comes first, as such code would fail at the functions with an obscure one.
   */
  readonly copy: never;
  /** Name of the device. */
  readonly device: Device;
  /** New elements of the type with the given code: zeros on request, otherwise anything. */
  allocate(code: number, size: number, zero?: boolean): Storage;
  /** Whether there is a program for a kernel with operands of the type with the given code. */
  supports(kernel: number, code: number): boolean;
  /** Reclaims the memory of a storage. */
  release(storage: Storage): void;
  /** One element with the given value, never to be changed. */
  scalar(code: number, value: number): Storage;
  /** Sets all elements of a new storage. */
  fill(storage: Storage, value: number): void;
  /** Sets all elements of a new storage to those of an array of its type. */
  write(storage: Storage, elements: TypedArray): void;
  /** Elements of a storage, to be read only. */
  read(storage: Storage, start: number, count: number): TypedArray;
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

/** Refuses to copy a tensor property by property: its memory holds elements of other tensors too. */
export function refuseCopy(): never {
  throw new TypeError(
    "Cannot clone a tensor by structuredClone or postMessage, nor what was spread of it: send " +
      "x.toArray(), or x.data with x.shape, and make a tensor of it again; x.clone() copies one",
  );
}

/** What collects a gradient: a tensor, as its storage sees it. */
export interface Collector {
  /** The gradient. */
  readonly collected: { readonly storage: Storage } | null;
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
  /** Bytes of the array, counted when it was made: a user's object may lie about them. */
  bytes: number;
  /** First element in the array. */
  base: number;
  // What follows is decided after the storage is made, by `memory.ts` alone.
  /** Counts changes in place, so that a rule notices that what it saved is gone. */
  readonly version: number = 0;
  /** The backward pass in which the storage was made, 0 outside. */
  readonly pass: number;
  /** How many cotangents that wait in a backward pass lie in the storage. */
  readonly references: number = 0;
  /** Whether something holds the elements beyond the scope in which they were made. */
  readonly kept: boolean = false;
  /** Whether somebody else holds the array, so that it must not be reused. */
  readonly shared: boolean;
  /** Whether only the engine holds the elements, so that it may reuse their memory. */
  readonly reusable: boolean = false;
  /** Whose gradient was made inside a scope and lies here; null for none. */
  readonly collector: Collector | null = null;
  /** What has reclaimed the memory; null while it is there. */
  readonly gone: "scope" | "dispose" | null = null;

  /**
   * Creates the object.
   *
   * @param array The array that holds the elements from `base` on.
   * @param bytes All bytes of the array.
   * @param shared Whether somebody else holds the array.
   */
  constructor(
    backend: Backend,
    code: number,
    size: number,
    array: Memory["array"],
    bytes: number,
    base: number,
    shared: boolean,
  ) {
    this.backend = backend;
    this.code = code;
    this.size = size;
    this.array = array;
    this.bytes = bytes;
    this.base = base;
    this.shared = shared;
    this.pass = engine.pass;
  }

  /**
   * Refuses a storage whose memory is gone, or lies on another device than a kernel's.
   *
   * @param op What runs, or what cannot be done, as "compute rl.gae".
   * @param name As what its tensor was given to that.
   */
  check(op: string, device?: Device, name?: string): void {
    const own = this.backend.device;
    const there = this.gone === null &&
      (own !== "cpu" || this.size === 0 || lengthOf(this.array) > 0);
    if (there && (device === undefined || own === device)) return;
    const call = op.includes(" ") ? op : `run ${op}`;
    const what = name === undefined ? "a tensor" : `the tensor given as ${name}`;
    if (this.gone === "scope") {
      throw new ReferenceError(
        `Cannot ${call}: ${what} was made inside scope(), which has ended; return it from the ` +
          "function or pass it to keep()",
      );
    }
    if (this.gone === "dispose") {
      const line = disposalOf(this);
      const where = line === null ? "" : `, at ${line}`;
      throw new DeviceError(`Cannot ${call}: ${what} has been disposed${where}`);
    }
    if (!there) {
      throw new ReferenceError(
        `Cannot ${call}: the memory of ${what} was transferred, to a Worker say; hand out a ` +
          "copy (x.clone().data) instead",
      );
    }
    throw new DeviceError(
      `Cannot ${call}: tensors are on different devices, ${own} and ${device}; move one with ` +
        "to({ device })",
    );
  }

  /** The elements as a typed array that shares their memory with nothing else. */
  own(): Memory["array"] {
    this.check("data");
    if (this.backend.device !== "cpu") {
      throw new DeviceError(
        'Cannot read data: the tensor is on the GPU; move it with to({ device: "cpu" }) first',
      );
    }
    share(this);
    if (lengthOf(this.array) !== this.size) {
      this.array = this.array.slice(this.base, this.base + this.size);
      this.bytes = this.size * SIZES[this.code]!;
      this.base = 0;
    }
    return this.array;
  }
}
