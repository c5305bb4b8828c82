/** The frame that describes a launch; its layout is documented in `rust/src/frame.rs`. */

import type { TypedArray } from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";

/** What a launch needs to know of an array: where a tensor's elements lie. */
export interface Memory {
  /** The array. */
  readonly array: TypedArray;
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

/** Largest array in bytes, whose length is a word without a sign. */
const MOST_BYTES = 2 ** 32 - 1;

// A word that does not hold a value would hold another one, so that a kernel read something else.
function refuse(what: string, value: number): never {
  throw new RangeError(`Cannot run a kernel: ${what} must be an int32, got ${value}`);
}

function refuseOperand({ bytes }: Memory, start: number, numbers: readonly number[]): never {
  if (bytes > MOST_BYTES) {
    throw new RangeError(
      `Cannot run a kernel: an array must have at most ${MOST_BYTES} bytes, got ${bytes}`,
    );
  }
  refuse("an offset, extent or stride", [start, ...numbers].find((x) => (x | 0) !== x) ?? NaN);
}

/** Sets the integer and the floating parameters, of which there are eight each. */
export function setParameters(ints: readonly number[], numbers: readonly number[]): void {
  for (let i = 0; i < ints.length; i++) {
    const value = ints[i]!;
    if ((value | 0) !== value) refuse("an integer parameter", value);
    frame[INTS + i] = value;
  }
  for (let i = 0; i < numbers.length; i++) params[i] = numbers[i]!;
}

/** The numbers that a call has left where the floating parameters stand. */
export function frameNumbers(count: number): number[] {
  return Array.from(params.subarray(0, count));
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
  const start = memory.base + offset;
  if ((start | 0) !== start || (size | 0) !== size || memory.bytes > MOST_BYTES) {
    refuseOperand(memory, start, [size]);
  }
  frame[at] = memory.bytes;
  frame[at + 1] = memory.code;
  frame[at + 2] = start;
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
  const start = memory.base + offset;
  let fits = (start | 0) === start && memory.bytes <= MOST_BYTES;
  frame[at] = memory.bytes;
  frame[at + 1] = memory.code;
  frame[at + 2] = start;
  frame[at + 3] = rank;
  for (let i = 0; i < rank; i++) {
    const own = i - missing;
    const extent = target[i]!;
    const stride = own < 0 || shape[own] === 1 ? 0 : strides[own]!;
    fits = fits && (extent | 0) === extent && (stride | 0) === stride;
    frame[at + SHAPE + i] = extent;
    frame[at + STRIDES + i] = stride;
  }
  if (!fits) refuseOperand(memory, start, [...target, ...strides]);
}

/** Names an operand's memory on the GPU, in place of the length of an array. */
export function setHandle(slot: number, handle: number): void {
  frame[RECORDS + slot * RECORD] = handle;
}

/** The text that a native call left in the frame. */
export function frameMessage(): string {
  return new TextDecoder().decode(new Uint8Array(buffer, 4, Math.min(frame[0]!, WORDS * 4 - 4)));
}
