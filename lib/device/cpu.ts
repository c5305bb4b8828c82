/**
 * The CPU: elements live in typed arrays, which the garbage collector frees. Making a typed array costs
 * far more than computing a small result, so small results share slabs.
 */

import {
  CODES,
  dtypeOfArray,
  DTYPES,
  lastingArray,
  lengthOf,
  newArray,
  SIZES,
  type TypedArray,
} from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";
import { launch4, launch8 } from "../ffi/call.ts";
import { putFlat, putStrided, setParameters } from "../ffi/frame.ts";
import { type Backend, type Operand, refuseCopy, Storage } from "./backend.ts";
import { FreeLists } from "./free_lists.ts";
import { track } from "./memory.ts";

/** Results up to this many bytes lie in slabs. */
const SMALL = 512;
const SLAB_BYTES = 8192;

interface Slab {
  array: TypedArray;
  next: number;
  length: number;
}

const slabs: Slab[] = [0, 1, 2, 3].map((code) => ({
  array: newArray(code, 0),
  next: 0,
  length: 0,
}));

let storages = 0;
let bytes = 0;

/** The free lists hold no more than this. */
const MAX_FREE = 2 ** 29;
/** Arrays that were given back; those that give way go to the collector. */
const free = new FreeLists<TypedArray>(MAX_FREE, () => {});

/** The kind of arrays of a type and of so many bytes. */
function kindOf(code: number, length: number): number {
  return 4 * length + code;
}

function allocate(code: number, size: number, zero = false): Storage {
  storages++;
  const length = size * SIZES[code]!;
  bytes += length;
  if (length > SMALL) {
    const array = free.take(kindOf(code, length));
    if (array === undefined) {
      return track(new Storage(cpu, code, size, make(code, size), length, 0, false));
    }
    if (zero) array.fill(0);
    return track(new Storage(cpu, code, size, array, length, 0, false));
  }
  // The elements of a slab are used once, so they are still zeros.
  const slab = slabs[code]!;
  if (slab.next + size > slab.length) {
    slab.length = SLAB_BYTES / SIZES[code]!;
    slab.array = newArray(code, slab.length);
    slab.next = 0;
  }
  const base = slab.next;
  slab.next += size;
  return track(new Storage(cpu, code, size, slab.array, SLAB_BYTES, base, false));
}

/** A new array, or our own error if there is no memory for it. */
function make(code: number, size: number): TypedArray {
  try {
    return newArray(code, size);
  } catch (cause) {
    throw new RangeError(
      `Cannot make a tensor: there is no memory for ${size} elements of ${DTYPES[code]}`,
      { cause },
    );
  }
}

const GONE: readonly TypedArray[] = [0, 1, 2, 3].map((code) => newArray(code, 0));

function release(storage: Storage): void {
  const { code, size, array, shared } = storage;
  const length = size * SIZES[code]!;
  const whole = storage.bytes === length && length > SMALL;
  storage.array = GONE[code]!;
  storage.bytes = 0;
  // What somebody else holds goes to the collector, and so does what is larger than all lists may be.
  if (!whole || shared || length > MAX_FREE) return;
  free.put(kindOf(code, length), length, array);
}

function scalar(code: number, value: number): Storage {
  const storage = allocate(code, 1);
  storage.array[storage.base] = value;
  return storage;
}

function fill({ array, base, size }: Storage, value: number): void {
  array.fill(value, base, base + size);
}

function write({ array, base }: Storage, elements: TypedArray): void {
  array.set(elements, base);
}

function read(storage: Storage, start: number, count: number): TypedArray {
  const { array, base } = storage;
  if (storage.size > 0 && lengthOf(array) === 0) storage.check("reading");
  return array.subarray(base + start, base + start + count);
}

/** Elements of a storage of the CPU where they lie, also to be changed. */
export function placesOf(storage: Storage, start: number, count: number): TypedArray {
  return read(storage, start, count);
}

/** A storage over an array that somebody else holds; scopes do not reclaim it. */
export function adopt(op: string, given: TypedArray): Storage {
  storages++;
  const array = lastingArray(op, given);
  const code = CODES[dtypeOfArray(array)];
  const size = lengthOf(array);
  const length = size * SIZES[code]!;
  bytes += length;
  return new Storage(cpu, code, size, array, length, 0, true);
}

/** How many storages were made, and of how many bytes, since the start; what the free lists hold. */
export function cpuCounts(): { storages: number; bytes: number; freeBytes: number } {
  return { storages, bytes, freeBytes: free.bytes };
}

/** Describes an elementwise operand: as a vector where it can be, so that the kernel need not. */
function put(slot: number, x: Operand, shape: Shape, size: number, flat: boolean): void {
  if (flat) putFlat(slot, x.storage, x.offset, size, x.size === size ? 1 : 0);
  else putStrided(slot, x.storage, x.offset, x.shape, x.strides, shape);
}

/** Whether an operand is a vector of the output's length or a single element. */
function isFlat(x: Operand, size: number): boolean {
  return x.size === 1 || (x.dense && x.size === size);
}

function run1(kernel: number, out: Operand, a: Operand): void {
  const { size, shape } = out;
  const flat = isFlat(a, size) && out.dense;
  put(0, out, shape, size, flat);
  put(1, a, shape, size, flat);
  launch4(kernel, 2, out.storage, a.storage, null, null);
}

function run2(kernel: number, out: Operand, a: Operand, b: Operand): void {
  const { size, shape } = out;
  const flat = isFlat(a, size) && isFlat(b, size);
  put(0, out, shape, size, flat);
  put(1, a, shape, size, flat);
  put(2, b, shape, size, flat);
  launch4(kernel, 3, out.storage, a.storage, b.storage, null);
}

function run3(kernel: number, out: Operand, a: Operand, b: Operand, c: Operand): void {
  const { size, shape } = out;
  const flat = isFlat(a, size) && isFlat(b, size) && isFlat(c, size);
  put(0, out, shape, size, flat);
  put(1, a, shape, size, flat);
  put(2, b, shape, size, flat);
  put(3, c, shape, size, flat);
  launch4(kernel, 4, out.storage, a.storage, b.storage, c.storage);
}

function run(
  kernel: number,
  operands: readonly Operand[],
  ints: readonly number[] = [],
  numbers: readonly number[] = [],
): void {
  setParameters(ints, numbers);
  for (let i = 0; i < operands.length; i++) {
    const { storage, offset, shape, strides } = operands[i]!;
    putStrided(i, storage, offset, shape, strides, shape);
  }
  const at = (i: number): Storage | null => operands[i]?.storage ?? null;
  const count = operands.length;
  if (count <= 4) launch4(kernel, count, at(0)!, at(1), at(2), at(3));
  else launch8(kernel, operands.map((operand) => operand.storage));
}

/** The CPU. */
export const cpu: Backend = {
  get copy() {
    return refuseCopy();
  },
  device: "cpu",
  allocate,
  supports: () => true,
  release,
  scalar,
  fill,
  write,
  read,
  run1,
  run2,
  run3,
  run,
};
