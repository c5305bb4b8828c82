/** Text as numbers: splitting it into tokens, and numbering these. */

import {
  arrayOf,
  checkCount,
  checkKind,
  COUNT,
  INTEGER,
  isListOf,
  kind,
  optionReader,
  TEXT,
  WHOLE,
} from "../core/options.ts";

/**
 * The characters of a text as people see them: a letter with its accents is one.
 *
 * @example A letter and its accent
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.splitCharacters("ae\u0301"), ["a", "e\u0301"]);
 * ```
 */
export function splitCharacters(text: string): string[] {
  checkCount("run splitCharacters", arguments.length, 1);
  checkKind("run splitCharacters", "the text", text, TEXT);
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/**
 * The words, numbers and punctuation marks of a text, in lower case.
 *
 * @example A sentence
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.splitWords("It's 3 o'clock."), ["it's", "3", "o'clock", "."]);
 * ```
 */
export function splitWords(text: string): string[] {
  checkCount("run splitWords", arguments.length, 1);
  checkKind("run splitWords", "the text", text, TEXT);
  return text.toLowerCase().match(
    /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu,
  ) ??
    [];
}

const TOKENS = arrayOf(TEXT, "strings");
const LISTS = kind(
  "an array of arrays of strings",
  (value) => isListOf(value, TOKENS.accepts),
);

/** Options of `Vocabulary`. */
export interface VocabularyOptions {
  /** How often a token must occur. Default: 1. */
  minCount?: number;
  /** The most tokens, including the special ones. Default: no limit. */
  maxSize?: number;
  /** Tokens that come first, whatever the texts contain. Default: ["<pad>", "<unk>"]. */
  specials?: readonly string[];
  /** The token that stands for unknown ones; null to refuse them. Default: "<unk>" if it is special. */
  unknown?: string | null;
}

const vocabularyOptions = optionReader<VocabularyOptions>({
  minCount: COUNT,
  maxSize: COUNT,
  specials: TOKENS,
  unknown: kind("a string or null", (value) => value === null || TEXT.accepts(value)),
});

/**
 * Numbers for tokens: the special ones first, then those of the texts, the most frequent first and
 * equally frequent ones in alphabetical order.
 *
 * @example Words as numbers
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const vocabulary = new data.Vocabulary([["to", "be", "or", "not", "to", "be"]]);
 * assertEquals(vocabulary.tokens, ["<pad>", "<unk>", "be", "to", "not", "or"]);
 * assertEquals(vocabulary.encode(["to", "see"]), [3, 1]);
 * assertEquals(vocabulary.decode([3, 1]), ["to", "<unk>"]);
 * ```
 */
export class Vocabulary {
  /** The tokens, indexed by their numbers. */
  readonly tokens: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #unknown: number | null;

  /**
   * Creates the vocabulary.
   *
   * @param texts The tokens of texts.
   */
  constructor(texts: readonly (readonly string[])[], options?: VocabularyOptions) {
    const call = "make Vocabulary";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the argument", texts, LISTS);
    const { minCount = 1, maxSize = Infinity, specials = ["<pad>", "<unk>"], unknown } =
      vocabularyOptions(call, options);
    const counts = new Map<string, number>();
    for (const token of texts.flat()) counts.set(token, (counts.get(token) ?? 0) + 1);
    for (const special of specials) counts.delete(special);
    const found = [...counts].filter(([, count]) => count >= minCount)
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([token]) => token);
    this.tokens = [...new Set([...specials, ...found])].slice(0, maxSize);
    if (this.tokens.length < specials.length) {
      throw new RangeError(
        `Cannot ${call}: ${specials.length} different special tokens do not fit into ` +
          `${this.tokens.length} places`,
      );
    }
    this.#numbers = new Map(this.tokens.map((token, i) => [token, i]));
    const own = unknown === undefined ? "<unk>" : unknown;
    this.#unknown = own === null ? null : this.#numbers.get(own) ?? null;
    if (unknown !== undefined && unknown !== null && this.#unknown === null) {
      throw new RangeError(
        `Cannot ${call}: unknown is ${JSON.stringify(own)}, which is not a token`,
      );
    }
  }

  /** How many tokens there are. */
  get size(): number {
    return this.tokens.length;
  }

  /** The numbers of tokens. */
  encode(tokens: readonly string[]): number[] {
    const call = "encode by a Vocabulary";
    checkCount(call, arguments.length, 1);
    checkKind(call, "the argument", tokens, TOKENS);
    return tokens.map((token) => {
      const number = this.#numbers.get(token) ?? this.#unknown;
      if (number !== null) return number;
      throw new RangeError(
        `Cannot ${call}: ${
          JSON.stringify(token)
        } is not a token, and there is no token for unknown ones`,
      );
    });
  }

  /** The tokens of numbers. */
  decode(numbers: readonly number[]): string[] {
    const call = "decode by a Vocabulary";
    checkCount(call, arguments.length, 1);
    checkKind(call, "the argument", numbers, arrayOf(INTEGER, "integers"));
    return numbers.map((number) => {
      const token = this.tokens[number];
      if (token !== undefined) return token;
      throw new RangeError(`Cannot ${call}: ${number} is out of range for ${this.size} tokens`);
    });
  }
}

