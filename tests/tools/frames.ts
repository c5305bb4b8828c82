/**
 * Hostile frames: valid launches are recorded, changed in every way in which a bug on the
 * TypeScript side could change them, and run on guarded memory.
 */

import { kernelTable } from "../../lib/ffi/library.ts";
import { kernelScenes } from "./kernel_scenes.ts";
import { type Launch, watchLaunches } from "./native_calls.ts";

// The layout of `rust/src/frame.rs`.
const WORDS = 256;
const INTS = 16;
const COUNT = 24;
const RECORDS = 32;
const RECORD = 20;
const [DTYPE, OFFSET, RANK, SHAPE, STRIDES] = [1, 2, 3, 4, 12];
const MAX_RANK = 8;
const MAX_OPERANDS = 8;
const SIZES = [4, 8, 4, 1];

/** Bytes around each operand, which nothing may touch. */
const GUARD = 64;
const GUARD_BYTE = 0x5a;
/** The most bytes of all operands of a frame. */
const POOL = 1 << 20;

/** A launch whose operands have their own memory, from their first element to their last. */
export interface Case {
  /** Index of the kernel. */
  readonly kernel: number;
  readonly frame: Int32Array;
  /** The contents of each operand, which may be longer than the frame says. */
  readonly data: (Uint8Array | null)[];
  /** For operands that share memory: the index of the other one. */
  readonly alias: Map<number, number>;
}

/**
 * A small generator of random numbers (Mulberry32), so that a frame can be reproduced by its
 * number.
 */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number from 0 to 1. */
  real(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.real() * n);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  word(): number {
    return (this.real() * 2 ** 32) | 0;
  }
}

function record(frame: Int32Array, operand: number): Int32Array {
  return frame.subarray(RECORDS + operand * RECORD, RECORDS + (operand + 1) * RECORD);
}

function shapeOf(words: Int32Array): number[] {
  return [...words.subarray(SHAPE, SHAPE + words[RANK]!)];
}

/** The number of elements from the first to the last that an operand reaches. */
function spanOf(words: Int32Array): number {
  const shape = shapeOf(words);
  return shape.includes(0)
    ? 0
    : 1 + shape.reduce((sum, extent, i) => sum + (extent - 1) * words[STRIDES + i]!, 0);
}

function normalized({ kernel, frame, arrays }: Launch): Case {
  const words = frame.slice();
  const data = Array.from({ length: words[COUNT]! }, (_, operand) => {
    const own = record(words, operand);
    const size = SIZES[own[DTYPE]!]!;
    const array = arrays[operand]!;
    const start = array.byteOffset + own[OFFSET]! * size;
    const bytes = new Uint8Array(array.buffer, start, spanOf(own) * size).slice();
    own[0] = bytes.length;
    own[OFFSET] = 0;
    return bytes;
  });
  return { kernel, frame: words, data, alias: new Map() };
}

/** Launches of each kernel, up to a number, on small operands. */
export function recordLaunches(most: number): Case[][] {
  const cases: Case[][] = kernelTable().map(() => []);
  watchLaunches((launch) => {
    const list = cases[launch.kernel]!;
    if (list.length < most) list.push(normalized(launch));
  });
  for (const divisor of [60, 200]) {
    const scenes = kernelScenes((large) => Math.ceil(large / divisor) + 2);
    for (const scene of Object.values(scenes)) scene();
  }
  watchLaunches(null);
  const without = kernelTable().filter((_, kernel) => cases[kernel]!.length === 0);
  if (without.length > 0) {
    throw new Error(`No scene launches ${without.map(({ name }) => name).join(", ")}`);
  }
  return cases;
}

const NUMBERS = [
  0,
  1,
  2,
  3,
  5,
  8,
  16,
  31,
  64,
  255,
  4097,
  65_537,
  2 ** 20,
  2 ** 31 - 1,
  -1,
  -2,
  -(2 ** 31),
];
const REALS = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  7,
  1e-300,
  1e300,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  NaN,
  Infinity,
  -Infinity,
];

