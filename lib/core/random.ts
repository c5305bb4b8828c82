/**
 * Counter-based random streams: Philox4x32-10 (Salmon and others, 2011). The native kernels draw the
 * same words, so a stream is the same everywhere and for any number of threads.
 */

import { wrongKind } from "./arguments.ts";
import { checkCount, isPlainObject, type Kind, kind } from "./options.ts";

const MASK = (1n << 64n) - 1n;

/** High and low word of a product of two unsigned 32-bit numbers. */
function multiply(a: number, b: number): [high: number, low: number] {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/**
 * Four random words for a counter of four words and a key of two.
 *
 * @example Known answer
 * ```ts
 * import { philox } from "./random.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(philox([0, 0, 0, 0], [0, 0])[0], 0x6627e8d5);
 * ```
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [a, b, c, d] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    if (round > 0) {
      k = (k + 0x9e3779b9) >>> 0;
      l = (l + 0xbb67ae85) >>> 0;
    }
    const [highA, lowA] = multiply(a, 0xd2511f53);
    const [highC, lowC] = multiply(c, 0xcd9e8d57);
    [a, b, c, d] = [(highC ^ b ^ k) >>> 0, lowC, (highA ^ d ^ l) >>> 0, lowA];
  }
  return [a, b, c, d];
}

/** An integer from 0 to 2^64 - 1, as a bigint. */
function checkWord(call: string, name: string, value: unknown): bigint {
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw wrongKind(call, name, "a safe integer or a bigint", value);
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(
      `Cannot ${call}: ${name} must be a safe integer or a bigint, got ${value}`,
    );
  }
  const word = BigInt(value);
  if (word < 0n || word > MASK) {
    throw new RangeError(`Cannot ${call}: ${name} must lie in 0 to 2^64 - 1, got ${word}`);
  }
  return word;
}

/** Refuses an amount of numbers that is not a non-negative 31-bit integer. */
function checkAmount(call: string, name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongKind(call, name, "a number", value);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return;
  throw new RangeError(
    `Cannot ${call}: ${name} must be an integer from 0 to 2^31 - 1, got ${value}`,
  );
}

/** The position of a stream, from which it can be continued. */
export interface RandomState {
  /** The seed, below 2^64. */
  readonly seed: bigint;
  /** Blocks of four words that have been used. */
  readonly offset: bigint;
}

/** Where streams stood before they were first drawn from. */
interface Draws {
  readonly before: Map<RandomGenerator, RandomState>;
  readonly outer: Draws | null;
}

let draws: Draws | null = null;

/** Where streams stood. */
export type RandomStates = ReadonlyMap<RandomGenerator, RandomState>;

/** Runs a function and adds where streams stood before it first drew from them. */
export function notingDraws<T>(before: Map<RandomGenerator, RandomState>, run: () => T): T {
  const outer = draws;
  try {
    draws = { before, outer };
    return run();
  } finally {
    draws = outer;
  }
}

function putBack(states: RandomStates): void {
  for (const [generator, state] of states) generator.state = state;
}

/** Runs a function on streams as they stood; then they go on from where they are now. */
export function drawingAgain<T>(before: RandomStates, run: () => T): T {
  const now = new Map([...before.keys()].map((generator) => [generator, generator.state]));
  putBack(before);
  try {
    return run();
  } finally {
    putBack(now);
  }
}

/** Runs functions one after the other, each of which draws the numbers that the first one drew. */
export function drawingAlike<T>(runs: readonly (() => T)[]): T[] {
  const before = new Map<RandomGenerator, RandomState>();
  return notingDraws(before, () =>
    runs.map((run) => {
      putBack(before);
      return run();
    }));
}

/**
 * A stream of random numbers. Same seed, same numbers.
 *
 * @example Two streams
 * ```ts
 * import { rand, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const a = rand([3], { generator: new RandomGenerator(7) });
 * const b = rand([3], { generator: new RandomGenerator(7) });
 * assertEquals(a.toArray(), b.toArray());
 * ```
 */
export class RandomGenerator {
  #seed = 0n;
  #offset = 0n;

  /**
   * Creates the object.
   *
   * @param seed An integer from 0 to 2^64 - 1.
   */
  constructor(seed: number | bigint = 0) {
    checkCount("seed a RandomGenerator", arguments.length, 1);
    this.manualSeed(seed);
  }

