/** Synthetic sequences of signs. */

import { COUNT, countTo, optionReader } from "../../core/options.ts";
import { oneHot } from "../../ops/mod.ts";
import { fromTypedArray } from "../../tensor/create.ts";
import { rand, randn } from "../../tensor/rand.ts";
import { elementsOf } from "../../tensor/examples.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, uniform } from "../draws.ts";
import {
  readArguments,
  readSynthetic,
  readWorld,
  type Samples,
  SYNTHETIC_OPTIONS,
  type SyntheticOptions,
  WORLD_OPTIONS,
  type WorldOptions,
} from "./options.ts";

/** Signs as channels: [n, length] becomes [n, kinds, length]. */
function channels(signs: Int32Array<ArrayBuffer>, n: number, kinds: number): Tensor {
  const length = signs.length / n;
  return oneHot(fromTypedArray(signs, [n, length]), kinds).transpose(1, 2).to({ dtype: "float32" });
}

const MOTIF = [3, 0, 3, 0, 0, 3, 1] as const;

/**
 * Synthetic strands of DNA of length 60, half of which have the motif TATAATC in them with one letter
 * drawn anew. No genome was read.
 *
 * @param n How many.
 * @returns x of shape [n, 4, 60], a channel for each letter; y of shape [n], 1 with the motif.
 *
 * @example One letter at each place
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.dna(2).x.sum(1).sum().item(), 120);
 * ```
 */
export function dna(n: number, options?: SyntheticOptions): Samples {
  const { generator } = readArguments("dna", arguments.length, n, options, readSynthetic);
  const letters = Int32Array.from({ length: n * 60 }, () => below(generator, 4));
  const y = Float32Array.from({ length: n }, () => Number(uniform(generator) < 0.5));
  y.forEach((has, i) => {
    if (has === 0) return;
    const motif = Array.from<number>(MOTIF);
    const at = below(generator, 60 - MOTIF.length + 1);
    motif[below(generator, MOTIF.length)] = below(generator, 4);
    letters.set(motif, i * 60 + at);
  });
  return { x: channels(letters, n, 4), y: fromTypedArray(y, [n]) };
}

/** Options of `residues`. */
export interface ResiduesOptions extends WorldOptions {
  /** The length of a chain. Default: 40. */
  length?: number;
}

const residuesOptions = optionReader<ResiduesOptions>({
  ...WORLD_OPTIONS,
  length: countTo(2 ** 20),
});

/** How likely each state comes after each. */
const STATES = [[0.85, 0.05, 0.10], [0.05, 0.85, 0.10], [0.15, 0.15, 0.70]] as const;

/** A number drawn by chances that have sum 1. */
function chance(u: number, chances: readonly number[]): number {
  let rest = u;
  const found = chances.findIndex((own) => (rest -= own) < 0);
  return found === -1 ? chances.length - 1 : found;
}

/**
 * Synthetic chains of 20 kinds of residue, from a hidden Markov model of three states, which are the
 * labels. It is labelling of synthetic chains and nothing about folding. The world has the chances of
 * residues in each state.
 *
 * @param n How many.
 * @returns x of shape [n, 20, length], a channel for each kind; y int32, of shape [n, length].
 *
 * @example A label for each residue
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.residues(3, { length: 7 });
 * assertEquals([x.shape, y.shape], [[3, 20, 7], [3, 7]]);
 * ```
 */
export function residues(n: number, options?: ResiduesOptions): Samples {
  const { generator, world, options: { length = 40 } } = readArguments(
    "residues",
    arguments.length,
    n,
    options,
    residuesOptions,
  );
  const kinds = randn([3, 20], { generator: world, dtype: "float64" }).mul(1.2).softmax(1);
  const chances = [0, 1, 2].map((state) => [...elementsOf(kinds.at(state), "residues")]);
  const [signs, states] = [new Int32Array(n * length), new Int32Array(n * length)];
  for (let chain = 0, i = 0; chain < n; chain++) {
    let state = below(generator, 3);
    for (let place = 0; place < length; place++, i++) {
      states[i] = state;
      signs[i] = chance(uniform(generator), chances[state] ?? []);
      state = chance(uniform(generator), STATES[state] ?? []);
    }
  }
  return { x: channels(signs, n, 20), y: fromTypedArray(states, [n, length]) };
}

/**
 * Synthetic sentences of 10 words in which three are good (10 to 14) or bad (15 to 19), each perhaps
 * behind a "not" (20), which turns it round; all others (0 to 9) say nothing. Whether more is good.
 *
 * @param n How many.
 * @returns x int32, of shape [n, 10]; y of shape [n], 1 if more is good.
 *
 * @example Words
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * assert(data.synthetic.sentiment(50).x.max().item() <= 20);
 * ```
 */
export function sentiment(n: number, options?: SyntheticOptions): Samples {
  const { generator } = readArguments("sentiment", arguments.length, n, options, readSynthetic);
  const words = Int32Array.from({ length: n * 10 }, () => below(generator, 10));
  const y = Float32Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (const place of generator.permutation(4).subarray(0, 3)) {
      const at = i * 10 + 2 * place + 1;
      let sign = uniform(generator) < 0.5 ? 1 : -1;
      words[at] = (sign > 0 ? 10 : 15) + below(generator, 5);
      if (uniform(generator) < 0.5) {
        words[at - 1] = 20;
        sign = -sign;
      }
      sum += sign;
    }
    return Number(sum > 0);
  });
  return { x: fromTypedArray(words, [n, 10]), y: fromTypedArray(y, [n]) };
}

/**
 * Sentences of a synthetic language of 12 words and their translations into another one: each word has
 * its counterpart, and they stand in reverse. The world has the dictionary.
 *
 * @param n How many.
 * @returns x and y int32, of shape [n, 6].
 *
 * @example The same dictionary each time
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.translations(1);
 * assertEquals([x.shape, y.shape], [[1, 6], [1, 6]]);
 * ```
 */
export function translations(n: number, options?: WorldOptions): Samples {
  const { generator, world } = readArguments(
    "translations",
    arguments.length,
    n,
    options,
    readWorld,
  );
  const dictionary = fromTypedArray(world.permutation(12).slice(), [12]);
  const words = Int32Array.from({ length: n * 6 }, () => below(generator, 12));
  const x = fromTypedArray(words, [n, 6]);
  return { x, y: dictionary.indexSelect(0, x.flip([1]).reshape([-1])).reshape([n, 6]) };
}

/** Options of `firstBits`. */
export interface FirstBitsOptions extends SyntheticOptions {
  /** The length of a sequence. Default: 40. */
  length?: number;
}

const bitsOptions = optionReader<FirstBitsOptions>({ ...SYNTHETIC_OPTIONS, length: COUNT });

/**
 * Synthetic sequences of noise that begin with 1 or −1, which is to be remembered to the end.
 *
 * @param n How many.
 * @returns x of shape [n, length, 1]; y of shape [n], 1 or 0.
 *
 * @example What is to be remembered
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.firstBits(8);
 * assertEquals(x.at(":", 0, 0).toArray(), y.mul(2).sub(1).toArray());
 * ```
 */
export function firstBits(n: number, options?: FirstBitsOptions): Samples {
  const { generator, options: { length = 40 } } = readArguments(
    "firstBits",
    arguments.length,
    n,
    options,
    bitsOptions,
  );
  const y = rand([n], { generator }).lt(0.5).to({ dtype: "float32" });
  const x = randn([n, length, 1], { generator }).mul(0.3);
  x.narrow(1, 0, 1).copy_(y.mul(2).sub(1).reshape([n, 1, 1]));
  return { x, y };
}