/** Fills memory with numbers of a type: small ones, ends of ranges, or any bytes. */
function fill(dice: Dice, bytes: Uint8Array, code: number): void {
  const kind = dice.below(4);
  if (kind === 0) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = dice.below(256);
    return;
  }
  const count = Math.floor(bytes.length / SIZES[code]!);
  const { buffer, byteOffset } = bytes;
  const array = code === 0
    ? new Float32Array(buffer, byteOffset, count)
    : code === 1
    ? new Float64Array(buffer, byteOffset, count)
    : code === 2
    ? new Int32Array(buffer, byteOffset, count)
    : bytes;
  for (let i = 0; i < count; i++) {
    if (code < 2) array[i] = kind === 1 ? dice.one(REALS) : dice.real() * 8 - 4;
    else array[i] = kind === 1 ? dice.one(NUMBERS) : dice.below(6) - 1;
  }
}

/**
 * Gives an operand a shape, contiguous or, if that would be too large, with one element repeated.
 */
function reshaped(dice: Dice, one: Case, operand: number, shape: number[]): void {
  const words = record(one.frame, operand);
  words[RANK] = shape.length;
  let elements = 1;
  shape.forEach((extent, i) => words[SHAPE + i] = extent);
  for (let i = shape.length - 1; i >= 0; i--) {
    words[STRIDES + i] = elements;
    elements *= Math.max(1, shape[i]!);
  }
  const size = SIZES[words[DTYPE]!] ?? 1;
  if (shape.includes(0)) elements = 0;
  else if (elements * size > 1 << 14 || dice.below(8) === 0) {
    shape.forEach((_, i) => words[STRIDES + i] = 0);
    elements = 1;
  }
  const bytes = new Uint8Array(elements * size);
  fill(dice, bytes, words[DTYPE]! % 4);
  one.data[operand] = bytes;
  words[0] = bytes.length;
}