  /** Restarts the stream with the given seed, an integer from 0 to 2^64 - 1. */
  manualSeed(seed: number | bigint): this {
    checkCount("run manualSeed", arguments.length, 1);
    this.#seed = checkWord("seed", "a seed", seed);
    this.#offset = 0n;
    return this;
  }

  /** The position of the stream. */
  get state(): RandomState {
    return { seed: this.#seed, offset: this.#offset };
  }

  set state(state: RandomState) {
    const call = "set the state of a RandomGenerator";
    if (!isPlainObject(state)) throw wrongKind(call, "it", "as { seed, offset }", state);
    const seed = checkWord(call, "seed", state.seed);
    this.#offset = checkWord(call, "offset", state.offset);
    this.#seed = seed;
  }

  /**
   * Takes blocks of four words out of the stream for a kernel to fill.
   *
   * @returns Seed and first counter as signed words, low ones first.
   */
  take(blocks: number): [number, number, number, number] {
    checkCount("run take", arguments.length, 1);
    checkAmount("run take", "blocks", blocks);
    for (let noted = draws; noted !== null; noted = noted.outer) {
      if (!noted.before.has(this)) noted.before.set(this, this.state);
    }
    const words = [this.#seed, this.#seed >> 32n, this.#offset, this.#offset >> 32n];
    this.#offset = (this.#offset + BigInt(blocks)) & MASK;
    const [a, b, c, d] = words.map((word) => Number(BigInt.asIntN(32, word)));
    return [a!, b!, c!, d!];
  }

  /** Fills an array with random words. */
  words(count: number): Uint32Array {
    checkCount("run words", arguments.length, 1);
    checkAmount("run words", "count", count);
    const blocks = Math.ceil(count / 4);
    const [seedLow, seedHigh, low, high] = this.take(blocks);
    const key: [number, number] = [seedLow >>> 0, seedHigh >>> 0];
    const words = new Uint32Array(blocks * 4);
    for (let block = 0; block < blocks; block++) {
      const counter = (low >>> 0) + block;
      const carry = Math.floor(counter / 0x100000000);
      words.set(philox([counter >>> 0, ((high >>> 0) + carry) >>> 0, 0, 0], key), block * 4);
    }
    return words.subarray(0, count);
  }

  /** The numbers 0 to n - 1 in random order. */
  permutation(n: number): Int32Array {
    checkCount("run permutation", arguments.length, 1);
    checkAmount("run permutation", "n", n);
    const order = new Int32Array(n).map((_, i) => i);
    const words = this.words(Math.max(n - 1, 0));
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(words[n - 1 - i]! / 0x100000000 * (i + 1));
      const own = order[i]!;
      order[i] = order[j]!;
      order[j] = own;
    }
    return order;
  }
}

/**
 * A stream derived from the one at a state, for a branch and a twig from 0 to 2^32 - 2. It shares no
 * numbers with that stream, whose counters end in two words of 0.
 */
export function beside(
  { seed, offset }: RandomState,
  branch: number,
  twig: number,
): RandomGenerator {
  const word = (value: bigint) => Number(BigInt.asUintN(32, value));
  const [low, high] = philox(
    [word(offset), word(offset >> 32n), branch + 1, twig + 1],
    [word(seed), word(seed >> 32n)],
  );
  return new RandomGenerator(BigInt(low) | BigInt(high) << 32n);
}

/** A stream of random numbers. */
export const GENERATOR: Kind = kind(
  "a RandomGenerator, as in new RandomGenerator(1)",
  (value) => value instanceof RandomGenerator,
);

/** The stream that is used where none is given. */
export const defaultGenerator: RandomGenerator = new RandomGenerator(0);

/**
 * Seeds the default stream.
 *
 * @param seed An integer from 0 to 2^64 - 1.
 * @returns The stream.
 *
 * @example Reproducible numbers
 * ```ts
 * import { manualSeed, rand } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * manualSeed(1766016000072n);
 * const first = rand([2]).toArray();
 * manualSeed(1766016000072n);
 * assertEquals(rand([2]).toArray(), first);
 * ```
 */
export function manualSeed(seed: number | bigint): RandomGenerator {
  checkCount("seed", arguments.length, 1);
  return defaultGenerator.manualSeed(seed);
}
