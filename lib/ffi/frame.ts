/** The frame that describes a launch; its layout is documented in `rust/src/frame.rs`. */

import type { Shape } from "../shape.ts";

/** What a launch needs to know of an array: where a tensor's elements lie. */
export interface Memory {
  /** The array. */
  readonly array: Float32Array | Float64Array | Int32Array | Uint8Array;
  /** Its bytes. */
  readonly bytes: number;
  /** Code of the element type. */
  readonly code: number;
  /** First element of the storage in the array. */
  readonly base: number;
  /** Refuses memory that is gone or lies on another device. */
  check(op: string, device?: "cpu" | "gpu"): void;
}

/** Words of the frame. */
export const WORDS = 256;

const INTS = 16;
const COUNT = 24;
const RECORDS = 32;
const RECORD = 20;
const SHAPE = 4;
const STRIDES = 12;

const buffer = new ArrayBuffer(WORDS * 4);

/** The frame, which each launch writes anew. */
export const frame: Int32Array<ArrayBuffer> = new Int32Array(buffer);

const params = new Float64Array(buffer, 0, 8);

/** Sets the integer and the floating parameters, of which there are eight each. */
export function setParameters(ints: readonly number[], numbers: readonly number[]): void {
  for (let i = 0; i < ints.length; i++) frame[INTS + i] = ints[i]!;
  for (let i = 0; i < numbers.length; i++) params[i] = numbers[i]!;
}

/** Sets the number of operands. */
export function setCount(count: number): void {
  frame[COUNT] = count;
}

/** Describes an operand as a vector: `stride` 1 for a contiguous tensor, 0 for a single element. */
export function putFlat(
  slot: number,
  memory: Memory,
  offset: number,
  size: number,
  stride: number,
): void {
  const at = RECORDS + slot * RECORD;
  frame[at] = memory.bytes;
  frame[at + 1] = memory.code;
  frame[at + 2] = memory.base + offset;
  frame[at + 3] = 1;
  frame[at + SHAPE] = size;
  frame[at + STRIDES] = stride;
}

/** Describes an operand as it lies, broadcast to `target`. */
export function putStrided(
  slot: number,
  memory: Memory,
  offset: number,
  shape: Shape,
  strides: readonly number[],
  target: Shape,
): void {
  const at = RECORDS + slot * RECORD;
  const rank = target.length;
  const missing = rank - shape.length;
  frame[at] = memory.bytes;
  frame[at + 1] = memory.code;
  frame[at + 2] = memory.base + offset;
  frame[at + 3] = rank;
  for (let i = 0; i < rank; i++) {
    const own = i - missing;
    frame[at + SHAPE + i] = target[i]!;
    frame[at + STRIDES + i] = own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  }
}

/** Names an operand's memory on the GPU, in place of the length of an array. */
export function setHandle(slot: number, handle: number): void {
  frame[RECORDS + slot * RECORD] = handle;
}

/** The text that a native call left in the frame. */
export function frameMessage(): string {
  return new TextDecoder().decode(new Uint8Array(buffer, 4, Math.min(frame[0]!, WORDS * 4 - 4)));
}