/** Marks the end of a word, so that its last pair differs from one inside a word. */
const END = "\u0000";

/** A word, in which the mark must not occur. */
const WORD = kind(
  "a string without the character NUL",
  (value) => typeof value === "string" && !value.includes(END),
);
const WORDS = arrayOf(WORD, "strings without the character NUL");

/** A word with a pair of neighbours joined wherever it occurs. */
function merged(parts: readonly string[], left: string, right: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const both = parts[i] === left && parts[i + 1] === right;
    result.push(both ? left + right : parts[i] ?? "");
    if (both) i++;
  }
  return result;
}

/**
 * Byte-pair encoding: frequent parts of words, found by repeatedly joining the most frequent pair.
 * Sennrich et al., "Neural machine translation of rare words with subword units", 2016. Of equally
 * frequent pairs, the alphabetically first is joined.
 *
 * @example Parts of words
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const pairs = new data.BytePairEncoding(["low", "low", "lower", "newer"], 4);
 * assertEquals(pairs.split("slower"), ["s", "low", "er"]);
 * ```
 */
export class BytePairEncoding {
  /** The pairs in the order in which they are joined. */
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** The places of each pair among them; joins of others may bring it back. */
  readonly #ranks = new Map<string, readonly number[]>();

  /**
   * Finds the pairs.
   *
   * @param words The words of texts, repeated as often as they occur.
   * @param merges The most pairs to join.
   */
  constructor(words: readonly string[], merges: number) {
    const call = "make BytePairEncoding";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the words", words, WORDS);
    checkKind(call, "merges", merges, WHOLE);
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const pairs: Pairs = new Map();
    for (const [word, count] of counts) tally(pairs, { parts: [...word, END], count }, 1);
    const found: [string, string][] = [];
    while (found.length < merges) {
      const best = mostFrequent(pairs);
      if (best === null) break;
      this.#ranks.set(best.key, [...this.#ranks.get(best.key) ?? [], found.length]);
      found.push(best.pair);
      for (const word of [...best.words]) {
        tally(pairs, word, -1);
        tally(pairs, { ...word, parts: merged(word.parts, ...best.pair) }, 1);
      }
    }
    this.merges = found;
  }

  /** The parts of a word. */
  split(word: string): string[] {
    checkCount("run BytePairEncoding.split", arguments.length, 1);
    checkKind("run BytePairEncoding.split", "the word", word, WORD);
    let parts = [...word, END];
    let rank = -1;
    // Only pairs that the word has are looked at, in the order of all.
    const next = () =>
      parts.reduce((least, part, i) => {
        const ranks = this.#ranks.get(keyOf(part, parts[i + 1] ?? "")) ?? [];
        return Math.min(least, ranks.find((own) => own > rank) ?? Infinity);
      }, Infinity);
    for (let pair = this.merges[rank = next()]; pair; pair = this.merges[rank = next()]) {
      parts = merged(parts, ...pair);
    }
    return parts.map((part) => part.replace(END, "")).filter((part) => part !== "");
  }
}

/** A word in parts. */
interface Parted {
  readonly parts: readonly string[];
  readonly count: number;
}

/** A pair of neighbours, how often it occurs, and where. */
interface Neighbours {
  readonly key: string;
  readonly pair: [left: string, right: string];
  readonly words: Set<Parted>;
  count: number;
}

type Pairs = Map<string, Neighbours>;

function keyOf(left: string, right: string): string {
  return JSON.stringify([left, right]);
}

/** Counts the pairs of a word, or takes them away again. */
function tally(pairs: Pairs, word: Parted, sign: 1 | -1): void {
  for (let i = 0; i + 1 < word.parts.length; i++) {
    const pair: Neighbours["pair"] = [word.parts[i] ?? "", word.parts[i + 1] ?? ""];
    const key = keyOf(...pair);
    const entry = pairs.get(key) ?? { key, pair, words: new Set(), count: 0 };
    entry.count += sign * word.count;
    if (sign === 1) entry.words.add(word);
    else entry.words.delete(word);
    if (entry.count === 0) pairs.delete(key);
    else pairs.set(key, entry);
  }
}

/** The most frequent pair of neighbours; null if none occurs twice. */
function mostFrequent(pairs: Pairs): Neighbours | null {
  let best: Neighbours | null = null;
  for (const own of pairs.values()) {
    const apart = own.count - (best?.count ?? 1);
    if (apart > 0 || (best !== null && apart === 0 && own.key < best.key)) best = own;
  }
  return best;
}