/** Ways to change a launch. */
const CHANGES: readonly ((dice: Dice, one: Case, all: readonly Case[][]) => void)[] = [
  // Other numbers in the operands.
  (dice, one) => {
    const operand = dice.below(one.data.length);
    const code = record(one.frame, operand)[DTYPE]!;
    fill(dice, one.data[operand] ?? new Uint8Array(), code & 3);
  },
  // Other parameters.
  (dice, one) => {
    for (let i = dice.below(3); i >= 0; i--) {
      one.frame[INTS + dice.below(8)] = dice.below(3) === 0 ? dice.word() : dice.one(NUMBERS);
    }
  },
  (dice, one) => {
    const params = new Float64Array(one.frame.buffer, 0, 8);
    for (let i = dice.below(3); i >= 0; i--) {
      params[dice.below(8)] = dice.below(3) === 0 ? dice.word() : dice.one(REALS);
    }
  },
  // Another extent, stride, offset or rank, which may exceed the memory.
  (dice, one) => {
    const words = record(one.frame, dice.below(one.data.length));
    const at = 2 + dice.below(RECORD - 2);
    words[at] = dice.below(2) === 0 ? dice.one(NUMBERS) : words[at]! + dice.below(5) - 2;
  },
  // One extent changed everywhere, with enough memory.
  (dice, one) => {
    const found = one.data.flatMap((_, operand) => shapeOf(record(one.frame, operand)));
    if (found.length === 0) return;
    const old = dice.one(found);
    // Loops over this many elements take a fraction of a second.
    const huge = dice.below(300) === 0;
    const fresh = huge ? dice.one(NUMBERS.slice(11, 14)) : dice.below(40);
    for (const operand of one.data.keys()) {
      const shape = shapeOf(record(one.frame, operand));
      if (!shape.includes(old)) continue;
      reshaped(dice, one, operand, shape.map((extent) => extent === old ? fresh : extent));
    }
  },
  // Another shape of one operand.
  (dice, one) => {
    const shape = Array.from({ length: dice.below(MAX_RANK + 1) }, () => dice.below(5));
    reshaped(dice, one, dice.below(one.data.length), shape);
  },
  // Negative strides, or 0.
  (dice, one) => {
    const words = record(one.frame, dice.below(one.data.length));
    const rank = words[RANK]!;
    const strides = words.subarray(STRIDES, STRIDES + rank);
    if (dice.below(2) === 0) strides.fill(0, dice.below(rank + 1));
    else strides.reverse();
  },
  // Another element type, of one operand or of all that have the same.
  (dice, one) => {
    const which = dice.below(one.data.length);
    const [from, to] = [record(one.frame, which)[DTYPE]!, dice.below(5)];
    const together = dice.below(3) > 0;
    for (const operand of one.data.keys()) {
      const words = record(one.frame, operand);
      if (operand !== which && !(together && words[DTYPE] === from)) continue;
      words[DTYPE] = to;
      if (together && to < 4) reshaped(dice, one, operand, shapeOf(words));
    }
  },
  // Less memory, or none.
  (dice, one) => {
    const operand = dice.below(one.data.length);
    if (dice.below(3) === 0) one.data[operand] = null;
    else record(one.frame, operand)[0] = dice.below((one.data[operand]?.length ?? 0) + 1);
  },
  // Operands that share memory, in another order, more of them or fewer.
  (dice, one) => void one.alias.set(dice.below(one.data.length), dice.below(one.data.length)),
  (dice, one) => {
    const [a, b] = [dice.below(one.data.length), dice.below(one.data.length)];
    const [left, right] = [record(one.frame, a).slice(), record(one.frame, b).slice()];
    record(one.frame, a).set(right);
    record(one.frame, b).set(left);
    [one.data[a], one.data[b]] = [one.data[b]!, one.data[a]!];
  },
  (dice, one) => void (one.frame[COUNT] = dice.one([...NUMBERS, one.data.length - 1])),
  // The operands of another kernel.
  (dice, one, all) => {
    const other = dice.one(dice.one(all));
    if (other === undefined) return;
    one.frame.set(other.frame);
    one.data.splice(0, one.data.length, ...other.data.map((bytes) => bytes?.slice() ?? null));
  },
  // Arbitrary words.
  (dice, one) => {
    const many = dice.below(4) === 0 ? WORDS : dice.below(12);
    for (let i = 0; i < many; i++) one.frame[dice.below(WORDS)] = dice.word();
  },
];

/** The hostile frame with a number; the kernels take turns. */
export function hostile(seed: number, number: number, all: readonly Case[][]): Case {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1) ^ number);
  const kernel = number % all.length;
  const { frame, data } = dice.one(all[kernel]!);
  const one: Case = {
    kernel,
    frame: frame.slice(),
    data: data.map((bytes) => bytes?.slice() ?? null),
    alias: new Map(),
  };
  // Few changes, so that many frames pass the first checks.
  for (let i = [0, 1, 1, 1, 2, 3][dice.below(6)]!; i > 0; i--) {
    dice.one(CHANGES)(dice, one, all);
  }
  // The lengths in a frame are always true: `call.ts` reads them from the arrays themselves.
  for (const [operand, bytes] of one.data.entries()) {
    const words = record(one.frame, operand);
    if (bytes !== null) words[0] = Math.min(words[0]! >>> 0, bytes.length);
  }
  for (const [a, b] of one.alias) {
    if (one.data[b]) {
      record(one.frame, a)[0] = Math.min(record(one.frame, a)[0]!, one.data[b].length);
    }
  }
  return one;
}

/** The native function that launches, with up to eight operands. */
export type NativeLaunch = (
  kernel: number,
  frame: Int32Array<ArrayBuffer>,
  words: number,
  ...arrays: (Uint8Array<ArrayBuffer> | null)[]
) => number;

/** The result of a frame. */
export interface Outcome {
  /** Whether the kernel itself has run, as all extents fit their memory. */
  readonly past: boolean;
  /** A violation, or null. */
  readonly fault: string | null;
  /** How many operands have changed, up to the last one. */
  readonly written: number;
}

const pool = new Uint8Array(POOL);

/** Runs a frame on guarded memory; the first `outputs` operands may be written. */
export function runFrame(one: Case, name: string, outputs: number, launch: NativeLaunch): Outcome {
  let end = GUARD;
  const places = one.data.map((bytes) => {
    if (bytes === null || end + bytes.length + 2 * GUARD > POOL) return null;
    const place = pool.subarray(end, end + bytes.length);
    place.set(bytes);
    // Operands start where a float64 array may.
    const next = Math.ceil((end + bytes.length + GUARD) / 8) * 8;
    pool.fill(GUARD_BYTE, end + bytes.length, next);
    end = next;
    return place;
  });
  pool.fill(GUARD_BYTE, 0, GUARD);
  const arrays = Array.from(
    { length: MAX_OPERANDS },
    (_, i) => places[one.alias.get(i) ?? i] ?? null,
  );
  const frame = one.frame.slice();
  const status = launch(one.kernel, frame, WORDS, ...arrays);
  const bytes = new Uint8Array(frame.buffer, 4, Math.max(0, Math.min(frame[0]!, 4 * WORDS - 4)));
  const message = status === 0 ? "" : new TextDecoder().decode(bytes);
  const early = /^(the extents .* of an operand|operand)/.test(message);
  const past = status === 0 || status === 4 || (status === 5 && !early) ||
    message.startsWith(`${name}: `);
  let written = 0;
  let fault = ![0, 1, 4, 5].includes(status)
    ? `status ${status}`
    : message.startsWith("panic")
    ? message
    : null;
  let at = 0;
  for (const [operand, place] of places.entries()) {
    if (place === null) continue;
    const start = place.byteOffset;
    if (!pool.subarray(at, start).every((byte) => byte === GUARD_BYTE)) {
      fault ??= `the guard before operand ${operand} was written`;
    }
    at = start + place.length;
    const before = one.data[operand]!;
    const shared = [...one.alias].some(([a, b]) => a !== b && b === operand);
    if (shared || !place.some((byte, i) => byte !== before[i])) continue;
    written = operand + 1;
    if (operand >= outputs) fault ??= `input ${operand} was written`;
    else fault ??= beside(one, operand, place, before);
  }
  if (!pool.subarray(at, end).every((byte) => byte === GUARD_BYTE)) {
    fault ??= "the guard behind the last operand was written";
  }
  return { past, fault, written };
}

/** How many operands a valid launch writes: they come first. */
export function writtenOperands(one: Case, name: string, launch: NativeLaunch): number {
  const counts = one.data.map((_, operand) => {
    // Other initial bytes reveal what a kernel has written there.
    const data = one.data.map((bytes, i) => i === operand ? bytes!.slice().fill(0xa5) : bytes);
    return runFrame({ ...one, data }, name, MAX_OPERANDS, launch).written;
  });
  return Math.max(...counts);
}

/** Whether part of an output was written that its strides do not reach. */
function beside(one: Case, operand: number, now: Uint8Array, before: Uint8Array): string | null {
  const words = record(one.frame, operand);
  const [shape, size] = [shapeOf(words), SIZES[words[DTYPE]!] ?? 1];
  const elements = shape.reduce((product, extent) => product * extent, 1);
  if (elements > 1 << 12) return null;
  const reached = new Set<number>();
  for (let number = 0; number < elements; number++) {
    let [rest, place] = [number, words[OFFSET]!];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]!) * words[STRIDES + axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    reached.add(place);
  }
  const wrong = now.findIndex((byte, i) =>
    byte !== before[i] && !reached.has(Math.floor(i / size))
  );
  return wrong < 0
    ? null
    : `byte ${wrong} of output ${operand} was written, which it does not reach`;
}
